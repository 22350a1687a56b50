//! What everybody may count.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{auth::Call, openapi::open_code, problem::Problem};
use crate::{
    app::{
        Error,
        reports::{self, PublicCount},
    },
    domain::{
        refusal::Words,
        time::Instant,
        vocabulary::{Code, Kind, Language, PublicStatus},
    },
};

#[derive(OpenApi)]
#[openapi(paths(read_public_statistics))]
pub(super) struct Api;

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
