//! The records of one transaction: new ones are gathered and written together, changed ones one by one.

use std::collections::HashMap;

use super::{
    codes::Codes,
    record::{Numbered, Record},
    report::{Rejection, Report},
    update,
};
use crate::{
    app::{
        Error,
        clock::new_id,
        history::{Batch, Entry, Loaded},
        secrets::random,
        submission::{detail_row, text_of},
        world::World,
    },
    domain::{
        act::{Act, Import, ImportUpdate, Registration},
        clock::ClockOp,
        decide::Decision,
        event::Actor,
        id::{AgencyId, PetitionId},
        identifiers::PetitionCode,
        prose::Prose,
        vocabulary::{Provenance, Stage, State, SubmitterType, Urgency},
    },
    store::{
        AnyConnection,
        petitions::{self, ExternalRow},
    },
};

/// The source's own status of a record, as far as we tell it apart.
pub(super) const OPEN: &str = "open";
pub(super) const CLOSED: &str = "closed";

/// The name of a record: source, external id.
type Name = (String, String);

/// A transaction on its way.
struct Part<'w> {
    world: &'w World,
    codes: Codes,
    known: HashMap<Name, (ExternalRow, Provenance)>,
    batch: Batch,
    named: Vec<ExternalRow>,
    report: Report,
}

/// Writes the records of one transaction; gives back the codes with those it added.
pub(super) fn write(
    tx: &mut AnyConnection,
    world: &World,
    codes: Codes,
    records: &[Numbered],
) -> Result<(Report, Codes), Error> {
    let (known, mut codes) = (known(tx, records)?, codes);
    codes.look_again(tx)?;
    let mut part =
        Part { world, codes, known, batch: Batch::default(), named: Vec::new(), report: Report::default() };
    for numbered in records {
        if let Err(rejection) = part.take_in(tx, numbered)? {
            part.report.reject(rejection);
        }
    }
    part.flush(tx)?;
    Ok((part.report, part.codes))
}

/// What we hold of these records: one query for each source.
fn known(
    tx: &mut AnyConnection,
    records: &[Numbered],
) -> Result<HashMap<Name, (ExternalRow, Provenance)>, Error> {
    let mut wanted: HashMap<&str, Vec<&str>> = HashMap::new();
    for Numbered { record, .. } in records {
        wanted.entry(&record.source_system).or_default().push(&record.external_id);
    }
    let mut known = HashMap::new();
    for (source, ids) in wanted {
        for (row, provenance) in petitions::find_externals(tx, source, &ids)? {
            known.insert((row.source.clone(), row.external_id.clone()), (row, provenance));
        }
    }
    Ok(known)
}

impl Part<'_> {
    /// Takes one record in, or says why not.
    fn take_in(
        &mut self,
        tx: &mut AnyConnection,
        numbered: &Numbered,
    ) -> Result<Result<(), Rejection>, Error> {
        let record = &numbered.record;
        if let Err(refusal) = record.check(self.world.now) {
            return Ok(Err(numbered.refused(&refusal)));
        }
        let name = (record.source_system.clone(), record.external_id.clone());
        match self.known.get(&name) {
            Some((_, provenance)) if *provenance != Provenance::Imported => Ok(Err(numbered.rejected(
                "not_imported",
                "This record is known as a petition that was not imported; an import does not touch it.",
            ))),
            Some((row, _)) if row.payload_digest == numbered.digest => {
                self.report.unchanged += 1;
                Ok(Ok(()))
            }
            found => {
                if let Err(rejection) = self.check_codes(numbered) {
                    return Ok(Err(rejection));
                }
                match found.map(|(row, _)| row.clone()) {
                    Some(row) => self.update(tx, numbered, row),
                    None => self.create(tx, numbered, name),
                }
            }
        }
    }

    fn check_codes(&self, numbered: &Numbered) -> Result<(), Rejection> {
        let record = &numbered.record;
        if !self.codes.allows_agency(&record.agency_code) {
            let detail = format!("agency_code: there is no agency “{}”.", record.agency_code);
            return Err(numbered.rejected("unknown", detail));
        }
        if !self.codes.allows_field(&record.field_code) {
            let detail = format!("field_code: there is no field “{}”.", record.field_code);
            return Err(numbered.rejected("unknown", detail));
        }
        Ok(())
    }

    /// What was closed before an agency was stays with it; what is open goes to its successor.
    fn create(
        &mut self,
        tx: &mut AnyConnection,
        numbered: &Numbered,
        name: Name,
    ) -> Result<Result<(), Rejection>, Error> {
        let record = &numbered.record;
        let named = self.codes.agency(tx, self.world, &record.agency_code)?;
        let taker = match record.closed_at {
            Some(_) => Some(named),
            None => self.codes.taker(tx, named, &record.field_code)?,
        };
        let Some(agency) = taker else {
            let detail = format!("agency_code: “{}” was dissolved; name a successor.", record.agency_code);
            return Ok(Err(numbered.rejected("closed", detail)));
        };
        self.codes.field(tx, self.world, &record.field_code)?;
        let id: PetitionId = new_id();
        let detail = detail_row(id, record.location().as_ref());
        let entry = Entry::new(Actor::system(), opening(record, agency)?);
        let loaded = self.batch.begin(self.world, id, entry, detail)?;
        if let Some(decision) = sequel(record, &loaded) {
            self.batch.append(self.world, &loaded, Entry::new(Actor::system(), decision))?;
        }
        let row = external_row(self.world, numbered, id);
        self.known.insert(name, (row.clone(), Provenance::Imported));
        self.named.push(row);
        self.report.created += 1;
        Ok(Ok(()))
    }

    fn update(
        &mut self,
        tx: &mut AnyConnection,
        numbered: &Numbered,
        former: ExternalRow,
    ) -> Result<Result<(), Rejection>, Error> {
        // The file may name a record twice: what it said first must be there before it changes.
        if self.named.iter().any(|row| row.petition_id == former.petition_id) {
            self.flush(tx)?;
        }
        let record = &numbered.record;
        let agency = self.codes.agency(tx, self.world, &record.agency_code)?;
        self.codes.field(tx, self.world, &record.field_code)?;
        // Where a closed agency's petitions went was decided here; its source still names it.
        let agency = Some(agency).filter(|agency| !self.codes.is_closed(*agency));
        match update::follow(tx, self.world, numbered, &former, agency)? {
            Ok(true) => self.report.updated += 1,
            Ok(false) => self.report.unchanged += 1,
            Err(rejection) => return Ok(Err(rejection)),
        }
        let row = external_row(self.world, numbered, former.petition_id);
        petitions::update_external(tx, &row)?;
        let name = (record.source_system.clone(), record.external_id.clone());
        self.known.insert(name, (row, Provenance::Imported));
        Ok(Ok(()))
    }

    /// Writes what was gathered.
    fn flush(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        self.batch.write(tx)?;
        Ok(petitions::insert_externals(tx, &std::mem::take(&mut self.named))?)
    }
}

