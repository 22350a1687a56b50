//! Setting up an installation and keeping it up: who may, what stays, what is refused.

use actix_web::http::Method;
use kiennghi::{
    app::{
        App,
        administration::events,
        caller::Caller,
        clock::Clock,
        history::{self, Subject},
        installation,
        people::{self, NewAccount},
        secrets::InstallationSecret,
    },
    domain::{
        id::{AgencyId, OfficialId},
        submission::Personal,
        vocabulary::{Level, Role, Visibility},
    },
    store::events::other,
};
use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::{Reply, START, Send, TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        an_empty_installation_is_set_up_over_the_api,
        an_agency_keeps_the_names_it_had,
        the_tree_moves_whole_and_never_into_itself,
        an_agency_ends_only_when_nothing_is_left_with_it,
        a_retired_field_is_readable_and_not_chosen,
        accounts_are_made_disabled_and_given_fresh_passwords,
        nobody_reaches_beyond_his_own_subtree,
        nobody_acts_for_himself,
        no_agency_loses_its_last_coordinator,
        of_two_at_once_one_is_told,
        another_process_sees_what_was_changed,
        every_change_is_an_event_of_a_sound_chain,
        a_repeated_order_has_one_effect,
    ]
}

/// A city with two wards, an administrator of everything and one of the first ward.
struct Office {
    app: TestApp,
    city: AgencyId,
    ward: AgencyId,
    other: AgencyId,
    admin_id: OfficialId,
    admin: String,
    ward_admin_id: OfficialId,
    ward_admin: String,
}

impl Office {
    fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let city = app.agency("H99", "Thành phố", None);
        let ward = app.agency("H99.1", "Phường", Some(city));
        let other = app.agency("H99.2", "Phường khác", Some(city));
        let admin_id = app.official("admin", city, Role::Admin, None, Visibility::Restricted);
        let ward_admin_id = app.official("wardadmin", ward, Role::Admin, Some(ward), Visibility::PartiesOnly);
        let (admin, ward_admin) = (app.token(admin_id), app.token(ward_admin_id));
        Self { app, city, ward, other, admin_id, admin, ward_admin_id, ward_admin }
    }

    fn post(&self, token: &str, path: impl Into<String>, body: Value) -> Send<'_> {
        self.app.post(path).token(token).json(body)
    }

    fn put(&self, token: &str, path: impl Into<String>, version: u32, body: Value) -> Send<'_> {
        self.app.send(Method::PUT, path).token(token).seen(version).json(body)
    }

    async fn read(&self, path: impl Into<String>) -> Reply {
        self.app.get(path).token(&self.admin).call().await.expect(200)
    }

    /// Founds a ward below the city; gives its id.
    async fn found(&self, code: &str) -> AgencyId {
        let body = json!({"code": code, "name": format!("Phường {code}"), "level": "commune", "parent_id": self.city});
        id(&self.post(&self.admin, "/v1/agencies", body).call().await.expect(201))
    }

    /// The present facts of an agency as a body for PUT, with its version.
    async fn facts(&self, agency: AgencyId) -> (Value, u32) {
        let read = self.read(format!("/v1/agencies/{agency}")).await;
        let names = [
            "code",
            "identifier",
            "name",
            "level",
            "parent_id",
            "serves_area",
            "is_default",
            "head_official_id",
        ];
        let facts = names.iter().map(|name| ((*name).to_owned(), read.body[*name].clone())).collect();
        (Value::Object(facts), read.version())
    }

    async fn official(&self, agency: AgencyId, username: &str) -> (OfficialId, String) {
        let body = json!({"agency_id": agency, "full_name": "Nguyễn Văn Mới", "position": "Chuyên viên",
            "username": username});
        let made = self.post(&self.admin, "/v1/officials", body).call().await.expect(201);
        (id(&made), made.body["password"].as_str().unwrap().to_owned())
    }

    /// Grants a role; gives the grant's address.
    async fn grant(&self, official: OfficialId, role: &str, over: Option<AgencyId>, ceiling: &str) -> String {
        let body = json!({"official_id": official, "role": role, "agency_id": over, "ceiling": ceiling});
        let made = self.post(&self.admin, "/v1/grants", body).call().await.expect(201);
        made.field("location").to_owned()
    }

    async fn sign_in(&self, username: &str, password: &str) -> Reply {
        self.app.post("/v1/sessions").json(json!({"username": username, "password": password})).call().await
    }

    fn revoke(&self, token: &str, grant: &str, version: u32) -> Send<'_> {
        self.post(token, format!("{grant}/revocation"), json!({"reason": "Chuyển công tác"})).seen(version)
    }
}

fn id<T: std::str::FromStr>(reply: &Reply) -> T {
    let text = reply.body["id"].as_str().unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("{}", reply.text))
}

#[track_caller]
fn refused(reply: Reply, reason: &str) -> Reply {
    let reply = reply.expect(409);
    assert_eq!(reply.body["reason"], reason, "{}", reply.text);
    reply
}

