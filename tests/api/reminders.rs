//! Reminders and escalation: who is told when, once, in working hours, and what happens where there is nobody.

use kiennghi::{
    app::{
        reminders::{Extent, give_due},
        routine, verify,
    },
    domain::{
        act::{Act, Escalation, Handover, Resumption, Transfer},
        id::{OfficialId, PetitionId},
        time::Instant,
        vocabulary::{Channel, Code, Kind, Recipient, ReminderLevel, Role, Stage, State, Visibility},
    },
    store::{agencies, events, notifications, people},
};
use serde_json::json;

use crate::support::{
    Case, TestDb, cases,
    client::TestApp,
    given::{self, Given, text},
    records::Record,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        each_level_hears_once_in_working_hours,
        two_processes_remind_once,
        a_pause_waits_and_a_resumption_shifts,
        a_transfer_in_between_tells_the_new_person,
        nobody_to_tell_is_an_alarm,
        the_answered_and_the_taken_over_are_silent,
        a_failing_petition_holds_up_no_other,
        whoever_may_no_longer_see_it_reads_nothing_of_it,
        the_sandbox_clock_answers_after_the_reminders,
        thresholds_are_data_with_a_history,
        an_urging_is_told_answered_and_timed,
    ]
}

/// A petition of the ward with its handler, and heads over ward and city.
struct Town {
    given: Given,
    head: OfficialId,
    superior: OfficialId,
}

impl Town {
    fn new(db: TestDb) -> Self {
        let given = Given::new(db);
        let city = given.app.app.read_now(|tx, _| Ok(agencies::by_code(tx, "H99")?)).unwrap().unwrap().id;
        let ward = given.people.ward;
        let head = given.app.official("head", ward, Role::Approver, Some(ward), Visibility::Restricted);
        let superior = given.app.official("superior", city, Role::Approver, None, Visibility::Restricted);
        let heads = move |tx: &mut kiennghi::store::AnyConnection, _: &kiennghi::app::World| {
            agencies::set_head(tx, ward, Some(head))?;
            Ok(agencies::set_head(tx, city, Some(superior))?)
        };
        given.write(heads).unwrap();
        Self { given, head, superior }
    }

    /// Turns both clocks, that of the acts and that of the jobs, and lets the jobs run.
    fn at(&self, instant: &str) -> usize {
        self.given.turn_to(instant);
        // It runs on, and may have passed the instant by a moment.
        let _ = self.given.app.app.clock().set(instant.parse().unwrap());
        give_due(&self.given.app.app, Extent::All).unwrap()
    }

    fn reminders(&self, id: PetitionId) -> Vec<Escalation> {
        let read = self.given.app.app.read_now(move |tx, _| Ok(events::history(tx, id, None)?)).unwrap();
        let facts = read.into_iter().filter_map(|stored| match stored.event.record.act {
            Act::Escalation(facts) => Some(facts),
            _ => None,
        });
        facts.collect()
    }

    /// Stage, level and who was told.
    fn told(&self, id: PetitionId) -> Vec<(Stage, ReminderLevel, Vec<OfficialId>)> {
        let of = |facts: Escalation| {
            let told = facts.told.iter().map(|told| told.official_id).collect();
            (facts.stage, facts.level, told)
        };
        self.reminders(id).into_iter().map(of).collect()
    }

    fn notices(&self, official: OfficialId) -> usize {
        let read = move |tx: &mut kiennghi::store::AnyConnection, _: &kiennghi::app::World| {
            Ok(notifications::of_official(tx, official, false, None, 100)?.len())
        };
        self.given.app.app.read_now(read).unwrap()
    }

    /// Nothing beside the log differs from what the log says.
    fn verify(&self) {
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let mut found = Vec::new();
        let summary = verify::run(&self.given.app.app.db().clone(), &zone, None, &mut |told| {
            if let verify::Told::Finding(finding) = told {
                found.push(finding.to_string());
            }
        });
        assert_eq!((summary.unwrap().differences, found), (0, Vec::<String>::new()));
    }
}

use ReminderLevel::{Head, Person, Superior};
use Stage::Resolution;

