//! Deadline rules: versions are added and ended; none is ever edited, and a petition keeps the one it counts by.

use serde_json::json;

use super::{Admin, Done, Order, create, taken};
use crate::{
    app::{
        Error,
        history::{self, Subject, hex},
        secrets::sha256,
        world::{self, World},
    },
    domain::{
        decide::checks::Checks,
        event::canonical_json,
        refusal::Refusal,
        rule::{Rule, RuleBook},
        time::Day,
    },
    store::{
        AnyConnection, StoreError,
        reference::{self, DeadlineRuleRow},
    },
};

/// A version of a rule to be added.
#[derive(Debug, Clone)]
pub struct NewRule {
    pub rule: Rule,
    /// The decision that says so, or the reason.
    pub source: String,
    /// The version that ends where this one begins.
    pub replaces: Option<String>,
}

/// The end of a version.
#[derive(Debug, Clone)]
pub struct Ending {
    /// The first day on which it is no longer in force.
    pub effective_to: Day,
    pub source: String,
}

/// Adds a version of a rule, and ends the one it replaces; rules are the same everywhere, so only for administrators of
/// the whole installation.
pub fn add(tx: &mut AnyConnection, world: &World, order: &Order<NewRule>) -> Result<Done, Error> {
    Admin::of(tx, world, &order.caller)?.reach.require(None)?;
    create(tx, world, order, |tx, admin, new| {
        let rule = &new.rule;
        let mut checks = Checks::default();
        let from = rule.check(&mut checks);
        checks.source("/source", &new.source);
        checks.finish()?;
        if reference::deadline_rule(tx, &rule.id)?.is_some() {
            return Err(taken("/id").into());
        }
        if let Some(field) = &rule.field_code
            && reference::field(tx, field)?.is_none()
        {
            return Err(super::unknown("/field_code").into());
        }
        let mut book = world.rules().clone();
        let replaced = new.replaces.as_deref().zip(from);
        if let Some((id, from)) = replaced {
            let former = book.get(id).ok_or_else(|| super::unknown("/replaces"))?;
            check_end(former, from, "/replaces")?;
            book = book.ended(id, from);
        }
        check_ties(&book.with(rule.clone()), world.rules(), "/effective_from")?;
        if let Some((id, from)) = replaced {
            end_row(tx, world, admin, id, from, &new.source)?;
        }
        let row = row(world, rule, &new.source)?;
        match reference::insert_rule(tx, &row) {
            Err(StoreError::Unique) => return Err(Error::Stale),
            inserted => inserted?,
        }
        record(tx, world, admin, &row, "creation", &new.source)
    })
}

/// Says from which day on a version is no longer in force.
pub fn end(tx: &mut AnyConnection, world: &World, id: &str, order: &Order<Ending>) -> Result<Done, Error> {
    let admin = Admin::of(tx, world, &order.caller)?;
    reference::deadline_rule(tx, id)?.ok_or(Error::NotFound)?;
    admin.reach.require(None)?;
    create(tx, world, order, |tx, admin, ending| {
        let mut checks = Checks::default();
        checks.source("/source", &ending.source);
        checks.finish()?;
        check_end(world.rules().get(id).ok_or(Error::NotFound)?, ending.effective_to, "/effective_to")?;
        check_ties(&world.rules().ended(id, ending.effective_to), world.rules(), "/effective_to")?;
        end_row(tx, world, admin, id, ending.effective_to, &ending.source)
    })
}

/// Refuses to end what ends already, or before it began.
fn check_end(rule: &Rule, to: Day, pointer: &str) -> Result<(), Refusal> {
    if let Some(end) = rule.effective_to {
        return Err(Refusal::guard(
            "ended_already",
            format!(
                "Quy tắc «{}» đã hết hiệu lực từ {end}; không sửa được, hãy thêm phiên bản mới.",
                rule.id
            ),
            format!("Rule “{}” already ends on {end}; it cannot be edited, add a new version.", rule.id),
        ));
    }
    if rule.effective_from.is_some_and(|from| to <= from) {
        return Err(Refusal::field(
            pointer,
            "backwards",
            "Ngày hết hiệu lực phải sau ngày bắt đầu có hiệu lực của quy tắc.",
            "The end must come after the day from which the rule is in force.",
        ));
    }
    Ok(())
}

