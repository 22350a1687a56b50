//! Lateness in full: against each end, in each list an auditor reads, with its course; and figures with the lists
//! behind them.

use std::collections::{BTreeMap, BTreeSet};

use kiennghi::domain::{
    act::*,
    id::PetitionId,
    submission::{Location, Submission},
    time::Instant,
    vocabulary::*,
};
use serde_json::Value;

use crate::{
    lists::{FIELDS, agencies, all, ids, records},
    support::{
        Case, TestDb, cases,
        client::TestApp,
        given::{self, Given, day, document, text},
        records::{Dice, Record},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        neither_extension_nor_pause_helps_against_a_promise,
        items_tell_how_it_came,
        what_rests_tells_what_the_rest_is_worth,
        what_was_passed_on_waits_for_its_result,
        nothing_is_lost_without_a_clock,
        idle_means_that_nobody_did_anything,
        filters_part_what_is_overdue,
        every_figure_has_its_list,
        lists_refuse_what_they_do_not_know,
    ]
}

fn inspector(given: &Given) -> String {
    let app = &given.app;
    app.token(app.official("inspector", given.people.ward, Role::Auditor, None, Visibility::Restricted))
}

/// Acts as the role does, at the time that stands.
fn does(given: &Given, role: Role, id: PetitionId, act: impl Into<kiennghi::app::actions::Request>) {
    let who = given.people.caller(role, id);
    given.act(&who, id, act).unwrap();
}

fn clock_to(given: &Given, instant: &str) {
    given.turn_to(instant);
    given.app.turn_to(instant);
}

fn find(items: &[Value], id: PetitionId) -> Option<&Value> {
    items.iter().find(|item| item["id"] == id.to_string())
}

fn extension() -> Extension {
    Extension {
        criteria: Vec::new(),
        reason: Some(text("Cần khảo sát")),
        decision: document(),
        notified_on: document().issued_on,
        amount: Some(25),
        complexity: None,
    }
}

async fn neither_extension_nor_pause_helps_against_a_promise(db: TestDb) {
    let given = Given::new(db);
    let (extended, rests, done) = (
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::Answered),
    );
    does(&given, Role::Approver, extended, extension());
    does(&given, Role::Approver, rests, given::suspension());
    let token = inspector(&given);
    let late = async |query: &str| -> BTreeSet<String> {
        ids(&all(&given.app, &token, &format!("/v1/overdue?{query}")).await)
    };
    let of = |ids: &[PetitionId]| -> BTreeSet<String> { ids.iter().map(ToString::to_string).collect() };
    // 15 working days from 23 November, of which the 24th is a holiday: 15 December.
    clock_to(&given, "2026-12-15T12:00:00+07:00");
    for basis in ["official", "first_deadline", "promise"] {
        assert!(late(&format!("basis={basis}")).await.is_empty(), "{basis}");
    }
    clock_to(&given, "2026-12-17T09:00:00+07:00");
    assert!(late("").await.is_empty(), "extended, or at rest");
    let open = of(&[extended, rests]);
    assert_eq!(late("basis=first_deadline").await, open, "{done} was answered");
    assert_eq!(late("basis=promise").await, open);
    assert_eq!(late("basis=promise&sort=-due_at").await, open);
    assert_eq!(late("basis=first_deadline&sort=agency").await, open);
    assert_eq!(late("basis=first_deadline&clock=resolution").await, open);
    assert_eq!(late("basis=promise&clock=resolution").await, open);
    assert!(late("basis=first_deadline&clock=intake").await.is_empty(), "intake was met");
    for basis in ["first_deadline", "promise"] {
        let items = all(&given.app, &token, &format!("/v1/overdue?basis={basis}")).await;
        for item in &items {
            assert_eq!(
                (&item["overdue_days"], &item["overdue_working_days"]),
                (&2.into(), &2.into()),
                "{item}"
            );
            let word = if item["id"] == rests.to_string() { "paused" } else { "on_track" };
            assert_eq!(item["timeliness"], word, "officially it is not late");
            assert!(item["promised_due_at"].is_string());
        }
        assert_eq!(late(&format!("basis={basis}&min_days_overdue=2")).await, open);
        assert!(late(&format!("basis={basis}&min_days_overdue=3")).await.is_empty());
        assert!(late(&format!("basis={basis}&as_of=2026-12-14")).await.is_empty());
        assert_eq!(late(&format!("basis={basis}&as_of=2026-12-16")).await, open);
        assert!(late(&format!("basis={basis}&recorded_by=2026-11-22")).await.is_empty(), "nothing was known");
        let path = format!("/v1/overdue/summary?basis={basis}&group_by=kind");
        let summary = given.app.get(path).token(&token).call().await.expect(200);
        assert_eq!(summary.body["total"], 2);
        let behind = summary.body["groups"][0]["href"].as_str().unwrap();
        assert_eq!(ids(&all(&given.app, &token, behind).await), open);
    }
    clock_to(&given, "2027-01-20T09:00:00+07:00");
    assert_eq!(late("").await, of(&[extended]), "the extension ran out; what rests never becomes late");
}