#[track_caller]
fn faulty(reply: Reply, pointer: &str, code: &str) {
    let reply = reply.expect(422);
    assert_eq!(
        (&reply.body["errors"][0]["pointer"], &reply.body["errors"][0]["code"]),
        (&json!(pointer), &json!(code)),
        "{}",
        reply.text
    );
}

/// As docs/operating.md walks it, but for the two commands, which the command line's own tests run.
async fn an_empty_installation_is_set_up_over_the_api(db: TestDb) {
    let app = TestApp::new(db);
    let first = installation::add_agency(&app.app, "H29".into(), "Thành phố".into(), Level::Province, None);
    assert!(first.unwrap(), "the first agency is the default");
    let second = installation::add_agency(
        &app.app,
        "H29.9".into(),
        "Sở".into(),
        Level::Department,
        Some("H29".into()),
    );
    assert!(!second.unwrap());
    let account = NewAccount {
        username: "quan.tri".into(),
        full_name: "Trần Quản Trị".into(),
        position: "Quản trị viên".into(),
        agency_code: "H29".into(),
        role: Role::Admin,
        whole_installation: true,
        ceiling: Visibility::Restricted,
    };
    people::add_account(&app.app, account, &Personal::new("mật khẩu dài")).unwrap();
    let sign_in = async |username: &str, password: &str| {
        let credentials = json!({"username": username, "password": password});
        let session = app.post("/v1/sessions").json(credentials).call().await.expect(201);
        session.body["access_token"].as_str().unwrap().to_owned()
    };
    // A phone begins a field with a capital.
    let admin = sign_in("Quan.Tri", "mật khẩu dài").await;
    let make =
        async |path: &str, body: Value| app.post(path).token(&admin).json(body).call().await.expect(201);

    let city = app.get("/v1/agencies?code=H29").call().await.expect(200).body["items"][0]["id"].clone();
    let ward = make(
        "/v1/agencies",
        json!({"code": "H29.1", "name": "Ủy ban nhân dân phường", "level": "commune",
        "parent_id": city, "serves_area": "26734", "valid_from": "2025-07-01"}),
    )
    .await;
    assert_eq!(ward.field("location"), format!("/v1/agencies/{}", ward.body["id"].as_str().unwrap()));
    assert_eq!(ward.version(), 1);
    make("/v1/fields", json!({"code": "water_supply", "name_vi": "Cấp nước", "name_en": "Water supply"}))
        .await;
    let mut tokens = Vec::new();
    for role in ["intake", "coordinator", "handler", "approver"] {
        let official = make(
            "/v1/officials",
            json!({"agency_id": ward.body["id"], "full_name": format!("Cán bộ {role}"),
            "position": "Chuyên viên", "username": role}),
        )
        .await;
        assert_eq!(official.field("cache-control"), "no-store");
        make(
            "/v1/grants",
            json!({"official_id": official.body["id"], "role": role, "agency_id": ward.body["id"],
            "ceiling": "restricted"}),
        )
        .await;
        tokens.push((
            official.body["id"].clone(),
            sign_in(role, official.body["password"].as_str().unwrap()).await,
        ));
    }
    let [(_, intake), (_, coordinator), (handler_id, handler), (_, approver)] = &tokens[..] else { panic!() };

    let body = json!({"kind": "feedback", "title": "Mất nước", "content": "Mất nước ba ngày.", "field_code": "water_supply",
        "location": {"text": "Ngõ 7", "area_code": "26734"}});
    let receipt = app.post("/v1/petitions").key().json(body).call().await.expect(201);
    assert_eq!(receipt.body["agency"]["code"], "H29.1");
    let petition = format!("/v1/petitions/{}", receipt.body["id"].as_str().unwrap());
    let steps = [
        (
            intake,
            "classification",
            json!({"kind": "feedback", "field_code": "water_supply", "visibility": "parties_only"}),
        ),
        (coordinator, "assignment", json!({"agency_id": ward.body["id"], "responsible_id": handler_id})),
        (handler, "acceptance", json!({})),
        (handler, "reply-draft", json!({"text": "Đã sửa đường ống.", "outcome": "resolved"})),
        (handler, "reply-submission", json!({})),
        (
            approver,
            "reply-approval",
            json!({"notice": {"signer": "Chủ tịch", "signed_on": "2026-11-23"}, "addressee": "Ông A"}),
        ),
    ];
    for (token, action, body) in steps {
        let version = app.get(&petition).token(token).call().await.expect(200).version();
        app.post(format!("{petition}/{action}"))
            .token(token)
            .seen(version)
            .json(body)
            .call()
            .await
            .expect(200);
    }
    let answered = app.get(&petition).token(approver).call().await.expect(200);
    assert_eq!(answered.body["state"], "answered");
    app.get(&petition).token(&admin).call().await.expect(404);
}

