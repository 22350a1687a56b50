//! Bodies of the actions of reception, and of those that end or reopen a petition.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{DocumentBody, bodies, prose};
use crate::{
    app::{actions::Request, submission::Part},
    domain::{
        act::{
            Classification, Closing, Correction, Filing, Forwarding, ForwardingResult, Merge, MergeReversal,
            Reclassification, ReconsiderationDecision, ReconsiderationRequest, Rejection, Reopening,
            Respondent, Split, Supplement, SupplementRequest, SupplementWaiver, Termination, Withdrawal,
        },
        id::{AgencyId, OfficialId, PetitionId},
        time::{Day, Instant},
        vocabulary::{Channel, Ground, Kind, SubmitterType, TerminationGround, Urgency, Visibility},
    },
    http::openapi::code,
};

/// Against whom a complaint or denunciation is directed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency_id": "01934f6e-0000-7000-8000-000000000001"}))]
pub(in crate::http) struct RespondentBody {
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    official_id: Option<OfficialId>,
}

impl From<RespondentBody> for Respondent {
    fn from(body: RespondentBody) -> Self {
        Self { agency_id: body.agency_id, official_id: body.official_id }
    }
}

bodies! {
    /// What the petition is. A public one needs a title and a summary for everybody, without personal data.
    #[schema(example = json!({"kind": "proposal", "field_code": "urban_infrastructure", "basis_document": {"number": "45", "symbol": "TB-UBND", "issued_on": "2026-11-17"}, "public_title": "Ngập ngõ 45 phố Cây Sữa", "public_summary": "Người dân đề nghị cải tạo cống thoát nước."}))]
    ClassificationBody {
        #[schema(schema_with = code::<Kind>)] kind: Kind,
        /// 1 or 2; for complaints only.
        #[schema(minimum = 1, maximum = 2)] instance: Option<u8>,
        #[schema(max_length = 100)] field_code: String,
        #[schema(schema_with = code::<Urgency>)] #[serde(default = "normal")] urgency: Urgency,
        /// Deep-lying or hard-to-reach area (LKN 28).
        #[serde(default)] remote_area: bool,
        /// Absent: the default of the kind.
        #[schema(schema_with = code::<Visibility>)] visibility: Option<Visibility>,
        /// Where the rule counts from a document, such as a conference's conclusion notice.
        basis_document: Option<DocumentBody>,
        #[schema(max_length = 300)] public_title: Option<String>,
        #[schema(max_length = 4000)] public_summary: Option<String>,
        respondent: Option<RespondentBody>,
    } => |body| Classification {
        kind: body.kind, instance: body.instance, field_code: body.field_code, urgency: body.urgency,
        remote_area: body.remote_area, visibility: body.visibility, basis_document: body.basis_document.map(Into::into),
        public_title: prose(body.public_title), public_summary: prose(body.public_summary),
        respondent: body.respondent.map(Into::into),
    };
    /// What changes; the rest stays. Once a petition is over, only to a stricter visibility.
    #[schema(example = json!({"kind": "denunciation", "reason": "Nội dung tố cáo hành vi vi phạm của công chức"}))]
    ReclassificationBody {
        #[schema(schema_with = code::<Kind>)] kind: Option<Kind>,
        #[schema(minimum = 1, maximum = 2)] instance: Option<u8>,
        #[schema(max_length = 100)] field_code: Option<String>,
        #[schema(schema_with = code::<Visibility>)] visibility: Option<Visibility>,
        respondent: Option<RespondentBody>,
        #[schema(max_length = 300)] public_title: Option<String>,
        #[schema(max_length = 4000)] public_summary: Option<String>,
        #[schema(max_length = 4000)] reason: String,
    } => |body| Reclassification {
        kind: body.kind, instance: body.instance, field_code: body.field_code, visibility: body.visibility,
        respondent: body.respondent.map(Into::into), public_title: prose(body.public_title),
        public_summary: prose(body.public_summary), reason: body.reason.into(),
    };
    /// A slip of transcription put right; what is absent stays.
    #[schema(example = json!({"title": "Ngõ 45 phố Cây Sữa ngập nặng", "reason": "Gõ nhầm tên phố"}))]
    CorrectionBody {
        #[schema(max_length = 300)] title: Option<String>,
        #[schema(max_length = 20000)] content: Option<String>,
        #[schema(schema_with = code::<Channel>)] channel: Option<Channel>,
        #[schema(schema_with = code::<SubmitterType>)] submitter_type: Option<SubmitterType>,
        #[schema(schema_with = code::<Urgency>)] urgency: Option<Urgency>,
        remote_area: Option<bool>,
        #[schema(max_length = 300)] incoming_number: Option<String>,
        #[schema(value_type = Option<String>, format = Date)] letter_date: Option<Day>,
        #[schema(minimum = 1, maximum = 100000)] group_size: Option<u32>,
        #[schema(max_length = 4000)] reason: String,
    } => |body| Correction {
        title: prose(body.title), content: prose(body.content), channel: body.channel,
        submitter_type: body.submitter_type, urgency: body.urgency, remote_area: body.remote_area,
        incoming_number: body.incoming_number, letter_date: body.letter_date, group_size: body.group_size,
        reason: body.reason.into(),
    };
    /// What is missing, and the last day to supply it.
    #[schema(example = json!({"missing": "Bản sao quyết định thu hồi đất", "answer_by": "2026-12-04"}))]
    SupplementRequestBody {
        #[schema(max_length = 4000)] missing: String,
        #[schema(value_type = String, format = Date)] answer_by: Day,
    } => |body| SupplementRequest { missing: body.missing.into(), answer_by: body.answer_by };
    /// Why it can go on without.
    #[schema(example = json!({"reason": "Đã có trong hồ sơ của phường"}))]
    SupplementWaiverBody { #[schema(max_length = 4000)] reason: String }
        => |body| SupplementWaiver { reason: body.reason.into() };
    /// Why it is not taken up.
    #[schema(example = json!({"ground": "not_competent", "explanation": "Thuộc thẩm quyền của Sở Xây dựng", "guided_to": "Sở Xây dựng thành phố Lam Giang"}))]
    RejectionBody {
        #[schema(schema_with = code::<Ground>)] ground: Ground,
        #[schema(max_length = 4000)] explanation: String,
        /// Required when we are not competent.
        #[schema(max_length = 4000)] guided_to: Option<String>,
    } => |body| Rejection { ground: body.ground, explanation: body.explanation.into(), guided_to: prose(body.guided_to) };
    /// Why it is kept without handling.
    #[schema(example = json!({"ground": "unsigned"}))]
    FilingBody {
        #[schema(schema_with = code::<Ground>)] ground: Ground,
        #[schema(max_length = 4000)] explanation: Option<String>,
    } => |body| Filing { ground: body.ground, explanation: prose(body.explanation) };
    /// The earlier petition on the same matter.
    #[schema(example = json!({"survivor": "01934f6e-0000-7000-8000-000000000003", "reason": "Cùng một quán karaoke"}))]
    MergeBody {
        #[schema(value_type = uuid::Uuid)] survivor: PetitionId,
        #[schema(max_length = 4000)] reason: Option<String>,
    } => |body| Merge { survivor: body.survivor, reason: prose(body.reason) };
    /// Why the merge was wrong.
    #[schema(example = json!({"reason": "Là vụ việc khác"}))]
    MergeReversalBody { #[schema(max_length = 4000)] reason: String }
        => |body| MergeReversal { reason: body.reason.into() };
    /// Nothing need be said.
    #[schema(example = json!({}))]
    ClosingBody {} => |_body| Closing {};
    /// Why it should be looked at again.
    #[schema(example = json!({"reason": "Cống vẫn tắc sau khi báo đã xong"}))]
    ReconsiderationRequestBody { #[schema(max_length = 4000)] reason: String }
        => |body| ReconsiderationRequest { reason: body.reason.into() };
    /// Why the request is refused; one that is granted is a reopening or a merge reversal.
    #[schema(example = json!({"reasons": "Không có tình tiết mới"}))]
    ReconsiderationDecisionBody { #[schema(max_length = 4000)] reasons: String }
        => |body| ReconsiderationDecision { reasons: body.reasons.into() };
    /// Why a new round begins.
    #[schema(example = json!({"reason": "Người dân cung cấp ảnh mới"}))]
    ReopeningBody { #[schema(max_length = 4000)] reason: String } => |body| Reopening { reason: body.reason.into() };
    /// Why the procedure ends.
    #[schema(example = json!({"ground": "no_longer_relevant", "document": {"number": "12", "symbol": "QĐ-UBND", "issued_on": "2026-11-20"}}))]
    TerminationBody {
        #[schema(schema_with = code::<TerminationGround>)] ground: TerminationGround,
        #[schema(max_length = 4000)] explanation: Option<String>,
        document: DocumentBody,
    } => |body| Termination { ground: body.ground, explanation: prose(body.explanation), document: body.document.into() };
}

fn normal() -> Urgency {
    Urgency::Normal
}

/// Declares a body with the time at which something took effect that is recorded later.
macro_rules! dated {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? } => |$body:ident| $act:expr;)+) => {$(
        #[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        pub(in crate::http) struct $name {
            $($(#[$field_meta])* $field: $type,)*
            /// When it took effect, if that was before now; never before the latest change of state.
            #[schema(value_type = Option<String>, format = DateTime)]
            occurred_at: Option<Instant>,
        }

        impl From<$name> for Request {
            fn from($body: $name) -> Self {
                let occurred_at = $body.occurred_at;
                Self { occurred_at, ..$act.into() }
            }
        }
    )+};
}
pub(super) use dated;

dated! {
    /// What was missing. Staff may say when it came in on paper.
    #[schema(example = json!({"text": "Tôi gửi bản sao quyết định số 15/QĐ-UBND."}))]
    SupplementBody { #[schema(max_length = 20000)] text: String } => |body| Supplement { text: body.text.into() };
    /// The body that is competent, and the document that passes it on.
    #[schema(example = json!({"receiving_body": "Bộ Tư pháp", "document": {"number": "88", "symbol": "STP-HC", "issued_on": "2026-11-23"}}))]
    ForwardingBody {
        #[schema(max_length = 4000)] receiving_body: String,
        document: DocumentBody,
    } => |body| Forwarding { receiving_body: body.receiving_body.into(), document: body.document.into() };
    /// What that body answered.
    #[schema(example = json!({"document": {"number": "301", "symbol": "BTP-HTQT", "issued_on": "2026-11-23"}, "text": "Bộ đã tiếp thu"}))]
    ForwardingResultBody {
        document: DocumentBody,
        #[schema(max_length = 20000)] text: String,
    } => |body| ForwardingResult { document: body.document.into(), text: body.text.into() };
    /// Why it is withdrawn; of a group, how many people withdraw.
    #[schema(example = json!({"reason": "Đã được giải quyết"}))]
    WithdrawalBody {
        #[schema(max_length = 4000)] reason: String,
        #[schema(minimum = 1)] people: Option<u32>,
    } => |body| Withdrawal { reason: body.reason.into(), people: body.people };
}

/// One part of a mixed letter: its own kind, title and text, never the whole letter's.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PartBody {
    #[schema(schema_with = code::<Kind>)]
    kind: Kind,
    #[schema(minimum = 1, maximum = 2)]
    instance: Option<u8>,
    #[schema(max_length = 300)]
    title: String,
    #[schema(max_length = 20000)]
    content: String,
    #[schema(max_length = 100)]
    field_code: String,
}

/// The parts, two or more.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parts": [{"kind": "complaint", "instance": 1, "title": "Khiếu nại mức phạt", "content": "Tôi khiếu nại việc bị phạt.", "field_code": "urban_order"}, {"kind": "proposal", "title": "Đề nghị kẻ vạch tập kết", "content": "Đề nghị kẻ vạch.", "field_code": "urban_order"}]}))]
pub(in crate::http) struct SplitBody {
    #[schema(min_items = 2, max_items = 50)]
    parts: Vec<PartBody>,
    #[schema(max_length = 4000)]
    reason: Option<String>,
}

impl From<SplitBody> for Request {
    fn from(body: SplitBody) -> Self {
        let parts = body.parts.into_iter().map(|part| Part {
            kind: part.kind,
            instance: part.instance,
            title: part.title,
            content: part.content,
            field_code: part.field_code,
        });
        let split =
            Split { parts: Vec::new(), visibility: Visibility::PartiesOnly, reason: prose(body.reason) };
        Self { parts: parts.collect(), ..split.into() }
    }
}