async fn items_tell_how_it_came(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::InProgress);
    given.turn_to("2026-11-26T09:00:00+07:00");
    does(&given, Role::Approver, id, given::suspension());
    given.turn_to("2026-11-30T09:00:00+07:00");
    does(&given, Role::Approver, id, Resumption { document: None });
    does(&given, Role::Approver, id, extension());
    given.turn_to("2026-12-03T09:00:00+07:00");
    let transfer = Transfer {
        agency_id: given.people.other,
        responsible_id: given.people.helper,
        supporting: Vec::new(),
        reason: text("Đúng địa bàn"),
    };
    does(&given, Role::Coordinator, id, transfer);
    clock_to(&given, "2026-12-30T09:00:00+07:00");
    let token = inspector(&given);
    let items = all(&given.app, &token, "/v1/overdue?basis=promise").await;
    let item = find(&items, id).unwrap();
    assert_eq!((&item["extensions"], &item["pauses"]), (&1.into(), &1.into()), "{item}");
    let rule = &item["deadline"]["rule"];
    assert!(rule["code"].is_string() && rule["legal_basis"].is_string(), "{item}");
    let held: Vec<(&str, i64)> = item["held"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| (held["agency"]["code"].as_str().unwrap(), held["working_days"].as_i64().unwrap()))
        .collect();
    // From 23 November, with the holiday of the 24th, to 3 December; from there to 30 December.
    assert_eq!(held, [("H99.1", 7), ("H99.2", 19)]);
    assert_eq!((&item["overdue_days"], &item["overdue_working_days"]), (&15.into(), &11.into()));
    let then = "/v1/overdue?basis=promise&as_of=2026-12-27&recorded_by=2026-11-27";
    let before = all(&given.app, &token, then).await;
    let item = find(&before, id).unwrap();
    assert_eq!((&item["extensions"], &item["pauses"]), (&0.into(), &1.into()), "as it was known then");
    assert_eq!(item["held"].as_array().unwrap().len(), 1);
}

