//! An author follows his petitions by code and access key, and nobody else's.

use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    journey::{ADDRESS, CONTENT, NAME, PHONE, Petition, Town},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_key_opens_its_petition_alone,
        a_phone_may_make_its_own_key,
        wrong_and_unknown_read_alike,
        the_author_reads_what_happened,
        the_first_look_is_the_delivery,
        a_supplement_comes_from_the_author,
        the_author_acts_within_the_table,
        a_merged_petition_shows_the_survivor,
        the_parts_of_a_split_come_with_it,
    ]
}

/// A problem without what differs from request to request.
fn bare(body: &Value) -> Value {
    let mut body = body.clone();
    for name in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

async fn a_key_opens_its_petition_alone(db: TestDb) {
    let town = Town::new(db);
    let (mine, other) = (town.submit(json!({})).await, town.submit(json!({"title": "Việc khác"})).await);
    let spoken = Petition { code: mine.code.to_lowercase(), key: mine.key.replace('-', " "), ..mine.clone() };
    let token = town.track(&[&spoken]).await;
    let list = town.app.get("/v1/tracking/petitions").token(&token).call().await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["items"][0]["code"], mine.code.as_str());
    assert_eq!(list.body["items"][0]["public_status"], "waiting");
    let view = town.own(&token, &mine).await;
    assert_eq!((&view.body["content"], view.version()), (&json!(CONTENT), 1));
    assert_eq!(view.body["deadline"], list.body["items"][0]["deadline"]);
    assert!(!view.text.contains(NAME) && !view.text.contains(PHONE) && !view.text.contains(ADDRESS));
    assert_eq!(view.field("cache-control"), "private, no-cache");

    let foreign =
        town.app.get(format!("/v1/tracking/petitions/{}", other.code)).token(&token).call().await.expect(404);
    let absent = town.app.get("/v1/tracking/petitions/KN-000000000").token(&token).call().await.expect(404);
    assert_eq!(bare(&foreign.body), bare(&absent.body));
    for action in ["supplement", "withdrawal", "reconsideration-request", "rating"] {
        let call = |code: &str| {
            town.app.post(format!("/v1/tracking/petitions/{code}/{action}")).token(&token).key().seen(1)
        };
        let foreign = call(&other.code).json(json!({"x": 1})).call().await.expect(404);
        let absent = call("KN-000000000").json(json!({"x": 1})).call().await.expect(404);
        assert_eq!(bare(&foreign.body), bare(&absent.body));
    }
    // A tracking token opens nothing that is for officials.
    town.app.get(format!("/v1/petitions/{}", mine.id)).token(&token).call().await.expect(401);
    let both = town.track(&[&mine, &other, &mine]).await;
    let list = town.app.get("/v1/tracking/petitions").token(&both).call().await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
}

async fn a_phone_may_make_its_own_key(db: TestDb) {
    let town = Town::new(db);
    let key = "khóa do điện thoại tự tạo";
    let digest = kiennghi::app::history::hex(&kiennghi::app::secrets::sha256(key.as_bytes()));
    let petition = town.submit(json!({"access_key_hash": digest})).await;
    assert_eq!(petition.key, "");
    let open = |key: &str| {
        let items = json!({"items": [{"code": petition.code, "access_key": key}]});
        town.app.post("/v1/tracking").json(items).call()
    };
    open(key).await.expect(200);
    open(&key.to_uppercase()).await.expect(404);
    let id = petition.id.parse().unwrap();
    let ours = town.app.app.secret().access_key(id);
    open(ours.reveal()).await.expect(404);
}

