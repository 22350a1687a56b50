//! The agencies and fields that records name.

use std::collections::{HashMap, HashSet};

use crate::{
    app::{Error, clock::new_id, succession, world::World},
    domain::id::AgencyId,
    store::{
        AnyConnection,
        agencies::{self, NewAgency},
        reference::{self, FieldRow},
    },
};

/// Where the entries of an import come from, as the table of fields states it.
const PROVENANCE: &str = "import";

/// The codes that agencies have and had, and whether an unknown one is added.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    agencies: HashMap<String, AgencyId>,
    in_force: HashSet<AgencyId>,
    fields: HashSet<String>,
    create_missing: bool,
}

impl Codes {
    /// Reads all codes.
    pub(super) fn load(tx: &mut AnyConnection, create_missing: bool) -> Result<Self, Error> {
        let fields = reference::fields(tx)?.into_iter().map(|field| field.code).collect();
        let in_force = agencies::in_force(tx)?;
        Ok(Self { agencies: agencies::codes(tx)?, in_force, fields, create_missing })
    }

    /// Notes which agencies were closed since.
    pub(super) fn look_again(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        self.in_force = agencies::in_force(tx)?;
        Ok(())
    }

    /// The agency that takes an open record of an agency: that one, or, where it was closed, its successor.
    pub(super) fn taker(
        &self,
        tx: &mut AnyConnection,
        agency: AgencyId,
        field: &str,
    ) -> Result<Option<AgencyId>, Error> {
        if self.in_force.contains(&agency) {
            return Ok(Some(agency));
        }
        let Some(row) = agencies::last(tx, agency)? else { return Ok(None) };
        Ok(succession::in_force(tx, row, None, field)?.map(|row| row.id))
    }

    /// Whether an agency is no more.
    pub(super) fn is_closed(&self, agency: AgencyId) -> bool {
        !self.in_force.contains(&agency)
    }

    /// Whether unknown codes are added.
    pub(super) fn create_missing(&self) -> bool {
        self.create_missing
    }

    /// Whether a field of this code is there, or can be added.
    pub(super) fn allows_field(&self, code: &str) -> bool {
        self.create_missing || self.fields.contains(code)
    }

    /// Whether an agency of this code is there, or can be added.
    pub(super) fn allows_agency(&self, code: &str) -> bool {
        self.create_missing || self.agencies.contains_key(code)
    }

    /// Adds the field if it is missing.
    pub(super) fn field(&mut self, tx: &mut AnyConnection, world: &World, code: &str) -> Result<(), Error> {
        if !self.fields.contains(code) {
            let row = FieldRow {
                code: code.to_owned(),
                name_vi: code.to_owned(),
                name_en: code.to_owned(),
                provenance: PROVENANCE.to_owned(),
                created_at: world.now,
                active: true,
            };
            reference::insert_field(tx, &row)?;
            self.fields.insert(code.to_owned());
        }
        Ok(())
    }

    /// The agency, added if it is missing: at the top, and valid since ever, for the records are older than we are.
    pub(super) fn agency(
        &mut self,
        tx: &mut AnyConnection,
        world: &World,
        code: &str,
    ) -> Result<AgencyId, Error> {
        if let Some(id) = self.agencies.get(code) {
            return Ok(*id);
        }
        let new = NewAgency {
            id: new_id(),
            code: code.to_owned(),
            identifier: None,
            name: code.to_owned(),
            level: None,
            parent_id: None,
            serves_area: None,
            is_default: false,
            valid_from: None,
            created_at: world.now,
        };
        agencies::insert(tx, &new)?;
        self.in_force.insert(new.id);
        self.agencies.insert(code.to_owned(), new.id);
        Ok(new.id)
    }
}
