//! What came, went and stayed in a window: each column is a condition over an open stretch and its neighbours.
//!
//! Every group is balanced because each end of an open stretch counts once: as it begins, it was received, came back or
//! moved in, unless nothing changed of the group; as it ends, it was answered, ended otherwise or moved out. Sight is
//! the same for all stretches of a petition, the strictest of them, lest one be seen to come that was not seen to go.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Population, Window};
use crate::{
    domain::{
        figures::Column,
        vocabulary::{Code, State},
    },
    store::{
        agencies::lines::subtree_on,
        conditions::{self, Condition, Plain},
        question::{Place, Tree},
        reports::Grouping,
        schema::petition_span,
    },
};

/// With which agency a petition is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// With the one that had it at each time: it moves out of one and into another.
    #[default]
    Holder,
    /// With the one that received it.
    First,
    /// With the one that has it at the moment.
    Current,
}

/// What counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Each petition.
    #[default]
    Petition,
    /// Each matter: neither a petition that was merged into another nor one that was split into parts, which count.
    Case,
}

/// A window of time and how what moves in it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moves {
    pub window: Window,
    pub attribution: Attribution,
    pub basis: Basis,
    /// By what it is grouped; nothing: all is one group.
    pub grouping: Option<Grouping>,
    /// Whether only some fields, kinds or channels are looked at: then a change of it is a move.
    pub narrowed: [bool; 4],
}

/// Which stretch was known to be in force before an instant.
fn before(instant: &str) -> String {
    format!(
        "petition_span.sequence = (SELECT max(c.sequence) FROM petition_span c \
         WHERE c.petition_id = petition_span.petition_id AND c.from_at < {{{instant}}} \
         AND c.recorded_from <= {{known}})"
    )
}

/// The stretch before or after is such a one.
fn neighbour(which: &str, order: &str, and: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM petition_span n WHERE n.petition_id = petition_span.petition_id \
         AND n.sequence = (SELECT {which}(m.sequence) FROM petition_span m \
         WHERE m.petition_id = petition_span.petition_id AND m.sequence {order} petition_span.sequence) {and})"
    )
}

fn previous(and: &str) -> String {
    neighbour("max", "<", and)
}

fn next(and: &str) -> String {
    let known = "AND n.recorded_from <= {known} AND n.from_at >= {from} AND n.from_at < {to}";
    neighbour("min", ">", &format!("{known} {and}"))
}

/// The codes of the states of a kind, for `IN`.
pub(super) fn states(which: fn(State) -> bool) -> String {
    let codes = State::ALL.iter().filter(|state| which(**state)).map(|state| format!("'{state}'"));
    codes.collect::<Vec<_>>().join(", ")
}

fn is_answered(state: State) -> bool {
    matches!(state, State::Answered | State::Closed)
}

/// The condition of a column; of one that the flow does not have, none holds.
pub(super) fn of(column: Column, moves: &Moves) -> String {
    let (open, answered) = (states(State::is_open), states(is_answered));
    let entered = "petition_span.from_at >= {from} AND petition_span.from_at < {to}";
    let elsewhere = format!("AND n.state IN ({open}) AND NOT ({})", same(moves));
    match column {
        Column::Opening => before("from"),
        Column::Closing => before("to"),
        Column::CameIn => format!("{entered} AND NOT {}", previous(&format!("AND n.state IN ({open})"))),
        Column::CameBack => {
            format!("{entered} AND {}", previous(&format!("AND n.state NOT IN ({open})")))
        }
        Column::MovedIn => format!("{entered} AND {}", previous(&elsewhere)),
        Column::WasAnswered => next(&format!("AND n.state IN ({answered})")),
        Column::WasEnded => next(&format!("AND n.state NOT IN ({open}, {answered})")),
        Column::MovedOut => next(&elsewhere),
        _ => "FALSE".to_owned(),
    }
}

/// Whether a neighbour is of the same group.
fn same(moves: &Moves) -> String {
    let holder = moves.attribution == Attribution::Holder;
    let dimensions = [
        (Grouping::Agency, "agency_id", holder),
        (Grouping::Field, "field_code", true),
        (Grouping::Kind, "kind", true),
        (Grouping::Channel, "channel", true),
    ];
    let looked_at = dimensions
        .into_iter()
        .zip(moves.narrowed)
        .filter(|((by, _, moving), narrowed)| *moving && (*narrowed || moves.grouping == Some(*by)))
        .map(|((_, name, _), _)| format!("n.{name} = petition_span.{name}"));
    std::iter::once("TRUE".to_owned()).chain(looked_at).collect::<Vec<_>>().join(" AND ")
}

/// The agency with which a stretch is counted.
pub(super) fn agency(attribution: Attribution) -> String {
    let of = |and: &str, order: &str| {
        format!(
            "(SELECT f.agency_id FROM petition_span f WHERE f.petition_id = petition_span.petition_id{and} \
             ORDER BY f.sequence{order} LIMIT 1)"
        )
    };
    match attribution {
        Attribution::Holder => "petition_span.agency_id".to_owned(),
        Attribution::First => of("", ""),
        Attribution::Current => of(" AND f.from_at <= {at} AND f.recorded_from <= {known}", " DESC"),
    }
}

/// The open stretches that reach into the window, of petitions the reader may see in each of their stretches.
pub(super) fn conditions(population: &Population, moves: &Moves) -> Vec<Condition<Plain>> {
    let filters = &population.question.filters;
    let reach = format!(
        "petition_span.state IN ({}) AND petition_span.from_at < {{to}} AND petition_span.recorded_from <= {{known}} \
         AND (petition_span.to_at IS NULL OR petition_span.to_at >= {{from}} OR {})",
        states(State::is_open),
        neighbour("min", ">", "AND n.recorded_from > {known}"),
    );
    let mut all: Vec<Condition<Plain>> =
        vec![conditions::whole::sight(&population.question.reader), Box::new(population.written(reach))];
    let mut add = |condition: Condition<Plain>| all.push(condition);
    if let Some(Place { agency, below, tree }) = filters.place {
        add(match (below, tree) {
            (false, _) => Box::new(population.agency().eq(agency)),
            (true, Tree::Present | Tree::Today) => {
                Box::new(population.agency().eq_any(conditions::subtree(agency)))
            }
            (true, Tree::On(day)) => Box::new(population.agency().eq_any(subtree_on(agency, day))),
        });
    }
    if let Some(field) = &filters.field_code {
        add(Box::new(petition_span::field_code.eq(field.clone())));
    }
    if let Some(kind) = filters.kind {
        add(Box::new(petition_span::kind.eq(kind)));
    }
    if let Some(channel) = filters.channel {
        add(Box::new(petition_span::channel.eq(channel)));
    }
    if moves.basis == Basis::Case {
        let last = "(SELECT f.state FROM petition_span f WHERE f.petition_id = petition_span.petition_id \
            AND f.from_at <= {at} AND f.recorded_from <= {known} ORDER BY f.sequence DESC LIMIT 1)";
        add(Box::new(population.written(format!("{last} NOT IN ('merged', 'split')"))));
    }
    all
}
