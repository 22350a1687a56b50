//! Citizens who sign in elsewhere, and the petitions they keep in their accounts.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper, insert_into,
};

use super::{
    AnyConnection, StoreError,
    schema::{account, petition_account},
};
use crate::{
    domain::{
        id::{AccountId, PetitionId},
        time::Instant,
    },
    native,
};

/// A citizen's account: the pair that his provider vouches for, and nothing else about him.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = account)]
pub struct AccountRow {
    pub id: AccountId,
    pub issuer: String,
    pub subject: String,
    pub created_at: Instant,
}

/// Without the subject, which may be the number of a person.
impl std::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The account of an id.
pub fn find(tx: &mut AnyConnection, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
    Ok(account::table.find(id).select(AccountRow::as_select()).first(tx).optional()?)
}

/// The account of a pair of issuer and subject.
pub fn by_identity(
    tx: &mut AnyConnection,
    issuer: &str,
    subject: &str,
) -> Result<Option<AccountRow>, StoreError> {
    Ok(account::table
        .filter(account::issuer.eq(issuer))
        .filter(account::subject.eq(subject))
        .select(AccountRow::as_select())
        .first(tx)
        .optional()?)
}

/// Adds an account; [`StoreError::Unique`] when the pair has one.
pub fn insert(tx: &mut AnyConnection, row: &AccountRow) -> Result<(), StoreError> {
    insert_into(account::table).values(row).execute(tx)?;
    Ok(())
}

/// The petitions of an account, the latest submitted first, from before one on.
pub fn petitions_of(
    tx: &mut AnyConnection,
    account: AccountId,
    before: Option<PetitionId>,
    limit: i64,
) -> Result<Vec<PetitionId>, StoreError> {
    let mut query = petition_account::table
        .filter(petition_account::account_id.eq(account))
        .order(petition_account::petition_id.desc())
        .limit(limit)
        .select(petition_account::petition_id)
        .into_boxed();
    if let Some(id) = before {
        query = query.filter(petition_account::petition_id.lt(id));
    }
    Ok(query.load(tx)?)
}

/// Puts petitions into an account; those that are in it stay as they are.
pub fn keep(
    tx: &mut AnyConnection,
    account: AccountId,
    petitions: &[PetitionId],
    now: Instant,
) -> Result<(), StoreError> {
    let row = |petition: &PetitionId| {
        (
            petition_account::petition_id.eq(*petition),
            petition_account::account_id.eq(account),
            petition_account::claimed_at.eq(now),
        )
    };
    let rows: Vec<_> = petitions.iter().map(row).collect();
    native!(tx, c => insert_into(petition_account::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}
