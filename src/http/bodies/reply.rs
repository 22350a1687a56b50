//! Bodies of the actions of the written reply.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{bodies, dated, prose};
use crate::{
    app::{actions::Request, clock::new_id},
    domain::{
        act::{
            Commitment, Delivery, Publication, Rating, ReplyApproval, ReplyDraft, ReplyReturn, ReplyRevision,
            ReplySubmission, SignedDocument, SignedNotice, Takedown,
        },
        id::{AgencyId, OfficialId},
        time::{Day, Instant},
        vocabulary::{DeliveryMethod, Outcome, Satisfaction},
    },
    http::openapi::code,
};

/// Something promised in a reply.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Thay 120 m cống D400", "due_on": "2027-03-31"}))]
pub(in crate::http) struct CommitmentBody {
    #[schema(max_length = 4000)]
    text: String,
    #[schema(value_type = String, format = Date)]
    due_on: Day,
    #[schema(value_type = Option<uuid::Uuid>)]
    agency_id: Option<AgencyId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    person_id: Option<OfficialId>,
}

/// The numbered document that carries the reply.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "1747", "symbol": "UBND-NC", "signer": "Phạm Thị Ký Duyệt", "issued_on": "2026-11-23"}))]
pub(in crate::http) struct SignedDocumentBody {
    #[schema(max_length = 10)]
    number: String,
    #[schema(max_length = 40)]
    symbol: String,
    #[schema(max_length = 300)]
    signer: String,
    #[schema(value_type = String, format = Date)]
    issued_on: Day,
}

/// The signed notice that carries the reply; for feedback and suggestions.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"signer": "Phạm Thị Ký Duyệt", "signed_on": "2026-11-23"}))]
pub(in crate::http) struct SignedNoticeBody {
    #[schema(max_length = 300)]
    signer: String,
    #[schema(value_type = String, format = Date)]
    signed_on: Day,
}

fn document(body: Option<SignedDocumentBody>) -> Option<SignedDocument> {
    body.map(|body| SignedDocument {
        number: body.number,
        symbol: body.symbol,
        signer: body.signer,
        issued_on: body.issued_on,
    })
}

fn notice(body: Option<SignedNoticeBody>) -> Option<SignedNotice> {
    body.map(|body| SignedNotice { signer: body.signer, signed_on: body.signed_on })
}

fn commitments(bodies: Vec<CommitmentBody>) -> Vec<Commitment> {
    let commitment = |body: CommitmentBody| Commitment {
        text: body.text.into(),
        due_on: body.due_on,
        agency_id: body.agency_id,
        person_id: body.person_id,
    };
    bodies.into_iter().map(commitment).collect()
}

bodies! {
    /// The text of the reply and what it comes to. `planned` needs commitments.
    #[schema(example = json!({"text": "Phường đã nạo vét cống và sẽ thay cống mới trong quý I/2027.", "outcome": "planned", "commitments": [{"text": "Thay 120 m cống D400", "due_on": "2027-03-31"}]}))]
    ReplyDraftBody {
        #[schema(max_length = 20000)] text: String,
        /// Proposals and the like: resolved, planned, explained, not_feasible; complaints and denunciations: upheld, partly_upheld, dismissed.
        #[schema(schema_with = code::<Outcome>)] outcome: Outcome,
        #[schema(max_items = 50)] #[serde(default)] commitments: Vec<CommitmentBody>,
    } => |body| ReplyDraft {
        revision: new_id(), text: body.text.into(), outcome: body.outcome, commitments: commitments(body.commitments),
    };
    /// Nothing need be said.
    #[schema(example = json!({}))]
    ReplySubmissionBody {} => |_body| ReplySubmission {};
    /// What should change.
    #[schema(example = json!({"remarks": "Nêu rõ thời hạn hoàn thành."}))]
    ReplyReturnBody { #[schema(max_length = 4000)] remarks: String }
        => |body| ReplyReturn { remarks: body.remarks.into() };
    /// The document, or for feedback and suggestions a signed notice; the addressee, unless anonymous.
    #[schema(example = json!({"document": {"number": "1747", "symbol": "UBND-NC", "signer": "Phạm Thị Ký Duyệt", "issued_on": "2026-11-23"}, "addressee": "Các hộ dân ngõ 45 phố Cây Sữa"}))]
    ReplyApprovalBody {
        document: Option<SignedDocumentBody>,
        notice: Option<SignedNoticeBody>,
        #[schema(max_length = 4000)] addressee: Option<String>,
    } => |body| ReplyApproval {
        document: document(body.document), notice: notice(body.notice), addressee: prose(body.addressee),
    };
    /// A new version of the reply; who wrote it, and why.
    #[schema(example = json!({"text": "Đính chính thời hạn: quý II/2027.", "outcome": "explained", "author_id": "01934f6e-0000-7000-8000-000000000002", "reason": "Sai thời hạn", "document": {"number": "1802", "symbol": "UBND-NC", "signer": "Phạm Thị Ký Duyệt", "issued_on": "2026-11-23"}}))]
    ReplyRevisionBody {
        #[schema(max_length = 20000)] text: String,
        #[schema(schema_with = code::<Outcome>)] outcome: Outcome,
        #[schema(max_items = 50)] #[serde(default)] commitments: Vec<CommitmentBody>,
        #[schema(value_type = uuid::Uuid)] author_id: OfficialId,
        #[schema(max_length = 4000)] reason: String,
        document: Option<SignedDocumentBody>,
        notice: Option<SignedNoticeBody>,
    } => |body| ReplyRevision {
        revision: new_id(), text: body.text.into(), outcome: body.outcome, commitments: commitments(body.commitments),
        author_id: body.author_id, reason: body.reason.into(), document: document(body.document),
        notice: notice(body.notice),
    };
    /// A separate, reviewed text without personal data.
    #[schema(example = json!({"public_text": "Phường sẽ thay cống tại ngõ 45 phố Cây Sữa trong quý I/2027."}))]
    PublicationBody { #[schema(max_length = 20000)] public_text: String }
        => |body| Publication { public_text: body.public_text.into() };
    /// Why the public copy is hidden.
    #[schema(example = json!({"reason": "Lộ thông tin cá nhân"}))]
    TakedownBody { #[schema(max_length = 4000)] reason: String } => |body| Takedown { reason: body.reason.into() };
    /// What the citizen thinks of the answer.
    #[schema(example = json!({"satisfaction": "satisfied", "reasons": "Xử lý nhanh"}))]
    RatingBody {
        #[schema(schema_with = code::<Satisfaction>)] satisfaction: Satisfaction,
        #[schema(max_length = 4000)] reasons: Option<String>,
    } => |body| Rating { satisfaction: body.satisfaction, reasons: prose(body.reasons) };
}

dated! {
    /// How the reply reached the citizen.
    #[schema(example = json!({"method": "post"}))]
    DeliveryBody { #[schema(schema_with = code::<DeliveryMethod>)] method: DeliveryMethod }
        => |body| Delivery { method: body.method };
}
