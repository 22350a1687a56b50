//! What each column of form 01/XLD counts: letters carried over into a window or received in it.

use super::{columns::event, moves::states};
use crate::domain::{
    figures::{Column, Matter, Signers},
    vocabulary::State,
};

/// Which letters there are: those received in the window, and those open immediately before it.
pub(super) fn reach() -> String {
    format!(
        "(petition_span.received_at >= {{from}} OR EXISTS (SELECT 1 FROM petition_span o \
         WHERE o.petition_id = petition_span.petition_id AND o.state IN ({}) AND o.sequence = \
         (SELECT max(c.sequence) FROM petition_span c WHERE c.petition_id = petition_span.petition_id \
         AND c.from_at < {{from}} AND c.recorded_from <= {{known}})))",
        states(State::is_open)
    )
}

/// Several people, as the type says or the size of the group.
fn many() -> String {
    let size = |of| event(of, " AND CAST(e.payload -> 'act' -> 'facts' ->> 'group_size' AS integer) > 1");
    format!("(petition.submitter_type = 'group' OR {} OR {})", size("registration"), size("correction"))
}

fn signed_by(signers: Signers) -> String {
    match signers {
        Signers::Any => "TRUE".to_owned(),
        Signers::Many => many(),
        Signers::One => format!("petition.submitter_type = 'individual' AND NOT {}", many()),
        Signers::Other => {
            format!("petition.submitter_type NOT IN ('individual', 'group') AND NOT {}", many())
        }
    }
}

fn about(matter: Matter) -> &'static str {
    match matter {
        Matter::Complaint => "petition_span.kind = 'complaint'",
        Matter::Denunciation => "petition_span.kind = 'denunciation'",
        Matter::Other => "petition_span.kind NOT IN ('complaint', 'denunciation')",
    }
}

const FOLLOWS: &str = "kind IN ('repeat', 'second_instance', 'follow_up')";

/// It follows a petition in such a state; one that is restricted tells nothing of itself to others.
fn follows(states: &str, and: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM petition_link l JOIN petition p ON p.id = l.to_id \
         JOIN petition_span o ON o.petition_id = l.to_id WHERE l.from_id = petition.id AND l.{FOLLOWS} \
         AND (p.visibility <> 'restricted' OR petition.visibility = 'restricted') \
         AND o.from_at <= {{at}} AND o.recorded_from <= {{known}} \
         AND (o.to_at IS NULL OR o.to_at > {{at}} OR o.recorded_to > {{known}}) AND o.state IN ({states}){and})"
    )
}

const ANSWERED: &str = "'answered', 'closed'";

fn settled() -> String {
    follows(ANSWERED, "")
}

fn settled_again() -> String {
    let before = format!(
        " AND EXISTS (SELECT 1 FROM petition_link k JOIN petition q ON q.id = k.to_id \
         JOIN petition_span w ON w.petition_id = k.to_id WHERE k.from_id = l.to_id AND k.{FOLLOWS} \
         AND (q.visibility <> 'restricted' OR petition.visibility = 'restricted') \
         AND w.from_at <= {{at}} AND w.recorded_from <= {{known}} \
         AND (w.to_at IS NULL OR w.to_at > {{at}} OR w.recorded_to > {{known}}) AND w.state IN ({ANSWERED}))"
    );
    follows(ANSWERED, &before)
}

fn guided() -> String {
    let ground = " AND e.payload -> 'act' -> 'facts' ->> 'ground' IN ('not_competent', 'already_guided')";
    format!("petition_span.state = 'rejected' AND {}", event("rejection", ground))
}

/// The condition of a column; of one that the form does not have, none holds.
pub(super) fn of(column: Column) -> String {
    let open = states(State::is_open);
    match column {
        Column::CarriedOver(signers) => {
            format!("petition_span.received_at < {{from}} AND {}", signed_by(signers))
        }
        Column::NewLetters(signers) => {
            format!("petition_span.received_at >= {{from}} AND {}", signed_by(signers))
        }
        Column::Letters => "TRUE".to_owned(),
        Column::Cases => "petition_span.state NOT IN ('merged', 'split')".to_owned(),
        Column::OfKind(matter) => about(matter).to_owned(),
        Column::SettledOnce => format!("{} AND NOT {}", settled(), settled_again()),
        Column::SettledAgain => settled_again(),
        Column::BeingSettled => format!("NOT {} AND {}", settled(), follows(&open, "")),
        Column::NotYetSettled => format!("NOT {} AND NOT {}", settled(), follows(&open, "")),
        Column::Competent(matter) => format!(
            "petition_span.state NOT IN ('received', 'forwarded') AND NOT ({}) AND {}",
            guided(),
            about(matter)
        ),
        Column::Guided => guided(),
        Column::Forwarded => "petition_span.state = 'forwarded'".to_owned(),
        Column::Urged => event("urging", ""),
        Column::ForwardingAnswered => {
            format!("petition_span.state = 'forwarded' AND {}", event("forwarding-result", ""))
        }
        _ => "FALSE".to_owned(),
    }
}
