//! The two-tier reform of 1 July 2025 as docs/agencies.md tells it.

use kiennghi::{
    app::succession,
    domain::{
        act::Act,
        id::{AgencyId, OfficialId, PetitionId},
        vocabulary::{Channel, Kind, Level, Role, State, Visibility},
    },
    store::events,
};
use serde_json::{Value, json};

use super::land::{Land, order, record};
use crate::{
    schema_parity::execute,
    support::{Case, TestDb, cases, client::TestApp, records::Record},
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    let both = cases![
        a_district_is_dissolved_and_nothing_resets,
        a_move_that_was_stopped_goes_on,
        every_state_moves_as_it_is,
        a_changed_row_is_found,
    ];
    [both, cases![Postgres: what_was_on_its_way_is_found_later]].concat()
}

/// A district with three communes, and the commune that two of them become.
pub(super) struct Reform {
    pub(super) land: Land,
    pub(super) district: AgencyId,
    /// With the areas they serve: 00001, 00002, 00003.
    pub(super) communes: [AgencyId; 3],
    pub(super) district_handler: OfficialId,
    pub(super) third_handler: OfficialId,
}

impl Reform {
    pub(super) fn new(db: TestDb) -> Self {
        let land = Land::new(db, "2025-06-16T08:00:00+07:00");
        let district = land.agency("H99.D", Level::District, land.province, None);
        let commune = |code: &str, area| land.agency(code, Level::Commune, district, Some(area));
        let communes =
            [commune("H99.D.1", "00001"), commune("H99.D.2", "00002"), commune("H99.D.3", "00003")];
        let district_handler = land.handler("district", district);
        let third_handler = land.handler("third", communes[2]);
        let records = [
            record("d1", "H99.D", "land", "2025-06-20", None),
            record("d2", "H99.D", "transport", "2025-06-23", None),
            record("d3", "H99.D", "transport", "2025-06-10", Some("2025-06-12")),
            record("1", "H99.D.1", "land", "2025-06-18", None),
            record("1c", "H99.D.1", "land", "2025-06-10", Some("2025-06-11")),
            record("2a", "H99.D.2", "land", "2025-06-19", None),
            record("2b", "H99.D.2", "transport", "2025-06-27", None),
            record("3", "H99.D.3", "land", "2025-06-24", None),
        ];
        land.import(&records);
        Self { land, district, communes, district_handler, third_handler }
    }

    /// The morning of 1 July: communes 1 and 2 become one, the district goes to it and to commune 3.
    pub(super) async fn carry_out(&self) -> AgencyId {
        let Self { land, district, communes, .. } = self;
        land.app.turn_to("2025-07-01T08:00:00+07:00");
        let body = json!({"code": "H99.12", "name": "Xã Mới", "level": "commune", "parent_id": land.province,
            "valid_from": "2025-07-01"});
        let founded = land.app.post("/v1/agencies").token(&land.admin).json(body).call().await.expect(201);
        let merged: AgencyId = founded.body["id"].as_str().unwrap().parse().unwrap();
        let handler = land.handler("merged", merged);
        for commune in &communes[..2] {
            land.close(*commune, "", order("2025-07-01", &[(merged, handler)])).await.expect(200);
        }
        let mut end = order("2025-07-01", &[(merged, handler), (communes[2], self.third_handler)]);
        end["successors"][0]["areas"] = json!(["00001", "00002"]);
        end["default_successor_id"] = json!(merged);
        end["children_to"] = json!(land.province);
        let told = land.close(*district, "", end).await.expect(200).body;
        assert_eq!(told["finished_at"], Value::Null);
        merged
    }
}

