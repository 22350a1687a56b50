//! Frozen reports: figures with the petitions behind them, signed, so that nobody can say later that they were others;
//! and what became of each petition since.

mod comparison;

use serde_json::{Value, json};

pub use comparison::{Compared, Comparison, compare};

use super::{
    Error, World, caller,
    clock::new_id,
    figures::{self, GroupBy, Number, Sheet, Wanted},
    history::{self, Subject, hex},
    lists::Reader,
    secrets::sha256,
    tokens::{FROZEN_REPORT, KeyRing},
};
use crate::{
    domain::{
        event,
        figures::Report,
        id::{PetitionId, RowId},
        refusal::{Refusal, Words},
        vocabulary::{Code, Role},
    },
    store::{
        AnyConnection, Json,
        frozen::{self, FrozenPetition, FrozenRow},
    },
};

/// The most petitions that are frozen at once: they go into one transaction.
const MOST: usize = 50_000;
/// How many are read at once.
const PAGE: i64 = 5_000;

/// Freezes the report on timeliness as a reader sees it, for auditors and coordinators.
pub fn freeze(
    tx: &mut AnyConnection,
    world: &World,
    keys: &KeyRing,
    reader: &Reader,
    asked: Result<(&Wanted, GroupBy), Error>,
) -> Result<FrozenRow, Error> {
    let role = role(reader)?;
    let (wanted, by) = asked?;
    if wanted.field_code.as_deref().is_some_and(|code| code.trim().is_empty()) {
        return Err(Refusal::field(
            "/field_code",
            "blank",
            "Không được để trống; bỏ hẳn nếu lấy mọi lĩnh vực.",
            "Must not be blank; leave it out to take every field.",
        )
        .into());
    }
    let report = Report::Timeliness;
    let sheet = figures::sheet(tx, world, reader, report, wanted, by)?;
    let fixed = Wanted { as_of: Some(super::when::When::At(sheet.as_of)), ..wanted.clone() };
    let id: RowId = new_id();
    let petitions = columns(tx, world, reader, &fixed, id)?;
    let mut query = serde_json::to_value(&fixed).map_err(Error::internal)?;
    if let Some(members) = query.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        members.insert("group_by".to_owned(), serde_json::to_value(by).map_err(Error::internal)?);
    }
    let mut row = FrozenRow {
        id,
        report: report.as_str().to_owned(),
        query: Json(query),
        as_of: sheet.as_of,
        rows: Json(rows(&sheet)),
        petitions: i32::try_from(petitions.len()).map_err(Error::internal)?,
        digest: Vec::new(),
        kid: String::new(),
        signature: String::new(),
        frozen_at: world.now,
        frozen_by: reader.person.official,
    };
    row.digest = digest(&row, &petitions)?;
    let claims = json!({"report_id": id, "sha256": hex(&row.digest), "as_of": row.as_of});
    (row.signature, row.kid) = keys.attest(FROZEN_REPORT, claims, world.real_now)?;
    frozen::insert(tx, &row, &petitions)?;
    let facts = json!({"report": row.report, "sha256": hex(&row.digest), "kid": row.kid,
        "as_of": row.as_of, "petitions": row.petitions});
    let actor = caller::actor(&reader.person, role);
    history::record(tx, world, &Subject::FrozenReport(id), &actor, "freezing", facts)?;
    Ok(row)
}

/// As what a reader freezes.
fn role(reader: &Reader) -> Result<Role, Error> {
    let freezes = [Role::Auditor, Role::Coordinator]
        .into_iter()
        .find(|role| reader.person.rights.iter().any(|right| right.role == *role));
    freezes.ok_or_else(|| {
        Refusal::Forbidden(Words::new(
            "Chỉ giám sát và điều phối được chốt báo cáo.",
            "Freezing reports is for audit and coordination.",
        ))
        .into()
    })
}

/// The figures of each group, as they were.
fn rows(sheet: &Sheet) -> Value {
    let row = |row: &figures::Row| {
        let figures = row.figures.iter().map(|(figure, number)| {
            let value = match number {
                Number::Count(count) => json!(count),
                // As text: no two databases are asked to keep the same digits of a fraction.
                Number::Measured(measured) => json!(measured.map(|value| format!("{value:.6}"))),
            };
            (figure.id.to_owned(), value)
        });
        let figures: serde_json::Map<_, _> = figures.collect();
        json!({"key": row.group.key, "name": row.group.name.vi, "figures": figures})
    };
    sheet.rows.iter().map(row).collect()
}

/// In which column each petition stands, in the order of their ids.
fn columns(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    wanted: &Wanted,
    report_id: RowId,
) -> Result<Vec<FrozenPetition>, Error> {
    let mut found: Vec<FrozenPetition> = Vec::new();
    loop {
        let after = found.last().map(|last| last.petition_id);
        let page = figures::columns_of(tx, world, reader, wanted, None, (after, PAGE))?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page.into_iter().map(|one| FrozenPetition {
            report_id,
            petition_id: one.petition,
            figure: one.figure,
        }));
        if found.len() > MOST {
            return Err(Refusal::guard(
                "too_many_petitions",
                "Báo cáo có quá nhiều đơn để chốt một lần (tối đa 50.000): thu hẹp kỳ hoặc cơ quan.",
                "The report has too many petitions to be frozen at once (50,000 at most): narrow the window or the agency.",
            )
            .into());
        }
    }
}

/// SHA-256 over everything that was frozen, in canonical form.
pub fn digest(row: &FrozenRow, petitions: &[FrozenPetition]) -> Result<Vec<u8>, Error> {
    let petitions: Vec<(PetitionId, &str)> =
        petitions.iter().map(|one| (one.petition_id, one.figure.as_str())).collect();
    let whole = json!({"id": row.id, "report": row.report, "query": row.query.0, "as_of": row.as_of.micros(),
        "frozen_at": row.frozen_at.micros(), "frozen_by": row.frozen_by, "rows": row.rows.0, "petitions": petitions});
    Ok(sha256(&event::canonical_json(&whole).map_err(Error::internal)?).to_vec())
}

/// A frozen report, for whoever froze it, and for whoever sees everything anyway.
pub fn find(tx: &mut AnyConnection, reader: &Reader, id: RowId) -> Result<FrozenRow, Error> {
    let row = frozen::find(tx, id)?.ok_or(Error::NotFound)?;
    let own = row.frozen_by == reader.person.official;
    if own || reader.sees_everything() { Ok(row) } else { Err(Error::NotFound) }
}
