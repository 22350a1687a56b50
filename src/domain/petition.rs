//! A petition as its history tells it: [`Case`] is the fold of its events.

mod changes;
mod fold;
mod holding;
mod past;

use super::{
    act::{Act, Commitment, Registration, Respondent, SignedDocument, SignedNotice, Support},
    calendar::Calendar,
    clock::{Clock, ClockOp, Ledger},
    event::{Actor, Event},
    id::{AgencyId, EventId, OfficialId, PetitionId, RevisionId},
    prose::Prose,
    rule::{RuleBook, Traits},
    time::{Day, Instant},
    vocabulary::{
        Channel, Complexity, Kind, Outcome, Provenance, ReminderLevel, Satisfaction, Stage, State,
        SubmitterType, Urgency, Visibility,
    },
};

pub use changes::{Balance, DueChange, due_changes};
pub use holding::{Stint, hops, stints};
pub use past::taken_down;

/// The reply as it stands: a draft, then what was signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub revision: RevisionId,
    pub number: u32,
    pub text: Prose,
    pub outcome: Outcome,
    pub commitments: Vec<Commitment>,
    /// Everybody who wrote a part of it.
    pub authors: Vec<OfficialId>,
    pub approved: Option<Approved>,
}

/// Who signed a reply, when, and the document that carries it.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved {
    pub by: Option<OfficialId>,
    pub at: Instant,
    pub document: Option<SignedDocument>,
    pub notice: Option<SignedNotice>,
    pub addressee: Option<Prose>,
}

/// How a round came out, for the statistics: round 1 is frozen once a second begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundOutcome {
    Open,
    Answered(Option<Instant>),
    EndedOtherwise,
}

/// What the citizen thinks of the answer of a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    pub round: u32,
    pub satisfaction: Satisfaction,
    pub reasons: Option<Prose>,
    pub at: Instant,
}

/// The supplement that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub missing: Prose,
    pub answer_by: Day,
    pub asked_by: Actor,
}

/// A petition folded from its events.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: PetitionId,
    pub code: String,
    pub sequence: u32,
    pub version: u32,
    pub last_event: EventId,
    pub state: State,
    /// Where a supplement or a merge found it.
    pub came_from: Option<State>,
    /// When the state last changed.
    pub since: Instant,
    /// When something that orders the history last changed (state, holder, classification, clocks of the procedure):
    /// a later event may not take effect before, so that the fold runs in sequence order.
    pub settled_at: Instant,
    pub last_recorded_at: Instant,
    pub round: u32,
    /// When this round began: the receipt, later the reopening.
    pub round_from: Instant,
    pub classified: bool,
    pub kind: Kind,
    pub instance: Option<u8>,
    pub channel: Channel,
    pub submitter_type: SubmitterType,
    pub field_code: String,
    pub urgency: Urgency,
    pub complexity: Complexity,
    pub remote_area: bool,
    pub visibility: Visibility,
    pub provenance: Provenance,
    pub intake_agency: AgencyId,
    pub lead: Option<AgencyId>,
    pub responsible: Option<OfficialId>,
    pub supporting: Vec<Support>,
    pub respondent: Option<Respondent>,
    pub received_at: Instant,
    /// The date of the document that a rule may count from.
    pub basis_on: Option<Day>,
    pub registration: Registration,
    pub title: Prose,
    pub content: Prose,
    pub public_title: Option<Prose>,
    pub public_summary: Option<Prose>,
    pub incoming_number: Option<String>,
    pub letter_date: Option<Day>,
    pub group_size: Option<u32>,
    /// How many of a group have withdrawn.
    pub withdrawn: u32,
    pub accepted_at: Option<Instant>,
    pub wanted: Option<Wanted>,
    pub reply: Option<Reply>,
    pub replies: u32,
    pub published: Option<(Instant, Prose)>,
    pub delivered_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    /// How round 1 came out, once a second round has begun.
    pub round1: Option<RoundOutcome>,
    /// The reply of an imported record, which has no number.
    pub imported_reply: Option<Prose>,
    /// Who took part in the answer or the refusal: they may not decide on its reconsideration.
    pub took_part: Vec<OfficialId>,
    pub request_pending: bool,
    pub merged_into: Option<PetitionId>,
    /// The urgings so far, which notes may answer.
    pub urgings: Vec<EventId>,
    /// The reminders so far: round and stage of the clock, and for whom.
    pub reminded: Vec<(u32, Stage, ReminderLevel)>,
    /// What the citizen thinks of the answer of each round.
    pub ratings: Vec<Rated>,
    pub clock_ops: Vec<ClockOp>,
}

