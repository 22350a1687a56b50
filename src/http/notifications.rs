//! What an official is told: reminders, urgings, and that somebody could not be told.

use actix_web::{
    HttpResponse,
    http::header,
    web::{ServiceConfig, get, post, resource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    extract::{Limit, PathId, Query},
    openapi::{open_code, open_code_or_null},
    problem::Problem,
};
use crate::{
    app::notifications::{self, Notice},
    domain::{
        id::{Id, PetitionId, RowId, RowKey},
        time::{Day, Instant},
        vocabulary::{Code, Language, NotificationKind, ReminderLevel, Stage},
    },
};

#[derive(OpenApi)]
#[openapi(paths(list_notifications, read_notification))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/notifications").route(get().to(list_notifications)))
        .service(resource("/v1/notifications/{id}/reading").route(post().to(read_notification)));
}

/// Which notifications, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NotificationsQuery {
    /// Only those that were not read.
    #[serde(default)]
    #[param(default = false, required = false)]
    unread: bool,
    /// Rows on the page.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Limit,
    /// From the page before.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// The petition of a notification.
#[derive(Debug, Serialize, ToSchema)]
struct NoticedPetition {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    /// Whose clock: `intake`, `resolution` or `forwarding`; null for an urging.
    #[schema(schema_with = open_code_or_null::<Stage>)]
    stage: Option<Stage>,
    /// The end of the clock as it stood then.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Day>,
    href: String,
}

/// Something an official was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000021", "kind": "reminder", "level": "person", "text": "Đơn KN-7Q4M2K9XA sắp hoặc đã hết hạn giải quyết: 2026-11-27.", "petition": {"id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q4M2K9XA", "stage": "resolution", "due_at": "2026-11-27T17:00:00Z", "due_on": "2026-11-27", "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003"}, "created_at": "2026-11-25T01:00:00Z", "read_at": null}))]
struct NotificationView {
    #[schema(value_type = uuid::Uuid)]
    id: Id<RowKey>,
    #[schema(schema_with = open_code::<NotificationKind>)]
    kind: NotificationKind,
    /// For whom the reminder was meant; null for an urging.
    #[schema(schema_with = open_code_or_null::<ReminderLevel>)]
    level: Option<ReminderLevel>,
    /// A sentence in the language of the answer.
    text: String,
    /// Null where the official might not see it when he was told, or may not now.
    petition: Option<NoticedPetition>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When he read it.
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Instant>,
}

/// A page of notifications, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
struct NotificationsView {
    #[schema(max_items = 100)]
    items: Vec<NotificationView>,
    /// Continues the list; null on its last page.
    next_cursor: Option<String>,
}

impl NotificationView {
    fn of(notice: Notice, language: Language) -> Self {
        let text = words(&notice, language);
        let row = notice.row;
        let petition = notice.code.map(|code| NoticedPetition {
            id: row.petition_id,
            code,
            stage: row.stage,
            due_at: row.due_at,
            due_on: row.due_on,
            href: format!("/v1/petitions/{}", row.petition_id),
        });
        let level = row.level.filter(|_| petition.is_some());
        Self {
            id: row.id,
            kind: row.kind,
            level,
            text,
            petition,
            created_at: row.created_at,
            read_at: row.read_at,
        }
    }
}

/// The sentence of a notification; of a petition that may not be seen it says nothing.
fn words(notice: &Notice, language: Language) -> String {
    let row = &notice.row;
    let stage = row.stage.map(|stage| stage.label(language)).unwrap_or_default();
    let due = row.due_on.map(|day| day.to_string()).unwrap_or_default();
    let vi = language == Language::Vi;
    match (row.kind, &notice.code) {
        (NotificationKind::Reminder, Some(code)) if vi => format!("Nhắc hạn đơn {code} ({stage}): {due}."),
        (NotificationKind::Reminder, Some(code)) => format!("Petition {code} ({stage}) is due on {due}."),
        (NotificationKind::Urging, Some(code)) if vi => {
            format!("Đơn {code} được đôn đốc; hãy trả lời bằng ghi chú tiến độ.")
        }
        (NotificationKind::Urging, Some(code)) => {
            format!("Petition {code} was urged; answer with a progress note.")
        }
        (NotificationKind::Unheard, Some(code)) if vi => {
            format!("Không có ai để nhắc về đơn {code}; hãy giao người phụ trách hoặc người đứng đầu.")
        }
        (NotificationKind::Unheard, Some(code)) => {
            format!("Nobody could be told about petition {code}; name somebody responsible, or a head.")
        }
        (NotificationKind::Unheard, None) if vi => {
            "Một lời nhắc không có người nhận; hãy kiểm tra người đứng đầu các cơ quan và quyền điều phối."
                .to_owned()
        }
        (NotificationKind::Unheard, None) => {
            "A reminder found nobody to tell; see to the heads of the agencies and to coordinators."
                .to_owned()
        }
        (_, None) if vi => "Thông báo về một đơn mà bạn không còn được xem.".to_owned(),
        (_, None) => "About a petition that you may no longer see.".to_owned(),
    }
}

/// List your notifications.
///
/// Reminders of deadlines, urgings, and reminders that found nobody; the latest first. Of a petition that you may no
/// longer see nothing is shown.
#[utoipa::path(get, path = "/v1/notifications", tag = "me", security(("bearer" = [])), params(NotificationsQuery),
    responses((status = 200, description = "A page.", body = NotificationsView)))]
pub(super) async fn list_notifications(
    call: Call,
    query: Query<NotificationsQuery>,
) -> Result<HttpResponse, Problem> {
    let (caller, query, language) = (call.official()?, query.0?, call.language);
    let found = call.read(move |tx, world| {
        let limit = query.limit.rows();
        notifications::list(tx, world, &caller, query.unread, query.cursor.as_deref(), limit)
    });
    let page = found.await?;
    let items = page.items.into_iter().map(|notice| NotificationView::of(notice, language)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .json(NotificationsView { items, next_cursor: page.next_cursor }))
}

/// Mark a notification as read.
///
/// Once is enough: later calls change nothing.
#[utoipa::path(post, path = "/v1/notifications/{id}/reading", tag = "me", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The notification.")),
    responses((status = 200, description = "It is read.", body = NotificationView)))]
pub(super) async fn read_notification(call: Call, id: PathId<RowKey>) -> Result<HttpResponse, Problem> {
    let (caller, language) = (call.official()?, call.language);
    let id: RowId = id.0?;
    let read =
        call.app.write(call.request_id.clone(), move |tx, world| notifications::read(tx, world, &caller, id));
    let view = NotificationView::of(read.await?, language);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}
