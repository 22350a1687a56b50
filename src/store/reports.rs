//! Counts by group, made by the database: how promises were kept, what the public may count.

use diesel::{
    dsl::{case_when, count, count_star, sql},
    expression::SqlLiteral,
    prelude::*,
    sql_types::Integer,
};

use super::{
    AnyConnection, StoreError,
    conditions::{self, TODAY},
    question::Question,
    schema::{petition, petition_span},
    sql_types::sql::Id,
};
use crate::domain::{
    id::{AgencyId, OfficialId},
    vocabulary::{Channel, Kind, State},
};

/// By what a report groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    Agency,
    /// The agency with which it is counted today, for one that was closed.
    AgencyToday,
    Field,
    Kind,
    Channel,
    Month,
    Person,
}

/// The expression for [`Grouping::AgencyToday`].
pub(super) fn today() -> SqlLiteral<Id> {
    sql::<Id>(TODAY)
}

/// What a group has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupKey {
    Agency(AgencyId),
    Field(String),
    Kind(Kind),
    Channel(Channel),
    /// `YYYY-MM`.
    Month(String),
    /// The responsible person; nothing: nobody is.
    Person(Option<OfficialId>),
}

/// How the first rounds of some petitions came out; what follows `received` adds up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    pub received: i64,
    /// Answered on a day before the last one.
    pub resolved_early: i64,
    pub resolved_on_time: i64,
    pub resolved_late: i64,
    pub open_in_time: i64,
    pub open_overdue: i64,
    pub open_paused: i64,
    pub ended_otherwise: i64,
    pub no_deadline: i64,
}

impl std::ops::AddAssign for Kept {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.resolved_early += other.resolved_early;
        self.resolved_on_time += other.resolved_on_time;
        self.resolved_late += other.resolved_late;
        self.open_in_time += other.open_in_time;
        self.open_overdue += other.open_overdue;
        self.open_paused += other.open_paused;
        self.ended_otherwise += other.ended_otherwise;
        self.no_deadline += other.no_deadline;
    }
}

/// The counts of one row, in the order of the columns of `Kept` but the last, which is what is left.
type Counts = (i64, i64, i64, i64, i64, i64, i64, i64);

fn kept((received, resolved_early, on_time, late, in_time, overdue, paused, ended): Counts) -> Kept {
    Kept {
        received,
        resolved_early,
        resolved_on_time: on_time,
        resolved_late: late,
        open_in_time: in_time,
        open_overdue: overdue,
        open_paused: paused,
        ended_otherwise: ended,
        no_deadline: received - resolved_early - on_time - late - in_time - overdue - paused - ended,
    }
}

/// Counts the rows for which a condition holds.
macro_rules! those {
    ($condition:expr) => {
        count(case_when($condition, 1.into_sql::<Integer>()))
    };
}

macro_rules! timeliness {
    ($tx:expr, $question:expr, $column:expr, $key:path) => {{
        use petition_span::{
            clock_stage, open_due_at, paused_until, round1_due_at, round1_due_on, round1_met_at,
            round1_met_on, round1_outcome,
        };
        let at = $question.moment.at();
        let answered = round1_outcome.eq("answered");
        // A round that is open is the first: a second begins only after the first has ended.
        let open = round1_outcome.eq("open").and(clock_stage.is_not_null());
        let paused = paused_until.is_not_null().and(paused_until.gt(at));
        let awake = paused_until.is_null().or(paused_until.le(at));
        let in_time = round1_met_at.lt(round1_due_at);
        let overdue = open_due_at.le(at);
        // Also a clock that was met while its round goes on: nothing is late.
        let ahead = open_due_at.is_null().or(open_due_at.gt(at));
        let query = petition::table
            .inner_join(petition_span::table)
            .group_by($column)
            .select((
                $column,
                (
                    count_star(),
                    those!(answered.and(in_time).and(round1_met_on.lt(round1_due_on))),
                    those!(answered.and(in_time).and(round1_met_on.ge(round1_due_on))),
                    those!(answered.and(round1_met_at.ge(round1_due_at))),
                    those!(open.and(awake).and(ahead)),
                    those!(open.and(awake).and(overdue)),
                    those!(open.and(paused)),
                    those!(round1_outcome.eq("ended")),
                ),
            ))
            .into_boxed();
        let all = conditions::of_petition($question);
        let query = all.into_iter().fold(query, |query, condition| query.filter(condition));
        let rows: Vec<(_, Counts)> = query.load($tx)?;
        rows.into_iter().map(|(key, counts)| ($key(key), kept(counts))).collect()
    }};
}

/// How promises were kept for the petitions of a question, by group and in no order.
///
/// Round 1 only, by the first that fits: answered, ended otherwise, no clock, paused, overdue, in time (design §4).
pub fn timeliness(
    tx: &mut AnyConnection,
    question: &Question,
    grouping: Grouping,
) -> Result<Vec<(GroupKey, Kept)>, StoreError> {
    Ok(match grouping {
        Grouping::Agency => timeliness!(tx, question, petition_span::agency_id, GroupKey::Agency),
        Grouping::AgencyToday => timeliness!(tx, question, today(), GroupKey::Agency),
        Grouping::Field => timeliness!(tx, question, petition_span::field_code, GroupKey::Field),
        Grouping::Kind => timeliness!(tx, question, petition_span::kind, GroupKey::Kind),
        Grouping::Channel => timeliness!(tx, question, petition_span::channel, GroupKey::Channel),
        Grouping::Month => timeliness!(tx, question, petition_span::received_month, GroupKey::Month),
        Grouping::Person => timeliness!(tx, question, petition_span::responsible_id, GroupKey::Person),
    })
}

/// How many petitions that were ever classified there are of each kind in each state.
pub fn classified(tx: &mut AnyConnection) -> Result<Vec<(Kind, State, i64)>, StoreError> {
    Ok(petition::table
        .filter(petition::classified.eq(true))
        .group_by((petition::kind, petition::state))
        .select((petition::kind, petition::state, count_star()))
        .load(tx)?)
}
