//! What is overdue by group, and what everybody may count.

use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    auth::Call,
    extract::{Query, Short, UpTo},
    lists::answer,
    openapi::{DayOrInstant, code, one_of, open_code},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        lists::Asked,
        reports::{self, Group, PublicCount, Summary, SummaryBy},
        when::When,
    },
    domain::{
        id::AgencyId,
        refusal::Words,
        time::Instant,
        vocabulary::{Channel, Code, Kind, Language, PublicStatus, Stage},
    },
};

#[derive(OpenApi)]
#[openapi(paths(summarise_overdue, read_public_statistics))]
pub(super) struct Api;

/// What of the overdue is counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SummaryQuery {
    /// As it stood at this instant, or at the end of this day; in the future, as it will stand if nothing happens.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// `agency`, `field` or `kind`.
    #[serde(default)]
    #[param(value_type = SummaryGroups, inline, required = false, example = "agency")]
    group_by: SummaryBy,
    /// With this agency: the lead agency, before an assignment the intake agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// Code of a field.
    #[param(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    #[param(schema_with = code::<Kind>)]
    kind: Option<Kind>,
    #[param(schema_with = code::<Channel>)]
    channel: Option<Channel>,
    /// The clock of this stage in place of the one that speaks for the petition.
    #[param(schema_with = code::<Stage>)]
    clock: Option<Stage>,
    /// At least so many days after the last day in time.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 36500)]
    min_days_overdue: Option<UpTo<36_500>>,
}

/// [`SummaryBy`] to the document.
enum SummaryGroups {}

impl PartialSchema for SummaryGroups {
    fn schema() -> RefOr<Schema> {
        one_of(["agency", "field", "kind"])
    }
}
impl ToSchema for SummaryGroups {}

/// How many of a group are overdue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "count": 3, "oldest_due_at": "2026-11-17T17:00:00Z", "href": "/v1/overdue?agency_id=01934f6e-0000-7000-8000-000000000001&as_of=2026-11-23T07:00:00Z&subtree=false"}))]
struct SummaryGroup {
    /// The code of the agency, field or kind.
    key: String,
    name: String,
    count: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_due_at: Option<Instant>,
    /// The list behind the count.
    href: String,
}

/// What is overdue, by group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "total": 0, "groups": []}))]
struct OverdueSummary {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    total: i64,
    #[schema(max_items = 10000)]
    groups: Vec<SummaryGroup>,
}

/// How many petitions of a kind have a status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "denunciation", "kind_name": "Tố cáo", "public_status": "answered", "public_status_name": "Đã trả lời", "count": null, "suppressed": true}))]
struct StatisticsRow {
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    kind_name: &'static str,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    public_status_name: &'static str,
    /// Null where it is suppressed.
    count: Option<i64>,
    /// Complaints and denunciations are not counted below 5.
    suppressed: bool,
}

/// How many petitions there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "rows": []}))]
struct PublicStatistics {
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    #[schema(max_items = 1000)]
    rows: Vec<StatisticsRow>,
}

/// Count what is overdue.
///
/// By agency, field or kind, now or as it stood, of what the caller may see; each group with the list behind it.
#[utoipa::path(get, path = "/v1/overdue/summary", tag = "overdue", security(("bearer" = [])), params(SummaryQuery),
    responses((status = 200, description = "The groups.", body = OverdueSummary)))]
pub(super) async fn summarise_overdue(
    call: Call,
    query: Query<SummaryQuery>,
) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let by = query.group_by;
        let asked = query.into();
        let summary = reports::overdue_summary(tx, world, reader, &asked, by)?;
        OverdueSummary::of(summary, &asked, by, language)
    })
    .await
}

/// Count petitions for everybody.
///
/// By kind and status, none before its classification. Of complaints and denunciations counts below 5 are
/// suppressed: they might tell whose they are.
#[utoipa::path(get, path = "/v1/public/statistics", tag = "public", security(()),
    responses((status = 200, description = "Every kind with every status.", body = PublicStatistics)))]
pub(super) async fn read_public_statistics(call: Call) -> Result<HttpResponse, Problem> {
    let language = call.language;
    let read = call.read(move |tx, world| {
        let counts = reports::public_statistics(tx)?;
        let rows = counts.into_iter().map(|count| StatisticsRow::of(count, language)).collect();
        Ok::<_, Error>(PublicStatistics { as_of: world.now, rows })
    });
    let view = read.await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .insert_header((header::VARY, "Accept-Language"))
        .json(view))
}

pub(super) fn say(words: Words, language: Language) -> String {
    match language {
        Language::Vi => words.vi,
        Language::En => words.en,
    }
}

impl OverdueSummary {
    fn of(summary: Summary, asked: &Asked, by: SummaryBy, language: Language) -> Result<Self, Error> {
        let as_of = summary.as_of;
        let groups = summary.groups.into_iter().map(|(group, counted)| {
            Ok(SummaryGroup {
                href: href(asked, &group, by, as_of)?,
                key: group.key,
                name: say(group.name, language),
                count: counted.count,
                oldest_due_at: counted.oldest_due_at,
            })
        });
        Ok(Self { as_of, total: summary.total, groups: groups.collect::<Result<_, Error>>()? })
    }
}

/// The list of what a group counts: the same question, narrowed to the group and fixed to the moment.
fn href(asked: &Asked, group: &Group, by: SummaryBy, as_of: Instant) -> Result<String, Error> {
    let mut asked = Asked { as_of: Some(When::At(as_of)), ..asked.clone() };
    match by {
        SummaryBy::Agency => (asked.agency_id, asked.subtree) = (group.agency, Some(false)),
        SummaryBy::Field => asked.field_code = Some(group.key.clone()),
        SummaryBy::Kind => asked.kind = Kind::parse(&group.key),
    }
    let value = serde_json::to_value(asked).map_err(Error::internal)?;
    let given = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let pairs = given.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", escape(&text))
    });
    Ok(format!("/v1/overdue?{}", pairs.collect::<Vec<_>>().join("&")))
}

/// A value in a query (RFC 3986 §3.4).
pub(super) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(part).collect()
}

impl StatisticsRow {
    fn of(counted: PublicCount, language: Language) -> Self {
        Self {
            kind: counted.kind,
            kind_name: counted.kind.label(language),
            public_status: counted.status,
            public_status_name: counted.status.label(language),
            count: counted.count,
            suppressed: counted.count.is_none(),
        }
    }
}

impl From<SummaryQuery> for Asked {
    fn from(query: SummaryQuery) -> Self {
        Self {
            as_of: query.as_of,
            agency_id: query.agency_id,
            subtree: query.subtree,
            field_code: query.field_code.map(|code| code.0),
            kind: query.kind,
            channel: query.channel,
            clock: query.clock,
            min_days_overdue: query.min_days_overdue.map(|days| days.0),
            ..Self::default()
        }
    }
}
