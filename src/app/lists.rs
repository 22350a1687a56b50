//! Lists of petitions: the desk of an official, what is overdue, and what else an auditor looks for; now or as it stood.

mod item;
mod level;
mod page;
mod story;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Error, World,
    caller::{self, Caller},
    structure::{self, Structure},
    when::{When, moment},
};
use crate::{
    domain::{
        access::{Person, Right},
        id::{AgencyId, Id, OfficialId},
        refusal::{Refusal, Words},
        vocabulary::{
            Channel, Code, Kind, Provenance, PublicStatus, Role, Stage, State, Timeliness, Visibility,
        },
    },
    store::{
        AnyConnection,
        lists::{AtLevel, Filters, Gap, Order, Overdue, Place, Question},
    },
};

pub(super) use self::item::with_names;
use self::page::List;
pub use self::{
    item::{Course, Held, Item, Late},
    level::LevelAsked,
    page::{Page, Paging},
    story::{Passed, Rest, passed, rests},
};
pub use crate::store::lists::Against;

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
    /// In which structure agencies are looked at.
    pub structure: Option<Structure>,
    pub level: Option<LevelAsked>,
    pub responsible_id: Option<OfficialId>,
    /// Whether only those are meant that nobody is responsible for.
    pub unassigned: Option<bool>,
    pub area_code: Option<String>,
    pub visibility: Option<Visibility>,
    pub provenance: Option<Provenance>,
    pub timeliness: Option<Timeliness>,
    pub received_from: Option<When>,
    /// The first time of receipt that is too late; a day begins it.
    pub received_to: Option<When>,
    /// Open, and unchanged for so many days at least.
    pub idle_days_min: Option<u32>,
    pub clock: Option<Stage>,
    pub basis: Option<Against>,
    pub min_days_overdue: Option<u32>,
    pub as_of: Option<When>,
    pub recorded_by: Option<When>,
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

/// The order of what has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DueSort {
    /// The first to fall due first, which is the latest of those overdue.
    #[default]
    #[serde(rename = "due_at")]
    First,
    #[serde(rename = "-due_at")]
    Last,
    /// By the code of the agency, then the first to fall due first.
    #[serde(rename = "agency")]
    Agency,
}

/// The order of what has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReceiptSort {
    /// Received first first.
    #[default]
    #[serde(rename = "received_at")]
    Oldest,
    #[serde(rename = "-received_at")]
    Newest,
}

impl Asked {
    /// The question of a reader at a moment.
    pub(super) fn question(&self, world: &World, reader: &Reader) -> Question {
        let moment = moment(world, self.as_of, self.recorded_by);
        let today = world.calendar().last_day(moment.at());
        let below = self.subtree.unwrap_or(true);
        let structure = self.structure.unwrap_or_default();
        let (tree, on) = (structure.tree(world, moment), structure.day(world, moment));
        // Unchanged for so many days: the last change was on a day so many days ago at least, which then ended.
        let idle_since = |days: u32| today.plus_days(-i64::from(days)).end(world.zone());
        let filters = Filters {
            code: self.code.as_deref().map(str::to_uppercase),
            states: self.states(),
            kind: self.kind,
            channel: self.channel,
            field_code: self.field_code.clone(),
            place: self.agency_id.map(|agency| Place { agency, below, tree }),
            level: self.level.map(|level| AtLevel { level: level.level(), on, tree }),
            responsible: self.responsible_id,
            unassigned: self.unassigned.unwrap_or(false),
            area_code: self.area_code.clone(),
            visibility: self.visibility,
            provenance: self.provenance,
            timeliness: self.timeliness,
            received_from: self.received_from.map(|from| from.start(world)),
            received_to: self.received_to.map(|to| to.start(world)),
            idle_since: self.idle_days_min.map(idle_since),
            clock: self.clock,
            overdue: None,
            gap: None,
        };
        Question { reader: reader.person.clone(), moment, filters }
    }

    /// The same question for what is overdue.
    ///
    /// So many days overdue at least means a last day so many days ago at least; it ended at its midnight.
    pub(super) fn overdue(&self, world: &World, reader: &Reader) -> Question {
        let mut question = self.question(world, reader);
        let at = question.moment.at();
        let today = world.calendar().last_day(at);
        let last = |days: u32| today.plus_days(-i64::from(days)).end(world.zone());
        let by = self.min_days_overdue.map_or(at, |days| last(days).min(at));
        question.filters.overdue = Some(Overdue { by, against: self.basis.unwrap_or_default() });
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

    /// Whether he audits or coordinates the whole installation without a ceiling.
    pub(super) fn sees_everything(&self) -> bool {
        self.person.rights.iter().any(|right| {
            let role = matches!(right.role, Role::Auditor | Role::Coordinator);
            role && right.agency.is_none() && right.ceiling == Visibility::Restricted
        })
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

/// The petitions a reader may see.
pub fn petitions(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    paging: &Paging<ListSort>,
) -> Result<Page, Error> {
    let question = asked.question(world, reader);
    let list = List { world, reader, route: "/v1/petitions", asked, paging, course: false };
    let orders: &[Order] = match paging.sort {
        ListSort::Newest => &[Order::Newest],
        ListSort::Oldest => &[Order::Oldest],
        ListSort::Due => &[Order::DueFirst, Order::NotDue],
    };
    list.page(tx, &question, orders)
}

/// What of it is overdue.
pub fn overdue(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    paging: &Paging<DueSort>,
) -> Result<Page, Error> {
    let question = asked.overdue(world, reader);
    by_end(tx, world, reader, (asked, &question), paging, "/v1/overdue")
}

/// What of it is due soon.
pub fn due_soon(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    paging: &Paging<DueSort>,
) -> Result<Page, Error> {
    let mut question = asked.question(world, reader);
    question.filters.timeliness = Some(Timeliness::DueSoon);
    by_end(tx, world, reader, (asked, &question), paging, "/v1/due-soon")
}

fn by_end(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (asked, question): (&Asked, &Question),
    paging: &Paging<DueSort>,
    route: &str,
) -> Result<Page, Error> {
    let order = match paging.sort {
        DueSort::First => Order::DueFirst,
        DueSort::Last => Order::DueLast,
        DueSort::Agency => Order::ByAgency(structure::day(world, question.moment)),
    };
    List { world, reader, route, asked, paging, course: true }.page(tx, question, &[order])
}

/// What has no end that could be overdue, and why one looks at it all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unending {
    /// Its clock rests.
    Paused,
    /// It is open, and no clock was ever set.
    WithoutClock,
    /// It was passed on, and no result came back.
    ForwardedWithoutResult,
}

/// What of it has no end.
pub fn unending(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    (which, asked): (Unending, &Asked),
    paging: &Paging<ReceiptSort>,
) -> Result<Page, Error> {
    let mut question = asked.question(world, reader);
    let filters = &mut question.filters;
    let route = match which {
        Unending::Paused => {
            filters.timeliness = Some(Timeliness::Paused);
            "/v1/paused"
        }
        Unending::WithoutClock => {
            filters.gap = Some(Gap::NoClock);
            "/v1/without-clock"
        }
        Unending::ForwardedWithoutResult => {
            filters.gap = Some(Gap::NoResult);
            "/v1/forwarded-without-result"
        }
    };
    let order = match paging.sort {
        ReceiptSort::Oldest => Order::Oldest,
        ReceiptSort::Newest => Order::Newest,
    };
    List { world, reader, route, asked, paging, course: true }.page(tx, &question, &[order])
}
