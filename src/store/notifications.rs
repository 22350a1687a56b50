//! What officials are told, and what of it goes out by mail.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    AnyConnection, BATCH, StoreError, conditions,
    question::Question,
    schema::{mail_outbox, notification, petition, petition_span},
    together::padded,
};
use crate::{
    domain::{
        id::{EventId, Id, OfficialId, PetitionId, RowId, RowKey},
        time::{Day, Instant},
        vocabulary::{NotificationKind, ReminderLevel, Stage},
    },
    native,
};

/// What an official was told.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notification, treat_none_as_default_value = false)]
pub struct NotificationRow {
    pub id: Id<RowKey>,
    pub official_id: OfficialId,
    pub kind: NotificationKind,
    pub petition_id: PetitionId,
    /// The event that told him: an escalation or an urging.
    pub event_id: EventId,
    pub level: Option<ReminderLevel>,
    pub stage: Option<Stage>,
    /// The end of the clock as it stood then.
    pub due_at: Option<Instant>,
    pub due_on: Option<Day>,
    /// Whether he might see the petition when he was told.
    pub shown: bool,
    pub created_at: Instant,
    pub read_at: Option<Instant>,
}

/// A notification on its way by mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_outbox, treat_none_as_default_value = false)]
pub struct MailRow {
    pub notification_id: RowId,
    pub attempts: i32,
    /// When it is tried next; nothing once it was sent or given up.
    pub next_at: Option<Instant>,
    pub sent_at: Option<Instant>,
    pub given_up_at: Option<Instant>,
    /// Why the last attempt failed, in a word of ours.
    pub reason: Option<String>,
}

/// The place of a notification in the list: when it was made, and its id.
pub type Key = (Instant, RowId);

/// Tells officials something.
pub fn insert(tx: &mut AnyConnection, rows: &[NotificationRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(notification::table).values(part).execute(c))?;
    }
    Ok(())
}

/// What an official was told, the latest first, from after a place on.
pub fn of_official(
    tx: &mut AnyConnection,
    official: OfficialId,
    unread: bool,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<NotificationRow>, StoreError> {
    let mut query = notification::table
        .filter(notification::official_id.eq(official))
        .order((notification::created_at.desc(), notification::id.desc()))
        .limit(limit)
        .select(NotificationRow::as_select())
        .into_boxed();
    if unread {
        query = query.filter(notification::read_at.is_null());
    }
    if let Some((at, id)) = after {
        let past = notification::created_at.lt(at).or(notification::id.lt(id));
        query = query.filter(notification::created_at.le(at)).filter(past);
    }
    Ok(query.load(tx)?)
}

/// A notification of this official.
pub fn find(
    tx: &mut AnyConnection,
    official: OfficialId,
    id: RowId,
) -> Result<Option<NotificationRow>, StoreError> {
    Ok(notification::table
        .find(id)
        .filter(notification::official_id.eq(official))
        .select(NotificationRow::as_select())
        .first(tx)
        .optional()?)
}

/// The codes of those of these petitions that the reader may see.
pub fn codes(
    tx: &mut AnyConnection,
    question: &Question,
    ids: &[PetitionId],
) -> Result<HashMap<PetitionId, String>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = petition::table
        .inner_join(petition_span::table)
        .select((petition::id, petition::code))
        .filter(petition::id.eq_any(padded(ids)))
        .into_boxed();
    let all = conditions::plain::of(question);
    let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
    Ok(query.load::<(PetitionId, String)>(tx)?.into_iter().collect())
}

/// Notes that a notification was read, unless it was before.
pub fn mark_read(tx: &mut AnyConnection, id: RowId, at: Instant) -> Result<(), StoreError> {
    let unread = notification::table.find(id).filter(notification::read_at.is_null());
    diesel::update(unread).set(notification::read_at.eq(at)).execute(tx)?;
    Ok(())
}

/// Queues notifications for mail.
pub fn queue(tx: &mut AnyConnection, rows: &[MailRow]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        native!(tx, c => diesel::insert_into(mail_outbox::table).values(part).execute(c))?;
    }
    Ok(())
}

/// The mails that are due, the longest waiting first.
pub fn due_mails(tx: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<RowId>, StoreError> {
    Ok(mail_outbox::table
        .filter(mail_outbox::next_at.is_not_null())
        .filter(mail_outbox::next_at.le(now))
        .order((mail_outbox::next_at, mail_outbox::notification_id))
        .limit(limit)
        .select(mail_outbox::notification_id)
        .load(tx)?)
}

/// A mail with what it tells.
pub fn mail(tx: &mut AnyConnection, id: RowId) -> Result<Option<(MailRow, NotificationRow)>, StoreError> {
    Ok(mail_outbox::table
        .inner_join(notification::table)
        .filter(mail_outbox::notification_id.eq(id))
        .select((MailRow::as_select(), NotificationRow::as_select()))
        .first(tx)
        .optional()?)
}

/// Writes how a mail stands.
pub fn update_mail(tx: &mut AnyConnection, row: &MailRow) -> Result<(), StoreError> {
    diesel::update(mail_outbox::table.find(row.notification_id))
        .set((
            mail_outbox::attempts.eq(row.attempts),
            mail_outbox::next_at.eq(row.next_at),
            mail_outbox::sent_at.eq(row.sent_at),
            mail_outbox::given_up_at.eq(row.given_up_at),
            mail_outbox::reason.eq(&row.reason),
        ))
        .execute(tx)?;
    Ok(())
}
