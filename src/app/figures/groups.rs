//! Figures by group. The database groups by what stretches hold; levels, agencies with all below them, quarters and
//! windows of the inspectorate are put together from that, since every petition is in one group there.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    Wanted,
    amounts::{self, Amounts},
    columns,
};
use crate::{
    app::{
        Error, World,
        lists::{LevelAsked, Reader},
        reports::{self, Names},
        structure::Structure,
        when::When,
    },
    domain::{
        figures::{self, Report},
        id::AgencyId,
        refusal::Words,
        time::{Day, Instant},
        vocabulary::{Code, Kind},
    },
    store::{
        AnyConnection,
        figures::{self as store, Population},
        lists::Tree,
        reports::{GroupKey, Grouping},
        summary,
    },
};

/// By what a report is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    #[default]
    Agency,
    /// By agency, each with everything below it: a petition is in several groups.
    Subtree,
    Field,
    Kind,
    Channel,
    Level,
    Month,
    Quarter,
    InspectoratePeriod,
    /// All in one.
    None,
}

impl GroupBy {
    /// What the database groups by, where that is all there is to it.
    pub(super) fn grouping(self) -> Option<Grouping> {
        match self {
            Self::Agency => Some(Grouping::Agency),
            Self::Field => Some(Grouping::Field),
            Self::Kind => Some(Grouping::Kind),
            Self::Channel => Some(Grouping::Channel),
            Self::Month => Some(Grouping::Month),
            Self::Subtree | Self::Level | Self::Quarter | Self::InspectoratePeriod | Self::None => None,
        }
    }

    /// Whether a petition can move from one of the groups to another, or there is one group only.
    pub(super) fn is_of_stretches(self) -> bool {
        matches!(self, Self::Agency | Self::Field | Self::Kind | Self::Channel | Self::None)
    }

    /// What the database groups by, of which the groups are put together.
    fn parts(self, structure: Structure) -> Grouping {
        match self {
            Self::Agency | Self::Subtree | Self::Level => structure.by_agency(),
            Self::Quarter => Grouping::Month,
            Self::InspectoratePeriod | Self::None => Grouping::Kind,
            one => one.grouping().unwrap_or(Grouping::Kind),
        }
    }
}

/// What a group is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The code; of a month `2026-06`, of a quarter `2026-Q2`.
    pub key: String,
    pub name: Words,
    /// Whether it is an agency that is no more in the structure counted in.
    pub closed: bool,
    /// The agency, where that is what groups.
    agency: Option<AgencyId>,
}

impl Group {
    fn of(key: &GroupKey, named: reports::Group) -> Self {
        let agency = match key {
            GroupKey::Agency(id) => Some(*id),
            _ => None,
        };
        Self { key: named.key, name: named.name, closed: named.closed, agency }
    }
}

/// A group with what was counted of it.
#[derive(Debug)]
pub(super) struct Grouped {
    pub(super) group: Group,
    /// The question narrowed to the group, and fixed to the moment.
    pub(super) wanted: Wanted,
    pub(super) tally: Tally,
}

/// What was counted and measured of a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// In the order of the report's columns.
    pub(super) counts: Vec<i64>,
    pub(super) amounts: Amounts,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.counts.resize(other.counts.len(), 0);
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
        for (amount, histogram) in &other.amounts {
            let own = self.amounts.entry(*amount).or_default();
            histogram.iter().for_each(|(value, times)| *own.entry(*value).or_default() += times);
        }
    }
}

/// What is known of a group before it is counted.
type Named = (Group, Wanted);
type Groups = BTreeMap<String, Grouped>;

