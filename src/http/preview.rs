//! When something would be due, and why: the calculator for everybody.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{
    auth::Call,
    cached,
    extract::{Query, Short},
    openapi::{code, open_code},
    problem::Problem,
};
use crate::{
    app::{
        Error,
        preview::{self, Answer, Question},
    },
    domain::{
        calendar::{Step, StepCode},
        refusal::FieldError,
        rule::{Rule, Traits},
        time::{Day, Instant},
        vocabulary::{
            Channel, Complexity, Confidence, Kind, Language, Stage, StartEvent, SubmitterType, Unit, Urgency,
        },
    },
};

#[derive(OpenApi)]
#[openapi(paths(preview_deadline))]
pub(super) struct Api;

/// Either `amount` and `unit`, or `kind` with what else selects the rule.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewQuery {
    /// From when it counts; RFC 3339 with offset.
    #[param(value_type = String, format = DateTime, example = "2026-11-20T09:00:00+07:00")]
    start_at: Instant,
    /// With calendar and rules as they were known at this instant; RFC 3339 with offset. Now unless told.
    #[param(value_type = Option<String>, format = DateTime)]
    recorded_by: Option<Instant>,
    /// How many of `unit`.
    #[param(maximum = 10000)]
    amount: Option<u32>,
    /// What is counted.
    #[param(schema_with = code::<Unit>, required = false)]
    unit: Option<Unit>,
    /// The kind of petition whose rule applies.
    #[param(schema_with = code::<Kind>, required = false)]
    kind: Option<Kind>,
    /// Of a complaint: 1 (unless told) or 2.
    #[param(minimum = 1, maximum = 2)]
    instance: Option<u8>,
    /// Which stage: resolution unless told.
    #[param(schema_with = code::<Stage>, required = false)]
    stage: Option<Stage>,
    /// How it comes in: web_portal unless told.
    #[param(schema_with = code::<Channel>, required = false)]
    channel: Option<Channel>,
    /// Who speaks: individual unless told.
    #[param(schema_with = code::<SubmitterType>, required = false)]
    submitter_type: Option<SubmitterType>,
    /// What it is about: other unless told.
    #[param(value_type = Option<String>, max_length = 64)]
    field_code: Option<Short<64>>,
    /// How pressing: normal unless told.
    #[param(schema_with = code::<Urgency>, required = false)]
    urgency: Option<Urgency>,
    /// How hard: normal unless told.
    #[param(schema_with = code::<Complexity>, required = false)]
    complexity: Option<Complexity>,
    /// Deep-lying or hard to reach: false unless told.
    remote_area: Option<bool>,
}

/// The rule that gave the amount.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "complaint-1", "legal_basis": "Luật Khiếu nại 02/2011/QH13 điều 28", "confidence": "seen", "start_event": "acceptance", "amount": 30, "unit": "calendar_days"}))]
struct PreviewRuleView {
    code: String,
    legal_basis: String,
    #[schema(schema_with = open_code::<Confidence>)]
    confidence: Confidence,
    /// What the rule counts from: `start_at` should be that moment.
    #[schema(schema_with = open_code::<StartEvent>)]
    start_event: StartEvent,
    amount: u32,
    #[schema(schema_with = open_code::<Unit>)]
    unit: Unit,
}

/// One step of the derivation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "skipped", "day": "2026-11-24", "until": null, "text": "Không tính thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam (Nghỉ lễ)."}))]
struct PreviewStepView {
    #[schema(value_type = String, example = "skipped")]
    code: StepCode,
    #[schema(value_type = String, format = Date)]
    day: Day,
    /// The last day of a stretch.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    text: String,
}

/// When it would be due, and how that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"due_at": "2026-11-30T17:00:00Z", "due_on": "2026-11-30", "provisional": false, "rule": null, "explanation": [{"code": "end", "day": "2026-11-30", "until": null, "text": "Hết hạn lúc 24:00 thứ Hai 30/11/2026."}]}))]
struct PreviewView {
    /// The first instant that is too late; null where no rule limits the stage.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Instant>,
    /// The last day in time.
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Day>,
    /// The calendar of a year it touches is not known yet.
    provisional: bool,
    rule: Option<PreviewRuleView>,
    #[schema(max_items = 10000)]
    explanation: Vec<PreviewStepView>,
}

