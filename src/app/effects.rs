//! What some acts write beside the event: assignments, documents, replies, deliveries, ratings, links, public words.

use super::{Error, clock::new_id, fingerprints, history::FreshTexts};
use crate::{
    domain::{
        act::{Act, Commitment, SignedDocument, Succession, Support},
        event::Event,
        id::{AgencyId, DocumentId, OfficialId, RevisionId, TextId},
        identifiers::DocumentNumber,
        petition::Case,
        prose::Prose,
        refusal::Refusal,
        vocabulary::{LinkKind, Outcome, Role},
    },
    store::{
        AnyConnection,
        handling::{self, AssignmentRow, CommitmentRow, DeliveryRow, DocumentRow, RevisionRow},
        petitions,
    },
};

/// Writes what follows from an event outside the log.
pub(super) fn write(
    tx: &mut AnyConnection,
    before: &Case,
    after: &Case,
    event: &Event,
    fresh: &FreshTexts,
) -> Result<(), Error> {
    if before.public_title != after.public_title || before.public_summary != after.public_summary {
        let present = petitions::detail(tx, after.id)?;
        // A word that did not change now is the one that is there.
        let word = |prose: &Option<Prose>, present: Option<String>| {
            let kept = prose.as_ref().and_then(Prose::kept)?;
            fresh.get(&kept).cloned().or(present)
        };
        let title = word(&after.public_title, present.public_title);
        let summary = word(&after.public_summary, present.public_summary);
        petitions::set_public_words(tx, after.id, title.as_deref(), summary.as_deref())?;
    }
    match &event.record.act {
        Act::Assignment(facts) => give(tx, after, event, facts.agency_id, &facts.supporting),
        Act::Transfer(facts) => give(tx, after, event, facts.agency_id, &facts.supporting),
        Act::Succession(facts) => succeed(tx, after, event, facts),
        Act::Handover(_) => {
            handling::release(tx, after.id, Some(LEAD), event.occurred_at)?;
            Ok(handling::assign(
                tx,
                assignment(after, event, LEAD, after.lead_or_intake(), after.responsible),
            )?)
        }
        Act::Decline(_) => Ok(handling::release(tx, after.id, None, event.occurred_at)?),
        Act::Reopening(_) if after.lead.is_none() => {
            Ok(handling::release(tx, after.id, None, event.occurred_at)?)
        }
        Act::Merge(facts) => {
            Ok(petitions::link(tx, after.id, facts.survivor, LinkKind::Duplicate, event.recorded_at)?)
        }
        Act::MergeReversal(_) => match before.merged_into {
            Some(survivor) => Ok(petitions::unlink(tx, after.id, survivor, LinkKind::Duplicate)?),
            None => Ok(()),
        },
        _ => write_reply(tx, after, event, fresh),
    }
}

fn write_reply(tx: &mut AnyConnection, after: &Case, event: &Event, fresh: &FreshTexts) -> Result<(), Error> {
    match &event.record.act {
        Act::ReplyDraft(facts) => {
            let author = event.actor.official;
            let draft = revision(after, event, facts.revision, &facts.text, Some(facts.outcome), author)?;
            handling::insert_revision(tx, &draft, &commitments(facts.revision, &facts.commitments)?)?;
            fingerprints::keep(tx, after.id, facts.revision, &facts.text, fresh)
        }
        Act::ReplyApproval(facts) => {
            let document = register(tx, after, facts.document.as_ref())?;
            let Some(reply) = &after.reply else { return Ok(()) };
            let signer = event.actor.official;
            Ok(handling::approve_revision(tx, reply.revision, signer, event.recorded_at, document)?)
        }
        Act::ReplyRevision(facts) => {
            let document = register(tx, after, facts.document.as_ref())?;
            handling::take_down(tx, after.id, event.recorded_at)?;
            let author = Some(facts.author_id);
            let mut row = revision(after, event, facts.revision, &facts.text, Some(facts.outcome), author)?;
            row.approved_by = event.actor.official;
            row.approved_at = Some(event.recorded_at);
            row.document_id = document;
            row.notice = document.is_none();
            handling::insert_revision(tx, &row, &commitments(facts.revision, &facts.commitments)?)?;
            fingerprints::keep(tx, after.id, facts.revision, &facts.text, fresh)
        }
        Act::Publication(_) => match &after.reply {
            // Published on a forwarded petition: there may be a draft that nobody signed.
            Some(reply) if reply.approved.is_some() => {
                Ok(handling::publish_revision(tx, reply.revision, event.recorded_at)?)
            }
            _ => Ok(()),
        },
        Act::Takedown(_) => Ok(handling::take_down(tx, after.id, event.recorded_at)?),
        Act::Delivery(facts) => {
            let row = DeliveryRow {
                id: new_id(),
                petition_id: after.id,
                round: column(after.round)?,
                method: facts.method,
                delivered_at: event.occurred_at,
                recorded_at: event.recorded_at,
                by_system: event.actor.role == Role::System,
            };
            Ok(handling::insert_delivery(tx, &row)?)
        }
        Act::Rating(facts) => {
            let reasons = facts.reasons.as_ref().and_then(Prose::kept);
            let round = column(after.round)?;
            Ok(handling::insert_rating(tx, after.id, round, facts.satisfaction, reasons, event.recorded_at)?)
        }
        Act::ImportUpdate(facts) => {
            if facts.reopened {
                handling::release(tx, after.id, None, event.occurred_at)?;
            }
            Ok(handling::insert_revisions(tx, imported_reply(after, event)?.as_slice())?)
        }
        _ => Ok(()),
    }
}

