//! Urgings and the time to their answers, of petitions that the reader may see.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Error,
    cursor::{self, Binding},
    lists::Reader,
    public,
    structure::Structure,
    when::{self, When},
    world::World,
};
use crate::{
    domain::{id::AgencyId, time::Instant},
    store::{
        AnyConnection,
        agencies::{self, AgencyName},
        lists::{Filters, Moment, Place, Question},
        urgings::{self, Key, UrgingRow, Wanted},
    },
};

const ROUTE: &str = "/v1/urgings";

/// Which urgings are asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Asked {
    pub answered: Option<bool>,
    pub agency_id: Option<AgencyId>,
    pub from: Option<When>,
    pub to: Option<When>,
    /// Whether the agencies below are meant too; yes unless told.
    pub subtree: Option<bool>,
    pub as_of: Option<When>,
    /// What was recorded later is left out.
    pub recorded_by: Option<When>,
}

/// An urging with what it took to answer it.
#[derive(Debug)]
pub struct Urged {
    pub row: UrgingRow,
    /// The petition's code.
    pub code: String,
    pub agency: Option<AgencyName>,
    /// Seconds to the answer, or so far.
    pub seconds: i64,
    /// The working time among them, in seconds.
    pub working_seconds: i64,
}

/// A page of urgings.
#[derive(Debug)]
pub struct Page {
    /// The moment it shows.
    pub as_of: Instant,
    /// Until when what was recorded counts; nothing: all of it.
    pub recorded_by: Option<Instant>,
    pub items: Vec<Urged>,
    pub next_cursor: Option<String>,
}

/// The urgings asked for, the latest first.
pub fn list(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page, Error> {
    let binding = Binding { route: ROUTE, caller: reader.scope(), filters: asked };
    let after: Option<Key> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let moment = when::moment(world, asked.as_of, asked.recorded_by);
    let tree = Structure::Then.tree(world, moment);
    let place = |agency| Place { agency, below: asked.subtree.unwrap_or(true), tree };
    let question = Question { reader: reader.person.clone(), moment, filters: Filters::default() };
    let wanted = Wanted {
        answered: asked.answered,
        place: asked.agency_id.map(place),
        from: asked.from.map(|from| from.start(world)),
        to: asked.to.map(|to| to.start(world)),
        until: match moment {
            Moment::Now(_) => None,
            Moment::Past(at) => Some(at),
            Moment::Known { at, by } => Some(at.min(by)),
        },
    };
    let rows = urgings::page(tx, &question, wanted, after, limit + 1)?;
    let page = public::Page::of(rows, limit, |(row, _)| (row.urged_at, row.event_id));
    let next_cursor = page.next.map(|last| cursor::seal(&world.secret, &binding, &last)).transpose()?;
    let ids: Vec<AgencyId> = page.items.iter().filter_map(|(row, _)| row.agency_id).collect();
    let names = agencies::names(tx, &ids)?;
    let items =
        page.items.into_iter().map(|(row, code)| urged(world, moment.at(), &names, row, code)).collect();
    Ok(Page { as_of: moment.at(), recorded_by: moment.recorded_by(), items, next_cursor })
}

fn urged(
    world: &World,
    at: Instant,
    names: &HashMap<AgencyId, AgencyName>,
    row: UrgingRow,
    code: String,
) -> Urged {
    let until = row.answered_at.unwrap_or(at);
    let micros = until.micros().saturating_sub(row.urged_at.micros()).max(0);
    let working = world.calendar().working_micros_between(row.urged_at, until);
    Urged {
        agency: row.agency_id.and_then(|id| names.get(&id).cloned()),
        seconds: micros / 1_000_000,
        working_seconds: working / 1_000_000,
        code,
        row,
    }
}
