//! What tests begin with: agencies, one official for each role, petitions brought into a state by real actions.

use std::cell::Cell;

use kiennghi::{
    app::{
        Error, World,
        actions::{self, Call, Done, Request, Seen},
        caller::Caller,
        clock::new_id,
        history,
        idempotency::RequestKey,
        submission::{Accepted, Incoming, Part, submit},
    },
    domain::{
        act::*,
        id::{AgencyId, OfficialId, PetitionId},
        petition::Case,
        prose::Prose,
        submission::{Paper, Personal, Submission, Submitter},
        time::{Day, Instant},
        vocabulary::*,
    },
    store::AnyConnection,
};

use super::{
    TestDb,
    client::{START, TestApp},
};

/// A city with two wards, an official for each role at the first ward, and a time that stands still until turned.
pub(crate) struct Given {
    pub(crate) app: TestApp,
    pub(crate) people: People,
    now: Cell<Instant>,
}

/// Who and where; copied into transactions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People {
    pub(crate) ward: AgencyId,
    pub(crate) other: AgencyId,
    pub(crate) intake: OfficialId,
    pub(crate) coordinator: OfficialId,
    pub(crate) handler: OfficialId,
    pub(crate) approver: OfficialId,
    pub(crate) auditor: OfficialId,
    pub(crate) admin: OfficialId,
    /// Handles at the other ward, which helps.
    pub(crate) helper: OfficialId,
    /// A second coordinator and a second handler of the first ward.
    pub(crate) second_coordinator: OfficialId,
    pub(crate) second_handler: OfficialId,
}

impl Given {
    pub(crate) fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let city = app.agency("H99", "Thành phố", None);
        let ward = app.agency("H99.1", "Phường", Some(city));
        let other = app.agency("H99.2", "Phường khác", Some(city));
        let (all, own, sealed) = (None, Some(ward), Visibility::Restricted);
        let open = Visibility::PartiesOnly;
        let people = People {
            ward,
            other,
            intake: app.official("intake", ward, Role::Intake, own, sealed),
            coordinator: app.official("coordinator", city, Role::Coordinator, all, sealed),
            handler: app.official("handler", ward, Role::Handler, own, open),
            approver: app.official("approver", ward, Role::Approver, own, sealed),
            auditor: app.official("auditor", city, Role::Auditor, all, open),
            admin: app.official("admin", city, Role::Admin, all, sealed),
            helper: app.official("helper", other, Role::Handler, Some(other), open),
            second_coordinator: app.official("coordinator2", city, Role::Coordinator, all, sealed),
            second_handler: app.official("handler2", ward, Role::Handler, own, open),
        };
        Self { app, people, now: Cell::new(START.parse().expect("an instant")) }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }
    pub(crate) fn pass(&self, minutes: i64) {
        self.now.set(self.now().plus_micros(minutes * 60_000_000));
    }
    pub(crate) fn turn_to(&self, instant: &str) {
        self.now.set(instant.parse().expect("an instant"));
    }

    /// Runs in one write at the time that stands.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut AnyConnection, &World) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let now = self.now();
        self.app.app.write_now(move |tx, world| work(tx, &world.at(now)))
    }

    /// Submits by an app, named, at the ward.
    pub(crate) fn submitted(&self, kind: Kind) -> PetitionId {
        self.submit(Caller::Anonymous, submission(kind)).expect("a submission").case.id
    }
    /// Submits under a fresh key.
    pub(crate) fn submit(&self, caller: Caller, submission: Submission) -> Result<Accepted, Error> {
        self.write(move |tx, world| {
            let key = Ok(Some(key(&caller, "/v1/petitions")));
            submit(tx, world, &Incoming { caller: caller.clone(), submission: Ok(submission.clone()), key })
        })
    }

    /// Acts on the version that is there, a minute later.
    pub(crate) fn act(
        &self,
        who: &Caller,
        petition: PetitionId,
        act: impl Into<Request>,
    ) -> Result<Done, Error> {
        self.pass(1);
        let (who, request) = (who.clone(), act.into());
        self.write(move |tx, world| act_now(tx, world, &who, petition, request.clone()))
    }

    /// The fold of a petition.
    pub(crate) fn case(&self, petition: PetitionId) -> Case {
        self.write(move |tx, _| Ok(history::load(tx, petition)?.expect("a petition").case)).expect("a case")
    }

    /// A petition of a kind, brought into a state on the usual way.
    pub(crate) fn petition(&self, kind: Kind, state: State) -> PetitionId {
        let id = self.submitted(kind);
        for (role, act) in self.people.way(kind, state) {
            let who = self.people.caller(role, id);
            let name = act.act.name();
            self.act(&who, id, act).unwrap_or_else(|error| panic!("{name} on the way to {state}: {error:?}"));
        }
        assert_eq!(self.case(id).state, state);
        id
    }
    /// As [`Given::petition`], merged into another one of its kind, which is returned too.
    pub(crate) fn merged(&self, kind: Kind, from: State) -> (PetitionId, PetitionId) {
        let (id, survivor) = (self.petition(kind, from), self.petition(kind, from));
        let who = self.people.caller(Role::Intake, id);
        self.act(&who, id, merge(survivor)).expect("a merge");
        (id, survivor)
    }
}

