//! Conditions and values written in SQL, with instants in their gaps.
//!
//! A text holds nothing that came from outside: what varies is bound.

use std::marker::PhantomData;

use diesel::{
    QueryResult,
    backend::Backend,
    expression::{
        AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
    },
    query_builder::{AstPass, QueryFragment, QueryId},
    result::Error,
    serialize::ToSql,
    sql_types::{HasSqlType, SqlType},
};

use crate::{domain::time::Instant, store::sql_types::sql};

/// A text with gaps such as `{at}`, over petitions joined with their spans; both databases read it.
pub(super) struct Written<ST> {
    text: String,
    instants: [(&'static str, Instant); 4],
    kind: PhantomData<ST>,
}

impl<ST> Written<ST> {
    pub(super) fn new(text: impl Into<String>, instants: [(&'static str, Instant); 4]) -> Self {
        Self { text: text.into(), instants, kind: PhantomData }
    }
}

impl<ST: SqlType + TypedExpressionType> Expression for Written<ST> {
    type SqlType = ST;
}
impl<ST, QS: ?Sized> AppearsOnTable<QS> for Written<ST> where Self: Expression {}
impl<ST, QS: ?Sized> SelectableExpression<QS> for Written<ST> where Self: AppearsOnTable<QS> {}
/// As a literal: it may stand beside aggregates.
impl<ST, G> ValidGrouping<G> for Written<ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST> QueryId for Written<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, DB> QueryFragment<DB> for Written<ST>
where
    DB: Backend + HasSqlType<sql::Instant>,
    Instant: ToSql<sql::Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        for (index, part) in self.text.split(['{', '}']).enumerate() {
            if index % 2 == 0 {
                out.push_sql(part);
                continue;
            }
            let gap = self.instants.iter().find(|(name, _)| *name == part);
            let unknown = || Error::QueryBuilderError(format!("nothing is called {part}").into());
            let (_, instant) = gap.ok_or_else(unknown)?;
            out.push_bind_param::<sql::Instant, _>(instant)?;
        }
        Ok(())
    }
}