async fn wrong_and_unknown_read_alike(db: TestDb) {
    let town = Town::new(db);
    let (mine, other) = (town.submit(json!({})).await, town.submit(json!({})).await);
    let open = |items: Value| town.app.post("/v1/tracking").json(json!({"items": items})).call();
    let wrong = open(json!([{"code": mine.code, "access_key": other.key}])).await.expect(404);
    let unknown = open(json!([{"code": "KN-000000000", "access_key": mine.key}])).await.expect(404);
    let nonsense = open(json!([{"code": "không phải mã", "access_key": "x"}])).await.expect(404);
    assert_eq!(bare(&wrong.body), bare(&unknown.body));
    assert_eq!(bare(&wrong.body), bare(&nonsense.body));
    let some = open(
        json!([{"code": mine.code, "access_key": mine.key}, {"code": other.code, "access_key": mine.key},
        {"code": "KN-000000000", "access_key": mine.key}]),
    )
    .await
    .expect(200);
    assert_eq!(some.body["petitions"], json!([mine.code]));
    assert_eq!(some.body["not_found"], json!([other.code, "KN-000000000"]));
    assert_eq!((&some.body["token_type"], &some.body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(some.field("cache-control"), "no-store");

    assert_eq!(open(json!([])).await.expect(422).body["errors"][0]["pointer"], "#/items");
    open(json!(vec![json!({"code": mine.code, "access_key": mine.key}); 21])).await.expect(422);
    open(json!([{"code": "K".repeat(65), "access_key": "x"}])).await.expect(422);
    open(json!([{"code": mine.code}])).await.expect(400);
    open(json!([{"code": mine.code, "access_key": mine.key, "id": 1}])).await.expect(400);
    town.app.get("/v1/tracking/petitions").call().await.expect(401);
    town.app.get("/v1/tracking/petitions").token(&town.coordinator).call().await.expect(401);
}

fn events(view: &Value) -> Vec<&str> {
    view["timeline"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect()
}

async fn the_author_reads_what_happened(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let token = town.track(&[&petition]).await;
    town.classify(&petition, json!({})).await;
    town.take_up(&petition).await;
    let note = |text: &str, public: bool| json!({"text": text, "public": public});
    town.act(&town.handler, &petition, "progress-note", note("Đã khảo sát", true)).await;
    town.act(&town.handler, &petition, "progress-note", note("NỘI BỘ", false)).await;
    town.act(&town.handler, &petition, "reply-draft", json!({"text": "BẢN NHÁP", "outcome": "explained"}))
        .await;
    let view = town.own(&token, &petition).await;
    assert_eq!(
        events(&view.body),
        ["registration", "classification", "assignment", "acceptance", "progress-note"]
    );
    assert!(!view.text.contains("NỘI BỘ") && !view.text.contains("BẢN NHÁP"), "{}", view.text);
    assert_eq!(view.body["timeline"][4]["text"], "Đã khảo sát");
    assert_eq!(view.body["responsible_person"]["full_name"], "Cán bộ handler");
    assert_eq!(view.body["next_step"]["who"], "handler");
    assert_eq!(view.body["next_step"]["by"], view.body["deadline"]["due_on"]);
    assert_eq!((&view.body["reply"], &view.body["timeliness"]), (&Value::Null, &json!("on_track")));
    let en = town.app.get(format!("/v1/tracking/petitions/{}", petition.code)).token(&token);
    let en = en.header("Accept-Language", "en").call().await.expect(200);
    assert_eq!(
        (&en.body["public_status_label"], &en.body["timeline"][2]["label"]),
        (&json!("In progress"), &json!("Assigned"))
    );

    let refused = town.submit(json!({})).await;
    let token = town.track(&[&refused]).await;
    let rejection = json!({"ground": "not_competent", "explanation": "Thuộc sở", "guided_to": "Sở Xây dựng"});
    town.act(&town.intake, &refused, "rejection", rejection).await;
    let view = town.own(&token, &refused).await;
    assert_eq!(view.body["public_status"], "refused");
    let last = view.body["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["ground"]["code"], &last["text"], &last["guided_to"]),
        (&json!("not_competent"), &json!("Thuộc sở"), &json!("Sở Xây dựng"))
    );
}

async fn the_first_look_is_the_delivery(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let token = town.track(&[&petition]).await;
    town.classify(&petition, json!({})).await;
    town.take_up(&petition).await;
    town.answer(&petition, "Đã khơi cống.", "resolved", "101").await;
    let staff = town.app.get(format!("/v1/petitions/{}", petition.id)).token(&town.coordinator);
    let version = staff.call().await.expect(200).version();
    // The list is no look at the answer.
    town.app.get("/v1/tracking/petitions").token(&token).call().await.expect(200);
    let first = town.own(&token, &petition).await;
    assert_eq!(first.version(), version);
    assert_eq!(
        (&first.body["public_status"], &first.body["timeliness"]),
        (&json!("answered"), &json!("met"))
    );
    assert_eq!(
        (&first.body["reply"]["text"], &first.body["reply"]["outcome"]),
        (&json!("Đã khơi cống."), &json!("resolved"))
    );
    assert_eq!(first.body["reply"]["document"]["number"], "101");
    assert!(first.body["reply"]["delivered_at"].is_string());
    let again = town.own(&token, &petition).await;
    let deliveries = |view: &Value| events(view).iter().filter(|event| **event == "delivery").count();
    assert_eq!((deliveries(&first.body), deliveries(&again.body)), (1, 1));
    let events = town.app.get(format!("/v1/petitions/{}/events", petition.id)).token(&town.coordinator);
    let events = events.call().await.expect(200).body;
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["type"], &last["role"], &last["facts"]["method"]),
        (&json!("delivery"), &json!("system"), &json!("online"))
    );
}

async fn a_supplement_comes_from_the_author(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let token = town.track(&[&petition]).await;
    let wanted = json!({"missing": "Bản sao sổ đỏ", "answer_by": "2026-11-30"});
    town.act(&town.intake, &petition, "supplement-request", wanted).await;
    let view = town.own(&token, &petition).await;
    assert_eq!(
        (&view.body["public_status"], &view.body["timeliness"]),
        (&json!("needs_you"), &json!("paused"))
    );
    assert_eq!(
        (&view.body["next_step"]["who"], &view.body["next_step"]["by"]),
        (&json!("citizen"), &json!("2026-11-30"))
    );
    assert_eq!(
        (&view.body["deadline"]["due_at"], &view.body["timeline"][1]["text"]),
        (&Value::Null, &json!("Bản sao sổ đỏ"))
    );
    let list = town.app.get("/v1/tracking/petitions").token(&token).call().await.expect(200).body;
    for name in ["public_status", "next_step", "deadline", "timeliness"] {
        assert_eq!(list["items"][0][name], view.body[name], "{name}");
    }
    let action =
        view.body["actions"].as_array().unwrap().iter().find(|one| one["action"] == "supplement").unwrap();
    let href = action["href"].as_str().unwrap();
    town.app.post(href).token(&token).json(json!({"text": "Tôi gửi kèm."})).call().await.expect(400);
    let send = |key: &str| {
        let call = town.app.post(href).token(&token).header("Idempotency-Key", key);
        call.json(json!({"text": "Tôi gửi kèm."})).call()
    };
    let done = send("once").await.expect(200);
    assert_eq!(done.body["public_status"], "waiting");
    let replayed = send("once").await.expect(200);
    assert_eq!((replayed.field("idempotent-replayed"), replayed.version()), ("true", done.version()));
    assert_eq!(send("twice").await.expect(409).code(), "illegal-transition");
    let late = town
        .app
        .post(href)
        .token(&token)
        .key()
        .json(json!({"text": "x", "occurred_at": "2026-11-01T00:00:00Z"}));
    late.call().await.expect(409);
}

async fn the_author_acts_within_the_table(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let token = town.track(&[&petition]).await;
    let call = |action: &str| {
        town.app.post(format!("/v1/tracking/petitions/{}/{action}", petition.code)).token(&token)
    };
    let reason = json!({"reason": "Chưa thỏa đáng"});
    call("withdrawal").json(reason.clone()).call().await.expect(428);
    call("withdrawal").seen(9).json(reason.clone()).call().await.expect(412);
    call("withdrawal").seen(1).json(json!({})).call().await.expect(400);
    call("reconsideration-request").seen(1).json(reason.clone()).call().await.expect(409);
    call("classification").seen(1).json(json!({})).call().await.expect(404);
    town.classify(&petition, json!({})).await;
    town.take_up(&petition).await;
    town.answer(&petition, "Đã khơi cống.", "resolved", "102").await;
    let version = town.own(&token, &petition).await.version();
    let rated = call("rating")
        .key()
        .json(json!({"satisfaction": "dissatisfied", "reasons": "Chậm"}))
        .call()
        .await
        .expect(200);
    assert_eq!((rated.version(), &rated.body["rating"]), (version, &json!("dissatisfied")));
    assert!(!rated.body["actions"].as_array().unwrap().iter().any(|one| one["action"] == "rating"));
    assert_eq!(
        call("rating").key().json(json!({"satisfaction": "satisfied"})).call().await.expect(409).body["reason"],
        "already_rated"
    );
    let asked = call("reconsideration-request").seen(version).json(reason.clone()).call().await.expect(200);
    assert_eq!(asked.version(), version + 3, "delivery and rating lie between the versions");
    assert!(asked.body["actions"].as_array().unwrap().is_empty());
    let other = town.submit(json!({})).await;
    let token = town.track(&[&other]).await;
    let withdrawal = town.app.post(format!("/v1/tracking/petitions/{}/withdrawal", other.code)).token(&token);
    let ended = withdrawal.seen(1).json(reason).call().await.expect(200);
    assert_eq!((&ended.body["public_status"], &ended.body["next_step"]), (&json!("ended"), &Value::Null));
}

async fn a_merged_petition_shows_the_survivor(db: TestDb) {
    let town = Town::new(db);
    let (first, second) =
        (town.submit(json!({})).await, town.submit(json!({"content": "Đơn của hàng xóm."})).await);
    let (one, other) = (town.track(&[&first]).await, town.track(&[&second]).await);
    for petition in [&first, &second] {
        town.classify(petition, json!({})).await;
    }
    town.act(&town.coordinator, &second, "merge", json!({"survivor": first.id})).await;
    town.take_up(&first).await;
    let (survivor, merged) = (town.own(&one, &first).await, town.own(&other, &second).await);
    for name in ["public_status", "deadline", "timeliness", "next_step"] {
        assert_eq!(survivor.body[name], merged.body[name], "{name}");
    }
    assert_eq!(merged.body["merged_into"], json!({"code": first.code, "reply": null}));
    assert!(!merged.text.contains(CONTENT), "the survivor's content is its author's");
    town.answer(&first, "Trả lời riêng cho người gửi.", "resolved", "103").await;
    let merged = town.own(&other, &second).await;
    assert_eq!((&merged.body["public_status"], &merged.body["reply"]), (&json!("answered"), &Value::Null));
    assert!(!merged.text.contains("Trả lời riêng"));
    town.act(&town.approver, &first, "publication", json!({"public_text": "Đã khơi cống."})).await;
    let merged = town.own(&other, &second).await;
    assert_eq!(merged.body["merged_into"]["reply"]["text"], "Đã khơi cống.");
    let list = town.app.get("/v1/tracking/petitions").token(&other).call().await.expect(200).body;
    assert_eq!(list["items"][0]["public_status"], "answered");
    // The author of the merged one has not looked at the survivor's answer for its author.
    let survivor =
        town.app.get(format!("/v1/petitions/{}", first.id)).token(&town.coordinator).call().await.expect(200);
    assert_eq!(survivor.body["reply"]["delivered_at"], Value::Null);
}

async fn the_parts_of_a_split_come_with_it(db: TestDb) {
    let town = Town::new(db);
    let (mine, other) = (town.submit(json!({})).await, town.submit(json!({})).await);
    let part = |kind: &str| json!({"kind": kind, "title": "Phần", "content": "Một phần.", "field_code": "urban_order"});
    town.act(&town.intake, &mine, "split", json!({"parts": [part("proposal"), part("denunciation")]})).await;
    let items = json!({"items": [{"code": mine.code, "access_key": mine.key}]});
    let opened = town.app.post("/v1/tracking").json(items).call().await.expect(200).body;
    assert_eq!(opened["petitions"].as_array().unwrap().len(), 3);
    assert!(!opened["petitions"].as_array().unwrap().contains(&json!(other.code)));
    let token = opened["access_token"].as_str().unwrap();
    let list = town.app.get("/v1/tracking/petitions").token(token).call().await.expect(200).body;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    for code in opened["petitions"].as_array().unwrap() {
        town.app
            .get(format!("/v1/tracking/petitions/{}", code.as_str().unwrap()))
            .token(token)
            .call()
            .await
            .expect(200);
    }
}
