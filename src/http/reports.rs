//! Figures: how promises were kept, what everybody may count.

use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{
    auth::Call,
    extract::Query,
    lists::{answer, query::Structures},
    openapi::{DayOrInstant, one_of, open_code},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        lists::Asked,
        reports::{self, Group, PublicCount, Report, TimelinessBy, on_time_rate},
        structure::Structure,
        when::When,
    },
    domain::{
        id::AgencyId,
        refusal::Words,
        time::Instant,
        vocabulary::{Code, Kind, Language, PublicStatus},
    },
    store::reports::Kept,
};

#[derive(OpenApi)]
#[openapi(paths(report_timeliness, read_public_statistics))]
pub(super) struct Api;

/// Which promises are looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelinessQuery {
    /// Received then or later: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-01-01")]
    from: Option<When>,
    /// Received before: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-01")]
    to: Option<When>,
    /// As it stood at this instant, or at the end of this day; in the future, as it will stand if nothing happens.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-06-30")]
    as_of: Option<When>,
    /// As it was known at this instant, or at the end of this day: what was recorded later is left out.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-05")]
    recorded_by: Option<When>,
    /// `agency`, `field`, `kind`, `channel`, `level` or `month`.
    #[serde(default)]
    #[param(value_type = TimelinessGroups, inline, required = false, example = "agency")]
    group_by: TimelinessBy,
    /// With this agency: the lead agency, before an assignment the intake agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Whether agencies below it count too.
    #[param(default = true)]
    subtree: Option<bool>,
    /// `then`: agencies, levels and what is below an agency as they were at `as_of`. `now`: what a closed agency had
    /// counts with its successors of today; where it was divided, what was over by then counts under its old name,
    /// marked `closed`.
    #[param(value_type = Structures, inline, required = false, example = "then")]
    structure: Option<Structure>,
}

/// [`TimelinessBy`] to the document.
enum TimelinessGroups {}

impl PartialSchema for TimelinessGroups {
    fn schema() -> RefOr<Schema> {
        one_of(["agency", "field", "kind", "channel", "level", "month"])
    }
}
impl ToSchema for TimelinessGroups {}

/// How promises were kept in a group; the columns after `received` add up to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm", "received": 20, "resolved_early": 6, "resolved_on_time": 4, "resolved_late": 2, "open_in_time": 3, "open_overdue": 1, "open_paused": 1, "ended_otherwise": 2, "no_deadline": 1, "on_time_rate": 0.8333, "closed": false}))]
struct TimelinessRow {
    /// The code of the group; of a month `2026-06`; `unknown` for agencies without a level.
    key: String,
    name: String,
    received: i64,
    /// Answered on a day before the last one.
    resolved_early: i64,
    resolved_on_time: i64,
    resolved_late: i64,
    open_in_time: i64,
    open_overdue: i64,
    open_paused: i64,
    /// Rejected, forwarded, merged, split, filed, withdrawn or terminated.
    ended_otherwise: i64,
    no_deadline: i64,
    /// The share of the resolved that were resolved in time, 0 to 1; null when nothing was resolved.
    on_time_rate: Option<f64>,
    /// Whether it is an agency that is no more in the structure counted in.
    closed: bool,
}

/// How promises were kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "rows": []}))]
struct TimelinessReport {
    /// The moment it shows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Instant,
    /// Until when what was recorded counts; null: all of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    #[schema(max_items = 10000)]
    rows: Vec<TimelinessRow>,
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

/// Report how promises were kept.
///
/// For the petitions received in [`from`, `to`) that the caller may see, as they stood at `as_of`: by their first
/// round alone, by the first that fits of answered, ended otherwise, without a clock, paused, overdue, in time.
#[utoipa::path(get, path = "/v1/reports/timeliness", tag = "reports", security(("bearer" = [])), params(TimelinessQuery),
    responses((status = 200, description = "Every group.", body = TimelinessReport)))]
pub(super) async fn report_timeliness(
    call: Call,
    query: Query<TimelinessQuery>,
) -> Result<HttpResponse, Problem> {
    let language = call.language;
    answer(&call, query, move |tx, world, reader, query| {
        let by = query.group_by;
        let report = reports::timeliness(tx, world, reader, &query.into(), by)?;
        Ok(TimelinessReport::of(report, language))
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

/// Words in the language of the answer.
pub(super) fn say(words: Words, language: Language) -> String {
    match language {
        Language::Vi => words.vi,
        Language::En => words.en,
    }
}

impl TimelinessReport {
    fn of(report: Report, language: Language) -> Self {
        let rows = report.rows.into_iter().map(|(group, kept)| TimelinessRow::of(group, &kept, language));
        Self { as_of: report.as_of, recorded_by: report.recorded_by, rows: rows.collect() }
    }
}

impl TimelinessRow {
    fn of(group: Group, kept: &Kept, language: Language) -> Self {
        Self {
            closed: group.closed,
            key: group.key,
            name: say(group.name, language),
            received: kept.received,
            resolved_early: kept.resolved_early,
            resolved_on_time: kept.resolved_on_time,
            resolved_late: kept.resolved_late,
            open_in_time: kept.open_in_time,
            open_overdue: kept.open_overdue,
            open_paused: kept.open_paused,
            ended_otherwise: kept.ended_otherwise,
            no_deadline: kept.no_deadline,
            on_time_rate: on_time_rate(kept),
        }
    }
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

impl From<TimelinessQuery> for Asked {
    fn from(query: TimelinessQuery) -> Self {
        Self {
            received_from: query.from,
            received_to: query.to,
            as_of: query.as_of,
            recorded_by: query.recorded_by,
            agency_id: query.agency_id,
            subtree: query.subtree,
            structure: query.structure,
            ..Self::default()
        }
    }
}
