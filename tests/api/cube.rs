//! The table of moves over HTTP: every allowed cell does what it says, every refused one says why and changes nothing.

use kiennghi::{
    app::{clock::real_now, tokens},
    domain::{
        id::PetitionId,
        lifecycle::{self, To},
        vocabulary::{Action, Code, Kind, Role, State},
    },
};
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::Reply,
    given::{self, Given},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![every_allowed_cell_over_http, every_refused_cell_over_http]
}

/// The roles that act over HTTP; the system has no address.
const ROLES: [Role; 8] = [
    Role::Intake,
    Role::Coordinator,
    Role::Handler,
    Role::Approver,
    Role::Auditor,
    Role::Admin,
    Role::Citizen,
    Role::Supporting,
];
const KIND: Kind = Kind::Proposal;

/// A petition in a state; a merged one has a survivor.
fn petition(given: &Given, state: State) -> PetitionId {
    match state {
        State::Merged => given.merged(KIND, State::Received).0,
        state => given.petition(KIND, state),
    }
}

/// Sends an act of somebody in a role, with the version that is there and a fresh key.
async fn send(given: &Given, id: PetitionId, action: Action, role: Role, survivor: PetitionId) -> Reply {
    // The service's clock follows the one that stands still while petitions are prepared.
    let _ = given.app.app.clock().set(given.now());
    let case = given.case(id);
    let body = body(given, action, survivor);
    let request = if role == Role::Citizen {
        let path = format!("/v1/tracking/petitions/{}/{}", case.code, action.as_str());
        given.app.post(path).token(&tracking_token(given, id))
    } else {
        let kiennghi::app::caller::Caller::Official(official) = given.people.caller(role, id) else {
            unreachable!("an official")
        };
        given.app.post(format!("/v1/petitions/{id}/{}", action.as_str())).token(&given.app.token(official))
    };
    let request = request.json(body).key();
    let request = if action.needs_version() { request.seen(case.version) } else { request };
    request.call().await
}

fn tracking_token(given: &Given, id: PetitionId) -> String {
    let subject = tokens::Subject {
        sub: "tracking".to_owned(),
        client_id: "test".to_owned(),
        scope: tokens::Scope::Tracking,
        petitions: vec![id.uuid()],
        session: None,
    };
    given.app.app.keys().issue(subject, 60, real_now()).unwrap().token
}

