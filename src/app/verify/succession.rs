//! Agencies in time: the tree of every day is what versions and heirs say, each closing is what its event says, and
//! each petition moved as its history says.

use std::collections::{BTreeSet, HashMap};

use super::{
    Source,
    finding::{Difference, Finding, not_as_expected},
    replay::Expected,
};
use crate::{
    app::{Error, administration::closure},
    domain::{
        id::AgencyId,
        succession::Plan,
        tree::{self, Line},
    },
    store::{
        AnyConnection,
        agencies::{
            self, lines,
            succession::{self, SuccessionRow},
        },
        verify::Held,
    },
};

/// Compares where a petition moved when agencies were closed, and what its events name as the cause.
pub(super) fn moves(expected: &Expected, held: &Held) -> Result<(), Difference> {
    const TABLE: &str = "succession_move";
    let mut wanted = expected.moves.clone();
    let mut found: Vec<(AgencyId, AgencyId)> =
        held.moves.iter().map(|row| (row.from_id, row.to_id)).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    if wanted != found {
        return Err(Difference::row(TABLE, not_as_expected(&wanted, &found)));
    }
    for (from, cause, sequence) in &expected.causes {
        let closed = held.moves.iter().find(|row| row.from_id == *from).map(|row| row.event_id);
        if *cause != closed {
            let detail = not_as_expected(&closed, cause);
            return Err(Difference::column("event", "caused_by", detail).at(i64::from(*sequence)));
        }
    }
    Ok(())
}

/// Proves the tree and every closing. An agency that is wrong is told once.
pub(super) fn check(source: &mut Source<'_>) -> Result<Vec<Finding>, Error> {
    source.read(|tx| {
        let mut findings = Vec::new();
        findings.extend(tree_of(tx)?);
        let rows = succession::all(tx)?;
        let mut plans = HashMap::new();
        for row in &rows {
            match closure::done(tx, row.agency_id) {
                Ok(progress) => drop(plans.insert(row.agency_id, progress.told.plan)),
                Err(error @ (Error::Busy | Error::Unavailable)) => return Err(error),
                Err(_) => {
                    let detail = "no event of its agency holds the plan";
                    findings
                        .push(Difference::column("succession", "event_id", detail).of(name(row.agency_id)));
                }
            }
        }
        let (moved, pending) = (succession::counted(tx, false)?, succession::counted(tx, true)?);
        for row in &rows {
            let Some(plan) = plans.get(&row.agency_id) else { continue };
            let counts = [&moved, &pending].map(|counts| counts.get(&row.agency_id).copied().unwrap_or(0));
            if let Some(difference) = closing(tx, row, plan, &plans, counts)? {
                findings.push(difference.of(name(row.agency_id)));
            }
        }
        Ok(findings)
    })
}

fn name(agency: AgencyId) -> String {
    format!("agency {agency}")
}

/// The first agency whose lines are not what versions and heirs make, over time or now.
fn tree_of(tx: &mut AnyConnection) -> Result<Option<Finding>, Error> {
    let stands = lines::stands(tx)?;
    let derived: BTreeSet<Line> = stands.keys().flat_map(|agency| tree::lines(&stands, *agency)).collect();
    let held = lines::all(tx)?;
    if let Some(line) = derived.symmetric_difference(&held).next() {
        let detail = match derived.contains(line) {
            true => "a stretch that its versions make is missing",
            false => "a stretch that its versions do not make",
        };
        return Ok(Some(Difference::row("agency_line", detail).of(name(line.descendant))));
    }
    let present = derived.iter().filter(|line| line.to == tree::ONWARD);
    let present: BTreeSet<(AgencyId, AgencyId)> =
        present.map(|line| (line.ancestor, line.descendant)).collect();
    let closure: BTreeSet<_> = agencies::closure(tx)?.into_iter().collect();
    let difference = present.symmetric_difference(&closure).next();
    let detail = "is not the tree of today";
    Ok(difference.map(|(_, below)| Difference::row("agency_closure", detail).of(name(*below))))
}

/// Compares a closing with its plan, and what is left with what its work says.
fn closing(
    tx: &mut AnyConnection,
    row: &SuccessionRow,
    plan: &Plan,
    plans: &HashMap<AgencyId, Plan>,
    [moved, pending]: [i64; 2],
) -> Result<Option<Difference>, Error> {
    const TABLE: &str = "succession";
    let differs = |column, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        Some(Difference::column(TABLE, column, not_as_expected(expected, found)))
    };
    let today = today(plan, plans);
    if row.today_id != today {
        return Ok(differs("today_id", &today, &row.today_id));
    }
    if (row.effective_on, row.heir_id) != (plan.effective_on, plan.heir_id) {
        let expected = (plan.effective_on, plan.heir_id);
        return Ok(differs("effective_on, heir_id", &expected, &(row.effective_on, row.heir_id)));
    }
    if row.moved != moved {
        return Ok(differs("moved", &moved, &row.moved));
    }
    let last = agencies::last(tx, row.agency_id)?.and_then(|agency| agency.valid_to);
    if last != Some(plan.effective_on) {
        let detail = not_as_expected(&Some(plan.effective_on), &last);
        return Ok(Some(Difference::column("agency_version", "valid_to", detail)));
    }
    let mut successors: Vec<AgencyId> = plan.successors.iter().map(|one| one.agency_id).collect();
    successors.sort_unstable();
    if agencies::changes::successors(tx, row.agency_id)? != successors {
        return Ok(Some(Difference::row("agency_succession", "is not what the plan says")));
    }
    let done = row.finished_at.is_some() && row.sweep_at.is_none();
    if done && (pending > 0 || succession::stray(tx, row.agency_id)?.is_some()) {
        return Ok(Some(Difference::row(TABLE, "an open petition is left with a closed agency")));
    }
    Ok(None)
}

/// With whom an agency is counted today: its only successor, or that one's, and so on.
fn today(plan: &Plan, plans: &HashMap<AgencyId, Plan>) -> Option<AgencyId> {
    let mut today = plan.sole()?;
    for _ in 0..plans.len() {
        match plans.get(&today).and_then(Plan::sole) {
            Some(next) => today = next,
            None => break,
        }
    }
    Some(today)
}
