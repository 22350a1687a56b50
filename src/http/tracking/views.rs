//! What an author sees of his own petitions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{
        public::AgencyFace,
        timeline::{Happening, Label},
        tracking::{Opened, Standing, Tracked, TrackedFace},
    },
    domain::{
        act::DocumentRef,
        prose::Prose,
        time::{Day, Instant},
        vocabulary::{
            Action, Code, ComplexityCriterion, Kind, Language, Outcome, PublicStatus, Role, Satisfaction,
            Timeliness,
        },
    },
    http::{
        openapi::open_code,
        public::{MarkView, PublishedView, ResponsibleView},
        views::{self, ActionView, AgencyRef, CommitmentView, DeadlineView, DocumentView, NoticeView},
    },
};

/// A token, and what it opens.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJhbGciOiJFUzI1NiIs…", "token_type": "Bearer", "expires_in": 600, "petitions": ["KN-7Q4M2K9XA"], "not_found": []}))]
pub(super) struct TrackingToken {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Codes of the petitions it opens; the parts of a split petition come with it.
    #[schema(max_items = 100)]
    petitions: Vec<String>,
    /// Codes, as sent, that are unknown or came with another key.
    #[schema(max_items = 20)]
    not_found: Vec<String>,
}

impl From<Opened> for TrackingToken {
    fn from(opened: Opened) -> Self {
        Self {
            access_token: opened.issued.token,
            token_type: "Bearer",
            expires_in: opened.issued.expires_in,
            petitions: opened.petitions,
            not_found: opened.not_found,
        }
    }
}

/// Who moves next, and the last day for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"who": "handler", "label": "Cán bộ xử lý", "by": "2026-12-17"}))]
struct NextStepView {
    #[schema(schema_with = open_code::<Role>)]
    who: Role,
    label: &'static str,
    #[schema(value_type = Option<String>, format = Date)]
    by: Option<Day>,
}

/// One of the author's petitions in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "kind": "feedback", "title": "Mất nắp hố ga", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "next_step": {"who": "handler", "label": "Cán bộ xử lý", "by": "2026-11-26"}, "received_at": "2026-11-23T07:00:00Z", "timeliness": "on_track", "version": 3, "href": "/v1/tracking/petitions/KN-7Q4M2K9XA"}))]
pub(in crate::http) struct TrackedFaceView {
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    title: String,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    public_status_label: &'static str,
    next_step: Option<NextStepView>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    promised_due_on: Option<Day>,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    deadline: Option<DeadlineView>,
    agency: Option<AgencyRef>,
    responsible_person: Option<ResponsibleView>,
    version: u32,
    href: String,
}

/// All petitions that the token opens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"code": "KN-7Q4M2K9XA", "kind": "feedback", "title": "Mất nắp hố ga", "public_status": "in_progress", "public_status_label": "Đang giải quyết", "next_step": {"who": "handler", "label": "Cán bộ xử lý", "by": "2026-11-26"}, "received_at": "2026-11-23T07:00:00Z", "timeliness": "on_track", "version": 3, "href": "/v1/tracking/petitions/KN-7Q4M2K9XA"}]}))]
pub(super) struct TrackedListView {
    #[schema(max_items = 100)]
    pub(super) items: Vec<TrackedFaceView>,
}

/// A code with what it is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "not_competent", "label": "Không thuộc thẩm quyền"}))]
struct GroundView {
    code: &'static str,
    label: String,
}

/// A document by number, symbol and date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"number": "88", "symbol": "STP-HC", "issued_on": "2026-11-23"}))]
struct CitedView {
    number: String,
    symbol: String,
    #[schema(value_type = String, format = Date)]
    issued_on: Day,
}

