//! What lists show.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::lists::{Course, Item, Late, Page, Passed, Rest},
    domain::{
        id::PetitionId,
        rule::RuleBook,
        time::Instant,
        vocabulary::{Action, Channel, Kind, PublicStatus, State, SuspensionGround, Timeliness},
    },
    http::{
        openapi::{open_code, open_code_or_null},
        views::{AgencyRef, DeadlineView, PersonView, RuleRef},
    },
};

/// A petition in a list. Code, title and version are those of now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01934f6e-0000-7000-8000-000000000003", "code": "KN-7Q2M9K4T-X", "kind": "proposal", "channel": "dialogue_conference", "state": "in_progress", "public_status": "in_progress", "timeliness": "overdue", "title": "Ngõ 45 ngập mỗi khi mưa", "field_code": "urban_infrastructure", "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "responsible_person": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Lê Văn Xử Lý", "position": "Chuyên viên"}, "deadline": {"stage": "resolution", "due_at": "2026-11-17T17:00:00Z", "due_on": "2026-11-17", "first_due_at": "2026-11-17T17:00:00Z", "basis": "rule", "provisional": false, "rule": {"code": "dialogue-conference", "legal_basis": "Quy định nội bộ"}}, "overdue_days": 6, "overdue_working_days": 4, "received_at": "2026-10-12T02:00:00Z", "version": 4}))]
pub(in crate::http) struct ListedView {
    #[schema(value_type = uuid::Uuid)]
    id: PetitionId,
    code: String,
    #[schema(schema_with = open_code::<Kind>)]
    kind: Kind,
    #[schema(schema_with = open_code::<Channel>)]
    channel: Channel,
    #[schema(schema_with = open_code::<State>)]
    state: State,
    #[schema(schema_with = open_code::<PublicStatus>)]
    public_status: PublicStatus,
    #[schema(schema_with = open_code::<Timeliness>)]
    timeliness: Timeliness,
    title: String,
    field_code: String,
    agency: AgencyRef,
    responsible_person: Option<PersonView>,
    deadline: Option<DeadlineView>,
    /// Days from the last day in time to the day looked at; null unless it is overdue.
    overdue_days: Option<i64>,
    /// The working days among them.
    overdue_working_days: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    version: i32,
}

/// How long an agency held a petition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.1", "name": "Ủy ban nhân dân phường Sông Tràm"}, "working_days": 12}))]
struct HeldView {
    agency: AgencyRef,
    /// While the petition was open; the day it came does not count.
    working_days: i64,
}

/// A petition in a list, with how it came to stand where it does.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TracedView {
    #[serde(flatten)]
    listed: ListedView,
    /// The end that the receipt promised; it never moves. Null for a record of another system.
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    /// How often its time was extended, in all rounds.
    extensions: i64,
    /// How often it was suspended or a supplement was asked for, in all rounds.
    pauses: i64,
    /// The agencies that held it, in the order in which it came to them first.
    #[schema(max_items = 1000)]
    held: Vec<HeldView>,
}

/// A petition whose clock rests.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PausedView {
    #[serde(flatten)]
    traced: TracedView,
    /// Why it rests; null for a record that came in resting.
    pause: Option<PauseView>,
}

/// Why a clock rests, and what the rest is worth.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"action": "suspension", "ground": "awaiting_expert_opinion", "since": "2026-10-20T02:00:00Z", "until": null, "days": 34, "working_days": 24, "would_be_days_late": 3, "would_be_working_days_late": 2}))]
struct PauseView {
    /// `suspension` or `supplement-request`.
    #[schema(schema_with = open_code_or_null::<Action>)]
    action: Option<Action>,
    /// The ground of a suspension.
    #[schema(schema_with = open_code_or_null::<SuspensionGround>)]
    ground: Option<SuspensionGround>,
    #[schema(value_type = String, format = DateTime)]
    since: Instant,
    /// When the clock goes on by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Instant>,
    /// How many days it has rested.
    days: i64,
    working_days: i64,
    /// How late it would be had this rest not begun: 0 when it would still be in time.
    would_be_days_late: i64,
    would_be_working_days_late: i64,
}

/// A petition that was passed on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ForwardedView {
    #[serde(flatten)]
    traced: TracedView,
    forwarding: Option<PassedView>,
}

/// To whom a petition was passed on, and how long no result has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"receiving_body": "Sở Tài nguyên và Môi trường", "at": "2026-10-20T02:00:00Z", "days": 34, "working_days": 24}))]
struct PassedView {
    /// Null once it was erased.
    receiving_body: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    days: i64,
    working_days: i64,
}

