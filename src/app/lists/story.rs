//! What a list tells of why a petition rests or was passed on: read out of the histories of the petitions on a page.

use std::collections::HashMap;

use super::{Page, item::Late};
use crate::{
    app::{Error, World},
    domain::{
        act::Act,
        clock::{self, Ledger},
        event::Event,
        id::PetitionId,
        petition::Case,
        time::Instant,
        vocabulary::{Action, SuspensionGround},
    },
    store::{AnyConnection, course, events, lists::Moment},
};

/// Why a clock rests, and what the rest is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Suspension or supplement-request; nothing for a record that came in resting.
    pub act: Option<Action>,
    /// The ground of a suspension.
    pub ground: Option<SuspensionGround>,
    pub since: Instant,
    /// Until when, where that is known.
    pub until: Option<Instant>,
    /// How long it has rested, as one counts lateness.
    pub rested: Late,
    /// How late it would be had this rest not begun; nothing when it would still be in time.
    pub would_be: Option<Late>,
}

/// To whom a petition was passed on, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Nothing when the text was erased.
    pub receiving_body: Option<String>,
    pub at: Instant,
    /// How long it has waited, as one counts lateness.
    pub waited: Late,
}

/// Why the clocks of the petitions on a page rest.
pub fn rests(tx: &mut AnyConnection, world: &World, page: &Page) -> Result<HashMap<PetitionId, Rest>, Error> {
    let histories = histories(tx, page)?;
    let rest = |(id, events): (PetitionId, Vec<Event>)| Some((id, rest(world, page.as_of, &events)?));
    Ok(histories.into_iter().filter_map(rest).collect())
}

/// To whom the petitions on a page were passed on.
pub fn passed(
    tx: &mut AnyConnection,
    world: &World,
    page: &Page,
) -> Result<HashMap<PetitionId, Passed>, Error> {
    let last = |events: &[Event]| {
        events.iter().rev().find_map(|event| match &event.record.act {
            Act::Forwarding(facts) => Some((event.occurred_at, facts.receiving_body.kept())),
            _ => None,
        })
    };
    let found: Vec<_> =
        histories(tx, page)?.into_iter().filter_map(|(id, events)| Some((id, last(&events)?))).collect();
    let texts: Vec<_> = found.iter().filter_map(|(_, (_, text))| *text).collect();
    let bodies = course::bodies(tx, &texts)?;
    let passed = |(id, (at, text)): (PetitionId, (Instant, Option<_>))| {
        let receiving_body = text.and_then(|text| bodies.get(&text).cloned());
        (id, Passed { receiving_body, at, waited: Late::since(world, at.day(world.zone()), page.as_of) })
    };
    Ok(found.into_iter().map(passed).collect())
}

/// The histories of the petitions on a page, as far as its moment knows them.
fn histories(tx: &mut AnyConnection, page: &Page) -> Result<HashMap<PetitionId, Vec<Event>>, Error> {
    let ids: Vec<PetitionId> = page.items.iter().map(|item| item.row.span.petition_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let moment = match page.recorded_by {
        Some(by) => Moment::Known { at: page.as_of, by },
        None => Moment::Past(page.as_of),
    };
    let (occurred, recorded) = moment.bounds();
    let mut histories = events::histories(tx, &ids)?;
    for history in histories.values_mut() {
        history.retain(|event| event.occurred_at <= occurred && event.recorded_at <= recorded);
    }
    Ok(histories)
}

fn rest(world: &World, at: Instant, events: &[Event]) -> Option<Rest> {
    let case = Case::fold(events)?;
    let clocks = case.clocks(world.rules(), world.calendar());
    let resting = clock::current(&clocks, case.round)?;
    let hold = resting.hold?;
    let without = clock::without_last_pause(&case.clock_ops);
    let would_be = Ledger::fold(&without, world.rules(), world.calendar());
    let due = clock::current(&would_be, case.round).and_then(|clock| clock.due);
    let (act, ground) = events
        .iter()
        .rev()
        .find_map(|event| match &event.record.act {
            Act::Suspension(facts) => Some((Action::Suspension, Some(facts.ground))),
            Act::SupplementRequest(_) => Some((Action::SupplementRequest, None)),
            _ => None,
        })
        .unzip();
    Some(Rest {
        act,
        ground: ground.flatten(),
        since: hold.from,
        until: hold.until,
        rested: Late::since(world, hold.from.day(world.zone()), at),
        would_be: due.filter(|due| due.due_at <= at).map(|due| Late::since(world, due.due_on, at)),
    })
}