/// A body that only the table can refuse.
fn body(given: &Given, action: Action, survivor: PetitionId) -> Value {
    let people = &given.people;
    let paper = json!({"number": "12", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"});
    let signed =
        json!({"number": "12", "symbol": "UBND-NC", "signer": "Chủ tịch", "issued_on": "2026-11-23"});
    match action {
        Action::Classification => {
            json!({"kind": "proposal", "field_code": "urban_infrastructure", "public_title": "Ngập", "public_summary": "Ngập."})
        }
        Action::Reclassification => json!({"visibility": "restricted", "reason": "Lý do"}),
        Action::Correction => json!({"title": "Ngõ 45 ngập nặng", "reason": "Gõ nhầm"}),
        Action::SupplementRequest => json!({"missing": "Bản sao", "answer_by": "2026-12-31"}),
        Action::Supplement => json!({"text": "Bản sao đây"}),
        Action::Rejection => json!({"ground": "other", "explanation": "Lý do"}),
        Action::Filing => json!({"ground": "unsigned"}),
        Action::Forwarding => json!({"receiving_body": "Bộ Xây dựng", "document": paper}),
        Action::ForwardingResult => json!({"text": "Đã tiếp thu", "document": paper}),
        Action::Split => {
            let part = json!({"kind": "proposal", "title": "Một phần", "content": "Nội dung", "field_code": "noise"});
            json!({"parts": [part, part]})
        }
        Action::Merge => json!({"survivor": survivor}),
        Action::Assignment => json!({"agency_id": people.ward, "responsible_id": people.handler}),
        Action::Transfer => {
            json!({"agency_id": people.other, "responsible_id": people.helper, "reason": "Địa bàn"})
        }
        Action::Handover => json!({"responsible_id": people.second_handler}),
        Action::Decline => json!({"agency_id": people.other, "reason": "Địa bàn"}),
        Action::Suspension => json!({"ground": "force_majeure", "document": paper}),
        Action::Extension => {
            json!({"reason": "Nhiều nơi", "decision": paper, "notified_on": "2026-11-23", "amount": 20})
        }
        Action::ProgressNote | Action::Urging => json!({"text": "Đang làm"}),
        Action::ReplyDraft => json!({"text": "Đã xong", "outcome": "resolved"}),
        Action::ReplyReturn => json!({"remarks": "Nêu rõ hơn"}),
        Action::ReplyApproval => json!({"document": signed, "addressee": "Các hộ dân"}),
        Action::ReplyRevision => {
            json!({"text": "Mới", "outcome": "resolved", "author_id": people.handler, "reason": "Sai", "document": signed})
        }
        Action::Publication => json!({"public_text": "Đã xong"}),
        Action::Delivery => json!({"method": "post"}),
        Action::ReconsiderationDecision => json!({"reasons": "Không có gì mới"}),
        Action::Termination => json!({"ground": "no_longer_relevant", "document": paper}),
        Action::Rating => json!({"satisfaction": "satisfied"}),
        Action::Acceptance | Action::Resumption | Action::ReplySubmission | Action::Closing => json!({}),
        _ => json!({"reason": "Lý do"}),
    }
}

/// What has to be there before a cell: a request to decide on, a draft to submit.
fn prepare(given: &Given, id: PetitionId, state: State, action: Action) {
    if action == Action::ReconsiderationDecision {
        given.act(&given.people.caller(Role::Citizen, id), id, given::request()).unwrap();
    }
    if action == Action::ReplySubmission && state == State::InProgress {
        given.act(&given.people.caller(Role::Handler, id), id, given::draft(KIND)).unwrap();
    }
}

async fn every_allowed_cell_over_http(db: TestDb) {
    let given = Given::new(db);
    let received = given.petition(KIND, State::Received);
    let classified = given.petition(KIND, State::Classified);
    let mut done = 0;
    for row in lifecycle::TRANSITIONS {
        for (&state, &role) in row.from.iter().flat_map(|from| row.who.iter().map(move |who| (from, who))) {
            // Whoever helps is named only once there is a lead.
            if !ROLES.contains(&role) {
                continue;
            }
            let id = petition(&given, state);
            prepare(&given, id, state, row.action);
            let before = given.case(id);
            let survivor = if state == State::Received { received } else { classified };
            let reply = send(&given, id, row.action, role, survivor).await;
            let cell = format!("{state} × {} × {role}: {}", row.action, reply.text);
            assert!(reply.status == 200 || reply.status == 204, "{cell}");
            let after = given.case(id);
            assert_eq!(after.sequence, before.sequence + 1, "{cell}");
            let expected = match row.to {
                To::State(to) => to,
                To::Stays => state,
                To::Back => before.came_from.unwrap(),
            };
            assert_eq!(after.state, expected, "{cell}");
            done += 1;
        }
    }
    let of_system: usize = lifecycle::TRANSITIONS
        .iter()
        .filter(|row| row.who.contains(&Role::System))
        .map(|row| row.from.len())
        .sum();
    assert_eq!(done + of_system, 194);
}

async fn every_refused_cell_over_http(db: TestDb) {
    let given = Given::new(db);
    for &state in State::ALL {
        let id = petition(&given, state);
        let before = given.case(id);
        let helped = !before.supporting.is_empty();
        for &action in Action::ALL.iter().filter(|action| **action != Action::Escalation) {
            for role in ROLES {
                if lifecycle::find(state, action, role).is_some() && (role != Role::Supporting || helped) {
                    continue;
                }
                let addressed = match role {
                    Role::Citizen => lifecycle::is_ever_for(action, Role::Citizen),
                    _ => ROLES
                        .iter()
                        .any(|role| *role != Role::Citizen && lifecycle::is_ever_for(action, *role)),
                };
                let expected = match role {
                    _ if !addressed => (404, "not-found"),
                    Role::Admin => (404, "not-found"),
                    Role::Supporting if !helped => (404, "not-found"),
                    _ if !lifecycle::is_ever_for(action, role) => (403, "forbidden"),
                    _ => (409, "illegal-transition"),
                };
                let reply = send(&given, id, action, role, id).await;
                let found = (reply.status.as_u16(), reply.code());
                assert_eq!(found, expected, "{state} × {action} × {role}: {}", reply.text);
            }
        }
        let after = given.case(id);
        assert_eq!((after.version, after.sequence), (before.version, before.sequence), "{state}");
    }
}
