//! Every code with its labels, the limits, and the table of moves.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{auth::Call, cached, openapi::open_code, problem::Problem, views::AgencyRef};
use crate::{
    app::{preview, tracking},
    domain::{
        decide::checks::{CONTENT, LINE, MANY, REASON, TITLE},
        lifecycle::{TRANSITIONS, To, Transition},
        vocabulary::{
            Action, Anchor, Assurance, Basis, Channel, Code, Complexity, ComplexityCriterion, Confidence,
            DayKind, DeliveryMethod, Ground, Kind, Language, Level, LinkKind, NotificationKind, OnSupplement,
            Outcome, Provenance, PublicStatus, Recipient, ReminderLevel, Role, Satisfaction, Stage,
            StartEvent, State, SubmitterType, SuspensionGround, TerminationGround, Timeliness, Unit, Urgency,
            Visibility,
        },
    },
    store::{agencies, reference},
};

#[derive(OpenApi)]
#[openapi(paths(read_reference, read_lifecycle))]
pub(super) struct Api;

/// What something is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"vi": "Kiến nghị", "en": "Proposal"}))]
struct LabelsView {
    vi: String,
    en: String,
}

/// A code with its labels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "proposal", "labels": {"vi": "Kiến nghị", "en": "Proposal"}}))]
struct CodeView {
    code: String,
    labels: LabelsView,
}

/// An administrative area and the agency that takes its petitions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "99001", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}}))]
struct AreaView {
    code: String,
    agency: AgencyRef,
}

/// How long and how many; texts in characters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"title": 300, "content": 20000, "reason": 4000, "line": 300, "commitments": 50, "tracking_items": 20, "page": 100, "preview_amount": 10000}))]
struct LimitsView {
    title: usize,
    /// Content of a petition, reply or supplement.
    content: usize,
    /// A reason, an explanation, a note.
    reason: usize,
    /// A name, an address.
    line: usize,
    commitments: usize,
    tracking_items: usize,
    page: usize,
    preview_amount: u32,
}

fn labels<C: Code>(code: C) -> LabelsView {
    LabelsView { vi: code.label(Language::Vi).to_owned(), en: code.label(Language::En).to_owned() }
}

fn list<C: Code>() -> Vec<CodeView> {
    C::ALL.iter().map(|code| CodeView { code: code.as_str().to_owned(), labels: labels(*code) }).collect()
}

