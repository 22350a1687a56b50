//! A request for each action: one that only the table can refuse, and one of many that a history may hold.

use kiennghi::{
    app::{actions::Request, clock::new_id},
    domain::{act::*, id::PetitionId, petition::Case as Petition, time::Instant, vocabulary::*},
};

use super::given::{self, People, text};

/// Random numbers that are the same in every run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    /// A number from 0 to less than `many`.
    pub(crate) fn below(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % many.max(1)
    }
    pub(crate) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// A request that fits the case, with dates around now; a guard may still refuse it.
pub(crate) fn request_of(
    action: Action,
    role: Role,
    people: &People,
    case: &Petition,
    others: &[PetitionId],
    now: Instant,
    dice: &mut Dice,
) -> Request {
    let today = now.day(&jiff::tz::TimeZone::UTC);
    let kinds = [Kind::Proposal, Kind::Feedback, Kind::Complaint, Kind::Denunciation, case.kind, case.kind];
    let kind = dice.one_of(&kinds);
    let (agency_id, responsible_id) = dice.one_of(&[
        (people.ward, people.handler),
        (people.ward, people.second_handler),
        (people.other, people.helper),
    ]);
    let survivor = if others.is_empty() { case.id } else { dice.one_of(others) };
    match action {
        Action::Classification => given::classification(kind).into(),
        Action::Reclassification if case.state.is_open() => Reclassification {
            kind: Some(kind),
            instance: (kind == Kind::Complaint).then_some(1),
            visibility: Some(match kind {
                Kind::Denunciation => Visibility::Restricted,
                _ => Visibility::PartiesOnly,
            }),
            ..given::reclassification()
        }
        .into(),
        Action::Correction => Correction {
            channel: Some(dice.one_of(&[
                Channel::DialogueConference,
                Channel::MobileApp,
                Channel::VoterContact,
            ])),
            urgency: Some(dice.one_of(&[Urgency::Normal, Urgency::Urgent])),
            group_size: Some(2),
            ..given::correction()
        }
        .into(),
        Action::SupplementRequest => {
            let answer_by = today.plus_days(2 + dice.below(10) as i64);
            SupplementRequest { answer_by, ..given::supplement_request() }.into()
        }
        Action::Split => {
            let mut request = given::split();
            request.parts[0].kind = dice.one_of(&[Kind::Proposal, Kind::Denunciation]);
            request
        }
        Action::Assignment => {
            Assignment { agency_id, responsible_id, supporting: helpers(people, agency_id), due_on: None }
                .into()
        }
        Action::Transfer => Transfer {
            agency_id,
            responsible_id,
            supporting: helpers(people, agency_id),
            reason: text("Đúng địa bàn"),
        }
        .into(),
        Action::Handover => Handover {
            responsible_id: dice.one_of(&[people.handler, people.second_handler, people.helper]),
            reason: None,
        }
        .into(),
        Action::Extension => {
            let contentious = case.kind.is_contentious();
            Extension {
                criteria: vec![ComplexityCriterion::SeveralPlaces, ComplexityCriterion::ManyPeople],
                reason: None,
                decision: given::document(),
                notified_on: given::document().issued_on,
                amount: (!contentious).then_some(dice.one_of(&[12, 18, 25])),
                complexity: None,
            }
            .into()
        }
        Action::ProgressNote => {
            let answers = case.urgings.last().copied();
            ProgressNote { text: text("Đang khảo sát"), public: true, answers }.into()
        }
        Action::Withdrawal if role == Role::Citizen => {
            Withdrawal { people: Some(1), ..given::withdrawal() }.into()
        }
        Action::ReplyApproval => {
            let number = 100 + dice.below(9_000);
            ReplyApproval { document: Some(given::signed(&number.to_string())), ..given::approval() }.into()
        }
        _ => valid(action, people, survivor, case),
    }
}