/// One entry of a petition's course.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"at": "2026-11-17T02:00:00Z", "event": "supplement-request", "label": "Cần bổ sung", "public_status": "needs_you", "text": "Bản sao quyết định thu hồi đất", "answer_by": "2026-11-30", "criteria": []}))]
struct HappeningView {
    #[serde(flatten)]
    mark: MarkView,
    /// What is missing, why not, how far it is, what the other body answered.
    text: Option<String>,
    /// Why it was not taken up, rests or ended.
    ground: Option<GroundView>,
    /// Whom to turn to instead.
    guided_to: Option<String>,
    /// The body it was passed on to.
    passed_to: Option<String>,
    /// The last day for the supplement.
    #[schema(value_type = Option<String>, format = Date)]
    answer_by: Option<Day>,
    /// What made it complex; codes that may grow.
    #[schema(value_type = Vec<String>, max_items = 20)]
    criteria: Vec<ComplexityCriterion>,
    document: Option<CitedView>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"number": 1, "text": "Phường sẽ thay cống trong quý I/2027.", "outcome": "planned", "commitments": [], "answered_at": "2026-11-23T07:00:00Z", "document": {"number": "1747", "symbol": "UBND-NC", "signer": "Chủ tịch", "issued_on": "2026-11-23"}, "notice": null, "delivered_at": null}))]
struct TrackedReplyView {
    /// Counts the versions of the reply; absent for a record of another system.
    number: Option<u32>,
    text: Option<String>,
    #[schema(value_type = Option<String>)]
    outcome: Option<Outcome>,
    #[schema(max_items = 50)]
    commitments: Vec<CommitmentView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Instant>,
    document: Option<DocumentView>,
    notice: Option<NoticeView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Instant>,
}

/// The petition this one was merged into, as far as it is public.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "reply": null}))]
struct SurvivorView {
    code: Option<String>,
    reply: Option<PublishedView>,
}

/// One of the author's petitions in full.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "KN-7Q4M2K9XA", "kind": "feedback", "title": "Mất nắp hố ga", "field_code": "urban_infrastructure", "public_status": "answered", "public_status_label": "Đã trả lời", "received_at": "2026-11-23T07:00:00Z", "timeliness": "met", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "timeline": [], "actions": [], "version": 7}))]
pub(super) struct TrackedView {
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    title: Option<String>,
    content: Option<String>,
    field_code: String,
    /// Of a merged petition: that of the petition it was merged into, as are next step and deadline.
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    public_status_label: &'static str,
    next_step: Option<NextStepView>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    promised_due_on: Option<Day>,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    deadline: Option<DeadlineView>,
    agency: AgencyRef,
    responsible_person: Option<ResponsibleView>,
    #[schema(max_items = 10000)]
    timeline: Vec<HappeningView>,
    reply: Option<TrackedReplyView>,
    merged_into: Option<SurvivorView>,
    /// How the author rated the answer.
    #[schema(value_type = Option<String>)]
    rating: Option<Satisfaction>,
    version: u32,
    /// What the author may do now.
    #[schema(max_items = 10)]
    actions: Vec<ActionView>,
}

fn next_step(standing: Standing, language: Language) -> Option<NextStepView> {
    standing.next.map(|next| NextStepView { who: next.who, label: next.who.label(language), by: next.by })
}

impl TrackedFaceView {
    pub(in crate::http) fn of(face: TrackedFace, language: Language) -> Self {
        Self {
            href: format!("/v1/tracking/petitions/{}", face.code),
            code: face.code,
            kind: face.kind,
            title: face.title,
            public_status: face.standing.status,
            public_status_label: face.standing.status.label(language),
            next_step: next_step(face.standing, language),
            received_at: face.received_at,
            promised_due_at: face.promised_due_at,
            promised_due_on: face.promised_due_on,
            timeliness: face.deadline.as_ref().map_or(Timeliness::None, |deadline| deadline.timeliness),
            deadline: face.deadline.map(DeadlineView::from),
            agency: face.agency.map(AgencyRef::from),
            responsible_person: face.responsible.map(ResponsibleView::from),
            version: face.version,
        }
    }
}

