use super::*;
use crate::domain::{
    act::{Respondent, Support},
    decide::story_of,
    id::Id,
};

fn id<K>(number: u128) -> Id<K> {
    Id::new(uuid::Uuid::from_u128(number))
}
const CITY: u128 = 1;
const WARD: u128 = 2;
const OTHER: u128 = 3;
const ME: u128 = 9;

fn lines() -> Lines {
    let line = |ward| vec![id(ward), id(CITY)];
    Lines { intake: line(WARD), lead: line(WARD), supporting: line(OTHER) }
}

/// Which roles one right gives.
fn check(case: &Case, role: Role, agency: Option<u128>, ceiling: Visibility, expected: &[Role]) {
    let right = Right { role, agency: agency.map(id), ceiling };
    let person = Person { official: id(ME), agency: id(WARD), position: String::new(), rights: vec![right] };
    assert_eq!(roles(case, &person, &lines()), expected, "{role} over {agency:?} up to {ceiling}");
}

fn case(kind: Kind, visibility: Visibility) -> Case {
    let mut case = story_of(kind);
    case.visibility = visibility;
    case.supporting = vec![Support { agency_id: id(OTHER), person_id: None }];
    case
}

#[test]
fn a_right_reaches_down_and_as_far_as_its_ceiling() {
    let open = case(Kind::Proposal, Visibility::PartiesOnly);
    for role in [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor] {
        for agency in [None, Some(CITY), Some(WARD)] {
            // Who handles for the whole city handles for the helping ward too.
            let helps = matches!(role, Role::Handler | Role::Approver) && agency != Some(WARD);
            let expected = if helps { &[role, Role::Supporting][..] } else { &[role][..] };
            check(&open, role, agency, Visibility::PartiesOnly, expected);
        }
        check(&open, role, Some(WARD), Visibility::PublicRedacted, &[]);
    }
    check(&open, Role::Coordinator, Some(OTHER), Visibility::Restricted, &[]);
    check(&open, Role::Handler, Some(OTHER), Visibility::PartiesOnly, &[Role::Supporting]);
    check(&open, Role::Admin, None, Visibility::Restricted, &[]);
}

#[test]
fn a_restricted_case_is_for_those_who_need_to_know() {
    let mut sealed = case(Kind::Proposal, Visibility::Restricted);
    for role in [Role::Intake, Role::Coordinator, Role::Approver, Role::Auditor] {
        check(&sealed, role, Some(WARD), Visibility::PartiesOnly, &[]);
        check(&sealed, role, Some(WARD), Visibility::Restricted, &[role]);
    }
    check(&sealed, Role::Handler, Some(WARD), Visibility::Restricted, &[]);
    check(&sealed, Role::Handler, Some(OTHER), Visibility::Restricted, &[]);
    sealed.responsible = Some(id(ME));
    check(&sealed, Role::Handler, Some(WARD), Visibility::PublicRedacted, &[Role::Handler]);
    check(&sealed, Role::Approver, Some(WARD), Visibility::PublicRedacted, &[Role::Approver]);
    sealed.responsible = None;
    sealed.supporting = vec![Support { agency_id: id(OTHER), person_id: Some(id(ME)) }];
    check(&sealed, Role::Handler, Some(OTHER), Visibility::PublicRedacted, &[Role::Supporting]);
}

#[test]
fn the_respondent_of_a_denunciation_never_sees_it() {
    let mut against_me = case(Kind::Denunciation, Visibility::Restricted);
    against_me.responsible = Some(id(ME));
    against_me.respondent = Some(Respondent { agency_id: None, official_id: Some(id(ME)) });
    for role in [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor] {
        check(&against_me, role, None, Visibility::Restricted, &[]);
    }
    against_me.kind = Kind::Complaint;
    check(&against_me, Role::Coordinator, None, Visibility::Restricted, &[Role::Coordinator]);
}

#[test]
fn who_may_never_is_forbidden_and_who_may_later_meets_an_illegal_move() {
    let received = case(Kind::Proposal, Visibility::PartiesOnly);
    let forbidden = acting_role(&received, &[Role::Handler], Action::Classification);
    assert!(matches!(forbidden, Err(Refusal::Forbidden(_))));
    let illegal = acting_role(&received, &[Role::Handler], Action::Acceptance);
    assert!(matches!(illegal, Err(Refusal::IllegalMove { .. })));
    let found = acting_role(&received, &[Role::Handler, Role::Intake], Action::SupplementRequest);
    assert_eq!(found, Ok(Role::Intake), "of several roles the one that may now");
}

#[test]
fn a_denouncer_is_known_to_reception_alone() {
    let open = case(Kind::Proposal, Visibility::PartiesOnly);
    let mut secret = open.clone();
    secret.registration.keep_secret = true;
    let denunciation = case(Kind::Denunciation, Visibility::Restricted);
    for (role, of_open, of_sealed) in [
        (Role::Intake, true, true),
        (Role::Coordinator, true, true),
        (Role::Handler, true, false),
        (Role::Approver, true, false),
        (Role::Auditor, false, false),
        (Role::Supporting, false, false),
    ] {
        let may = [&open, &secret, &denunciation].map(|case| may_read_submitter(case, &[role]));
        assert_eq!(may, [of_open, of_sealed, of_sealed], "{role}");
    }
}