fn helpers(people: &People, lead: kiennghi::domain::id::AgencyId) -> Vec<Support> {
    let helper = Support { agency_id: people.other, person_id: Some(people.helper) };
    if lead == people.other { Vec::new() } else { vec![helper] }
}

/// A request of an action that nothing but the table can refuse.
pub(crate) fn valid(action: Action, people: &People, survivor: PetitionId, case: &Petition) -> Request {
    let (document, kind, state) = (given::document, case.kind, case.state);
    match action {
        Action::Classification => given::classification(kind).into(),
        Action::Reclassification if state.is_open() => {
            Reclassification { field_code: Some("transport".to_owned()), ..given::reclassification() }.into()
        }
        Action::Reclassification => given::sealing().into(),
        Action::Correction => given::correction().into(),
        Action::SupplementRequest => given::supplement_request().into(),
        Action::Supplement => given::supplement().into(),
        Action::SupplementWaiver => SupplementWaiver { reason: text("Đã có") }.into(),
        Action::Rejection => given::rejection().into(),
        Action::Filing => given::filing().into(),
        Action::Forwarding => given::forwarding().into(),
        Action::ForwardingResult => ForwardingResult { document: document(), text: text("Kết quả") }.into(),
        Action::Split => given::split(),
        Action::Merge => given::merge(survivor).into(),
        Action::MergeReversal => MergeReversal { reason: text("Nhầm") }.into(),
        Action::Assignment => people.assignment().into(),
        Action::Transfer => Transfer {
            agency_id: people.other,
            responsible_id: people.helper,
            supporting: Vec::new(),
            reason: text("Đúng địa bàn"),
        }
        .into(),
        Action::Handover => Handover { responsible_id: people.second_handler, reason: None }.into(),
        Action::Decline => Decline { reason: text("Không thuộc"), agency_id: people.other }.into(),
        Action::Acceptance => Acceptance { document: None }.into(),
        Action::Suspension => given::suspension().into(),
        Action::Resumption => Resumption { document: None }.into(),
        Action::Extension => Extension {
            criteria: Vec::new(),
            reason: Some(text("Cần khảo sát")),
            decision: document(),
            notified_on: document().issued_on,
            amount: Some(20),
            complexity: None,
        }
        .into(),
        Action::ProgressNote => {
            ProgressNote { text: text("Đang khảo sát"), public: true, answers: None }.into()
        }
        Action::ReplyDraft => given::draft(kind).into(),
        Action::ReplySubmission => ReplySubmission {}.into(),
        Action::ReplyReturn => ReplyReturn { remarks: text("Sửa câu 2") }.into(),
        Action::ReplyApproval => given::approval().into(),
        Action::ReplyRevision => ReplyRevision {
            revision: new_id(),
            text: text("Bản sửa"),
            outcome: given::draft(kind).outcome,
            commitments: Vec::new(),
            author_id: people.handler,
            reason: text("Sai số liệu"),
            document: Some(given::signed("1748")),
            notice: None,
        }
        .into(),
        Action::Publication => Publication { public_text: text("Phường trả lời.") }.into(),
        Action::Takedown => Takedown { reason: text("Lộ tên") }.into(),
        Action::Delivery => Delivery { method: DeliveryMethod::Post }.into(),
        Action::Closing => Closing {}.into(),
        Action::ReconsiderationRequest => given::request().into(),
        Action::ReconsiderationDecision => {
            ReconsiderationDecision { reasons: text("Đã trả lời đủ") }.into()
        }
        Action::Reopening => Reopening { reason: text("Có tình tiết mới") }.into(),
        Action::Withdrawal => given::withdrawal().into(),
        Action::Termination => given::termination().into(),
        Action::Urging | Action::Escalation => {
            Urging { agency_id: None, official_id: None, text: text("Đề nghị sớm") }.into()
        }
        Action::Rating => Rating { satisfaction: Satisfaction::Satisfied, reasons: None }.into(),
    }
}
