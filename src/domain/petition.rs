//! A petition as its history tells it: [`Case`] is the fold of its events.

use super::{
    act::{Act, Commitment, Correction, Registration, Respondent, SignedDocument, SignedNotice, Support},
    calendar::Calendar,
    clock::{Clock, ClockOp, Ledger},
    event::{Actor, Event},
    id::{AgencyId, EventId, OfficialId, PetitionId, RevisionId},
    prose::Prose,
    rule::{RuleBook, Traits},
    time::{Day, Instant},
    vocabulary::{
        Channel, Complexity, Kind, Outcome, Provenance, Role, Satisfaction, State, SubmitterType, Urgency, Visibility,
    },
};

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
    /// When the state last changed; later events may not take effect before.
    pub since: Instant,
    pub last_recorded_at: Instant,
    pub round: u32,
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
    pub registration: Registration,
    pub title: Prose,
    pub content: Prose,
    pub public_title: Option<Prose>,
    pub public_summary: Option<Prose>,
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
    pub ratings: Vec<(u32, Satisfaction)>,
    pub clock_ops: Vec<ClockOp>,
}

impl Case {
    /// Folds a history, in sequence order; nothing when it is empty or does not begin with a registration.
    pub fn fold(events: &[Event]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut case = Self::begin(first)?;
        for event in rest {
            case.apply(event);
        }
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
            last_recorded_at: first.recorded_at,
            round: first.record.round,
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
            title: facts.title,
            content: facts.content,
            public_title: None,
            public_summary: None,
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

    /// Takes in the next event of the history.
    pub fn apply(&mut self, event: &Event) {
        let record = &event.record;
        self.take_in(&record.act, event);
        if record.to != self.state {
            self.since = event.occurred_at;
            self.state = record.to;
        }
        self.round = record.round;
        self.sequence = event.sequence;
        self.last_event = event.id;
        self.last_recorded_at = event.recorded_at;
        if event.moves_version() {
            self.version = event.sequence;
        }
        self.clock_ops.extend(record.clocks.iter().cloned());
    }

    fn take_in(&mut self, act: &Act, event: &Event) {
        match act {
            Act::Classification(facts) => {
                self.kind = facts.kind;
                self.instance = facts.instance;
                self.field_code.clone_from(&facts.field_code);
                self.urgency = facts.urgency;
                self.remote_area = facts.remote_area;
                self.visibility = facts.visibility.unwrap_or(self.visibility);
                self.public_title.clone_from(&facts.public_title);
                self.public_summary.clone_from(&facts.public_summary);
                self.respondent = facts.respondent.or(self.respondent);
                self.classified = true;
            }
            Act::Reclassification(facts) => {
                self.kind = facts.kind.unwrap_or(self.kind);
                if facts.kind.is_some() {
                    self.instance = facts.instance;
                }
                self.field_code = facts.field_code.clone().unwrap_or_else(|| self.field_code.clone());
                self.visibility = facts.visibility.unwrap_or(self.visibility);
                self.respondent = facts.respondent.or(self.respondent);
                self.public_title = facts.public_title.clone().or_else(|| self.public_title.clone());
                self.public_summary = facts.public_summary.clone().or_else(|| self.public_summary.clone());
            }
            Act::Correction(facts) => self.correct(facts),
            Act::SupplementRequest(facts) => {
                self.came_from = Some(self.state);
                self.wanted = Some(Wanted {
                    missing: facts.missing.clone(),
                    answer_by: facts.answer_by,
                    asked_by: event.actor.clone(),
                });
            }
            Act::Supplement(_) | Act::SupplementWaiver(_) => self.wanted = None,
            Act::Rejection(_) | Act::Filing(_) | Act::Forwarding(_) => self.took_part.extend(event.actor.official),
            Act::Split(facts) => self.visibility = facts.visibility,
            Act::Merge(facts) => {
                self.came_from = Some(self.state);
                self.merged_into = Some(facts.survivor);
                self.took_part.extend(event.actor.official);
            }
            Act::MergeReversal(_) => {
                self.merged_into = None;
                self.request_pending = false;
            }
            Act::Assignment(facts) => self.give(facts.agency_id, facts.responsible_id, &facts.supporting),
            Act::Transfer(facts) => self.give(facts.agency_id, facts.responsible_id, &facts.supporting),
            Act::Handover(facts) => self.responsible = Some(facts.responsible_id),
            Act::Decline(_) => {
                self.lead = None;
                self.responsible = None;
                self.supporting.clear();
            }
            Act::Acceptance(_) => self.accepted_at = self.accepted_at.or(Some(event.occurred_at)),
            Act::Extension(facts) => self.complexity = facts.complexity.unwrap_or(self.complexity),
            Act::ReconsiderationRequest(_) => self.request_pending = true,
            Act::ReconsiderationDecision(_) => self.request_pending = false,
            Act::Reopening(_) => {
                self.round1 = self.round1.or(Some(self.outcome()));
                self.request_pending = false;
                self.accepted_at = (event.record.to == State::InProgress).then_some(event.occurred_at);
                self.reply = None;
                self.answered_at = None;
                self.delivered_at = None;
            }
            Act::Withdrawal(facts) => self.withdrawn += facts.people.unwrap_or(1),
            Act::ImportUpdate(facts) => {
                self.kind = facts.kind.unwrap_or(self.kind);
                self.channel = facts.channel.unwrap_or(self.channel);
                self.field_code = facts.field_code.clone().unwrap_or_else(|| self.field_code.clone());
                self.intake_agency = facts.agency.unwrap_or(self.intake_agency);
                self.title = facts.title.clone().unwrap_or_else(|| self.title.clone());
                self.content = facts.content.clone().unwrap_or_else(|| self.content.clone());
                self.imported_reply = facts.reply.clone().or_else(|| self.imported_reply.clone());
                self.answered_at = facts.closed_at.or(self.answered_at).filter(|_| !facts.reopened);
            }
            _ => self.take_in_reply(act, event),
        }
    }

    fn take_in_reply(&mut self, act: &Act, event: &Event) {
        match act {
            Act::ReplyDraft(facts) => {
                let mut authors = match &self.reply {
                    Some(reply) if reply.approved.is_none() => reply.authors.clone(),
                    _ => Vec::new(),
                };
                authors.extend(event.actor.official.filter(|author| !authors.contains(author)));
                self.replies += 1;
                self.reply = Some(Reply {
                    revision: facts.revision,
                    number: self.replies,
                    text: facts.text.clone(),
                    outcome: facts.outcome,
                    commitments: facts.commitments.clone(),
                    authors,
                    approved: None,
                });
            }
            Act::ReplyApproval(facts) => {
                self.answered_at = Some(event.occurred_at);
                self.took_part.extend(event.actor.official);
                if let Some(reply) = &mut self.reply {
                    self.took_part.extend(reply.authors.iter().copied());
                    reply.approved = Some(Approved {
                        by: event.actor.official,
                        at: event.occurred_at,
                        document: facts.document.clone(),
                        notice: facts.notice.clone(),
                        addressee: facts.addressee.clone(),
                    });
                }
            }
            Act::ReplyRevision(facts) => {
                self.replies += 1;
                self.took_part.extend(event.actor.official);
                self.took_part.push(facts.author_id);
                let addressee = self.reply.take().and_then(|reply| reply.approved).and_then(|signed| signed.addressee);
                self.published = None;
                self.reply = Some(Reply {
                    revision: facts.revision,
                    number: self.replies,
                    text: facts.text.clone(),
                    outcome: facts.outcome,
                    commitments: facts.commitments.clone(),
                    authors: vec![facts.author_id],
                    approved: Some(Approved {
                        by: event.actor.official,
                        at: event.occurred_at,
                        document: facts.document.clone(),
                        notice: facts.notice.clone(),
                        addressee,
                    }),
                });
            }
            Act::Publication(facts) => self.published = Some((event.occurred_at, facts.public_text.clone())),
            Act::Takedown(_) => {
                self.published = None;
                self.public_title = None;
                self.public_summary = None;
            }
            Act::Delivery(_) => self.delivered_at = self.delivered_at.or(Some(event.occurred_at)),
            Act::Rating(facts) => {
                self.ratings.retain(|(round, _)| *round != self.round);
                self.ratings.push((self.round, facts.satisfaction));
            }
            _ => {}
        }
    }

    fn give(&mut self, agency: AgencyId, responsible: OfficialId, supporting: &[Support]) {
        self.lead = Some(agency);
        self.responsible = Some(responsible);
        self.supporting = supporting.to_vec();
    }

    fn correct(&mut self, facts: &Correction) {
        self.title = facts.title.clone().unwrap_or_else(|| self.title.clone());
        self.content = facts.content.clone().unwrap_or_else(|| self.content.clone());
        self.channel = facts.channel.unwrap_or(self.channel);
        self.submitter_type = facts.submitter_type.unwrap_or(self.submitter_type);
        self.urgency = facts.urgency.unwrap_or(self.urgency);
        self.remote_area = facts.remote_area.unwrap_or(self.remote_area);
        self.group_size = facts.group_size.or(self.group_size);
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

    /// Which role asked for the supplement that is waited for.
    pub fn supplement_asked_by(&self) -> Option<Role> {
        self.wanted.as_ref().map(|wanted| wanted.asked_by.role)
    }
}
