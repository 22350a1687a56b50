//! Lists of petitions: the desk of an official, and what is overdue, now or as it stood.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Error, World,
    caller::{self, Caller},
    cursor::{self, Binding},
    deadline,
    when::{When, moment},
};
use crate::{
    domain::{
        access::{Person, Right},
        id::{AgencyId, Id, OfficialId, PetitionId},
        refusal::{Refusal, Words},
        time::{Day, Instant},
        vocabulary::{
            Channel, Code, Kind, Provenance, PublicStatus, Role, Stage, State, Timeliness, Visibility,
        },
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyVersion},
        lists::{self, Filters, Key, ListedRow, Moment, Order, Place, Question},
        people,
        spans::ClockRow,
    },
};

/// What a reader asks for, in his words; nothing means anything.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Asked {
    pub code: Option<String>,
    pub state: Option<State>,
    pub public_status: Option<PublicStatus>,
    pub kind: Option<Kind>,
    pub channel: Option<Channel>,
    pub field_code: Option<String>,
    pub agency_id: Option<AgencyId>,
    /// Whether the agencies below are meant too; yes unless told.
    pub subtree: Option<bool>,
    pub responsible_id: Option<OfficialId>,
    pub visibility: Option<Visibility>,
    pub provenance: Option<Provenance>,
    pub timeliness: Option<Timeliness>,
    pub received_from: Option<When>,
    /// The first time of receipt that is too late; a day begins it.
    pub received_to: Option<When>,
    pub clock: Option<Stage>,
    pub min_days_overdue: Option<u32>,
    pub as_of: Option<When>,
}

/// The order of an official's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ListSort {
    /// Received last first.
    #[default]
    #[serde(rename = "-received_at")]
    Newest,
    #[serde(rename = "received_at")]
    Oldest,
    /// Whose clock runs, the first to fall due first; then the others, received last first.
    #[serde(rename = "due_at")]
    Due,
}

/// The order of what is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OverdueSort {
    /// Longest overdue first.
    #[default]
    #[serde(rename = "due_at")]
    Oldest,
    #[serde(rename = "-due_at")]
    Latest,
}

/// Which page of a list.
#[derive(Debug, Clone)]
pub struct Paging<S> {
    pub sort: S,
    pub cursor: Option<String>,
    pub limit: i64,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// The moment it shows.
    pub as_of: Instant,
    pub items: Vec<Item>,
    pub next_cursor: Option<String>,
}

/// One petition in a list, with the names that belong to it.
#[derive(Debug)]
pub struct Item {
    pub row: ListedRow,
    pub agency: Option<AgencyVersion>,
    /// Full name and position.
    pub responsible: Option<(String, String)>,
    /// The clock that counts.
    pub clock: Option<ClockRow>,
    pub timeliness: Timeliness,
    /// How late it is; nothing unless it is overdue.
    pub late: Option<Late>,
}

/// How late something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// Days from the last day in time to the day looked at: 0 for a time of day that passed today.
    pub days: i64,
    /// The working days among them.
    pub working_days: i64,
}

impl Asked {
    /// The question of a reader at a moment.
    pub(super) fn question(&self, world: &World, reader: &Reader) -> Question {
        let below = self.subtree.unwrap_or(true);
        let filters = Filters {
            code: self.code.as_deref().map(str::to_uppercase),
            states: self.states(),
            kind: self.kind,
            channel: self.channel,
            field_code: self.field_code.clone(),
            place: self.agency_id.map(|agency| Place { agency, below }),
            responsible: self.responsible_id,
            visibility: self.visibility,
            provenance: self.provenance,
            timeliness: self.timeliness,
            received_from: self.received_from.map(|from| from.start(world)),
            received_to: self.received_to.map(|to| to.start(world)),
            clock: self.clock,
            overdue_by: None,
        };
        Question { reader: reader.person.clone(), moment: moment(world, self.as_of), filters }
    }

