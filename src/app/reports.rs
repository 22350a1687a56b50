//! What is overdue by group, and what the public may count.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    Error, World,
    lists::{Asked, Reader},
};
use crate::{
    domain::{
        id::AgencyId,
        refusal::Words,
        time::{Day, Instant},
        vocabulary::{Code, Kind, Language, Level, PublicStatus},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyVersion},
        reference,
        reports::{self, GroupKey, Grouping, OverdueGroup},
    },
};

/// By what overdue petitions are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryBy {
    #[default]
    Agency,
    Field,
    Kind,
}

/// What a group is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The code; of a month `YYYY-MM`; `unknown` for agencies without a level.
    pub key: String,
    pub name: Words,
    /// The agency, where that is what groups.
    pub agency: Option<AgencyId>,
}

/// What is overdue, by group, in the order of the keys.
#[derive(Debug)]
pub struct Summary {
    pub as_of: Instant,
    pub total: i64,
    pub groups: Vec<(Group, OverdueGroup)>,
}

/// How many petitions of a kind have a status; nothing where the number is too small to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicCount {
    pub kind: Kind,
    pub status: PublicStatus,
    pub count: Option<i64>,
}

/// The least count of complaints or denunciations that is told to the public.
const LEAST_PUBLIC: i64 = 5;

/// What is overdue among what a reader may see, by group.
pub fn overdue_summary(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    by: SummaryBy,
) -> Result<Summary, Error> {
    let question = asked.overdue(world, reader);
    let as_of = question.moment.at();
    let grouping = match by {
        SummaryBy::Agency => Grouping::Agency,
        SummaryBy::Field => Grouping::Field,
        SummaryBy::Kind => Grouping::Kind,
    };
    let found = reports::overdue(tx, &question, grouping)?;
    let names = Names::load(tx, grouping, found.iter().map(|group| &group.key), as_of.day(world.zone()))?;
    let total = found.iter().map(|group| group.count).sum();
    let mut groups: Vec<_> = found.into_iter().map(|group| (names.of(&group.key), group)).collect();
    groups.sort_by(|(one, _), (other, _)| one.key.cmp(&other.key));
    Ok(Summary { as_of, total, groups })
}

/// How many petitions are overdue now with agencies of each level, for the installation's own figures; a level with
/// none is told as well, lest the last number stay.
pub fn overdue_by_level(tx: &mut AnyConnection, world: &World) -> Result<BTreeMap<String, i64>, Error> {
    let question = Asked::default().overdue(world, &Reader::installation());
    let found = reports::overdue(tx, &question, Grouping::Agency)?;
    let keys = found.iter().map(|group| &group.key);
    let names = Names::load(tx, Grouping::Agency, keys, world.now.day(world.zone()))?;
    let mut levels: BTreeMap<String, i64> =
        Level::ALL.iter().map(|level| (level.as_str().to_owned(), 0)).collect();
    for group in found {
        *levels.entry(names.level_of(&group.key).key).or_default() += group.count;
    }
    Ok(levels)
}

/// How many petitions there are of each kind and status, for everybody: none before its classification, and of
/// complaints and denunciations no count from which one could guess whose it is.
pub fn public_statistics(tx: &mut AnyConnection) -> Result<Vec<PublicCount>, Error> {
    let mut counts: HashMap<(Kind, PublicStatus), i64> = HashMap::new();
    for (kind, state, count) in reports::classified(tx)? {
        *counts.entry((kind, state.public_status())).or_default() += count;
    }
    let cells =
        Kind::ALL.iter().flat_map(|kind| PublicStatus::ALL.iter().map(move |status| (*kind, *status)));
    Ok(cells
        .map(|(kind, status)| {
            let count = counts.get(&(kind, status)).copied().unwrap_or_default();
            // A zero says as much as a small number where the others are missing.
            let told = !kind.is_contentious() || count >= LEAST_PUBLIC;
            PublicCount { kind, status, count: told.then_some(count) }
        })
        .collect())
}

/// The names of groups, as they were at a day.
pub(super) struct Names {
    agencies: HashMap<AgencyId, AgencyVersion>,
    fields: HashMap<String, Words>,
}

impl Names {
    pub(super) fn load<'a>(
        tx: &mut AnyConnection,
        grouping: Grouping,
        keys: impl Iterator<Item = &'a GroupKey>,
        day: Day,
    ) -> Result<Self, Error> {
        let ids: Vec<AgencyId> = keys
            .filter_map(|key| match key {
                GroupKey::Agency(id) => Some(*id),
                _ => None,
            })
            .collect();
        let fields = if grouping == Grouping::Field { reference::fields(tx)? } else { Vec::new() };
        let named = fields.into_iter().map(|row| (row.code, Words::new(row.name_vi, row.name_en)));
        Ok(Self { agencies: agencies::on(tx, &ids, day)?, fields: named.collect() })
    }

    pub(super) fn of(&self, key: &GroupKey) -> Group {
        let labels = |vi: &str, en: &str| Words::new(vi, en);
        let (code, name, agency) = match key {
            GroupKey::Agency(id) => match self.agencies.get(id) {
                Some(agency) => (agency.code.clone(), labels(&agency.name, &agency.name), Some(*id)),
                None => (id.to_string(), labels("", ""), Some(*id)),
            },
            GroupKey::Field(code) => {
                let name = self.fields.get(code).cloned();
                (code.clone(), name.unwrap_or_else(|| labels(code, code)), None)
            }
            GroupKey::Kind(kind) => (kind.as_str().to_owned(), both(*kind), None),
            GroupKey::Channel(channel) => (channel.as_str().to_owned(), both(*channel), None),
            GroupKey::Month(month) => (month.clone(), labels(month, month), None),
        };
        Group { key: code, name, agency }
    }

    pub(super) fn level_of(&self, key: &GroupKey) -> Group {
        let level: Option<Level> = match key {
            GroupKey::Agency(id) => self.agencies.get(id).and_then(|agency| agency.level),
            _ => None,
        };
        let (key, name) = match level {
            Some(level) => (level.as_str(), both(level)),
            None => ("unknown", Words::new("Chưa rõ cấp", "Level unknown")),
        };
        Group { key: key.to_owned(), name, agency: None }
    }
}

fn both<C: Code>(code: C) -> Words {
    Words::new(code.label(Language::Vi), code.label(Language::En))
}