async fn what_rests_tells_what_the_rest_is_worth(db: TestDb) {
    let given = Given::new(db);
    let (suspended, asked) = (
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::InProgress),
    );
    given.turn_to("2026-12-01T09:00:00+07:00");
    does(&given, Role::Approver, suspended, given::suspension());
    let wanted = SupplementRequest { missing: text("Bản sao"), answer_by: day("2026-12-31") };
    does(&given, Role::Handler, asked, wanted);
    let token = inspector(&given);
    let app = &given.app;
    clock_to(&given, "2026-12-11T09:00:00+07:00");
    let items = all(app, &token, "/v1/paused").await;
    let pause = &find(&items, suspended).unwrap()["pause"];
    assert_eq!((&pause["action"], &pause["ground"]), (&"suspension".into(), &"force_majeure".into()));
    assert_eq!((&pause["days"], &pause["working_days"]), (&10.into(), &8.into()));
    assert_eq!((&pause["would_be_days_late"], &pause["until"]), (&0.into(), &Value::Null));
    let pause = &find(&items, asked).unwrap()["pause"];
    assert_eq!((&pause["action"], &pause["ground"]), (&"supplement-request".into(), &Value::Null));
    assert_eq!(pause["until"], "2026-12-31T17:00:00Z");
    clock_to(&given, "2026-12-20T09:00:00+07:00");
    for item in all(app, &token, "/v1/paused?sort=-received_at").await {
        let pause = &item["pause"];
        assert_eq!(pause["would_be_days_late"], 5, "due on 15 December: {item}");
        assert_eq!(pause["would_be_working_days_late"], 3);
        assert_eq!((&item["timeliness"], &item["overdue_days"]), (&"paused".into(), &Value::Null));
    }
    assert!(all(app, &token, "/v1/paused?as_of=2026-11-30").await.is_empty());
    assert_eq!(all(app, &token, "/v1/paused?as_of=2026-12-02&kind=proposal").await.len(), 2);
    assert!(all(app, &token, "/v1/paused?recorded_by=2026-11-30").await.is_empty());
    clock_to(&given, "2027-01-04T09:00:00+07:00");
    assert_eq!(ids(&all(app, &token, "/v1/paused").await).len(), 1, "the supplement's time is over");
}

async fn what_was_passed_on_waits_for_its_result(db: TestDb) {
    let given = Given::new(db);
    let (open, back) =
        (given.petition(Kind::Feedback, State::Forwarded), given.petition(Kind::Feedback, State::Forwarded));
    given.turn_to("2026-11-30T09:00:00+07:00");
    let result = ForwardingResult { document: document(), text: text("Kết quả") };
    does(&given, Role::Intake, back, result);
    // A later change of the forwarded petition does not bring the result into doubt.
    does(&given, Role::Coordinator, back, given::sealing());
    clock_to(&given, "2026-12-07T09:00:00+07:00");
    let token = inspector(&given);
    let list =
        async |query: &str| all(&given.app, &token, &format!("/v1/forwarded-without-result?{query}")).await;
    let items = list("").await;
    assert_eq!(ids(&items), BTreeSet::from([open.to_string()]));
    let forwarding = &items[0]["forwarding"];
    assert_eq!(forwarding["receiving_body"], "Bộ Tư pháp");
    assert_eq!((&forwarding["days"], &forwarding["working_days"]), (&14.into(), &9.into()), "{forwarding}");
    assert_eq!(list("as_of=2026-11-29").await.len(), 2);
    assert_eq!(list("recorded_by=2026-11-29").await.len(), 2);
    assert!(list("as_of=2026-11-22").await.is_empty());
}

async fn nothing_is_lost_without_a_clock(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    let records = records(&mut Dice::new(21), &agencies, 60);
    let known: Vec<(String, Record)> =
        records.iter().map(|record| (app.record(record).to_string(), record.clone())).collect();
    let token = app.token(app.official("auditor", agencies[0], Role::Auditor, None, Visibility::Restricted));
    let mut seen = 0;
    for as_of in ["2026-04-30", "2026-11-20"] {
        let at = day(as_of).end(&jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
        let open = |record: &Record| {
            let over = |end: Option<Instant>| end.is_some_and(|end| end <= at);
            record.received_at <= at && !over(record.closed_at) && !over(record.ended_at)
        };
        let expected: BTreeSet<String> = known
            .iter()
            .filter(|(_, record)| record.due_at.is_none() && open(record))
            .map(|(id, _)| id.clone())
            .collect();
        let found = all(&app, &token, &format!("/v1/without-clock?as_of={as_of}")).await;
        assert_eq!(ids(&found), expected);
        assert!(found.iter().all(|item| item["deadline"].is_null() && item["timeliness"] == "none"));
        seen += expected.len();
    }
    assert!(seen > 4, "{seen}");
}

async fn idle_means_that_nobody_did_anything(db: TestDb) {
    let given = Given::new(db);
    let (idle, drafted, noted, done) = (
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::InProgress),
        given.petition(Kind::Proposal, State::Answered),
    );
    given.turn_to("2026-12-20T09:00:00+07:00");
    // A draft changes no stretch and is work all the same; a note is not.
    does(&given, Role::Handler, drafted, given::draft(Kind::Proposal));
    let note = ProgressNote { text: text("Đang làm"), public: false, answers: None };
    does(&given, Role::Handler, noted, note);
    clock_to(&given, "2027-01-07T09:00:00+07:00");
    let token = inspector(&given);
    let list = async |query: &str| ids(&all(&given.app, &token, &format!("/v1/{query}")).await);
    let of = |ids: &[PetitionId]| -> BTreeSet<String> { ids.iter().map(ToString::to_string).collect() };
    assert_eq!(list("petitions?idle_days_min=45").await, of(&[idle, noted]), "not {done}: it is answered");
    assert_eq!(list("petitions?idle_days_min=18").await, of(&[idle, noted, drafted]));
    assert!(list("petitions?idle_days_min=46").await.is_empty());
    assert_eq!(list("overdue?idle_days_min=45").await, of(&[idle, noted]));
    assert_eq!(list("petitions?idle_days_min=45&recorded_by=2026-12-01").await, of(&[idle, noted, drafted]));
    assert_eq!(list("petitions?idle_days_min=20&as_of=2026-12-15").await, of(&[idle, noted, drafted]));
}

