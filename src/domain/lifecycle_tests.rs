//! Every cell of state × action × role against the table of the design, written a second time here by hand.

use super::*;
use crate::domain::vocabulary::Code;

/// The design's table: action | from → to | who. `open` and `any` are spelled out by `states`.
const DESIGN: &str = "
classification | received classified > classified | intake coordinator
reclassification | classified assigned in_progress awaiting_approval awaiting_supplement suspended > stays | coordinator
reclassification | answered closed rejected forwarded merged split filed withdrawn terminated > stays | coordinator
correction | open > stays | intake
supplement-request | received classified > awaiting_supplement | intake
supplement-request | in_progress > awaiting_supplement | handler
supplement | awaiting_supplement > back | citizen intake
supplement-waiver | awaiting_supplement > back | intake handler
rejection | received classified awaiting_supplement > rejected | intake
rejection | assigned > rejected | approver
filing | received classified awaiting_supplement > filed | intake
forwarding | received classified assigned > forwarded | intake coordinator
forwarding-result | forwarded > stays | intake
split | received classified > split | intake
merge | received classified assigned in_progress > merged | intake coordinator
merge-reversal | merged > back | intake coordinator
assignment | classified > assigned | coordinator
transfer | assigned in_progress awaiting_approval > assigned | coordinator
handover | assigned in_progress awaiting_approval suspended > stays | coordinator approver
decline | assigned > classified | handler approver
acceptance | assigned > in_progress | handler approver
suspension | in_progress > suspended | approver
resumption | suspended > in_progress | approver
extension | in_progress > stays | approver
progress-note | assigned in_progress suspended awaiting_approval > stays | handler supporting
reply-draft | in_progress > stays | handler
reply-submission | in_progress > awaiting_approval | handler
reply-return | awaiting_approval > in_progress | approver
reply-approval | awaiting_approval > answered | approver
reply-revision | answered closed > stays | approver
publication | answered closed forwarded > stays | approver
takedown | classified assigned in_progress awaiting_approval awaiting_supplement suspended over > stays | approver coordinator
delivery | answered closed > stays | handler intake system
closing | answered > closed | coordinator system
reconsideration-request | answered closed rejected filed merged forwarded > stays | citizen
reconsideration-decision | answered closed rejected filed merged forwarded > stays | coordinator
reopening | answered closed > in_progress | coordinator
reopening | rejected filed forwarded > classified | coordinator
withdrawal | open > withdrawn | citizen intake
termination | open > terminated | approver
urging | open > stays | auditor coordinator
escalation | open > stays | system
rating | answered closed > stays | citizen
";

fn states(word: &str) -> Vec<&str> {
    match word {
        "open" => "received classified assigned in_progress awaiting_approval awaiting_supplement suspended"
            .split(' ')
            .collect(),
        "over" => {
            "answered closed rejected forwarded merged split filed withdrawn terminated".split(' ').collect()
        }
        state => vec![state],
    }
}

/// What the design says of one cell: the word behind `>`, or nothing.
fn by_design(from: State, action: Action, role: Role) -> Option<&'static str> {
    DESIGN.lines().filter(|line| !line.is_empty()).find_map(|line| {
        let (name, rest) = line.split_once(" | ").unwrap();
        let (moves, who) = rest.split_once(" | ").unwrap();
        let (from_words, to) = moves.split_once(" > ").unwrap();
        let here = from_words.split(' ').flat_map(states).any(|state| state == from.as_str());
        (name == action.as_str() && here && who.split(' ').any(|word| word == role.as_str())).then_some(to)
    })
}

#[test]
fn every_cell_of_state_action_and_role_is_as_designed() {
    let mut allowed = 0;
    for &from in State::ALL {
        for &action in Action::ALL {
            for &role in Role::ALL {
                let found = find(from, action, role).map(|row| match row.to {
                    To::State(state) => state.as_str(),
                    To::Stays => "stays",
                    To::Back => "back",
                });
                assert_eq!(found, by_design(from, action, role), "{from} × {action} × {role}");
                allowed += usize::from(found.is_some());
            }
        }
    }
    assert_eq!(State::ALL.len() * Action::ALL.len() * Role::ALL.len(), 16 * 39 * 10);
    assert_eq!(allowed, 194, "allowed cells");
}

#[test]
fn every_action_has_a_row_and_no_cell_has_two() {
    for &action in Action::ALL {
        assert!(TRANSITIONS.iter().any(|row| row.action == action), "{action} has no row");
    }
    for &from in State::ALL {
        for &action in Action::ALL {
            for &role in Role::ALL {
                let rows = TRANSITIONS.iter().filter(|row| {
                    row.action == action && row.from.contains(&from) && row.who.contains(&role)
                });
                assert!(rows.count() <= 1, "{from} × {action} × {role} has two rows");
            }
        }
    }
}

#[test]
fn every_state_is_reached_and_every_open_state_can_be_left() {
    for &state in State::ALL {
        let reached = TRANSITIONS.iter().any(|row| row.to == To::State(state));
        assert!(reached || state == State::Received, "{state} is never reached");
        if state.is_open() {
            let left = TRANSITIONS.iter().any(|row| row.from.contains(&state) && row.to != To::Stays);
            assert!(left, "{state} can never be left");
        }
    }
}

#[test]
fn administrators_and_clients_move_nothing() {
    for &action in Action::ALL {
        assert!(!is_ever_for(action, Role::Admin) && !is_ever_for(action, Role::Client));
    }
}

#[test]
fn only_notes_ratings_urging_escalation_and_a_first_view_leave_the_version() {
    let apart: Vec<_> = Action::ALL.iter().filter(|action| !action.moves_version(Role::Handler)).collect();
    assert_eq!(apart, [&Action::ProgressNote, &Action::Urging, &Action::Escalation, &Action::Rating]);
    assert!(!Action::Delivery.moves_version(Role::System) && Action::Delivery.moves_version(Role::Handler));
    assert!(!Action::Supplement.needs_version() && Action::Supplement.moves_version(Role::Citizen));
}
