//! Verification: what is as it was written passes, and one changed byte anywhere does not.

mod tampering;

use kiennghi::app::{
    actions::Request,
    demo, import,
    people::{self, NewAccount},
    verify::{self, Head, Summary, Told},
};
use kiennghi::{
    domain::{
        act::*,
        id::PetitionId,
        submission::Personal,
        vocabulary::{DeliveryMethod, Kind, Outcome, Role, Satisfaction, State, Visibility},
    },
    store::{self, agencies},
};
use serde_json::json;

use crate::support::{
    Case, TestDb, cases,
    client::{START, TestApp},
    given::{self, People, act_now},
};

pub(crate) fn cases() -> Vec<Case> {
    [cases![what_was_written_passes, a_log_cut_short_is_not_the_one_that_was_kept], tampering::cases()]
        .concat()
}

/// What a whole verification says: every finding, and what it came to.
#[track_caller]
pub(crate) fn verified(app: &TestApp) -> (Vec<String>, Summary) {
    verified_against(app, None)
}

#[track_caller]
fn verified_against(app: &TestApp, kept: Option<&Head>) -> (Vec<String>, Summary) {
    let mut findings = Vec::new();
    let summary = verify::run(app.app.db(), &zone(), kept, &mut |told| {
        if let Told::Finding(finding) = told {
            findings.push(finding.to_string());
        }
    });
    (findings, summary.unwrap())
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

/// The demo, an account that was added by command, an imported backlog, and a submission over HTTP.
async fn lived_in(db: TestDb) -> TestApp {
    let app = TestApp::starting(db, START);
    demo::add_missing(&app.app).unwrap();
    let account = NewAccount {
        username: "moi".to_owned(),
        full_name: "Lê Thị Mới".to_owned(),
        position: "Phó Chủ tịch".to_owned(),
        agency_code: "H99.1".to_owned(),
        role: Role::Approver,
        whole_installation: false,
        ceiling: Visibility::Restricted,
    };
    people::add_account(&app.app, account, &Personal::new("mật khẩu dài")).unwrap();
    let line = |id: &str, closed: bool, title: &str| {
        json!({
            "source_system": "old", "external_id": id, "kind": "feedback", "channel": "hotline", "title": title,
            "content": "Đèn đường không sáng.", "field_code": "transport", "agency_code": "H99.1",
            "received_at": "2025-03-03T08:00:00+07:00", "due_at": "2025-03-10T17:00:00+07:00",
            "closed_at": closed.then_some("2025-03-12T09:00:00+07:00"),
            "reply_text": closed.then_some("Đã thay bóng."),
            "location_text": "Ngõ 7", "latitude": 21.03, "longitude": 105.85,
        })
    };
    let file = [line("1", true, "Đèn hỏng"), line("2", false, "Đèn hỏng"), line("2", true, "Đèn tắt hẳn")];
    for line in file {
        let report = import::run(&app.app, line.to_string().as_bytes(), true, &mut |_| {}).unwrap();
        assert_eq!(report.rejected, 0, "{report:?}");
    }
    let submission = json!({
        "kind": "feedback", "title": "Đèn hỏng", "content": "Đèn đường hỏng ba hôm nay.", "field_code": "transport",
        "agency_code": "H99.1",
        "submitter": {
            "full_name": "Nguyễn Văn Ánh", "phone": "0912345678", "email": "anh@example.com",
            "address": "Ngõ 7", "id_document_type": "cccd", "id_document_number": "001099012345",
            "organisation": "Tổ dân phố 3", "tax_code": "0101234567",
        },
        "consent": {"text_version": "2026-01", "at": "2026-11-23T06:00:00Z"},
        "client_reference": "0197c2f4-0000-7001-8000-0000000000aa",
        "access_key_hash": "ab".repeat(32),
        "location": {"text": "Ngõ 7", "latitude": 21.0285, "longitude": 105.8542},
    });
    let told = app.post("/v1/petitions").key().json(submission).call().await.expect(201);
    change_calendar(&app).await;
    carry_through(&app, told.body["id"].as_str().unwrap().parse().unwrap());
    app
}

/// Adds a day on which nobody works, and lets petitions go over to it.
async fn change_calendar(app: &TestApp) {
    let admin = app.app.read_now(|tx, _| Ok(store::people::official_by_username(tx, "admin")?)).unwrap();
    let token = app.token(admin.unwrap().id);
    let day = json!({"day": "2026-12-02", "action": "add", "kind": "holiday", "name": "Nghỉ thêm"});
    let body = json!({"source": "Công điện 1/CĐ", "days": [day]});
    app.post("/v1/calendar-changes?apply=true").token(&token).json(body).call().await.expect(201);
    assert!(kiennghi::app::recalculation::run_due(&app.app).unwrap() > 0);
}

/// Takes a petition up, answers it with a promise, and does what comes after an answer.
fn carry_through(app: &TestApp, id: PetitionId) {
    let official = |username: &'static str| {
        app.app.read_now(|tx, _| Ok(store::people::official_by_username(tx, username)?)).unwrap().unwrap().id
    };
    let agency =
        |code: &'static str| app.app.read_now(|tx, _| Ok(agencies::by_code(tx, code)?)).unwrap().unwrap().id;
    let people = People {
        ward: agency("H99.1"),
        other: agency("H99.2"),
        intake: official("intake"),
        coordinator: official("coordinator"),
        handler: official("handler"),
        approver: official("approver"),
        auditor: official("auditor"),
        admin: official("admin"),
        helper: official("handler"),
        second_coordinator: official("coordinator"),
        second_handler: official("handler"),
    };
    let act = |role: Role, mut request: Request| {
        if let Act::Assignment(facts) = &mut request.act {
            facts.supporting.iter_mut().for_each(|support| support.person_id = None);
        }
        let who = people.caller(role, id);
        let name = request.act.name();
        let done = app.app.write_now(move |tx, world| act_now(tx, world, &who, id, request.clone()));
        done.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    };
    let kind = Kind::Feedback;
    let decline = Decline { reason: given::text("Không thuộc"), agency_id: people.other };
    let mut steps = people.way(kind, State::Assigned);
    steps.push((Role::Handler, decline.into()));
    for (role, mut request) in people.way(kind, State::Answered).into_iter().skip(1) {
        if let Act::ReplyDraft(draft) = &mut request.act {
            draft.outcome = Outcome::Planned;
            draft.commitments = vec![Commitment {
                text: given::text("Thay toàn bộ đèn"),
                due_on: given::day("2027-03-01"),
                agency_id: Some(people.ward),
                person_id: Some(people.handler),
            }];
        }
        steps.push((role, request));
    }
    let rating = Rating { satisfaction: Satisfaction::Acceptable, reasons: Some(given::text("Hơi chậm")) };
    steps.extend([
        (Role::Handler, Delivery { method: DeliveryMethod::Post }.into()),
        (Role::Approver, Publication { public_text: given::text("Phường đã trả lời.") }.into()),
        (Role::Approver, Takedown { reason: given::text("Lộ tên") }.into()),
        (Role::Citizen, Request::from(rating)),
    ]);
    steps.into_iter().for_each(|(role, request)| act(role, request));
}