/// Received on Monday 23 November 2026, 14:00; Tuesday the 24th is a holiday. A proposal has 15 working days: until the
/// end of Tuesday 15 December, of which 80 % are used on Friday the 11th at 12:24.
async fn each_level_hears_once_in_working_hours(db: TestDb) {
    let town = Town::new(db);
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let version = town.given.case(id).version;
    let (handler, head, superior) = (town.given.people.handler, town.head, town.superior);
    let expected = [
        (Resolution, Person, vec![handler]),
        (Resolution, Head, vec![head]),
        (Resolution, Superior, vec![superior]),
    ];
    for (instant, many) in [
        ("2026-12-11T07:59:00+07:00", 0),
        ("2026-12-11T12:30:00+07:00", 0),
        ("2026-12-11T13:00:00+07:00", 1),
        ("2026-12-15T16:59:00+07:00", 1),
        ("2026-12-16T00:00:01+07:00", 1),
        ("2026-12-16T07:59:30+07:00", 1),
        ("2026-12-16T08:00:00+07:00", 2),
        ("2026-12-19T10:00:00+07:00", 2),
        ("2026-12-22T17:00:00+07:00", 2),
        ("2026-12-23T07:00:00+07:00", 2),
        ("2026-12-23T08:00:00+07:00", 3),
        ("2027-02-01T09:00:00+07:00", 3),
    ] {
        town.at(instant);
        assert_eq!(town.told(id), expected[..many], "{instant}");
        assert_eq!(town.at(instant), 0, "again");
    }
    let after = town.given.case(id);
    assert_eq!((after.version, after.state), (version, State::InProgress), "it competes for no version");
    assert!(town.reminders(id).iter().all(|facts| !facts.passed_on));
    assert_eq!([handler, head, superior].map(|official| town.notices(official)), [1, 1, 1]);

    let token = town.given.app.token(handler);
    let page = town.given.app.get("/v1/notifications?unread=true").token(&token).call().await.expect(200);
    let item = &page.body["items"][0];
    assert_eq!((item["kind"].as_str(), item["level"].as_str()), (Some("reminder"), Some("person")));
    assert_eq!(item["petition"]["code"], json!(after.code));
    assert_eq!(item["petition"]["due_on"], "2026-12-15");
    assert!(item["text"].as_str().unwrap().contains(&after.code));
    let english = town.given.app.get("/v1/notifications").token(&token).header("Accept-Language", "en");
    assert!(english.call().await.body["items"][0]["text"].as_str().unwrap().starts_with("Petition"));
    let reading = format!("/v1/notifications/{}/reading", item["id"].as_str().unwrap());
    let stranger = town.given.app.token(head);
    town.given.app.post(&reading).token(&stranger).call().await.expect(404);
    let read = town.given.app.post(&reading).token(&token).call().await.expect(200);
    assert!(read.body["read_at"].is_string());
    let again = town.given.app.post(&reading).token(&token).call().await.expect(200);
    assert_eq!(read.body, again.body);
    let unread = town.given.app.get("/v1/notifications?unread=true").token(&token).call().await;
    assert_eq!(unread.body["items"], json!([]));

    let history = format!("/v1/petitions/{id}/events");
    let history = town.given.app.get(history).token(&token).call().await.expect(200);
    let last = history.body["items"].as_array().unwrap().last().unwrap();
    assert_eq!((last["type"].as_str(), last["role"].as_str()), (Some("escalation"), Some("system")));
    assert_eq!(last["facts"]["told"][0]["official_id"], json!(superior));
    assert_eq!(last["facts"]["told"][0]["as"], Recipient::Superior.as_str());
    town.verify();
}

async fn two_processes_remind_once(db: TestDb) {
    let town = Town::new(db);
    let ids: Vec<PetitionId> =
        (0..6).map(|_| town.given.petition(Kind::Proposal, State::InProgress)).collect();
    // One process alone may serve a SQLite file; there two jobs of one process stand for them.
    let other = match town.given.app.app.db().kind() {
        kiennghi::store::DatabaseKind::Sqlite => town.given.app.app.clone(),
        kiennghi::store::DatabaseKind::Postgres => TestApp::beside(&town.given.app, |_| {}).app,
    };
    for instant in ["2026-12-11T13:00:00+07:00", "2026-12-16T08:00:00+07:00", "2026-12-23T08:00:00+07:00"] {
        town.given.app.turn_to(instant);
        let _ = other.clock().set(instant.parse().unwrap());
        std::thread::scope(|scope| {
            let jobs = [&town.given.app.app, &other].map(|app| scope.spawn(|| give_due(app, Extent::All)));
            for job in jobs {
                job.join().unwrap().unwrap();
            }
        });
    }
    for id in ids {
        assert_eq!(town.told(id).len(), 3);
    }
    assert_eq!([town.given.people.handler, town.head, town.superior].map(|who| town.notices(who)), [6, 6, 6]);
    town.verify();
}

