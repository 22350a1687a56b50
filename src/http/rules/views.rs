//! Rules as they are sent and received.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::administration::rules::{Ending, NewRule},
    domain::{
        rule::Rule,
        time::{Day, Instant},
        vocabulary::{
            Channel, Complexity, Confidence, Kind, OnSupplement, Stage, StartEvent, SubmitterType, Unit,
            Urgency,
        },
    },
    http::openapi::{code, open_code, open_code_or_null},
    store::reference::DeadlineRuleRow,
};

/// A version of a rule. A selector that is null fits every petition; of those that fit, the one with most selectors wins.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "complaint-1", "code": "complaint-1", "stage": "resolution", "kind": "complaint", "instance": 1, "channel": null, "submitter_type": null, "field_code": null, "urgency": null, "complexity": null, "remote_area": null, "start_event": "acceptance", "amount": 30, "unit": "calendar_days", "ceiling": 45, "on_supplement": "pause", "due_soon_percent": 20, "legal_basis": "Luật Khiếu nại 02/2011/QH13 điều 28", "confidence": "seen", "effective_from": null, "effective_to": null, "source": null, "recorded_at": null, "ending_recorded_at": null}))]
pub(super) struct DeadlineRuleView {
    /// Names this version for ever.
    pub(super) id: String,
    /// The name shared by all versions.
    code: String,
    #[schema(schema_with = open_code::<Stage>)]
    stage: Stage,
    #[schema(schema_with = open_code_or_null::<Kind>)]
    kind: Option<Kind>,
    instance: Option<i32>,
    #[schema(schema_with = open_code_or_null::<Channel>)]
    channel: Option<Channel>,
    #[schema(schema_with = open_code_or_null::<SubmitterType>)]
    submitter_type: Option<SubmitterType>,
    field_code: Option<String>,
    #[schema(schema_with = open_code_or_null::<Urgency>)]
    urgency: Option<Urgency>,
    #[schema(schema_with = open_code_or_null::<Complexity>)]
    complexity: Option<Complexity>,
    remote_area: Option<bool>,
    /// What it counts from.
    #[schema(schema_with = open_code::<StartEvent>)]
    start_event: StartEvent,
    /// How many of `unit`.
    amount: i32,
    #[schema(schema_with = open_code::<Unit>)]
    unit: Unit,
    /// The most that an extension can set the amount to; null: no extension.
    ceiling: Option<i32>,
    #[schema(schema_with = open_code::<OnSupplement>)]
    on_supplement: OnSupplement,
    /// The last share of the time in which it is due soon, in percent.
    due_soon_percent: i32,
    legal_basis: String,
    #[schema(schema_with = open_code::<Confidence>)]
    confidence: Confidence,
    /// First day in force; null: since ever.
    #[schema(value_type = Option<String>, format = Date)]
    effective_from: Option<Day>,
    /// First day no longer in force; null: until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
    /// The decision that says so; null for what the installation began with.
    source: Option<String>,
    /// When we learnt of it; null: it was there from the beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// When we learnt that it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    ending_recorded_at: Option<Instant>,
}

/// A page of rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub(super) struct DeadlineRulesView {
    #[schema(max_items = 100)]
    pub(super) items: Vec<DeadlineRuleView>,
    /// Continues the list; null on its last page.
    pub(super) next_cursor: Option<String>,
}

