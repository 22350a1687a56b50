//! A calendar out of a file: a change like any other.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{
    changes::{CalendarImpactView, ChangeQuery, carry_out},
    history::CalendarChangeDetail,
};
use crate::{
    app::{Error, administration::calendar::Wanted},
    domain::{calendar::Amendment, refusal::FieldError},
    http::{
        actions::Demand,
        admin::order,
        auth::Call,
        extract::{Filled, Form, Limit, Query, Short, Upload},
        problem::Problem,
    },
};

#[derive(OpenApi)]
#[openapi(paths(import_calendar))]
pub(super) struct Api;

/// As for a change, and where the file comes from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The decision or notice that says so.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 300)]
    source: Option<Short<300>>,
    /// Years of which every day is known with this file, such as `2027,2028`.
    #[param(value_type = Option<String>, max_length = 100, pattern = "^[0-9]{4}(,[0-9]{4})*$")]
    years: Option<Short<100>>,
    /// Does it. Unless told, nothing is changed and the answer says which open petitions would move.
    #[serde(default)]
    #[param(default = false, required = false)]
    apply: bool,
    /// Does it even if deadlines move into the past.
    #[serde(default)]
    #[param(default = false, required = false)]
    confirm_past: bool,
    /// Petitions on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, of the same file.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Import calendar days.
///
/// The days of an iCalendar file (RFC 5545) that are not known as it says are added or changed, in one act as any other
/// change: without `apply` the answer says what would move. Whole days alone are read: DTSTART and DTEND as dates,
/// SUMMARY as the name, CATEGORIES as the kind where it is one of our codes, else a holiday. For administrators of the
/// whole installation.
#[utoipa::path(post, path = "/v1/calendar-days/import", tag = "administration", security(("bearer" = [])),
    params(ImportQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request have one effect.", max_length = 70)),
    request_body(content = String, content_type = "text/calendar", description = "The file, in UTF-8."),
    responses((status = 200, description = "What it would move.", body = CalendarImpactView),
        (status = 201, description = "Applied: the change as it stands.", body = CalendarChangeDetail, headers(("Location" = String, description = "Where it is.")))))]
pub(super) async fn import_calendar(
    call: Call,
    query: Query<ImportQuery>,
    demand: Demand,
    body: Upload,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (wanted, query) = match query.0 {
        Ok(query) => {
            let years = years(query.years.as_ref());
            (years.map(|years| (query.source.clone(), years)), Ok(query.into_change()))
        }
        Err(error) => (Err(error.again()), Err(error)),
    };
    let body = Form(body.0.and_then(|filled| {
        let (source, years) = wanted?;
        let source = source.map(|source| source.0).unwrap_or_default();
        let amendment = Amendment { source, years, ..Amendment::default() };
        let content = Wanted { amendment, file: Some(filled.content), confirm_past: false };
        Ok(Filled { content, fingerprint: filled.fingerprint })
    }));
    let order = order(&call, caller, demand, body);
    carry_out(call, query, order).await
}

impl ImportQuery {
    fn into_change(self) -> ChangeQuery {
        let Self { apply, confirm_past, limit, cursor, .. } = self;
        ChangeQuery { apply, confirm_past, limit, cursor }
    }
}

/// Years in a list with commas.
fn years(text: Option<&Short<100>>) -> Result<Vec<i16>, Error> {
    let parts = text.map(|text| text.0.split(',')).into_iter().flatten();
    let is_year = |part: &&str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let years: Option<Vec<i16>> = parts.map(|part| Some(part).filter(is_year)?.parse().ok()).collect();
    years.ok_or_else(|| {
        let (vi, en) = (
            "Cần các năm cách nhau bằng dấu phẩy, ví dụ 2027,2028.",
            "Needs years with commas, such as 2027,2028.",
        );
        Error::BadParameter(FieldError::new("years", "not_a_year", vi, en))
    })
}
