//! What everybody sees of a petition. These types have no place for the author, his words, his address or a file.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{
        deadline::Deadline,
        public::{AgencyFace, PersonFace, PublicPage, PublicPetition, PublicReply},
        timeline::Mark,
    },
    domain::{
        time::{Day, Instant},
        vocabulary::{Code, Kind, Language, PublicStatus, Timeliness},
    },
    http::{
        openapi::open_code,
        views::{AgencyRef, DeadlineView, RuleRef},
    },
};

/// Who answers for a petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}))]
pub(in crate::http) struct ResponsibleView {
    full_name: String,
    position: String,
}

/// A public petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "kind": "proposal", "field_code": "urban_infrastructure", "public_title": "Ngập ngõ 45 phố Cây Sữa", "public_summary": "Người dân đề nghị cải tạo cống thoát nước.", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "timeliness": "on_track", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": {"full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}, "deadline": null}))]
pub(super) struct PublicPetitionView {
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    field_code: String,
    /// Written by an official for everybody, not the author's words.
    public_title: Option<String>,
    public_summary: Option<String>,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    public_status_label: &'static str,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    /// The lead agency; before an assignment the intake agency.
    agency: Option<AgencyRef>,
    responsible_person: Option<ResponsibleView>,
    deadline: Option<DeadlineView>,
}

/// One entry of a petition's public course.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"at": "2026-11-17T02:00:00Z", "event": "assignment", "label": "Đã giao xử lý", "public_status": "in_progress", "agency": null}))]
pub(in crate::http) struct MarkView {
    /// When it took effect.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// The action, or `registration`, `import`; the list may grow.
    event: &'static str,
    label: String,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    /// The agency that acted, or was charged with it.
    agency: Option<AgencyRef>,
}

/// The published text of the reply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"text": "Phường sẽ thay cống trong quý I/2027.", "published_at": "2026-12-17T02:00:00Z"}))]
pub(in crate::http) struct PublishedView {
    text: String,
    #[schema(value_type = String, format = DateTime)]
    published_at: Instant,
}

/// A petition's public page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "kind": "proposal", "field_code": "urban_infrastructure", "public_title": "Ngập ngõ 45 phố Cây Sữa", "public_summary": "Người dân đề nghị cải tạo cống thoát nước.", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "timeliness": "on_track", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": null, "deadline": null, "timeline": [{"at": "2026-11-17T02:00:00Z", "event": "assignment", "label": "Đã giao xử lý", "public_status": "in_progress", "agency": null}], "reply": null}))]
pub(super) struct PublicPageView {
    #[serde(flatten)]
    petition: PublicPetitionView,
    #[schema(max_items = 10000)]
    timeline: Vec<MarkView>,
    reply: Option<PublishedView>,
}

/// A page of public petitions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"code": "KN-7Q4M2K9XA", "kind": "proposal", "field_code": "urban_infrastructure", "public_title": "Ngập ngõ 45 phố Cây Sữa", "public_summary": "Người dân đề nghị cải tạo cống thoát nước.", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "timeliness": "on_track", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": null, "deadline": null}], "next_cursor": null}))]
pub(super) struct PublicPetitionsView {
    #[schema(max_items = 100)]
    pub(super) items: Vec<PublicPetitionView>,
    /// Continues the list; null on its last page.
    pub(super) next_cursor: Option<String>,
}

/// A published reply to a petition that is not public itself: it does not say to which.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"text": "Đã kiểm tra và chấn chỉnh việc thu tiền ngoài quy định.", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.2", "name": "Ủy ban nhân dân phường Bến Gỗ"}, "issued_on": "2026-12-20"}))]
pub(super) struct PublicReplyView {
    text: String,
    agency: Option<AgencyRef>,
    /// The date of the document.
    #[schema(value_type = Option<String>, format = Date)]
    issued_on: Option<Day>,
}

/// A page of published replies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"text": "Đã kiểm tra và chấn chỉnh việc thu tiền ngoài quy định.", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "issued_on": "2026-12-20"}], "next_cursor": null}))]
pub(super) struct PublicRepliesView {
    #[schema(max_items = 100)]
    pub(super) items: Vec<PublicReplyView>,
    /// Continues the list; null on its last page.
    pub(super) next_cursor: Option<String>,
}

impl From<AgencyFace> for AgencyRef {
    fn from(face: AgencyFace) -> Self {
        Self { id: face.id, code: face.code, name: face.name }
    }
}

impl From<PersonFace> for ResponsibleView {
    fn from(face: PersonFace) -> Self {
        Self { full_name: face.full_name, position: face.position }
    }
}

impl From<Deadline> for DeadlineView {
    fn from(deadline: Deadline) -> Self {
        Self {
            stage: deadline.stage,
            due_at: deadline.due_at,
            due_on: deadline.due_on,
            first_due_at: deadline.first_due_at,
            basis: deadline.basis,
            provisional: deadline.provisional,
            rule: deadline.rule.map(|rule| RuleRef { code: rule.code, legal_basis: rule.legal_basis }),
        }
    }
}

impl From<PublicReply> for PublicReplyView {
    fn from(reply: PublicReply) -> Self {
        Self { text: reply.text, agency: reply.agency.map(AgencyRef::from), issued_on: reply.issued_on }
    }
}

impl ResponsibleView {
    pub(in crate::http) fn of(full_name: &str, position: &str) -> Self {
        Self { full_name: full_name.to_owned(), position: position.to_owned() }
    }
}

impl PublishedView {
    pub(in crate::http) fn of((published_at, text): (Instant, String)) -> Self {
        Self { text, published_at }
    }
}

impl MarkView {
    pub(in crate::http) fn of(mark: &Mark, agency: Option<AgencyFace>, language: Language) -> Self {
        let words = mark.event.words.clone();
        Self {
            at: mark.at,
            event: mark.event.code,
            label: match language {
                Language::Vi => words.vi,
                Language::En => words.en,
            },
            public_status: mark.status,
            agency: agency.map(AgencyRef::from),
        }
    }
}

impl PublicPetitionView {
    pub(super) fn of(petition: PublicPetition, language: Language) -> Self {
        Self {
            code: petition.code,
            kind: petition.kind,
            field_code: petition.field_code,
            public_title: petition.title,
            public_summary: petition.summary,
            public_status: petition.status,
            public_status_label: petition.status.label(language),
            timeliness: petition.deadline.as_ref().map_or(Timeliness::None, |deadline| deadline.timeliness),
            agency: petition.agency.map(AgencyRef::from),
            responsible_person: petition.responsible.map(ResponsibleView::from),
            deadline: petition.deadline.map(DeadlineView::from),
        }
    }
}

impl PublicPageView {
    pub(super) fn of(page: PublicPage, language: Language) -> Self {
        let marks = page.timeline.into_iter();
        Self {
            petition: PublicPetitionView::of(page.petition, language),
            timeline: marks.map(|(mark, agency)| MarkView::of(&mark, agency, language)).collect(),
            reply: page.reply.map(PublishedView::of),
        }
    }
}
