//! Attack cases on access, by their numbers in the list of the design: what is tried, and what it gets.

use actix_web::http::Method;
use kiennghi::{
    domain::{
        lifecycle,
        vocabulary::{Action, Code, Role, Visibility},
    },
    store::petitions,
};
use serde_json::{Value, json};

use crate::{
    authorization::{self, For, anonymised, operations},
    exports, import,
    schema_parity::execute,
    support::{
        Case, Database, TestDb, cases,
        client::{Reply, Send, TestApp},
        journey::{ADDRESS, CONTENT, NAME, PHONE, Petition, TITLE, Town},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        attack_01_anothers_petition_reads_as_absent,
        attack_01_another_citizens_petition_reads_as_absent,
        attack_03_a_cursor_serves_its_owner_and_its_list_alone,
        attack_05_a_foreign_tenant_gets_own_rows_only,
        attack_12_nobody_sets_what_the_server_sets,
        attack_13_no_parameter_brings_out_what_is_sealed,
        attack_14_no_step_is_skipped,
        attack_15_nobody_lengthens_his_own_deadline,
        attack_16_every_role_meets_its_limits_in_every_operation,
        attack_33_one_key_has_one_effect,
        attack_34_of_two_with_one_etag_one_wins,
        attack_36_what_a_spreadsheet_would_run_is_a_text,
        attack_41_an_import_reports_its_bad_line,
        attack_41_an_import_reads_byte_order_marks_and_crlf,
    ]
}

/// The roles that are granted.
const GRANTED: [Role; 6] =
    [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor, Role::Admin];

async fn attack_01_anothers_petition_reads_as_absent(db: TestDb) {
    authorization::absent_and_foreign_read_alike(db).await;
}

async fn attack_01_another_citizens_petition_reads_as_absent(db: TestDb) {
    let town = Town::new(db);
    let (own, foreign) = (town.submit(json!({})).await, town.submit(json!({})).await);
    let token = town.track(&[&own]).await;
    for action in ["", "/supplement", "/withdrawal", "/rating", "/reconsideration-request"] {
        let try_on = async |code: &str| {
            let path = format!("/v1/tracking/petitions/{code}{action}");
            let method = if action.is_empty() { Method::GET } else { Method::POST };
            let call = town
                .app
                .send(method, path)
                .token(&token)
                .key()
                .json(json!({"reason": "x", "text": "x", "satisfaction": "satisfied"}));
            call.call().await.expect(404)
        };
        let (there, absent) = (try_on(&foreign.code).await, try_on("KN-00000000-0").await);
        assert_eq!(anonymised(&there.body), anonymised(&absent.body), "{action}");
    }
    // The address of staff opens to no citizen, and to nobody without a token.
    let staff = format!("/v1/petitions/{}", own.id);
    town.app.get(&staff).token(&token).call().await.expect(401);
    town.app.get(&staff).call().await.expect(401);
    // A wrong key and an unknown code read alike.
    let open = async |code: &str, key: &str| {
        let body = json!({"items": [{"code": code, "access_key": key}]});
        town.app.post("/v1/tracking").json(body).call().await
    };
    let (wrong, unknown) = (open(&foreign.code, &own.key).await, open("KN-00000000-0", &own.key).await);
    assert_eq!((wrong.status, anonymised(&wrong.body)), (unknown.status, anonymised(&unknown.body)));
    assert!(wrong.status.is_client_error());
}

