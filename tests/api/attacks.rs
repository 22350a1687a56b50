//! The 42 attack cases of the API's conventions: each has a test whose name begins with its number, or a reason here
//! why it cannot be made yet. The tests stand with what they attack: limits and guessing in `limits`, the wire,
//! headers and browsers in `manners`, and so on; `cargo test --test api -- attack_` runs them all.

use std::collections::BTreeSet;

use crate::support::{Case, once};

pub(crate) fn cases() -> Vec<Case> {
    once![every_attack_has_a_test_or_a_reason]
}

/// What has no test yet, and why; a line goes when its test comes.
const NOT_YET: &[(u32, &str)] = &[
    (2, "no other system writes yet: imports are the operator's own"),
    (4, "there are no attachments"),
    (29, "there are no webhooks"),
    (30, "there are no webhooks"),
    (31, "there are no webhooks"),
    (32, "there are no webhooks"),
    (35, "there are no attachments"),
    (42, "there is no XML"),
];

fn every_attack_has_a_test_or_a_reason() {
    let number = |case: &Case| -> Option<u32> {
        let (_, rest) = case.name.split_once("::attack_")?;
        rest.split('_').next()?.parse().ok()
    };
    let tested: BTreeSet<u32> = crate::all_cases().iter().filter_map(number).collect();
    let excused: BTreeSet<u32> = NOT_YET.iter().map(|(number, _)| *number).collect();
    let both: Vec<_> = tested.intersection(&excused).collect();
    assert!(both.is_empty(), "{both:?} have a test now: take them off the list");
    let missing: Vec<u32> =
        (1..=42).filter(|number| !tested.contains(number) && !excused.contains(number)).collect();
    assert!(missing.is_empty(), "{missing:?} have neither a test nor a reason");
    assert_eq!(tested.iter().find(|number| !(1..=42).contains(*number)), None);
}