/// Pages of a list, each with the moment it shows.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident of $item:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        #[schema(example = json!({"as_of": "2026-11-23T07:00:00Z", "recorded_by": null, "items": [], "next_cursor": null}))]
        pub(in crate::http) struct $name {
            /// The moment it shows.
            #[schema(value_type = String, format = DateTime)]
            as_of: Instant,
            /// Until when what was recorded counts; null: all of it.
            #[schema(value_type = Option<String>, format = DateTime)]
            recorded_by: Option<Instant>,
            #[schema(max_items = 100)]
            items: Vec<$item>,
            /// For the next page; null on the last one.
            next_cursor: Option<String>,
        }

        impl $name {
            /// Shows a page, each item as `show` does.
            pub(super) fn of(page: Page, mut show: impl FnMut(Item, Instant) -> $item) -> Self {
                let Page { as_of, recorded_by, items, next_cursor } = page;
                let items = items.into_iter().map(|item| show(item, as_of)).collect();
                Self { as_of, recorded_by, items, next_cursor }
            }
        }
    )+};
}

pages! {
    /// A page of a list.
    PetitionList of ListedView;
    /// A page of what is overdue or due soon.
    OverdueList of TracedView;
    /// A page of what rests.
    PausedList of PausedView;
    /// A page of what runs by no clock.
    ClocklessList of TracedView;
    /// A page of what was passed on.
    ForwardedList of ForwardedView;
}

impl ListedView {
    pub(in crate::http) fn of(item: Item, rules: &RuleBook, as_of: Instant) -> Self {
        let deadline = deadline(&item, rules, as_of);
        let span = item.row.span;
        let agency = item.agency.map_or_else(Default::default, |agency| (agency.code, agency.name));
        let responsible = span.responsible_id.zip(item.responsible);
        Self {
            id: span.petition_id,
            code: item.row.code,
            kind: span.kind,
            channel: span.channel,
            state: span.state,
            public_status: span.state.public_status(),
            timeliness: item.timeliness,
            title: item.row.title,
            field_code: span.field_code,
            agency: AgencyRef { id: span.agency_id, code: agency.0, name: agency.1 },
            responsible_person: responsible.map(|(id, (full_name, position))| PersonView {
                id,
                full_name,
                position,
            }),
            deadline,
            overdue_days: item.late.map(|late| late.days),
            overdue_working_days: item.late.map(|late| late.working_days),
            received_at: span.received_at,
            version: item.row.version,
        }
    }
}

impl TracedView {
    pub(super) fn of(mut item: Item, rules: &RuleBook, as_of: Instant) -> Self {
        let Course { extensions, pauses, held } = item.course.take().unwrap_or_default();
        let held = held.into_iter().map(|held| {
            let (code, name) =
                held.version.map_or_else(Default::default, |version| (version.code, version.name));
            HeldView { agency: AgencyRef { id: held.agency, code, name }, working_days: held.working_days }
        });
        Self {
            promised_due_at: item.row.promised_due_at,
            extensions,
            pauses,
            held: held.collect(),
            listed: ListedView::of(item, rules, as_of),
        }
    }
}

impl PausedView {
    pub(super) fn of(traced: TracedView, rest: Option<Rest>) -> Self {
        let pause = rest.map(|rest| {
            let late = rest.would_be.unwrap_or(Late { days: 0, working_days: 0 });
            PauseView {
                action: rest.act,
                ground: rest.ground,
                since: rest.since,
                until: rest.until,
                days: rest.rested.days,
                working_days: rest.rested.working_days,
                would_be_days_late: late.days,
                would_be_working_days_late: late.working_days,
            }
        });
        Self { traced, pause }
    }
}

impl ForwardedView {
    pub(super) fn of(traced: TracedView, passed: Option<Passed>) -> Self {
        let forwarding = passed.map(|passed| PassedView {
            receiving_body: passed.receiving_body,
            at: passed.at,
            days: passed.waited.days,
            working_days: passed.waited.working_days,
        });
        Self { traced, forwarding }
    }
}

/// The deadline that counts; while its clock rests there is no end.
fn deadline(item: &Item, rules: &RuleBook, as_of: Instant) -> Option<DeadlineView> {
    let clock = item.clock.as_ref()?;
    let awake = clock.paused_until.is_none_or(|until| until <= as_of);
    let rule = clock.rule_id.as_deref().and_then(|id| rules.get(id));
    Some(DeadlineView {
        stage: clock.stage,
        due_at: clock.due_at.filter(|_| awake),
        due_on: clock.due_on.filter(|_| awake),
        first_due_at: clock.first_due_at.unwrap_or(clock.started_at),
        basis: clock.basis,
        provisional: clock.provisional,
        rule: rule.map(|rule| RuleRef { code: rule.code.clone(), legal_basis: rule.legal_basis.clone() }),
    })
}
