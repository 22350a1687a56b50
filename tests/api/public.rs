//! What everybody may read, and that nothing about a person is in it.

use serde_json::{Value, json};

use crate::support::{
    Case, TestDb, cases,
    client::Reply,
    journey::{ADDRESS, CONTENT, NAME, PHONE, TITLE, Town},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        nothing_is_public_before_classification,
        a_public_page_shows_reviewed_words_alone,
        replies_to_others_stand_alone,
        the_list_is_paged_and_filtered,
        what_was_sealed_or_taken_down_is_gone,
    ]
}

/// Every public address, and a page of each list.
async fn everything(town: &Town, code: &str) -> Vec<Reply> {
    let mut replies = Vec::new();
    for address in [
        "/v1/public/petitions".to_owned(),
        format!("/v1/public/petitions/{code}"),
        "/v1/public/replies".to_owned(),
        "/v1/reference".to_owned(),
        "/v1/agencies".to_owned(),
    ] {
        let reply = town.app.get(address).call().await;
        for canary in [NAME, PHONE, ADDRESS, CONTENT, TITLE, "TRẢ LỜI RIÊNG"] {
            assert!(!reply.text.contains(canary), "{canary} in {}", reply.text);
        }
        replies.push(reply);
    }
    replies
}

async fn nothing_is_public_before_classification(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    let replies = everything(&town, &petition.code).await;
    assert_eq!(replies[0].body, json!({"items": [], "next_cursor": null}));
    assert_eq!(replies[1].status, 404);
    let absent = town.app.get("/v1/public/petitions/KN-000000000").call().await.expect(404);
    assert_eq!(absent.code(), replies[1].code());
    town.classify(
        &petition,
        json!({"visibility": "parties_only", "public_title": null, "public_summary": null}),
    )
    .await;
    assert_eq!(everything(&town, &petition.code).await[1].status, 404);
    let secret = town.submit(json!({"kind": "denunciation"})).await;
    let body = json!({"kind": "denunciation", "public_title": null, "public_summary": null});
    town.classify(&secret, body).await;
    assert_eq!(everything(&town, &secret.code).await[1].status, 404);
}

async fn a_public_page_shows_reviewed_words_alone(db: TestDb) {
    let town = Town::new(db);
    let petition = town.submit(json!({})).await;
    town.classify(&petition, json!({})).await;
    town.take_up(&petition).await;
    town.act(&town.handler, &petition, "progress-note", json!({"text": "TRẢ LỜI RIÊNG", "public": true}))
        .await;
    town.answer(&petition, "TRẢ LỜI RIÊNG", "resolved", "201").await;
    let before = everything(&town, &petition.code).await;
    assert_eq!(before[1].body["reply"], Value::Null);
    town.act(&town.approver, &petition, "publication", json!({"public_text": "Đã khơi cống."})).await;
    let replies = everything(&town, &petition.code).await;
    let page = &replies[1].body;
    assert_eq!(
        (&page["public_title"], &page["public_summary"]),
        (&json!("Ngập một ngõ"), &json!("Đề nghị khơi cống."))
    );
    assert_eq!((&page["public_status"], &page["timeliness"]), (&json!("answered"), &json!("met")));
    assert_eq!((&page["reply"]["text"], &page["agency"]["code"]), (&json!("Đã khơi cống."), &json!("H99.1")));
    assert_eq!(page["responsible_person"], json!({"full_name": "Cán bộ handler", "position": "handler"}));
    let events: Vec<&str> =
        page["timeline"].as_array().unwrap().iter().map(|mark| mark["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["registration", "classification", "assignment", "acceptance", "reply-approval", "publication"]
    );
    let names: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "agency",
            "code",
            "deadline",
            "field_code",
            "kind",
            "public_status",
            "public_status_label",
            "public_summary",
            "public_title",
            "reply",
            "responsible_person",
            "timeline",
            "timeliness"
        ],
        "a new member of the public page is a decision"
    );
    assert_eq!(replies[2].body["items"], json!([]), "the reply is on the page");
    let list = &replies[0];
    assert_eq!(list.body["items"][0]["deadline"], page["deadline"], "rows and fold agree");
    assert_eq!(list.field("cache-control"), "public, max-age=60");
    let known = list.field("etag");
    town.app.get("/v1/public/petitions").header("If-None-Match", known).call().await.expect(304);
    let en =
        town.app.get("/v1/public/petitions").header("Accept-Language", "en").header("If-None-Match", known);
    assert_eq!(en.call().await.expect(200).body["items"][0]["public_status_label"], "Answered");
}

