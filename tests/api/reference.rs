//! Reference data, the table of moves, agencies and officials.

use serde_json::json;

use crate::support::{Case, TestDb, cases, client::TestApp, journey::Town};
use kiennghi::domain::{
    lifecycle::TRANSITIONS,
    vocabulary::{Code, Kind, Role, State, Visibility},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        codes_have_both_labels,
        the_table_is_published,
        agencies_are_paged_by_code,
        officials_are_for_staff
    ]
}

async fn codes_have_both_labels(db: TestDb) {
    let app = TestApp::new(db);
    let reply = app.get("/v1/reference").call().await.expect(200);
    assert_eq!(reply.field("cache-control"), "public, max-age=60");
    let body = &reply.body;
    assert_eq!(body["kinds"].as_array().unwrap().len(), Kind::ALL.len());
    assert_eq!(
        body["kinds"][0],
        json!({"code": "proposal", "labels": {"vi": "Kiến nghị", "en": "Proposal"}})
    );
    assert_eq!(body["limits"]["title"], 300);
    assert_eq!(body["limits"]["content"], 20000);
    assert_eq!(body["citizen_channels"], json!(["web_portal", "mobile_app"]));
    for (name, list) in body.as_object().unwrap() {
        for item in list.as_array().into_iter().flatten().filter(|item| item.is_object() && name != "areas") {
            let label = |language: &str| item["labels"][language].as_str().unwrap_or_default().to_owned();
            assert!(!label("vi").is_empty() && !label("en").is_empty(), "{name}: {item}");
        }
    }
    let fields = body["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["code"] == "land"));
    let etag = reply.field("etag").to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let again = app.get("/v1/reference").header("If-None-Match", known).call().await.expect(304);
        assert!(again.text.is_empty() && again.field("etag") == etag);
    }
    app.get("/v1/reference").header("If-None-Match", "\"x\"").call().await.expect(200);
}

async fn the_table_is_published(db: TestDb) {
    let app = TestApp::new(db);
    let body = app.get("/v1/lifecycle").call().await.expect(200).body;
    let rows = body["transitions"].as_array().unwrap();
    assert_eq!(rows.len(), TRANSITIONS.len());
    assert_eq!(body["states"].as_array().unwrap().len(), State::ALL.len());
    assert_eq!(body["public_statuses"].as_array().unwrap().len(), 7);
    let row = rows.iter().find(|row| row["action"] == "assignment").unwrap();
    assert_eq!(
        (&row["from"], &row["to"], &row["who"]),
        (&json!(["classified"]), &json!("assigned"), &json!(["coordinator"]))
    );
    assert_eq!((&row["needs_if_match"], &row["needs_idempotency_key"]), (&json!(true), &json!(false)));
    let supplement = rows.iter().find(|row| row["action"] == "supplement").unwrap();
    assert_eq!((&supplement["to"], &supplement["needs_idempotency_key"]), (&json!("back"), &json!(true)));
}

async fn agencies_are_paged_by_code(db: TestDb) {
    let app = TestApp::new(db);
    let city = app.agency("H99", "Thành phố", None);
    for number in [3, 1, 5, 2, 4] {
        app.agency(&format!("H99.{number}"), &format!("Phường {number}"), Some(city));
    }
    let mut codes = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            app.get(format!("/v1/agencies?limit=2&level=commune{cursor}")).call().await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        codes.extend(items.iter().map(|agency| agency["code"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(codes, ["H99.1", "H99.2", "H99.3", "H99.4", "H99.5"]);
    assert_eq!(
        app.get(format!("/v1/agencies?limit=2{cursor}")).call().await.expect(400).code(),
        "invalid-cursor"
    );
    let one = app.get("/v1/agencies?code=H99.3").call().await.expect(200).body["items"][0].clone();
    assert_eq!((&one["name"], &one["parent_id"]), (&json!("Phường 3"), &json!(city)));
    let read = app.get(format!("/v1/agencies/{}", one["id"].as_str().unwrap())).call().await.expect(200);
    for (member, value) in one.as_object().unwrap() {
        assert_eq!(&read.body[member], value, "{member}: one agency says all that the list does");
    }
    assert_eq!(
        app.get(format!("/v1/agencies?parent_id={city}")).call().await.expect(200).body["items"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    app.get("/v1/agencies/not-an-id").call().await.expect(404);
    assert_eq!(app.get("/v1/agencies?name=x").call().await.expect(400).code(), "unknown-parameter");
}

async fn officials_are_for_staff(db: TestDb) {
    let town = Town::new(db);
    town.app.official("other", town.city, Role::Handler, None, Visibility::PartiesOnly);
    let address = format!("/v1/officials?agency_id={}&limit=3", town.ward);
    town.app.get(&address).call().await.expect(401);
    let petition = town.submit(json!({})).await;
    let citizen = town.track(&[&petition]).await;
    town.app.get(&address).token(&citizen).call().await.expect(401);
    let first = town.app.get(&address).token(&town.coordinator).call().await.expect(200).body;
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = format!("{address}&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = town.app.get(&next).token(&town.coordinator).call().await.expect(200);
    assert_eq!((rest.body["items"].as_array().unwrap().len(), &rest.body["next_cursor"]), (1, &json!(null)));
    assert!(!rest.text.contains("username"));
    assert_eq!(first["items"][0]["agency"]["code"], "H99.1");
    town.app.get(&next).token(&town.handler).call().await.expect(400);
    town.app.get("/v1/officials").token(&town.handler).call().await.expect(400);
}