async fn attack_03_a_cursor_serves_its_owner_and_its_list_alone(db: TestDb) {
    let town = Town::new(db);
    for _ in 0..3 {
        town.submit(json!({})).await;
    }
    let auditor = |name| {
        town.app.token(town.app.official(name, town.city, Role::Auditor, None, Visibility::Restricted))
    };
    let (one, other) = (auditor("one"), auditor("other"));
    let officials = format!("/v1/officials?limit=1&agency_id={}", town.ward);
    let grants = {
        town.app.grant(town.handler_id, Role::Handler, None, Visibility::PartiesOnly);
        format!("/v1/grants?limit=1&official_id={}", town.handler_id)
    };
    let lists = ["/v1/petitions?limit=1".to_owned(), officials, grants];
    for list in &lists {
        let page = town.app.get(list).token(&one).call().await.expect(200);
        let cursor =
            page.body["next_cursor"].as_str().unwrap_or_else(|| panic!("{list}: {}", page.text)).to_owned();
        let with = |list: &str, cursor: &str, token: &str| {
            town.app.get(format!("{list}&cursor={cursor}")).token(token).call()
        };
        with(list, &cursor, &one).await.expect(200);
        let turned =
            format!("{}{}", &cursor[..cursor.len() - 1], if cursor.ends_with('A') { "B" } else { "A" });
        let mut foreign = vec![with(list, &cursor, &other).await, with(list, &turned, &one).await];
        for elsewhere in lists.iter().filter(|elsewhere| *elsewhere != list) {
            foreign.push(with(elsewhere, &cursor, &one).await);
        }
        foreign.push(
            with(&format!("{list}&limit=2").replace("limit=1&", "").replace("limit=1", ""), &cursor, &other)
                .await,
        );
        for reply in foreign {
            assert_eq!(reply.status.as_u16(), 400, "{list}: {}", reply.text);
            assert!(!reply.text.contains("items"), "{}", reply.text);
        }
    }
}

/// A petition that has gone all the way in a ward, and one official for each role who belongs elsewhere.
async fn foreign(town: &Town) -> (Petition, Vec<(Role, String)>) {
    let petition = town.submit(json!({"agency_code": "H99.1"})).await;
    town.classify(
        &petition,
        json!({"visibility": "parties_only", "public_title": null, "public_summary": null}),
    )
    .await;
    town.take_up(&petition).await;
    town.answer(&petition, "Nước đã rút.", "resolved", "17").await;
    let elsewhere = town.app.agency("H99.2", "Phường khác", Some(town.city));
    let official = |role: Role| {
        let name = format!("foreign-{}", role.as_str());
        let id = town.app.official(&name, elsewhere, role, Some(elsewhere), Visibility::Restricted);
        (role, town.app.token(id))
    };
    (petition, GRANTED.map(official).to_vec())
}

/// What a list needs to be asked for at all.
fn query(town: &Town, path: &str) -> String {
    match path {
        "/v1/officials" => format!("?agency_id={}", town.ward),
        "/v1/grants" => format!("?official_id={}", town.handler_id),
        "/v1/events" => format!("?subject_kind=official&subject={}", town.handler_id),
        "/v1/reports/timeliness" => "?from=2026-11-01&to=2026-12-01".to_owned(),
        "/v1/deadlines/preview" => {
            "?start_at=2026-11-20T09:00:00%2B07:00&amount=5&unit=working_days".to_owned()
        }
        _ => String::new(),
    }
}