/// The revision that holds the reply of an imported record; it has neither outcome nor author.
pub(super) fn imported_reply(after: &Case, event: &Event) -> Result<Option<RevisionRow>, Error> {
    let Act::ImportUpdate(facts) = &event.record.act else { return Ok(None) };
    let (Some(id), Some(text)) = (facts.revision, &facts.reply) else { return Ok(None) };
    let row = revision(after, event, id, text, None, None)?;
    Ok(Some(RevisionRow { approved_at: after.answered_at, ..row }))
}

pub(super) const LEAD: &str = "lead";
pub(super) const SUPPORTING: &str = "supporting";

fn give(
    tx: &mut AnyConnection,
    after: &Case,
    event: &Event,
    lead: AgencyId,
    supporting: &[Support],
) -> Result<(), Error> {
    handling::release(tx, after.id, None, event.occurred_at)?;
    handling::assign(tx, assignment(after, event, LEAD, lead, after.responsible))?;
    for support in supporting {
        handling::assign(tx, assignment(after, event, SUPPORTING, support.agency_id, support.person_id))?;
    }
    Ok(())
}

/// What a successor takes over stands in rows of its own from then on.
fn succeed(tx: &mut AnyConnection, after: &Case, event: &Event, facts: &Succession) -> Result<(), Error> {
    if facts.responsible_id.is_some() {
        handling::release(tx, after.id, Some(LEAD), event.occurred_at)?;
        handling::assign(tx, assignment(after, event, LEAD, facts.to, after.responsible))?;
    }
    let Some(supporting) = &facts.supporting else { return Ok(()) };
    handling::release(tx, after.id, Some(SUPPORTING), event.occurred_at)?;
    for support in supporting {
        handling::assign(tx, assignment(after, event, SUPPORTING, support.agency_id, support.person_id))?;
    }
    Ok(())
}

pub(super) fn assignment(
    after: &Case,
    event: &Event,
    part: &str,
    agency: AgencyId,
    official: Option<OfficialId>,
) -> AssignmentRow {
    AssignmentRow {
        id: new_id(),
        petition_id: after.id,
        round: i32::try_from(after.round).unwrap_or(i32::MAX),
        part: part.to_owned(),
        agency_id: agency,
        official_id: official,
        full_name: None,
        position: None,
        from_at: event.occurred_at,
        to_at: None,
    }
}

pub(super) fn revision(
    after: &Case,
    event: &Event,
    id: RevisionId,
    text: &Prose,
    outcome: Option<Outcome>,
    author: Option<OfficialId>,
) -> Result<RevisionRow, Error> {
    Ok(RevisionRow {
        id,
        petition_id: after.id,
        round: column(after.round)?,
        number: column(after.replies)?,
        outcome,
        text_id: kept(text)?,
        author_id: author,
        approved_by: None,
        approved_at: None,
        document_id: None,
        notice: false,
        created_at: event.recorded_at,
    })
}

pub(super) fn commitments(revision: RevisionId, given: &[Commitment]) -> Result<Vec<CommitmentRow>, Error> {
    given
        .iter()
        .map(|commitment| {
            Ok(CommitmentRow {
                id: new_id(),
                revision_id: revision,
                text_id: kept(&commitment.text)?,
                due_on: commitment.due_on,
                agency_id: commitment.agency_id,
                person_id: commitment.person_id,
            })
        })
        .collect()
}

fn kept(text: &Prose) -> Result<TextId, Error> {
    text.kept().ok_or_else(|| Error::internal("a text that no event keeps"))
}

pub(super) fn column(count: u32) -> Result<i32, Error> {
    i32::try_from(count).map_err(Error::internal)
}

/// A document as the register holds it.
pub(super) fn document_row(after: &Case, document: &SignedDocument) -> Result<DocumentRow, Error> {
    let number =
        DocumentNumber::parse(("/document/number", &document.number), ("/document/symbol", &document.symbol))
            .map_err(Refusal::Invalid)?;
    Ok(DocumentRow {
        id: new_id(),
        agency_id: after.lead_or_intake(),
        issue_year: i32::from(document.issued_on.date().year()),
        number: number.number().to_owned(),
        symbol: number.symbol().to_owned(),
        issued_on: document.issued_on,
        signer: document.signer.clone(),
    })
}

/// Enters a reply's document in the register of the agency that issues it, or finds it there: several replies may
/// cite one document, but a number and symbol stand for one document a year (NĐ 30/2020/NĐ-CP art. 15.1).
fn register(
    tx: &mut AnyConnection,
    after: &Case,
    document: Option<&SignedDocument>,
) -> Result<Option<DocumentId>, Error> {
    let Some(document) = document else { return Ok(None) };
    let row = document_row(after, document)?;
    match handling::find_document(tx, &row)? {
        Some((id, issued_on, signer)) if issued_on == row.issued_on && signer == row.signer => Ok(Some(id)),
        Some(_) => Err(Refusal::guard(
            "document_exists",
            "Số và ký hiệu này đã dùng cho văn bản khác của cơ quan trong năm (khác ngày hoặc người ký).",
            "This number and symbol already stand for another document of the agency this year (other date or signer).",
        )
        .into()),
        None => {
            handling::insert_document(tx, &row)?;
            Ok(Some(row.id))
        }
    }
}
