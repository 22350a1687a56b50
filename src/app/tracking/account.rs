//! A citizen's account keeps his petitions together: those he submitted signed in, and those he claimed by their keys.

use std::net::IpAddr;

use super::{
    Proof, TrackedFace, faces,
    proof::{self, Proven},
};
use crate::{
    app::{
        App, Error,
        caller::{self, Caller},
        public::Page,
        world::World,
    },
    domain::id::PetitionId,
    store::{AnyConnection, accounts},
};

/// Most petitions of an account that its bearer can act on, the latest first, and what was split from them.
const MOST_PETITIONS: usize = 1000;

/// What came of claiming.
#[derive(Debug)]
pub struct Claimed {
    /// Codes of the petitions that are in the account now.
    pub petitions: Vec<String>,
    /// Codes, as sent, that are unknown or came with another key: the two read alike.
    pub not_found: Vec<String>,
}

/// The caller as one who holds keys: an account opens what is kept in it, everybody else stays who he is.
pub fn opened(tx: &mut AnyConnection, world: &World, who: &Caller) -> Result<Caller, Error> {
    let Caller::Citizen(..) = who else { return Ok(who.clone()) };
    let account = caller::account(tx, world, who)?;
    let most = i64::try_from(MOST_PETITIONS).map_err(Error::internal)?;
    let own = accounts::petitions_of(tx, account, None, most)?;
    let known = own.into_iter().map(|id| (id, String::new())).collect();
    let all = proof::with_parts(tx, known, MOST_PETITIONS)?;
    Ok(Caller::Tracker(all.into_iter().map(|(id, _)| id).collect()))
}

/// The petitions in a citizen's account, the latest submitted first, from after one on.
pub fn mine(
    tx: &mut AnyConnection,
    world: &World,
    who: &Caller,
    after: Option<PetitionId>,
    limit: i64,
) -> Result<Page<TrackedFace, PetitionId>, Error> {
    let account = caller::account(tx, world, who)?;
    let rows = accounts::petitions_of(tx, account, after, limit + 1)?;
    let page = Page::of(rows, limit, |id| *id);
    Ok(Page { items: faces(tx, world, &page.items)?, next: page.next })
}

/// Puts the petitions whose keys fit into a citizen's account; `NotFound` when none does. Again is harmless. Wrong keys
/// are counted as everywhere.
pub async fn claim(
    app: &App,
    request_id: Option<String>,
    who: Caller,
    proofs: Vec<Proof>,
    address: Option<IpAddr>,
) -> Result<Claimed, Error> {
    proof::check(&proofs)?;
    let shown = proofs.clone();
    let keeping = app.write(request_id, move |tx, world| {
        let account = caller::account(tx, world, &who)?;
        let proven = proof::prove(tx, world, &shown)?;
        let ids: Vec<PetitionId> = proven.opened.iter().map(|(id, _)| *id).collect();
        accounts::keep(tx, account, &ids, world.now)?;
        Ok(proven)
    });
    let Proven { opened, not_found } = proof::counted(app, &proofs, address, keeping).await?;
    if opened.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Claimed { petitions: opened.into_iter().map(|(_, code)| code).collect(), not_found })
}
