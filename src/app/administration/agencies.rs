//! Agencies are founded, renamed, moved in the tree, and dissolved into successors; what they were called stays.

use serde_json::json;

use super::{Admin, Done, Order, change, create, line, taken, unknown, watch::keeping_watch};
use crate::{
    app::{
        Error,
        clock::new_id,
        history::{self, Subject},
        world::World,
    },
    domain::{
        decide::checks::{Checks, LINE, MANY},
        event::Actor,
        id::{AgencyId, OfficialId},
        identifiers::{
            check_agency_code, check_commune_code, check_official_identifier, check_province_code,
        },
        prose::normalised,
        refusal::Refusal,
        time::Day,
        vocabulary::Level,
    },
    store::{
        AnyConnection, StoreError,
        agencies::{
            self, AgencyRow, NewAgency,
            changes::{self, NewVersion},
        },
        people, workload,
    },
};

/// What an agency is called, where it stands, and what it serves.
#[derive(Debug, Clone)]
pub struct AgencyFacts {
    pub code: String,
    pub identifier: Option<String>,
    pub name: String,
    pub level: Option<Level>,
    pub parent_id: Option<AgencyId>,
    pub serves_area: Option<String>,
    pub is_default: bool,
    /// One of its own officials; a new agency has none yet.
    pub head_official_id: Option<OfficialId>,
    /// The day from which it is called so; nothing: since ever for a new one, today for a change.
    pub valid_from: Option<Day>,
}

/// The end of an agency.
#[derive(Debug, Clone)]
pub struct Dissolution {
    /// The first day on which it is no more.
    pub valid_to: Day,
    pub successors: Vec<AgencyId>,
}

/// Founds an agency below one within reach; at the top, or as the default, only for the whole installation.
pub fn found(tx: &mut AnyConnection, world: &World, order: &Order<AgencyFacts>) -> Result<Done, Error> {
    create(tx, world, order, |tx, admin, facts| {
        check_facts(world, facts)?;
        require_place(tx, admin, facts.parent_id)?;
        if facts.is_default {
            admin.reach.require(None)?;
        }
        add(tx, world, &admin.actor(), facts)
    })
}

/// Adds an agency whose facts are sound, and records it.
pub(in crate::app) fn add(
    tx: &mut AnyConnection,
    world: &World,
    actor: &Actor,
    facts: &AgencyFacts,
) -> Result<Subject, Error> {
    check_free(tx, None, facts)?;
    let id: AgencyId = new_id();
    let new = NewAgency {
        id,
        code: facts.code.clone(),
        identifier: facts.identifier.clone(),
        name: normalised(&facts.name),
        level: facts.level,
        parent_id: facts.parent_id,
        serves_area: facts.serves_area.clone(),
        is_default: false,
        valid_from: facts.valid_from,
        created_at: world.now,
    };
    match agencies::insert(tx, &new) {
        Err(StoreError::Unique) => return Err(taken("/code").into()),
        inserted => inserted?,
    }
    if facts.is_default {
        agencies::set_default(tx, id)?;
    }
    record(tx, world, actor, id, "creation", facts)
}

/// Renames an agency, moves it, or changes what it serves. The former version is kept and ends when the new one
/// begins.
pub fn replace(
    tx: &mut AnyConnection,
    world: &World,
    id: AgencyId,
    order: &Order<AgencyFacts>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Agency(id), see, |tx, admin, before, facts| {
        require_in_force(&before)?;
        check_facts(world, facts)?;
        if facts.parent_id != before.parent_id {
            require_place(tx, admin, facts.parent_id)?;
        }
        if facts.is_default != before.is_default {
            admin.reach.require(None)?;
            require_default(facts.is_default)?;
        }
        check_free(tx, Some(id), facts)?;
        check_head(tx, id, facts.head_official_id)?;
        write(tx, world, &before, facts)?;
        record(tx, world, &admin.actor(), id, "change", facts).map(|_| ())
    })
}