impl TrackedView {
    /// The version as a strong ETag.
    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    pub(super) fn of(tracked: Tracked, language: Language) -> Self {
        let reply = reply(&tracked);
        let Tracked { reading, standing, deadline, timeline, actions, survivor } = tracked;
        let case = &reading.case;
        let text = |prose: &Prose| reading.text(prose).map(str::to_owned);
        let entries = timeline.into_iter();
        Self {
            code: case.code.clone(),
            kind: case.kind,
            title: text(&case.title),
            content: text(&case.content),
            field_code: case.field_code.clone(),
            public_status: standing.status,
            public_status_label: standing.status.label(language),
            next_step: next_step(standing, language),
            received_at: case.received_at,
            promised_due_at: case.registration.promised_due_at,
            promised_due_on: case.registration.promised_due_on,
            timeliness: deadline.as_ref().map_or(Timeliness::None, |deadline| deadline.timeliness),
            deadline: deadline.map(DeadlineView::from),
            agency: views::agency(&reading, case.lead_or_intake()),
            responsible_person: case
                .responsible
                .and_then(|id| reading.people.get(&id))
                .map(|(full_name, position)| ResponsibleView::of(full_name, position)),
            timeline: entries.map(|(entry, agency)| happening(entry, agency, &text, language)).collect(),
            reply,
            merged_into: survivor.map(|survivor| SurvivorView {
                code: survivor.code,
                reply: survivor.reply.map(PublishedView::of),
            }),
            rating: case
                .ratings
                .iter()
                .find(|rated| rated.round == case.round)
                .map(|rated| rated.satisfaction),
            version: case.version,
            actions: actions.into_iter().map(|action| action_view(&case.code, action, language)).collect(),
        }
    }
}

fn action_view(code: &str, action: Action, language: Language) -> ActionView {
    let href = format!("/v1/tracking/petitions/{code}/{}", action.as_str());
    ActionView { action, label: action.label(language), href }
}

/// The signed reply; a draft is nobody's business yet.
fn reply(tracked: &Tracked) -> Option<TrackedReplyView> {
    let reading = &tracked.reading;
    let case = &reading.case;
    if let Some(text) = &case.imported_reply
        && case.reply.is_none()
        && case.answered_at.is_some()
    {
        return Some(TrackedReplyView {
            number: None,
            text: reading.text(text).map(str::to_owned),
            outcome: None,
            commitments: Vec::new(),
            answered_at: case.answered_at,
            document: None,
            notice: None,
            delivered_at: case.delivered_at,
        });
    }
    let reply = case.reply.as_ref()?;
    let approved = reply.approved.as_ref()?;
    Some(TrackedReplyView {
        number: Some(reply.number),
        text: reading.text(&reply.text).map(str::to_owned),
        outcome: Some(reply.outcome),
        commitments: views::commitments(reading, &reply.commitments),
        answered_at: Some(approved.at),
        document: approved.document.as_ref().map(views::document),
        notice: approved.notice.as_ref().map(views::notice),
        delivered_at: case.delivered_at,
    })
}

fn happening(
    entry: Happening,
    agency: Option<AgencyFace>,
    text: &impl Fn(&Prose) -> Option<String>,
    language: Language,
) -> HappeningView {
    let read = |prose: Option<Prose>| prose.as_ref().and_then(text);
    HappeningView {
        mark: MarkView::of(&entry.mark, agency, language),
        text: read(entry.text),
        ground: entry.ground.map(|ground| ground_view(ground, language)),
        guided_to: read(entry.guided_to),
        passed_to: read(entry.passed_to),
        answer_by: entry.answer_by,
        criteria: entry.criteria,
        document: entry.document.map(|DocumentRef { number, symbol, issued_on }| CitedView {
            number,
            symbol,
            issued_on,
        }),
    }
}

fn ground_view(ground: Label, language: Language) -> GroundView {
    let label = match language {
        Language::Vi => ground.words.vi,
        Language::En => ground.words.en,
    };
    GroundView { code: ground.code, label }
}