async fn attack_05_a_foreign_tenant_gets_own_rows_only(db: TestDb) {
    let town = Town::new(db);
    let (petition, officials) = foreign(&town).await;
    let own = town.submit(json!({"title": "Việc khác", "content": "Khác.", "submitter": null})).await;
    let tracker = town.track(&[&own]).await;
    let sealed =
        [petition.id.as_str(), petition.code.as_str(), NAME, PHONE, ADDRESS, CONTENT, TITLE, "Nước đã rút."];
    let mut asked = 0;
    for (method, path, who) in operations() {
        let of_petition =
            path.starts_with("/v1/petitions/{id}") || path.starts_with("/v1/tracking/petitions/{code}");
        let callers: Vec<(String, Option<&str>)> = match who {
            For::Everybody => vec![("everybody".to_owned(), None)],
            // Whoever shows a key only; an official's own session would be ended on the way.
            For::Trackers | For::Citizens | For::Somebody => {
                vec![("tracker".to_owned(), Some(tracker.as_str()))]
            }
            For::Officials => officials
                .iter()
                .map(|(role, token)| (role.as_str().to_owned(), Some(token.as_str())))
                .collect(),
        };
        for (name, token) in callers {
            let subject = if path.starts_with("/v1/officials") {
                town.handler_id.to_string()
            } else {
                petition.id.clone()
            };
            let address =
                path.replace("{id}", &subject).replace("{code}", &petition.code) + &query(&town, &path);
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let mut call = town.app.send(verb, address).key().seen(1);
            if method != "get" {
                call = call.json(json!({}));
            }
            if let Some(token) = token {
                call = call.token(token);
            }
            let reply = call.call().await;
            let told: Vec<&&str> = sealed
                .iter()
                .filter(|word| reply.body["instance"].is_null() && reply.text.contains(**word))
                .collect();
            assert!(told.is_empty(), "{method} {path} tells {name} {told:?}: {}", reply.text);
            assert!(!of_petition || reply.status == 404, "{method} {path} as {name}: {}", reply.text);
            assert!(!reply.status.is_server_error(), "{method} {path} as {name}: {}", reply.text);
            asked += 1;
        }
    }
    assert!(asked > 300, "{asked}");
}

async fn attack_12_nobody_sets_what_the_server_sets(db: TestDb) {
    let town = Town::new(db);
    let submission =
        || json!({"kind": "feedback", "title": TITLE, "content": CONTENT, "field_code": "transport"});
    let set = [
        "id",
        "code",
        "state",
        "status",
        "agency_id",
        "lead_agency_id",
        "due_at",
        "version",
        "visibility",
        "promised_due_at",
        "recorded_at",
        "access_key",
        "provenance",
        "responsible_id",
        "round",
    ];
    for (member, token) in set.iter().flat_map(|member| [(member, None), (member, Some(&town.intake))]) {
        let mut body = submission();
        body[*member] = json!("1");
        let mut call = town.app.post("/v1/petitions").key().json(body);
        if let Some(token) = token {
            call = call.token(token);
        }
        let reply = call.call().await.expect(400);
        assert_eq!(reply.body["errors"][0]["code"], "unknown_field", "{}", reply.text);
        assert_eq!(reply.body["errors"][0]["pointer"], format!("#/{member}"));
    }
    for inner in ["assurance", "account_subject", "id"] {
        let mut body = submission();
        body["submitter"] = json!({"full_name": NAME, inner: "vneid"});
        let reply = town.app.post("/v1/petitions").key().json(body).call().await.expect(400);
        assert_eq!(reply.body["errors"][0]["pointer"], format!("#/submitter/{inner}"));
    }
    let petition = town.submit(json!({})).await;
    let act = |member: &str| {
        let mut body = json!({"kind": "feedback", "field_code": "transport"});
        body[member] = json!("answered");
        town.app
            .post(format!("/v1/petitions/{}/classification", petition.id))
            .token(&town.coordinator)
            .seen(1)
            .json(body)
    };
    for member in ["state", "version", "due_at", "actor", "recorded_at"] {
        act(member).call().await.expect(400);
    }
    let admin =
        town.app.token(town.app.official("admin", town.city, Role::Admin, None, Visibility::Restricted));
    for (path, member) in [
        ("/v1/officials", "password_hash"),
        ("/v1/officials", "demo"),
        ("/v1/grants", "created_at"),
        ("/v1/agencies", "id"),
    ] {
        let mut body = json!({});
        body[member] = json!("1");
        town.app.post(path).token(&admin).json(body).call().await.expect(400);
    }
}