    /// The same question for what is overdue.
    ///
    /// So many days overdue at least means a last day so many days ago at least; it ended at its midnight.
    pub(super) fn overdue(&self, world: &World, reader: &Reader) -> Question {
        let mut question = self.question(world, reader);
        let at = question.moment.at();
        let last = |days: u32| at.day(world.zone()).plus_days(-i64::from(days)).end(world.zone());
        question.filters.overdue_by = Some(self.min_days_overdue.map_or(at, |days| last(days).min(at)));
        question
    }

    fn states(&self) -> Option<Vec<State>> {
        if self.state.is_none() && self.public_status.is_none() {
            return None;
        }
        let wanted = |state: &State| {
            self.state.is_none_or(|wanted| wanted == *state)
                && self.public_status.is_none_or(|wanted| wanted == state.public_status())
        };
        Some(State::ALL.iter().copied().filter(wanted).collect())
    }
}

/// An official who may read petitions somewhere.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) person: Person,
    /// The name under which his cursors are kept.
    scope: String,
}

impl Reader {
    /// The installation itself, which counts everything and shows nothing of it.
    pub(super) fn installation() -> Self {
        let everything = Right { role: Role::Auditor, agency: None, ceiling: Visibility::Restricted };
        let nobody = Uuid::nil();
        Self {
            person: Person {
                official: Id::new(nobody),
                agency: Id::new(nobody),
                position: String::new(),
                rights: vec![everything],
            },
            scope: String::new(),
        }
    }

    /// The name under which his cursors are kept.
    pub(super) fn scope(&self) -> &str {
        &self.scope
    }
}

/// The reader behind a caller; an administrator alone reads no petition.
pub fn reader(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Reader, Error> {
    let person = caller::person(tx, world, caller)?;
    let reads = |role| {
        matches!(role, Role::Intake | Role::Coordinator | Role::Handler | Role::Approver | Role::Auditor)
    };
    if person.rights.iter().any(|right| reads(right.role)) {
        return Ok(Reader { person, scope: caller.scope() });
    }
    Err(Refusal::Forbidden(Words::new(
        "Đọc đơn thuộc về cán bộ tiếp nhận, điều phối, xử lý, ký duyệt và giám sát.",
        "Reading petitions is for intake, coordination, handling, approval and audit.",
    ))
    .into())
}

/// The petitions a reader may see, as they stand now.
pub fn petitions(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    paging: &Paging<ListSort>,
) -> Result<Page, Error> {
    let question = asked.question(world, reader);
    let list = List { world, reader, route: "/v1/petitions", asked, paging };
    let orders: &[Order] = match paging.sort {
        ListSort::Newest => &[Order::Newest],
        ListSort::Oldest => &[Order::Oldest],
        ListSort::Due => &[Order::DueFirst, Order::NotDue],
    };
    list.page(tx, &question, orders)
}

/// What of it is overdue, now or as it stood.
pub fn overdue(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    paging: &Paging<OverdueSort>,
) -> Result<Page, Error> {
    let question = asked.overdue(world, reader);
    let list = List { world, reader, route: "/v1/overdue", asked, paging };
    let order = match paging.sort {
        OverdueSort::Oldest => Order::DueFirst,
        OverdueSort::Latest => Order::DueLast,
    };
    list.page(tx, &question, &[order])
}

/// Where a page ended: in which part of the list, and after which row.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct End {
    part: usize,
    at: i64,
    petition: PetitionId,
}

struct List<'a, S> {
    world: &'a World,
    reader: &'a Reader,
    route: &'a str,
    asked: &'a Asked,
    paging: &'a Paging<S>,
}

