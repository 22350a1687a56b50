//! Bodies of the actions of handling.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{DocumentBody, bodies, dated, prose};
use crate::{
    app::actions::Request,
    domain::{
        act::{
            Acceptance, Assignment, Decline, Extension, Handover, ProgressNote, Resumption, Support,
            Suspension, Transfer, Urging,
        },
        id::{AgencyId, EventId, OfficialId},
        time::{Day, Instant},
        vocabulary::{ComplexityCriterion, SuspensionGround},
    },
    http::openapi::code,
};

/// An agency that helps, with the person it named.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SupportBody {
    #[schema(value_type = uuid::Uuid)]
    agency_id: AgencyId,
    #[schema(value_type = Option<uuid::Uuid>)]
    person_id: Option<OfficialId>,
}

fn supporting(bodies: Vec<SupportBody>) -> Vec<Support> {
    let support = |body: SupportBody| Support { agency_id: body.agency_id, person_id: body.person_id };
    bodies.into_iter().map(support).collect()
}

bodies! {
    /// The lead agency and the responsible person, who may handle petitions there; supporting agencies.
    #[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "responsible_id": "01934f6e-0000-7000-8000-000000000002"}))]
    AssignmentBody {
        #[schema(value_type = uuid::Uuid)] agency_id: AgencyId,
        #[schema(value_type = uuid::Uuid)] responsible_id: OfficialId,
        #[schema(max_items = 50)] #[serde(default)] supporting: Vec<SupportBody>,
        /// Only for an imported record without a deadline: the day decided.
        #[schema(value_type = Option<String>, format = Date)] due_on: Option<Day>,
    } => |body| Assignment {
        agency_id: body.agency_id, responsible_id: body.responsible_id, supporting: supporting(body.supporting),
        due_on: body.due_on,
    };
    /// The new lead agency and person; the clocks go on.
    #[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "responsible_id": "01934f6e-0000-7000-8000-000000000002", "reason": "Thuộc địa bàn phường Bến Gỗ"}))]
    TransferBody {
        #[schema(value_type = uuid::Uuid)] agency_id: AgencyId,
        #[schema(value_type = uuid::Uuid)] responsible_id: OfficialId,
        #[schema(max_items = 50)] #[serde(default)] supporting: Vec<SupportBody>,
        #[schema(max_length = 4000)] reason: String,
    } => |body| Transfer {
        agency_id: body.agency_id, responsible_id: body.responsible_id, supporting: supporting(body.supporting),
        reason: body.reason.into(),
    };
    /// Who takes over within the agency.
    #[schema(example = json!({"responsible_id": "01934f6e-0000-7000-8000-000000000002", "reason": "Nghỉ phép"}))]
    HandoverBody {
        #[schema(value_type = uuid::Uuid)] responsible_id: OfficialId,
        #[schema(max_length = 4000)] reason: Option<String>,
    } => |body| Handover { responsible_id: body.responsible_id, reason: prose(body.reason) };
    /// Why it is not ours, and whose it is: nobody says “not ours” without naming who takes it.
    #[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001", "reason": "Đường do Sở Xây dựng quản lý"}))]
    DeclineBody {
        #[schema(value_type = uuid::Uuid)] agency_id: AgencyId,
        #[schema(max_length = 4000)] reason: String,
    } => |body| Decline { agency_id: body.agency_id, reason: body.reason.into() };
    /// Why the procedure rests, by written decision.
    #[schema(example = json!({"ground": "awaiting_expert_opinion", "document": {"number": "7", "symbol": "QĐ-UBND", "issued_on": "2026-11-20"}}))]
    SuspensionBody {
        #[schema(schema_with = code::<SuspensionGround>)] ground: SuspensionGround,
        #[schema(max_length = 4000)] explanation: Option<String>,
        document: DocumentBody,
    } => |body| Suspension { ground: body.ground, explanation: prose(body.explanation), document: body.document.into() };
    /// The decision by which it goes on, if there is one.
    #[schema(example = json!({}))]
    ResumptionBody { document: Option<DocumentBody> }
        => |body| Resumption { document: body.document.map(Into::into) };
    /// More time, by written decision. For complaints and denunciations the law sets the amount by the criteria.
    #[schema(example = json!({"criteria": ["several_agencies"], "decision": {"number": "9", "symbol": "QĐ-UBND", "issued_on": "2026-11-20"}, "notified_on": "2026-11-20", "amount": 20}))]
    ExtensionBody {
        #[schema(schema_with = criteria)] #[serde(default)] criteria: Vec<ComplexityCriterion>,
        #[schema(max_length = 4000)] reason: Option<String>,
        decision: DocumentBody,
        #[schema(value_type = String, format = Date)] notified_on: Day,
        /// The whole new amount in the unit of the rule, counted from the original start.
        #[schema(minimum = 1)] amount: Option<u32>,
    } => |body| Extension {
        criteria: body.criteria, reason: prose(body.reason), decision: body.decision.into(),
        notified_on: body.notified_on, amount: body.amount, complexity: None,
    };
    /// How far it is.
    #[schema(example = json!({"text": "Đã khảo sát hiện trường, chờ vật tư.", "public": true}))]
    ProgressNoteBody {
        #[schema(max_length = 4000)] text: String,
        /// Whether the citizen and the public may read it.
        #[serde(default)] public: bool,
        /// The urging this note answers.
        #[schema(value_type = Option<uuid::Uuid>)] answers: Option<EventId>,
    } => |body| ProgressNote { text: body.text.into(), public: body.public, answers: body.answers };
    /// To whom, and why.
    #[schema(example = json!({"text": "Đề nghị trả lời trước ngày 30/11."}))]
    UrgingBody {
        #[schema(value_type = Option<uuid::Uuid>)] agency_id: Option<AgencyId>,
        #[schema(value_type = Option<uuid::Uuid>)] official_id: Option<OfficialId>,
        #[schema(max_length = 4000)] text: String,
    } => |body| Urging { agency_id: body.agency_id, official_id: body.official_id, text: body.text.into() };
}

dated! {
    /// The notice of acceptance, if there is one.
    #[schema(example = json!({}))]
    AcceptanceBody { document: Option<DocumentBody> }
        => |body| Acceptance { document: body.document.map(Into::into) };
}

fn criteria() -> utoipa::openapi::schema::Schema {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(utoipa::openapi::RefOr::T(code::<ComplexityCriterion>()))
        .max_items(Some(7))
        .into()
}