impl People {
    /// Who acts in a role.
    pub(crate) fn caller(&self, role: Role, petition: PetitionId) -> Caller {
        Caller::Official(match role {
            Role::Intake => self.intake,
            Role::Coordinator => self.coordinator,
            Role::Handler => self.handler,
            Role::Approver => self.approver,
            Role::Auditor => self.auditor,
            Role::Supporting => self.helper,
            Role::Citizen => return Caller::Tracker(vec![petition]),
            Role::Admin | Role::Client | Role::System => self.admin,
        })
    }

    /// The steps that lead from registration to a state; into `merged` leads [`Given::merged`].
    pub(crate) fn way(&self, kind: Kind, state: State) -> Vec<(Role, Request)> {
        use Role::{Approver, Coordinator, Handler, Intake};
        let mut way: Vec<(Role, Request)> = Vec::new();
        let ends: (Role, Request) = match state {
            State::Received => return way,
            State::Rejected => (Intake, rejection().into()),
            State::Filed => (Intake, filing().into()),
            State::Forwarded => (Intake, forwarding().into()),
            State::Split => (Intake, split()),
            State::Withdrawn => (Role::Citizen, withdrawal().into()),
            State::Terminated => (Approver, termination().into()),
            _ => (Intake, classification(kind).into()),
        };
        way.push((Intake, classification(kind).into()));
        if !state.is_open() && !matches!(state, State::Answered | State::Closed) {
            way.push(ends);
            return way;
        }
        let road = [
            (Coordinator, Request::from(self.assignment())),
            (Handler, Acceptance { document: None }.into()),
            (Handler, draft(kind).into()),
            (Handler, ReplySubmission {}.into()),
            (Approver, approval().into()),
            (Coordinator, Closing {}.into()),
        ];
        let steps = match state {
            State::Classified => 0,
            State::Assigned => 1,
            State::InProgress | State::AwaitingSupplement | State::Suspended => 2,
            State::AwaitingApproval => 4,
            State::Answered => 5,
            _ => 6,
        };
        way.extend(road.into_iter().take(steps));
        match state {
            State::AwaitingSupplement => way.push((Handler, supplement_request().into())),
            State::Suspended => way.push((Approver, suspension().into())),
            _ => {}
        }
        way
    }

    pub(crate) fn assignment(&self) -> Assignment {
        Assignment {
            agency_id: self.ward,
            responsible_id: self.handler,
            supporting: vec![Support { agency_id: self.other, person_id: Some(self.helper) }],
            due_on: None,
        }
    }
}

/// Acts inside a transaction on the version that is there, with a fresh key.
pub(crate) fn act_now(
    tx: &mut AnyConnection,
    world: &World,
    who: &Caller,
    petition: PetitionId,
    request: Request,
) -> Result<Done, Error> {
    let seen = match history::load(tx, petition)? {
        Some(loaded) => Seen::Version(loaded.case.version),
        None => Seen::Foreign,
    };
    let action = request.act.action().expect("an action");
    let key = Ok(Some(key(who, action.as_str())));
    let call = Call { caller: who.clone(), petition, action, request: Ok(request), seen, key };
    actions::perform(tx, world, &call)
}

/// A fresh idempotency key of a caller on a route.
pub(crate) fn key(caller: &Caller, route: &str) -> RequestKey {
    RequestKey {
        caller: caller.scope(),
        method: "POST",
        route: route.to_owned(),
        key: new_id::<()>().to_string(),
        fingerprint: vec![1],
    }
}

