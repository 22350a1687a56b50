//! Which agency takes a petition in.

use crate::{
    app::{Error, succession},
    domain::{access::Person, id::AgencyId, refusal::Refusal, submission::Submission, vocabulary::Role},
    store::{
        AnyConnection,
        agencies::{self, AgencyRow},
    },
};

/// The agency that takes it: the officer's own, or one below his right; for citizens the one chosen, else the one
/// that serves the area, else the installation's default.
pub(super) fn agency(
    tx: &mut AnyConnection,
    submission: &Submission,
    registrar: Option<&Person>,
) -> Result<AgencyId, Error> {
    let area = submission.location.as_ref().and_then(|location| location.area_code.as_deref());
    let chosen = match &submission.agency_code {
        Some(code) => match succession::taker(tx, code, area, &submission.field_code)? {
            Some(row) => Some(row.id),
            None => return Err(gone(tx, code)?),
        },
        None => None,
    };
    let Some(person) = registrar else {
        let serving = match area {
            Some(area) if chosen.is_none() => serving(tx, area, &submission.field_code)?,
            _ => None,
        };
        let fallback = if chosen.is_none() && serving.is_none() { agencies::default(tx)? } else { None };
        let agency = chosen.or(serving.map(|row| row.id)).or(fallback.map(|row| row.id));
        return agency.ok_or_else(unknown_agency);
    };
    let agency = chosen.unwrap_or(person.agency);
    let line = agencies::lines(tx, &[agency])?.remove(&agency).unwrap_or_default();
    let reaches = person.rights.iter().any(|right| {
        right.role == Role::Intake && right.agency.is_none_or(|granted| line.contains(&granted))
    });
    if reaches { Ok(agency) } else { Err(unknown_agency()) }
}

/// The agency that takes the petitions of an area; of an area that is none any more, whoever took over.
fn serving(tx: &mut AnyConnection, area: &str, field: &str) -> Result<Option<AgencyRow>, Error> {
    match agencies::serving(tx, area)? {
        Some(row) => Ok(Some(row)),
        None => match agencies::served(tx, area)? {
            Some(row) => succession::in_force(tx, row, Some(area), field),
            None => Ok(None),
        },
    }
}

/// The refusal of a code that no agency in force answers to: it names who took over, where somebody did.
fn gone(tx: &mut AnyConnection, code: &str) -> Result<Error, Error> {
    let Some(row) = agencies::by_any_code(tx, code)? else { return Ok(unknown_agency()) };
    let (_, successors) = agencies::succession::relatives(tx, row.id)?;
    if successors.is_empty() {
        return Ok(unknown_agency());
    }
    let named = successors.into_iter().map(|(_, name, _)| format!("{} ({})", name.name, name.code));
    let named = named.collect::<Vec<_>>().join(", ");
    let refusal = Refusal::field(
        "/agency_code",
        "closed",
        format!("{} đã giải thể; hãy gửi cơ quan kế thừa: {named}.", row.name),
        format!("{} was dissolved; send it to one of its successors: {named}.", row.name),
    );
    Ok(refusal.into())
}

fn unknown_agency() -> Error {
    Refusal::field(
        "/agency_code",
        "unknown_code",
        "Không có cơ quan này, hoặc không nơi nào tiếp nhận; xem /v1/agencies.",
        "There is no such agency to take it; see /v1/agencies.",
    )
    .into()
}
