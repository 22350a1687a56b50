//! One test for each guard, with the code of its refusal.

mod ending;
mod handling;
mod intake;
mod reply;

use super::*;
use crate::domain::{
    act::*,
    calendar::tests::{day, vietnam},
    event::{Event, Record, SCHEMA},
    id::{EventId, Id, PetitionId},
    prose::Prose,
    rule::{
        Rule,
        tests::{rule, traits},
    },
    time::Day,
    vocabulary::*,
};

fn id<K>(number: u128) -> Id<K> {
    Id::new(uuid::Uuid::from_u128(number))
}
fn text(words: &str) -> Prose {
    Prose::from(words.to_owned())
}
fn at(text: &str) -> Instant {
    text.parse().unwrap()
}
fn document() -> DocumentRef {
    DocumentRef { number: "45".into(), symbol: "TB-UBND".into(), issued_on: day("2026-11-02") }
}

const WARD: u128 = 10;
const OTHER: u128 = 11;
/// Officials of the ward; each acts in the role of that name.
const HANDLER: u128 = 20;
const APPROVER: u128 = 21;
const COORDINATOR: u128 = 22;
const INTAKE: u128 = 23;
/// Against whom it is directed.
const ACCUSED: u128 = 30;

/// Rules with every start event, and ceilings as the law has them.
fn book() -> RuleBook {
    use StartEvent::{Acceptance, BasisDocument, Receipt, Request};
    let done = |id, from, amount, unit| rule(id, Stage::Resolution, from, amount, unit);
    let of = |kind, rule: Rule| Rule { kind: Some(kind), ..rule };
    let complex = |degree, rule: Rule| Rule { complexity: Some(degree), ..rule };
    let days = Unit::CalendarDays;
    let denunciation = |id, amount| of(Kind::Denunciation, done(id, Acceptance, amount, days));
    RuleBook::new(vec![
        rule("intake", Stage::Intake, Receipt, 10, Unit::WorkingDays),
        rule("reconsideration", Stage::Reconsideration, Request, 10, Unit::WorkingDays),
        of(Kind::Denunciation, rule("forwarding", Stage::Forwarding, Receipt, 5, Unit::WorkingDays)),
        Rule { ceiling: Some(30), ..of(Kind::Proposal, done("proposal", Receipt, 15, Unit::WorkingDays)) },
        of(Kind::Feedback, done("feedback", Receipt, 10, Unit::WorkingDays)),
        Rule {
            channel: Some(Channel::DialogueConference),
            ..of(Kind::Proposal, done("dialogue", BasisDocument, 30, days))
        },
        of(Kind::Complaint, done("complaint", Acceptance, 30, days)),
        complex(Complexity::Complex, of(Kind::Complaint, done("complaint-complex", Acceptance, 45, days))),
        denunciation("denunciation", 30),
        complex(Complexity::Complex, denunciation("denunciation-complex", 60)),
        complex(Complexity::SpeciallyComplex, denunciation("denunciation-special", 90)),
    ])
}

/// A petition just received, for the tests of others.
pub(in crate::domain) fn story_of(kind: Kind) -> Case {
    Story::of(kind).case
}

/// A petition in the making, and what is known of others.
struct Story {
    case: Case,
    now: Instant,
    known: Known,
    official: Option<u128>,
    occurred_at: Option<Instant>,
}

impl Story {
    /// Received on Monday 2 November 2026, 09:00 in Vietnam, at the ward.
    fn of(kind: Kind) -> Self {
        Self::begun(kind, Provenance::Native, Channel::Post)
    }