async fn a_pause_waits_and_a_resumption_shifts(db: TestDb) {
    let town = Town::new(db);
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let approver = town.given.people.caller(Role::Approver, id);
    town.at("2026-12-10T09:00:00+07:00");
    town.given.act(&approver, id, given::suspension()).unwrap();
    assert_eq!(town.at("2027-01-11T09:00:00+07:00"), 0, "it rests");
    town.given.act(&approver, id, Resumption { document: None }).unwrap();
    // Three working days were left on the 10th: Tuesday, Wednesday, Thursday.
    town.at("2027-01-14T16:59:00+07:00");
    assert_eq!(town.told(id).len(), 1);
    town.at("2027-01-15T08:00:00+07:00");
    assert_eq!(town.told(id).iter().map(|(_, level, _)| *level).collect::<Vec<_>>(), [Person, Head]);
    town.verify();
}

async fn a_transfer_in_between_tells_the_new_person(db: TestDb) {
    let town = Town::new(db);
    let people = town.given.people;
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let handed = Handover { responsible_id: people.second_handler, reason: None };
    town.given.act(&people.caller(Role::Coordinator, id), id, handed).unwrap();
    town.at("2026-12-11T12:00:00+07:00");
    town.at("2026-12-11T13:00:00+07:00");
    assert_eq!(town.told(id), [(Resolution, Person, vec![people.second_handler])]);
    let transfer = Transfer {
        agency_id: people.other,
        responsible_id: people.helper,
        supporting: Vec::new(),
        reason: text("Đúng địa bàn"),
    };
    town.given.act(&people.caller(Role::Coordinator, id), id, transfer).unwrap();
    town.at("2026-12-16T08:00:00+07:00");
    // The other ward has no head: it goes to the city's, and that is noted.
    assert_eq!(town.told(id)[1], (Resolution, Head, vec![town.superior]));
    assert!(town.reminders(id)[1].passed_on);
    assert_eq!(town.notices(town.head), 0);
    town.verify();
}

async fn nobody_to_tell_is_an_alarm(db: TestDb) {
    let town = Town::new(db);
    let people = town.given.people;
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let away = [people.handler, town.head, town.superior, people.coordinator, people.second_coordinator];
    let now: Instant = town.given.now();
    let disable = |who: Vec<OfficialId>| {
        town.given
            .write(move |tx, _| {
                for id in &who {
                    let row = people::official(tx, *id)?.expect("an official");
                    let row = people::OfficialRow { disabled_at: Some(now), ..row };
                    people::changes::update_official(tx, &row)?;
                }
                Ok(())
            })
            .unwrap();
    };
    disable(away[..3].to_vec());
    town.at("2026-12-11T13:00:00+07:00");
    let first = &town.reminders(id)[0];
    assert_eq!(first.told.iter().map(|told| told.found_as).collect::<Vec<_>>(), [Recipient::Coordinator; 2]);
    assert!(first.passed_on);
    disable(away[3..].to_vec());
    town.at("2026-12-16T08:00:00+07:00");
    let second = &town.reminders(id)[1];
    assert_eq!(second.told.iter().map(|told| told.official_id).collect::<Vec<_>>(), [people.admin]);

    // An administrator learns that it happened, and nothing of the petition.
    let page =
        town.given.app.get("/v1/notifications").token(&town.given.app.token(people.admin)).call().await;
    let item = &page.body["items"][0];
    assert_eq!(
        (item["kind"].as_str(), &item["petition"], &item["level"]),
        (Some("unheard"), &json!(null), &json!(null))
    );
    assert!(!page.text.contains(&town.given.case(id).code) && !page.text.contains(&id.to_string()));
    disable(vec![people.admin]);
    town.at("2026-12-23T08:00:00+07:00");
    assert_eq!(town.reminders(id)[2].told, []);
    town.verify();
}

async fn the_answered_and_the_taken_over_are_silent(db: TestDb) {
    let town = Town::new(db);
    let answered = town.given.petition(Kind::Proposal, State::Answered);
    let at = |text: &str| text.parse().unwrap();
    let taken_over = town.given.app.record(&Record {
        agency: town.given.people.ward,
        kind: Kind::Proposal,
        channel: Channel::WebPortal,
        field: "land",
        visibility: Visibility::PartiesOnly,
        received_at: at("2026-10-01T09:00:00+07:00"),
        due_at: Some(at("2026-11-26T00:00:00+07:00")),
        closed_at: None,
        ended_at: None,
        paused_at: None,
    });
    assert_eq!(town.at("2027-01-11T09:00:00+07:00"), 0);
    assert_eq!([answered, taken_over].map(|id| town.told(id)), [[], []]);
}

