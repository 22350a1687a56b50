//! Who changed what, and when: the histories of agencies, fields, officials, grants, rules, the calendar and the
//! thresholds of reminders, for
//! administrators and auditors.

use std::collections::HashMap;

use serde_json::Value;

use super::line;
use crate::{
    app::{
        Error,
        caller::{self, Caller},
        history::Subject,
        world::World,
    },
    domain::{
        access::Right,
        id::{AgencyId, Id, OfficialId, TextId},
        refusal::{Refusal, Words},
        vocabulary::Role,
    },
    store::{
        AnyConnection, agencies,
        events::{
            self,
            other::{self, OtherEvent},
        },
        people, reference, reminders,
    },
};

/// Somebody who may read how an installation was set up.
#[derive(Debug)]
pub struct Reader {
    rights: Vec<Right>,
}

impl Reader {
    /// The administrator or auditor behind a caller; refuses who is neither.
    pub fn of(tx: &mut AnyConnection, world: &World, caller: &Caller) -> Result<Self, Error> {
        let mut rights = caller::person(tx, world, caller)?.rights;
        rights.retain(|right| matches!(right.role, Role::Admin | Role::Auditor));
        if rights.is_empty() {
            return Err(Refusal::Forbidden(Words::new(
                "Việc này dành cho quản trị và giám sát.",
                "This is for administrators and auditors.",
            ))
            .into());
        }
        Ok(Self { rights })
    }

    /// Whether he administers the whole installation.
    pub(super) fn configures(&self) -> bool {
        self.rights.iter().any(|right| right.role == Role::Admin && right.agency.is_none())
    }

    /// Refuses what belongs to an agency beyond reach: it reads as absent.
    pub(super) fn require(&self, tx: &mut AnyConnection, agency: AgencyId) -> Result<(), Error> {
        let line = line(tx, agency)?;
        let reaches = |right: &Right| right.agency.is_none_or(|over| line.contains(&over));
        if self.rights.iter().any(reaches) { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Refuses an official beyond reach: he reads as absent.
    pub fn require_official(&self, tx: &mut AnyConnection, id: OfficialId) -> Result<(), Error> {
        let official = people::official(tx, id)?.ok_or(Error::NotFound)?;
        self.require(tx, official.agency_id)
    }

    /// Refuses what is not there or beyond reach; fields and thresholds belong to everybody.
    fn require_subject(&self, tx: &mut AnyConnection, subject: &Subject) -> Result<(), Error> {
        match subject {
            Subject::Agency(id) => {
                let row = agencies::last(tx, *id)?.ok_or(Error::NotFound)?;
                self.require(tx, row.id)
            }
            Subject::Field(code) => reference::field(tx, code)?.map(|_| ()).ok_or(Error::NotFound),
            Subject::Threshold(code) => reminders::threshold(tx, code)?.map(|_| ()).ok_or(Error::NotFound),
            Subject::Official(id) => self.require_official(tx, *id),
            Subject::Rule(id) => reference::deadline_rule(tx, id)?.map(|_| ()).ok_or(Error::NotFound),
            // It belongs to everybody, changed or not.
            Subject::Calendar => Ok(()),
            // Whose session was misused is told to its owner and to the log, not to administrators.
            // A frozen report and an export say themselves who made them.
            Subject::Session(_) | Subject::FrozenReport(_) | Subject::Export(_) => Err(Error::NotFound),
            Subject::Grant(id) => {
                let grant = people::changes::grant(tx, *id)?.ok_or(Error::NotFound)?;
                self.require_official(tx, grant.official_id)
            }
        }
    }
}

/// The events of a subject in sequence order, from after a sequence on, with the texts they commit to.
pub fn list(
    tx: &mut AnyConnection,
    reader: &Reader,
    subject: &Subject,
    after: u32,
    limit: i64,
) -> Result<Vec<OtherEvent>, Error> {
    reader.require_subject(tx, subject)?;
    let mut found = other::history(tx, subject.kind(), subject.id(), after, limit)?;
    let texts = events::texts(tx, Id::new(subject.id().uuid()))?;
    found.iter_mut().for_each(|event| fill_in(&mut event.facts, &texts));
    Ok(found)
}

/// Puts each text in the place of its id and digest; null where it was erased.
fn fill_in(value: &mut Value, texts: &HashMap<TextId, Option<String>>) {
    match value {
        Value::Object(members) => {
            let text = members.get("text").filter(|_| members.contains_key("digest"));
            if let Some(id) = text.and_then(Value::as_str).and_then(|id| id.parse().ok()) {
                *value = texts.get(&id).cloned().flatten().map_or(Value::Null, Value::String);
                return;
            }
            members.values_mut().for_each(|member| fill_in(member, texts));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, texts)),
        _ => {}
    }
}
