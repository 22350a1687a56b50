//! Sessions and the digests of their refresh tokens.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, delete, insert_into,
    update,
};

use super::{
    AnyConnection, StoreError,
    people::OfficialRow,
    schema::{official, refresh_token, session},
};
use crate::domain::{
    id::{AccountId, OfficialId, SessionId},
    time::Instant,
};

/// A session; it belongs to an official or to a citizen's account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session)]
pub struct SessionRow {
    pub id: SessionId,
    pub official_id: Option<OfficialId>,
    pub account_id: Option<AccountId>,
    pub created_at: Instant,
    /// When its tokens were last renewed.
    pub last_used_at: Instant,
    /// The first instant at which it is over, however much it is used.
    pub expires_at: Instant,
    pub revoked_at: Option<Instant>,
    /// Why it was ended before its time.
    pub revoked_reason: Option<String>,
}

/// One refresh token of a session, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_token)]
pub struct RefreshRow {
    /// SHA-256 of the token.
    pub digest: Vec<u8>,
    pub session_id: SessionId,
    pub issued_at: Instant,
    /// When it was exchanged for its successor.
    pub spent_at: Option<Instant>,
}

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    Official(OfficialId),
    Account(AccountId),
}

/// Adds a session.
pub fn insert(tx: &mut AnyConnection, row: &SessionRow) -> Result<(), StoreError> {
    insert_into(session::table).values(row).execute(tx)?;
    Ok(())
}

/// Adds a refresh token.
pub fn insert_refresh(tx: &mut AnyConnection, row: &RefreshRow) -> Result<(), StoreError> {
    insert_into(refresh_token::table).values(row).execute(tx)?;
    Ok(())
}

/// The refresh token of a digest with its session.
pub fn by_refresh(
    tx: &mut AnyConnection,
    digest: &[u8],
) -> Result<Option<(RefreshRow, SessionRow)>, StoreError> {
    Ok(refresh_token::table
        .inner_join(session::table)
        .filter(refresh_token::digest.eq(digest))
        .select((RefreshRow::as_select(), SessionRow::as_select()))
        .first(tx)
        .optional()?)
}

/// Whether a refresh token exists and has not been spent.
pub fn is_unspent(tx: &mut AnyConnection, digest: &[u8]) -> Result<bool, StoreError> {
    let token = refresh_token::table.find(digest).filter(refresh_token::spent_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(token)).get_result(tx)?)
}

/// Exchanges a refresh token for its successor, and notes that the session was used.
pub fn exchange(tx: &mut AnyConnection, spent: &[u8], successor: &RefreshRow) -> Result<(), StoreError> {
    let now = successor.issued_at;
    update(refresh_token::table.find(spent)).set(refresh_token::spent_at.eq(now)).execute(tx)?;
    insert_refresh(tx, successor)?;
    update(session::table.find(successor.session_id)).set(session::last_used_at.eq(now)).execute(tx)?;
    Ok(())
}

/// Ends a session for a reason.
pub fn revoke(tx: &mut AnyConnection, id: SessionId, reason: &str, now: Instant) -> Result<(), StoreError> {
    update(session::table.find(id).filter(session::revoked_at.is_null()))
        .set((session::revoked_at.eq(now), session::revoked_reason.eq(reason)))
        .execute(tx)?;
    Ok(())
}

/// Ends every session of an official but one.
pub fn revoke_others(
    tx: &mut AnyConnection,
    official: OfficialId,
    kept: Option<SessionId>,
    reason: &str,
    now: Instant,
) -> Result<usize, StoreError> {
    let live = session::table.filter(session::official_id.eq(official).and(session::revoked_at.is_null()));
    let ended = (session::revoked_at.eq(now), session::revoked_reason.eq(reason));
    Ok(match kept {
        Some(kept) => update(live.filter(session::id.ne(kept))).set(ended).execute(tx)?,
        None => update(live).set(ended).execute(tx)?,
    })
}

/// The live sessions of somebody, the latest first, from before one on.
pub fn live_of(
    tx: &mut AnyConnection,
    holder: Holder,
    now: Instant,
    before: Option<SessionId>,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let mut query = session::table
        .filter(session::revoked_at.is_null().and(session::expires_at.gt(now)))
        .order(session::id.desc())
        .limit(limit)
        .select(SessionRow::as_select())
        .into_boxed();
    query = match holder {
        Holder::Official(official) => query.filter(session::official_id.eq(official)),
        Holder::Account(account) => query.filter(session::account_id.eq(account)),
    };
    if let Some(id) = before {
        query = query.filter(session::id.lt(id));
    }
    Ok(query.load(tx)?)
}

/// A live session.
pub fn live(tx: &mut AnyConnection, id: SessionId, now: Instant) -> Result<Option<SessionRow>, StoreError> {
    Ok(session::table
        .find(id)
        .filter(session::revoked_at.is_null().and(session::expires_at.gt(now)))
        .select(SessionRow::as_select())
        .first(tx)
        .optional()?)
}

/// The official of a live session, in one look.
pub fn official_in(
    tx: &mut AnyConnection,
    id: SessionId,
    holder: OfficialId,
    now: Instant,
) -> Result<Option<OfficialRow>, StoreError> {
    Ok(session::table
        .inner_join(official::table.on(session::official_id.eq(official::id.nullable())))
        .filter(session::id.eq(id).and(official::id.eq(holder)))
        .filter(session::revoked_at.is_null().and(session::expires_at.gt(now)))
        .select(OfficialRow::as_select())
        .first(tx)
        .optional()?)
}

/// Deletes the sessions that were over by an instant, with their tokens; returns how many.
pub fn delete_expired(tx: &mut AnyConnection, by: Instant) -> Result<usize, StoreError> {
    Ok(delete(session::table.filter(session::expires_at.le(by))).execute(tx)?)
}