/// A version of a rule to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "complaint-1-2027", "code": "complaint-1", "stage": "resolution", "kind": "complaint", "instance": 1, "start_event": "acceptance", "amount": 25, "unit": "calendar_days", "ceiling": 40, "legal_basis": "Luật sửa đổi, điều 28", "effective_from": "2027-07-01", "replaces": "complaint-1", "source": "Luật sửa đổi (bản công bố)"}))]
pub(super) struct DeadlineRuleBody {
    /// Names this version for ever: small letters, digits, hyphens.
    #[schema(max_length = 64)]
    id: String,
    /// The name shared by all versions.
    #[schema(max_length = 64)]
    code: String,
    #[schema(schema_with = code::<Stage>)]
    stage: Stage,
    #[schema(schema_with = code::<Kind>)]
    kind: Option<Kind>,
    /// Of a complaint: 1 or 2.
    instance: Option<u8>,
    #[schema(schema_with = code::<Channel>)]
    channel: Option<Channel>,
    #[schema(schema_with = code::<SubmitterType>)]
    submitter_type: Option<SubmitterType>,
    #[schema(max_length = 64)]
    field_code: Option<String>,
    #[schema(schema_with = code::<Urgency>)]
    urgency: Option<Urgency>,
    #[schema(schema_with = code::<Complexity>)]
    complexity: Option<Complexity>,
    remote_area: Option<bool>,
    #[schema(schema_with = code::<StartEvent>)]
    start_event: StartEvent,
    /// How many of `unit`.
    #[schema(minimum = 1, maximum = 10000)]
    amount: u32,
    #[schema(schema_with = code::<Unit>)]
    unit: Unit,
    /// The most that an extension can set the amount to; absent: no extension.
    #[schema(minimum = 1, maximum = 10000)]
    ceiling: Option<u32>,
    /// What a supplement does: pause unless told.
    #[schema(schema_with = code::<OnSupplement>)]
    on_supplement: Option<OnSupplement>,
    /// 20 unless told.
    #[schema(minimum = 1, maximum = 100)]
    due_soon_percent: Option<u8>,
    #[schema(max_length = 300)]
    legal_basis: String,
    /// How sure it is: seen unless told.
    #[schema(schema_with = code::<Confidence>)]
    confidence: Option<Confidence>,
    /// First day in force.
    #[schema(value_type = String, format = Date)]
    effective_from: Day,
    /// First day no longer in force.
    #[schema(value_type = Option<String>, format = Date)]
    effective_to: Option<Day>,
    /// The version that ends where this one begins.
    #[schema(max_length = 64)]
    replaces: Option<String>,
    /// The decision that says so; nothing is taken without.
    #[serde(default)]
    #[schema(max_length = 300, required = true)]
    source: String,
}

/// The end of a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_to": "2027-07-01", "source": "Luật sửa đổi (bản công bố)"}))]
pub(super) struct RuleEndingBody {
    /// First day no longer in force.
    #[schema(value_type = String, format = Date)]
    effective_to: Day,
    /// The decision that says so; nothing is taken without.
    #[serde(default)]
    #[schema(max_length = 300, required = true)]
    source: String,
}

impl From<DeadlineRuleBody> for NewRule {
    fn from(body: DeadlineRuleBody) -> Self {
        let rule = Rule {
            id: body.id,
            code: body.code,
            stage: body.stage,
            kind: body.kind,
            instance: body.instance,
            channel: body.channel,
            submitter_type: body.submitter_type,
            field_code: body.field_code,
            urgency: body.urgency,
            complexity: body.complexity,
            remote_area: body.remote_area,
            start_event: body.start_event,
            amount: body.amount,
            unit: body.unit,
            ceiling: body.ceiling,
            on_supplement: body.on_supplement.unwrap_or(OnSupplement::Pause),
            due_soon_percent: body.due_soon_percent.unwrap_or(20),
            legal_basis: body.legal_basis,
            confidence: body.confidence.unwrap_or(Confidence::Seen),
            effective_from: Some(body.effective_from),
            effective_to: body.effective_to,
        };
        Self { rule, source: body.source, replaces: body.replaces }
    }
}

impl From<RuleEndingBody> for Ending {
    fn from(body: RuleEndingBody) -> Self {
        Self { effective_to: body.effective_to, source: body.source }
    }
}

impl From<DeadlineRuleRow> for DeadlineRuleView {
    fn from(row: DeadlineRuleRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            stage: row.stage,
            kind: row.kind,
            instance: row.instance,
            channel: row.channel,
            submitter_type: row.submitter_type,
            field_code: row.field_code,
            urgency: row.urgency,
            complexity: row.complexity,
            remote_area: row.remote_area,
            start_event: row.start_event,
            amount: row.amount,
            unit: row.unit,
            ceiling: row.ceiling,
            on_supplement: row.on_supplement,
            due_soon_percent: row.due_soon_percent,
            legal_basis: row.legal_basis,
            confidence: row.confidence,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            source: row.source,
            recorded_at: row.recorded_at,
            ending_recorded_at: row.ending_recorded_at,
        }
    }
}
