//! How every deadline of one petition came about, and what moved it.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::past::PastQuery;
use crate::{
    app::{
        explaining::{self, Change, Explained, ExplainedClock},
        past::Names,
    },
    domain::{
        act::DocumentRef,
        calendar::{Step, StepCode},
        clock::{Cause, Gain, MoveKind},
        id::{EventId, PetitionKey},
        petition::Balance,
        rule::RuleBook,
        time::{Day, Instant},
        vocabulary::{ComplexityCriterion, Language, Role},
    },
    http::{
        auth::Call,
        extract::{PathId, Query},
        openapi::open_code,
        problem::Problem,
        views::{AgencyRef, ClockView, PersonView},
    },
};

/// One step of the derivation of a deadline.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"code": "skipped", "day": "2026-11-24", "until": null, "text": "24/11/2026: Ngày Văn hóa Việt Nam"}))]
struct StepView {
    #[schema(value_type = String)]
    code: StepCode,
    #[schema(value_type = String, format = Date)]
    day: Day,
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    text: String,
}

/// From one last day in time to another; later is positive.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"calendar_days": 14, "working_days": 10}))]
struct GainView {
    calendar_days: i64,
    /// The working days among them.
    working_days: i64,
}

/// The document that a change rests on.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"number": "9", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"}))]
struct BasisView {
    number: String,
    symbol: String,
    #[schema(value_type = String, format = Date)]
    issued_on: Day,
}

/// One change of a deadline, with who made it and why.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"kind": "move", "cause": "extension", "event_id": "01934f6e-0000-7000-8000-000000000009", "sequence": 5, "type": "extension", "role": "approver", "official": {"id": "01934f6e-0000-7000-8000-000000000002", "full_name": "Phạm Thị Ký Duyệt", "position": "Chủ tịch"}, "agency": {"id": "01934f6e-0000-7000-8000-000000000001", "code": "H99.3", "name": "Ủy ban nhân dân xã Đồng Mây"}, "on_behalf_of": null, "occurred_at": "2026-11-23T07:00:00Z", "recorded_at": "2026-11-23T07:00:00Z", "reason": null, "ground": null, "criteria": ["conflicting_evidence"], "document": {"number": "9", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"}, "from_at": "2026-11-23T17:00:00Z", "from_on": "2026-11-23", "due_at": "2026-12-07T17:00:00Z", "due_on": "2026-12-07", "gained": {"calendar_days": 14, "working_days": 9}}))]
struct DueChangeView {
    #[schema(schema_with = open_code::<MoveKind>)]
    kind: MoveKind,
    #[schema(schema_with = open_code::<Cause>)]
    cause: Cause,
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    sequence: u32,
    /// The name of the event, as in the history.
    #[serde(rename = "type")]
    type_name: &'static str,
    #[schema(schema_with = open_code::<Role>)]
    role: Role,
    /// Who acted, with the position held then; null for a citizen and for the system.
    official: Option<PersonView>,
    /// The agency he belonged to then.
    agency: Option<AgencyRef>,
    on_behalf_of: Option<String>,
    /// When it took effect.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Instant,
    /// When we learnt it.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Instant,
    /// In the words of whoever did it.
    reason: Option<String>,
    /// The code of a ground: of refusal, of suspension, of termination.
    ground: Option<&'static str>,
    #[schema(value_type = Vec<String>, max_items = 10)]
    criteria: Vec<ComplexityCriterion>,
    document: Option<BasisView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    from_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    from_on: Option<Day>,
    /// Null while it rests, and once it is withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Day>,
    /// Against the last day it had before; null where it had none, and where it has none now.
    gained: Option<GainView>,
}

/// A clock with its derivation and everything that moved its end.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplainedClock)]
struct ExplainedClockView {
    clock: ClockView,
    #[schema(max_items = 1000)]
    explanation: Vec<StepView>,
    /// The first change first.
    #[schema(max_items = 1000)]
    changes: Vec<DueChangeView>,
}

/// How the last day of the first round came from the promise on the receipt to where it is: what each cause gained,
/// and the time of stages that have not begun, add up to `total`. A reopening leaves it as it is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"promised_due_on": "2026-11-23", "due_on": "2026-12-07", "days_gained_by_classification": {"calendar_days": 0, "working_days": 0}, "days_gained_by_intake_delay": {"calendar_days": 0, "working_days": 0}, "days_gained_by_extension": {"calendar_days": 14, "working_days": 9}, "days_gained_by_pause": {"calendar_days": 0, "working_days": 0}, "days_gained_by_merge": {"calendar_days": 0, "working_days": 0}, "days_gained_by_decision": {"calendar_days": 0, "working_days": 0}, "days_gained_by_calendar": {"calendar_days": 0, "working_days": 0}, "days_of_stages_to_come": {"calendar_days": 0, "working_days": 0}, "total": {"calendar_days": 14, "working_days": 9}}))]
struct BalanceView {
    #[schema(value_type = String, format = Date)]
    promised_due_on: Day,
    /// The last day of the clock that speaks for the first round; while it rests the one it had last.
    #[schema(value_type = String, format = Date)]
    due_on: Day,
    /// Another kind, field, urgency, channel or basis document.
    days_gained_by_classification: GainView,
    /// Taken up later (negative: earlier) than an intake would that takes all its time.
    days_gained_by_intake_delay: GainView,
    /// More time by written decision.
    days_gained_by_extension: GainView,
    /// Suspensions and supplements.
    days_gained_by_pause: GainView,
    /// The earlier end of a merged petition.
    days_gained_by_merge: GainView,
    /// A day that somebody decided, or that a source states.
    days_gained_by_decision: GainView,
    /// The calendar is another one than when it was promised.
    days_gained_by_calendar: GainView,
    /// Stages that have not begun: the promise counts their time, the deadline shown does not yet.
    days_of_stages_to_come: GainView,
    total: GainView,
}

