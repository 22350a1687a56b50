//! The parts that views are made of.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        id::{AgencyId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Action, Basis, LinkKind, Outcome, Satisfaction, Stage, Timeliness, Unit},
    },
    http::openapi::open_code,
};

/// An agency by its present name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}))]
pub(in crate::http) struct AgencyRef {
    #[schema(value_type = uuid::Uuid)]
    pub(in crate::http) id: AgencyId,
    pub(in crate::http) code: String,
    pub(in crate::http) name: String,
}

/// Who is responsible.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}))]
pub(in crate::http) struct PersonView {
    #[schema(value_type = uuid::Uuid)]
    pub(in crate::http) id: OfficialId,
    pub(in crate::http) full_name: String,
    pub(in crate::http) position: String,
}

/// The rule a clock runs by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "proposal-resolution", "legal_basis": "Quy định nội bộ"}))]
pub(in crate::http) struct RuleRef {
    pub(in crate::http) code: String,
    pub(in crate::http) legal_basis: String,
}

/// The deadline that counts: of the resolution where there is one, else of the intake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"stage": "resolution", "due_at": "2026-12-17T17:00:00Z", "due_on": "2026-12-17", "first_due_at": "2026-12-17T17:00:00Z", "basis": "rule", "provisional": false, "rule": {"code": "dialogue-conference", "legal_basis": "Quy định nội bộ"}}))]
pub(in crate::http) struct DeadlineView {
    #[schema(schema_with = open_code::<Stage>)]
    pub(in crate::http) stage: Stage,
    /// The first instant that is too late; absent while the clock rests.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) due_at: Option<Instant>,
    /// The last day in time.
    #[schema(value_type = Option<String>, format = Date)]
    pub(in crate::http) due_on: Option<Day>,
    /// As it was when the clock started; it never moves.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::http) first_due_at: Instant,
    #[schema(schema_with = open_code::<Basis>)]
    pub(in crate::http) basis: Basis,
    /// The calendar of a year it touches is not known yet.
    pub(in crate::http) provisional: bool,
    pub(in crate::http) rule: Option<RuleRef>,
}

/// What is left of a clock that rests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"amount": 20, "minutes": 0, "unit": "calendar_days"}))]
pub(in crate::http) struct RemainingView {
    pub(in crate::http) amount: u32,
    pub(in crate::http) minutes: u32,
    #[schema(schema_with = open_code::<Unit>)]
    pub(in crate::http) unit: Unit,
}

/// One clock of one round.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"round": 1, "stage": "intake", "timeliness": "met", "started_at": "2026-11-12T02:00:00Z", "due_at": "2026-11-27T17:00:00Z", "due_on": "2026-11-27", "first_due_at": "2026-11-27T17:00:00Z", "basis": "rule", "provisional": false, "ended_at": "2026-11-18T02:00:00Z", "paused_until": null, "remaining": null, "rule": {"code": "intake", "legal_basis": "Luật Tiếp công dân 42/2013/QH13, Điều 28.1"}}))]
pub(in crate::http) struct ClockView {
    pub(in crate::http) round: u32,
    #[schema(schema_with = open_code::<Stage>)]
    pub(in crate::http) stage: Stage,
    #[schema(schema_with = open_code::<Timeliness>)]
    pub(in crate::http) timeliness: Timeliness,
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::http) started_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    pub(in crate::http) due_on: Option<Day>,
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::http) first_due_at: Instant,
    #[schema(schema_with = open_code::<Basis>)]
    pub(in crate::http) basis: Basis,
    pub(in crate::http) provisional: bool,
    /// When it was met or stopped.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) ended_at: Option<Instant>,
    /// Until when it rests, where that is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) paused_until: Option<Instant>,
    pub(in crate::http) remaining: Option<RemainingView>,
    pub(in crate::http) rule: Option<RuleRef>,
}

/// A supporting agency with the person it named.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SupportView {
    pub(in crate::http) agency: AgencyRef,
    pub(in crate::http) person: Option<PersonView>,
}

/// A promise made in the reply.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CommitmentView {
    pub(in crate::http) text: Option<String>,
    #[schema(value_type = String, format = Date)]
    pub(in crate::http) due_on: Day,
    pub(in crate::http) agency: Option<AgencyRef>,
    pub(in crate::http) person: Option<PersonView>,
}

/// The reply: a draft, or what was signed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ReplyView {
    pub(in crate::http) number: u32,
    #[schema(schema_with = open_code::<Outcome>)]
    pub(in crate::http) outcome: Outcome,
    pub(in crate::http) text: Option<String>,
    #[schema(max_items = 50)]
    pub(in crate::http) commitments: Vec<CommitmentView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) approved_at: Option<Instant>,
    pub(in crate::http) document: Option<DocumentView>,
    pub(in crate::http) notice: Option<NoticeView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) published_at: Option<Instant>,
    pub(in crate::http) public_text: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http) delivered_at: Option<Instant>,
}

/// What the citizen thinks of the answer of a round.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"round": 1, "satisfaction": "dissatisfied", "reasons": "Chưa nêu thời hạn.", "rated_at": "2026-11-24T02:00:00Z"}))]
pub(in crate::http) struct RatedView {
    pub(in crate::http) round: u32,
    #[schema(schema_with = open_code::<Satisfaction>)]
    pub(in crate::http) satisfaction: Satisfaction,
    /// In his words, where he gave any.
    pub(in crate::http) reasons: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::http) rated_at: Instant,
}

/// The document that carries the reply.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DocumentView {
    pub(in crate::http) number: String,
    pub(in crate::http) symbol: String,
    pub(in crate::http) signer: String,
    #[schema(value_type = String, format = Date)]
    pub(in crate::http) issued_on: Day,
}

/// The signed notice that carries the reply.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct NoticeView {
    pub(in crate::http) signer: String,
    #[schema(value_type = String, format = Date)]
    pub(in crate::http) signed_on: Day,
}

/// Where it is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"text": "Ngõ 45 phố Cây Sữa", "latitude": 21.03, "longitude": 105.85, "area_code": "99001"}))]
pub(in crate::http) struct LocationView {
    pub(in crate::http) text: Option<String>,
    pub(in crate::http) latitude: Option<f64>,
    pub(in crate::http) longitude: Option<f64>,
    pub(in crate::http) area_code: Option<String>,
}

/// Another petition this one belongs with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LinkView {
    #[schema(schema_with = open_code::<LinkKind>)]
    pub(in crate::http) kind: LinkKind,
    /// `to` from this petition to the other, `from` the other way.
    #[schema(example = "to")]
    pub(in crate::http) direction: &'static str,
    #[schema(value_type = uuid::Uuid)]
    pub(in crate::http) id: PetitionId,
    pub(in crate::http) code: String,
    pub(in crate::http) href: String,
}

/// Something the reader may do now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"action": "assignment", "label": "Giao xử lý", "href": "/v1/petitions/01934f6e-0000-7000-8000-000000000003/assignment"}))]
pub(in crate::http) struct ActionView {
    #[schema(schema_with = open_code::<Action>)]
    pub(in crate::http) action: Action,
    pub(in crate::http) label: &'static str,
    pub(in crate::http) href: String,
}

/// A name of the petition in another system.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ExternalView {
    pub(in crate::http) source: String,
    pub(in crate::http) external_id: String,
}

/// The supplement that is waited for.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WantedView {
    pub(in crate::http) missing: Option<String>,
    #[schema(value_type = String, format = Date)]
    pub(in crate::http) answer_by: Day,
}