/// Each filter parts the overdue into what it names, and the parts are the whole.
async fn filters_part_what_is_overdue(db: TestDb) {
    let given = Given::new(db);
    let app = &given.app;
    let home = given.people.ward;
    for record in records(&mut Dice::new(22), &[home, given.people.other], 60) {
        app.record(&record);
    }
    let somewhere = Submission {
        location: Some(Location { area_code: Some("99001".to_owned()), ..Location::default() }),
        ..given::submission(Kind::Proposal)
    };
    let there = given.submit(kiennghi::app::caller::Caller::Anonymous, somewhere).unwrap().case.id;
    let assigned = given.petition(Kind::Proposal, State::InProgress);
    clock_to(&given, "2027-02-01T09:00:00+07:00");
    let token = inspector(&given);
    let list = async |query: &str| ids(&all(app, &token, &format!("/v1/overdue?{query}")).await);
    let whole = list("").await;
    assert!(whole.len() > 15, "{}", whole.len());
    assert_eq!(list("area_code=99001").await, BTreeSet::from([there.to_string()]));
    let own = list(&format!("responsible_id={}", given.people.handler)).await;
    assert_eq!(own, BTreeSet::from([assigned.to_string()]));
    assert_eq!(&(&own | &list("unassigned=true").await), &whole);
    assert!(own.is_disjoint(&list("unassigned=true").await));
    assert_eq!(list("level=commune").await, whole);
    for none in ["level=province", "level=unknown", "area_code=99002"] {
        assert!(list(none).await.is_empty(), "{none}");
    }
    let parts: [(&str, Vec<&str>); 4] = [
        ("kind", Kind::ALL.iter().map(|code| code.as_str()).collect()),
        ("channel", Channel::ALL.iter().map(|code| code.as_str()).collect()),
        ("field_code", FIELDS.iter().copied().chain(["urban_infrastructure"]).collect()),
        ("state", State::ALL.iter().map(|code| code.as_str()).collect()),
    ];
    for (name, values) in parts {
        let mut union = BTreeSet::new();
        for value in values {
            let part = list(&format!("{name}={value}")).await;
            assert!(union.is_disjoint(&part), "{name}={value}");
            union.extend(part);
        }
        assert_eq!(union, whole, "{name}");
    }
    // By agency, then longest overdue first, over pages of any size.
    let by_agency = all(app, &token, "/v1/overdue?sort=agency").await;
    assert_eq!(ids(&by_agency), whole);
    let place = |item: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let due: Instant = text(&item["deadline"]["due_at"]).parse().unwrap();
        (text(&item["agency"]["code"]), due, text(&item["id"]))
    };
    let places: Vec<_> = by_agency.iter().map(place).collect();
    assert!(places.is_sorted() && places.first().unwrap().0 != places.last().unwrap().0);
}

