//! The table of moves: a move of a petition exists if and only if it is a row here.
//!
//! The API, its documentation, the `actions` of each answer and the tests all read [`TRANSITIONS`].

pub use super::vocabulary::Action;
use super::vocabulary::{PublicStatus, Role, State};

/// Where a row leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// To this state.
    State(State),
    /// The petition stays where it is.
    Stays,
    /// Back to where it came from (supplement, merge).
    Back,
}

/// One row: this action, from these states, by these roles, leads there.
#[derive(Debug, Clone, Copy)]
pub struct Transition {
    pub action: Action,
    pub from: &'static [State],
    pub to: To,
    pub who: &'static [Role],
}

use Role::{Approver, Auditor, Citizen, Coordinator, Handler, Intake, Supporting, System};
use State::{
    Answered, Assigned, AwaitingApproval, AwaitingSupplement, Classified, Closed, Filed, Forwarded,
    InProgress, Merged, Received, Rejected, Split, Suspended, Terminated, Withdrawn,
};

/// The states in which a petition waits for its authority or its author.
const OPEN: &[State] =
    &[Received, Classified, Assigned, InProgress, AwaitingApproval, AwaitingSupplement, Suspended];
/// Open, and past the first classification.
const UNDER_WAY: &[State] =
    &[Classified, Assigned, InProgress, AwaitingApproval, AwaitingSupplement, Suspended];
/// No longer open.
const OVER: &[State] = &[Answered, Closed, Rejected, Forwarded, Merged, Split, Filed, Withdrawn, Terminated];
/// What a citizen may ask to have looked at again.
const CONTESTABLE: &[State] = &[Answered, Closed, Rejected, Filed, Merged, Forwarded];
const AFTER_CLASSIFICATION: &[State] = &[
    Classified,
    Assigned,
    InProgress,
    AwaitingApproval,
    AwaitingSupplement,
    Suspended,
    Answered,
    Closed,
    Rejected,
    Forwarded,
    Merged,
    Split,
    Filed,
    Withdrawn,
    Terminated,
];

const fn row(action: Action, from: &'static [State], to: To, who: &'static [Role]) -> Transition {
    Transition { action, from, to, who }
}

/// Every move there is.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    // action                           from                                              to                             who
    row(Action::Classification,         &[Received, Classified],                          To::State(Classified),         &[Intake, Coordinator]),
    row(Action::Reclassification,       UNDER_WAY,                                        To::Stays,                     &[Coordinator]),
    row(Action::Reclassification,       OVER,                                             To::Stays,                     &[Coordinator]),
    row(Action::Correction,             OPEN,                                             To::Stays,                     &[Intake]),
    row(Action::SupplementRequest,      &[Received, Classified],                          To::State(AwaitingSupplement), &[Intake]),
    row(Action::SupplementRequest,      &[InProgress],                                    To::State(AwaitingSupplement), &[Handler]),
    row(Action::Supplement,             &[AwaitingSupplement],                            To::Back,                      &[Citizen, Intake]),
    row(Action::SupplementWaiver,       &[AwaitingSupplement],                            To::Back,                      &[Intake, Handler]),
    row(Action::Rejection,              &[Received, Classified, AwaitingSupplement],      To::State(Rejected),           &[Intake]),
    row(Action::Rejection,              &[Assigned],                                      To::State(Rejected),           &[Approver]),
    row(Action::Filing,                 &[Received, Classified, AwaitingSupplement],      To::State(Filed),              &[Intake]),
    row(Action::Forwarding,             &[Received, Classified, Assigned],                To::State(Forwarded),          &[Intake, Coordinator]),
    row(Action::ForwardingResult,       &[Forwarded],                                     To::Stays,                     &[Intake]),
    row(Action::Split,                  &[Received, Classified],                          To::State(Split),              &[Intake]),
    row(Action::Merge,                  &[Received, Classified, Assigned, InProgress],    To::State(Merged),             &[Intake, Coordinator]),
    row(Action::MergeReversal,          &[Merged],                                        To::Back,                      &[Intake, Coordinator]),
    row(Action::Assignment,             &[Classified],                                    To::State(Assigned),           &[Coordinator]),
    row(Action::Transfer,               &[Assigned, InProgress, AwaitingApproval],        To::State(Assigned),           &[Coordinator]),
    row(Action::Handover,               &[Assigned, InProgress, AwaitingApproval, Suspended], To::Stays,                 &[Coordinator, Approver]),
    row(Action::Decline,                &[Assigned],                                      To::State(Classified),         &[Handler, Approver]),
    row(Action::Acceptance,             &[Assigned],                                      To::State(InProgress),         &[Handler, Approver]),
    row(Action::Suspension,             &[InProgress],                                    To::State(Suspended),          &[Approver]),
    row(Action::Resumption,             &[Suspended],                                     To::State(InProgress),         &[Approver]),
    row(Action::Extension,              &[InProgress],                                    To::Stays,                     &[Approver]),
    row(Action::ProgressNote,           &[Assigned, InProgress, Suspended, AwaitingApproval], To::Stays,                 &[Handler, Supporting]),
    row(Action::ReplyDraft,             &[InProgress],                                    To::Stays,                     &[Handler]),
    row(Action::ReplySubmission,        &[InProgress],                                    To::State(AwaitingApproval),   &[Handler]),
    row(Action::ReplyReturn,            &[AwaitingApproval],                              To::State(InProgress),         &[Approver]),
    row(Action::ReplyApproval,          &[AwaitingApproval],                              To::State(Answered),           &[Approver]),
    row(Action::ReplyRevision,          &[Answered, Closed],                              To::Stays,                     &[Approver]),
    row(Action::Publication,            &[Answered, Closed, Forwarded],                   To::Stays,                     &[Approver]),
    row(Action::Takedown,               AFTER_CLASSIFICATION,                             To::Stays,                     &[Approver, Coordinator]),
    row(Action::Delivery,               &[Answered, Closed],                              To::Stays,                     &[Handler, Intake, System]),
    row(Action::Closing,                &[Answered],                                      To::State(Closed),             &[Coordinator, System]),
    row(Action::ReconsiderationRequest, CONTESTABLE,                                      To::Stays,                     &[Citizen]),
    row(Action::ReconsiderationDecision, CONTESTABLE,                                     To::Stays,                     &[Coordinator]),
    row(Action::Reopening,              &[Answered, Closed],                              To::State(InProgress),         &[Coordinator]),
    row(Action::Reopening,              &[Rejected, Filed, Forwarded],                    To::State(Classified),         &[Coordinator]),
    row(Action::Withdrawal,             OPEN,                                             To::State(Withdrawn),          &[Citizen, Intake]),
    row(Action::Termination,            OPEN,                                             To::State(Terminated),         &[Approver]),
    row(Action::Urging,                 OPEN,                                             To::Stays,                     &[Auditor, Coordinator]),
    row(Action::Escalation,             OPEN,                                             To::Stays,                     &[System]),
    row(Action::Rating,                 &[Answered, Closed],                              To::Stays,                     &[Citizen]),
];