async fn replies_to_others_stand_alone(db: TestDb) {
    let town = Town::new(db);
    let mut ids = Vec::new();
    for number in ["301", "302", "303"] {
        let secret = town.submit(json!({"kind": "denunciation"})).await;
        let body = json!({"kind": "denunciation", "public_title": null, "public_summary": null});
        town.classify(&secret, body).await;
        town.take_up(&secret).await;
        town.answer(&secret, "TRẢ LỜI RIÊNG", "upheld", number).await;
        let text = format!("Kết luận {number} đã thực hiện.");
        town.act(&town.approver, &secret, "publication", json!({"public_text": text})).await;
        ids.push(secret);
    }
    let all = everything(&town, &ids[0].code).await;
    assert_eq!((&all[0].body["items"], all[1].status.as_u16()), (&json!([]), 404));
    let reply = &all[2].body["items"][0];
    assert_eq!(reply["text"], "Kết luận 303 đã thực hiện.");
    assert_eq!((&reply["issued_on"], &reply["agency"]["code"]), (&json!("2026-11-23"), &json!("H99.1")));
    assert_eq!(reply.as_object().unwrap().len(), 3);
    for secret in &ids {
        assert!(!all[2].text.contains(&secret.code) && !all[2].text.contains(&secret.id));
    }
    assert!(!all[2].text.contains("Cán bộ"));
    let first = town.app.get("/v1/public/replies?limit=2").call().await.expect(200).body;
    let next = format!("/v1/public/replies?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = town.app.get(next).call().await.expect(200).body;
    assert_eq!(
        (&rest["items"][0]["text"], &rest["next_cursor"]),
        (&json!("Kết luận 301 đã thực hiện."), &Value::Null)
    );
    // Taken down, and published again in other words.
    town.act(&town.approver, &ids[2], "takedown", json!({"reason": "Có tên người"})).await;
    let texts = |reply: &Value| -> Vec<String> {
        reply["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let left = town.app.get("/v1/public/replies").call().await.expect(200).body;
    assert_eq!(texts(&left), ["Kết luận 302 đã thực hiện.", "Kết luận 301 đã thực hiện."]);
    town.act(&town.approver, &ids[2], "publication", json!({"public_text": "Đã lược tên."})).await;
    let back = town.app.get("/v1/public/replies").call().await.expect(200).body;
    assert_eq!(texts(&back), ["Đã lược tên.", "Kết luận 302 đã thực hiện.", "Kết luận 301 đã thực hiện."]);
}

async fn the_list_is_paged_and_filtered(db: TestDb) {
    let town = Town::new(db);
    let mut codes = Vec::new();
    for number in 0..5 {
        let field = if number % 2 == 0 { "noise" } else { "land" };
        let petition = town.submit(json!({"location": {"area_code": "99001"}})).await;
        town.classify(&petition, json!({"field_code": field, "public_title": format!("Việc {number}")}))
            .await;
        if number == 4 {
            town.take_up(&petition).await;
        }
        codes.insert(0, petition.code);
    }
    let get = async |query: &str| town.app.get(format!("/v1/public/petitions?{query}")).call().await;
    let listed = |reply: &Reply| -> Vec<String> {
        reply.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = get("limit=2").await.expect(200);
    let mut seen = listed(&first);
    let mut next = first.body["next_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let page = get(&format!("limit=2&cursor={cursor}")).await.expect(200);
        seen.extend(listed(&page));
        next = page.body["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, codes, "the latest published first, each once");
    let noise = get("field_code=noise").await.expect(200);
    assert_eq!(listed(&noise).len(), 3);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(get(&format!("field_code=noise&cursor={cursor}")).await.expect(400).code(), "invalid-cursor");
    assert_eq!(listed(&get("public_status=in_progress").await.expect(200)), [codes[0].clone()]);
    assert_eq!(listed(&get(&format!("agency_id={}", town.ward)).await.expect(200)), [codes[0].clone()]);
    assert_eq!(
        listed(&get("kind=feedback&public_status=waiting&area_code=99001").await.expect(200)).len(),
        4
    );
    assert_eq!(listed(&get("kind=proposal").await.expect(200)).len(), 0);
    for refused in ["limit=0", "limit=101", "kind=x", "title=x", "kind=feedback&kind=feedback", "agency_id=x"]
    {
        get(refused).await.expect(400);
    }
}

async fn what_was_sealed_or_taken_down_is_gone(db: TestDb) {
    let town = Town::new(db);
    for (action, body) in [
        ("takedown", json!({"reason": "Có tên người"})),
        ("reclassification", json!({"visibility": "restricted", "reason": "Liên quan tố cáo"})),
    ] {
        let petition = town.submit(json!({})).await;
        town.classify(&petition, json!({})).await;
        assert_eq!(everything(&town, &petition.code).await[1].status, 200);
        town.act(&town.coordinator, &petition, action, body).await;
        let replies = everything(&town, &petition.code).await;
        assert_eq!((replies[1].status.as_u16(), &replies[0].body["items"]), (404, &json!([])), "{action}");
    }
}
