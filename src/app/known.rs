//! What a decision needs to know of others, looked up before it is made.

use super::{
    Error,
    caller::{self, Caller},
    history,
    world::World,
};
use crate::{
    domain::{
        act::{Act, Commitment, Respondent, Support},
        decide::{Known, KnownAgency, KnownPerson, KnownSupport, checks::MANY},
        event::Actor,
        id::{AgencyId, OfficialId, PetitionId},
        petition::Case,
        refusal::Refusal,
        vocabulary::{Role, Visibility},
    },
    store::{AnyConnection, agencies, people, reference},
};

/// Looks up what this act names.
pub(super) fn look_up(
    tx: &mut AnyConnection,
    world: &World,
    case: &Case,
    act: &Act,
    actor: &Actor,
    caller: &Caller,
) -> Result<Known, Error> {
    let mut known = Known { supporting_fit: true, named_exist: true, ..Known::default() };
    known.heads =
        actor.official.map(|official| people::headed_by(tx, official)).transpose()?.unwrap_or_default();
    match act {
        Act::Classification(facts) => {
            known.field_exists = field_fits(tx, case, &facts.field_code)?;
            known.named_exist = respondent_exists(tx, facts.respondent)?;
        }
        Act::Reclassification(facts) => {
            known.field_exists =
                facts.field_code.as_deref().map_or(Ok(true), |code| field_fits(tx, case, code))?;
            known.named_exist = respondent_exists(tx, facts.respondent)?;
        }
        Act::Assignment(facts) => {
            holder(tx, world, &mut known, case, facts.agency_id, facts.responsible_id, &facts.supporting)?;
        }
        Act::Transfer(facts) => {
            holder(tx, world, &mut known, case, facts.agency_id, facts.responsible_id, &facts.supporting)?;
        }
        Act::Handover(facts) => {
            known.holder = agency(tx, case.lead_or_intake())?;
            let line = known.holder.as_ref().map(|holder| holder.line.clone()).unwrap_or_default();
            known.person = person(tx, world, case, facts.responsible_id, &line)?;
        }
        Act::Decline(facts) => known.agency = agency(tx, facts.agency_id)?,
        Act::Merge(facts) => known.survivor = survivor(tx, world, caller, facts.survivor)?.map(Box::new),
        Act::Urging(facts) => known.named_exist = named_exist(tx, facts.agency_id, facts.official_id)?,
        Act::Acceptance(_) | Act::ReplySubmission(_) | Act::ReplyReturn(_) | Act::ReplyApproval(_) => {
            known.holder = agency(tx, case.lead_or_intake())?;
        }
        Act::ReplyDraft(facts) => {
            known.holder = agency(tx, case.lead_or_intake())?;
            known.named_exist = promisers_exist(tx, &facts.commitments)?;
        }
        Act::ReplyRevision(facts) => {
            known.holder = agency(tx, case.lead_or_intake())?;
            known.author_exists = people::official(tx, facts.author_id)?.is_some();
            known.named_exist = promisers_exist(tx, &facts.commitments)?;
        }
        _ => {}
    }
    Ok(known)
}

/// Whether an agency and an official exist, as far as they are named.
fn named_exist(
    tx: &mut AnyConnection,
    agency: Option<AgencyId>,
    official: Option<OfficialId>,
) -> Result<bool, Error> {
    let agency = agency.map(|id| agencies::by_id(tx, id)).transpose()?;
    let official = official.map(|id| people::official(tx, id)).transpose()?;
    Ok(agency.is_none_or(|found| found.is_some()) && official.is_none_or(|found| found.is_some()))
}

/// Whether the respondent exists, if one is named.
pub(super) fn respondent_exists(
    tx: &mut AnyConnection,
    respondent: Option<Respondent>,
) -> Result<bool, Error> {
    respondent.map_or(Ok(true), |named| named_exist(tx, named.agency_id, named.official_id))
}