fn external_row(world: &World, numbered: &Numbered, petition: PetitionId) -> ExternalRow {
    let record = &numbered.record;
    ExternalRow {
        source: record.source_system.clone(),
        external_id: record.external_id.clone(),
        petition_id: petition,
        payload_digest: numbered.digest.clone(),
        source_status: Some(if record.closed_at.is_some() { CLOSED } else { OPEN }.to_owned()),
        updated_at: world.now,
    }
}

/// The record as it stood when it was received: classified, with the deadline its source states.
fn opening(record: &Record, agency: AgencyId) -> Result<Decision, Error> {
    let at = record.received_at;
    let stated = |due_at| ClockOp::Stated { round: 1, stage: Stage::Resolution, at, due_at };
    Ok(Decision {
        act: Act::Import(Box::new(Import {
            registration: registration(record, agency)?,
            source: record.source_system.clone(),
            external_id: record.external_id.clone(),
        })),
        to: State::Classified,
        round: 1,
        clocks: record.due_at.map(stated).into_iter().collect(),
        occurred_at: at,
    })
}

/// What the record tells of its receipt; an authority's promise it does not tell.
fn registration(record: &Record, agency: AgencyId) -> Result<Registration, Error> {
    Ok(Registration {
        code: PetitionCode::from_bytes(random::<5>()?).as_str().to_owned(),
        kind: record.kind,
        instance: None,
        channel: record.channel,
        submitter_type: SubmitterType::Anonymous,
        field_code: record.field_code.clone(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: record.seen_by(),
        provenance: Provenance::Imported,
        intake_agency: agency,
        received_at: record.received_at,
        title: record.title.clone().into(),
        content: record.content.clone().into(),
        location: record.location().as_ref().map(text_of).transpose()?,
        incident_at: None,
        incoming_number: None,
        letter_date: None,
        group_size: None,
        keep_secret: false,
        respondent: None,
        submitter_digest: None,
        keys_digest: None,
        previous: None,
        part_of: None,
        promised_due_at: None,
        promised_due_on: None,
    })
}

/// What a new record says besides: that it was closed, or a note.
fn sequel(record: &Record, loaded: &Loaded) -> Option<Decision> {
    let reply = record.reply_text.clone().map(Prose::from);
    if record.closed_at.is_none() && reply.is_none() {
        return None;
    }
    let closed = record.closed_at;
    let met = closed.filter(|_| record.due_at.is_some());
    Some(Decision {
        to: if closed.is_some() { State::Closed } else { loaded.case.state },
        round: 1,
        clocks: met.map(|at| ClockOp::Meet { stage: Stage::Resolution, at }).into_iter().collect(),
        occurred_at: closed.unwrap_or(record.received_at),
        act: Act::ImportUpdate(Box::new(ImportUpdate {
            revision: closed.filter(|_| reply.is_some()).map(|_| new_id()),
            reply,
            closed_at: closed,
            ..ImportUpdate::default()
        })),
    })
}