/// Ends an agency that has neither open petitions nor officials nor agencies below it.
pub fn dissolve(
    tx: &mut AnyConnection,
    world: &World,
    id: AgencyId,
    order: &Order<Dissolution>,
) -> Result<Done, Error> {
    let see = |tx: &mut AnyConnection, admin: &Admin| within_reach(tx, admin, id);
    change(tx, world, order, &Subject::Agency(id), see, |tx, admin, before, end| {
        require_in_force(&before)?;
        require_default(!before.is_default)?;
        check_empty(tx, id)?;
        check_end(tx, world, &before, end)?;
        changes::dissolve(tx, id, end.valid_to, &end.successors)?;
        let facts = json!({ "valid_to": end.valid_to, "successors": end.successors });
        history::record(tx, world, &Subject::Agency(id), &admin.actor(), "dissolution", facts)?;
        Ok(())
    })
}

/// An agency within reach. That it exists is public, so beyond reach it is forbidden and not absent.
pub(super) fn within_reach(tx: &mut AnyConnection, admin: &Admin, id: AgencyId) -> Result<AgencyRow, Error> {
    let row = agencies::last(tx, id)?.ok_or(Error::NotFound)?;
    admin.require(tx, id)?;
    Ok(row)
}

pub(super) fn require_in_force(row: &AgencyRow) -> Result<(), Refusal> {
    if row.valid_to.is_none() {
        return Ok(());
    }
    Err(Refusal::guard(
        "dissolved",
        "Cơ quan này đã giải thể; không thay đổi được nữa.",
        "This agency was dissolved and changes no more.",
    ))
}

fn require_place(tx: &mut AnyConnection, admin: &Admin, parent: Option<AgencyId>) -> Result<(), Error> {
    let Some(parent) = parent else { return Ok(admin.reach.require(None)?) };
    if agencies::by_id(tx, parent)?.is_none() {
        return Err(unknown("/parent_id").into());
    }
    admin.require(tx, parent)
}

/// An installation keeps its default agency: another one takes over, none just lets go.
pub(super) fn require_default(kept: bool) -> Result<(), Refusal> {
    if kept {
        return Ok(());
    }
    Err(Refusal::guard(
        "default_agency",
        "Đây là cơ quan nhận mặc định; hãy đặt is_default cho cơ quan khác trước.",
        "This is the default agency; set is_default on another one first.",
    ))
}

/// The faults of what is said of an agency.
pub(in crate::app) fn check_facts(world: &World, facts: &AgencyFacts) -> Result<(), Refusal> {
    let mut checks = Checks::default();
    checks.add(check_agency_code("/code", &facts.code));
    checks.line("/name", &facts.name, LINE);
    checks.add(facts.identifier.as_deref().and_then(|text| check_official_identifier("/identifier", text)));
    checks.add(facts.serves_area.as_deref().and_then(|area| match area.len() {
        2 => check_province_code("/serves_area", area),
        _ => check_commune_code("/serves_area", area),
    }));
    if let Some(day) = facts.valid_from {
        checks.not_after("/valid_from", day, world.now.day(world.zone()));
    }
    checks.finish()
}

/// An area belongs to one agency at a time; a code to one for ever, so that old papers and figures stay clear.
fn check_free(tx: &mut AnyConnection, own: Option<AgencyId>, facts: &AgencyFacts) -> Result<(), Error> {
    if agencies::is_code_of_another(tx, &facts.code, own)? {
        return Err(taken("/code").into());
    }
    if let Some(area) = &facts.serves_area
        && agencies::serving(tx, area)?.is_some_and(|row| Some(row.id) != own)
    {
        return Err(taken("/serves_area").into());
    }
    Ok(())
}

fn check_head(tx: &mut AnyConnection, id: AgencyId, head: Option<OfficialId>) -> Result<(), Error> {
    let Some(head) = head else { return Ok(()) };
    let official = people::official(tx, head)?;
    if official.is_some_and(|official| official.agency_id == id && official.disabled_at.is_none()) {
        return Ok(());
    }
    Err(Refusal::field(
        "/head_official_id",
        "not_of_this_agency",
        "Người đứng đầu phải là cán bộ đang làm việc của cơ quan này.",
        "The head must be an active official of this agency.",
    )
    .into())
}

