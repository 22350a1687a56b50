//! The calendar and the rules: each change of them commits to what they say after it.

use super::finding::{Difference, Finding};
use crate::{
    app::{
        Error,
        administration::{calendar as calendars, rules},
        history::Subject,
    },
    domain::id::Id,
    store::{
        AnyConnection,
        calendar::{self, Sayings, VersionRow},
        events::{
            self,
            other::{self, OtherEvent},
        },
        reference,
    },
};

/// More changes of one subject than anybody makes.
const MOST: i64 = 100_000;

/// What of the calendar and the rules is not as their histories say.
pub(super) fn check(tx: &mut AnyConnection) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    match calendar(tx) {
        Ok(found) => findings.extend(found.map(|difference| difference.of("calendar"))),
        Err(error) => findings.push(unreadable("calendar_version", error)?.of("calendar")),
    }
    match of_rules(tx) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(unreadable("deadline_rule", error)?.of("rules")),
    }
    Ok(findings)
}

/// A row that cannot be read is a difference; a database that cannot be reached is not.
fn unreadable(table: &'static str, error: Error) -> Result<Difference, Error> {
    match error {
        Error::Busy | Error::Unavailable => Err(error),
        _ => Ok(Difference::row(table, "a row of it, or of its history, cannot be read")),
    }
}

fn calendar(tx: &mut AnyConnection) -> Result<Option<Difference>, Error> {
    let subject = Subject::Calendar;
    let events = other::history(tx, subject.kind(), subject.id(), 0, MOST)?;
    let texts = events::texts(tx, Id::new(subject.id().uuid()))?;
    let (versions, says) = (calendar::versions(tx)?, calendar::sayings(tx)?);
    let Some((_, changed)) = versions.split_first() else {
        return Ok(Some(Difference::row("calendar_version", "the first version is missing")));
    };
    if changed.len() != events.len() {
        let detail = "there are not as many versions as changes";
        return Ok(Some(Difference::row("calendar_version", detail)));
    }
    for (row, event) in changed.iter().zip(&events) {
        let named = event.facts.pointer("/source/text").and_then(|id| id.as_str()?.parse().ok());
        let source = named.and_then(|id| texts.get(&id).cloned().flatten());
        if !follows(row, event) || source.is_some_and(|source| source != row.source) {
            let detail = "number, source, time, event or person are not those of the change";
            return Ok(Some(Difference::row("calendar_version", detail).at(event.sequence.into())));
        }
        let so_far = calendars::digest(&[&until(&says, row.version)])?;
        if event.facts.get("digest").and_then(|digest| digest.as_str()) != Some(&so_far) {
            let detail =
                "what it says up to this version does not have the digest that the change commits to";
            return Ok(Some(Difference::row("calendar_entry", detail).at(event.sequence.into())));
        }
    }
    Ok(None)
}

fn follows(row: &VersionRow, event: &OtherEvent) -> bool {
    let fact = |name: &str| event.facts.get(name);
    fact("version").and_then(serde_json::Value::as_i64) == Some(row.version.into())
        && fact("confirm_past").and_then(serde_json::Value::as_bool) == Some(row.confirmed_past)
        && row.event_id == Some(event.id)
        && row.recorded_at == event.at
        && row.official_id == event.actor.official
}

fn until(says: &Sayings, version: i32) -> Sayings {
    let mut says = says.clone();
    says.entries.retain(|row| row.version <= version);
    says.coverage.retain(|row| row.version <= version);
    says.hours.retain(|row| row.version <= version);
    says
}

/// A rule that was never changed is what the installation began with, and proven by nothing.
fn of_rules(tx: &mut AnyConnection) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for row in reference::deadline_rules(tx)? {
        let subject = Subject::Rule(row.id.clone());
        let events = other::history(tx, subject.kind(), subject.id(), 0, MOST)?;
        let last = events.last().and_then(|event| event.facts.get("digest"));
        let proven = match last {
            Some(digest) => digest.as_str() == Some(&rules::digest(&row)?),
            None => row.recorded_at.is_none() && row.ending_recorded_at.is_none(),
        };
        if !proven {
            let detail = "it does not have the digest that its latest change commits to";
            findings.push(Difference::row("deadline_rule", detail).of(format!("rule {}", row.id)));
        }
    }
    Ok(findings)
}
