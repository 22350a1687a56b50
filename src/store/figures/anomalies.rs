//! What may have been done to make figures look better, as conditions over petitions.
//!
//! Acts are found by an index of their time or type first, and petitions by the acts.

use super::columns::{ENDED_LATE, FIRST_ROUND, ISSUED_ON, event};
use crate::{domain::figures::Anomaly, store::DatabaseKind};

/// The acts that end a petition or make it rest: an index holds them, in these words.
const ACTS: &str =
    "e.type IN ('reply-approval', 'closing', 'rejection', 'filing', 'merge', 'termination', 'suspension')";
const RECORDED: &str = "e.recorded_at >= {from} AND e.recorded_at < {to} AND e.recorded_at <= {known}";
const DAY: u32 = 86_400;
const HOUR: u32 = 3_600;

/// An instant so many seconds after another. The databases count time in different units.
fn later(kind: DatabaseKind, instant: &str, seconds: u32) -> String {
    match kind {
        DatabaseKind::Postgres => format!("({instant} + interval '{seconds} seconds')"),
        DatabaseKind::Sqlite => format!("({instant} + {seconds}000000)"),
    }
}

/// A petition with such an act in the window.
fn acted(and: &str) -> String {
    format!(
        "petition.id IN (SELECT e.subject_id FROM event e WHERE e.subject_kind = 'petition' AND {RECORDED} AND {and})"
    )
}

/// The number of a document without the letters that may follow it.
fn number(document: &str) -> String {
    let text = format!("{document}.number");
    let letters = format!("length(ltrim({text}, '0123456789'))");
    format!("CAST(substr({text}, 1, length({text}) - {letters}) AS bigint)")
}

/// A reply of the petition, signed in the window, whose document has such a place in its register.
fn registered(and: &str) -> String {
    format!(
        "petition.id IN (SELECT r.petition_id FROM reply_revision r JOIN document d ON d.id = r.document_id \
         WHERE r.approved_at >= {{from}} AND r.approved_at < {{to}} AND r.approved_at <= {{known}} AND {and})"
    )
}

/// The answer of the first round is dated at least so many days before the day of its approval.
fn issued_before(kind: DatabaseKind, days: u32) -> String {
    // No day of a calendar lies beyond.
    let days = days.min(36_500);
    let later = match kind {
        DatabaseKind::Postgres => format!("to_char(CAST({ISSUED_ON} AS date) + {days}, 'YYYY-MM-DD')"),
        DatabaseKind::Sqlite => format!("date({ISSUED_ON}, '+{days} days')"),
    };
    format!("{FIRST_ROUND} AND {later} <= CAST(petition_span.round1_met_on AS text)")
}

/// The other documents of its register, as far as they were there by the end of the window and known.
const REGISTER: &str = "document o WHERE o.agency_id = d.agency_id AND o.issue_year = d.issue_year AND o.symbol = d.symbol \
     AND EXISTS (SELECT 1 FROM reply_revision q WHERE q.document_id = o.id AND q.approved_at < {to} \
     AND q.approved_at <= {known})";

/// The condition of an anomaly, with its threshold.
pub(super) fn of(anomaly: Anomaly, at_least: u32, kind: DatabaseKind) -> String {
    let later = |instant, seconds| later(kind, instant, seconds);
    match anomaly {
        Anomaly::Backdated => acted(&format!(
            "e.occurred_at < e.recorded_at AND e.type NOT IN ('registration', 'import', 'import-update') \
             AND e.recorded_at >= {}",
            later("e.occurred_at", at_least.saturating_mul(DAY))
        )),
        Anomaly::LateRegistration => acted(&format!(
            "e.occurred_at < e.recorded_at AND e.type = 'registration' AND e.recorded_at >= {}",
            later("e.occurred_at", at_least.saturating_mul(DAY))
        )),
        Anomaly::IssuedBeforeRecording => format!(
            "petition_span.round1_met_at >= {{from}} AND petition_span.round1_met_at < {{to}} AND {} AND {}",
            acted(&format!("{ACTS} AND e.type = 'reply-approval'")),
            event("reply-approval", &issued_before(kind, at_least))
        ),
        Anomaly::NumbersOutOfOrder => registered(&format!(
            "EXISTS (SELECT 1 FROM {REGISTER} AND o.issued_on < d.issued_on AND {} > {})",
            number("o"),
            number("d")
        )),
        Anomaly::RegisterGap => registered(&format!(
            "{own} - (SELECT max({other}) FROM {REGISTER} AND {other} < {own}) > {at_least}",
            own = number("d"),
            other = number("o")
        )),
        Anomaly::ReplyJustBeforeDue => format!(
            "petition_span.round1_outcome = 'answered' AND petition_span.round1_met_at >= {{from}} \
             AND petition_span.round1_met_at < {{to}} \
             AND petition_span.round1_met_at < petition_span.round1_due_at AND {} > petition_span.round1_due_at AND {}",
            later("petition_span.round1_met_at", at_least.saturating_mul(HOUR)),
            acted(&format!("{ACTS} AND e.type = 'reply-approval'"))
        ),
        Anomaly::BulkClosing => acted(&format!(
            "{ACTS} AND e.type <> 'suspension' AND e.actor_official_id IS NOT NULL AND (SELECT count(*) FROM event f \
             WHERE {} AND f.type = e.type AND f.actor_official_id = e.actor_official_id AND {} > e.recorded_at \
             AND f.recorded_at < {} AND f.recorded_at < {{to}} AND f.recorded_at <= {{known}}) >= {at_least}",
            ACTS.replace("e.type", "f.type"),
            later("f.recorded_at", HOUR),
            later("e.recorded_at", HOUR)
        )),
        Anomaly::SameText => format!(
            "petition.id IN (SELECT r.petition_id FROM reply_revision r JOIN reply_fingerprint f ON f.revision_id = r.id \
             WHERE r.approved_at >= {{from}} AND r.approved_at < {{to}} AND (SELECT count(DISTINCT g.petition_id) \
             FROM reply_fingerprint g JOIN reply_revision q ON q.id = g.revision_id AND q.approved_at < {{to}} \
             AND q.approved_at <= {{known}} WHERE g.fingerprint = f.fingerprint) >= {at_least})"
        ),
        Anomaly::EndedAfterDue => format!(
            "{ENDED_LATE} AND {}",
            acted(&format!("{ACTS} AND e.type IN ('merge', 'rejection', 'filing')"))
        ),
        Anomaly::RepeatedSuspensions => format!(
            "{} AND (SELECT count(*) FROM event f WHERE f.subject_kind = 'petition' AND f.subject_id = petition.id \
             AND f.type = 'suspension' AND f.recorded_at < {{to}} AND f.recorded_at <= {{known}}) >= {at_least}",
            acted(&format!("{ACTS} AND e.type = 'suspension'"))
        ),
    }
}
