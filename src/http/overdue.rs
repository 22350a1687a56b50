//! What is overdue, counted: each figure with the list behind it.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    auth::Call,
    extract::{Query, Short, UpTo},
    lists::{
        answer,
        query::{Bases, Levels, Structures, asked},
    },
    openapi::{DayOrInstant, code, one_of},
    problem::Problem,
    reports::say,
};
use crate::{
    app::{
        Error, World,
        lists::{Against, Asked, LevelAsked, Reader},
        structure::Structure,
        summary::{self, Counted, Summary, SummaryBy},
        when::When,
    },
    domain::{
        id::{AgencyId, OfficialId},
        time::Instant,
        vocabulary::{Channel, Kind, Language, Provenance, PublicStatus, Stage, State, Visibility},
    },
    store::AnyConnection,
};

#[derive(OpenApi)]
#[openapi(paths(summarise_overdue))]
pub(super) struct Api;

asked! {
    /// What of the overdue is counted.
    SummaryQuery {
        /// The clock of this stage in place of the one that speaks for the petition.
        #[param(schema_with = code::<Stage>)]
        clock: Option<Stage>,
        /// Against which end: see `GET /v1/overdue`.
        #[serde(default)]
        #[param(value_type = Bases, inline, required = false, example = "official")]
        basis: Against,
        /// At least so many days after the last day in time.
        #[param(value_type = Option<u32>, minimum = 0, maximum = 36500)]
        min_days_overdue: Option<UpTo<36_500>>,
        /// `agency`, `field`, `kind`, `level` (of the agency), `person` (responsible) or `channel`.
        #[serde(default)]
        #[param(value_type = SummaryGroups, inline, required = false, example = "agency")]
        group_by: SummaryBy,
    }
    query => {
        clock: query.clock, basis: Some(query.basis), min_days_overdue: query.min_days_overdue.map(|days| days.0)
    }
}

/// [`SummaryBy`] to the document.
enum SummaryGroups {}

impl PartialSchema for SummaryGroups {
    fn schema() -> RefOr<Schema> {
        one_of(["agency", "field", "kind", "level", "person", "channel"])
    }
}
impl ToSchema for SummaryGroups {}

/// How many of a group are overdue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "count": 3, "oldest_due_at": "2026-11-17T17:00:00Z", "closed": false, "href": "/v1/overdue?agency_id=01934f6e-0000-7000-8000-000000000001&as_of=2026-11-23T07:00:00Z&basis=official&subtree=false"}))]
struct SummaryGroup {
    /// The code of the agency, field, kind, level or channel (`unknown` for agencies without a level); the id of the
    /// person, `unassigned` where nobody is responsible.
    key: String,
    name: String,
    count: i64,
    /// The earliest of the ends that lateness is measured against.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_due_at: Option<Instant>,
    /// Whether it is an agency that is no more in the structure counted in.
    closed: bool,
    /// The list behind the count.
    href: String,
}

/// What is overdue, by group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "total": 0, "groups": [], "subtrees": []}))]
pub(super) struct OverdueSummary {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    total: i64,
    /// Those that have something, each with its own alone.
    #[schema(max_items = 10000)]
    groups: Vec<SummaryGroup>,
    /// By agency: each that has something itself or below it, with all of that, as far as the question goes; else
    /// empty.
    #[schema(max_items = 10000)]
    subtrees: Vec<SummaryGroup>,
}

/// Count what is overdue.
///
/// By agency, field, kind, level, person or channel, now or as it stood, of what the caller may see; each group with
/// the list behind it.
#[utoipa::path(get, path = "/v1/overdue/summary", tag = "overdue", security(("bearer" = [])), params(SummaryQuery),
    responses((status = 200, description = "The groups.", body = OverdueSummary)))]
pub(super) async fn summarise_overdue(
    call: Call,
    query: Query<SummaryQuery>,
) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| summarised(tx, world, reader, (query, language)))
        .await
}

pub(super) fn summarised(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (query, language): (SummaryQuery, Language),
) -> Result<OverdueSummary, Error> {
    let by = query.group_by;
    let summary = summary::overdue(tx, world, reader, &query.into(), by)?;
    OverdueSummary::of(summary, language)
}

impl OverdueSummary {
    fn of(summary: Summary, language: Language) -> Result<Self, Error> {
        let shown = |groups: Vec<Counted>| -> Result<Vec<SummaryGroup>, Error> {
            groups.into_iter().map(|counted| SummaryGroup::of(counted, language)).collect()
        };
        Ok(Self {
            as_of: summary.as_of,
            recorded_by: summary.recorded_by,
            total: summary.total,
            groups: shown(summary.groups)?,
            subtrees: shown(summary.subtrees)?,
        })
    }
}

impl SummaryGroup {
    fn of(counted: Counted, language: Language) -> Result<Self, Error> {
        Ok(Self {
            closed: counted.group.closed,
            key: counted.group.key,
            name: say(counted.group.name, language),
            count: counted.count,
            oldest_due_at: counted.oldest_due_at,
            href: href("/v1/overdue", &counted.behind)?,
        })
    }
}

/// The address of the list that answers a question.
pub(super) fn href(path: &str, asked: &Asked) -> Result<String, Error> {
    let value = serde_json::to_value(asked).map_err(Error::internal)?;
    let given = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let pairs = given.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", escape(&text))
    });
    Ok(format!("{path}?{}", pairs.collect::<Vec<_>>().join("&")))
}

/// A value in a query (RFC 3986 §3.4).
pub(super) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(part).collect()
}
