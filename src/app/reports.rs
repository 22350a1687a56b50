//! What the public may count; and what groups are called.

use std::collections::HashMap;

use super::{Error, lists::LevelAsked};
use crate::{
    domain::{
        id::{AgencyId, OfficialId},
        refusal::Words,
        time::Day,
        vocabulary::{Code, Kind, Language, Level, PublicStatus},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyVersion},
        people, reference,
        reports::{self, GroupKey, Grouping},
    },
};

/// What a group is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The code; of a month `YYYY-MM`; `unknown` for agencies without a level; of a person the id, `unassigned` where
    /// nobody is responsible.
    pub key: String,
    pub name: Words,
    /// Whether it is an agency that is no more in the structure counted in.
    pub closed: bool,
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
    /// Full name and position.
    people: HashMap<OfficialId, (String, String)>,
}

impl Names {
    pub(super) fn load<'a>(
        tx: &mut AnyConnection,
        grouping: Grouping,
        keys: impl Iterator<Item = &'a GroupKey>,
        day: Day,
    ) -> Result<Self, Error> {
        let (mut ids, mut officials) = (Vec::new(), Vec::new());
        keys.for_each(|key| match key {
            GroupKey::Agency(id) => ids.push(*id),
            GroupKey::Person(id) => officials.extend(*id),
            _ => {}
        });
        let fields = if grouping == Grouping::Field { reference::fields(tx)? } else { Vec::new() };
        let named = fields.into_iter().map(|row| (row.code, Words::new(row.name_vi, row.name_en)));
        Ok(Self {
            agencies: agencies::on(tx, &ids, day)?,
            fields: named.collect(),
            people: people::names(tx, &officials)?,
        })
    }

    pub(super) fn of(&self, whose: &GroupKey) -> Group {
        let same = |text: &str| Words::new(text, text);
        let (key, name) = match whose {
            GroupKey::Agency(id) => match self.agencies.get(id) {
                Some(agency) => (agency.code.clone(), same(&agency.name)),
                None => (id.to_string(), same("")),
            },
            GroupKey::Field(code) => {
                let name = self.fields.get(code).cloned();
                (code.clone(), name.unwrap_or_else(|| same(code)))
            }
            GroupKey::Kind(kind) => (kind.as_str().to_owned(), both(*kind)),
            GroupKey::Channel(channel) => (channel.as_str().to_owned(), both(*channel)),
            GroupKey::Month(month) => (month.clone(), same(month)),
            GroupKey::Person(Some(id)) => {
                let name = self.people.get(id).map_or("", |(full_name, _)| full_name);
                (id.to_string(), same(name))
            }
            GroupKey::Person(None) => {
                ("unassigned".to_owned(), Words::new("Chưa giao ai", "Nobody responsible"))
            }
        };
        let closed = match whose {
            GroupKey::Agency(id) => self.agencies.get(id).is_some_and(|agency| agency.closed),
            _ => false,
        };
        Group { key, name, closed }
    }

    pub(super) fn level_of(&self, key: &GroupKey) -> Group {
        let level: Option<Level> = match key {
            GroupKey::Agency(id) => self.agencies.get(id).and_then(|agency| agency.level),
            _ => None,
        };
        let (key, name) = match level {
            Some(level) => (level.as_str(), both(level)),
            None => (LevelAsked::UNKNOWN, Words::new("Chưa rõ cấp", "Level unknown")),
        };
        Group { key: key.to_owned(), name, closed: false }
    }
}

fn both<C: Code>(code: C) -> Words {
    Words::new(code.label(Language::Vi), code.label(Language::En))
}
