//! What petitions are about: fields are added, renamed and taken out of use; none is ever deleted.

use serde_json::json;

use super::{Admin, Done, Order, change, create, taken};
use crate::{
    app::{
        Error,
        history::{self, Subject},
        world::World,
    },
    domain::{
        decide::checks::{Checks, LINE},
        prose::normalised,
        refusal::FieldError,
    },
    store::{
        AnyConnection,
        reference::{self, FieldRow},
    },
};

/// Where the entries of an administrator come from, as the table of fields states it.
const PROVENANCE: &str = "admin";

/// A field to be added.
#[derive(Debug, Clone)]
pub struct NewField {
    pub code: String,
    pub facts: FieldFacts,
}

/// What a field is called, and whether it can be chosen.
#[derive(Debug, Clone)]
pub struct FieldFacts {
    pub name_vi: String,
    pub name_en: String,
    pub active: bool,
}

/// Adds a field; fields are the same everywhere, so only for administrators of the whole installation.
pub fn add(tx: &mut AnyConnection, world: &World, order: &Order<NewField>) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, new| {
        admin.reach.require(None)?;
        let mut checks = Checks::default();
        checks.add(check_code(&new.code));
        check_facts(&mut checks, &new.facts);
        checks.finish()?;
        if reference::field(tx, &new.code)?.is_some() {
            return Err(taken("/code").into());
        }
        let row = row(world, new.code.clone(), &new.facts);
        reference::insert_field(tx, &row)?;
        record(tx, world, admin, &row, "creation")
    })
}

/// Renames a field, takes it out of use, or brings it back.
pub fn replace(
    tx: &mut AnyConnection,
    world: &World,
    code: &str,
    order: &Order<FieldFacts>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| {
        let row = reference::field(tx, code)?.ok_or(Error::NotFound)?;
        admin.reach.require(None)?;
        Ok(row)
    };
    let subject = Subject::Field(code.to_owned());
    change(tx, world, order, &subject, see, |tx, admin, before, facts| {
        let mut checks = Checks::default();
        check_facts(&mut checks, facts);
        checks.finish()?;
        let row = row(world, before.code, facts);
        reference::update_field(tx, &row)?;
        record(tx, world, admin, &row, "change").map(|_| ())
    })
}

fn record(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    row: &FieldRow,
    name: &str,
) -> Result<Subject, Error> {
    let subject = Subject::Field(row.code.clone());
    let facts = json!({
        "code": row.code, "active": row.active,
        "name_vi": { "given": row.name_vi }, "name_en": { "given": row.name_en },
    });
    history::record(tx, world, &subject, &admin.actor(), name, facts)?;
    Ok(subject)
}

fn row(world: &World, code: String, facts: &FieldFacts) -> FieldRow {
    FieldRow {
        code,
        name_vi: normalised(&facts.name_vi),
        name_en: normalised(&facts.name_en),
        provenance: PROVENANCE.to_owned(),
        created_at: world.now,
        active: facts.active,
    }
}

fn check_facts(checks: &mut Checks, facts: &FieldFacts) {
    checks.line("/name_vi", &facts.name_vi, LINE);
    checks.line("/name_en", &facts.name_en, LINE);
}

/// Small letters, digits and underscores, as our own codes are.
fn check_code(code: &str) -> Option<FieldError> {
    let sound = (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (!sound).then(|| {
        FieldError::new(
            "/code",
            "not_a_field_code",
            "Mã lĩnh vực gồm chữ thường không dấu, chữ số và gạch dưới, tối đa 64 ký tự.",
            "A field code is small ASCII letters, digits and underscore, at most 64 characters.",
        )
    })
}
