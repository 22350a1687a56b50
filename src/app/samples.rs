//! Random samples that anybody can draw again: the seed decides, nobody's hand.
//!
//! Of the petitions that fit the filters at the moment, those are drawn whose SHA-256 over `seed`, a colon and the id
//! (36 characters, small letters) is smallest; with strata the places are shared out among them by size first. The ids
//! pass by one after the other, so that memory does not grow with the population.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    Error, World,
    lists::{Asked, Reader},
    past::day_of,
    secrets::sha256,
    when::When,
};
use crate::{
    domain::{
        id::{AgencyId, PetitionId},
        sampling::{Draw, shares},
        time::{Day, Instant},
        vocabulary::Code,
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyVersion},
        lists::Question,
        samples::{self, Candidate, DrawnRow},
    },
};

/// How many ids one page holds.
const PAGE: i64 = 5_000;

/// What divides the population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrataBy {
    Agency,
    Kind,
    Field,
    Level,
}

/// Which sample is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub seed: String,
    pub size: u32,
    pub strata: Option<StrataBy>,
    pub asked: Asked,
    /// Whether only what is overdue counts.
    pub overdue: bool,
}

/// A sample with all that is needed to draw it again.
#[derive(Debug)]
pub struct Sample {
    pub as_of: Instant,
    pub recorded_by: Instant,
    /// How many petitions fit.
    pub population: u64,
    /// By key: how many fit, how many were drawn. One of everything where there are no strata.
    pub strata: BTreeMap<String, (u64, u64)>,
    /// By rank within the stratum, the strata in the order of their keys.
    pub items: Vec<Drawn>,
}

/// One petition that was drawn.
#[derive(Debug)]
pub struct Drawn {
    pub row: DrawnRow,
    pub stratum: String,
    pub rank: [u8; 32],
    pub agency: Option<AgencyVersion>,
}

/// Draws a sample for a reader.
pub fn draw(
    tx: &mut AnyConnection,
    world: &World,
    reader: &Reader,
    wanted: &Wanted,
) -> Result<Sample, Error> {
    // What is recorded later must not change what the same seed draws.
    let known = wanted.asked.recorded_by.unwrap_or(When::At(world.now));
    let asked = Asked { recorded_by: Some(known), ..wanted.asked.clone() };
    let question = match wanted.overdue {
        true => asked.overdue(world, reader),
        false => asked.question(world, reader),
    };
    let day = day_of(world, asked.as_of);
    let mut names: HashMap<AgencyId, AgencyVersion> = HashMap::new();
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    each(tx, &question, |tx, page| {
        learn(tx, &mut names, page.iter().map(|candidate| candidate.agency), day)?;
        for candidate in page {
            *sizes.entry(stratum(candidate, wanted.strata, &names)).or_default() += 1;
        }
        Ok(())
    })?;
    let shares = shares(&sizes, u64::from(wanted.size));
    let keep = |share: &u64| usize::try_from(*share).unwrap_or(usize::MAX);
    let mut draws: BTreeMap<String, Draw<([u8; 32], PetitionId)>> =
        shares.iter().map(|(key, share)| (key.clone(), Draw::of(keep(share)))).collect();
    each(tx, &question, |_, page| {
        for candidate in page {
            if let Some(draw) = draws.get_mut(&stratum(candidate, wanted.strata, &names)) {
                draw.show((rank(&wanted.seed, candidate.petition), candidate.petition));
            }
        }
        Ok(())
    })?;
    let places: Vec<(String, [u8; 32], PetitionId)> = draws
        .into_iter()
        .flat_map(|(key, draw)| draw.drawn().into_iter().map(move |(rank, id)| (key.clone(), rank, id)))
        .collect();
    let ids: Vec<PetitionId> = places.iter().map(|(.., id)| *id).collect();
    let rows = samples::drawn(tx, &question, &ids)?;
    let mut rows: HashMap<PetitionId, DrawnRow> = rows.into_iter().map(|row| (row.petition, row)).collect();
    let items = places.into_iter().filter_map(|(stratum, rank, id)| {
        let row = rows.remove(&id)?;
        Some(Drawn { agency: names.get(&row.agency).cloned(), row, stratum, rank })
    });
    Ok(Sample {
        as_of: question.moment.at(),
        recorded_by: known.end(world),
        population: sizes.values().sum(),
        items: items.collect(),
        strata: sizes
            .into_iter()
            .map(|(key, size)| {
                let drawn = shares.get(&key).copied().unwrap_or_default();
                (key, (size, drawn))
            })
            .collect(),
    })
}

/// Where a petition stands in the draw of a seed.
pub fn rank(seed: &str, petition: PetitionId) -> [u8; 32] {
    sha256(format!("{seed}:{petition}").as_bytes())
}

/// Shows every petition that fits, a page at a time, in one snapshot.
fn each(
    tx: &mut AnyConnection,
    question: &Question,
    mut show: impl FnMut(&mut AnyConnection, &[Candidate]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = samples::candidates(tx, question, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.petition);
        show(tx, &page)?;
    }
}

/// Looks up agencies that are not known yet.
fn learn(
    tx: &mut AnyConnection,
    names: &mut HashMap<AgencyId, AgencyVersion>,
    agencies: impl Iterator<Item = AgencyId>,
    day: Day,
) -> Result<(), Error> {
    let mut fresh: Vec<AgencyId> = agencies.filter(|id| !names.contains_key(id)).collect();
    fresh.sort_unstable();
    fresh.dedup();
    if !fresh.is_empty() {
        names.extend(agencies::on(tx, &fresh, day)?);
    }
    Ok(())
}

/// The key of a petition's stratum: a code, `unknown` for agencies without a level, `all` without strata.
fn stratum(candidate: &Candidate, by: Option<StrataBy>, names: &HashMap<AgencyId, AgencyVersion>) -> String {
    let agency = names.get(&candidate.agency);
    match by {
        None => "all".to_owned(),
        Some(StrataBy::Agency) => agency.map(|agency| agency.code.clone()).unwrap_or_default(),
        Some(StrataBy::Kind) => candidate.kind.as_str().to_owned(),
        Some(StrataBy::Field) => candidate.field_code.clone(),
        Some(StrataBy::Level) => {
            agency.and_then(|agency| agency.level).map_or("unknown", Code::as_str).to_owned()
        }
    }
}