async fn every_figure_has_its_list(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    for record in records(&mut Dice::new(23), &agencies, 120) {
        app.record(&record);
    }
    let token = app.token(app.official("auditor", agencies[0], Role::Auditor, None, Visibility::Restricted));
    let narrow = format!("agency_id={}&", agencies[1]);
    for question in ["", "as_of=2026-06-30&", "kind=proposal&min_days_overdue=5&", &narrow] {
        let whole = all(&app, &token, &format!("/v1/overdue?{question}")).await;
        for by in ["agency", "field", "kind", "level", "person", "channel"] {
            let path = format!("/v1/overdue/summary?{question}group_by={by}");
            let summary = app.get(path).token(&token).call().await.expect(200);
            assert_eq!(summary.body["total"], whole.len());
            let mut union = BTreeSet::new();
            for group in summary.body["groups"].as_array().unwrap() {
                let behind = ids(&all(&app, &token, group["href"].as_str().unwrap()).await);
                assert_eq!(group["count"], behind.len(), "{group}");
                assert!(union.is_disjoint(&behind), "{group}");
                union.extend(behind);
            }
            assert_eq!(union, ids(&whole), "{question} {by}");
            let subtrees = summary.body["subtrees"].as_array().unwrap();
            assert_eq!(subtrees.is_empty(), by != "agency");
            for group in subtrees {
                let behind = all(&app, &token, group["href"].as_str().unwrap()).await;
                assert_eq!(group["count"], behind.len(), "{group}");
                let oldest = behind.first().map(|item| &item["deadline"]["due_at"]);
                assert_eq!(Some(&group["oldest_due_at"]), oldest);
            }
            let counts: BTreeMap<&str, i64> = subtrees
                .iter()
                .map(|group| (group["key"].as_str().unwrap(), group["count"].as_i64().unwrap()))
                .collect();
            let top = if question == narrow { "H99.1" } else { "H99" };
            if by == "agency" {
                assert_eq!(counts.get(top).copied(), Some(whole.len() as i64), "the top has all");
                assert!(counts.keys().all(|key| key.starts_with(top)), "no more than was asked for");
            }
        }
    }
}

async fn lists_refuse_what_they_do_not_know(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Tỉnh", None);
    let token = app.token(app.official("auditor", agency, Role::Auditor, None, Visibility::Restricted));
    let admin = app.token(app.official("admin", agency, Role::Admin, None, Visibility::Restricted));
    for list in ["due-soon", "paused", "without-clock", "forwarded-without-result"] {
        let path = format!("/v1/{list}");
        app.get(&path).call().await.expect(401);
        app.get(format!("{path}?nonsense=1")).token(&admin).call().await.expect(403);
        let reply = app.get(format!("{path}?basis=promise")).token(&token).call().await.expect(400);
        assert_eq!(reply.code(), "unknown-parameter");
        let page = app.get(&path).token(&token).call().await.expect(200);
        assert_eq!(page.body["items"], Value::Array(Vec::new()));
        assert!(page.body["as_of"].is_string() && page.body["next_cursor"].is_null());
        let reply = app.get(format!("{path}?cursor=x")).token(&token).call().await.expect(400);
        assert_eq!(reply.code(), "invalid-cursor");
    }
    for (path, parameter) in [
        ("/v1/overdue?basis=hope", "basis"),
        ("/v1/overdue?level=galaxy", "level"),
        ("/v1/overdue?idle_days_min=-1", "idle_days_min"),
        ("/v1/overdue?unassigned=perhaps", "unassigned"),
        ("/v1/overdue?sort=title", "sort"),
        ("/v1/petitions?recorded_by=2026-02-30", "recorded_by"),
        ("/v1/reports/timeliness?recorded_by=then", "recorded_by"),
        ("/v1/paused?sort=due_at", "sort"),
    ] {
        let reply = app.get(path).token(&token).call().await.expect(400);
        assert_eq!(reply.code(), "invalid-parameter", "{path}");
        assert_eq!(reply.body["errors"][0]["pointer"], parameter, "{path}");
    }
}
