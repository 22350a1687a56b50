//! Conditions over the log and over the names of agencies, written as SQL: diesel has no words for tables that appear
//! twice below one another.

use diesel::{
    dsl::{AsExprOf, sql},
    expression::{SqlLiteral, UncheckedBind},
    sql_types::{Bool, Text},
};

use super::Condition;
use crate::{
    domain::{
        time::{Day, Instant},
        vocabulary::{Action, Code, Role},
    },
    store::{
        question::{AtLevel, Moment, Tree},
        sql_types::sql as types,
    },
};

/// That no later version of an agency had begun by a day, which follows; `named` has begun by it or is the first, as
/// `store::agencies::on` says it.
const NO_LATER: &str = " OR named.number = 1) AND NOT EXISTS (SELECT 1 FROM agency_version AS later
    WHERE later.agency_id = named.agency_id AND later.number > named.number
        AND (later.valid_from IS NULL OR later.valid_from <= ";

/// With which agency of today a stretch is counted: where its petition went, else who took over alone, else the agency.
pub(in crate::store) const TODAY: &str = "COALESCE(\
    (SELECT COALESCE(s.today_id, m.to_id) FROM succession_move m LEFT JOIN succession s ON s.agency_id = m.to_id \
    WHERE m.petition_id = petition_span.petition_id AND m.from_id = petition_span.agency_id), \
    (SELECT s.today_id FROM succession s WHERE s.agency_id = petition_span.agency_id), petition_span.agency_id)";

type OfDay = AsExprOf<Day, types::Day>;
type Bound<Q> = SqlLiteral<Text, UncheckedBind<Q, OfDay>>;

/// The code by which the agency of a stretch went on a day.
pub(in crate::store) fn agency_code(on: Day) -> Bound<Bound<SqlLiteral<Text>>> {
    sql::<Text>(
        "(SELECT named.code FROM agency_version AS named WHERE named.agency_id = petition_span.agency_id
            AND (named.valid_from IS NULL OR named.valid_from <= ",
    )
    .bind::<types::Day, _>(on)
    .sql(NO_LATER)
    .bind::<types::Day, _>(on)
    .sql(")))")
}

/// That the agency of a stretch had a level on a day.
pub(super) fn of_level<S: 'static>(wanted: AtLevel) -> Condition<S> {
    let level = match wanted.level {
        Some(level) => format!("named.level = '{}'", level.as_str()),
        None => "named.level IS NULL".to_owned(),
    };
    let agency = if wanted.tree == Tree::Today { TODAY } else { "petition_span.agency_id" };
    let begin = format!(
        "{agency} IN (SELECT named.agency_id FROM agency_version AS named WHERE {level}
            AND (named.valid_from IS NULL OR named.valid_from <= "
    );
    let text = sql::<Bool>(&begin).bind::<types::Day, _>(wanted.on).sql(NO_LATER);
    Box::new(text.bind::<types::Day, _>(wanted.on).sql(")))"))
}

/// That a present stretch was due by an instant, said so that PostgreSQL keeps statistics of it: that most of what is
/// present is over, and has no end that could pass, it cannot see in either column.
pub(super) fn present_due<S: 'static>(by: Instant) -> Condition<S> {
    let due = "(CASE WHEN petition_span.to_at IS NULL THEN petition_span.open_due_at END) <= ";
    Box::new(sql::<Bool>(due).bind::<types::Instant, _>(by))
}

/// That a stretch was overdue before its end, or before we learnt of it. Whatever was overdue at a moment that knows of
/// everything recorded by then was so; the words are those of an index, which holds few stretches.
pub(super) fn was_overdue<S: 'static>() -> Condition<S> {
    Box::new(sql::<Bool>(&format!("({WAS_OVERDUE})")))
}

/// That such a stretch was due by an instant, said for the statistics.
pub(super) fn was_due<S: 'static>(by: Instant) -> Condition<S> {
    let due = format!("(CASE WHEN {WAS_OVERDUE} THEN petition_span.open_due_at END) <= ");
    Box::new(sql::<Bool>(&due).bind::<types::Instant, _>(by))
}

/// One without an end compares with nothing, and so is not false. Not "is null or": SQLite would find in that what asks for
/// the present alone, and walk the past for it.
const WAS_OVERDUE: &str = "(petition_span.to_at > petition_span.open_due_at \
    OR petition_span.recorded_to > petition_span.open_due_at) IS NOT FALSE";

/// That nothing which moves the version happened at an instant or later: notes, ratings and urging do not wake a
/// petition.
pub(super) fn untouched<S: 'static>(since: Instant, moment: Moment) -> Condition<S> {
    let quiet = Action::ALL.iter().filter(|action| !action.moves_version(Role::Handler));
    let quiet: Vec<String> = quiet.map(|action| format!("'{}'", action.as_str())).collect();
    let begin = format!(
        "NOT EXISTS (SELECT 1 FROM event WHERE event.subject_kind = 'petition' AND event.subject_id = petition.id
            AND event.type NOT IN ({}) AND event.occurred_at >= ",
        quiet.join(", ")
    );
    let (occurred, recorded) = moment.bounds();
    let text = sql::<Bool>(&begin).bind::<types::Instant, _>(since).sql(" AND event.occurred_at <= ");
    let text = text.bind::<types::Instant, _>(occurred).sql(" AND event.recorded_at <= ");
    Box::new(text.bind::<types::Instant, _>(recorded).sql(")"))
}

/// That a petition was passed on, and that no result followed the last time it was. The state stands in the text: an
/// index holds those in it.
pub(super) fn without_result<S: 'static>(moment: Moment) -> Condition<S> {
    let (occurred, recorded) = moment.bounds();
    let of = |name: &str, action: Action| {
        format!(
            "SELECT 1 FROM event AS {name} WHERE {name}.subject_kind = 'petition' AND {name}.subject_id = petition.id
                AND {name}.type = '{}'",
            action.as_str()
        )
    };
    let begin = format!(
        "(petition_span.state = 'forwarded' AND NOT EXISTS ({} AND result.occurred_at <= ",
        of("result", Action::ForwardingResult)
    );
    let again = format!(
        " AND NOT EXISTS ({} AND again.sequence > result.sequence AND again.occurred_at <= ",
        of("again", Action::Forwarding)
    );
    let text = sql::<Bool>(&begin).bind::<types::Instant, _>(occurred).sql(" AND result.recorded_at <= ");
    let text = text.bind::<types::Instant, _>(recorded).sql(&again).bind::<types::Instant, _>(occurred);
    let text = text.sql(" AND again.recorded_at <= ").bind::<types::Instant, _>(recorded);
    Box::new(text.sql(")))"))
}