async fn what_was_written_passes(db: TestDb) {
    let app = lived_in(db).await;
    let (findings, summary) = verified(&app);
    assert_eq!(findings, Vec::<String>::new());
    assert!(summary.petitions > 12 && summary.events > 50 && summary.other_events > 0, "{summary}");
    let head = summary.head.unwrap();
    assert_eq!(head.position as u64, summary.events + summary.other_events);
    assert_eq!(head.to_string().parse(), Ok(head));
}

async fn a_log_cut_short_is_not_the_one_that_was_kept(db: TestDb) {
    let app = lived_in(db).await;
    let before = verified(&app).1.head.unwrap();
    demo::add_missing(&app.app).unwrap();
    app.post("/v1/petitions")
        .key()
        .json(json!({"kind": "feedback", "title": "Đèn", "content": "Hỏng.", "field_code": "transport"}))
        .call()
        .await
        .expect(201);
    let (findings, summary) = verified_against(&app, Some(&before));
    assert_eq!(findings, Vec::<String>::new());
    let after = summary.head.unwrap();
    assert_eq!(after.position, before.position + 1);

    // The last petition goes with everything that is kept of it: nothing here can tell, but the head that was kept.
    tampering::forget_last_petition(&app);
    assert_eq!(verified(&app).0, Vec::<String>::new());
    let findings = verified_against(&app, Some(&after)).0;
    let end = format!(
        "log: event: the log ends at position {}, before position {}",
        before.position, after.position
    );
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with(&end), "{findings:?}");

    let other = Head { digest: [7; 32], ..before };
    let findings = verified_against(&app, Some(&other)).0;
    assert!(findings[0].contains("it is not the log whose head was kept"), "{findings:?}");
}
