//! Whether each agency that petitions come to still has somebody who receives and somebody who coordinates.

use crate::{
    app::{Error, world::World},
    domain::{
        administration::{Watch, first_unwatched},
        id::AgencyId,
        refusal::Refusal,
        vocabulary::{Code, Language, Role},
    },
    store::{AnyConnection, agencies, people, workload},
};

/// The roles that no agency petitions come to may lose.
const WATCHING: [Role; 2] = [Role::Intake, Role::Coordinator];

/// Does something that takes rights away or moves agencies; refuses it when it leaves an agency unwatched.
pub(super) fn keeping_watch(
    tx: &mut AnyConnection,
    world: &World,
    work: impl FnOnce(&mut AnyConnection) -> Result<(), Error>,
) -> Result<(), Error> {
    keeping_watch_but(tx, world, None, work)
}

/// As [`keeping_watch`], but for one agency, which is being closed: what it still has moves on at once.
pub(super) fn keeping_watch_but(
    tx: &mut AnyConnection,
    world: &World,
    closing: Option<AgencyId>,
    work: impl FnOnce(&mut AnyConnection) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut before = watch(tx, world)?;
    before.retain(|(agency, _), _| Some(*agency) != closing);
    work(tx)?;
    let after = watch(tx, world)?;
    let Some((agency, role)) = first_unwatched(&before, &after) else { return Ok(()) };
    let name = agencies::names(tx, &[agency])?.remove(&agency).map(|name| name.code).unwrap_or_default();
    Err(Refusal::guard(
        "nobody_left",
        format!(
            "Cơ quan {name} sẽ không còn ai giữ vai trò «{}» đến mức bảo mật như hiện nay; cấp quyền cho người thay trước.",
            role.label(Language::Vi)
        ),
        format!(
            "Agency {name} would be left with nobody as “{}” up to the present ceiling; grant the role to a successor first.",
            role.label(Language::En)
        ),
    )
    .into())
}

fn watch(tx: &mut AnyConnection, world: &World) -> Result<Watch, Error> {
    let mut posts = agencies::changes::serving_somebody(tx)?;
    posts.extend(workload::receiving(tx)?);
    posts.sort_unstable();
    posts.dedup();
    let lines = agencies::lines(tx, &posts)?;
    let holds = people::changes::holds(tx, &WATCHING, world.now)?;
    let mut watch = Watch::new();
    for post in posts {
        let line = lines.get(&post).map(Vec::as_slice).unwrap_or_default();
        let reaching = holds.iter().filter(|(_, over, _)| over.is_none_or(|over| line.contains(&over)));
        for (role, _, ceiling) in reaching {
            let best = watch.entry((post, *role)).or_insert(*ceiling);
            *best = (*best).max(*ceiling);
        }
    }
    Ok(watch)
}
