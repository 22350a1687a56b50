//! A petition as it stood: which entries of its history count, and who may look.
//!
//! Invariant: an answer about the past shows what took effect by the moment and was recorded by then, under the names of
//! that time; who may read it is decided by the rights of now under the stricter of its visibility then and now.

use std::collections::HashMap;

use super::{
    Error,
    caller::{self, Caller, LinesOf},
    history::Loaded,
    reading::{self, Linked, Reading, named},
    when::When,
    world::World,
};
use crate::{
    domain::{
        access::{self, Person},
        act::Act,
        event::Event,
        id::{AgencyId, OfficialId, PetitionId},
        petition::{Case, taken_down},
        time::{Day, Instant},
        vocabulary::LinkKind,
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyName},
        events::{self, StoredEvent},
        people, petitions,
    },
};

/// What a reader asks of the past, in his words; nothing means now, and whatever is known now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moments {
    pub as_of: Option<When>,
    pub recorded_by: Option<When>,
}

/// A moment of the past, and what was known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// What took effect later does not count.
    pub as_of: Instant,
    /// What was recorded later does not count; nothing: whatever is known now.
    pub recorded_by: Option<Instant>,
    /// The day whose names are shown.
    pub day: Day,
}

impl Moments {
    /// The moment meant; nothing when the present is.
    pub fn past(self, world: &World) -> Option<Past> {
        if self == Self::default() {
            return None;
        }
        let as_of = self.as_of.map_or(world.now, |when| when.end(world));
        let recorded_by = self.recorded_by.map(|when| when.end(world));
        Some(Past { as_of, recorded_by, day: day_of(world, self.as_of) })
    }
}

/// The day whose names are shown at a moment: a day is shown at its end, not under the names of the next one.
pub(super) fn day_of(world: &World, as_of: Option<When>) -> Day {
    match as_of {
        Some(When::On(day)) => day,
        Some(When::At(at)) => at.day(world.zone()),
        None => world.now.day(world.zone()),
    }
}

impl Past {
    /// Whether an entry counts.
    pub fn holds(&self, event: &Event) -> bool {
        event.occurred_at <= self.as_of && self.knows(event.recorded_at)
    }

    fn knows(&self, recorded_at: Instant) -> bool {
        self.recorded_by.is_none_or(|by| recorded_at <= by)
    }

    /// The earlier of the two limits: what the server does takes effect when it is recorded.
    fn limit(&self) -> Instant {
        self.recorded_by.map_or(self.as_of, |by| by.min(self.as_of))
    }
}

/// A petition as somebody asked for it, with the entries that tell it so.
#[derive(Debug)]
pub struct Look {
    pub reading: Reading,
    pub events: Vec<StoredEvent>,
}

/// Reads a petition for an official, now or as it stood; before its first entry it reads as absent.
///
/// What is wrong with the moments is told only to somebody who may see the petition.
pub fn look(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    moments: Result<Moments, Error>,
) -> Result<Look, Error> {
    let row = petitions::find(tx, id)?.ok_or(Error::NotFound)?;
    let mut events = events::history(tx, id, None)?;
    let now = Case::fold(bare(&events)).ok_or_else(|| Error::internal("a petition without a beginning"))?;
    let (person, roles) = caller::standing(tx, world, caller, &now)?;
    let Some(past) = moments?.past(world) else {
        let loaded = Loaded { case: now, row };
        return Ok(Look { reading: reading::put_together(tx, world, caller, loaded, roles)?, events });
    };
    let person = person.ok_or(Error::Unauthenticated("official_required"))?;
    let mut texts = events::texts(tx, id)?;
    for hidden in taken_down(bare(&events)) {
        texts.remove(&hidden);
    }
    events.retain(|stored| past.holds(&stored.event));
    let case = Case::fold(bare(&events)).ok_or(Error::NotFound)?;
    let lines = LinesOf::read(tx, [&now])?;
    if !access::may_see_as_it_was(&now, &case, &person, &lines.of(&now)) {
        return Err(Error::NotFound);
    }
    let (agencies, people) = names(tx, &named(&case), Some(&past))?;
    let reading = Reading {
        now: past.as_of,
        past: Some(past),
        clocks: case.clocks(world.rules(), world.calendar()),
        texts,
        agencies,
        people,
        detail: petitions::detail(tx, id)?,
        links: links(tx, &person, id, &events, &past)?,
        externals: petitions::externals(tx, id)?,
        roles: Vec::new(),
        case,
    };
    Ok(Look { reading, events })
}

/// What agencies and officials were called at a moment, or are called now; of officials full name and position.
pub type Names = (HashMap<AgencyId, AgencyName>, HashMap<OfficialId, (String, String)>);

/// The names of these agencies and officials.
pub(super) fn names(
    tx: &mut AnyConnection,
    (agency_ids, official_ids): &(Vec<AgencyId>, Vec<OfficialId>),
    past: Option<&Past>,
) -> Result<Names, Error> {
    let Some(past) = past else {
        return Ok((agencies::names(tx, agency_ids)?, people::names(tx, official_ids)?));
    };
    let called = |(id, version): (_, agencies::AgencyVersion)| {
        (id, AgencyName { code: version.code, name: version.name })
    };
    let agencies = agencies::on(tx, agency_ids, past.day)?.into_iter().map(called);
    Ok((agencies.collect(), people::names_at(tx, official_ids, past.limit())?))
}

