//! The parts of a letter that is split.

use super::{detail_row, new_code, opening, sealed};
use crate::{
    app::{
        Error,
        history::{self, Entry, Loaded, hex},
        known,
        world::World,
    },
    domain::{
        act::Registration,
        decide::{
            check_instance,
            checks::{CONTENT, Checks},
            default_visibility,
        },
        event::Actor,
        id::{EventId, PetitionId},
        petition::Case,
        prose::normalised,
        vocabulary::{Kind, LinkKind, Provenance, Urgency, Visibility},
    },
    store::{
        AnyConnection, events,
        petitions::{self, SubmitterRow},
        reference,
    },
};

/// One part of a letter that is split: its own kind, title and text.
#[derive(Debug, Clone)]
pub struct Part {
    pub kind: Kind,
    pub instance: Option<u8>,
    pub title: String,
    pub content: String,
    pub field_code: String,
}

impl Part {
    /// Who may see the part until it is classified: as its kind asks for, and never more than saw the letter.
    pub fn visibility(&self, letter: Visibility) -> Visibility {
        default_visibility(self.kind).max(Visibility::PartiesOnly).max(letter)
    }
}

/// Registers the parts of a split petition: received when the letter was, linked to it, as secret as it was.
pub(crate) fn begin_parts(
    tx: &mut AnyConnection,
    world: &World,
    letter: &Loaded,
    split: EventId,
    ids: &[PetitionId],
    parts: &[Part],
) -> Result<(), Error> {
    let case = &letter.case;
    let submitter = if parts.is_empty() { None } else { petitions::find_submitter(tx, case.id)? };
    for (id, part) in ids.iter().zip(parts) {
        let submitter = submitter.clone().map(|row| sealed(SubmitterRow { petition_id: *id, ..row }));
        let submitter = submitter.transpose()?;
        let registration = Registration {
            code: new_code(tx)?,
            kind: part.kind,
            instance: part.instance,
            channel: case.channel,
            submitter_type: case.submitter_type,
            field_code: part.field_code.clone(),
            urgency: Urgency::Normal,
            remote_area: case.remote_area,
            visibility: part.visibility(case.visibility),
            provenance: Provenance::Native,
            intake_agency: case.intake_agency,
            received_at: case.received_at,
            title: part.title.clone().into(),
            content: part.content.clone().into(),
            location: None,
            incident_at: case.registration.incident_at,
            incoming_number: case.incoming_number.clone(),
            letter_date: case.letter_date,
            group_size: case.group_size,
            keep_secret: case.registration.keep_secret,
            respondent: None,
            submitter_digest: submitter.as_ref().map(|row| hex(&row.digest)),
            keys_digest: None,
            previous: None,
            part_of: Some(case.id),
            promised_due_at: None,
            promised_due_on: None,
        };
        known::check_watch(tx, world, registration.visibility, registration.intake_agency)?;
        let entry = Entry::new(Actor::system(), opening(tx, world, registration)?).caused_by(split);
        let opening = history::Opening { detail: detail_row(*id, None), submitter, remembered: None };
        history::begin(tx, world, *id, entry, &opening)?;
        petitions::link(tx, *id, case.id, LinkKind::Part, world.now)?;
    }
    Ok(())
}

/// What is wrong with the parts of a split; none may carry the letter's whole text into a wider circle.
pub(crate) fn check_parts(tx: &mut AnyConnection, letter: &Case, parts: &[Part]) -> Result<(), Error> {
    let texts = events::texts(tx, letter.id)?;
    let whole = letter.content.kept().and_then(|id| texts.get(&id)?.as_deref()).map(words);
    let mut checks = Checks::default();
    for (index, part) in parts.iter().enumerate() {
        let at = |name: &str| format!("/parts/{index}/{name}");
        checks.title(&at("title"), &part.title.clone().into());
        checks.text(&at("content"), &part.content.clone().into(), CONTENT);
        checks.require(
            whole.as_ref().is_none_or(|whole| !words(&part.content).contains(whole.as_str())),
            &at("content"),
            "whole_text",
            "Mỗi phần chỉ chép nội dung của phần đó, không chép toàn văn đơn gốc.",
            "A part carries its own text, never the whole text of the letter.",
        );
        checks.add(check_instance(&at("instance"), part.kind, part.instance));
        checks.require(
            reference::is_active(tx, &part.field_code)?,
            &at("field_code"),
            "unknown_code",
            "Không có lĩnh vực này; xem /v1/reference.",
            "There is no such field; see /v1/reference.",
        );
    }
    Ok(checks.finish()?)
}

/// A text by its words, whatever the spaces between them.
fn words(text: &str) -> String {
    normalised(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