/// Refuses what would leave two rules of which neither fits better, naming both; what was undecided before is no fault
/// of this order.
fn check_ties(after: &RuleBook, before: &RuleBook, pointer: &str) -> Result<(), Refusal> {
    let known = before.check();
    let Some(tie) = after.check().into_iter().find(|tie| !known.contains(tie)) else { return Ok(()) };
    let (one, other) = &tie.rules;
    let (on_vi, on_en) = tie.on.map_or_else(
        || ("mọi ngày".to_owned(), "any day".to_owned()),
        |on| (format!("ngày {on}"), format!("{on}")),
    );
    Err(Refusal::field(
        pointer,
        "overlaps",
        format!(
            "Vào {on_vi}, quy tắc «{one}» và «{other}» cùng áp dụng mà không cái nào cụ thể hơn: kết thúc một quy tắc trước (…/ending hoặc replaces), đổi ngày hiệu lực, hoặc thêm điều kiện chọn."
        ),
        format!(
            "On {on_en} the rules “{one}” and “{other}” both apply and neither is closer: end one first (…/ending, or replaces), choose other dates, or add a selector."
        ),
    ))
}

fn end_row(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    id: &str,
    to: Day,
    source: &str,
) -> Result<Subject, Error> {
    reference::end_rule(tx, id, to, world.now)?;
    let row = reference::deadline_rule(tx, id)?.ok_or(Error::NotFound)?;
    record(tx, world, admin, &row, "ending", source)
}

fn record(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    row: &DeadlineRuleRow,
    name: &str,
    source: &str,
) -> Result<Subject, Error> {
    let subject = Subject::Rule(row.id.clone());
    let facts = json!({
        "id": row.id, "code": row.code, "stage": row.stage, "amount": row.amount, "unit": row.unit,
        "ceiling": row.ceiling, "effective_from": row.effective_from, "effective_to": row.effective_to,
        "source": { "given": source.trim() }, "digest": digest(row)?,
    });
    history::record(tx, world, &subject, &admin.actor(), name, facts)?;
    world::renew(tx)?;
    Ok(subject)
}

/// The digest of a version as it stands, in hexadecimal.
pub(in crate::app) fn digest(row: &DeadlineRuleRow) -> Result<String, Error> {
    let all = json!([
        row.id,
        row.code,
        row.kind,
        row.instance,
        row.stage,
        row.channel,
        row.submitter_type,
        row.field_code,
        row.urgency,
        row.complexity,
        row.remote_area,
        row.start_event,
        row.amount,
        row.unit,
        row.ceiling,
        row.on_supplement,
        row.due_soon_percent,
        row.legal_basis,
        row.confidence,
        row.effective_from,
        row.effective_to,
        row.source,
    ]);
    Ok(hex(&sha256(&canonical_json(&all).map_err(Error::internal)?)))
}

fn row(world: &World, rule: &Rule, source: &str) -> Result<DeadlineRuleRow, Error> {
    let number = |number: u32| i32::try_from(number).map_err(Error::internal);
    Ok(DeadlineRuleRow {
        id: rule.id.clone(),
        code: rule.code.clone(),
        kind: rule.kind,
        instance: rule.instance.map(i32::from),
        stage: rule.stage,
        channel: rule.channel,
        submitter_type: rule.submitter_type,
        field_code: rule.field_code.clone(),
        urgency: rule.urgency,
        complexity: rule.complexity,
        remote_area: rule.remote_area,
        start_event: rule.start_event,
        amount: number(rule.amount)?,
        unit: rule.unit,
        ceiling: rule.ceiling.map(number).transpose()?,
        on_supplement: rule.on_supplement,
        due_soon_percent: i32::from(rule.due_soon_percent),
        legal_basis: rule.legal_basis.trim().to_owned(),
        confidence: rule.confidence,
        effective_from: rule.effective_from,
        effective_to: rule.effective_to,
        source: Some(source.trim().to_owned()),
        recorded_at: Some(world.now),
        ending_recorded_at: None,
    })
}
