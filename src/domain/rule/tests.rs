use super::*;
use crate::domain::calendar::tests::day;

/// A rule without selectors.
pub(in crate::domain) fn rule(id: &str, stage: Stage, from: StartEvent, amount: u32, unit: Unit) -> Rule {
    Rule {
        id: id.into(),
        code: id.into(),
        stage,
        kind: None,
        instance: None,
        channel: None,
        submitter_type: None,
        field_code: None,
        urgency: None,
        complexity: None,
        remote_area: None,
        start_event: from,
        amount,
        unit,
        ceiling: None,
        on_supplement: OnSupplement::Pause,
        due_soon_percent: 20,
        legal_basis: "policy".into(),
        confidence: Confidence::Policy,
        effective_from: None,
        effective_to: None,
    }
}

/// An individual's petition by post, nothing special about it.
pub(in crate::domain) fn traits(kind: Kind) -> Traits {
    Traits {
        kind,
        instance: None,
        channel: Channel::Post,
        submitter_type: SubmitterType::Individual,
        field_code: "other".into(),
        urgency: Urgency::Normal,
        complexity: Complexity::Normal,
        remote_area: false,
    }
}

fn resolution(id: &str, amount: u32) -> Rule {
    rule(id, Stage::Resolution, StartEvent::Acceptance, amount, Unit::CalendarDays)
}
fn complaints() -> Vec<Rule> {
    let first =
        |id, amount| Rule { kind: Some(Kind::Complaint), instance: Some(1), ..resolution(id, amount) };
    vec![
        first("plain", 30),
        Rule { complexity: Some(Complexity::Complex), ..first("complex", 45) },
        Rule { remote_area: Some(true), ..first("remote", 45) },
        Rule { remote_area: Some(true), complexity: Some(Complexity::Complex), ..first("both", 60) },
    ]
}

#[test]
fn the_rule_with_the_most_selectors_wins() {
    let book = RuleBook::new(complaints());
    let chosen = |traits: &Traits| {
        book.select(Stage::Resolution, traits, day("2026-11-23")).map(|rule| rule.id.clone())
    };
    let plain = Traits { instance: Some(1), ..traits(Kind::Complaint) };
    assert_eq!(chosen(&plain).as_deref(), Some("plain"));
    let complex = Traits { complexity: Complexity::Complex, ..plain.clone() };
    assert_eq!(chosen(&complex).as_deref(), Some("complex"));
    assert_eq!(chosen(&Traits { remote_area: true, ..plain.clone() }).as_deref(), Some("remote"));
    assert_eq!(chosen(&Traits { remote_area: true, ..complex }).as_deref(), Some("both"));
    assert_eq!(chosen(&Traits { instance: Some(2), ..plain.clone() }), None);
    assert_eq!(chosen(&Traits { instance: None, ..plain }), None);
    assert_eq!(book.select(Stage::Intake, &traits(Kind::Complaint), day("2026-11-23")), None);
}

#[test]
fn a_version_is_in_force_up_to_its_end_exclusive() {
    let change = Some(day("2026-07-01"));
    let intake = |id, amount| rule(id, Stage::Intake, StartEvent::Receipt, amount, Unit::WorkingDays);
    let book = RuleBook::new(vec![
        Rule { effective_to: change, ..intake("old", 10) },
        Rule { effective_from: change, ..intake("new", 7) },
    ]);
    let on =
        |text| book.select(Stage::Intake, &traits(Kind::Complaint), day(text)).map(|rule| rule.id.as_str());
    assert_eq!(on("2026-06-30"), Some("old"));
    assert_eq!(on("2026-07-01"), Some("new"));
    assert_eq!(book.check(), []);
    assert_eq!(book.get("old").map(|rule| rule.amount), Some(10));
}

#[test]
fn ties_are_found_unless_a_closer_rule_decides_them() {
    assert_eq!(RuleBook::new(complaints()).check(), []);
    let undecided: Vec<Rule> = complaints().into_iter().filter(|rule| rule.id != "both").collect();
    let tie = |on| Tie { rules: ("complex".into(), "remote".into()), on };
    assert_eq!(RuleBook::new(undecided).check(), [tie(None)]);
    // The rule that decides lapses: from then on the two are undecided.
    let lapsing = complaints().into_iter().map(|rule| match rule.id.as_str() {
        "both" => Rule { effective_to: Some(day("2027-01-01")), ..rule },
        _ => rule,
    });
    assert_eq!(RuleBook::new(lapsing.collect()).check(), [tie(Some(day("2027-01-01")))]);
    let twice = vec![resolution("a", 1), resolution("b", 2)];
    assert_eq!(RuleBook::new(twice).check().len(), 1);
}

#[test]
fn an_extension_stays_below_the_ceiling() {
    let rule = Rule { ceiling: Some(45), ..resolution("plain", 30) };
    assert!(rule.allows_extension_to(45));
    assert!(!rule.allows_extension_to(46));
    assert!(!rule.allows_extension_to(30));
    assert!(!resolution("without", 30).allows_extension_to(31));
}

#[test]
fn a_new_version_begins_where_the_former_ends() {
    let book = RuleBook::new(complaints());
    let next =
        |from| Rule { id: "plain-2".into(), effective_from: Some(day(from)), ..complaints()[0].clone() };
    let ties = book.with(next("2027-07-01")).check();
    assert_eq!(ties, [Tie { rules: ("plain".into(), "plain-2".into()), on: Some(day("2027-07-01")) }]);
    assert!(book.ended("plain", day("2027-07-01")).with(next("2027-07-01")).check().is_empty());
    assert!(!book.ended("plain", day("2027-07-02")).with(next("2027-07-01")).check().is_empty());
    // Ending what decides between two others leaves them undecided.
    assert_eq!(book.ended("both", day("2027-01-01")).check()[0].on, Some(day("2027-01-01")));
}

#[test]
fn a_rule_that_is_added_has_what_a_rule_needs() {
    use crate::domain::{decide::checks::Checks, refusal::Refusal};
    let faults = |rule: Rule| {
        let mut checks = Checks::default();
        rule.check(&mut checks);
        match checks.finish() {
            Err(Refusal::Invalid(errors)) => errors.into_iter().map(|error| error.pointer).collect(),
            _ => Vec::new(),
        }
    };
    let sound = || Rule { effective_from: Some(day("2027-07-01")), ..complaints()[0].clone() };
    assert!(faults(sound()).is_empty());
    assert_eq!(faults(Rule { id: "Plain 2".into(), ..sound() }), ["/id"]);
    assert_eq!(faults(Rule { kind: None, ..sound() }), ["/instance"]);
    assert_eq!(faults(Rule { amount: 0, ..sound() }), ["/amount"]);
    assert_eq!(faults(Rule { ceiling: Some(29), ..sound() }), ["/ceiling"]);
    assert_eq!(faults(Rule { due_soon_percent: 0, ..sound() }), ["/due_soon_percent"]);
    assert_eq!(faults(Rule { legal_basis: " ".into(), ..sound() }), ["/legal_basis"]);
    assert_eq!(faults(Rule { effective_from: None, ..sound() }), ["/effective_from"]);
    assert_eq!(faults(Rule { effective_to: Some(day("2027-07-01")), ..sound() }), ["/effective_to"]);
}
