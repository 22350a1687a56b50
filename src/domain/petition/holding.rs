//! Who held a petition, from when to when.

use super::Case;
use crate::domain::{
    event::Event,
    id::{AgencyId, OfficialId},
    time::Instant,
};

/// A stretch in which an open petition lay with one agency and one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stint {
    pub round: u32,
    /// The lead agency; before an assignment and after a decline the intake agency.
    pub agency: AgencyId,
    /// Whether it was given to the agency, and not only received there.
    pub assigned: bool,
    pub person: Option<OfficialId>,
    pub from: Instant,
    /// Nothing while it still lies there.
    pub to: Option<Instant>,
}

/// The stretches of a history, the first first; a petition that is answered or ended lies with nobody.
pub fn stints<'e>(events: impl IntoIterator<Item = &'e Event>) -> Vec<Stint> {
    let mut case: Option<Case> = None;
    let mut stints: Vec<Stint> = Vec::new();
    for event in events {
        match &mut case {
            Some(case) => case.apply(event),
            None => case = Case::begin(event),
        }
        let Some(case) = &case else { continue };
        let now = case.state.is_open().then(|| Stint {
            round: case.round,
            agency: case.lead_or_intake(),
            assigned: case.lead.is_some(),
            person: case.responsible,
            from: event.occurred_at,
            to: None,
        });
        let present = stints.last_mut().filter(|stint| stint.to.is_none());
        let goes_on = match (&present, &now) {
            (Some(stint), Some(now)) => **stint == Stint { from: stint.from, ..now.clone() },
            (None, None) => true,
            _ => false,
        };
        if !goes_on {
            if let Some(stint) = present {
                stint.to = Some(event.occurred_at);
            }
            stints.extend(now);
        }
    }
    stints
}

/// How often it went from one agency to another within a round.
pub fn hops(stints: &[Stint]) -> usize {
    let pairs = stints.iter().zip(stints.iter().skip(1));
    pairs.filter(|(one, next)| one.round == next.round && one.agency != next.agency).count()
}