    fn begun(kind: Kind, provenance: Provenance, channel: Channel) -> Self {
        let received_at = at("2026-11-02T09:00:00+07:00");
        let imported = provenance == Provenance::Imported;
        let registration = Registration {
            code: "KN-1".into(),
            kind,
            instance: (kind == Kind::Complaint).then_some(1),
            channel,
            submitter_type: SubmitterType::Individual,
            field_code: "other".into(),
            urgency: Urgency::Normal,
            remote_area: false,
            visibility: if kind == Kind::Denunciation {
                Visibility::Restricted
            } else {
                Visibility::PartiesOnly
            },
            provenance,
            intake_agency: id(WARD),
            received_at,
            title: text("Ngập"),
            content: text("Ngõ ngập."),
            location: None,
            incident_at: None,
            incoming_number: None,
            letter_date: None,
            group_size: None,
            keep_secret: false,
            respondent: None,
            submitter_digest: None,
            keys_digest: None,
            previous: None,
            part_of: None,
            promised_due_at: None,
            promised_due_on: None,
        };
        let (book, calendar) = (book(), vietnam());
        let of_kind =
            crate::domain::rule::Traits { channel, instance: registration.instance, ..traits(kind) };
        let clocks = [Stage::Intake, Stage::Resolution, Stage::Forwarding].into_iter().filter_map(|stage| {
            let rule = book.select(stage, &of_kind, received_at.day(calendar.zone()))?;
            let starts = rule.start_event == StartEvent::Receipt && !imported;
            starts.then(|| ClockOp::start(1, stage, received_at, rule, &calendar))
        });
        let clocks = clocks.collect();
        let act = Act::Registration(Box::new(registration));
        let to = if imported { State::Classified } else { State::Received };
        let first =
            event(1, Actor::citizen(), Decision { act, to, round: 1, clocks, occurred_at: received_at });
        let agency = |number| KnownAgency { id: id(number), head: None, line: vec![id(number)] };
        let known = Known {
            agency: Some(agency(WARD)),
            person: Some(KnownPerson {
                id: id(HANDLER),
                agency: id(WARD),
                may_handle: true,
                heads: Vec::new(),
            }),
            supporting_fit: true,
            supporting: Vec::new(),
            holder: Some(agency(WARD)),
            field_exists: true,
            survivor: None,
            author_exists: true,
            named_exist: true,
            heads: Vec::new(),
        };
        let case = Case::begin(&first).unwrap();
        Self { case, now: received_at, known, official: None, occurred_at: None }
    }

    /// Brought into a state on the usual way.
    fn reaching(kind: Kind, state: State) -> Self {
        let mut story = Self::of(kind);
        let road: [(Role, Act); 6] = [
            (Role::Intake, classification(kind).into()),
            (Role::Coordinator, assignment().into()),
            (Role::Handler, Acceptance { document: None }.into()),
            (Role::Handler, draft(kind).into()),
            (Role::Handler, ReplySubmission {}.into()),
            (Role::Approver, approval().into()),
        ];
        for (role, act) in road {
            if story.case.state == state {
                break;
            }
            story.does(role, act);
        }
        assert_eq!(story.case.state, state);
        story
    }

    fn tries(&self, role: Role, act: impl Into<Act>) -> Result<Decision, Refusal> {
        let official = match role {
            Role::Intake => Some(INTAKE),
            Role::Coordinator => Some(COORDINATOR),
            Role::Handler => Some(HANDLER),
            Role::Approver => Some(APPROVER),
            _ => None,
        };
        let official = self.official.or(official).filter(|_| role != Role::Citizen);
        let actor = Actor { role, official: official.map(id), agency: Some(id(WARD)), position: None };
        let (rules, calendar) = (book(), vietnam());
        let context = Context {
            now: self.now,
            occurred_at: self.occurred_at,
            actor,
            rules: &rules,
            calendar: &calendar,
            known: self.known.clone(),
        };
        decide(&self.case, act.into(), &context)
    }

    /// Does something a minute later.
    fn does(&mut self, role: Role, act: impl Into<Act>) -> &mut Self {
        self.now = self.now.plus_micros(60_000_000);
        let act = act.into();
        let name = act.name();
        let decision = self.tries(role, act).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let official = match role {
            Role::Handler => Some(HANDLER),
            Role::Approver => Some(APPROVER),
            Role::Coordinator => Some(COORDINATOR),
            Role::Intake => Some(INTAKE),
            _ => None,
        };
        let official = self.official.or(official).filter(|_| role != Role::Citizen).map(id);
        let actor = Actor { role, official, agency: Some(id(WARD)), position: None };
        self.case.apply(&event(self.case.sequence + 1, actor, decision));
        self
    }