async fn an_agency_keeps_the_names_it_had(db: TestDb) {
    let office = Office::new(db);
    let ward = office.found("H99.3").await;
    let path = format!("/v1/agencies/{ward}");
    let (mut facts, version) = office.facts(ward).await;
    assert_eq!(version, 1);
    facts["name"] = json!("Phường Mới");
    facts["valid_from"] = json!("2026-11-01");
    office.app.send(Method::PUT, &path).token(&office.admin).json(facts.clone()).call().await.expect(428);
    office.put(&office.admin, &path, 7, facts.clone()).call().await.expect(412);
    let changed = office.put(&office.admin, &path, 1, facts.clone()).call().await.expect(200);
    assert_eq!((changed.version(), &changed.body["name"]), (2, &json!("Phường Mới")));
    office.put(&office.admin, &path, 1, facts.clone()).call().await.expect(412);
    let names = office.read(format!("{path}/versions")).await;
    assert_eq!(names.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(names.body["items"][0]["valid_to"], "2026-11-01");
    assert_eq!(names.body["items"][1]["valid_to"], Value::Null);
    // What is no name begins no version; who has seen this version need not read it again.
    facts["serves_area"] = json!("26734");
    facts.as_object_mut().unwrap().remove("valid_from");
    let served = office.put(&office.admin, &path, 2, facts.clone()).call().await.expect(200);
    assert_eq!(served.version(), 3);
    assert_eq!(office.read(format!("{path}/versions")).await.body["items"].as_array().unwrap().len(), 2);
    office.app.get(&path).header("If-None-Match", "\"3\"").call().await.expect(304);

    let with = |member: &str, value: Value| {
        let mut facts = facts.clone();
        facts[member] = value;
        office.put(&office.admin, &path, 3, facts)
    };
    faulty(with("code", json!("H99.1")).call().await, "#/code", "taken");
    faulty(with("code", json!("h99")).call().await, "#/code", "not_an_agency_code");
    faulty(with("name", json!("a\u{202E}b")).call().await, "#/name", "forbidden_character");
    faulty(with("valid_from", json!("2026-11-24")).call().await, "#/valid_from", "in_the_future");
    let mut renamed = facts.clone();
    (renamed["name"], renamed["valid_from"]) = (json!("Khác"), json!("2026-10-31"));
    let before = office.put(&office.admin, &path, 3, renamed).call().await;
    faulty(before, "#/valid_from", "before_the_present_version");
    faulty(
        with("head_official_id", json!(office.admin_id)).call().await,
        "#/head_official_id",
        "not_of_this_agency",
    );
    faulty(with("parent_id", json!(office.admin_id)).call().await, "#/parent_id", "unknown");
    with("nonsense", json!(1)).call().await.expect(400);
    let (head, _) = office.official(ward, "head").await;
    let headed = with("head_official_id", json!(head)).call().await.expect(200);
    assert_eq!(headed.body["head_official_id"], json!(head));
    let second = json!({"code": "H99.4", "name": "Khác", "level": "commune", "parent_id": office.city, "serves_area": "26734"});
    faulty(office.post(&office.admin, "/v1/agencies", second).call().await, "#/serves_area", "taken");
    // The default passes from one to another and is never just let go.
    let (mut city, version) = office.facts(office.city).await;
    assert_eq!(city["is_default"], true);
    city["is_default"] = json!(false);
    let path = format!("/v1/agencies/{}", office.city);
    refused(office.put(&office.admin, &path, version, city).call().await, "default_agency");
}

async fn the_tree_moves_whole_and_never_into_itself(db: TestDb) {
    let office = Office::new(db);
    let unit = office.app.agency("H99.1.1", "Công an phường", Some(office.ward));
    let move_to = async |agency: AgencyId, parent: Value| {
        let (mut facts, version) = office.facts(agency).await;
        (facts["parent_id"], facts["is_default"]) = (parent, facts["is_default"].clone());
        office.put(&office.admin, format!("/v1/agencies/{agency}"), version, facts).call().await
    };
    for below in [office.city, office.ward, unit] {
        faulty(move_to(office.city, json!(below)).await, "#/parent_id", "cycle");
    }
    faulty(move_to(office.ward, json!(unit)).await, "#/parent_id", "cycle");
    // A right over the other ward reaches what was moved below it, and a right over the former one no longer does.
    let near =
        office.app.official("near", office.ward, Role::Handler, Some(office.ward), Visibility::PartiesOnly);
    let far =
        office.app.official("far", office.other, Role::Handler, Some(office.other), Visibility::PartiesOnly);
    let body = json!({"kind": "feedback", "title": "Đèn", "content": "Đèn hỏng.", "field_code": "transport", "agency_code": "H99.1.1"});
    let receipt = office.app.post("/v1/petitions").key().json(body).call().await.expect(201);
    let path = format!("/v1/petitions/{}", receipt.body["id"].as_str().unwrap());
    let sees = async |official| {
        office.app.get(&path).token(&office.app.token(official)).call().await.status.as_u16()
    };
    assert_eq!((sees(near).await, sees(far).await), (200, 404));
    move_to(unit, json!(office.other)).await.expect(200);
    assert_eq!((sees(near).await, sees(far).await), (404, 200));
    move_to(office.other, json!(office.ward)).await.expect(200);
    assert_eq!((sees(near).await, sees(far).await), (200, 200), "the whole subtree moves");
    move_to(unit, Value::Null).await.expect(200);
    assert_eq!((sees(near).await, sees(far).await), (404, 404));
}

async fn an_agency_ends_only_when_nothing_is_left_with_it(db: TestDb) {
    let office = Office::new(db);
    let coordinator =
        office.app.official("coordinator", office.city, Role::Coordinator, None, Visibility::Restricted);
    let auditor = office.app.token(office.app.official(
        "auditor",
        office.city,
        Role::Auditor,
        None,
        Visibility::Restricted,
    ));
    let ward = office.found("H99.3").await;
    let end = |successors: Value| {
        let body = json!({"valid_to": "2026-11-23", "successors": successors});
        office.post(&office.admin, format!("/v1/agencies/{ward}/dissolution"), body).seen(1)
    };
    let (clerk, _) = office.official(ward, "clerk").await;
    let told = refused(end(json!([])).header("Accept-Language", "en").call().await, "not_empty");
    assert!(
        told.body["detail"].as_str().unwrap().contains("0 open petitions, 1 officials, 0 agencies"),
        "{}",
        told.text
    );
    let moved = json!({"agency_id": office.other, "full_name": "Nguyễn Văn Mới", "position": "Chuyên viên", "username": "clerk"});
    office.put(&office.admin, format!("/v1/officials/{clerk}"), 1, moved).call().await.expect(200);
    let body = json!({"kind": "feedback", "title": "Đèn", "content": "Đèn hỏng.", "field_code": "transport", "agency_code": "H99.3"});
    let receipt = office.app.post("/v1/petitions").key().json(body.clone()).call().await.expect(201);
    refused(end(json!([])).call().await, "not_empty");
    let petition = format!("/v1/petitions/{}", receipt.body["id"].as_str().unwrap());
    let coordinator = office.app.token(coordinator);
    let forward = json!({"receiving_body": "Bộ", "document": {"number": "1", "symbol": "UBND", "issued_on": "2026-11-23"}});
    office.post(&coordinator, format!("{petition}/forwarding"), forward).seen(1).call().await.expect(200);
    faulty(end(json!([ward])).call().await, "#/successors/0", "unknown");
    faulty(end(json!([office.other, office.other])).call().await, "#/successors/0", "unknown");
    let ended = end(json!([office.other, office.ward])).call().await.expect(200);
    assert_eq!(
        (&ended.body["valid_to"], ended.body["successors"].as_array().unwrap().len()),
        (&json!("2026-11-23"), 2)
    );
    // It is chosen no more, and its old petitions still say where they were.
    let told = office.app.post("/v1/petitions").key().json(body).call().await;
    assert!(told.body["errors"][0]["detail"].as_str().unwrap().contains("(H99.2)"), "{}", told.text);
    faulty(told, "#/agency_code", "closed");
    let old = office.app.get(&petition).token(&auditor).call().await.expect(200);
    assert_eq!(old.body["agency"]["name"], "Phường H99.3");
    let (facts, version) = office.facts(ward).await;
    refused(
        office.put(&office.admin, format!("/v1/agencies/{ward}"), version, facts).call().await,
        "dissolved",
    );
    let child = json!({"code": "H99.3.1", "name": "Tổ", "level": "unit", "parent_id": ward});
    faulty(office.post(&office.admin, "/v1/agencies", child).call().await, "#/parent_id", "unknown");
    let again = json!({"code": "H99.3", "name": "Khác", "level": "commune", "parent_id": office.city});
    faulty(office.post(&office.admin, "/v1/agencies", again).call().await, "#/code", "taken");
}

async fn a_retired_field_is_readable_and_not_chosen(db: TestDb) {
    let office = Office::new(db);
    let body = json!({"code": "water_supply", "name_vi": "Cấp nước", "name_en": "Water supply"});
    office.post(&office.ward_admin, "/v1/fields", body.clone()).call().await.expect(403);
    office.post(&office.admin, "/v1/fields", body.clone()).call().await.expect(201);
    faulty(office.post(&office.admin, "/v1/fields", body).call().await, "#/code", "taken");
    let wrong = json!({"code": "Nước", "name_vi": "", "name_en": "x"});
    let wrong = office.post(&office.admin, "/v1/fields", wrong).call().await.expect(422);
    assert_eq!(wrong.body["errors"].as_array().unwrap().len(), 2, "every fault at once: {}", wrong.text);
    let submit = || {
        let body = json!({"kind": "feedback", "title": "Mất nước", "content": "Mất nước.", "field_code": "water_supply"});
        office.app.post("/v1/petitions").key().json(body)
    };
    submit().call().await.expect(201);
    let path = "/v1/fields/water_supply";
    let retired = json!({"name_vi": "Cấp nước", "name_en": "Water", "active": false});
    let done = office.put(&office.admin, path, 1, retired.clone()).call().await.expect(200);
    assert_eq!((done.version(), &done.body["active"]), (2, &json!(false)));
    office.put(&office.admin, path, 1, retired.clone()).call().await.expect(412);
    office.put(&office.admin, "/v1/fields/none", 1, retired).call().await.expect(404);
    faulty(submit().call().await, "#/field_code", "unknown_code");
    assert_eq!(office.app.get(path).call().await.expect(200).body["name_en"], "Water");
    let chosen = office.app.get("/v1/reference").call().await.expect(200);
    assert!(!chosen.text.contains("water_supply"));
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = office.app.get(format!("/v1/fields?limit=7{cursor}")).call().await.expect(200);
        found.extend(page.body["items"].as_array().unwrap().clone());
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(found.iter().any(|field| field["code"] == "water_supply" && field["active"] == false));
    // A field of the seed has no history before it is changed.
    let land = json!({"name_vi": "Đất", "name_en": "Land", "active": true});
    assert_eq!(office.put(&office.admin, "/v1/fields/land", 0, land).call().await.expect(200).version(), 1);
}

async fn accounts_are_made_disabled_and_given_fresh_passwords(db: TestDb) {
    let office = Office::new(db);
    let (clerk, password) = office.official(office.ward, "clerk").await;
    let path = format!("/v1/officials/{clerk}");
    let session = office.sign_in("clerk", &password).await.expect(201);
    let token = session.body["access_token"].as_str().unwrap();
    let list = format!("/v1/officials?agency_id={}", office.ward);
    office.app.get(&list).token(token).call().await.expect(200);
    assert_eq!(office.read(&path).await.body["password"], Value::Null, "told once");
    let with = |username: Value| json!({"agency_id": office.ward, "full_name": "Khác", "position": "Khác", "username": username});
    for (name, code) in
        [("clerk", "taken"), ("Clerk", "not_a_username"), ("a b", "not_a_username"), ("", "not_a_username")]
    {
        faulty(
            office.post(&office.admin, "/v1/officials", with(json!(name))).call().await,
            "#/username",
            code,
        );
    }
    let given = json!({"agency_id": office.ward, "full_name": "A", "position": "B", "password": "mine"});
    office.post(&office.admin, "/v1/officials", given).call().await.expect(400);

    let act = |action: &str, version: u32| {
        office.post(&office.admin, format!("{path}/{action}"), json!({})).seen(version)
    };
    refused(act("enabling", 1).call().await, "not_disabled");
    let gone = act("disabling", 1).call().await.expect(200);
    assert!(gone.body["disabled_at"].is_string() && gone.body["responsible_for"] == 0, "{}", gone.text);
    refused(act("disabling", 2).call().await, "already_disabled");
    office.app.get(&list).token(token).call().await.expect(401);
    office.sign_in("clerk", &password).await.expect(401);
    assert!(!office.read(&list).await.text.contains(&clerk.to_string()));
    assert!(office.read(format!("{list}&disabled=true")).await.text.contains(&clerk.to_string()));
    act("enabling", 2).call().await.expect(200);
    office.sign_in("clerk", &password).await.expect(201);
    let fresh = act("password-reset", 3).call().await.expect(200);
    let second = fresh.body["password"].as_str().unwrap();
    assert_ne!(second, password);
    office.sign_in("clerk", &password).await.expect(401);
    office.sign_in("clerk", second).await.expect(201);
    // Without a username there is no account.
    office.put(&office.admin, &path, 4, with(Value::Null)).call().await.expect(200);
    office.sign_in("clerk", second).await.expect(401);
    refused(act("password-reset", 5).call().await, "no_account");
}

async fn nobody_reaches_beyond_his_own_subtree(db: TestDb) {
    let office = Office::new(db);
    let ward_admin = &office.ward_admin;
    let (clerk, _) = office.official(office.ward, "clerk").await;
    let (stranger, _) = office.official(office.other, "stranger").await;
    let found = |parent: Value| {
        let body = json!({"code": "H99.1.7", "name": "Tổ", "level": "unit", "parent_id": parent});
        office.post(ward_admin, "/v1/agencies", body)
    };
    for beyond in [json!(office.city), json!(office.other), Value::Null] {
        found(beyond).call().await.expect(403);
    }
    let unit: AgencyId = id(&found(json!(office.ward)).call().await.expect(201));
    // His own agency stays where it is: another place is beyond him.
    let (mut facts, version) = office.facts(office.ward).await;
    facts["parent_id"] = json!(office.other);
    office
        .put(ward_admin, format!("/v1/agencies/{}", office.ward), version, facts.clone())
        .call()
        .await
        .expect(403);
    (facts["parent_id"], facts["is_default"]) = (json!(office.city), json!(true));
    office.put(ward_admin, format!("/v1/agencies/{}", office.ward), version, facts).call().await.expect(403);
    let (facts, version) = office.facts(office.other).await;
    office.put(ward_admin, format!("/v1/agencies/{}", office.other), version, facts).call().await.expect(403);
    let end = json!({"valid_to": "2026-11-23"});
    office
        .post(ward_admin, format!("/v1/agencies/{}/dissolution", office.other), end)
        .seen(0)
        .call()
        .await
        .expect(403);

    let grant = |official: OfficialId, role: &str, over: Option<AgencyId>, ceiling: &str| {
        let body = json!({"official_id": official, "role": role, "agency_id": over, "ceiling": ceiling});
        office.post(ward_admin, "/v1/grants", body)
    };
    for over in [None, Some(office.city), Some(office.other)] {
        grant(clerk, "admin", over, "parties_only").call().await.expect(403);
        grant(clerk, "auditor", over, "parties_only").call().await.expect(403);
    }
    grant(clerk, "intake", Some(office.ward), "restricted").call().await.expect(403);
    faulty(
        grant(stranger, "handler", Some(office.ward), "parties_only").call().await,
        "#/official_id",
        "unknown",
    );
    faulty(grant(clerk, "citizen", Some(unit), "parties_only").call().await, "#/role", "not_granted");
    grant(clerk, "handler", Some(unit), "parties_only").call().await.expect(201);

    // An official of his ward who holds more than he could grant is not his to enter, move or shut out.
    let (chief, password) = office.official(office.ward, "chief").await;
    let high = office.grant(chief, "coordinator", None, "restricted").await;
    let path = format!("/v1/officials/{chief}");
    for action in ["password-reset", "disabling"] {
        office.post(ward_admin, format!("{path}/{action}"), json!({})).seen(1).call().await.expect(403);
    }
    let facts = json!({"agency_id": office.ward, "full_name": "A", "position": "B", "username": "mine"});
    office.put(ward_admin, &path, 1, facts.clone()).call().await.expect(403);
    office.revoke(ward_admin, &high, 1).call().await.expect(403);
    office.sign_in("chief", &password).await.expect(201);
    let (sealed, _) = office.official(office.ward, "sealed").await;
    office.grant(sealed, "intake", Some(office.ward), "restricted").await;
    let reset = office.post(ward_admin, format!("/v1/officials/{sealed}/password-reset"), json!({})).seen(1);
    reset.call().await.expect(403);

    // Officials and rights elsewhere read as absent.
    let foreign = office.grant(stranger, "handler", Some(office.other), "parties_only").await;
    for path in [
        format!("/v1/officials/{stranger}"),
        foreign.clone(),
        format!("/v1/grants?official_id={stranger}"),
        format!("/v1/events?subject_kind=official&subject={stranger}"),
    ] {
        office.app.get(path).token(ward_admin).call().await.expect(404);
    }
    office.put(ward_admin, format!("/v1/officials/{stranger}"), 1, facts).call().await.expect(404);
    office.revoke(ward_admin, &foreign, 1).call().await.expect(404);
    let body = json!({"agency_id": office.other, "full_name": "A", "position": "B"});
    office.post(ward_admin, "/v1/officials", body).call().await.expect(403);
    let far = format!("/v1/officials?agency_id={}&disabled=true", office.other);
    office.app.get(far).token(ward_admin).call().await.expect(403);
}

async fn nobody_acts_for_himself(db: TestDb) {
    let office = Office::new(db);
    let own = json!({"official_id": office.admin_id, "role": "auditor", "ceiling": "restricted"});
    refused(office.post(&office.admin, "/v1/grants", own).call().await, "own_account");
    let path = format!("/v1/officials/{}", office.admin_id);
    for action in ["disabling", "password-reset"] {
        let act = office.post(&office.admin, format!("{path}/{action}"), json!({})).seen(0);
        refused(act.call().await, "own_account");
    }
    let grants = office.read(format!("/v1/grants?official_id={}", office.admin_id)).await;
    let own = grants.body["items"][0]["id"].as_str().unwrap();
    refused(office.revoke(&office.admin, &format!("/v1/grants/{own}"), 0).call().await, "own_account");
    // Another administrator may, and then the right is gone at once.
    let (second, password) = office.official(office.city, "second").await;
    office.grant(second, "admin", None, "restricted").await;
    let session = office.sign_in("second", &password).await.expect(201);
    let second = session.body["access_token"].as_str().unwrap();
    office.revoke(second, &format!("/v1/grants/{own}"), 0).call().await.expect(200);
    office.app.get(&path).token(&office.admin).call().await.expect(403);
    office.app.get(format!("/v1/officials/{}", office.ward_admin_id)).token(second).call().await.expect(200);
}

async fn no_agency_loses_its_last_coordinator(db: TestDb) {
    let office = Office::new(db);
    let (one, _) = office.official(office.city, "one").await;
    let (two, _) = office.official(office.city, "two").await;
    let strict = office.grant(one, "coordinator", None, "restricted").await;
    let told = refused(office.revoke(&office.admin, &strict, 1).call().await, "nobody_left");
    assert!(told.body["detail"].as_str().unwrap().contains("H99"), "{}", told.text);
    assert_eq!(office.read(&strict).await.version(), 1, "nothing was changed");
    let disable = |official: OfficialId, version: u32| {
        office.post(&office.admin, format!("/v1/officials/{official}/disabling"), json!({})).seen(version)
    };
    refused(disable(one, 1).call().await, "nobody_left");
    // One who reads less is no successor, and neither is one whose right begins tomorrow or who is disabled.
    office.grant(two, "coordinator", None, "parties_only").await;
    refused(office.revoke(&office.admin, &strict, 1).call().await, "nobody_left");
    let later = json!({"official_id": two, "role": "coordinator", "ceiling": "restricted", "valid_from": "2026-11-30T00:00:00+07:00"});
    office.post(&office.admin, "/v1/grants", later).call().await.expect(201);
    refused(office.revoke(&office.admin, &strict, 1).call().await, "nobody_left");
    office.grant(two, "coordinator", Some(office.city), "restricted").await;
    disable(two, 1).call().await.expect(200);
    refused(office.revoke(&office.admin, &strict, 1).call().await, "nobody_left");
    office
        .post(&office.admin, format!("/v1/officials/{two}/enabling"), json!({}))
        .seen(2)
        .call()
        .await
        .expect(200);
    office.revoke(&office.admin, &strict, 1).call().await.expect(200);
    refused(office.revoke(&office.admin, &strict, 2).call().await, "already_ended");
    // Nor is an agency moved out of the only watch over it.
    let (mut facts, version) = office.facts(office.ward).await;
    facts["serves_area"] = json!("26734");
    let path = format!("/v1/agencies/{}", office.ward);
    let version = office.put(&office.admin, &path, version, facts.clone()).call().await.expect(200).version();
    facts["parent_id"] = Value::Null;
    refused(office.put(&office.admin, &path, version, facts).call().await, "nobody_left");
}

async fn of_two_at_once_one_is_told(db: TestDb) {
    let office = Office::new(db);
    let (facts, version) = office.facts(office.ward).await;
    let path = format!("/v1/agencies/{}", office.ward);
    let rename = |name: &str| {
        let mut facts = facts.clone();
        facts["name"] = json!(name);
        office.put(&office.admin, &path, version, facts).call()
    };
    let (one, two) = tokio::join!(rename("Một"), rename("Hai"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    // Each below the other: one of the two would be a cycle.
    let (ward, other) = (office.facts(office.ward).await, office.facts(office.other).await);
    let below = |agency: AgencyId, (mut facts, version): (Value, u32), parent: AgencyId| {
        facts["parent_id"] = json!(parent);
        office.put(&office.admin, format!("/v1/agencies/{agency}"), version, facts).call()
    };
    let (one, two) =
        tokio::join!(below(office.ward, ward, office.other), below(office.other, other, office.ward));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{} {}", one.text, two.text);
    // The last two coordinators: one of them stays.
    let (one, _) = office.official(office.city, "one").await;
    let (two, _) = office.official(office.city, "two").await;
    let grants = [
        office.grant(one, "coordinator", None, "restricted").await,
        office.grant(two, "coordinator", None, "restricted").await,
    ];
    let (one, two) = tokio::join!(
        office.revoke(&office.admin, &grants[0], 1).call(),
        office.revoke(&office.admin, &grants[1], 1).call()
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

async fn another_process_sees_what_was_changed(db: TestDb) {
    let mut office = Office::new(db);
    let clock = Clock::sandbox(START.parse().unwrap());
    let secret = InstallationSecret::derive("a secret of the tests, long enough to be one").unwrap();
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let options = office.app.app.options().clone();
    let second = App::open(office.app.db.open(), clock, secret, zone, options).unwrap();
    let first = office.app.app.clone();
    let submit = json!({"kind": "feedback", "title": "Đèn", "content": "Đèn hỏng.", "field_code": "lights", "agency_code": "H99.8"});
    // Both have read everything once.
    for app in [&second, &first] {
        office.app.app = app.clone();
        office.app.post("/v1/petitions").key().json(submit.clone()).call().await.expect(422);
        office.read("/v1/reference").await;
    }
    office.found("H99.8").await;
    let field = json!({"code": "lights", "name_vi": "Đèn", "name_en": "Lights"});
    office.post(&office.admin, "/v1/fields", field).call().await.expect(201);
    let (clerk, _) = office.official(office.city, "clerk").await;
    let grant = office.grant(clerk, "auditor", None, "restricted").await;
    let token = office.app.token(clerk);
    office.app.app = second;
    assert!(office.read("/v1/reference").await.text.contains("lights"));
    office.app.post("/v1/petitions").key().json(submit).call().await.expect(201);
    office.app.get("/v1/petitions").token(&token).call().await.expect(200);
    office.revoke(&office.admin, &grant, 1).call().await.expect(200);
    office.app.app = first;
    let list = office.app.get(format!("/v1/grants?official_id={clerk}")).token(&token).call().await;
    list.expect(403);
}

async fn every_change_is_an_event_of_a_sound_chain(db: TestDb) {
    let office = Office::new(db);
    let auditor = office.app.official("auditor", office.city, Role::Auditor, None, Visibility::PartiesOnly);
    let handler = office.app.official("handler", office.city, Role::Handler, None, Visibility::PartiesOnly);
    let ward = office.found("H99.3").await;
    let (mut facts, version) = office.facts(ward).await;
    facts["name"] = json!("Phường Tên Riêng");
    office
        .put(&office.admin, format!("/v1/agencies/{ward}"), version, facts)
        .header("X-Request-Id", "set-up-2")
        .call()
        .await
        .expect(200);
    let (clerk, _) = office.official(ward, "bi.mat").await;
    let grant = office.grant(clerk, "handler", Some(ward), "parties_only").await;
    office.revoke(&office.admin, &grant, 1).call().await.expect(200);
    let grant_id = grant.rsplit('/').next().unwrap().parse().unwrap();
    let subjects = [(Subject::Agency(ward), 2), (Subject::Official(clerk), 1), (Subject::Grant(grant_id), 2)];
    for (subject, count) in subjects {
        let (kind, at) = (subject.kind(), subject.id());
        let stored = office.app.app.read_now(move |tx, _| Ok(other::history(tx, kind, at, 0, 100)?)).unwrap();
        assert_eq!(stored.len(), count, "{kind}");
        let mut before = vec![0; 32];
        for (event, sequence) in stored.iter().zip(1..) {
            assert_eq!((event.sequence, &event.prev_hash), (sequence, &before), "{kind}");
            assert_eq!(history::link_other(event).unwrap(), event.hash, "{kind}");
            assert_eq!((event.actor.official, event.actor.role), (Some(office.admin_id), Role::Admin));
            let facts = event.facts.to_string();
            for text in ["Phường", "Nguyễn", "bi.mat", "Chuyển công tác"] {
                assert!(!facts.contains(text), "{facts}");
            }
            before = event.hash.clone();
        }
        let path = format!("/v1/events?subject_kind={kind}&subject={}", at);
        for reader in [auditor, office.admin_id] {
            let told = office.app.get(&path).token(&office.app.token(reader)).call().await.expect(200);
            assert_eq!(told.body["items"].as_array().unwrap().len(), count);
        }
        office.app.get(&path).token(&office.app.token(handler)).call().await.expect(403);
    }
    let told = office.read(format!("/v1/events?subject_kind=agency&subject={ward}")).await;
    assert_eq!(told.body["items"][1]["facts"]["name"], "Phường Tên Riêng");
    assert_eq!(told.body["items"][1]["request_id"], "set-up-2");
    let told = office.read(format!("/v1/events?subject_kind=grant&subject={grant_id}")).await;
    assert_eq!(told.body["items"][1]["facts"]["reason"], "Chuyển công tác");
    let first = office.read(format!("/v1/events?subject_kind=agency&subject={ward}&limit=1")).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = office.read(format!("/v1/events?subject_kind=agency&subject={ward}&cursor={cursor}")).await;
    assert_eq!(rest.body["items"][0]["sequence"], 2);
    office.app.get("/v1/events?subject_kind=agency&subject=x").token(&office.admin).call().await.expect(400);
    // Who is named in the log, is named by id: the caller of the use case is the administrator.
    let reader = office
        .app
        .app
        .read_now(move |tx, world| events::Reader::of(tx, world, &Caller::Official(handler)).map(|_| ()));
    assert!(reader.is_err());
}

async fn a_repeated_order_has_one_effect(db: TestDb) {
    let office = Office::new(db);
    let body = json!({"agency_id": office.ward, "full_name": "A", "position": "B", "username": "again"});
    let send = |body: &Value| {
        office.post(&office.admin, "/v1/officials", body.clone()).header("Idempotency-Key", "official-1")
    };
    let first = send(&body).call().await.expect(201);
    let again = send(&body).call().await.expect(201);
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!((again.field("idempotent-replayed"), &again.body["password"]), ("true", &Value::Null));
    let mut other = body.clone();
    other["username"] = json!("other");
    assert_eq!(send(&other).call().await.expect(422).code(), "idempotency-key-reused");
    office.sign_in("again", first.body["password"].as_str().unwrap()).await.expect(201);
}
