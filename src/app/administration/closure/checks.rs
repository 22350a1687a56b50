//! What stands in the way of a closure: what is wrong with the order, and what it would leave behind.

use super::{Closure, Outcome};
use crate::{
    app::{
        Error,
        administration::{Admin, line},
        history,
        world::World,
    },
    domain::{
        decide::{
            KnownAgency,
            checks::{Checks, MANY, REASON},
            is_barred,
        },
        id::{AgencyId, PetitionId},
        identifiers::check_commune_code,
        refusal::{FieldError, Refusal},
        succession::{NAMED, Plan, Successor},
        vocabulary::{Code, Language, Role, Visibility},
    },
    store::{
        AnyConnection,
        agencies::{self, AgencyRow, succession},
        people, reference,
    },
};

/// How many petitions are looked at together.
const PAGE: i64 = 200;
/// How many of one kind of blocker are told.
const TOLD: usize = 20;

/// What is wrong before anything is changed.
pub(super) fn before(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    before: &AgencyRow,
    closure: &Closure,
    plan: &Plan,
) -> Result<Vec<FieldError>, Error> {
    let today = world.now.day(world.zone());
    let mut checks = Checks::default();
    checks.not_after("/effective_on", plan.effective_on, today);
    checks.require(
        before.valid_from.is_none_or(|from| plan.effective_on >= from),
        "/effective_on",
        "before_the_present_version",
        "Ngày giải thể không được trước ngày bắt đầu của tên hiện tại.",
        "Must not be before the day on which the present version began.",
    );
    checks.document("/basis", &plan.basis, today);
    checks.optional("/reason", closure.reason.as_ref(), REASON);
    plan.faults(before.id).into_iter().for_each(|fault| checks.add(fault));
    for (index, one) in plan.successors.iter().take(MANY).enumerate() {
        check_agency(tx, admin, &mut checks, &format!("/successors/{index}/agency_id"), one.agency_id)?;
        let person = people::official(tx, one.responsible_id)?;
        checks.require(
            person.is_some_and(|person| person.disabled_at.is_none()),
            &format!("/successors/{index}/responsible_id"),
            "unknown",
            "Không có cán bộ này, hoặc tài khoản đã khóa.",
            "There is no such official, or the account is disabled.",
        );
        for (place, area) in one.areas.iter().enumerate() {
            checks.add(check_commune_code(&format!("/successors/{index}/areas/{place}"), area));
        }
        checks.at_most(&format!("/successors/{index}/fields"), one.fields.len(), MANY);
        for (place, field) in one.fields.iter().take(MANY).enumerate() {
            checks.require(
                reference::field(tx, field)?.is_some(),
                &format!("/successors/{index}/fields/{place}"),
                "unknown_code",
                "Không có lĩnh vực này; xem /v1/reference.",
                "There is no such field; see /v1/reference.",
            );
        }
    }
    check_named(tx, &mut checks, before, plan)?;
    if plan.heir_id != plan.default_id {
        check_agency(tx, admin, &mut checks, "/archive_to", plan.heir_id)?;
    }
    check_children(tx, admin, &mut checks, before, closure)?;
    check_officials(tx, admin, &mut checks, before, closure)?;
    check_self(tx, world, admin, &mut checks, before)?;
    match checks.finish() {
        Err(Refusal::Invalid(faults)) => Ok(faults),
        other => Ok(other.map(|()| Vec::new())?),
    }
}

/// Petitions named one by one are open here: one that is not would go nowhere, unseen.
fn check_named(
    tx: &mut AnyConnection,
    checks: &mut Checks,
    before: &AgencyRow,
    plan: &Plan,
) -> Result<(), Error> {
    for (index, one) in plan.successors.iter().take(MANY).enumerate() {
        let named = one.petitions.get(..NAMED).unwrap_or(&one.petitions);
        let found = succession::waiting_among(tx, before.id, named)?;
        for (place, id) in named.iter().enumerate() {
            checks.require(
                found.iter().any(|row| row.id == *id),
                &format!("/successors/{index}/petitions/{place}"),
                "not_open_here",
                "Không phải đơn chưa giải quyết xong của cơ quan này.",
                "Not an open petition of this agency.",
            );
        }
    }
    Ok(())
}

