//! What is kept of each petition of a frozen report: the list behind each figure, as it was.

use serde::{Deserialize, Serialize};

use super::{LOOKED_AT, cut, entry, question, told};
use crate::{
    app::{
        Error, World,
        cursor::{self, Binding},
        figures::{Entries, column_id},
        lists::Reader,
    },
    domain::{figures::Entry, id::PetitionId, refusal::FieldError},
    store::{
        AnyConnection,
        frozen::{self, FrozenRow},
    },
};

/// A page of what is kept.
#[derive(Debug)]
pub struct KeptPage {
    pub items: Vec<Kept>,
    pub next_cursor: Option<String>,
}

/// What is kept of a petition.
#[derive(Debug)]
pub struct Kept {
    pub petition: PetitionId,
    pub code: String,
    pub entry: Entry,
}

/// The petitions of a frozen report, or those that a figure counted; those a rate, mean or median was taken of.
///
/// A page may be empty and still have another after it. What the reader may not see, then and now, is left out.
pub fn petitions(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    row: &FrozenRow,
    figure: Option<&str>,
    (cursor, limit): (Option<&str>, i64),
) -> Result<KeptPage, Error> {
    #[derive(Serialize, Deserialize)]
    struct End(PetitionId);

    let (report, wanted) = question(&row.head)?;
    let counted = figure.map(|figure| column_id(report, figure)).transpose()?;
    if let Some(counted) = counted {
        let told = told(&row.head)?;
        if !told.iter().any(|kept| kept == counted) {
            return Err(not_kept(&told));
        }
    }
    let filters = (row.head.id, figure);
    let binding =
        Binding { route: "/v1/frozen-reports/{id}/petitions", caller: reader.scope(), filters: &filters };
    let after: Option<End> = cursor.map(|text| cursor::open(&world.secret, &binding, text)).transpose()?;
    let rows = frozen::petitions(tx, row.head.id, after.map(|End(id)| id), LOOKED_AT)?;
    let goes_on = i64::try_from(rows.len()).map_err(Error::internal)? == LOOKED_AT;
    let horizon = rows.last().map(|one| one.petition_id).filter(|_| goes_on);
    let entries = rows.iter().map(|one| (one.petition_id, entry(one)));
    let counts = |entry: &Entry| counted.is_none_or(|figure| entry.number(figure) != Some(0));
    let entries: Vec<(PetitionId, Entry)> = entries.filter(|(_, entry)| counts(entry)).collect();

    let ids: Vec<PetitionId> = entries.iter().map(|(id, _)| *id).collect();
    let mut codes = Entries::of(world, reader, report, &wanted)?.seen(tx, &ids)?;
    let items = entries.into_iter().filter_map(|(petition, entry)| {
        let code = codes.remove(&petition)?;
        Some(Kept { petition, code, entry })
    });
    let (items, end) = cut(items.collect(), limit, horizon, |kept: &Kept| kept.petition)?;
    let next_cursor = end.map(|end| cursor::seal(&world.secret, &binding, &End(end))).transpose()?;
    Ok(KeptPage { items, next_cursor })
}

/// An earlier version of the program kept less.
fn not_kept(told: &[String]) -> Error {
    Error::BadParameter(FieldError::new(
        "figure",
        "not_kept",
        format!("Báo cáo này chỉ lưu từng đơn theo: {}.", told.join(", ")),
        format!("Of each petition this report keeps only: {}.", told.join(", ")),
    ))
}
