//! How deadlines came about: every change with who and why, and what moved the end adds up to how far it moved.

use kiennghi::{
    app::caller::Caller,
    domain::{
        act::{Decline, Extension, Transfer},
        id::PetitionId,
        vocabulary::{ComplexityCriterion, Kind, Role, State},
    },
};
use serde_json::{Value, json};

use crate::{
    histories::random,
    support::{
        Case, TestDb, cases,
        given::{self, Given, day},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![what_moved_a_deadline_adds_up, a_change_says_who_and_why, who_held_it_and_how_long]
}

const CAUSES: [&str; 8] = [
    "days_gained_by_classification",
    "days_gained_by_intake_delay",
    "days_gained_by_extension",
    "days_gained_by_pause",
    "days_gained_by_merge",
    "days_gained_by_decision",
    "days_gained_by_calendar",
    "days_of_stages_to_come",
];

async fn deadlines(given: &Given, id: PetitionId) -> Value {
    let Caller::Official(official) = given.people.caller(Role::Coordinator, id) else { unreachable!() };
    let token = given.app.token(official);
    given.app.get(format!("/v1/petitions/{id}/deadlines")).token(&token).call().await.expect(200).body
}

async fn what_moved_a_deadline_adds_up(db: TestDb) {
    let given = Given::new(db);
    let (ids, _) = random(&given, 40);
    let mut moved = 0;
    for id in ids {
        let told = deadlines(&given, id).await;
        let balance = &told["balance"];
        for measure in ["calendar_days", "working_days"] {
            let sum: i64 = CAUSES.iter().map(|cause| balance[*cause][measure].as_i64().unwrap()).sum();
            assert_eq!(Some(sum), balance["total"][measure].as_i64(), "{told:#}");
        }
        let (from, to) = (&balance["promised_due_on"], &balance["due_on"]);
        let days = day(from.as_str().unwrap()).days_until(day(to.as_str().unwrap()));
        assert_eq!(balance["total"]["calendar_days"], json!(days), "{told:#}");
        assert_eq!(balance["days_gained_by_calendar"]["calendar_days"], 0, "{told:#}");
        for clock in told["clocks"].as_array().unwrap() {
            let changes = clock["changes"].as_array().unwrap();
            let (first, last) = (&changes[0], &changes[changes.len() - 1]);
            assert_eq!(first["kind"], "start");
            // A pause that nobody ended yet may have ended by itself, so the clock may have an end where it rests.
            let shown = &clock["clock"]["due_at"];
            assert!(shown.is_null() || *shown == last["due_at"], "{clock:#}");
            moved += changes.len() - 1;
        }
    }
    assert!(moved > 100, "{moved}");
}

async fn a_change_says_who_and_why(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Complaint, State::InProgress);
    let extension = Extension {
        criteria: vec![ComplexityCriterion::SeveralPlaces],
        reason: Some(given::text("Ba điểm phải xác minh")),
        decision: given::document(),
        notified_on: given::document().issued_on,
        amount: None,
        complexity: None,
    };
    given.act(&given.people.caller(Role::Approver, id), id, extension).unwrap();
    let told = deadlines(&given, id).await;
    let clocks = told["clocks"].as_array().unwrap();
    let resolution = clocks.iter().find(|clock| clock["clock"]["stage"] == "resolution").unwrap();
    assert_eq!(resolution["changes"][0]["type"], "acceptance");
    assert_eq!(resolution["changes"][0]["from_on"], Value::Null);
    let change = &resolution["changes"][1];
    let said = |name: &str| change[name].clone();
    assert_eq!(
        [said("kind"), said("cause"), said("type"), said("role")],
        ["move", "extension", "extension", "approver"]
    );
    assert_eq!(change["official"]["id"], json!(given.people.approver));
    assert_eq!(change["official"]["full_name"], "Cán bộ approver");
    assert_eq!(change["official"]["position"], "approver");
    assert_eq!(change["agency"]["code"], "H99.1");
    assert_eq!(change["reason"], "Ba điểm phải xác minh");
    assert_eq!(change["criteria"], json!(["several_places"]));
    assert_eq!(change["document"], json!({"number": "12", "symbol": "QĐ-UBND", "issued_on": "2026-11-23"}));
    assert_eq!(change["from_on"], resolution["changes"][0]["due_on"]);
    assert_eq!(change["due_on"], resolution["clock"]["due_on"]);
    assert_eq!(
        (said("occurred_at"), said("gained")["calendar_days"].as_i64()),
        (said("recorded_at"), Some(15))
    );
    assert_eq!(told["balance"]["days_gained_by_extension"], change["gained"]);
    assert!(
        told["balance"]["days_gained_by_intake_delay"]["calendar_days"].as_i64() < Some(0),
        "taken up at once"
    );
    let steps = resolution["explanation"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["code"] == "extension"), "{steps:?}");
}

async fn who_held_it_and_how_long(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::Assigned);
    let received = given.case(id).received_at;
    let act = |role, act: kiennghi::domain::act::Act| {
        given.act(&given.people.caller(role, id), id, act).unwrap();
    };
    // Two days over a holiday with the first, then to the other ward, which gives it back; then answered.
    given.turn_to("2026-11-25T09:00:00+07:00");
    let transfer = Transfer {
        agency_id: given.people.other,
        responsible_id: given.people.helper,
        supporting: Vec::new(),
        reason: given::text("Đúng địa bàn"),
    };
    act(Role::Coordinator, transfer.into());
    given.turn_to("2026-11-27T09:00:00+07:00");
    let decline = Decline { reason: given::text("Không thuộc"), agency_id: given.people.ward };
    given.act(&Caller::Official(given.people.helper), id, decline).unwrap();
    act(Role::Coordinator, given.people.assignment().into());
    let held = async |query: &str| {
        let token = given.app.token(given.people.auditor);
        given
            .app
            .get(format!("/v1/petitions/{id}/holders{query}"))
            .token(&token)
            .call()
            .await
            .expect(200)
            .body
    };
    let all = held("?as_of=2026-11-30").await;
    let items = all["items"].as_array().unwrap();
    assert_eq!(items[0]["from_at"], json!(received));
    for pair in items.windows(2) {
        assert_eq!(pair[0]["to_at"], pair[1]["from_at"], "the stretches tile the time");
    }
    let told: Vec<_> = items
        .iter()
        .map(|item| (item["agency"]["code"].clone(), item["assigned"].clone(), item["working_days"].clone()))
        .collect();
    let one = |code: &str, assigned, days| (json!(code), json!(assigned), json!(days));
    assert_eq!(
        told,
        [
            one("H99.1", false, 0),
            one("H99.1", true, 1),
            one("H99.2", true, 2),
            one("H99.1", false, 0),
            one("H99.1", true, 1)
        ]
    );
    assert_eq!((&all["hops"], &items[4]["to_at"]), (&json!(2), &Value::Null));
    assert_eq!(items[2]["person"]["id"], json!(given.people.helper));
    assert_eq!(held("?as_of=2026-11-26").await["hops"], 1);
    for (role, request) in given.people.way(Kind::Proposal, State::Answered).split_off(2) {
        given.act(&given.people.caller(role, id), id, request).unwrap();
    }
    let ended = held("").await;
    let last = &ended["items"].as_array().unwrap()[4];
    assert!(!last["to_at"].is_null(), "an answered petition lies with nobody");
}