macro_rules! reference {
    ($($field:ident: $vocabulary:ty),+ $(,)?) => {
        /// Everything an application needs to show its lists and forms.
        #[derive(Debug, Serialize, ToSchema)]
        struct ReferenceView {
            /// Those that can be chosen; every field is at /v1/fields.
            #[schema(max_items = 10000)]
            fields: Vec<CodeView>,
            #[schema(max_items = 20000)]
            areas: Vec<AreaView>,
            /// The channels a citizen can name without an official.
            #[schema(value_type = Vec<String>, max_items = 100, example = json!(["web_portal", "mobile_app"]))]
            citizen_channels: Vec<Channel>,
            limits: LimitsView,
            $(#[schema(max_items = 100)] $field: Vec<CodeView>),+
        }

        impl ReferenceView {
            fn new(fields: Vec<CodeView>, areas: Vec<AreaView>) -> Self {
                let citizen_channels =
                    Channel::ALL.iter().copied().filter(|channel| channel.is_for_citizens()).collect();
                Self { fields, areas, citizen_channels, limits: limits(), $($field: list::<$vocabulary>()),+ }
            }
        }
    };
}

reference! {
    kinds: Kind,
    channels: Channel,
    submitter_types: SubmitterType,
    urgencies: Urgency,
    complexities: Complexity,
    visibilities: Visibility,
    provenances: Provenance,
    states: State,
    public_statuses: PublicStatus,
    timelinesses: Timeliness,
    stages: Stage,
    start_events: StartEvent,
    units: Unit,
    bases: Basis,
    confidences: Confidence,
    supplement_effects: OnSupplement,
    day_kinds: DayKind,
    outcomes: Outcome,
    grounds: Ground,
    suspension_grounds: SuspensionGround,
    termination_grounds: TerminationGround,
    complexity_criteria: ComplexityCriterion,
    delivery_methods: DeliveryMethod,
    satisfactions: Satisfaction,
    assurances: Assurance,
    link_kinds: LinkKind,
    levels: Level,
    roles: Role,
    actions: Action,
    reminder_levels: ReminderLevel,
    anchors: Anchor,
    recipients: Recipient,
    notification_kinds: NotificationKind,
}

fn limits() -> LimitsView {
    LimitsView {
        title: TITLE,
        content: CONTENT,
        reason: REASON,
        line: LINE,
        commitments: MANY,
        tracking_items: tracking::MOST_PROOFS,
        page: 100,
        preview_amount: preview::MOST,
    }
}

/// A state as the table knows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "assigned", "labels": {"vi": "Đã giao xử lý", "en": "Assigned"}, "open": true, "public_status": "in_progress", "next_actor": "handler"}))]
struct StateView {
    code: &'static str,
    labels: LabelsView,
    /// Somebody still owes the petition a move.
    open: bool,
    /// The word a citizen reads.
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    /// The role that moves next.
    #[schema(value_type = Option<String>)]
    next_actor: Option<Role>,
}

/// One row of the table of moves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"action": "assignment", "labels": {"vi": "Giao xử lý", "en": "Assign"}, "from": ["classified"], "to": "assigned", "who": ["coordinator"], "needs_if_match": true, "needs_idempotency_key": false}))]
struct TransitionView {
    #[schema(schema_with = open_code::<Action>)]
    action: Action,
    labels: LabelsView,
    #[schema(value_type = Vec<String>, max_items = 100)]
    from: &'static [State],
    /// A state; `stays` where the petition stays as it is, `back` where it returns to where it came from.
    to: &'static str,
    #[schema(value_type = Vec<String>, max_items = 100)]
    who: &'static [Role],
    needs_if_match: bool,
    needs_idempotency_key: bool,
}

/// The table of moves: a move exists if and only if it is a row here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"states": [{"code": "assigned", "labels": {"vi": "Đã giao xử lý", "en": "Assigned"}, "open": true, "public_status": "in_progress", "next_actor": "handler"}], "public_statuses": [{"code": "in_progress", "labels": {"vi": "Đang giải quyết", "en": "In progress"}}], "transitions": [{"action": "assignment", "labels": {"vi": "Giao xử lý", "en": "Assign"}, "from": ["classified"], "to": "assigned", "who": ["coordinator"], "needs_if_match": true, "needs_idempotency_key": false}]}))]
struct LifecycleView {
    #[schema(max_items = 100)]
    states: Vec<StateView>,
    #[schema(max_items = 100)]
    public_statuses: Vec<CodeView>,
    #[schema(max_items = 1000)]
    transitions: Vec<TransitionView>,
}

fn state_view(state: State) -> StateView {
    StateView {
        code: state.as_str(),
        labels: labels(state),
        open: state.is_open(),
        public_status: state.public_status(),
        next_actor: state.next_actor(),
    }
}

fn transition_view(row: &Transition) -> TransitionView {
    TransitionView {
        action: row.action,
        labels: labels(row.action),
        from: row.from,
        to: match row.to {
            To::State(state) => state.as_str(),
            To::Stays => "stays",
            To::Back => "back",
        },
        who: row.who,
        needs_if_match: row.action.needs_version(),
        needs_idempotency_key: !row.action.needs_version(),
    }
}

/// Read the reference data.
///
/// All codes with their labels in Vietnamese and English, the fields and areas of this installation, and the limits.
#[utoipa::path(get, path = "/v1/reference", tag = "reference", security(()),
    responses((status = 200, description = "The reference data.", body = ReferenceView), (status = 304, description = "Unchanged.")))]
pub(super) async fn read_reference(call: Call, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let read = call.read(|tx, _| {
        let field = |row: reference::FieldRow| CodeView {
            code: row.code,
            labels: LabelsView { vi: row.name_vi, en: row.name_en },
        };
        let area = |row: agencies::AgencyRow| {
            let agency = AgencyRef { id: row.id, code: row.code, name: row.name };
            Some(AreaView { code: row.serves_area?, agency })
        };
        let fields = reference::fields(tx)?.into_iter().filter(|row| row.active).map(field).collect();
        let areas = agencies::of_areas(tx)?.into_iter().filter_map(area).collect();
        Ok(ReferenceView::new(fields, areas))
    });
    Ok(cached::public(&request, &read.await?)?)
}

/// Read the table of moves.
///
/// Which action leads from which state to which, who may do it, and what it must carry.
#[utoipa::path(get, path = "/v1/lifecycle", tag = "reference", security(()),
    responses((status = 200, description = "The table.", body = LifecycleView), (status = 304, description = "Unchanged.")))]
pub(super) async fn read_lifecycle(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let view = LifecycleView {
        states: State::ALL.iter().copied().map(state_view).collect(),
        public_statuses: list::<PublicStatus>(),
        transitions: TRANSITIONS.iter().map(transition_view).collect(),
    };
    Ok(cached::public(&request, &view)?)
}