async fn a_district_is_dissolved_and_nothing_resets(db: TestDb) {
    let reform = Reform::new(db);
    let land = &reform.land;
    // Two more at the district, by area: one only received, one taken up.
    let (received, _) =
        land.submit(json!({"agency_code": "H99.D", "location": {"area_code": "00003"}})).await;
    let (taken, _) = land.submit(json!({"agency_code": "H99.D", "location": {"area_code": "00002"}})).await;
    let class = json!({"kind": "proposal", "field_code": "land", "visibility": "parties_only"});
    land.act(&land.intake, taken, "classification", class).await.expect(200);
    let whom = json!({"agency_id": reform.district, "responsible_id": reform.district_handler});
    land.act(&land.coordinator, taken, "assignment", whom).await.expect(200);
    let handler = land.app.token(reform.district_handler);
    land.act(&handler, taken, "acceptance", json!({})).await.expect(200);
    let before = [received, taken].map(|id| land.case(id));
    let deadlines = land.read(&format!("/v1/petitions/{taken}/deadlines")).await;
    let june = land.overdue("as_of=2025-06-30").await;
    assert_eq!(june, [("H99.D", 2), ("H99.D.1", 1), ("H99.D.2", 2), ("H99.D.3", 1)].map(named).into());

    let merged = reform.carry_out().await;
    land.run_due();
    let progress = land.read(&format!("/v1/agencies/{}/succession", reform.district)).await;
    assert_eq!((&progress["open_petitions"], &progress["moved"]), (&json!(4), &json!(4)), "{progress}");
    assert!(progress["finished_at"].is_string(), "{progress}");

    // Nothing but the agency changed, and each history names the act as its cause.
    let after = [received, taken].map(|id| land.case(id));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (before.state, before.round, &before.clock_ops, before.accepted_at, before.received_at),
            (after.state, after.round, &after.clock_ops, after.accepted_at, after.received_at)
        );
    }
    assert_eq!((after[0].intake_agency, after[0].lead), (reform.communes[2], None));
    assert_eq!((after[1].intake_agency, after[1].lead), (merged, Some(merged)));
    assert_eq!(land.read(&format!("/v1/petitions/{taken}/deadlines")).await, deadlines);
    let events = land.read(&format!("/v1/petitions/{taken}/events")).await;
    let last = events["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["type"], &last["caused_by"]), (&json!("succession"), &progress["event_id"]));

    land.app.turn_to("2025-07-02T12:00:00+07:00");
    // As of June the district stands under its name; as of July its successors do; the total is the same.
    for path in ["as_of=2025-06-30", "as_of=2025-06-30&structure=then"] {
        assert_eq!(land.overdue(path).await, june);
    }
    let july = [("H99.12", 5), ("H99.D.3", 1)].map(named);
    assert_eq!(land.overdue("as_of=2025-07-02").await, july.clone().into());
    assert_eq!(land.overdue("").await, july.clone().into());
    assert_eq!(land.overdue("as_of=2025-06-30&structure=now").await, july.into());
    let listed = land.read("/v1/overdue?as_of=2025-06-30&limit=100").await;
    let of_district =
        listed["items"].as_array().unwrap().iter().filter(|item| item["agency"]["code"] == "H99.D");
    assert!(of_district.clone().all(|item| item["agency"]["name"] == "Cơ quan H99.D"));
    assert_eq!(of_district.count(), 2);
    // The tree of the day looked at: the communes were below the district then, and are not now.
    let subtree = |agency: AgencyId, rest: &str| format!("agency_id={agency}{rest}");
    let total = async |query: String| land.overdue(&query).await.values().sum::<i64>();
    assert_eq!(total(subtree(reform.district, "&as_of=2025-06-30")).await, 6);
    assert_eq!(total(subtree(reform.district, "&as_of=2025-07-02")).await, 0);
    assert_eq!(total(subtree(reform.district, "")).await, 0);
    assert_eq!(total(subtree(merged, "&as_of=2025-06-30&structure=now")).await, 5);
    assert_eq!(total(subtree(merged, "&as_of=2025-06-30")).await, 0);
    for rest in ["&as_of=2025-06-30", "&as_of=2025-07-02", "&as_of=2025-06-30&structure=now", ""] {
        assert_eq!(total(subtree(land.province, rest)).await, 6, "{rest}");
    }
    promises_in_both_structures(land).await;
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

/// What was over before the district was divided counts under its old name; levels follow the structure.
async fn promises_in_both_structures(land: &Land) {
    let rows = async |query: &str| {
        let report =
            land.read(&format!("/v1/reports/timeliness?from=2025-01-01&to=2025-06-01&{query}")).await;
        let row = |row: &Value| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (
                text("key"),
                row["received"].as_i64().unwrap(),
                row["resolved_late"].as_i64().unwrap(),
                row["closed"] == true,
            )
        };
        report["rows"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let told = |rows: &[(&str, i64, i64, bool)]| -> Vec<(String, i64, i64, bool)> {
        rows.iter().map(|(key, all, late, closed)| ((*key).to_owned(), *all, *late, *closed)).collect()
    };
    let then = [
        ("H99.D", 3, 1, false),
        ("H99.D.1", 2, 1, false),
        ("H99.D.2", 2, 0, false),
        ("H99.D.3", 1, 0, false),
    ];
    assert_eq!(rows("as_of=2025-06-30").await, told(&then));
    let now = [("H99.12", 6, 1, false), ("H99.D", 1, 1, true), ("H99.D.3", 1, 0, false)];
    assert_eq!(rows("as_of=2025-06-30&structure=now").await, told(&now));
    assert_eq!(rows("structure=now").await, told(&now));
    let today =
        [("H99.12", 5, 0, false), ("H99.D", 1, 1, true), ("H99.D.1", 1, 1, true), ("H99.D.3", 1, 0, false)];
    assert_eq!(rows("").await, told(&today));
    let levels = [("commune", 5, 1, false), ("district", 3, 1, false)];
    assert_eq!(rows("as_of=2025-06-30&group_by=level").await, told(&levels));
    let levels = [("commune", 7, 1, false), ("district", 1, 1, false)];
    assert_eq!(rows("structure=now&group_by=level").await, told(&levels));
}

fn named((key, count): (&str, i64)) -> (String, i64) {
    (key.to_owned(), count)
}

/// How often a petition was moved.
fn moves(app: &TestApp, id: PetitionId) -> usize {
    let history = app.app.read_now(move |tx, _| Ok(events::history(tx, id, None)?)).unwrap();
    history.iter().filter(|stored| matches!(stored.event.record.act, Act::Succession(_))).count()
}

async fn a_move_that_was_stopped_goes_on(db: TestDb) {
    let reform = Reform::new(db);
    let land = &reform.land;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(land.submit(json!({"agency_code": "H99.D"})).await.0);
    }
    reform.carry_out().await;
    let path = format!("/v1/agencies/{}/succession", reform.district);
    let step = succession::step(&land.app.app, reform.district, None, 5).unwrap();
    assert_eq!((step.moved, step.stuck), (5, None));
    let progress = land.read(&path).await;
    assert_eq!(
        (&progress["open_petitions"], &progress["moved"], &progress["finished_at"]),
        (&json!(14), &json!(5), &Value::Null)
    );
    // One of those that wait is over before its turn comes: it stays where it was.
    let waiting = ids.iter().find(|id| land.case(**id).intake_agency == reform.district).copied().unwrap();
    let why = json!({"ground": "unsigned"});
    land.act(&land.intake, waiting, "filing", why).await.expect(200);
    // The process is gone, another one goes on; then both do.
    let other = TestApp::beside(&land.app, |_| ());
    let step = succession::step(&other.app, reform.district, None, 4).unwrap();
    assert_eq!(step.moved + usize::from(moves(&other, waiting) == 0), 4 + usize::from(step.moved == 4));
    succession::carry_on(&other.app).unwrap();
    assert_eq!(succession::carry_on(&land.app.app).unwrap(), 0, "nothing is left");
    for id in ids.iter().filter(|id| **id != waiting) {
        assert_eq!((moves(&land.app, *id), land.case(*id).intake_agency == reform.district), (1, false));
    }
    assert_eq!((moves(&land.app, waiting), land.case(waiting).intake_agency), (0, reform.district));
    let progress = land.read(&path).await;
    assert_eq!(progress["moved"], json!(13), "{progress}");
    assert!(progress["finished_at"].is_string());
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
    // Opened again, it goes where it would have gone; the closed agency takes nothing back.
    land.act(&land.coordinator, waiting, "reopening", json!({"reason": "Đã ký"})).await.expect(200);
    let case = land.case(waiting);
    assert_eq!((moves(&land.app, waiting), case.state), (1, State::Classified));
    assert_ne!(case.intake_agency, reform.district);
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

/// Led, supported, resting and awaiting: the part of the closed agency moves, the rest stays.
async fn every_state_moves_as_it_is(db: TestDb) {
    let reform = Reform::new(db);
    let Reform { land, district, district_handler, .. } = &reform;
    let approver =
        land.app.official("chair", *district, Role::Approver, Some(*district), Visibility::Restricted);
    let (handler, approver) = (land.app.token(*district_handler), land.app.token(approver));
    let paper = json!({"number": "12", "symbol": "QĐ-UBND", "issued_on": "2025-06-16"});
    let class = json!({"kind": "proposal", "field_code": "land", "visibility": "parties_only"});
    let led = json!({"agency_id": district, "responsible_id": district_handler});
    let helped = json!({"agency_id": reform.communes[2], "responsible_id": reform.third_handler,
        "supporting": [{"agency_id": district, "person_id": district_handler}]});
    let answer_by = json!({"missing": "Bản sao", "answer_by": "2025-07-20"});
    let suspended = json!({"ground": "force_majeure", "document": paper});
    let draft = json!({"text": "Sẽ làm", "outcome": "explained"});
    type Steps<'a> = Vec<(&'a str, &'a str, &'a Value)>;
    let (intake, coordinator) = (land.intake.as_str(), land.coordinator.as_str());
    let (handler, approver) = (handler.as_str(), approver.as_str());
    let nothing = json!({});
    let taken: Steps = vec![(intake, "classification", &class), (coordinator, "assignment", &led)];
    let begun: Steps = [taken.clone(), vec![(handler, "acceptance", &nothing)]].concat();
    let ways: Vec<(State, Steps)> = vec![
        (State::Received, vec![]),
        (State::Classified, vec![(intake, "classification", &class)]),
        (State::Assigned, taken.clone()),
        (State::Assigned, vec![(intake, "classification", &class), (coordinator, "assignment", &helped)]),
        (State::InProgress, begun.clone()),
        (
            State::AwaitingSupplement,
            [begun.clone(), vec![(handler, "supplement-request", &answer_by)]].concat(),
        ),
        (State::Suspended, [begun.clone(), vec![(approver, "suspension", &suspended)]].concat()),
        (
            State::AwaitingApproval,
            [begun.clone(), vec![(handler, "reply-draft", &draft), (handler, "reply-submission", &nothing)]]
                .concat(),
        ),
    ];
    let mut ids = Vec::new();
    for (state, steps) in &ways {
        let (id, _) = land.submit(json!({"agency_code": "H99.D"})).await;
        for (who, action, body) in steps {
            land.act(who, id, action, (*body).clone()).await.expect(200);
        }
        assert_eq!(land.case(id).state, *state);
        ids.push(id);
    }
    let before: Vec<_> = ids.iter().map(|id| land.case(*id)).collect();
    let merged = reform.carry_out().await;
    land.run_due();
    for (before, (state, _)) in before.iter().zip(&ways) {
        let after = land.case(before.id);
        assert_eq!(
            (after.state, &after.clock_ops, after.came_from),
            (*state, &before.clock_ops, before.came_from)
        );
        assert_eq!(after.intake_agency, merged);
        if before.lead == Some(*district) {
            assert_eq!(after.lead, Some(merged));
            assert_ne!(after.responsible, before.responsible);
        } else {
            assert_eq!((after.lead, after.responsible), (before.lead, before.responsible));
        }
        assert!(after.supporting.iter().all(|support| support.agency_id != *district));
        // The district's official went to the merged commune and still helps.
        let helps = after.supporting.iter().map(|support| (support.agency_id, support.person_id));
        let helped = before.supporting.iter().map(|support| (merged, support.person_id));
        assert!(helps.eq(helped), "{:?}", after.supporting);
    }
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

/// What verification says of rows that somebody changed behind the program's back.
async fn a_changed_row_is_found(db: TestDb) {
    let reform = Reform::new(db);
    reform.carry_out().await;
    let land = &reform.land;
    land.run_due();
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
    let changes = [
        ("UPDATE succession SET moved = moved + 1 WHERE moved > 0", "succession.moved"),
        ("UPDATE succession_move SET to_id = from_id", "succession_move"),
        ("DELETE FROM agency_closure WHERE ancestor_id <> descendant_id", "agency_closure"),
        ("DELETE FROM agency_line WHERE valid_to < '9999-12-31'", "agency_line"),
    ];
    for (change, table) in changes {
        execute(land.app.app.db(), change);
        let found = verified(&land.app).0;
        assert!(found.iter().any(|finding| finding.contains(table)), "{change}: {found:?}");
    }
}

/// On PostgreSQL a petition may be on its way to an agency in another transaction while that is closed.
async fn what_was_on_its_way_is_found_later(db: TestDb) {
    let reform = Reform::new(db);
    reform.carry_out().await;
    let land = &reform.land;
    land.run_due();
    let at = |text: &str| text.parse().unwrap();
    let late = land.app.record(&Record {
        agency: reform.district,
        kind: Kind::Proposal,
        channel: Channel::Post,
        field: "land",
        visibility: Visibility::PartiesOnly,
        received_at: at("2025-07-01T00:59:59Z"),
        due_at: Some(at("2025-08-01T00:00:00Z")),
        closed_at: None,
        ended_at: None,
        paused_at: None,
    });
    land.run_due();
    assert_eq!(land.case(late).intake_agency, reform.district, "the last look is not due");
    execute(land.app.app.db(), "UPDATE succession SET sweep_at = now() - interval '1 second'");
    land.run_due();
    assert_ne!(land.case(late).intake_agency, reform.district);
    land.run_due();
    let progress = land.read(&format!("/v1/agencies/{}/succession", reform.district)).await;
    assert_eq!(progress["moved"], json!(3), "{progress}");
}