async fn attack_13_no_parameter_brings_out_what_is_sealed(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({"agency_code": "H99.1"})).await;
    town.classify(&petition, json!({})).await;
    town.take_up(&petition).await;
    let auditor = town.app.official("auditor", town.city, Role::Auditor, None, Visibility::Restricted);
    let auditor = town.app.token(auditor);
    let public = format!("/v1/public/petitions/{}", petition.code);
    let lists = ["/v1/petitions", "/v1/overdue", "/v1/public/petitions", "/v1/agencies", "/v1/fields"];
    for list in lists {
        for parameter in [
            "fields=submitter.phone",
            "fields=password_hash",
            "sort=secret",
            "sort=password_hash",
            "include=submitter",
            "expand=submitter",
        ] {
            town.app.get(format!("{list}?{parameter}")).token(&auditor).call().await.expect(400);
        }
    }
    let staff = format!("/v1/petitions/{}", petition.id);
    for token in [&town.intake, &town.coordinator, &town.handler, &town.approver, &auditor] {
        for path in [
            &staff,
            &format!("{staff}/events"),
            &format!("{staff}/deadlines"),
            &"/v1/petitions".to_owned(),
            &public,
        ] {
            let reply = town.app.get(path.as_str()).token(token).call().await.expect(200);
            for word in [NAME, PHONE, ADDRESS, "password", "access_key", "salt", "argon2"] {
                assert!(!reply.text.contains(word), "{path} shows {word}: {}", reply.text);
            }
        }
    }
    let shown = town.app.get(&public).call().await.expect(200);
    for word in [NAME, PHONE, ADDRESS, CONTENT, TITLE, "submitter", "content", "version", "supporting"] {
        assert!(!shown.text.contains(word), "{word}: {}", shown.text);
    }
    let admin =
        town.app.token(town.app.official("admin", town.city, Role::Admin, None, Visibility::Restricted));
    let official =
        town.app.get(format!("/v1/officials/{}", town.handler_id)).token(&admin).call().await.expect(200);
    assert_eq!(official.body["password"], Value::Null);
    assert!(!official.text.contains("argon2"));
}

async fn attack_14_no_step_is_skipped(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({"agency_code": "H99.1"})).await;
    let path = format!("/v1/petitions/{}", petition.id);
    let document = json!({"number": "1", "symbol": "UBND", "signer": "A", "issued_on": "2026-11-23"});
    let leaps = [
        (&town.coordinator, "closing", json!({})),
        (&town.approver, "reply-approval", json!({"document": document, "addressee": "A"})),
        (&town.approver, "publication", json!({"public_text": "Xong."})),
        (&town.handler, "acceptance", json!({})),
        (&town.handler, "reply-draft", json!({"text": "Xong.", "outcome": "resolved"})),
        (&town.handler, "reply-submission", json!({})),
        (&town.coordinator, "reopening", json!({"reason": "x"})),
        (&town.coordinator, "assignment", json!({"agency_id": town.ward, "responsible_id": town.handler_id})),
    ];
    for (token, action, body) in leaps {
        let reply = town.app.post(format!("{path}/{action}")).token(token).seen(1).json(body).call().await;
        assert_eq!(reply.status.as_u16(), 409, "{action}: {}", reply.text);
        assert_eq!(reply.code(), "illegal-transition", "{action}");
    }
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let whole =
            town.app.send(method, &path).token(&town.coordinator).seen(1).json(json!({"state": "answered"}));
        assert!(whole.call().await.expect(405).field("allow").contains("GET"));
    }
    let view = town.app.get(&path).token(&town.coordinator).call().await.expect(200);
    assert_eq!((&view.body["state"], view.version()), (&json!("received"), 1));
}