async fn a_failing_petition_holds_up_no_other(db: TestDb) {
    let town = Town::new(db);
    let stuck = town.given.petition(Kind::Proposal, State::InProgress);
    let fine = town.given.petition(Kind::Proposal, State::InProgress);
    // A history that cannot be folded: its first event is gone.
    crate::schema_parity::execute(
        town.given.app.app.db(),
        "UPDATE event SET payload = '{\"broken\": true}' WHERE type = 'registration' AND subject_id = (SELECT subject_id FROM event WHERE type = 'registration' ORDER BY recorded_at, id LIMIT 1)",
    );
    town.given.turn_to("2026-12-11T13:00:00+07:00");
    town.given.app.turn_to("2026-12-11T13:00:00+07:00");
    let told = give_due(&town.given.app.app, Extent::All).unwrap_err();
    assert!(told.for_operator().contains(&stuck.to_string()), "{told:?}");
    assert_eq!(town.told(fine).len(), 1);
    assert_eq!(give_due(&town.given.app.app, Extent::All).unwrap(), 0, "it rests a while");
}

async fn whoever_may_no_longer_see_it_reads_nothing_of_it(db: TestDb) {
    let town = Town::new(db);
    let people = town.given.people;
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    town.at("2026-12-11T13:00:00+07:00");
    let token = town.given.app.token(people.handler);
    let shown = town.given.app.get("/v1/notifications").token(&token).call().await.expect(200);
    assert_eq!(shown.body["items"][0]["petition"]["id"], json!(id));
    town.given.act(&people.caller(Role::Coordinator, id), id, given::sealing()).unwrap();
    let handed = Handover { responsible_id: people.second_handler, reason: None };
    town.given.act(&people.caller(Role::Coordinator, id), id, handed).unwrap();
    let hidden = town.given.app.get("/v1/notifications").token(&token).call().await.expect(200);
    assert_eq!(hidden.body["items"][0]["petition"], json!(null));
    assert!(!hidden.text.contains(&town.given.case(id).code) && !hidden.text.contains(&id.to_string()));
}

async fn the_sandbox_clock_answers_after_the_reminders(db: TestDb) {
    let town = Town::new(db);
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let admin = town.given.app.token(town.given.people.admin);
    let turned = town.given.app.post("/v1/sandbox/clock").token(&admin);
    turned.json(json!({"set": "2026-12-16T08:00:00+07:00"})).call().await.expect(200);
    assert_eq!(town.told(id).len(), 2);
    assert_eq!(routine::run_some(&town.given.app.app).unwrap(), 0);
    assert_eq!(town.told(id).len(), 2);
}

async fn thresholds_are_data_with_a_history(db: TestDb) {
    let town = Town::new(db);
    let (admin, auditor) = (town.given.people.admin, town.given.people.auditor);
    let (admin, auditor) = (town.given.app.token(admin), town.given.app.token(auditor));
    let app = &town.given.app;
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    let page = app.get("/v1/reminder-thresholds?limit=4").token(&auditor).call().await.expect(200);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 4);
    let next = page.body["next_cursor"].as_str().unwrap();
    let rest = app.get(format!("/v1/reminder-thresholds?cursor={next}")).token(&auditor).call().await;
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 5);

    let body = |code: &str, from: Option<&str>| {
        json!({"code": code, "stage": "resolution", "level": "person", "anchor": "before_due", "amount": 10,
            "unit": "working_days", "legal_basis": "Quy chế", "effective_from": from})
    };
    let add = |body| app.post("/v1/reminder-thresholds").token(&admin).json(body).call();
    let refused = add(body("early", None)).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "overlaps");
    assert!(
        refused.body["errors"][0]["detail"].as_str().unwrap().contains("resolution-person"),
        "{}",
        refused.text
    );
    app.post("/v1/reminder-thresholds").token(&auditor).json(body("early", None)).call().await.expect(403);

    let address = "/v1/reminder-thresholds/resolution-person";
    let found = app.get(address).token(&admin).call().await.expect(200);
    let ending = |to: &str, seen: u32| {
        app.post(format!("{address}/ending"))
            .token(&admin)
            .seen(seen)
            .json(json!({"effective_to": to}))
            .call()
    };
    let ended = ending("2026-11-23", found.version()).await.expect(200);
    assert_eq!((ended.body["effective_to"].as_str(), ended.version()), (Some("2026-11-23"), 1));
    assert_eq!(ending("2026-12-01", 1).await.expect(409).body["reason"], "ends_already");
    let added = add(body("early", Some("2026-11-23"))).await.expect(201);
    assert_eq!(added.field("location"), "/v1/reminder-thresholds/early");
    let history = "/v1/events?subject_kind=reminder_threshold&subject=early";
    let history = app.get(history).token(&auditor).call().await.expect(200);
    assert_eq!(history.body["items"][0]["facts"]["legal_basis"], "Quy chế");

    // The open petition is looked at by the new one: ten working days before the end of 15 December.
    town.at("2026-11-30T17:00:00+07:00");
    assert_eq!(town.told(id), []);
    town.at("2026-12-02T08:00:00+07:00");
    assert_eq!(town.reminders(id)[0].threshold, "early");
    town.verify();
}

