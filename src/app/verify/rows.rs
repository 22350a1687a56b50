//! Rows against rows: what stands beside the log is what the history makes, column by column.

use super::{
    finding::{Difference, not_as_expected},
    replay::{Expected, nameless},
    succession,
};
use crate::{
    app::{
        Error, fingerprints,
        history::{FreshTexts, hex},
        seals,
    },
    domain::prose::Prose,
    store::{
        calendar::MoveRow,
        handling::{AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow},
        notifications::NotificationRow,
        petitions::{DetailRow, PetitionRow, SubmitterRow},
        reminders::EscalationRow,
        spans::{ClockRow, SpanRow},
        urgings::UrgingRow,
        verify::{Held, LinkCells, RatingCells, RevisionCells},
    },
};

/// Columns that may hold something about a person: their values are never told.
const SECRET: [&str; 4] = ["title", "full_name", "position", "signer"];

/// A row as its columns.
trait Cells: PartialEq {
    const TABLE: &'static str;
    /// Each column with its value in words.
    fn cells(&self) -> Vec<(&'static str, String)>;
}

macro_rules! cells {
    ($($row:ty as $table:ident { $($column:ident),+ })+) => {
        $(impl Cells for $row {
            const TABLE: &'static str = stringify!($table);
            fn cells(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($column), format!("{:?}", self.$column))),+]
            }
        })+
    };
}

cells! {
    PetitionRow as petition {
        id, code, kind, instance, channel, submitter_type, field_code, urgency, complexity, remote_area, visibility,
        provenance, state, title, intake_agency_id, lead_agency_id, responsible_id, respondent_official_id,
        classified, round, version, sequence, received_at, received_month, promised_due_at, promised_due_on,
        public_from, merged_into, last_hash, closes_at, created_at
    }
    SpanRow as petition_span {
        sequence, state, agency_id, intake_agency_id, responsible_id, kind, channel, field_code, visibility, round,
        received_at, received_month, clock_stage, open_due_at, due_soon_at, due_at, due_on, paused_until, met_at,
        round1_outcome, round1_met_on, round1_met_at, round1_due_at, round1_due_on, round1_paused_until, from_at,
        to_at, recorded_from, recorded_to
    }
    ClockRow as clock_span {
        round, stage, rule_id, basis, started_at, open_due_at, due_at, due_on, first_due_at, provisional,
        paused_until, ended_at, from_at, to_at, recorded_from, recorded_to
    }
    AssignmentRow as assignment {
        round, part, agency_id, official_id, full_name, position, from_at, to_at
    }
    RevisionCells as reply_revision {
        id, round, number, outcome, text_id, author_id, approved_by, approved_at, document_id, notice, published_at,
        taken_down_at, created_at
    }
    CommitmentRow as commitment { revision_id, text_id, due_on, agency_id, person_id }
    DocumentRow as document { agency_id, issue_year, number, symbol, issued_on, signer }
    DeliveryRow as delivery { round, method, delivered_at, recorded_at, by_system }
    RatingCells as rating { round, satisfaction, reasons_id, created_at }
    LinkCells as petition_link { to_id, kind, created_at }
    MoveRow as calendar_move {
        version, round, stage, from_due_at, from_due_on, from_provisional, to_due_at, to_due_on, to_provisional,
        event_id
    }
    EscalationRow as escalation { round, stage, level, threshold, event_id }
    UrgingRow as urging { event_id, agency_id, official_id, urged_at, answer_id, answered_at }
    NotificationRow as notification {
        official_id, kind, event_id, level, stage, due_at, due_on, shown, created_at
    }
}

/// Compares everything that stands beside the log of one petition.
pub(super) fn check(
    expected: &Expected,
    held: &Held,
    schema: u32,
    texts: &FreshTexts,
) -> Result<Result<(), Difference>, Error> {
    let checks = || {
        petition(expected, held, texts)?;
        same(expected.spans.clone(), held.spans.iter().map(|row| SpanRow { id: nameless(), ..row.clone() }))?;
        same(
            expected.clocks.clone(),
            held.clocks.iter().map(|row| ClockRow { id: nameless(), ..row.clone() }),
        )?;
        same(expected.assignments.clone(), held.assignments.iter().map(unnamed))?;
        replies(expected, held)?;
        digests(held, texts)?;
        same(
            expected.commitments.clone(),
            held.commitments.iter().map(|row| CommitmentRow { id: nameless(), ..row.clone() }),
        )?;
        same(
            expected.deliveries.clone(),
            held.deliveries.iter().map(|row| DeliveryRow { id: nameless(), ..row.clone() }),
        )?;
        same(expected.ratings.clone(), held.ratings.iter().cloned())?;
        same(expected.links.clone(), held.links.iter().cloned())?;
        same(expected.recalculated.clone(), held.recalculated.iter().cloned())?;
        notices(expected, held)?;
        succession::moves(expected, held)?;
        match &expected.external {
            Some(name) if !held.externals.contains(name) => {
                Err(Difference::row("external_ref", "the name under which it was imported is missing"))
            }
            _ => Ok(()),
        }
    };
    if let Err(difference) = checks() {
        return Ok(Err(difference));
    }
    if let Err(difference) = detail(expected, held.detail.as_ref(), schema, texts)? {
        return Ok(Err(difference));
    }
    submitter(expected, held.submitter.as_ref(), schema)
}