async fn attack_15_nobody_lengthens_his_own_deadline(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({"agency_code": "H99.1"})).await;
    town.classify(&petition, json!({})).await;
    let (chief, deputy) = {
        let official = |name| {
            town.app.official(name, town.ward, Role::Approver, Some(town.ward), Visibility::Restricted)
        };
        (official("chief"), official("deputy"))
    };
    let body = json!({"agency_id": town.ward, "responsible_id": chief});
    town.act(&town.coordinator, &petition, "assignment", body).await;
    town.act(&town.app.token(chief), &petition, "acceptance", json!({})).await;
    let path = format!("/v1/petitions/{}", petition.id);
    let due = async || town.app.get(&path).token(&town.coordinator).call().await.expect(200);
    let before = due().await;
    let extend = |token: String, amount: u32, reason: Option<&str>, version: u32| {
        let decision = json!({"number": "9", "symbol": "QĐ", "issued_on": "2026-11-23"});
        let mut body = json!({"decision": decision, "notified_on": "2026-11-23", "amount": amount});
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        town.app.post(format!("{path}/extension")).token(&token).seen(version).json(body).call()
    };
    let token = |official| town.app.token(official);
    let version = before.version();
    // Who handles it never may; who is responsible for it may not, though he approves; nobody without a reason.
    extend(town.handler.clone(), 8, Some("Cần khảo sát"), version).await.expect(403);
    let own = extend(token(chief), 8, Some("Cần khảo sát"), version).await;
    assert!(matches!(own.status.as_u16(), 403 | 409 | 422), "{}", own.text);
    extend(token(deputy), 8, None, version).await.expect(422);
    let endless = extend(token(deputy), 9_999, Some("Cần khảo sát"), version).await;
    assert!(matches!(endless.status.as_u16(), 409 | 422), "{}", endless.text);
    assert_eq!(due().await.body["deadline"], before.body["deadline"], "nothing moved");
    let once = extend(token(deputy), 8, Some("Cần khảo sát"), version).await.expect(200);
    assert_ne!(once.body["deadline"]["due_at"], before.body["deadline"]["due_at"]);
    assert_eq!(once.body["deadline"]["first_due_at"], before.body["deadline"]["first_due_at"]);
    assert_eq!(once.body["promised_due_at"], before.body["promised_due_at"]);
    // Twice does not add up: the ceiling counts from the original start.
    let twice = extend(token(deputy), 9_999, Some("Vẫn cần"), once.version()).await;
    assert!(matches!(twice.status.as_u16(), 409 | 422), "{}", twice.text);
}

/// Who may see petitions.
const READERS: [Role; 5] = [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor];

/// What is made of petitions, and read under addresses that begin so.
const SETS: [&str; 3] = ["/v1/reports/", "/v1/frozen-reports", "/v1/exports"];

/// Who may do what is not of one petition; whoever is not named gets 403. A set of petitions is open to all who may see
/// any, and an administrator sees none.
fn permitted(method: &str, path: &str) -> &'static [Role] {
    let petitions = [
        "/v1/petitions",
        "/v1/overdue",
        "/v1/overdue/summary",
        "/v1/due-soon",
        "/v1/paused",
        "/v1/without-clock",
        "/v1/forwarded-without-result",
        "/v1/anomalies",
        "/v1/urgings",
        "/v1/commitments",
        "/v1/samples",
    ];
    match (method, path) {
        (
            "get",
            "/v1/grants"
            | "/v1/grants/{id}"
            | "/v1/events"
            | "/v1/agencies/{id}/succession"
            | "/v1/reminder-thresholds"
            | "/v1/reminder-thresholds/{code}",
        ) => &[Role::Admin, Role::Auditor],
        ("get", path) if path.starts_with("/v1/calendar-changes") => &[Role::Admin, Role::Auditor],
        (_, "/v1/notifications" | "/v1/notifications/{id}/reading") => &GRANTED,
        ("get", "/v1/officials") => &GRANTED,
        (_, "/v1/me/password" | "/v1/me/outside-identities") => &GRANTED,
        ("post", "/v1/frozen-reports") => &[Role::Coordinator, Role::Auditor],
        ("post", "/v1/exports") => &READERS,
        ("get", path) if SETS.iter().any(|set| path.starts_with(set)) => &READERS,
        ("get", path) if petitions.contains(&path) => &READERS,
        _ => &[Role::Admin],
    }
}

