//! Why something was done: what an act says for itself.

use super::{Act, DocumentRef};
use crate::domain::{
    prose::Prose,
    vocabulary::{Code, ComplexityCriterion},
};

/// The reasons an act carries, as far as it carries any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Why<'a> {
    /// In somebody's words.
    pub reason: Option<&'a Prose>,
    /// The code of a ground of refusal, filing, rest or termination.
    pub ground: Option<&'static str>,
    /// What made it complex.
    pub criteria: &'a [ComplexityCriterion],
    /// The document it rests on.
    pub document: Option<&'a DocumentRef>,
}

impl Act {
    /// Why it was done.
    pub fn why(&self) -> Why<'_> {
        let because = |reason| Why { reason, ..Why::default() };
        match self {
            Self::Classification(facts) => Why { document: facts.basis_document.as_ref(), ..Why::default() },
            Self::Reclassification(facts) => because(Some(&facts.reason)),
            Self::Correction(facts) => because(Some(&facts.reason)),
            Self::SupplementRequest(facts) => because(Some(&facts.missing)),
            Self::SupplementWaiver(facts) => because(Some(&facts.reason)),
            Self::Split(facts) => because(facts.reason.as_ref()),
            Self::Merge(facts) => because(facts.reason.as_ref()),
            Self::MergeReversal(facts) => because(Some(&facts.reason)),
            Self::Transfer(facts) => because(Some(&facts.reason)),
            Self::Handover(facts) => because(facts.reason.as_ref()),
            Self::Decline(facts) => because(Some(&facts.reason)),
            Self::Reopening(facts) => because(Some(&facts.reason)),
            Self::Withdrawal(facts) => because(Some(&facts.reason)),
            Self::Takedown(facts) => because(Some(&facts.reason)),
            Self::ReplyRevision(facts) => because(Some(&facts.reason)),
            Self::Acceptance(facts) => Why { document: facts.document.as_ref(), ..Why::default() },
            Self::Resumption(facts) => Why { document: facts.document.as_ref(), ..Why::default() },
            Self::Forwarding(facts) => Why { document: Some(&facts.document), ..Why::default() },
            Self::Rejection(facts) => {
                Why { ground: Some(facts.ground.as_str()), ..because(Some(&facts.explanation)) }
            }
            Self::Filing(facts) => {
                Why { ground: Some(facts.ground.as_str()), ..because(facts.explanation.as_ref()) }
            }
            Self::Suspension(facts) => Why {
                ground: Some(facts.ground.as_str()),
                document: Some(&facts.document),
                ..because(facts.explanation.as_ref())
            },
            Self::Termination(facts) => Why {
                ground: Some(facts.ground.as_str()),
                document: Some(&facts.document),
                ..because(facts.explanation.as_ref())
            },
            Self::Extension(facts) => Why {
                criteria: &facts.criteria,
                document: Some(&facts.decision),
                ..because(facts.reason.as_ref())
            },
            _ => Why::default(),
        }
    }
}
