//! The tree of agencies through time: who stood below whom on which days.
//!
//! Every agency has its place on every day: before its first version as in that, after its end below its heir, or,
//! without one, where it last stood. So each day has one tree, and a figure of any day is counted in one branch of it.

use std::collections::HashMap;

use jiff::civil::date;

use super::{id::AgencyId, time::Day};

/// The day that stands for "since ever".
pub const EVER: Day = Day::new(date(1, 1, 1));
/// The day that stands for "until further notice".
pub const ONWARD: Day = Day::new(date(9999, 12, 31));

/// A stretch in which an agency stood below another, or at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    pub parent: Option<AgencyId>,
    pub from: Day,
    /// The first day of the next stretch.
    pub to: Day,
}

/// A stretch in which one agency stood somewhere below another, or is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    pub ancestor: AgencyId,
    pub descendant: AgencyId,
    pub from: Day,
    pub to: Day,
}

/// Where each agency stood, in order and without a gap.
pub type Stands = HashMap<AgencyId, Vec<Stand>>;

/// From which day on an agency stands where; without a day, since ever.
pub type Place = (Option<Day>, Option<AgencyId>);

/// Puts the places of one agency in order: what it says of itself from a day on, the first since ever.
pub fn stands(places: impl IntoIterator<Item = Place>) -> Vec<Stand> {
    let mut stands: Vec<Stand> = Vec::new();
    for (index, (from, parent)) in places.into_iter().enumerate() {
        let from = from.filter(|_| index > 0).unwrap_or(EVER);
        if let Some(last) = stands.last_mut() {
            last.to = from.max(last.from);
        }
        stands.push(Stand { parent, from: stands.last().map_or(EVER, |last| last.to), to: ONWARD });
    }
    stands.retain(|stand| stand.from < stand.to);
    stands
}

/// Every line from one agency upwards, itself included; stretches that touch are one. Where a day would lead in a
/// circle (changes recorded later may cross), the line ends at the agency met before.
pub fn lines(stands: &Stands, descendant: AgencyId) -> Vec<Line> {
    let mut found = vec![Line { ancestor: descendant, descendant, from: EVER, to: ONWARD }];
    climb(stands, &mut vec![descendant], (EVER, ONWARD), &mut found);
    joined(found)
}

fn climb(stands: &Stands, path: &mut Vec<AgencyId>, (from, to): (Day, Day), found: &mut Vec<Line>) {
    let (Some(&bottom), Some(&top)) = (path.first(), path.last()) else { return };
    for stand in stands.get(&top).into_iter().flatten() {
        let (from, to) = (from.max(stand.from), to.min(stand.to));
        if let Some(parent) = stand.parent.filter(|parent| from < to && !path.contains(parent)) {
            found.push(Line { ancestor: parent, descendant: bottom, from, to });
            path.push(parent);
            climb(stands, path, (from, to), found);
            path.pop();
        }
    }
}

/// The same lines, those of one pair that touch or overlap put together, in order.
pub fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_unstable();
    let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        match joined.last_mut() {
            Some(last)
                if (last.ancestor, last.descendant) == (line.ancestor, line.descendant)
                    && line.from <= last.to =>
            {
                last.to = last.to.max(line.to);
            }
            _ => joined.push(line),
        }
    }
    joined
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