async fn attack_16_every_role_meets_its_limits_in_every_operation(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({"agency_code": "H99.1"})).await;
    let official = |role: Role| {
        let name = format!("any-{}", role.as_str());
        (role, town.app.token(town.app.official(&name, town.city, role, None, Visibility::Restricted)))
    };
    let officials = GRANTED.map(official);
    let (mut cells, mut refused) = (0, 0);
    for (method, path, _) in operations().into_iter().filter(|(.., who)| *who == For::Officials) {
        let action = path.strip_prefix("/v1/petitions/{id}/").and_then(Action::parse);
        for (role, token) in &officials {
            let subject = if path.starts_with("/v1/petitions") {
                petition.id.clone()
            } else if path.starts_with("/v1/agencies") {
                town.ward.to_string()
            } else {
                town.handler_id.to_string()
            };
            let address = path.replace("{id}", &subject).replace("{code}", "land") + &query(&town, &path);
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let mut call = town.app.send(verb, address).token(token);
            if method != "get" {
                call = call.json(json!({"nonsense": 1}));
            }
            let status = call.call().await.status.as_u16();
            let allowed = match action {
                _ if path.starts_with("/v1/petitions/{id}") && *role == Role::Admin => None,
                Some(action) => Some(lifecycle::is_ever_for(action, *role)),
                None if path.ends_with("/dossier.zip") => {
                    Some(matches!(role, Role::Auditor | Role::Coordinator))
                }
                None if path.ends_with("/personal-data-reads") => Some(*role == Role::Auditor),
                None if path.ends_with("/submitter") => Some(*role != Role::Auditor),
                None if path.starts_with("/v1/petitions/{id}") => Some(true),
                None => Some(permitted(&method, &path).contains(role)),
            };
            match allowed {
                // An administrator reads no petition: each reads as absent, whatever is asked of it.
                None => assert_eq!(status, 404, "{method} {path} as {role}"),
                Some(false) => assert_eq!(status, 403, "{method} {path} as {role}"),
                Some(true) => assert!(!matches!(status, 401 | 403), "{method} {path} as {role}: {status}"),
            }
            cells += 1;
            refused += usize::from(status == 403);
        }
    }
    assert!(cells > 300 && refused > 100, "{cells} cells, {refused} of them refused");
}

async fn attack_36_what_a_spreadsheet_would_run_is_a_text(db: TestDb) {
    exports::formulas_are_texts(db).await;
}

async fn attack_33_one_key_has_one_effect(db: TestDb) {
    let town = Town::new(db);
    let body = |title: &str| json!({"kind": "feedback", "title": title, "content": CONTENT, "field_code": "transport"});
    let send = |key: &str, title: &str, token: Option<&str>| {
        let call = town.app.post("/v1/petitions").header("Idempotency-Key", key).json(body(title));
        match token {
            Some(token) => call.token(token),
            None => call,
        }
    };
    // Twins at once: one petition; the later one gets the replay, or is told that the first has not ended.
    let key = "0193a3c0-0000-7000-8000-000000000033";
    let (one, two) = tokio::join!(send(key, TITLE, None).call(), send(key, TITLE, None).call());
    let replies = [one, two];
    let made: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert!(!made.is_empty());
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 201 | 409)), "{replies:?}");
    assert!(made.iter().all(|reply| reply.body["id"] == made[0].body["id"]));
    assert_eq!(send(key, "Khác", None).call().await.expect(422).code(), "idempotency-key-reused");
    // Another client's key of the same name is another key.
    let (intake, coordinator) = (Some(town.intake.as_str()), Some(town.coordinator.as_str()));
    let paper = |token| {
        let mut body = body(TITLE);
        body["channel"] = json!("post");
        town.app.post("/v1/petitions").header("Idempotency-Key", "33").json(body).token(token)
    };
    let first = paper(&town.intake).call().await.expect(201);
    assert_eq!(paper(&town.intake).call().await.expect(201).body["id"], first.body["id"]);
    let second = send("33", TITLE, coordinator).call().await;
    assert_ne!(second.body["id"], first.body["id"], "{}", second.text);
    assert_eq!(send("33", "Khác", intake).call().await.expect(422).code(), "idempotency-key-reused");
    // After a failure of ours the same key is carried out.
    let open = town.app.db.open();
    execute(&open, "ALTER TABLE petition_detail RENAME TO petition_detail_away");
    let key = "0193a3c0-0000-7000-8000-000000000034";
    assert!(send(key, TITLE, None).call().await.status.is_server_error());
    execute(&open, "ALTER TABLE petition_detail_away RENAME TO petition_detail");
    let made = send(key, TITLE, None).call().await.expect(201);
    assert_eq!(made.field("idempotent-replayed"), "");
    let replayed = send(key, TITLE, None).call().await.expect(201);
    assert_eq!((replayed.field("idempotent-replayed"), &replayed.body), ("true", &made.body));
}