fn write(
    tx: &mut AnyConnection,
    world: &World,
    before: &AgencyRow,
    facts: &AgencyFacts,
) -> Result<(), Error> {
    let today = world.now.day(world.zone());
    let new = NewVersion {
        code: facts.code.clone(),
        identifier: facts.identifier.clone(),
        name: normalised(&facts.name),
        level: facts.level,
        parent_id: facts.parent_id,
        valid_from: Some(facts.valid_from.unwrap_or(today)),
    };
    let same = NewVersion {
        code: before.code.clone(),
        identifier: before.identifier.clone(),
        name: before.name.clone(),
        level: before.level,
        parent_id: before.parent_id,
        valid_from: new.valid_from,
    };
    if new != same {
        check_order(before, new.valid_from)?;
        match changes::begin_version(tx, before.id, &new) {
            Err(StoreError::Unique) => return Err(taken("/code").into()),
            begun => begun?,
        }
    }
    changes::set_service(tx, before.id, facts.serves_area.as_deref(), facts.head_official_id)?;
    if facts.is_default {
        agencies::set_default(tx, before.id)?;
    }
    if facts.parent_id == before.parent_id {
        return Ok(());
    }
    if let Some(parent) = facts.parent_id
        && line(tx, parent)?.contains(&before.id)
    {
        return Err(Refusal::field(
            "/parent_id",
            "cycle",
            "Cơ quan không thể thuộc chính mình hoặc cơ quan cấp dưới của mình.",
            "An agency cannot stand below itself or below one of its own.",
        )
        .into());
    }
    keeping_watch(tx, world, |tx| Ok(changes::move_below(tx, before.id, facts.parent_id)?))
}

/// Versions follow each other.
fn check_order(before: &AgencyRow, from: Option<Day>) -> Result<(), Refusal> {
    if from >= before.valid_from {
        return Ok(());
    }
    Err(Refusal::field(
        "/valid_from",
        "before_the_present_version",
        "Ngày hiệu lực không được trước ngày bắt đầu của tên hiện tại.",
        "Must not be before the day on which the present version began.",
    ))
}

fn check_empty(tx: &mut AnyConnection, id: AgencyId) -> Result<(), Error> {
    let petitions = workload::open_at(tx, id)?;
    let officials = people::changes::count_active(tx, id)?;
    let children = changes::count_children(tx, id)?;
    if petitions + officials + children == 0 {
        return Ok(());
    }
    Err(Refusal::guard(
        "not_empty",
        format!(
            "Còn {petitions} đơn chưa giải quyết xong, {officials} cán bộ, {children} cơ quan trực thuộc; chuyển cho cơ quan kế thừa trước."
        ),
        format!(
            "Left with it: {petitions} open petitions, {officials} officials, {children} agencies below it; hand them to the successors first."
        ),
    )
    .into())
}

fn check_end(
    tx: &mut AnyConnection,
    world: &World,
    before: &AgencyRow,
    end: &Dissolution,
) -> Result<(), Error> {
    let mut checks = Checks::default();
    checks.not_after("/valid_to", end.valid_to, world.now.day(world.zone()));
    checks.require(
        before.valid_from.is_none_or(|from| end.valid_to >= from),
        "/valid_to",
        "before_the_present_version",
        "Ngày giải thể không được trước ngày bắt đầu của tên hiện tại.",
        "Must not be before the day on which the present version began.",
    );
    checks.at_most("/successors", end.successors.len(), MANY);
    for (index, successor) in end.successors.iter().take(MANY).enumerate() {
        let twice = end.successors.iter().filter(|other| *other == successor).count() > 1;
        let fits = *successor != before.id && !twice && agencies::by_id(tx, *successor)?.is_some();
        checks.require(
            fits,
            &format!("/successors/{index}"),
            "unknown",
            "Cần một cơ quan khác đang hoạt động, mỗi cơ quan một lần.",
            "Needs another agency in force, each once.",
        );
    }
    Ok(checks.finish()?)
}

fn record(
    tx: &mut AnyConnection,
    world: &World,
    actor: &Actor,
    id: AgencyId,
    name: &str,
    facts: &AgencyFacts,
) -> Result<Subject, Error> {
    let subject = Subject::Agency(id);
    let facts = json!({
        "code": facts.code, "identifier": facts.identifier, "name": { "given": normalised(&facts.name) },
        "level": facts.level, "parent_id": facts.parent_id, "serves_area": facts.serves_area,
        "is_default": facts.is_default, "head_official_id": facts.head_official_id,
        "valid_from": facts.valid_from,
    });
    history::record(tx, world, &subject, actor, name, facts)?;
    Ok(subject)
}
