//! What each column counts of petitions as they stood at a moment.

use super::rates;
use crate::domain::figures::Column;

const ANSWERED: &str = "petition_span.round1_outcome = 'answered'";
/// Answered, with a deadline to measure by.
const RESOLVED: &str = "petition_span.round1_outcome = 'answered' AND petition_span.round1_met_at IS NOT NULL \
    AND petition_span.round1_due_at IS NOT NULL";
const IN_TIME: &str = "petition_span.round1_met_at < petition_span.round1_due_at";
/// A round that is open is the first: a second begins only after the first has ended.
const RUNNING: &str = "petition_span.round1_outcome = 'open' AND petition_span.clock_stage IS NOT NULL";
const AWAKE: &str = "(petition_span.paused_until IS NULL OR petition_span.paused_until <= {at})";
/// It was still open in its first round when the due instant had come.
pub(super) const ENDED_LATE: &str = "petition_span.round1_outcome = 'ended' AND EXISTS (SELECT 1 FROM petition_span b \
    WHERE b.petition_id = petition_span.petition_id AND b.sequence < petition_span.sequence \
    AND b.round1_outcome = 'open' AND b.to_at >= petition_span.round1_due_at)";

/// An event of the petition that was known at the moment.
pub(super) fn event(of: &str, and: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM event e WHERE e.subject_kind = 'petition' AND e.subject_id = petition.id \
         AND e.type = '{of}' AND e.occurred_at <= {{at}} AND e.recorded_at <= {{known}}{and})"
    )
}

/// The condition of a column.
pub(super) fn of(column: Column) -> String {
    match column {
        Column::Received => "TRUE".to_owned(),
        Column::ResolvedEarly => {
            format!("{RESOLVED} AND {IN_TIME} AND petition_span.round1_met_on < petition_span.round1_due_on")
        }
        Column::ResolvedOnTime => {
            format!("{RESOLVED} AND {IN_TIME} AND petition_span.round1_met_on >= petition_span.round1_due_on")
        }
        Column::ResolvedLate => format!("{RESOLVED} AND NOT {IN_TIME}"),
        // Also a clock that was met while its round goes on: nothing is late.
        Column::OpenInTime => format!(
            "{RUNNING} AND {AWAKE} AND (petition_span.open_due_at IS NULL OR petition_span.open_due_at > {{at}})"
        ),
        Column::OpenOverdue => format!("{RUNNING} AND {AWAKE} AND petition_span.open_due_at <= {{at}}"),
        Column::OpenPaused => format!("{RUNNING} AND NOT {AWAKE}"),
        Column::EndedOtherwise => "petition_span.round1_outcome = 'ended'".to_owned(),
        Column::NoDeadline => format!(
            "(({ANSWERED} AND (petition_span.round1_met_at IS NULL OR petition_span.round1_due_at IS NULL)) \
             OR (petition_span.round1_outcome = 'open' AND petition_span.clock_stage IS NULL))"
        ),
        Column::Resolved => RESOLVED.to_owned(),
        Column::ResolvedInTime => format!("{RESOLVED} AND {IN_TIME}"),
        Column::EndedLate => ENDED_LATE.to_owned(),
        Column::JudgedStrictly => format!("(({RESOLVED}) OR ({ENDED_LATE}))"),
        Column::InTimeByIssueDate => in_time_by_issue_date(),
        Column::InTimeByFirstDeadline => in_time_by_first_deadline(),
        other => rates::of(other),
    }
}

/// The date of the document or notice that an approval names.
pub(super) const ISSUED_ON: &str = "coalesce(e.payload -> 'act' -> 'facts' -> 'document' ->> 'issued_on', \
    e.payload -> 'act' -> 'facts' -> 'notice' ->> 'signed_on')";
pub(super) const FIRST_ROUND: &str = " AND CAST(e.payload ->> 'round' AS integer) = 1";

/// By the date of the reply's document or notice; a reply without one, such as an imported one, by its instant.
fn in_time_by_issue_date() -> String {
    let dated = format!("{FIRST_ROUND} AND {ISSUED_ON} <= CAST(petition_span.round1_due_on AS text)");
    let in_time = event("reply-approval", &dated);
    let any = event("reply-approval", FIRST_ROUND);
    format!("{RESOLVED} AND ({in_time} OR (NOT {any} AND {IN_TIME}))")
}

/// By the end that the clock of the first round had when it first stood: of the resolution, else of the intake.
fn in_time_by_first_deadline() -> String {
    let first = |stage: &str| {
        format!(
            "(SELECT min(c.first_due_at) FROM clock_span c WHERE c.petition_id = petition_span.petition_id \
             AND c.round = 1 AND c.stage = '{stage}' AND c.from_at <= {{at}} AND c.recorded_from <= {{known}})"
        )
    };
    let (resolution, intake) = (first("resolution"), first("intake"));
    format!("{RESOLVED} AND petition_span.round1_met_at < coalesce({resolution}, {intake})")
}