/// The first column in which two rows differ, or the first row that only one side has.
fn same<R: Cells>(mut expected: Vec<R>, held: impl Iterator<Item = R>) -> Result<(), Difference> {
    let mut strange = Vec::new();
    for row in held {
        match expected.iter().position(|one| *one == row) {
            Some(index) => drop(expected.swap_remove(index)),
            None => strange.push(row),
        }
    }
    match (expected.first(), strange.first()) {
        (None, None) => Ok(()),
        (Some(expected), Some(found)) => differ(expected, found),
        (Some(_), None) => Err(Difference::row(R::TABLE, "a row that the history makes is missing")),
        (None, Some(_)) => Err(Difference::row(R::TABLE, "a row that the history does not make")),
    }
}

fn differ<R: Cells>(expected: &R, found: &R) -> Result<(), Difference> {
    if expected == found {
        return Ok(());
    }
    for ((column, expected), (_, found)) in expected.cells().into_iter().zip(found.cells()) {
        if expected != found && SECRET.contains(&column) {
            return Err(Difference::column(R::TABLE, column, "is not what the history says"));
        }
        if expected != found {
            let detail = format!("expected {expected}, found {found}");
            return Err(Difference::column(R::TABLE, column, detail));
        }
    }
    Err(Difference::row(R::TABLE, "differs from what the history says"))
}

/// A digest stands beside the text it is of, and goes with it; replies from before there were digests have none.
fn digests(held: &Held, texts: &FreshTexts) -> Result<(), Difference> {
    for row in &held.fingerprints {
        let revision = held.revisions.iter().find(|revision| revision.id == row.revision_id);
        let text = revision.and_then(|revision| texts.get(&revision.text_id));
        if text.is_none_or(|text| fingerprints::of(text) != row.fingerprint) {
            return Err(Difference::row("reply_fingerprint", "is not the digest of the reply's text"));
        }
    }
    Ok(())
}

/// An assignment without what no event says: its key, and what the person was called then.
fn unnamed(row: &AssignmentRow) -> AssignmentRow {
    AssignmentRow { id: nameless(), full_name: None, position: None, ..row.clone() }
}

fn petition(expected: &Expected, held: &Held, texts: &FreshTexts) -> Result<(), Difference> {
    let mut row = expected.row.clone();
    if known(&expected.case.title, texts).is_none() {
        // The text was erased; what the row shows instead is not derived from it.
        row.title.clone_from(&held.row.title);
    }
    differ(&row, &held.row)
}

fn known<'a>(prose: &Prose, texts: &'a FreshTexts) -> Option<&'a String> {
    prose.kept().and_then(|id| texts.get(&id))
}

/// Who was reminded, urged and told, and whether the petition is looked at again. When a notification was read is its
/// reader's affair, and so is whom an urging reached.
fn notices(expected: &Expected, held: &Held) -> Result<(), Difference> {
    same(expected.escalations.clone(), held.escalations.iter().cloned())?;
    same(expected.urgings.clone(), held.urgings.iter().cloned())?;
    let urged =
        |row: &&NotificationRow| expected.urgings.iter().any(|urging| urging.event_id == row.event_id);
    let told = held.notifications.iter().filter(|row| !urged(row));
    let told = told.map(|row| NotificationRow { id: nameless(), read_at: None, ..row.clone() });
    same(expected.notifications.clone(), told)?;
    match (&expected.look, &held.look) {
        (None, None) => Ok(()),
        // Reckoned by other thresholds, or told to rest: the job sees to it.
        (Some(expected), Some(found)) if found.revision != expected.revision => Ok(()),
        (Some(expected), Some(found)) if found.look_at.is_some() == expected.look_at.is_some() => Ok(()),
        (Some(_), Some(_)) => {
            let detail = "a reminder is to come and nobody will look, or the other way round";
            Err(Difference::column("petition_reminder", "look_at", detail))
        }
        (Some(_), None) => Err(Difference::row("petition_reminder", "the row is missing")),
        (None, Some(_)) => Err(Difference::row("petition_reminder", "backfill reminds nobody")),
    }
}

