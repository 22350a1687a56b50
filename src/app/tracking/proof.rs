//! Proving to be the author: a code and the key that was given out for it.

use std::{collections::HashMap, net::IpAddr};

use uuid::Uuid;

use crate::{
    app::{
        App, Error,
        clock::{new_id, real_now},
        guessing::{self, Guess},
        secrets::{constant_time_eq, sha256},
        tokens::{Issued, Scope, Subject},
        world::World,
    },
    domain::{
        decide::checks::Checks,
        id::{Id, PetitionId},
        identifiers::{AccessKey, PetitionCode},
    },
    store::{
        AnyConnection,
        tracking::{Lock, locks, parts},
    },
};

/// Most petitions one call may ask for.
pub const MOST_PROOFS: usize = 20;
/// Most petitions one token opens: those asked for, and what was split from them.
const MOST_PETITIONS: usize = 100;
/// Most characters of a code, and of a key, that are looked at.
const CODE_LIMIT: usize = 64;
const KEY_LIMIT: usize = 200;

/// A code with the key that was given out for it.
#[derive(Clone)]
pub struct Proof {
    pub code: String,
    pub access_key: String,
}

/// A token, and what it opens.
#[derive(Debug)]
pub struct Opened {
    pub issued: Issued,
    /// Codes of the petitions it opens, parts of split ones included.
    pub petitions: Vec<String>,
    /// Codes, as sent, that are unknown or came with another key: the two read alike.
    pub not_found: Vec<String>,
}

/// Gives a token for the petitions whose keys fit; `NotFound` when none does. Wrong keys are counted.
pub async fn open(
    app: &App,
    request_id: Option<String>,
    proofs: Vec<Proof>,
    address: Option<IpAddr>,
) -> Result<Opened, Error> {
    check(&proofs)?;
    let looking = async {
        let looked = proofs.clone();
        app.read(request_id, move |tx, world| {
            let proven = prove(tx, world, &looked)?;
            Ok(Proven { opened: with_parts(tx, proven.opened, MOST_PETITIONS)?, ..proven })
        })
        .await
    };
    let Proven { opened, not_found } = counted(app, &proofs, address, looking).await?;
    if opened.is_empty() {
        return Err(Error::NotFound);
    }
    let (found, petitions): (Vec<PetitionId>, Vec<String>) = opened.into_iter().unzip();
    let subject = Subject {
        sub: new_id::<Proof>().to_string(),
        client_id: "tracking".to_owned(),
        scope: Scope::Tracking,
        petitions: found.into_iter().map(Id::uuid).collect(),
        session: None,
    };
    let issued = app.keys().issue(subject, app.options().token_minutes, real_now())?;
    Ok(Opened { issued, petitions, not_found })
}

pub(super) fn check(proofs: &[Proof]) -> Result<(), Error> {
    let mut checks = Checks::default();
    checks.require(
        (1..=MOST_PROOFS).contains(&proofs.len()),
        "/items",
        "wrong_length",
        "Cần từ 1 đến 20 mã đơn.",
        "Between 1 and 20 items are needed.",
    );
    for (index, proof) in proofs.iter().enumerate().take(MOST_PROOFS) {
        let lengths = [("code", &proof.code, CODE_LIMIT), ("access_key", &proof.access_key, KEY_LIMIT)];
        for (name, text, limit) in lengths {
            checks.require(
                (1..=limit).contains(&text.chars().count()),
                &format!("/items/{index}/{name}"),
                "wrong_length",
                "Độ dài không hợp lệ.",
                "Of a length it cannot have.",
            );
        }
    }
    Ok(checks.finish()?)
}

