//! When who is reminded: thresholds are added and ended; none is ever changed or deleted, so that each reminder of the
//! past can be understood.

use serde_json::json;

use super::{Admin, Done, Order, change, create, taken};
use crate::{
    app::{
        Error,
        history::{self, Subject},
        world::{self, World},
    },
    domain::{
        administration::check_code,
        decide::checks::{Checks, LINE},
        escalation::Threshold,
        prose::normalised,
        refusal::Refusal,
        time::Day,
    },
    store::{
        AnyConnection,
        reminders::{self, ThresholdRow},
    },
};

/// Since when a threshold is no longer in force.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    pub effective_to: Day,
}

/// Adds a threshold; they are the same everywhere, so only for administrators of the whole installation.
pub fn add(tx: &mut AnyConnection, world: &World, order: &Order<Threshold>) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, new| {
        admin.reach.require(None)?;
        let mut checks = Checks::default();
        checks.add(check_code("/code", &new.code));
        checks.line("/legal_basis", &new.legal_basis, LINE);
        checks.finish()?;
        if reminders::threshold(tx, &new.code)?.is_some() {
            return Err(taken("/code").into());
        }
        new.check(&all(tx)?)?;
        let row = ThresholdRow {
            code: new.code.clone(),
            stage: new.stage,
            level: new.level,
            anchor: new.anchor,
            amount: i32::try_from(new.amount).map_err(Error::internal)?,
            unit: new.unit,
            legal_basis: normalised(&new.legal_basis),
            effective_from: new.effective_from,
            effective_to: new.effective_to,
            created_at: world.now,
        };
        reminders::insert_threshold(tx, &row)?;
        let facts = json!({
            "code": row.code, "stage": row.stage, "level": row.level, "anchor": row.anchor,
            "amount": row.amount, "unit": row.unit, "legal_basis": { "given": row.legal_basis },
            "effective_from": row.effective_from, "effective_to": row.effective_to,
        });
        record(tx, world, admin, &row.code, "creation", facts)
    })
}

/// Ends a threshold on a day. Clocks that began before it keep it; on its first day it never speaks.
pub fn end(tx: &mut AnyConnection, world: &World, code: &str, order: &Order<Ending>) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| {
        let row = reminders::threshold(tx, code)?.ok_or(Error::NotFound)?;
        admin.reach.require(None)?;
        Ok(row)
    };
    let subject = Subject::Threshold(code.to_owned());
    change(tx, world, order, &subject, see, |tx, admin, before, ending| {
        if let Some(end) = before.effective_to.filter(|end| *end <= ending.effective_to) {
            return Err(Refusal::guard(
                "ends_already",
                format!("Mốc nhắc này đã kết thúc từ {end}; chỉ có thể kết thúc sớm hơn."),
                format!("This threshold ends on {end} already; it can only end earlier."),
            )
            .into());
        }
        let mut ended = world::threshold(before)?;
        ended.effective_to = Some(ending.effective_to);
        ended.check(&[])?;
        reminders::end_threshold(tx, code, ending.effective_to)?;
        let facts = json!({ "effective_to": ending.effective_to });
        record(tx, world, admin, code, "ending", facts).map(|_| ())
    })
}

fn all(tx: &mut AnyConnection) -> Result<Vec<Threshold>, Error> {
    reminders::thresholds(tx)?.into_iter().map(world::threshold).collect()
}

fn record(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    code: &str,
    name: &str,
    facts: serde_json::Value,
) -> Result<Subject, Error> {
    let subject = Subject::Threshold(code.to_owned());
    history::record(tx, world, &subject, &admin.actor(), name, facts)?;
    world::reminders_changed(tx)?;
    Ok(subject)
}
