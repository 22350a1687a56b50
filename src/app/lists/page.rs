//! Pages of a list: where each begins and ends.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Asked, Reader,
    item::{self, Item},
};
use crate::{
    app::{
        Error, World,
        cursor::{self, Binding},
    },
    domain::{id::PetitionId, time::Instant},
    store::{
        AnyConnection,
        lists::{self, Key, ListedRow, Order, Question},
    },
};

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
    /// Until when what was recorded counts; nothing: all of it.
    pub recorded_by: Option<Instant>,
    pub items: Vec<Item>,
    pub next_cursor: Option<String>,
}

/// Where a page ended: in which part of the list, and after which row.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct End {
    part: usize,
    at: i64,
    petition: PetitionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
}

/// A list as one reader asks for it.
pub(super) struct List<'a, S> {
    pub(super) world: &'a World,
    pub(super) reader: &'a Reader,
    pub(super) route: &'a str,
    pub(super) asked: &'a Asked,
    pub(super) paging: &'a Paging<S>,
    /// Whether each item tells how it came to stand where it does.
    pub(super) course: bool,
}

impl<S: Serialize + DeserializeOwned + Copy> List<'_, S> {
    /// A page of a list that consists of parts, each in an order of its own.
    pub(super) fn page(
        &self,
        tx: &mut AnyConnection,
        question: &Question,
        orders: &[Order],
    ) -> Result<Page, Error> {
        let filters = (self.asked, self.paging.sort);
        let binding = Binding { route: self.route, caller: &self.reader.scope, filters: &filters };
        let secret = &self.world.secret;
        let begin: Option<End> =
            self.paging.cursor.as_deref().map(|text| cursor::open(secret, &binding, text)).transpose()?;
        let limit = self.paging.limit;
        let wanted = usize::try_from(limit).map_err(Error::internal)?;
        let mut rows: Vec<ListedRow> = Vec::new();
        let mut parts = Vec::new();
        for (part, order) in orders.iter().enumerate().skip(begin.as_ref().map_or(0, |begin| begin.part)) {
            let after = begin.as_ref().filter(|begin| begin.part == part).map(End::key).transpose()?;
            // One more than is shown tells whether the list goes on.
            let rest = limit + 1 - i64::try_from(rows.len()).map_err(Error::internal)?;
            if rest > 0 {
                rows.extend(lists::page(tx, question, *order, after, rest)?);
                parts.resize(rows.len(), part);
            }
        }
        let goes_on = rows.len() > wanted;
        rows.truncate(wanted);
        let items = item::with_names(tx, self.world, question, rows, self.course)?;
        let last = items.last().zip(parts.get(items.len().saturating_sub(1))).filter(|_| goes_on);
        let end = last.and_then(|(item, part)| End::of(*part, orders, item));
        let next_cursor = end.map(|end| cursor::seal(secret, &binding, &end)).transpose()?;
        let moment = question.moment;
        Ok(Page { as_of: moment.at(), recorded_by: moment.recorded_by(), items, next_cursor })
    }
}

impl End {
    fn of(part: usize, orders: &[Order], item: &Item) -> Option<Self> {
        let row = &item.row;
        let order = orders.get(part)?;
        let at = match order {
            Order::DueFirst | Order::DueLast | Order::ByAgency(_) => row.end?,
            Order::Newest | Order::Oldest | Order::NotDue => row.span.received_at,
        };
        let agency = match order {
            Order::ByAgency(_) => Some(item.agency.as_ref()?.code.clone()),
            _ => None,
        };
        Some(Self { part, at: at.micros(), petition: row.span.petition_id, agency })
    }

    fn key(&self) -> Result<Key, Error> {
        let at = Instant::from_micros(self.at).ok_or(Error::InvalidCursor)?;
        Ok(Key { agency: self.agency.clone(), at, petition: self.petition })
    }
}
