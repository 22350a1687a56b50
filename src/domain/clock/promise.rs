//! What a citizen is promised on the receipt.

use crate::domain::{
    calendar::{Calendar, Due},
    rule::{Rule, RuleBook, Traits},
    time::Instant,
    vocabulary::{Stage, StartEvent, Unit},
};

/// The end promised at receipt, from what is declared there, with every stage used in full.
///
/// Intake counts from receipt; resolution from receipt too where its rule says so, else from the last moment of intake
/// (acceptance and basis document are not known yet). Without a resolution rule the promise is the forwarding, else the
/// intake. Nothing without any rule. What happens later is no argument, so no history can move it.
pub fn promise(traits: &Traits, received_at: Instant, book: &RuleBook, calendar: &Calendar) -> Option<Due> {
    let in_force_on = received_at.day(calendar.zone());
    let rule = |stage| book.select(stage, traits, in_force_on);
    let from_receipt = |stage| rule(stage).map(|rule| calendar.due(received_at, rule.amount, rule.unit));
    let intake = from_receipt(Stage::Intake);
    let Some(resolution) = rule(Stage::Resolution) else {
        return from_receipt(Stage::Forwarding).or(intake);
    };
    Some(after_intake(intake, resolution, received_at, calendar))
}

/// Where a resolution ends that begins when it may: at the receipt where its rule says so, else when an intake that
/// takes all its time is over.
pub(super) fn after_intake(
    intake: Option<Due>,
    resolution: &Rule,
    received_at: Instant,
    calendar: &Calendar,
) -> Due {
    let intake = intake.filter(|_| resolution.start_event != StartEvent::Receipt);
    let start = match (intake, resolution.unit) {
        (None, _) => received_at,
        (Some(intake), Unit::WorkingHours) => intake.due_at,
        // A day-based count starts on the last day of intake, not on the midnight that ends it.
        (Some(intake), _) => intake.due_on.start(calendar.zone()),
    };
    let due = calendar.due(start, resolution.amount, resolution.unit);
    Due { provisional: due.provisional || intake.is_some_and(|intake| intake.provisional), ..due }
}