/// An agency that something goes to is in force and within reach.
fn check_agency(
    tx: &mut AnyConnection,
    admin: &Admin,
    checks: &mut Checks,
    pointer: &str,
    id: AgencyId,
) -> Result<(), Error> {
    match agencies::last(tx, id)? {
        None => checks.add(FieldError::new(
            pointer,
            "unknown",
            "Không có cơ quan này.",
            "There is no such agency.",
        )),
        Some(row) if row.valid_to.is_some() => checks.add(FieldError::new(
            pointer,
            "closed",
            format!("{} ({}) đã giải thể; hãy nêu cơ quan kế thừa của nó.", row.name, row.code),
            format!("{} ({}) was dissolved; name its successor.", row.name, row.code),
        )),
        Some(_) => admin.require(tx, id)?,
    }
    Ok(())
}

/// Each agency below gets a place that is not below the closed one.
fn check_children(
    tx: &mut AnyConnection,
    admin: &Admin,
    checks: &mut Checks,
    before: &AgencyRow,
    closure: &Closure,
) -> Result<(), Error> {
    let children = succession::children(tx, before.id)?;
    checks.at_most("/children", closure.children.len(), 1000);
    let mut places: Vec<(String, AgencyId)> = Vec::new();
    for (index, (child, parent)) in closure.children.iter().enumerate() {
        let twice = closure.children.iter().take(index).any(|(other, _)| other == child);
        checks.require(
            children.contains(child) && !twice,
            &format!("/children/{index}/agency_id"),
            "not_below",
            "Cần một cơ quan đang trực thuộc cơ quan này, mỗi cơ quan một lần.",
            "Needs an agency directly below the one being closed, each once.",
        );
        places.push((format!("/children/{index}/parent_id"), *parent));
    }
    places.extend(closure.children_to.map(|parent| ("/children_to".to_owned(), parent)));
    for (pointer, parent) in places {
        check_agency(tx, admin, checks, &pointer, parent)?;
        checks.require(
            !line(tx, parent)?.contains(&before.id),
            &pointer,
            "cycle",
            "Phải là cơ quan không thuộc cơ quan bị giải thể.",
            "Must be an agency that does not stand below the one being closed.",
        );
    }
    let left = children.iter().filter(|child| !closure.children.iter().any(|(named, _)| named == *child));
    let left = left.count();
    if closure.children_to.is_none() && left > 0 {
        checks.add(FieldError::new(
            "/children_to",
            "required",
            format!("Còn {left} cơ quan trực thuộc chưa có cơ quan cấp trên mới."),
            format!("{left} agencies below have no new place."),
        ));
    }
    Ok(())
}

fn check_officials(
    tx: &mut AnyConnection,
    admin: &Admin,
    checks: &mut Checks,
    before: &AgencyRow,
    closure: &Closure,
) -> Result<(), Error> {
    checks.at_most("/officials", closure.officials.len(), 1000);
    let own = succession::officials(tx, before.id)?;
    for (index, (official, to)) in closure.officials.iter().enumerate() {
        let twice = closure.officials.iter().take(index).any(|(other, _)| other == official);
        checks.require(
            own.contains(official) && !twice,
            &format!("/officials/{index}/official_id"),
            "not_of_this_agency",
            "Cần một cán bộ đang làm việc của cơ quan này, mỗi người một lần.",
            "Needs an active official of this agency, each once.",
        );
        if let Some(to) = to {
            check_agency(tx, admin, checks, &format!("/officials/{index}/agency_id"), *to)?;
        }
    }
    match closure.officials_to {
        Some(to) => check_agency(tx, admin, checks, "/officials_to", to),
        None => Ok(()),
    }
}

/// Nobody moves or ends his own account or rights.
fn check_self(
    tx: &mut AnyConnection,
    world: &World,
    admin: &Admin,
    checks: &mut Checks,
    before: &AgencyRow,
) -> Result<(), Error> {
    let grants = people::changes::grants_not_ended(tx, admin.person.official, world.now)?;
    let holds = grants.iter().any(|grant| grant.agency_id == Some(before.id));
    checks.require(
        admin.person.agency != before.id && !holds,
        "",
        "own_account",
        "Bạn là cán bộ của cơ quan này hoặc có quyền ở đây; nhờ người quản trị cấp trên thực hiện.",
        "You belong to this agency or hold a right over it; ask an administrator above.",
    );
    Ok(())
}

