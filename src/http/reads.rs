//! To whom personal data was given: for auditors, by petition and over the whole installation.

use actix_web::{
    HttpResponse,
    web::{ServiceConfig, get, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Limit, PathId, Query, Short},
    openapi::{DayOrInstant, open_code},
    problem::Problem,
    views::PersonView,
};
use crate::{
    app::{
        disclosures::{self, Asked, Disclosure, Page},
        reading,
        when::When,
    },
    domain::{
        id::{OfficialId, PetitionId, PetitionKey},
        time::Instant,
        vocabulary::Role,
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_reads, list_all_reads))]
pub(super) struct Api;

const OF_PETITION: &str = "/v1/petitions/{id}/personal-data-reads";
const OF_ALL: &str = "/v1/personal-data-reads";

/// The addresses of the log.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(OF_PETITION).route(get().to(list_reads)))
        .service(resource(OF_ALL).route(get().to(list_all_reads)));
}

/// Where in the log to go on, and how far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadsQuery {
    /// Rows on a page.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Whose data, who received it, and when; what is absent means any.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AllReadsQuery {
    /// Of this petition: who received this citizen's data.
    #[param(value_type = Option<uuid::Uuid>)]
    petition_id: Option<PetitionId>,
    /// To this official: whom he read or unsealed.
    #[param(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
    /// To this client.
    #[param(value_type = Option<String>, max_length = 64)]
    client: Option<Short<64>>,
    /// Then or later: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-01-01")]
    from: Option<When>,
    /// Before: a day or an instant.
    #[param(value_type = DayOrInstant, inline, required = false, example = "2026-07-01")]
    to: Option<When>,
    /// Rows on a page, which may hold fewer.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// Personal data given to somebody once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"at": "2026-11-23T07:00:00Z", "petition_id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "official_id": "01934f6e-0000-7000-8000-000000000002", "official": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Nguyễn Thị Tiếp Nhận", "position": "Chuyên viên"}, "client": null, "role": "intake", "what": "submitter", "request_id": null}))]
struct ReadView {
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    #[schema(value_type = uuid::Uuid)]
    petition_id: PetitionId,
    code: String,
    /// Who received it; null where a client did.
    #[schema(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
    official: Option<PersonView>,
    /// The client that received it.
    client: Option<String>,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// What was given: `submitter`, or `sealed_submitter` of a denunciation and where secrecy was asked for.
    what: String,
    request_id: Option<String>,
}

/// A page of the log, the latest first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct ReadList {
    #[schema(max_items = 100)]
    items: Vec<ReadView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

/// Read who received a petition's personal data.
///
/// Every look at the submitter of a petition, the latest first. For auditors.
#[utoipa::path(get, path = "/v1/petitions/{id}/personal-data-reads", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), ReadsQuery),
    responses((status = 200, description = "The log.", body = ReadList)))]
pub(super) async fn list_reads(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<ReadsQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, query) = (id.0?, query.0);
    let list = call.read(move |tx, world| {
        reading::check_reads(tx, world, &caller, id)?;
        let asked = Asked { petition: Some(id), ..Asked::default() };
        let asked = query.map(|query| (asked, query.cursor, query.limit.rows()));
        disclosures::list(tx, world, &caller, OF_PETITION, asked)
    });
    Ok(HttpResponse::Ok().json(ReadList::of(list.await?)))
}

/// Read who received personal data.
///
/// Over the whole installation, the latest first, of the petitions that the auditor may see: by petition (who received
/// this citizen's data), by official (whom he read or unsealed), by client, by time. Every call that gives out personal
/// data writes to this log in the transaction that reads it.
#[utoipa::path(get, path = "/v1/personal-data-reads", tag = "audit", security(("bearer" = [])), params(AllReadsQuery),
    responses((status = 200, description = "The log.", body = ReadList)))]
pub(super) async fn list_all_reads(call: Call, query: Query<AllReadsQuery>) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let asked = query.0.map(AllReadsQuery::asked);
    let list = call.read(move |tx, world| disclosures::list(tx, world, &caller, OF_ALL, asked));
    Ok(HttpResponse::Ok().json(ReadList::of(list.await?)))
}

impl AllReadsQuery {
    fn asked(self) -> (Asked, Option<String>, i64) {
        let asked = Asked {
            petition: self.petition_id,
            official: self.official_id,
            client: self.client.map(|client| client.0),
            from: self.from,
            to: self.to,
        };
        (asked, self.cursor, self.limit.rows())
    }
}

impl ReadList {
    fn of(page: Page) -> Self {
        Self { items: page.items.into_iter().map(ReadView::of).collect(), next_cursor: page.next_cursor }
    }
}

impl ReadView {
    fn of(one: Disclosure) -> Self {
        let Disclosure { row, code, official } = one;
        let person = |(id, (full_name, position))| PersonView { id, full_name, position };
        Self {
            at: row.at,
            petition_id: row.petition_id,
            code,
            official_id: row.official_id,
            official: row.official_id.zip(official).map(person),
            client: row.client,
            role: row.role,
            what: row.what,
            request_id: row.request_id,
        }
    }
}
