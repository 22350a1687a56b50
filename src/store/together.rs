//! Statements that belong together and do not wait for one another: one round trip on PostgreSQL.
//!
//! There they become one statement, `WITH w0 AS (INSERT …), … INSERT …`, whose parts see the same snapshot, so no
//! part may read or change what another writes. On SQLite, where a statement costs no round trip, they run one
//! after the other. On both they stay prepared: their text varies only with how many of them there are.

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sqlite::Sqlite,
};

use super::{AnyConnection, StoreError};

/// A statement whose text does not vary with its values, or little. Diesel cannot know that of an UPDATE, of a nullable
/// column or of `IN`, and would have the server parse and plan it each time.
pub(super) struct Stable<Q>(pub(super) Q);

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Stable<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Kept by its text.
impl<Q> QueryId for Stable<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Stable<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Stable<Q> {}

/// A statement that stays prepared if it is asked often: a connection never forgets a prepared one, so of those that
/// have countless texts only the common ones may be kept.
pub(super) struct Often<Q> {
    pub(super) query: Q,
    pub(super) often: bool,
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Often<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(self.often)
    }
}

/// Kept by its text.
impl<Q> QueryId for Often<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Often<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Often<Q> {}

/// The same values, the last of them again and again up to the next power of two: a condition `IN` over them has few
/// texts, however many there are, so that [`Stable`] keeps few statements.
pub(super) fn padded<T: Clone>(values: &[T]) -> Vec<T> {
    let mut padded = values.to_vec();
    if let Some(last) = values.last() {
        padded.resize(values.len().next_power_of_two(), last.clone());
    }
    padded
}

/// A statement that runs on both databases.
trait Statement {
    fn on_postgres(&self) -> &dyn QueryFragment<Pg>;
    fn on_sqlite(&self) -> &dyn QueryFragment<Sqlite>;
}

impl<S: QueryFragment<Pg> + QueryFragment<Sqlite>> Statement for S {
    fn on_postgres(&self) -> &dyn QueryFragment<Pg> {
        self
    }
    fn on_sqlite(&self) -> &dyn QueryFragment<Sqlite> {
        self
    }
}

/// Statements gathered to be sent together.
#[derive(Default)]
pub struct Together<'r> {
    statements: Vec<Box<dyn Statement + 'r>>,
}

impl<'r> Together<'r> {
    /// Adds a statement; its text must depend on nothing but its shape.
    pub(super) fn add(&mut self, statement: impl QueryFragment<Pg> + QueryFragment<Sqlite> + 'r) {
        self.statements.push(Box::new(statement));
    }

    /// Sends what was gathered; returns how many rows the last statement changed.
    pub fn send(self, tx: &mut AnyConnection) -> Result<usize, StoreError> {
        match tx {
            AnyConnection::Postgres(connection) if !self.statements.is_empty() => {
                Ok(Stable(Joined(&self.statements)).execute(connection)?)
            }
            AnyConnection::Postgres(_) => Ok(0),
            AnyConnection::Sqlite(connection) => {
                let mut changed = 0;
                for statement in &self.statements {
                    changed = Stable(statement.on_sqlite()).execute(connection)?;
                }
                Ok(changed)
            }
        }
    }
}

/// All of them as one statement of PostgreSQL; the last is its main one.
struct Joined<'s, 'r>(&'s [Box<dyn Statement + 'r>]);

impl QueryFragment<Pg> for Joined<'_, '_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some((last, others)) = self.0.split_last() else { return Ok(()) };
        for (index, statement) in others.iter().enumerate() {
            out.push_sql(if index == 0 { "WITH " } else { ", " });
            out.push_sql(&format!("w{index} AS ("));
            statement.on_postgres().walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        if !others.is_empty() {
            out.push_sql(" ");
        }
        last.on_postgres().walk_ast(out)
    }
}