/// The row that lets this role do this from this state, or nothing.
pub fn find(from: State, action: Action, role: Role) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|row| row.action == action && row.from.contains(&from) && row.who.contains(&role))
}

/// Whether a role may ever do this, whatever the state.
pub fn is_ever_for(action: Action, role: Role) -> bool {
    TRANSITIONS.iter().any(|row| row.action == action && row.who.contains(&role))
}

impl State {
    /// Whether somebody still owes the petition a move.
    pub fn is_open(self) -> bool {
        OPEN.contains(&self)
    }

    /// Whether the round ended without an answer.
    pub fn is_ended_otherwise(self) -> bool {
        !self.is_open() && !matches!(self, Answered | Closed)
    }

    /// The word a citizen reads for this state.
    pub fn public_status(self) -> PublicStatus {
        match self {
            Received | Classified => PublicStatus::Waiting,
            Assigned | InProgress | AwaitingApproval | Suspended => PublicStatus::InProgress,
            AwaitingSupplement => PublicStatus::NeedsYou,
            Answered => PublicStatus::Answered,
            Rejected | Filed => PublicStatus::Refused,
            Forwarded => PublicStatus::PassedOn,
            Closed | Merged | Split | Withdrawn | Terminated => PublicStatus::Ended,
        }
    }

    /// Who moves next, as a citizen reads it; nothing once the petition is over.
    pub fn next_actor(self) -> Option<Role> {
        match self {
            Received => Some(Intake),
            Classified => Some(Coordinator),
            Assigned | InProgress => Some(Handler),
            AwaitingApproval | Suspended => Some(Approver),
            AwaitingSupplement => Some(Citizen),
            _ => None,
        }
    }
}

impl Action {
    /// Whether the action changes the version: notes, ratings, urging and escalation do not compete for it.
    ///
    /// A delivery does, unless it is the citizen's own first view.
    pub fn moves_version(self, role: Role) -> bool {
        let apart = matches!(self, Self::ProgressNote | Self::Rating | Self::Urging | Self::Escalation);
        !(apart || (self == Self::Delivery && role == System))
    }

    /// Whether the caller must say which version it saw; a supplement may always arrive.
    pub fn needs_version(self) -> bool {
        self != Self::Supplement && self.moves_version(Coordinator)
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