impl<S: Serialize + DeserializeOwned + Copy> List<'_, S> {
    /// A page of a list that consists of parts, each in an order of its own.
    fn page(&self, tx: &mut AnyConnection, question: &Question, orders: &[Order]) -> Result<Page, Error> {
        let filters = (self.asked, self.paging.sort);
        let binding = Binding { route: self.route, caller: &self.reader.scope, filters: &filters };
        let secret = &self.world.secret;
        let begin: Option<End> =
            self.paging.cursor.as_deref().map(|text| cursor::open(secret, &binding, text)).transpose()?;
        let limit = self.paging.limit;
        let wanted = usize::try_from(limit).map_err(Error::internal)?;
        let mut rows: Vec<(usize, ListedRow)> = Vec::new();
        for (part, order) in orders.iter().enumerate().skip(begin.map_or(0, |begin| begin.part)) {
            let after = begin.filter(|begin| begin.part == part).map(End::key).transpose()?;
            // One more than is shown tells whether the list goes on.
            let rest = limit + 1 - i64::try_from(rows.len()).map_err(Error::internal)?;
            if rest > 0 {
                let found = lists::page(tx, question, *order, after, rest)?;
                rows.extend(found.into_iter().map(|row| (part, row)));
            }
        }
        let goes_on = rows.len() > wanted;
        rows.truncate(wanted);
        let last = rows.last().filter(|_| goes_on).and_then(|(part, row)| End::of(*part, orders, row));
        let next_cursor = last.map(|end| cursor::seal(secret, &binding, &end)).transpose()?;
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        let items = with_names(tx, self.world, question.moment, rows)?;
        Ok(Page { as_of: question.moment.at(), items, next_cursor })
    }
}

impl End {
    fn of(part: usize, orders: &[Order], row: &ListedRow) -> Option<Self> {
        let at = match orders.get(part)? {
            Order::DueFirst | Order::DueLast => row.span.open_due_at?,
            Order::Newest | Order::Oldest | Order::NotDue => row.span.received_at,
        };
        Some(Self { part, at: at.micros(), petition: row.span.petition_id })
    }

    fn key(self) -> Result<Key, Error> {
        Ok((Instant::from_micros(self.at).ok_or(Error::InvalidCursor)?, self.petition))
    }
}

pub(super) fn with_names(
    tx: &mut AnyConnection,
    world: &World,
    moment: Moment,
    rows: Vec<ListedRow>,
) -> Result<Vec<Item>, Error> {
    let at = moment.at();
    let petitions: Vec<PetitionId> = rows.iter().map(|row| row.span.petition_id).collect();
    let mut agency_ids: Vec<AgencyId> = rows.iter().map(|row| row.span.agency_id).collect();
    agency_ids.sort_unstable();
    agency_ids.dedup();
    let officials: Vec<OfficialId> = rows.iter().filter_map(|row| row.span.responsible_id).collect();
    let names = agencies::on(tx, &agency_ids, at.day(world.zone()))?;
    let people = people::names(tx, &officials)?;
    let mut clocks: HashMap<(PetitionId, i32, Stage), ClockRow> = lists::clocks(tx, &petitions, moment)?
        .into_iter()
        .map(|clock| ((clock.petition_id, clock.round, clock.stage), clock))
        .collect();
    let item = |row: ListedRow| {
        let span = &row.span;
        let timeliness = deadline::timeliness(span, at);
        Item {
            agency: names.get(&span.agency_id).cloned(),
            responsible: span.responsible_id.and_then(|official| people.get(&official).cloned()),
            clock: span.clock_stage.and_then(|stage| clocks.remove(&(span.petition_id, span.round, stage))),
            late: span.due_on.filter(|_| timeliness == Timeliness::Overdue).map(|on| late(world, on, at)),
            timeliness,
            row,
        }
    };
    Ok(rows.into_iter().map(item).collect())
}

fn late(world: &World, due_on: Day, at: Instant) -> Late {
    let today = at.day(world.zone());
    Late {
        days: due_on.days_until(today).max(0),
        working_days: world.calendar().working_days_between(due_on, today),
    }
}