/// A text as a caller writes it.
pub(crate) fn text(words: &str) -> Prose {
    Prose::from(words.to_owned())
}
pub(crate) fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub(crate) fn submission(kind: Kind) -> Submission {
    let submitter = Submitter {
        full_name: Some(Personal::new("Nguyễn Văn A")),
        address: Some(Personal::new("Số 1, ngõ 45")),
        ..Submitter::default()
    };
    Submission {
        kind,
        instance: (kind == Kind::Complaint).then_some(1),
        channel: Channel::WebPortal,
        submitter_type: None,
        title: "Ngõ 45 ngập nước".to_owned(),
        content: "Cứ mưa to là ngập nửa bánh xe. Đề nghị cải tạo cống.".to_owned(),
        field_code: "urban_infrastructure".to_owned(),
        urgency: Urgency::Normal,
        remote_area: false,
        agency_code: Some("H99.1".to_owned()),
        location: None,
        incident_at: None,
        submitter: Some(submitter),
        keep_secret: false,
        consent: None,
        client_reference: None,
        access_key_hash: None,
        paper: Paper::default(),
    }
}
pub(crate) fn document() -> DocumentRef {
    DocumentRef { number: "12".to_owned(), symbol: "QĐ-UBND".to_owned(), issued_on: day("2026-11-23") }
}
pub(crate) fn classification(kind: Kind) -> Classification {
    let public = !kind.is_contentious();
    Classification {
        kind,
        instance: (kind == Kind::Complaint).then_some(1),
        field_code: "urban_infrastructure".to_owned(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: None,
        basis_document: None,
        public_title: public.then(|| text("Ngập ngõ 45")),
        public_summary: public.then(|| text("Đề nghị cải tạo cống.")),
        respondent: None,
    }
}
pub(crate) fn reclassification() -> Reclassification {
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
pub(crate) fn sealing() -> Reclassification {
    Reclassification { visibility: Some(Visibility::Restricted), ..reclassification() }
}
pub(crate) fn correction() -> Correction {
    Correction {
        title: Some(text("Ngõ 45 ngập nặng")),
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
pub(crate) fn supplement_request() -> SupplementRequest {
    SupplementRequest { missing: text("Bản sao quyết định"), answer_by: day("2026-12-04") }
}
pub(crate) fn supplement() -> Supplement {
    Supplement { text: text("Tôi gửi bản sao.") }
}
pub(crate) fn rejection() -> Rejection {
    Rejection { ground: Ground::Abusive, explanation: text("Lời lẽ xúc phạm"), guided_to: None }
}
pub(crate) fn filing() -> Filing {
    Filing { ground: Ground::Unsigned, explanation: None }
}
pub(crate) fn forwarding() -> Forwarding {
    Forwarding { receiving_body: text("Bộ Tư pháp"), document: document() }
}
pub(crate) fn split() -> Request {
    let part = |kind, content: &str| Part {
        kind,
        instance: None,
        title: "Một phần".to_owned(),
        content: content.to_owned(),
        field_code: "other".to_owned(),
    };
    Request {
        act: Split { parts: Vec::new(), visibility: Visibility::PartiesOnly, reason: None }.into(),
        occurred_at: None,
        parts: vec![part(Kind::Proposal, "Cải tạo cống."), part(Kind::Feedback, "Đường ngập.")],
    }
}
pub(crate) fn merge(survivor: PetitionId) -> Merge {
    Merge { survivor, reason: None }
}
pub(crate) fn suspension() -> Suspension {
    Suspension { ground: SuspensionGround::ForceMajeure, explanation: None, document: document() }
}
pub(crate) fn draft(kind: Kind) -> ReplyDraft {
    let outcome = if kind.is_contentious() { Outcome::Dismissed } else { Outcome::Explained };
    ReplyDraft { revision: new_id(), text: text("Phường trả lời."), outcome, commitments: Vec::new() }
}
pub(crate) fn signed(number: &str) -> SignedDocument {
    SignedDocument {
        number: number.to_owned(),
        symbol: "UBND-NC".to_owned(),
        signer: "Chủ tịch".to_owned(),
        issued_on: day("2026-11-23"),
    }
}
pub(crate) fn approval() -> ReplyApproval {
    ReplyApproval { document: Some(signed("1747")), notice: None, addressee: Some(text("Ông A")) }
}
pub(crate) fn withdrawal() -> Withdrawal {
    Withdrawal { reason: text("Đã ổn"), people: None }
}
pub(crate) fn termination() -> Termination {
    Termination { ground: TerminationGround::NoLongerRelevant, explanation: None, document: document() }
}
pub(crate) fn request() -> ReconsiderationRequest {
    ReconsiderationRequest { reason: text("Chưa trả lời đúng ý") }
}