fn promisers_exist(tx: &mut AnyConnection, commitments: &[Commitment]) -> Result<bool, Error> {
    for commitment in commitments.iter().take(MANY) {
        if !named_exist(tx, commitment.agency_id, commitment.person_id)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A petition may stay in a field that is chosen no more.
fn field_fits(tx: &mut AnyConnection, case: &Case, code: &str) -> Result<bool, Error> {
    Ok(code == case.field_code || reference::is_active(tx, code)?)
}

fn agency(tx: &mut AnyConnection, id: AgencyId) -> Result<Option<KnownAgency>, Error> {
    let Some(row) = agencies::by_id(tx, id)? else { return Ok(None) };
    let line = agencies::lines(tx, &[id])?.remove(&id).unwrap_or_default();
    Ok(Some(KnownAgency { id, head: row.head_official_id, line }))
}

fn person(
    tx: &mut AnyConnection,
    world: &World,
    case: &Case,
    id: OfficialId,
    line: &[AgencyId],
) -> Result<Option<KnownPerson>, Error> {
    let Some(official) = people::official(tx, id)?.filter(|official| official.disabled_at.is_none()) else {
        return Ok(None);
    };
    let rights = people::grants_in_force(tx, id, world.now)?;
    // The responsible person of a restricted petition needs no ceiling: being named is the need to know.
    let may_handle = rights.iter().any(|right| {
        matches!(right.role, Role::Handler | Role::Approver)
            && right.agency_id.is_none_or(|agency| line.contains(&agency))
            && (right.ceiling >= case.visibility || case.visibility == Visibility::Restricted)
    });
    let heads = people::headed_by(tx, id)?;
    Ok(Some(KnownPerson { id, agency: official.agency_id, may_handle, heads }))
}

fn holder(
    tx: &mut AnyConnection,
    world: &World,
    known: &mut Known,
    case: &Case,
    lead: AgencyId,
    responsible: OfficialId,
    supporting: &[Support],
) -> Result<(), Error> {
    known.agency = agency(tx, lead)?;
    let line = known.agency.as_ref().map(|agency| agency.line.clone()).unwrap_or_default();
    known.person = person(tx, world, case, responsible, &line)?;
    (known.supporting_fit, known.supporting) = supporters(tx, lead, supporting)?;
    Ok(())
}

/// Whether the supporting agencies exist, once each, besides the lead, a person named belonging to his agency; and
/// those that exist.
fn supporters(
    tx: &mut AnyConnection,
    lead: AgencyId,
    supporting: &[Support],
) -> Result<(bool, Vec<KnownSupport>), Error> {
    let mut fit = true;
    let mut seen = vec![lead];
    let mut found = Vec::new();
    for support in supporting.iter().take(MANY) {
        let Some(agency) = agency(tx, support.agency_id)? else {
            fit = false;
            continue;
        };
        fit &= !seen.contains(&agency.id);
        seen.push(agency.id);
        let mut heads = Vec::new();
        if let Some(id) = support.person_id {
            let official = people::official(tx, id)?;
            fit &= official.is_some_and(|official| {
                official.agency_id == support.agency_id && official.disabled_at.is_none()
            });
            heads = people::headed_by(tx, id)?;
        }
        found.push(KnownSupport { agency, person: support.person_id, heads });
    }
    Ok((fit, found))
}

/// The petition to merge into, if the caller may see it.
fn survivor(
    tx: &mut AnyConnection,
    world: &World,
    caller: &Caller,
    id: PetitionId,
) -> Result<Option<Case>, Error> {
    let Some(loaded) = history::load(tx, id)? else { return Ok(None) };
    match caller::standing(tx, world, caller, &loaded.case) {
        Ok(_) => Ok(Some(loaded.case)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A petition that becomes restricted must leave somebody to receive and to coordinate it.
pub(super) fn check_watch(
    tx: &mut AnyConnection,
    world: &World,
    visibility: Visibility,
    intake: AgencyId,
) -> Result<(), Error> {
    if visibility != Visibility::Restricted {
        return Ok(());
    }
    let line = agencies::lines(tx, &[intake])?.remove(&intake).unwrap_or_default();
    for role in [Role::Intake, Role::Coordinator] {
        if !people::is_role_held_over(tx, role, Visibility::Restricted, &line, world.now)? {
            return Err(Refusal::guard(
                "nobody_to_read",
                "Cơ quan này chưa có cán bộ tiếp nhận và điều phối được xem đơn hạn chế; hãy gửi cơ quan cấp trên.",
                "This agency has no intake officer and coordinator who may read restricted petitions; send it to the agency above.",
            )
            .into());
        }
    }
    Ok(())
}
