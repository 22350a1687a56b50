//! Deadline rules over HTTP: versions are added and ended, never edited, and never overlap.

use kiennghi::domain::vocabulary::{Role, Visibility};
use serde_json::{Value, json};

use crate::{
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_new_version_takes_over_from_a_day_on,
        rules_that_overlap_are_refused_by_name,
        a_petition_keeps_the_version_it_counts_by,
        rules_are_for_administrators_of_everything,
    ]
}

struct Office {
    app: TestApp,
    admin: String,
    coordinator: String,
}

impl Office {
    fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let city = app.agency("H99", "Thành phố", None);
        let admin = app.token(app.official("admin", city, Role::Admin, None, Visibility::Restricted));
        let coordinator = app.official("coordinator", city, Role::Coordinator, None, Visibility::Restricted);
        let coordinator = app.token(coordinator);
        Self { app, admin, coordinator }
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        let request = self.app.post(path).token(&self.admin).header("Accept-Language", "en");
        request.json(body).call().await
    }

    async fn preview(&self, start: &str, more: &str) -> Value {
        let path = format!("/v1/deadlines/preview?kind=proposal&start_at={start}%2B07:00{more}");
        self.app.get(path).call().await.expect(200).body
    }
}

fn proposal() -> Value {
    json!({"id": "proposal-2027", "code": "proposal", "stage": "resolution", "kind": "proposal",
        "start_event": "receipt", "amount": 12, "unit": "working_days", "ceiling": 24,
        "legal_basis": "Quy định mới", "effective_from": "2027-01-01", "source": "QĐ 99"})
}

