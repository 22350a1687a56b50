//! What is overdue, counted: by group, and for each agency with everything below it.

use std::collections::{BTreeMap, HashMap, HashSet, btree_map::Entry};

use serde::{Deserialize, Serialize};

use super::{
    Error, World,
    lists::{Asked, LevelAsked, Reader},
    reports::{Group, Names},
    when::When,
};
use crate::{
    domain::{
        id::AgencyId,
        time::Instant,
        vocabulary::{Code, Level},
    },
    store::{
        AnyConnection,
        lists::Tree,
        reports::{GroupKey, Grouping},
        summary::{self, OverdueGroup},
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
    Level,
    Person,
    Channel,
}

/// The petitions of a group: how many, since when, and the question whose list they are.
#[derive(Debug)]
pub struct Counted {
    pub group: Group,
    pub count: i64,
    /// The earliest of the ends that lateness is measured against.
    pub oldest_due_at: Option<Instant>,
    pub behind: Asked,
}

/// What is overdue, in the order of the keys.
#[derive(Debug)]
pub struct Summary {
    pub as_of: Instant,
    pub recorded_by: Option<Instant>,
    pub total: i64,
    pub groups: Vec<Counted>,
    /// By agency: every agency that has something itself or below it, with all of it; else nothing.
    pub subtrees: Vec<Counted>,
}

/// What is overdue among what a reader may see, by group.
pub fn overdue(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    asked: &Asked,
    by: SummaryBy,
) -> Result<Summary, Error> {
    let question = asked.overdue(world, reader);
    let moment = question.moment;
    let structure = asked.structure.unwrap_or_default();
    let (tree, on) = (structure.tree(world, moment), structure.day(world, moment));
    let grouping = match by {
        SummaryBy::Agency | SummaryBy::Level => structure.by_agency(),
        SummaryBy::Field => Grouping::Field,
        SummaryBy::Kind => Grouping::Kind,
        SummaryBy::Person => Grouping::Person,
        SummaryBy::Channel => Grouping::Channel,
    };
    let found = summary::overdue(tx, &question, grouping)?;
    let lines = if by == SummaryBy::Agency { lines(tx, &found, tree)? } else { Vec::new() };
    let above = lines.iter().map(|(above, _)| GroupKey::Agency(*above));
    let keys: Vec<GroupKey> = found.iter().map(|group| group.key.clone()).chain(above).collect();
    let names = Names::load(tx, grouping, keys.iter(), on)?;
    // The list behind a figure is that of the same moment, whenever it is opened.
    let fixed = Asked {
        as_of: Some(When::At(moment.at())),
        recorded_by: moment.recorded_by().map(When::At),
        ..asked.clone()
    };
    let total = found.iter().map(|group| group.count).sum();
    let subtrees = subtrees(&found, &lines, &names, &fixed, &below(tx, asked, tree)?);
    let mut groups: BTreeMap<String, Counted> = BTreeMap::new();
    for OverdueGroup { key, count, oldest_due_at } in found {
        let group = if by == SummaryBy::Level { names.level_of(&key) } else { names.of(&key) };
        let behind = narrowed(&fixed, by, &key, &group.key);
        // By id as well: an agency of old may have had the code of another.
        let place = format!("{} {:?}", group.key, if by == SummaryBy::Level { None } else { Some(&key) });
        add(groups.entry(place), Counted { group, count, oldest_due_at, behind });
    }
    let groups = groups.into_values().collect();
    Ok(Summary { as_of: moment.at(), recorded_by: moment.recorded_by(), total, groups, subtrees })
}

/// How many petitions are overdue now with agencies of each level, for the installation's own figures; a level with
/// none is told as well, lest the last number stay.
pub fn overdue_by_level(tx: &mut AnyConnection, world: &World) -> Result<BTreeMap<String, i64>, Error> {
    let summary = overdue(tx, world, &Reader::installation(), &Asked::default(), SummaryBy::Level)?;
    let mut levels: BTreeMap<String, i64> =
        Level::ALL.iter().map(|level| (level.as_str().to_owned(), 0)).collect();
    levels.extend(summary.groups.into_iter().map(|counted| (counted.group.key, counted.count)));
    Ok(levels)
}

/// Counts petitions into a group.
fn add(entry: Entry<'_, String, Counted>, more: Counted) {
    match entry {
        Entry::Vacant(place) => drop(place.insert(more)),
        Entry::Occupied(mut place) => {
            let counted = place.get_mut();
            counted.count += more.count;
            counted.oldest_due_at = counted.oldest_due_at.into_iter().chain(more.oldest_due_at).min();
        }
    }
}

/// Who is above the agencies of these groups, themselves included.
fn lines(
    tx: &mut AnyConnection,
    found: &[OverdueGroup],
    tree: Tree,
) -> Result<Vec<(AgencyId, AgencyId)>, Error> {
    let agencies: Vec<AgencyId> = found.iter().filter_map(|group| agency(&group.key)).collect();
    Ok(summary::lines(tx, &agencies, tree)?)
}

fn agency(key: &GroupKey) -> Option<AgencyId> {
    match key {
        GroupKey::Agency(id) => Some(*id),
        _ => None,
    }
}

/// The agencies that a question is about: nothing when it is about all.
fn below(tx: &mut AnyConnection, asked: &Asked, tree: Tree) -> Result<Option<HashSet<AgencyId>>, Error> {
    match (asked.agency_id, asked.subtree.unwrap_or(true)) {
        (None, _) => Ok(None),
        (Some(top), false) => Ok(Some(HashSet::from([top]))),
        (Some(top), true) => Ok(Some(summary::below(tx, top, tree)?.into_iter().collect())),
    }
}

/// The sums over each agency and everything below it; none reaches beyond what was asked for.
fn subtrees(
    found: &[OverdueGroup],
    lines: &[(AgencyId, AgencyId)],
    names: &Names,
    fixed: &Asked,
    within: &Option<HashSet<AgencyId>>,
) -> Vec<Counted> {
    let own: HashMap<AgencyId, &OverdueGroup> =
        found.iter().filter_map(|group| Some((agency(&group.key)?, group))).collect();
    let mut sums: BTreeMap<String, Counted> = BTreeMap::new();
    for (above, below) in lines {
        if within.as_ref().is_some_and(|within| !within.contains(above)) {
            continue;
        }
        let Some(part) = own.get(below) else { continue };
        let group = names.of(&GroupKey::Agency(*above));
        let subtree = fixed.subtree.unwrap_or(true);
        let behind = Asked { agency_id: Some(*above), subtree: Some(subtree), ..fixed.clone() };
        let place = format!("{} {above}", group.key);
        let (count, oldest_due_at) = (part.count, part.oldest_due_at);
        add(sums.entry(place), Counted { group, count, oldest_due_at, behind });
    }
    sums.into_values().collect()
}

/// The same question, narrowed to a group.
fn narrowed(fixed: &Asked, by: SummaryBy, key: &GroupKey, word: &str) -> Asked {
    let mut asked = fixed.clone();
    match (by, key) {
        (SummaryBy::Level, _) => asked.level = LevelAsked::parse(word),
        (_, GroupKey::Agency(id)) => (asked.agency_id, asked.subtree) = (Some(*id), Some(false)),
        (_, GroupKey::Person(Some(id))) => asked.responsible_id = Some(*id),
        (_, GroupKey::Person(None)) => asked.unassigned = Some(true),
        (_, GroupKey::Field(code)) => asked.field_code = Some(code.clone()),
        (_, GroupKey::Kind(kind)) => asked.kind = Some(*kind),
        (_, GroupKey::Channel(channel)) => asked.channel = Some(*channel),
        (_, GroupKey::Month(_)) => {}
    }
    asked
}
