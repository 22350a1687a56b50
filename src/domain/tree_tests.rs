use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;
use crate::domain::id::Id;

fn agency(number: usize) -> AgencyId {
    Id::new(Uuid::from_u128(number as u128 + 1))
}

fn day(number: i64) -> Day {
    "2025-01-01".parse::<Day>().unwrap().plus_days(number)
}

/// The parent of an agency on a day, as its places say.
fn parent(stands: &Stands, of: AgencyId, on: Day) -> Option<AgencyId> {
    stands[&of].iter().find(|stand| stand.from <= on && on < stand.to).unwrap().parent
}

#[test]
fn the_first_place_holds_since_ever_and_the_last_onward() {
    let found =
        stands([(Some(day(5)), None), (Some(day(9)), Some(agency(1))), (Some(day(9)), Some(agency(2)))]);
    let expected = [(None, EVER, day(9)), (Some(agency(2)), day(9), ONWARD)];
    assert_eq!(found, expected.map(|(parent, from, to)| Stand { parent, from, to }));
    assert_eq!(stands([]), []);
}

#[test]
fn a_circle_of_crossing_changes_ends() {
    let both = HashMap::from([
        (agency(1), stands([(None, Some(agency(2)))])),
        (agency(2), stands([(None, Some(agency(1)))])),
    ]);
    let ancestors: Vec<_> = lines(&both, agency(1)).into_iter().map(|line| line.ancestor).collect();
    assert_eq!(ancestors, [agency(1), agency(2)]);
}

proptest! {
    /// On every day the lines are what climbing from parent to parent gives, and whoever is counted in a subtree is
    /// counted once among its members.
    #[test]
    fn lines_are_what_climbing_gives(moves in vec(vec((0i64..40, 0usize..12), 1..5), 12)) {
        let count = moves.len();
        let mut all = Stands::new();
        for (index, mut own) in moves.into_iter().enumerate() {
            own.sort_unstable_by_key(|(on, _)| *on);
            // Below an earlier one only: so no day leads in a circle.
            let places = own.into_iter().map(|(on, above)| {
                (Some(day(on)), (index > 0).then(|| agency(above % index.max(1))))
            });
            all.insert(agency(index), stands(places));
        }
        let lines: Vec<Line> = (0..count).flat_map(|index| lines(&all, agency(index))).collect();
        for on in (-1..42).map(day) {
            let mut size = HashMap::new();
            for index in 0..count {
                let mut climbed = vec![agency(index)];
                while let Some(above) = parent(&all, *climbed.last().unwrap(), on) {
                    climbed.push(above);
                }
                let mut held: Vec<_> = lines
                    .iter()
                    .filter(|line| line.descendant == agency(index) && line.from <= on && on < line.to)
                    .map(|line| line.ancestor)
                    .collect();
                prop_assert!(held.len() == climbed.len(), "each ancestor once");
                climbed.iter().for_each(|above| *size.entry(*above).or_insert(0usize) += 1);
                held.sort_unstable();
                climbed.sort_unstable();
                prop_assert_eq!(held, climbed);
            }
            for top in 0..count {
                let is_below = |index: &usize| parent(&all, agency(*index), on) == Some(agency(top));
                let members: usize = (0..count).filter(is_below).map(|child| size[&agency(child)]).sum();
                prop_assert_eq!(size[&agency(top)], 1 + members);
            }
        }
    }
}