async fn attack_34_of_two_with_one_etag_one_wins(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let path = format!("/v1/petitions/{}/classification", petition.id);
    let body = json!({"kind": "feedback", "field_code": "transport", "visibility": "parties_only"});
    let call = |token: &str| -> Send<'_> { town.app.post(&path).token(token).json(body.clone()) };
    let (one, two) = tokio::join!(call(&town.intake).seen(1).call(), call(&town.coordinator).seen(1).call());
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", one.text, two.text);
    call(&town.intake).call().await.expect(428);
    for tag in ["W/\"2\"", "\"1\"", "\"3\"", "*", "\"abc\""] {
        call(&town.intake).header("If-Match", tag).call().await.expect(412);
    }
    for tag in ["2", "\"2\", \"3\"", "\"2"] {
        call(&town.intake).header("If-Match", tag).call().await.expect(400);
    }
    call(&town.intake).seen(2).call().await.expect(200);
}

async fn attack_41_an_import_reports_its_bad_line(db: TestDb) {
    let sqlite = db.database == Database::Sqlite;
    let app = TestApp::new(db);
    // The whole ten thousand where a line costs least.
    let many: u64 = if sqlite { 10_000 } else { 1_000 };
    let bad = many / 2;
    let lines: Vec<String> = (1..=many)
        .map(|number| match number {
            number if number == bad => r#"{"external_id": "bad", "kind": "#.to_owned(),
            1 => import::record("1", json!({"title": "=HYPERLINK(\"http://evil\")", "content": "@SUM(1+1)"}))
                .to_string(),
            number => import::record(&number.to_string(), json!({})).to_string(),
        })
        .collect();
    let file = lines.join("\n");
    let first = import::import(&app, &file);
    assert_eq!(import::counts(&first), [many, many - 1, 0, 0, 1]);
    assert_eq!(
        (first.errors.len(), first.errors[0].line, first.errors[0].code.as_str()),
        (1, bad, "not_json")
    );
    let again = import::import(&app, &file);
    assert_eq!(import::counts(&again), [many, 0, 0, many - 1, 1]);
    // A formula is a text like any other: it is kept as it came; whoever writes cells escapes it.
    let title = app.app.read_now(|tx, _| {
        let external = petitions::find_external(tx, "old", "1")?.expect("the record is known");
        Ok(petitions::find(tx, external.petition_id)?.expect("its petition is there").title)
    });
    assert_eq!(title.unwrap(), "=HYPERLINK(\"http://evil\")");
    // What is not UTF-8 is no line of ours: each is refused by its number, nothing goes in and nothing hangs.
    let wide: Vec<u8> = format!("\u{FEFF}{}\n", import::record("wide", json!({})))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let report = import::import(&app, wide);
    assert_eq!((report.created, report.updated, report.unchanged), (0, 0, 0), "{:?}", report.errors);
    assert!(report.rejected >= 1);
    assert!(
        report.errors.iter().all(|error| error.code == "not_utf8" || error.code == "not_json"),
        "{:?}",
        report.errors
    );
}

async fn attack_41_an_import_reads_byte_order_marks_and_crlf(db: TestDb) {
    import::files_come_in_several_forms(db).await;
}