fn with(mut body: Value, changes: Value) -> Value {
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

async fn a_new_version_takes_over_from_a_day_on(db: TestDb) {
    let office = Office::new(db);
    let made = office
        .post("/v1/deadline-rules", with(proposal(), json!({"replaces": "proposal"})))
        .await
        .expect(201);
    assert_eq!(made.field("location"), "/v1/deadline-rules/proposal-2027");
    let versions = office.app.get("/v1/deadline-rules?code=proposal").call().await.expect(200).body;
    let dates =
        |at: usize| (versions["items"][at]["id"].clone(), versions["items"][at]["effective_to"].clone());
    assert_eq!(dates(0), (json!("proposal"), json!("2027-01-01")));
    assert_eq!(dates(1), (json!("proposal-2027"), Value::Null));
    let rule = |preview: Value| preview["rule"]["amount"].clone();
    assert_eq!(rule(office.preview("2026-12-31T09:00:00", "").await), 15);
    assert_eq!(rule(office.preview("2027-01-01T09:00:00", "").await), 12);
    // As it was known before, the old one has no end.
    assert_eq!(
        rule(office.preview("2027-01-01T09:00:00", "&recorded_by=2026-11-23T13:00:00%2B07:00").await),
        15
    );
    let force = office
        .app
        .get("/v1/deadline-rules?in_force_on=2027-01-01&kind=proposal&limit=100")
        .call()
        .await
        .expect(200);
    assert!(force.text.contains("proposal-2027") && !force.text.contains("\"id\":\"proposal\""));
    let events = |id: &str| {
        let path = format!("/v1/events?subject_kind=rule&subject={id}");
        office.app.get(path).token(&office.admin).call()
    };
    let ended = events("proposal").await.expect(200).body;
    assert_eq!(
        (&ended["items"][0]["type"], &ended["items"][0]["facts"]["source"]),
        (&json!("ending"), &json!("QĐ 99"))
    );
    assert_eq!(events("proposal-2027").await.expect(200).body["items"][0]["type"], "creation");
    events("no-such-rule").await.expect(404);
    let again = json!({"effective_to": "2027-06-01", "source": "QĐ"});
    let refused = office.post("/v1/deadline-rules/proposal/ending", again.clone()).await.expect(409);
    assert_eq!(refused.body["reason"], "ended_already");
    office.post("/v1/deadline-rules/proposal-2027/ending", again.clone()).await.expect(200);
    office.post("/v1/deadline-rules/nothing/ending", again).await.expect(404);
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn rules_that_overlap_are_refused_by_name(db: TestDb) {
    let office = Office::new(db);
    let refused = office.post("/v1/deadline-rules", proposal()).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "overlaps");
    let words = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(
        words.contains("“proposal”") && words.contains("“proposal-2027”") && words.contains("2027-01-01"),
        "{words}"
    );
    let code = |reply: Reply| reply.expect(422).body["errors"][0]["code"].as_str().unwrap().to_owned();
    // Another selector of as much weight is undecided too.
    let field = json!({"id": "transport-2027", "code": "transport", "kind": null, "field_code": "transport"});
    assert_eq!(code(office.post("/v1/deadline-rules", with(proposal(), field)).await), "overlaps");
    assert_eq!(
        code(office.post("/v1/deadline-rules", with(proposal(), json!({"source": ""}))).await),
        "source_missing"
    );
    assert_eq!(
        code(office.post("/v1/deadline-rules", with(proposal(), json!({"id": "proposal"}))).await),
        "taken"
    );
    let unknown = json!({"field_code": "no_such_field", "replaces": "proposal"});
    assert_eq!(code(office.post("/v1/deadline-rules", with(proposal(), unknown)).await), "unknown");
    assert_eq!(
        code(office.post("/v1/deadline-rules", with(proposal(), json!({"replaces": "nobody"}))).await),
        "unknown"
    );
    let backwards = json!({"effective_to": "2026-01-01", "effective_from": "2026-01-01"});
    assert_eq!(code(office.post("/v1/deadline-rules", with(proposal(), backwards)).await), "backwards");
    // Ending what decides between two others would leave them undecided.
    let end = json!({"effective_to": "2027-01-01", "source": "QĐ"});
    let refused = office.post("/v1/deadline-rules/complaint-1-remote-complex/ending", end).await.expect(422);
    assert!(refused.text.contains("complaint-1-complex"), "{}", refused.text);
    let all = office.app.get("/v1/deadline-rules?limit=100").call().await.expect(200);
    assert!(!all.text.contains("2027"));
}

async fn a_petition_keeps_the_version_it_counts_by(db: TestDb) {
    let office = Office::new(db);
    let body = json!({"kind": "proposal", "title": "Đèn", "content": "Đèn.", "field_code": "transport",
        "submitter": {"full_name": "Trần Thị A", "phone": "0912345678"}});
    let made = office.app.post("/v1/petitions").key().json(body).call().await.expect(201).body;
    let path = format!("/v1/petitions/{}", made["id"].as_str().unwrap());
    let read = || office.app.get(&path).token(&office.coordinator).call();
    let before = read().await.expect(200).body;
    let from = json!({"replaces": "proposal", "effective_from": "2026-11-20"});
    office.post("/v1/deadline-rules", with(proposal(), from)).await.expect(201);
    assert_eq!(read().await.expect(200).body, before);
    // Classified, it is selected again among the versions in force at its start.
    let facts = json!({"kind": "proposal", "field_code": "transport", "public_title": "Đèn", "public_summary": "Đèn."});
    let act = office.app.post(format!("{path}/classification")).token(&office.coordinator);
    let after = act.seen(before["version"].as_u64().unwrap()).json(facts).call().await.expect(200).body;
    assert_eq!(before["deadline"]["due_on"], "2026-12-15");
    assert_eq!(after["deadline"]["due_on"], "2026-12-10");
    assert_eq!(after["deadline"]["first_due_at"], before["deadline"]["first_due_at"]);
    assert_eq!(verified(&office.app).0, Vec::<String>::new());
}

async fn rules_are_for_administrators_of_everything(db: TestDb) {
    let office = Office::new(db);
    let city = office.app.agency("H99.1", "Phường", None);
    let auditor =
        office.app.token(office.app.official("a", city, Role::Auditor, None, Visibility::Restricted));
    let ward =
        office.app.token(office.app.official("w", city, Role::Admin, Some(city), Visibility::Restricted));
    for token in [&auditor, &ward] {
        office.app.post("/v1/deadline-rules").token(token).json(json!({})).call().await.expect(403);
        let path = "/v1/deadline-rules/proposal/ending";
        office
            .app
            .post(path)
            .token(token)
            .json(json!({"effective_to": "2027-01-01", "source": "x"}))
            .call()
            .await
            .expect(403);
    }
    office.app.get("/v1/deadline-rules/proposal").call().await.expect(200);
    office.app.get("/v1/deadline-rules/nothing").call().await.expect(404);
}
