//! What everybody may read: public petitions, and published replies to the others.

mod views;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

pub(super) use views::{MarkView, PublishedView, ResponsibleView};

use super::{
    auth::Call,
    cached,
    extract::{Limit, Query, Short},
    openapi::code,
    problem::Problem,
};
use crate::{
    app::{
        cursor::{self, Binding},
        public::{self, Filter},
    },
    domain::{
        id::AgencyId,
        vocabulary::{Kind, PublicStatus},
    },
};
use views::{PublicPageView, PublicPetitionView, PublicPetitionsView, PublicRepliesView, PublicReplyView};

#[derive(OpenApi)]
#[openapi(paths(list_public_petitions, read_public_petition, list_public_replies))]
pub(super) struct Api;

const PETITIONS: &str = "/v1/public/petitions";
const REPLIES: &str = "/v1/public/replies";

/// Which public petitions, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PublicQuery {
    /// Only of this kind.
    #[param(schema_with = code::<Kind>, required = false)]
    kind: Option<Kind>,
    /// Only of this field.
    #[param(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    /// Only with this agency.
    #[param(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    /// Only of this public status.
    #[param(schema_with = code::<PublicStatus>, required = false)]
    public_status: Option<PublicStatus>,
    /// Only about this administrative area.
    #[param(value_type = Option<String>, max_length = 16)]
    area_code: Option<Short<16>>,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// How many replies, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RepliesQuery {
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// List public petitions.
///
/// The latest published first. Nothing is public before classification; complaints and denunciations are not here.
#[utoipa::path(get, path = "/v1/public/petitions", tag = "public", security(()), params(PublicQuery),
    responses((status = 200, description = "A page.", body = PublicPetitionsView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_public_petitions(
    call: Call,
    query: Query<PublicQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let (limit, from, language) = (query.limit.rows(), query.cursor, call.language);
    let filter = Filter {
        kind: query.kind,
        field_code: query.field_code.map(|code| code.0),
        agency_id: query.agency_id,
        status: query.public_status,
        area_code: query.area_code.map(|code| code.0),
    };
    let read = call.read(move |tx, world| {
        let binding = Binding { route: PETITIONS, caller: "", filters: &filter };
        let after = from.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let page = public::list(tx, world, &filter, after, limit)?;
        let next = page.next.map(|after| cursor::seal(&world.secret, &binding, &after)).transpose()?;
        let items = page.items.into_iter().map(|petition| PublicPetitionView::of(petition, language));
        Ok(PublicPetitionsView { items: items.collect(), next_cursor: next })
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read a public petition.
///
/// Its reviewed public words, how it stands, who answers for it by when, its course, and the published reply.
#[utoipa::path(get, path = "/v1/public/petitions/{code}", tag = "public", security(()),
    params(("code" = String, Path, description = "Code of the petition.", max_length = 64)),
    responses((status = 200, description = "Its public page.", body = PublicPageView), (status = 304, description = "Unchanged.")))]
pub(super) async fn read_public_petition(
    call: Call,
    code: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (code, language) = (code.into_inner(), call.language);
    let read = call.read(move |tx, world| public::page(tx, world, &code));
    Ok(cached::public(&request, &PublicPageView::of(read.await?, language))?)
}

/// List published replies to petitions that are not public.
///
/// The text, the agency and the date of the document alone; which petition was answered is not said. Replies to public
/// petitions are on their pages.
#[utoipa::path(get, path = "/v1/public/replies", tag = "public", security(()), params(RepliesQuery),
    responses((status = 200, description = "A page.", body = PublicRepliesView), (status = 304, description = "Unchanged.")))]
pub(super) async fn list_public_replies(
    call: Call,
    query: Query<RepliesQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let (limit, from) = (query.limit.rows(), query.cursor);
    let read = call.read(move |tx, world| {
        let binding = Binding { route: REPLIES, caller: "", filters: &() };
        let after = from.map(|cursor| cursor::open(&world.secret, &binding, &cursor)).transpose()?;
        let page = public::replies(tx, world, after, limit)?;
        let next = page.next.map(|after| cursor::seal(&world.secret, &binding, &after)).transpose()?;
        Ok(PublicRepliesView {
            items: page.items.into_iter().map(PublicReplyView::from).collect(),
            next_cursor: next,
        })
    });
    Ok(cached::public(&request, &read.await?)?)
}