/// The bare entries.
pub(super) fn bare(events: &[StoredEvent]) -> impl Iterator<Item = &Event> {
    events.iter().map(|stored| &stored.event)
}

/// The links as they were, to petitions that the reader may see as they were.
///
/// A link that is still there shows from when it was made on; one that was undone since is found in the history.
fn links(
    tx: &mut AnyConnection,
    person: &Person,
    id: PetitionId,
    events: &[StoredEvent],
    past: &Past,
) -> Result<Vec<Linked>, Error> {
    let mut links: Vec<(PetitionId, LinkKind, bool)> = petitions::links_made_by(tx, id, past.limit())?
        .into_iter()
        .map(|link| (link.petition, link.kind, link.outgoing))
        .collect();
    for link in merges(events) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    let ids: Vec<PetitionId> = links.iter().map(|(other, ..)| *other).collect();
    let seen = visible(tx, person, &ids, past)?;
    let shown = links.into_iter().filter_map(|(id, kind, outgoing)| {
        Some(Linked { id, code: seen.get(&id)?.code.clone(), kind, outgoing })
    });
    Ok(shown.collect())
}

/// The merges that stood after these entries.
fn merges(events: &[StoredEvent]) -> Vec<(PetitionId, LinkKind, bool)> {
    let mut standing: Vec<(PetitionId, LinkKind, bool)> = Vec::new();
    for event in bare(events) {
        match &event.record.act {
            Act::Merge(facts) => standing.push((facts.survivor, LinkKind::Duplicate, true)),
            Act::MergeReversal(_) => standing.retain(|(.., outgoing)| !outgoing),
            Act::Survival(facts) if facts.left => {
                standing.retain(|(other, _, outgoing)| *outgoing || *other != facts.merged);
            }
            Act::Survival(facts) => standing.push((facts.merged, LinkKind::Duplicate, false)),
            _ => {}
        }
    }
    standing
}

/// Those of many petitions that an official may see as they were, by id, each as it was.
pub(super) fn visible(
    tx: &mut AnyConnection,
    person: &Person,
    ids: &[PetitionId],
    past: &Past,
) -> Result<HashMap<PetitionId, Case>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let histories = events::histories(tx, ids)?;
    let folded = histories.into_iter().filter_map(|(id, events)| {
        let then = Case::fold(events.iter().filter(|event| past.holds(event)))?;
        Some((id, (Case::fold(&events)?, then)))
    });
    let mut folded: HashMap<PetitionId, (Case, Case)> = folded.collect();
    let lines = LinesOf::read(tx, folded.values().map(|(now, _)| now))?;
    folded.retain(|_, (now, then)| access::may_see_as_it_was(now, then, person, &lines.of(now)));
    Ok(folded.into_iter().map(|(id, (_, then))| (id, then)).collect())
}

/// A petition's history as a reader may see it.
#[derive(Debug)]
pub struct VisibleHistory {
    pub events: Vec<StoredEvent>,
    /// Petitions that the events mention and the reader may not see: their ids are left out.
    pub hidden: Vec<PetitionId>,
    pub past: Option<Past>,
}

/// The history of a petition, now or as it stood, without what leads to another that the reader may not see.
pub fn visible_history(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
    moments: Result<Moments, Error>,
) -> Result<VisibleHistory, Error> {
    let Look { reading, mut events } = look(tx, world, caller, id, moments)?;
    let past = reading.past;
    let hidden = hidden(tx, world, caller, &events, past.as_ref())?;
    events.retain(|stored| elsewhere(&stored.event.record.act).is_none_or(|other| !hidden.contains(&other)));
    Ok(VisibleHistory { events, hidden, past })
}

/// The petitions that these entries mention and the reader may not see.
pub(super) fn hidden(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    events: &[StoredEvent],
    past: Option<&Past>,
) -> Result<Vec<PetitionId>, Error> {
    let mut hidden: Vec<PetitionId> = bare(events).flat_map(|event| mentioned(&event.record.act)).collect();
    if hidden.is_empty() {
        return Ok(hidden);
    }
    let visible = match past {
        None => caller::visible(tx, world, caller, &hidden)?,
        Some(past) => {
            let person = caller::person(tx, world, caller)?;
            visible(tx, &person, &hidden, past)?
        }
    };
    hidden.retain(|other| !visible.contains_key(other));
    Ok(hidden)
}

/// The petition without which an act says nothing.
fn elsewhere(act: &Act) -> Option<PetitionId> {
    match act {
        Act::Survival(facts) => Some(facts.merged),
        Act::Merge(facts) => Some(facts.survivor),
        _ => None,
    }
}

/// The other petitions that an act leads to.
pub(super) fn mentioned(act: &Act) -> Vec<PetitionId> {
    match act {
        Act::Registration(facts) => {
            facts.part_of.into_iter().chain(facts.previous.map(|previous| previous.petition)).collect()
        }
        Act::Split(facts) => facts.parts.clone(),
        _ => elsewhere(act).into_iter().collect(),
    }
}