/// Counts every column of a report by group.
pub(super) fn counted(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    report: Report,
    wanted: &Wanted,
    by: GroupBy,
) -> Result<Groups, Error> {
    let population = wanted.population(world, reader, report);
    let as_of = population.question.moment.at();
    let wanted = &Wanted { as_of: Some(When::At(as_of)), ..wanted.clone() };
    let structure = wanted.structure.unwrap_or_default();
    let parts = by.parts(structure);
    let mut groups = Groups::new();
    if by == GroupBy::InspectoratePeriod {
        for (named, window) in periods(tx, world, reader, report, wanted, &population)? {
            let found = tallies(tx, world, report, &window, parts)?;
            found.values().for_each(|tally| take_in(&mut groups, named.clone(), tally));
        }
        return Ok(groups);
    }
    let found = tallies(tx, world, report, &population, parts)?;
    let keys: Vec<GroupKey> = found.keys().cloned().collect();
    let moment = population.question.moment;
    let (tree, day) = (structure.tree(world, moment), structure.day(world, moment));
    let names = Names::load(tx, parts, keys.iter(), day)?;
    let above =
        if by == GroupBy::Subtree { Above::load(tx, wanted, &keys, (tree, day))? } else { Above::default() };
    for (key, tally) in &found {
        let of = |group: Group| {
            let narrowed = narrowed(world, wanted, by, &group);
            (group, narrowed)
        };
        match by {
            GroupBy::Subtree => above.of(key).for_each(|group| take_in(&mut groups, of(group), tally)),
            GroupBy::Level => {
                take_in(&mut groups, of(Group { agency: None, ..Group::of(key, names.level_of(key)) }), tally)
            }
            GroupBy::Quarter => take_in(&mut groups, of(quarter(key)), tally),
            GroupBy::None => take_in(&mut groups, of(everything()), tally),
            _ => take_in(&mut groups, of(Group::of(key, names.of(key))), tally),
        }
    }
    Ok(groups)
}

/// Counts and measures a population by what stretches hold.
fn tallies(
    tx: &mut AnyConnection,
    world: &World,
    report: Report,
    population: &Population,
    grouping: Grouping,
) -> Result<HashMap<GroupKey, Tally>, Error> {
    let counts = store::counts(tx, population, grouping, &columns(report))?;
    let mut amounts = amounts::load(tx, world, report, population, grouping)?;
    let tally = |(key, counts): (GroupKey, Vec<i64>)| {
        let amounts = amounts.remove(&key).unwrap_or_default();
        (key, Tally { counts, amounts })
    };
    Ok(counts.into_iter().map(tally).collect())
}

/// Adds what was counted to a group.
fn take_in(groups: &mut Groups, (group, wanted): Named, tally: &Tally) {
    let empty = || Grouped { group: group.clone(), wanted, tally: Tally::default() };
    groups.entry(place(&group)).or_insert_with(empty).tally.add(tally);
}

/// The place of a group among the others: two agencies may have had one code at different times.
fn place(group: &Group) -> String {
    let id = group.agency.map(|id| id.to_string()).unwrap_or_default();
    format!("{}\u{0}{id}", group.key)
}

fn everything() -> Group {
    Group { key: "all".to_owned(), name: Words::new("Tất cả", "All"), closed: false, agency: None }
}

/// The quarter of a month.
fn quarter(key: &GroupKey) -> Group {
    let month = match key {
        GroupKey::Month(month) => month.as_str(),
        _ => "",
    };
    let (year, month) = month.split_once('-').unwrap_or_default();
    let number = month.parse::<u8>().map_or(0, |month| month.saturating_sub(1) / 3 + 1);
    let name = Words::new(format!("Quý {number}/{year}"), format!("Q{number} {year}"));
    Group { key: format!("{year}-Q{number}"), name, closed: false, agency: None }
}

/// The first day of a month or quarter, and the first day after it.
fn days(key: &str) -> Option<(Day, Day)> {
    let (year, part) = key.split_once('-')?;
    let year: i16 = year.parse().ok()?;
    let (month, length) = match part.strip_prefix('Q') {
        Some(quarter) => ((quarter.parse::<i8>().ok()? - 1) * 3 + 1, 3),
        None => (part.parse().ok()?, 1),
    };
    let first = jiff::civil::Date::new(year, month, 1).ok()?;
    let after = first.checked_add(jiff::Span::new().months(length)).ok()?;
    Some((Day::new(first), Day::new(after)))
}