/// What the closure would leave behind, seen after everybody and everything moved but the petitions.
pub(super) fn after(
    tx: &mut AnyConnection,
    world: &World,
    before: &AgencyRow,
    plan: &Plan,
    outcome: &Outcome,
) -> Result<Vec<FieldError>, Error> {
    let mut faults = Vec::new();
    for (index, one) in plan.successors.iter().enumerate() {
        let line = line(tx, one.agency_id)?;
        faults.extend(unfit(tx, world, index, one, &line)?);
        let strictest = outcome.destinations.get(index).and_then(|destination| destination.strictest);
        faults.extend(unwatched(tx, world, index, &line, strictest.unwrap_or(Visibility::PublicRedacted))?);
    }
    faults.extend(barred(tx, before.id, plan)?);
    Ok(faults)
}

/// Whoever is named responsible handles or approves at the successor, what is not public included.
fn unfit(
    tx: &mut AnyConnection,
    world: &World,
    index: usize,
    one: &Successor,
    line: &[AgencyId],
) -> Result<Option<FieldError>, Error> {
    let rights = people::grants_in_force(tx, one.responsible_id, world.now)?;
    let active = people::official(tx, one.responsible_id)?.is_some_and(|row| row.disabled_at.is_none());
    let fits = rights.iter().any(|right| {
        matches!(right.role, Role::Handler | Role::Approver)
            && right.agency_id.is_none_or(|over| line.contains(&over))
            && right.ceiling >= Visibility::PartiesOnly
    });
    Ok((!active || !fits).then(|| {
        FieldError::new(
            format!("/successors/{index}/responsible_id"),
            "cannot_handle",
            "Người này cần quyền xử lý hoặc ký duyệt tại cơ quan kế thừa, đến mức «Chỉ các bên» trở lên.",
            "This official needs a right to handle or approve at the successor, up to parties_only at least.",
        )
    }))
}

/// A successor has somebody who receives and somebody who coordinates what it takes.
fn unwatched(
    tx: &mut AnyConnection,
    world: &World,
    index: usize,
    line: &[AgencyId],
    strictest: Visibility,
) -> Result<Vec<FieldError>, Error> {
    let mut faults = Vec::new();
    for role in [Role::Intake, Role::Coordinator] {
        if !people::is_role_held_over(tx, role, strictest, line, world.now)? {
            faults.push(FieldError::new(
                format!("/successors/{index}/agency_id"),
                "lacks_intake",
                format!(
                    "Chưa có ai giữ vai trò «{}» tại đây đến mức «{}»; cấp quyền trước.",
                    role.label(Language::Vi),
                    strictest.label(Language::Vi)
                ),
                format!(
                    "Nobody here is “{}” up to “{}”; grant the role first.",
                    role.label(Language::En),
                    strictest.label(Language::En)
                ),
            ));
        }
    }
    Ok(faults)
}

/// Petitions that would go to whom they are against.
fn barred(tx: &mut AnyConnection, closing: AgencyId, plan: &Plan) -> Result<Vec<FieldError>, Error> {
    let mut faults = Vec::new();
    let mut from: Option<PetitionId> = None;
    loop {
        let ids = succession::guarded(tx, closing, from, PAGE)?;
        let Some(last) = ids.last() else { return Ok(faults) };
        from = Some(*last);
        let places = succession::waiting_among(tx, closing, &ids)?;
        for loaded in history::load_many(tx, &ids)? {
            let Some(row) = places.iter().find(|row| row.id == loaded.case.id) else { continue };
            let place = plan.place(Some(row.id), row.area.as_deref(), &row.field);
            let Some((one, _)) = place.filter(|_| loaded.case.respondent.is_some()) else { continue };
            let head = agencies::by_id(tx, one.agency_id)?.and_then(|agency| agency.head_official_id);
            let agency = KnownAgency { id: one.agency_id, head, line: Vec::new() };
            let heads = people::headed_by(tx, one.responsible_id)?;
            if is_barred(&loaded.case, Some(&agency), &[(one.responsible_id, &heads)]) {
                faults.push(FieldError::new(
                    "/successors",
                    "respondent",
                    format!(
                        "Đơn {} hướng vào chính nơi nhận; nêu đơn này ở petitions của cơ quan khác.",
                        row.id
                    ),
                    format!(
                        "Petition {} is against whoever would get it; list it under another successor.",
                        row.id
                    ),
                ));
            }
        }
        if faults.len() >= TOLD {
            faults.truncate(TOLD);
            return Ok(faults);
        }
    }
}
