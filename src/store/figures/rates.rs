//! What each column counts of what was done on the way.

use super::columns::{FIRST_ROUND, event};
use crate::domain::figures::{Amount, Column};

const ANSWERED: &str =
    "petition_span.round1_outcome = 'answered' AND petition_span.round1_met_at IS NOT NULL";
const DECISION: &str = "e.payload -> 'act' -> 'facts' -> 'decision'";

/// How many events of a type there were, and at least so many.
fn at_least(many: u8, of: &str) -> String {
    format!("{} >= {many}", how_many(of))
}

fn how_many(of: &str) -> String {
    format!(
        "(SELECT count(*) FROM event e WHERE e.subject_kind = 'petition' AND e.subject_id = petition.id \
         AND e.type = '{of}' AND e.occurred_at <= {{at}} AND e.recorded_at <= {{known}})"
    )
}

/// An extension after the end that it moved: that of the stretch of the clock which it ended.
fn extended_late() -> String {
    let after = format!(
        " AND EXISTS (SELECT 1 FROM clock_span c WHERE c.petition_id = petition.id AND c.stage = 'resolution' \
         AND c.to_at = e.occurred_at AND (c.due_at <= e.recorded_at \
         OR CAST(c.due_on AS text) < ({DECISION} ->> 'issued_on')))"
    );
    event("extension", &after)
}

fn rated(satisfaction: &str) -> String {
    format!(
        "{ANSWERED} AND EXISTS (SELECT 1 FROM rating r WHERE r.petition_id = petition.id AND r.round = 1 \
         AND r.created_at <= {{at}} AND r.created_at <= {{known}}{satisfaction})"
    )
}

/// A clock of a stage, as it stood.
fn clock(stage: &str, and: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM clock_span c WHERE c.petition_id = petition.id \
         AND c.stage = '{stage}' AND c.from_at <= {{at}} AND c.recorded_from <= {{known}} \
         AND (c.to_at IS NULL OR c.to_at > {{at}} OR c.recorded_to > {{known}}){and})"
    )
}

/// The clock of the delivery of the first round.
fn delivery(and: &str) -> String {
    clock("delivery", &format!(" AND c.round = 1{and}"))
}

/// The clock of the publication of the first round.
fn publication(and: &str) -> String {
    clock("publication", &format!(" AND c.round = 1{and}"))
}

fn second_instance() -> String {
    format!("{ANSWERED} AND petition_span.kind = 'complaint' AND petition.instance = 2")
}

/// The answer of the first round, as it was signed last, upholds the complaint.
fn overturned() -> String {
    let signed = "petition_id = petition.id AND {r}.round = 1 AND {r}.approved_at <= {at} AND {r}.approved_at <= {known}";
    let (one, last) = (signed.replace("{r}", "r"), signed.replace("{r}", "q"));
    format!(
        "{} AND EXISTS (SELECT 1 FROM reply_revision r WHERE r.{one} AND r.outcome IN ('upheld', 'partly_upheld') \
         AND r.number = (SELECT max(q.number) FROM reply_revision q WHERE q.{last}))",
        second_instance()
    )
}

/// The condition of a column; of one that is none of these, none holds.
pub(super) fn of(column: Column) -> String {
    match column {
        Column::TakenUp => event("acceptance", ""),
        Column::Extended => event("extension", ""),
        Column::ExtendedAgain => at_least(2, "extension"),
        Column::ExtendedLate => extended_late(),
        Column::ExtendedUnsupported => event(
            "extension",
            &format!(
                " AND (e.payload -> 'act' -> 'facts' -> 'criteria' = '[]' \
                 OR coalesce({DECISION} ->> 'number', '') = '')"
            ),
        ),
        Column::ExtendedUnannounced => event(
            "extension",
            &format!(
                " AND coalesce(e.payload -> 'act' -> 'facts' ->> 'notified_on', '9999-12-31') \
                 > ({DECISION} ->> 'issued_on')"
            ),
        ),
        Column::Suspended => event("suspension", ""),
        Column::SuspendedAgain => at_least(2, "suspension"),
        Column::Assigned => event("assignment", ""),
        Column::Transferred => event("transfer", ""),
        Column::TransferredAgain => at_least(2, "transfer"),
        Column::Submitted => event("reply-submission", ""),
        Column::Returned => event("reply-return", ""),
        Column::FirstRoundOver => "petition_span.round1_outcome <> 'open'".to_owned(),
        Column::Reopened => "petition_span.round > 1".to_owned(),
        Column::Answered => ANSWERED.to_owned(),
        Column::Rated => rated(""),
        Column::Satisfied => rated(" AND r.satisfaction = 'satisfied'"),
        Column::Acceptable => rated(" AND r.satisfaction = 'acceptable'"),
        Column::Dissatisfied => rated(" AND r.satisfaction = 'dissatisfied'"),
        Column::Published => format!("{ANSWERED} AND {}", event("publication", FIRST_ROUND)),
        Column::PublicationPromised => publication(""),
        Column::PublishedInTime => publication(" AND c.ended_at < c.due_at"),
        Column::Withheld => format!("{ANSWERED} AND NOT {}", event("publication", FIRST_ROUND)),
        Column::TakenDown => event("takedown", ""),
        Column::DeliveryPromised => delivery(""),
        Column::Delivered => delivery(" AND c.ended_at IS NOT NULL"),
        Column::DeliveredInTime => delivery(" AND c.ended_at < c.due_at"),
        Column::ReconsiderationAsked => event("reconsideration-request", ""),
        Column::ReconsiderationRefused => event("reconsideration-decision", ""),
        Column::ReconsiderationIgnored => {
            clock("reconsideration", " AND c.ended_at IS NULL AND c.due_at <= {at}")
        }
        Column::SecondInstance => second_instance(),
        Column::Overturned => overturned(),
        _ => "FALSE".to_owned(),
    }
}

/// From when to when an amount is measured; one that is a number itself has neither.
pub(super) fn measured(amount: Amount) -> Option<(&'static str, String)> {
    match amount {
        Amount::HandlingDays => Some(("petition_span.received_at", "petition_span.round1_met_at".to_owned())),
        Amount::PublicationDays => {
            let first = event("publication", FIRST_ROUND);
            let first = first.strip_prefix("EXISTS (SELECT 1").unwrap_or_default();
            Some(("petition_span.round1_met_at", format!("(SELECT min(e.occurred_at){first}")))
        }
        Amount::Hops => None,
    }
}

/// How often it was transferred.
pub(super) fn hops() -> String {
    how_many("transfer")
}