    /// What refuses: a guard's code, `pointer code` for content, `illegal` for the table.
    #[track_caller]
    fn check(&self, role: Role, act: impl Into<Act>, expected: &str) {
        let found = match self.tries(role, act) {
            Ok(_) => "done".to_owned(),
            Err(Refusal::Guard { code, .. }) => code.to_owned(),
            Err(Refusal::IllegalMove { .. }) => "illegal".to_owned(),
            Err(Refusal::Forbidden(_)) => "forbidden".to_owned(),
            Err(Refusal::Invalid(errors)) => {
                let named = errors.iter().map(|error| format!("{} {}", error.pointer, error.code));
                named.collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(found, expected);
    }

    /// The clock of a stage in the present round.
    fn clock(&self, stage: Stage) -> Option<Clock> {
        let clocks = self.case.clocks(&book(), &vietnam());
        clocks.into_iter().find(|clock| clock.stage == stage && clock.round == self.case.round)
    }
    fn due_on(&self, stage: Stage) -> String {
        self.clock(stage).unwrap().due.unwrap().due_on.to_string()
    }
}

fn event(sequence: u32, actor: Actor, decision: Decision) -> Event {
    let Decision { act, to, round, clocks, occurred_at } = decision;
    Event {
        id: id::<crate::domain::id::EventKey>(u128::from(sequence)),
        petition: id(1),
        sequence,
        actor,
        on_behalf_of: None,
        request_id: None,
        caused_by: None,
        occurred_at,
        recorded_at: occurred_at,
        record: Record { schema: SCHEMA, act, to, round, clocks },
    }
}

fn classification(kind: Kind) -> Classification {
    let public = !kind.is_contentious();
    Classification {
        kind,
        instance: (kind == Kind::Complaint).then_some(1),
        field_code: "other".into(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: None,
        basis_document: None,
        public_title: public.then(|| text("Ngập")),
        public_summary: public.then(|| text("Ngõ ngập.")),
        respondent: None,
    }
}
fn reclassification() -> Reclassification {
    Reclassification {
        kind: None,
        instance: None,
        field_code: None,
        visibility: None,
        respondent: None,
        public_title: None,
        public_summary: None,
        reason: text("Lý do"),
    }
}
fn correction() -> Correction {
    Correction {
        title: None,
        content: None,
        channel: None,
        submitter_type: None,
        urgency: None,
        remote_area: None,
        incoming_number: None,
        letter_date: None,
        group_size: None,
        reason: text("Gõ nhầm"),
    }
}
fn assignment() -> Assignment {
    Assignment { agency_id: id(WARD), responsible_id: id(HANDLER), supporting: Vec::new(), due_on: None }
}
fn transfer() -> Transfer {
    Transfer {
        agency_id: id(OTHER),
        responsible_id: id(HANDLER),
        supporting: Vec::new(),
        reason: text("Đúng địa bàn"),
    }
}
fn draft(kind: Kind) -> ReplyDraft {
    let outcome = if kind.is_contentious() { Outcome::Dismissed } else { Outcome::Explained };
    ReplyDraft { revision: id(100), text: text("Trả lời."), outcome, commitments: Vec::new() }
}
fn approval() -> ReplyApproval {
    let document = SignedDocument {
        number: "12".into(),
        symbol: "UBND".into(),
        signer: "Chủ tịch".into(),
        issued_on: day("2026-11-02"),
    };
    ReplyApproval { document: Some(document), notice: None, addressee: Some(text("Ông A")) }
}
fn respondent() -> Respondent {
    Respondent { agency_id: None, official_id: Some(id(ACCUSED)) }
}
fn today(story: &Story) -> Day {
    story.now.day(vietnam().zone())
}
/// An id that no event of the story has.
fn nothing() -> EventId {
    id(999)
}
fn another() -> PetitionId {
    id(2)
}