/// Calculate a deadline.
///
/// Either so much of a unit from an instant, or as the rule in force then gives it; each day that does not count is
/// named with its reason.
#[utoipa::path(get, path = "/v1/deadlines/preview", tag = "reference", security(()), params(PreviewQuery),
    responses((status = 200, description = "The date and its derivation.", body = PreviewView), (status = 304, description = "Unchanged.")))]
pub(super) async fn preview_deadline(
    call: Call,
    query: Query<PreviewQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = query.0?;
    let (start, known) = (query.start_at, query.recorded_by);
    let question = question(query)?;
    let read = call
        .app
        .read(call.request_id.clone(), move |tx, world| preview::preview(tx, world, start, &question, known));
    Ok(cached::public(&request, &PreviewView::of(read.await?, call.language))?)
}

/// Which of the two forms it is; parameters of the other form are refused.
fn question(query: PreviewQuery) -> Result<Question, Error> {
    let Some(kind) = query.kind else {
        let of_the_other_form = [
            ("instance", query.instance.is_some()),
            ("stage", query.stage.is_some()),
            ("channel", query.channel.is_some()),
            ("submitter_type", query.submitter_type.is_some()),
            ("field_code", query.field_code.is_some()),
            ("urgency", query.urgency.is_some()),
            ("complexity", query.complexity.is_some()),
            ("remote_area", query.remote_area.is_some()),
        ];
        if let Some((name, _)) = of_the_other_form.into_iter().find(|(_, given)| *given) {
            return Err(refused(name, "needs_kind", "Chỉ dùng cùng với kind.", "Goes with kind only."));
        }
        let missing = |name| refused(name, "missing", "Bắt buộc phải có.", "Required.");
        let amount = query.amount.ok_or_else(|| missing("amount"))?;
        return Ok(Question::Amount { amount, unit: query.unit.ok_or_else(|| missing("unit"))? });
    };
    let both = [("amount", query.amount.is_some()), ("unit", query.unit.is_some())];
    if let Some((name, _)) = both.into_iter().find(|(_, given)| *given) {
        return Err(refused(name, "not_with_kind", "Không dùng cùng với kind.", "Does not go with kind."));
    }
    let first = (kind == Kind::Complaint).then_some(1);
    let traits = Traits {
        kind,
        instance: query.instance.or(first),
        channel: query.channel.unwrap_or(Channel::WebPortal),
        submitter_type: query.submitter_type.unwrap_or(SubmitterType::Individual),
        field_code: query.field_code.map_or_else(|| "other".to_owned(), |code| code.0),
        urgency: query.urgency.unwrap_or(Urgency::Normal),
        complexity: query.complexity.unwrap_or(Complexity::Normal),
        remote_area: query.remote_area.unwrap_or(false),
    };
    Ok(Question::Rule { stage: query.stage.unwrap_or(Stage::Resolution), traits })
}

fn refused(name: &str, code: &'static str, vi: &str, en: &str) -> Error {
    Error::BadParameter(FieldError::new(name, code, vi, en))
}

impl PreviewView {
    fn of(answer: Answer, language: Language) -> Self {
        Self {
            due_at: answer.due.map(|due| due.due_at),
            due_on: answer.due.map(|due| due.due_on),
            provisional: answer.due.is_some_and(|due| due.provisional),
            rule: answer.rule.map(PreviewRuleView::from),
            explanation: answer.explanation.into_iter().map(|step| step_view(step, language)).collect(),
        }
    }
}

fn step_view(step: Step, language: Language) -> PreviewStepView {
    let text = match language {
        Language::Vi => step.words.vi,
        Language::En => step.words.en,
    };
    PreviewStepView { code: step.code, day: step.day, until: step.until, text }
}

impl From<Rule> for PreviewRuleView {
    fn from(rule: Rule) -> Self {
        Self {
            code: rule.code,
            legal_basis: rule.legal_basis,
            confidence: rule.confidence,
            start_event: rule.start_event,
            amount: rule.amount,
            unit: rule.unit,
        }
    }
}
