//! When something would be due: the calculator for everybody, with the same rules and calendar as the real clocks.

use super::{Error, world::World};
use crate::{
    domain::{
        calendar::{Due, Step},
        clock::{ClockOp, Ledger, brought_up},
        refusal::FieldError,
        rule::{Rule, Traits},
        time::Instant,
        vocabulary::{Kind, Stage, Unit},
    },
    store::{AnyConnection, reference},
};

/// The most that can be counted, of any unit.
pub const MOST: u32 = 10_000;

/// What is to be counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// So much of a unit.
    Amount { amount: u32, unit: Unit },
    /// As long as the rule in force at the start gives this stage.
    Rule { stage: Stage, traits: Traits },
}

/// What came out, and how.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Nothing where no rule limits the stage.
    pub due: Option<Due>,
    pub rule: Option<Rule>,
    pub explanation: Vec<Step>,
}

/// Counts from a start, with calendar and rules as they were known at an instant, or as they are known now.
pub fn preview(
    tx: &mut AnyConnection,
    world: &World,
    start: Instant,
    question: &Question,
    known: Option<Instant>,
) -> Result<Answer, Error> {
    let calendar = known.map_or(world.calendar(), |known| world.calendar().known_by(known));
    let earlier = known.map(|known| world.reference.rules_known_by(known));
    let rules = earlier.as_ref().unwrap_or(world.rules());
    match question {
        Question::Amount { amount, unit } => {
            if *amount > MOST {
                let (vi, en) = ("Tối đa 10.000.", "At most 10,000.");
                return Err(Error::BadParameter(FieldError::new("amount", "out_of_range", vi, en)));
            }
            let (due, explanation) = calendar.explain(start, *amount, *unit);
            Ok(Answer { due: Some(due), rule: None, explanation })
        }
        Question::Rule { stage, traits } => {
            check(tx, traits)?;
            let selected = rules.select(*stage, traits, start.day(world.zone()));
            let Some(rule) = selected else {
                return Ok(Answer { due: None, rule: None, explanation: Vec::new() });
            };
            let begin = vec![ClockOp::start(1, *stage, start, rule, calendar)];
            let ops = brought_up(&[], begin, calendar.version(), start);
            let explanation = Ledger::explain(&ops, rules, calendar, 1, *stage);
            let due = calendar.due(start, rule.amount, rule.unit);
            Ok(Answer { due: Some(due), rule: Some(rule.clone()), explanation })
        }
    }
}

fn check(tx: &mut AnyConnection, traits: &Traits) -> Result<(), Error> {
    let fits = match traits.kind {
        Kind::Complaint => matches!(traits.instance, Some(1 | 2)),
        _ => traits.instance.is_none(),
    };
    if !fits {
        return Err(Error::BadParameter(FieldError::new(
            "instance",
            "does_not_fit",
            "Chỉ khiếu nại có lần giải quyết: 1 hoặc 2.",
            "Only a complaint has an instance: 1 or 2.",
        )));
    }
    if reference::field(tx, &traits.field_code)?.is_none() {
        return Err(Error::BadParameter(FieldError::new(
            "field_code",
            "unknown_code",
            "Không có lĩnh vực này; xem /v1/reference.",
            "There is no such field; see /v1/reference.",
        )));
    }
    Ok(())
}