impl Case {
    /// Folds a history, in sequence order; nothing when it is empty or does not begin with a registration.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut case = Self::begin(events.next()?)?;
        events.for_each(|event| case.apply(event));
        Some(case)
    }

    /// The case as its first event makes it.
    pub fn begin(first: &Event) -> Option<Self> {
        let registration = match &first.record.act {
            Act::Registration(registration) => registration.as_ref().clone(),
            Act::Import(import) => import.registration.clone(),
            _ => return None,
        };
        let facts = registration.clone();
        let mut case = Self {
            id: first.petition,
            code: facts.code,
            sequence: first.sequence,
            version: first.sequence,
            last_event: first.id,
            state: first.record.to,
            came_from: None,
            since: first.occurred_at,
            settled_at: first.occurred_at,
            last_recorded_at: first.recorded_at,
            round: first.record.round,
            round_from: facts.received_at,
            classified: first.record.to != State::Received,
            kind: facts.kind,
            instance: facts.instance,
            channel: facts.channel,
            submitter_type: facts.submitter_type,
            field_code: facts.field_code,
            urgency: facts.urgency,
            complexity: Complexity::Normal,
            remote_area: facts.remote_area,
            visibility: facts.visibility,
            provenance: facts.provenance,
            intake_agency: facts.intake_agency,
            lead: None,
            responsible: None,
            supporting: Vec::new(),
            respondent: facts.respondent,
            received_at: facts.received_at,
            basis_on: None,
            title: facts.title,
            content: facts.content,
            public_title: None,
            public_summary: None,
            incoming_number: facts.incoming_number,
            letter_date: facts.letter_date,
            group_size: facts.group_size,
            withdrawn: 0,
            accepted_at: None,
            wanted: None,
            reply: None,
            replies: 0,
            published: None,
            delivered_at: None,
            answered_at: None,
            round1: None,
            imported_reply: None,
            took_part: Vec::new(),
            request_pending: false,
            merged_into: None,
            urgings: Vec::new(),
            reminded: Vec::new(),
            ratings: Vec::new(),
            clock_ops: first.record.clocks.clone(),
            registration,
        };
        case.version = if first.moves_version() { first.sequence } else { 0 };
        Some(case)
    }

    /// The agency that counts as lead: before an assignment the intake agency.
    pub fn lead_or_intake(&self) -> AgencyId {
        self.lead.unwrap_or(self.intake_agency)
    }

    /// What the deadline rules look at.
    pub fn traits(&self) -> Traits {
        Traits {
            kind: self.kind,
            instance: self.instance,
            channel: self.channel,
            submitter_type: self.submitter_type,
            field_code: self.field_code.clone(),
            urgency: self.urgency,
            complexity: self.complexity,
            remote_area: self.remote_area,
        }
    }

    /// All clocks of all rounds.
    pub fn clocks(&self, rules: &RuleBook, calendar: &Calendar) -> Vec<Clock> {
        Ledger::fold(&self.clock_ops, rules, calendar)
    }

    /// How the present round stands.
    pub fn outcome(&self) -> RoundOutcome {
        match self.state {
            state if state.is_open() => RoundOutcome::Open,
            State::Answered | State::Closed => RoundOutcome::Answered(self.answered_at),
            _ => RoundOutcome::EndedOtherwise,
        }
    }

    /// How round 1 stands, whatever came after it.
    pub fn first_outcome(&self) -> RoundOutcome {
        self.round1.unwrap_or_else(|| self.outcome())
    }

    /// Whether everybody may read its public text.
    pub fn is_public(&self) -> bool {
        self.classified && self.visibility == Visibility::PublicRedacted && self.public_title.is_some()
    }

    /// Whether an official is named on the case now: as responsible person or for a supporting agency.
    pub fn names(&self, official: OfficialId) -> bool {
        self.responsible == Some(official)
            || self.supporting.iter().any(|support| support.person_id == Some(official))
    }

    /// Whether the case is directed against this official.
    pub fn is_against(&self, official: OfficialId) -> bool {
        self.respondent.and_then(|respondent| respondent.official_id) == Some(official)
    }
}