/// Looks at keys, unless too many were wrong; those that do not fit are counted.
pub(super) async fn counted(
    app: &App,
    proofs: &[Proof],
    address: Option<IpAddr>,
    looking: impl Future<Output = Result<Proven, Error>>,
) -> Result<Proven, Error> {
    let place = guessing::of_address(app, address);
    let of_codes: Vec<(&str, Vec<Guess>)> = proofs
        .iter()
        .map(|proof| (proof.code.as_str(), guessing::of_code(app, &canonical(proof), address)))
        .collect();
    guessing::begin(app, of_codes.iter().flat_map(|(_, of)| of.clone()).chain(place.clone()).collect())
        .await?;
    let proven = looking.await?;
    let shut = |code: &str| proven.not_found.iter().any(|other| other == code);
    let right = of_codes.into_iter().filter(|(code, _)| !shut(code)).flat_map(|(_, of)| of);
    guessing::succeeded(app, right.chain(place.filter(|_| proven.not_found.is_empty())).collect()).await?;
    if !proven.not_found.is_empty() {
        tracing::info!(target: "security", event = "access key refused", "a key did not fit its code");
    }
    Ok(proven)
}

fn canonical(proof: &Proof) -> String {
    PetitionCode::parse("", &proof.code).map_or_else(|_| proof.code.clone(), |code| code.to_string())
}

/// What came of showing keys.
pub(super) struct Proven {
    /// The petitions that the keys open, with their codes.
    pub(super) opened: Vec<(PetitionId, String)>,
    /// The codes, as sent, that open nothing.
    pub(super) not_found: Vec<String>,
}

/// Which petitions the keys open, and the codes that open nothing.
pub(super) fn prove(tx: &mut AnyConnection, world: &World, proofs: &[Proof]) -> Result<Proven, Error> {
    let codes: Vec<String> = proofs.iter().map(canonical).collect();
    let locks: HashMap<String, Lock> =
        locks(tx, &codes)?.into_iter().map(|lock| (lock.code.clone(), lock)).collect();
    let mut proven = Proven { opened: Vec::new(), not_found: Vec::new() };
    for (proof, code) in proofs.iter().zip(codes) {
        match fitting(world, proof, locks.get(&code)) {
            Some(id) if proven.opened.iter().any(|(known, _)| *known == id) => {}
            Some(id) => proven.opened.push((id, code)),
            None => proven.not_found.push(proof.code.clone()),
        }
    }
    Ok(proven)
}

/// These petitions and what was split from them, as many as `most` in all.
pub(super) fn with_parts(
    tx: &mut AnyConnection,
    mut known: Vec<(PetitionId, String)>,
    most: usize,
) -> Result<Vec<(PetitionId, String)>, Error> {
    let mut fresh: Vec<PetitionId> = known.iter().map(|(id, _)| *id).collect();
    while !fresh.is_empty() && known.len() < most {
        let mut below = parts(tx, &fresh)?;
        below.retain(|(id, _)| !known.iter().any(|(other, _)| other == id));
        below.truncate(most - known.len());
        fresh = below.iter().map(|(id, _)| *id).collect();
        known.extend(below);
    }
    Ok(known)
}

/// The petition, if the key is the one given out for it.
///
/// An unknown code goes the same way as a wrong key, with the key of a petition that does not exist, and both
/// comparisons are always made, so that the time taken tells nothing.
fn fitting(world: &World, proof: &Proof, lock: Option<&Lock>) -> Option<PetitionId> {
    let petition = lock.map_or(Id::new(Uuid::nil()), |lock| lock.petition);
    let ours = world.secret.access_key(petition);
    let typed = AccessKey::parse("", &proof.access_key);
    let typed = typed.as_ref().map_or("", |key| key.reveal());
    let by_server = constant_time_eq(&sha256(typed.as_bytes()), &sha256(ours.reveal().as_bytes()));
    let hash = lock.and_then(|lock| lock.key_hash.as_deref());
    let by_phone = constant_time_eq(&sha256(proof.access_key.as_bytes()), hash.unwrap_or(&[0; 32]));
    let fits = if hash.is_some() { by_phone } else { by_server };
    lock.filter(|_| fits).map(|lock| lock.petition)
}

/// Without the key, so that it reaches no log.
impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").field("code", &self.code).finish_non_exhaustive()
    }
}
