//! Citizens who sign in elsewhere, and the petitions they keep in their accounts.

use diesel::{Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::{AnyConnection, StoreError, schema::account};
use crate::domain::{id::AccountId, time::Instant};

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