fn replies(expected: &Expected, held: &Held) -> Result<(), Difference> {
    let cited = expected.cited();
    for row in &held.revisions {
        let found = row.document_id.map(|id| held.documents.get(&id));
        match (cited.get(&row.id), found) {
            (None, None) => {}
            (Some(document), Some(Some(found))) => {
                differ(*document, &DocumentRow { id: nameless(), ..found.clone() })?;
            }
            (Some(_), Some(None)) => {
                return Err(Difference::row("document", "the document of a reply is missing"));
            }
            (Some(_), None) | (None, Some(_)) => {
                let detail = "a document where the history has none, or none where it has one";
                return Err(Difference::column("reply_revision", "document_id", detail));
            }
        }
    }
    // Which key a document got is its own affair.
    let bare = |row: &RevisionCells| RevisionCells { document_id: None, ..row.clone() };
    same(expected.revisions.iter().map(bare).collect(), held.revisions.iter().map(bare))
}

/// The place as history keeps it; the order of the members is that of the text.
#[derive(serde::Serialize)]
struct Place<'a> {
    text: &'a Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    area_code: &'a Option<String>,
}

fn detail(
    expected: &Expected,
    row: Option<&DetailRow>,
    schema: u32,
    texts: &FreshTexts,
) -> Result<Result<(), Difference>, Error> {
    const TABLE: &str = "petition_detail";
    let Some(row) = row else { return Ok(Err(Difference::row(TABLE, "the row is missing"))) };
    let words = [
        ("public_title", &expected.case.public_title, &row.public_title),
        ("public_summary", &expected.case.public_summary, &row.public_summary),
    ];
    for (column, prose, found) in words {
        let erased = prose.as_ref().is_some_and(|prose| known(prose, texts).is_none());
        if !erased && prose.as_ref().and_then(|prose| known(prose, texts)) != found.as_ref() {
            return Ok(Err(Difference::column(TABLE, column, "is not what the history says")));
        }
    }
    let place = Place {
        text: &row.location_text,
        latitude: row.latitude,
        longitude: row.longitude,
        area_code: &row.area_code,
    };
    let spelled = serde_json::to_string(&place).map_err(Error::internal)?;
    const NOWHERE: &str = r#"{"text":null,"latitude":null,"longitude":null,"area_code":null}"#;
    let wanted = match expected.place {
        Some(id) => texts.get(&id).map(String::as_str),
        None => Some(NOWHERE),
    };
    if let Some(column) = wanted.filter(|wanted| *wanted != spelled).map(|wanted| moved(wanted, &spelled)) {
        return Ok(Err(Difference::column(TABLE, column, "is not what the history says")));
    }
    // The first form of events did not commit to keys.
    if schema > 1 && seals::keys(row)? != expected.case.registration.keys_digest {
        let detail = "reference, fingerprint and key do not have the digest that the first event commits to";
        return Ok(Err(Difference::column(TABLE, "client_reference", detail)));
    }
    Ok(Ok(()))
}

/// The column in which two places differ.
fn moved(wanted: &str, found: &str) -> &'static str {
    let parse = |text| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let (wanted, found) = (parse(wanted), parse(found));
    let members = [("text", "location_text"), ("latitude", "latitude"), ("longitude", "longitude")];
    let other = members.into_iter().find(|(member, _)| wanted.get(member) != found.get(member));
    other.map_or("area_code", |(_, column)| column)
}

fn submitter(
    expected: &Expected,
    row: Option<&SubmitterRow>,
    schema: u32,
) -> Result<Result<(), Difference>, Error> {
    const TABLE: &str = "submitter";
    let wanted = expected.case.registration.submitter_digest.as_deref();
    let (wanted, row) = match (wanted, row) {
        (None, None) => return Ok(Ok(())),
        (Some(wanted), Some(row)) => (wanted, row),
        (Some(_), None) => return Ok(Err(Difference::row(TABLE, "the row is missing"))),
        (None, Some(_)) => return Ok(Err(Difference::row(TABLE, "a row that no event commits to"))),
    };
    let found = hex(&row.digest);
    if found != wanted {
        return Ok(Err(Difference::column(TABLE, "digest", not_as_expected(&wanted, &found))));
    }
    if seals::submitter(row, schema)? != row.digest {
        let detail = "its columns and salt do not have the digest that the first event commits to";
        return Ok(Err(Difference::row(TABLE, detail)));
    }
    Ok(Ok(()))
}