async fn an_urging_is_told_answered_and_timed(db: TestDb) {
    let town = Town::new(db);
    let people = town.given.people;
    let (app, auditor) = (&town.given.app, town.given.app.token(people.auditor));
    let id = town.given.petition(Kind::Proposal, State::InProgress);
    town.at("2026-11-23T16:00:00+07:00");
    let urge = || {
        app.post(format!("/v1/petitions/{id}/urging"))
            .token(&auditor)
            .key()
            .json(json!({"text": "Sớm"}))
            .call()
    };
    urge().await.expect(200);
    urge().await.expect(200);
    let head = app.get("/v1/notifications").token(&app.token(town.head)).call().await.expect(200);
    assert_eq!(head.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(head.body["items"][0]["kind"], "urging");
    let open = app.get("/v1/urgings?answered=false&limit=1").token(&auditor).call().await.expect(200);
    let latest = open.body["items"][0]["id"].clone();
    let next = open.body["next_cursor"].as_str().unwrap();
    let second =
        app.get(format!("/v1/urgings?answered=false&limit=1&cursor={next}")).token(&auditor).call().await;
    assert_ne!(second.body["items"][0]["id"], latest);
    assert_eq!(second.body["next_cursor"], json!(null));

    // Tuesday is a holiday: from Monday 16:00 to Wednesday 09:00 there are 41 hours, and two hours of work.
    town.at("2026-11-25T09:00:00+07:00");
    let handler = app.token(people.handler);
    let note = json!({"text": "Đang làm", "public": false, "answers": latest});
    app.post(format!("/v1/petitions/{id}/progress-note"))
        .token(&handler)
        .key()
        .json(note)
        .call()
        .await
        .expect(200);
    let answered =
        format!("/v1/urgings?answered=true&agency_id={}&from=2026-11-23&to=2026-11-24", people.ward);
    let answered = app.get(answered).token(&auditor).call().await.expect(200);
    let item = &answered.body["items"][0];
    assert_eq!(item["id"], latest);
    let near = |value: &serde_json::Value, hours: i64| (value.as_i64().unwrap() - hours * 3600).abs() < 60;
    assert!(near(&item["seconds"], 41) && near(&item["working_seconds"], 2), "{}", answered.text);
    // On Monday evening nobody had answered, as was known then and as is known now.
    for then in ["as_of=2026-11-23", "recorded_by=2026-11-23", "as_of=2026-11-24&recorded_by=2026-11-23"] {
        let told = async |more: &str| {
            let path = format!("/v1/urgings?{then}{more}&agency_id={}", people.ward);
            app.get(path).token(&auditor).call().await.expect(200).body["items"].as_array().unwrap().clone()
        };
        assert!(told("&answered=true").await.is_empty(), "{then}");
        let open = told("&answered=false").await;
        assert_eq!((open.len(), &open, &open[0]["answer_id"]), (2, &told("").await, &json!(null)), "{then}");
        assert!(open.iter().any(|one| one["id"] == latest), "{then}");
    }
    let before = app.get("/v1/urgings?as_of=2026-11-22").token(&auditor).call().await.expect(200);
    assert_eq!(before.body["items"], json!([]));
    let elsewhere = app.get(format!("/v1/urgings?agency_id={}", people.other)).token(&auditor).call().await;
    assert_eq!(elsewhere.body["items"], json!([]));
    // Not yours reads as absent: a ward's handler elsewhere sees none once it is sealed.
    let helper = app.token(people.second_handler);
    town.given.act(&people.caller(Role::Coordinator, id), id, given::sealing()).unwrap();
    let hidden = app.get("/v1/urgings").token(&helper).call().await.expect(200);
    assert_eq!(hidden.body["items"], json!([]));
    town.verify();
}
