//! Random samples for auditors: how many of each stratum, and which.

use std::collections::{BTreeMap, BinaryHeap};

/// How many are drawn of each stratum: so many together, shared out by size (largest remainder, ties in the order of
/// the keys), and never more than a stratum holds.
pub fn shares<K: Ord + Clone>(sizes: &BTreeMap<K, u64>, wanted: u64) -> BTreeMap<K, u64> {
    let total: u64 = sizes.values().sum();
    let wanted = u128::from(wanted.min(total));
    let mut rests: Vec<(u128, &K)> = Vec::with_capacity(sizes.len());
    let mut shares: BTreeMap<K, u64> = BTreeMap::new();
    for (key, size) in sizes {
        let exact = wanted * u128::from(*size);
        let whole = exact.checked_div(u128::from(total)).unwrap_or(0);
        rests.push((exact - whole * u128::from(total), key));
        shares.insert(key.clone(), u64::try_from(whole).unwrap_or(u64::MAX));
    }
    let given: u64 = shares.values().sum();
    let left =
        usize::try_from(wanted).unwrap_or(usize::MAX).saturating_sub(usize::try_from(given).unwrap_or(0));
    // A stable sort leaves equal rests in the order of the keys.
    rests.sort_by_key(|(rest, _)| std::cmp::Reverse(*rest));
    for (_, key) in rests.into_iter().take(left) {
        shares.entry(key.clone()).and_modify(|share| *share += 1);
    }
    shares
}

/// The few that rank first of however many are shown: it holds no more than it is to keep.
#[derive(Debug, Clone)]
pub struct Draw<T: Ord> {
    keep: usize,
    held: BinaryHeap<T>,
}

impl<T: Ord> Draw<T> {
    /// Keeps so many.
    pub fn of(keep: usize) -> Self {
        Self { keep, held: BinaryHeap::new() }
    }
    /// Looks at one more.
    pub fn show(&mut self, one: T) {
        if self.held.len() < self.keep {
            self.held.push(one);
        } else if let Some(mut last) = self.held.peek_mut()
            && one < *last
        {
            *last = one;
        }
    }
    /// What was kept, the first first.
    pub fn drawn(self) -> Vec<T> {
        self.held.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn largest_remainders_take_what_is_left() {
        let sizes = BTreeMap::from([("a", 50), ("b", 30), ("c", 20), ("d", 0)]);
        assert_eq!(shares(&sizes, 10), BTreeMap::from([("a", 5), ("b", 3), ("c", 2), ("d", 0)]));
        assert_eq!(shares(&sizes, 3), BTreeMap::from([("a", 1), ("b", 1), ("c", 1), ("d", 0)]));
        assert_eq!(shares(&sizes, 500), sizes);
        assert_eq!(shares(&BTreeMap::<&str, u64>::new(), 5), BTreeMap::new());
        assert_eq!(shares(&BTreeMap::from([("a", 1), ("b", 1)]), 1), BTreeMap::from([("a", 1), ("b", 0)]));
    }

    proptest! {
        #[test]
        fn shares_are_fair(sizes in vec(0_u64..1_000, 0..20), wanted in 0_u64..2_000) {
            let sizes: BTreeMap<usize, u64> = sizes.into_iter().enumerate().collect();
            let total: u64 = sizes.values().sum();
            let shares = shares(&sizes, wanted);
            prop_assert_eq!(shares.values().sum::<u64>(), wanted.min(total));
            for (key, share) in &shares {
                let exact = wanted.min(total) * sizes[key];
                prop_assert!(*share <= sizes[key]);
                prop_assert!(total == 0 || (share * total).abs_diff(exact) < total, "within one of the exact share");
            }
        }

        #[test]
        fn a_draw_keeps_the_first(ranks in vec(any::<u16>(), 0..200), keep in 0_usize..20) {
            let mut draw = Draw::of(keep);
            ranks.iter().for_each(|rank| draw.show(*rank));
            let mut sorted = ranks;
            sorted.sort_unstable();
            sorted.truncate(keep);
            prop_assert_eq!(draw.drawn(), sorted);
        }
    }
}
