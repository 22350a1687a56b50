//! Many new petitions at once: the same rows as one by one, written table by table.

use super::{Entry, Loaded, chain, make_event};
use crate::{
    app::{Error, effects, projection, world::World},
    domain::{event::Event, id::PetitionId, petition::Case},
    store::{
        AnyConnection,
        calendar::{self, MoveRow},
        events::{self, StoredEvent, TextRow},
        handling::{self, RevisionRow},
        petitions::{self, DetailRow, PetitionRow},
        spans::{self, ClockRow, SpanRow},
    },
};

/// New petitions and their first events, gathered to be written together.
///
/// Only what a backlog brings can be gathered: an act with other effects than a reply goes through
/// [`super::append`].
#[derive(Default)]
pub struct Batch {
    petitions: Vec<PetitionRow>,
    details: Vec<DetailRow>,
    events: Vec<StoredEvent>,
    texts: Vec<TextRow>,
    spans: Vec<SpanRow>,
    clocks: Vec<ClockRow>,
    revisions: Vec<RevisionRow>,
    moves: Vec<MoveRow>,
}

impl Batch {
    /// Gathers the first event of a petition.
    pub fn begin(
        &mut self,
        world: &World,
        id: PetitionId,
        entry: Entry,
        detail: DetailRow,
    ) -> Result<Loaded, Error> {
        let (event, texts, fresh) = make_event(world, id, None, entry)?;
        let case = Case::begin(&event)
            .ok_or_else(|| Error::internal("a petition must begin with a registration"))?;
        let stored = chain(event, vec![0; 32])?;
        let row = projection::petition_row(&case, &world.reference, None, &fresh, stored.hash.clone());
        self.petitions.push(row.clone());
        self.details.push(detail);
        self.follow(world, None, &case, stored, texts);
        Ok(Loaded { case, row })
    }

    /// Gathers the next event of the petition begun last.
    pub fn append(&mut self, world: &World, before: &Loaded, entry: Entry) -> Result<Loaded, Error> {
        let (event, texts, fresh) = make_event(world, before.case.id, Some(&before.case), entry)?;
        let stored = chain(event, before.row.last_hash.clone())?;
        let mut case = before.case.clone();
        case.apply(&stored.event);
        let row =
            projection::petition_row(&case, &world.reference, Some(&before.row), &fresh, stored.hash.clone());
        match self.petitions.last_mut().filter(|last| last.id == case.id) {
            Some(last) => *last = row.clone(),
            None => return Err(Error::internal("the petition was not begun last in this batch")),
        }
        self.revisions.extend(effects::imported_reply(&case, &stored.event)?);
        self.follow(world, Some(&before.case), &case, stored, texts);
        Ok(Loaded { case, row })
    }

    fn follow(
        &mut self,
        world: &World,
        before: Option<&Case>,
        after: &Case,
        stored: StoredEvent,
        texts: Vec<TextRow>,
    ) {
        let change = projection::change(&world.reference, before, after, &stored.event);
        let Event { occurred_at, recorded_at, .. } = stored.event;
        if change.ends
            && let Some(last) = self.spans.last_mut().filter(|last| last.petition_id == after.id)
        {
            (last.to_at, last.recorded_to) = (Some(occurred_at), Some(recorded_at));
        }
        for (round, stage) in change.clocks_end {
            let mine = |row: &&mut ClockRow| row.petition_id == after.id && row.to_at.is_none();
            let present = self.clocks.iter_mut().rev().take_while(|row| row.petition_id == after.id);
            for row in present.filter(mine).filter(|row| row.round == round && row.stage == stage) {
                (row.to_at, row.recorded_to) = (Some(occurred_at), Some(recorded_at));
            }
        }
        self.spans.extend(change.begins);
        self.clocks.extend(change.clocks_begin);
        self.moves.extend(change.moves);
        self.events.push(stored);
        self.texts.extend(texts);
    }

    /// Writes everything and leaves the batch empty.
    pub fn write(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        let batch = std::mem::take(self);
        if batch.petitions.is_empty() {
            return Ok(());
        }
        petitions::insert_all(tx, &batch.petitions, &batch.details)?;
        events::insert_all(tx, &batch.events)?;
        events::insert_texts(tx, &batch.texts)?;
        spans::insert_all(tx, &batch.spans, &batch.clocks)?;
        handling::insert_revisions(tx, &batch.revisions)?;
        calendar::insert_moves(tx, &batch.moves)?;
        Ok(())
    }
}
