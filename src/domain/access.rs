//! Who may see a petition and in which roles somebody stands to it.

use super::{
    id::{AgencyId, OfficialId},
    lifecycle,
    petition::Case,
    refusal::{Refusal, Words},
    vocabulary::{Action, Code, Kind, Language, Role, Visibility},
};

/// A right in force: a role, where, and up to which visibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    pub role: Role,
    /// Nothing means the whole installation; an agency means it and everything below it.
    pub agency: Option<AgencyId>,
    pub ceiling: Visibility,
}

/// A signed-in official with the rights of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub official: OfficialId,
    pub agency: AgencyId,
    pub position: String,
    pub rights: Vec<Right>,
}

/// The lines from the agencies of a case up to the top, each beginning with the agency itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    pub intake: Vec<AgencyId>,
    pub lead: Vec<AgencyId>,
    pub supporting: Vec<AgencyId>,
}

impl Right {
    fn covers(&self, line: &[AgencyId], visibility: Visibility) -> bool {
        self.reaches(line) && self.ceiling >= visibility
    }

    fn reaches(&self, line: &[AgencyId]) -> bool {
        self.agency.is_none_or(|agency| line.contains(&agency))
    }
}

impl Role {
    /// Whether officials are granted it; the others follow from who somebody is.
    pub fn is_granted(self) -> bool {
        matches!(
            self,
            Self::Intake | Self::Coordinator | Self::Handler | Self::Approver | Self::Auditor | Self::Admin
        )
    }
}

/// The roles in which a person stands to a case; none means it reads as absent.
///
/// Intake and coordinator act where the intake agency is, handler and approver where the lead agency is,
/// supporting agencies read and add notes, auditors read. A restricted case is need-to-know: the person
/// responsible and the supporting persons named now; approver, intake, coordinator and auditor only with a
/// ceiling of restricted. The respondent of a denunciation never sees it (design §3, LTC 9.1b).
pub fn roles(case: &Case, person: &Person, lines: &Lines) -> Vec<Role> {
    if case.kind == Kind::Denunciation && case.is_against(person.official) {
        return Vec::new();
    }
    let responsible = case.responsible == Some(person.official);
    let restricted = case.visibility == Visibility::Restricted;
    let mut roles = Vec::new();
    for right in &person.rights {
        let held = match right.role {
            Role::Intake | Role::Coordinator => right.covers(&lines.intake, case.visibility),
            Role::Auditor => {
                right.covers(&lines.intake, case.visibility) || right.covers(&lines.lead, case.visibility)
            }
            Role::Handler if restricted => responsible && right.reaches(&lines.lead),
            // Whoever is named responsible needs to know, whatever his ceiling.
            Role::Approver if responsible => right.reaches(&lines.lead),
            Role::Handler | Role::Approver => right.covers(&lines.lead, case.visibility),
            _ => false,
        };
        if held && !roles.contains(&right.role) {
            roles.push(right.role);
        }
    }
    let named = case.supporting.iter().any(|support| support.person_id == Some(person.official));
    // A right over everything reaches a supporting agency only where there is one.
    let of_supporting_agency = !restricted
        && !case.supporting.is_empty()
        && person.rights.iter().any(|right| {
            matches!(right.role, Role::Handler | Role::Approver)
                && right.covers(&lines.supporting, case.visibility)
        });
    if named || of_supporting_agency {
        roles.push(Role::Supporting);
    }
    roles
}

/// Whether a person may see a case as it once was: by the rights and the agencies of now, under its visibility then as
/// well as now; what was a denunciation then or is one now is closed to its respondent. `store::conditions` says the
/// same in SQL.
pub fn may_see_as_it_was(now: &Case, then: &Case, person: &Person, lines: &Lines) -> bool {
    let either = [now.kind, then.kind].contains(&Kind::Denunciation);
    if either && now.is_against(person.official) {
        return false;
    }
    let as_visible_as_then = Case { visibility: then.visibility, ..now.clone() };
    [now, &as_visible_as_then].into_iter().all(|case| !roles(case, person, lines).is_empty())
}

/// The role a person acts in: one that the table allows now, or the refusal that fits.
///
/// A role that never may is forbidden; one that may at another time meets an illegal move.
pub fn acting_role(case: &Case, roles: &[Role], action: Action) -> Result<Role, Refusal> {
    let ever: Vec<Role> =
        roles.iter().copied().filter(|role| lifecycle::is_ever_for(action, *role)).collect();
    if ever.is_empty() {
        return Err(forbidden(action));
    }
    ever.into_iter()
        .find(|role| lifecycle::find(case.state, action, *role).is_some())
        .ok_or(Refusal::IllegalMove { action, state: case.state })
}

/// The refusal that names the roles which may do it.
pub fn forbidden(action: Action) -> Refusal {
    let who = |language| {
        let roles = Role::ALL.iter().filter(|role| lifecycle::is_ever_for(action, **role));
        roles.map(|role| role.label(language)).collect::<Vec<_>>().join(", ")
    };
    Refusal::Forbidden(Words::new(
        format!("Việc «{}» thuộc về: {}.", action.label(Language::Vi), who(Language::Vi)),
        format!("“{}” is for: {}.", action.label(Language::En), who(Language::En)),
    ))
}

/// Whether a person in these roles may read who the submitter is; each such read is logged.
///
/// A denouncer, and whoever asked for secrecy, is known to intake and coordination alone (LTC 47, 56).
pub fn may_read_submitter(case: &Case, roles: &[Role]) -> bool {
    let sealed = is_sealed(case);
    roles.iter().any(|role| match role {
        Role::Intake | Role::Coordinator => true,
        Role::Handler | Role::Approver => !sealed,
        _ => false,
    })
}

/// Whether who submitted a case is sealed: of a denunciation, and where secrecy was asked for.
pub fn is_sealed(case: &Case) -> bool {
    case.kind == Kind::Denunciation || case.registration.keep_secret
}

/// The refusal to name the submitter.
pub fn submitter_is_sealed() -> Refusal {
    Refusal::Forbidden(Words::new(
        "Thông tin người gửi được giữ kín với vai trò của bạn (LTC 56; yêu cầu giữ bí mật).",
        "Who submitted it is sealed for your roles (Law on Denunciations art. 56; secrecy asked for).",
    ))
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