/// The question of one group.
fn narrowed(world: &World, wanted: &Wanted, by: GroupBy, group: &Group) -> Wanted {
    let mut wanted = wanted.clone();
    match by {
        GroupBy::Agency => (wanted.agency_id, wanted.subtree) = (group.agency, Some(false)),
        GroupBy::Subtree => {
            let below = wanted.subtree.unwrap_or(true);
            (wanted.agency_id, wanted.subtree) = (group.agency, Some(below));
        }
        GroupBy::Field => wanted.field_code = Some(group.key.clone()),
        GroupBy::Kind => wanted.kind = Kind::parse(&group.key),
        GroupBy::Channel => wanted.channel = Code::parse(&group.key),
        GroupBy::Level => wanted.level = LevelAsked::parse(&group.key),
        GroupBy::Month | GroupBy::Quarter => {
            if let Some((first, after)) = days(&group.key) {
                wanted = within(world, &wanted, first, after);
            }
        }
        GroupBy::InspectoratePeriod | GroupBy::None => {}
    }
    wanted
}

/// The part of a window that lies in these days.
fn within(world: &World, wanted: &Wanted, first: Day, after: Day) -> Wanted {
    let (start, end) = (first.start(world.zone()), after.start(world.zone()));
    let from = wanted.from.filter(|from| from.start(world) > start).unwrap_or(When::On(first));
    let to = wanted.to.filter(|to| to.start(world) < end).unwrap_or(When::On(after));
    Wanted { from: Some(from), to: Some(to), ..wanted.clone() }
}

/// The quarters of the inspectorate in which petitions were received, each with its part of the population.
fn periods(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    report: Report,
    wanted: &Wanted,
    population: &Population,
) -> Result<Vec<(Named, Population)>, Error> {
    let Some((first, last)) = store::received_between(tx, population)? else { return Ok(Vec::new()) };
    let of = |at: Instant| figures::inspectorate_quarter(at.day(world.zone()));
    let (mut now, end) = (of(first), of(last));
    let mut periods = Vec::new();
    while now <= end {
        let (year, number) = now;
        let next = if number == 4 { (year + 1, 1) } else { (year, number + 1) };
        let begins = |(year, number)| figures::inspectorate_quarter_start(year, number);
        let name = Words::new(
            format!("Kỳ báo cáo quý {number}/{year} (ngày 15 đến ngày 14)"),
            format!("Inspectorate Q{number} {year} (15th to 14th)"),
        );
        let group = Group { key: format!("{year}-Q{number}"), name, closed: false, agency: None };
        let narrowed = within(world, wanted, begins(now), begins(next));
        let window = narrowed.population(world, reader, report);
        periods.push(((group, narrowed), window));
        now = next;
    }
    Ok(periods)
}

/// The agencies above those that petitions are with, and themselves, inside what was asked for.
#[derive(Debug, Default)]
struct Above(BTreeMap<AgencyId, Vec<Group>>);

impl Above {
    fn load(
        tx: &mut AnyConnection,
        wanted: &Wanted,
        keys: &[GroupKey],
        (tree, day): (Tree, Day),
    ) -> Result<Self, Error> {
        let held: Vec<AgencyId> = keys
            .iter()
            .filter_map(|key| match key {
                GroupKey::Agency(id) => Some(*id),
                _ => None,
            })
            .collect();
        let inside = match wanted.agency_id {
            Some(top) if wanted.subtree == Some(false) => Some(vec![top]),
            Some(top) => Some(summary::below(tx, top, tree)?),
            None => None,
        };
        let mut pairs = summary::lines(tx, &held, tree)?;
        pairs.retain(|(above, own)| match (&inside, wanted.subtree) {
            (_, Some(false)) => above == own,
            (Some(inside), _) => inside.contains(above),
            (None, _) => true,
        });
        let named: Vec<AgencyId> = pairs.iter().map(|(above, _)| *above).collect();
        let keys: Vec<GroupKey> = named.into_iter().map(GroupKey::Agency).collect();
        let names = Names::load(tx, Grouping::Agency, keys.iter(), day)?;
        let mut groups: BTreeMap<AgencyId, Vec<Group>> = BTreeMap::new();
        for (above, own) in pairs {
            let key = GroupKey::Agency(above);
            let group = Group::of(&key, names.of(&key));
            groups.entry(own).or_default().push(group);
        }
        Ok(Self(groups))
    }

    fn of(&self, key: &GroupKey) -> impl Iterator<Item = Group> + '_ {
        let own = match key {
            GroupKey::Agency(id) => self.0.get(id),
            _ => None,
        };
        own.into_iter().flatten().cloned()
    }
}
