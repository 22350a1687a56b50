//! What was done to a petition, with everything that must be carried along: the facts of an event.
//!
//! A caller's request becomes an [`Act`] with given texts; the recorded event holds the same act with its texts
//! kept outside (see [`super::prose::Prose`]).

mod ending;
mod escalation;
mod handling;
mod intake;
mod reply;
mod why;

pub use ending::*;
pub use escalation::*;
pub use handling::*;
pub use intake::*;
pub use reply::*;
pub use why::Why;

use serde::{Deserialize, Serialize};

use super::{time::Day, vocabulary::Action};

/// A document of an authority, by number, symbol and date (NĐ 30/2020/NĐ-CP art. 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    pub number: String,
    pub symbol: String,
    pub issued_on: Day,
}

macro_rules! acts {
    ($($name:ident),+ $(,)?) => {
        /// An act that the transition table knows, or one of the beginnings and consequences it does not list.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type", content = "facts", rename_all = "kebab-case")]
        pub enum Act {
            /// The petition came in.
            Registration(Box<Registration>),
            /// The record of another system was taken over as backfill.
            Import(Box<Import>),
            /// An imported record changed at its source.
            ImportUpdate(Box<ImportUpdate>),
            /// Another petition was merged into this one, or out of it again.
            Survival(Survival),
            /// The calendar changed, and clocks of this petition moved.
            Recalculation(Recalculation),
            /// An agency was closed, and its successor took its part.
            Succession(Succession),
            $(#[doc = concat!("The action of this name: see [`super::", stringify!($name), "`].")] $name($name)),+
        }

        impl Act {
            /// The row of the transition table this act follows; nothing for beginnings and consequences.
            pub fn action(&self) -> Option<Action> {
                match self {
                    Self::Registration(_)
                    | Self::Import(_)
                    | Self::ImportUpdate(_)
                    | Self::Survival(_)
                    | Self::Recalculation(_)
                    | Self::Succession(_) => None,
                    $(Self::$name(_) => Some(Action::$name)),+
                }
            }
        }

        $(impl From<$name> for Act {
            fn from(facts: $name) -> Self { Self::$name(facts) }
        })+
    };
}

acts!(
    Classification,
    Reclassification,
    Correction,
    SupplementRequest,
    Supplement,
    SupplementWaiver,
    Rejection,
    Filing,
    Forwarding,
    ForwardingResult,
    Split,
    Merge,
    MergeReversal,
    Assignment,
    Transfer,
    Handover,
    Decline,
    Acceptance,
    Suspension,
    Resumption,
    Extension,
    ProgressNote,
    ReplyDraft,
    ReplySubmission,
    ReplyReturn,
    ReplyApproval,
    ReplyRevision,
    Publication,
    Takedown,
    Delivery,
    Closing,
    ReconsiderationRequest,
    ReconsiderationDecision,
    Reopening,
    Withdrawal,
    Termination,
    Urging,
    Escalation,
    Rating,
);

impl Act {
    /// The name of the event: the action's code, or that of the beginning or consequence.
    pub fn name(&self) -> &'static str {
        use super::vocabulary::Code;
        match self {
            Self::Registration(_) => "registration",
            Self::Import(_) => "import",
            Self::ImportUpdate(_) => "import-update",
            Self::Survival(_) => "survival",
            Self::Recalculation(_) => "recalculation",
            Self::Succession(_) => "succession",
            other => other.action().map_or("", Code::as_str),
        }
    }
}