/// How every deadline of a petition came about.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"as_of": null, "recorded_by": null, "promised_due_at": null, "promised_due_on": null, "balance": null, "clocks": []}))]
pub(in crate::http) struct Explanations {
    /// The moment it shows, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Instant>,
    /// What was recorded later is left out; null where all that is known now counts.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// As printed on the receipt.
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_due_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Date)]
    promised_due_on: Option<Day>,
    /// Null where nothing was promised.
    balance: Option<BalanceView>,
    #[schema(max_items = 100)]
    clocks: Vec<ExplainedClockView>,
}

/// Explain a petition's deadlines.
///
/// For each clock of each round: rule and legal basis, start, every day skipped and why, pauses, extensions, end; and
/// every change of its last day, with who made it, when it took effect and was recorded, why, by which document, and
/// what it gained. `balance` adds up what moved the first round from the promise to where it is. With `as_of` or
/// `recorded_by` as it stood then.
#[utoipa::path(get, path = "/v1/petitions/{id}/deadlines", tag = "petitions", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The petition."), PastQuery),
    responses((status = 200, description = "The derivations.", body = Explanations)))]
pub(in crate::http) async fn explain_deadlines(
    call: Call,
    id: PathId<PetitionKey>,
    query: Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let (id, language) = (id.0?, call.language);
    let explained = call.read(move |tx, world| {
        let explained = explaining::explain(tx, world, &caller, id, query.0.map(Into::into))?;
        Ok(Explanations::of(explained, world.rules(), language))
    });
    let explained = explained.await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-cache")).json(explained))
}

impl Explanations {
    /// The view of an explanation, in a language.
    pub(in crate::http) fn of(explained: Explained, rules: &RuleBook, language: Language) -> Self {
        let Explained { now, past, promised_at, promised_on, clocks, balance, names } = explained;
        let clock = |one: ExplainedClock| ExplainedClockView {
            clock: ClockView::of(&one.clock, now, rules),
            explanation: one.steps.into_iter().map(|step| StepView::of(step, language)).collect(),
            changes: one.changes.into_iter().map(|change| DueChangeView::of(change, &names)).collect(),
        };
        Self {
            as_of: past.map(|past| past.as_of),
            recorded_by: past.and_then(|past| past.recorded_by),
            promised_due_at: promised_at,
            promised_due_on: promised_on,
            balance: balance.map(|balance| BalanceView::of(&balance)),
            clocks: clocks.into_iter().map(clock).collect(),
        }
    }
}

impl StepView {
    fn of(step: Step, language: Language) -> Self {
        Self {
            code: step.code,
            day: step.day,
            until: step.until,
            text: if language == Language::Vi { step.words.vi } else { step.words.en },
        }
    }
}

impl From<Gain> for GainView {
    fn from(gain: Gain) -> Self {
        Self { calendar_days: gain.calendar_days, working_days: gain.working_days }
    }
}

impl BalanceView {
    fn of(balance: &Balance) -> Self {
        let by = |cause| balance.by(cause).into();
        Self {
            promised_due_on: balance.promised_on,
            due_on: balance.due.due_on,
            days_gained_by_classification: by(Cause::Classification),
            days_gained_by_intake_delay: by(Cause::IntakeDelay),
            days_gained_by_extension: by(Cause::Extension),
            days_gained_by_pause: by(Cause::Pause),
            days_gained_by_merge: by(Cause::Merge),
            days_gained_by_decision: by(Cause::Decision),
            days_gained_by_calendar: by(Cause::Calendar),
            days_of_stages_to_come: balance.to_come.into(),
            total: balance.total().into(),
        }
    }
}

impl DueChangeView {
    fn of(change: Change, (agencies, people): &Names) -> Self {
        let actor = change.actor;
        let person = |id| {
            let (full_name, position) = people.get(&id).cloned().unwrap_or_default();
            PersonView { id, full_name, position: actor.position.clone().unwrap_or(position) }
        };
        let agency = |id| {
            let name = agencies.get(&id);
            AgencyRef {
                id,
                code: name.map(|name| name.code.clone()).unwrap_or_default(),
                name: name.map(|name| name.name.clone()).unwrap_or_default(),
            }
        };
        Self {
            kind: change.kind,
            cause: change.cause,
            event_id: change.event,
            sequence: change.sequence,
            type_name: change.act,
            role: actor.role,
            official: actor.official.map(person),
            agency: actor.agency.map(agency),
            on_behalf_of: change.on_behalf_of,
            occurred_at: change.occurred_at,
            recorded_at: change.recorded_at,
            reason: change.reason,
            ground: change.ground,
            criteria: change.criteria,
            document: change.document.map(BasisView::from),
            from_at: change.from.map(|due| due.due_at),
            from_on: change.from.map(|due| due.due_on),
            due_at: change.to.map(|due| due.due_at),
            due_on: change.to.map(|due| due.due_on),
            gained: change.gained.map(GainView::from),
        }
    }
}

impl From<DocumentRef> for BasisView {
    fn from(document: DocumentRef) -> Self {
        Self { number: document.number, symbol: document.symbol, issued_on: document.issued_on }
    }
}
