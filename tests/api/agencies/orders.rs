//! The order that closes an agency: what it needs, what stands in its way, and that a code leads on.

use kiennghi::{
    domain::{
        id::AgencyId,
        vocabulary::{Level, Role, Visibility},
    },
    store::people,
};
use serde_json::{Value, json};

use super::land::{Land, order, record};
use crate::{
    support::{Case, TestDb, cases},
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_dry_run_tells_everything_and_changes_nothing,
        whoever_lacks_the_reach_closes_nothing,
        a_chain_of_successors_leads_on_and_never_back,
        one_becomes_two_and_two_become_one,
        rights_and_people_go_where_the_order_says,
        a_source_still_names_a_closed_agency,
        agencies_are_read_as_of_a_day,
        nobody_gets_a_denunciation_of_himself,
        no_agency_below_is_left_without_a_coordinator,
    ]
}

const TODAY: &str = "2025-07-01";

fn land(db: TestDb) -> Land {
    Land::new(db, "2025-07-01T08:00:00+07:00")
}

/// What stands in the way: pointer and code of each blocker.
fn blockers(told: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let blockers = told["blockers"].as_array().unwrap().iter();
    blockers.map(|one| (text(&one["pointer"]), text(&one["code"]))).collect()
}

fn told(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

async fn a_dry_run_tells_everything_and_changes_nothing(db: TestDb) {
    let land = land(db);
    let [old, one, two] =
        ["H99.0", "H99.1", "H99.2"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let unit = land.agency("H99.0.1", Level::Unit, old, None);
    let (first, second) = (land.handler("first", one), land.handler("second", two));
    let nobody = land.app.official("auditor2", one, Role::Auditor, Some(one), Visibility::PartiesOnly);
    let mut ids = Vec::new();
    for (field, area) in [("land", "00001"), ("land", "00002"), ("transport", "00002"), ("noise", "00009")] {
        let body = json!({"agency_code": "H99.0", "field_code": field, "location": {"area_code": area}});
        ids.push(land.submit(body).await.0);
    }
    let dry = async |order: &Value| land.close(old, "?dry_run=true", order.clone()).await;

    let wrong = json!({"effective_on": "2025-07-02", "successors": [
            {"agency_id": old, "responsible_id": first, "petitions": [Land::nowhere()]}, {"agency_id": Land::nowhere(), "responsible_id": first}],
        "default_successor_id": two, "basis": {"number": "", "symbol": "QĐ", "issued_on": TODAY}});
    let found = blockers(&dry(&wrong).await.expect(200).body);
    for expected in [
        ("#/effective_on", "in_the_future"),
        ("#/default_successor_id", "not_a_successor"),
        ("#/successors/0/agency_id", "itself"),
        ("#/successors/0/petitions/0", "not_open_here"),
        ("#/successors/1/agency_id", "unknown"),
        ("#/children_to", "required"),
    ] {
        assert!(found.contains(&told(&[expected])[0]), "{expected:?} in {found:?}");
    }
    let refused = land.close(old, "", wrong).await.expect(422);
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), found.len(), "{}", refused.text);

    let mut plan = order(TODAY, &[(one, nobody), (two, second)]);
    plan["default_successor_id"] = json!(two);
    plan["children_to"] = json!(unit);
    assert_eq!(blockers(&dry(&plan).await.expect(200).body), told(&[("#/children_to", "cycle")]));
    plan["children_to"] = json!(land.province);
    let seen = dry(&plan).await.expect(200).body;
    assert_eq!(blockers(&seen), told(&[("#/successors/0/responsible_id", "cannot_handle")]));

    plan["successors"][0]["responsible_id"] = json!(first);
    plan["successors"][0]["areas"] = json!(["00001"]);
    plan["successors"][0]["fields"] = json!(["transport"]);
    plan["successors"][0]["petitions"] = json!([ids[3]]);
    let seen = dry(&plan).await.expect(200).body;
    assert_eq!((blockers(&seen), &seen["open_petitions"], &seen["children"]), (vec![], &json!(4), &json!(1)));
    let counts: Vec<_> =
        seen["successors"].as_array().unwrap().iter().map(|one| one["petitions"].clone()).collect();
    assert_eq!(counts, [json!(3), json!(1)]);
    // Page by page, each with what decided, and nothing of what it is about.
    let mut placed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = land.close(old, &format!("?dry_run=true&limit=3{cursor}"), plan.clone()).await.expect(200);
        assert!(!page.text.contains("Ngõ ngập"));
        for item in page.body["items"].as_array().unwrap() {
            placed.push((item["petition_id"].clone(), item["by"].clone(), item["to"] == json!(one)));
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected = [("area", true), ("default", false), ("field", true), ("petition", true)];
    let expected = ids.iter().zip(expected).map(|(id, (by, to))| (json!(id), json!(by), to));
    assert_eq!(placed, expected.collect::<Vec<_>>());
    land.close(old, &format!("?dry_run=true{cursor}"), order(TODAY, &[(two, second)])).await.expect(400);
    land.close(old, "?dry_run=maybe", plan.clone()).await.expect(400);
    land.close(old, "?nonsense=1", plan.clone()).await.expect(400);

    // Nothing of all that stayed; then it happens as it was told.
    assert_eq!(land.app.get(format!("/v1/agencies/{old}")).call().await.body["valid_to"], Value::Null);
    land.app.get(format!("/v1/agencies/{old}/succession")).token(&land.auditor).call().await.expect(404);
    land.run_due();
    assert!(ids.iter().all(|id| land.case(*id).sequence == 1));
    let done = land.close(old, "", plan.clone()).await.expect(200);
    assert_eq!(done.body["successors"], seen["successors"]);
    land.run_due();
    let went = [one, two, one, one];
    assert!(ids.iter().zip(went).all(|(id, to)| land.case(*id).intake_agency == to));
    let again = land.close(old, "?dry_run=true", plan).await.expect(409);
    assert_eq!(again.body["reason"], "dissolved");
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn whoever_lacks_the_reach_closes_nothing(db: TestDb) {
    let land = land(db);
    let [old, one] = ["H99.0", "H99.1"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let first = land.handler("first", one);
    let own = land.app.official("own", old, Role::Admin, Some(old), Visibility::PartiesOnly);
    let path = format!("/v1/agencies/{old}/succession");
    let send = |token: &str| land.app.post(&path).token(token).seen(0).json(order(TODAY, &[(one, first)]));
    send(&land.auditor).call().await.expect(403);
    // The successor is beyond his own agency.
    send(&land.app.token(own)).call().await.expect(403);
    land.app.post(&path).token(&land.admin).json(order(TODAY, &[(one, first)])).call().await.expect(428);
    let own = land.app.official("both", land.province, Role::Admin, None, Visibility::Restricted);
    land.app.grant(own, Role::Admin, Some(old), Visibility::PartiesOnly);
    let told = send(&land.app.token(own)).call().await.expect(422);
    assert_eq!(told.body["errors"][0]["code"], "own_account", "{}", told.text);
    let default = land.close(land.province, "", order(TODAY, &[(one, first)])).await.expect(409);
    assert_eq!(default.body["reason"], "default_agency");
    // Nobody at the successor receives any more.
    land.without("intake");
    let told = land.close(old, "?dry_run=true", order(TODAY, &[(one, first)])).await.expect(200).body;
    assert_eq!(blockers(&told), [("#/successors/0/agency_id".to_owned(), "lacks_intake".to_owned())]);
}

async fn a_chain_of_successors_leads_on_and_never_back(db: TestDb) {
    let land = land(db);
    let [a, b, c] =
        ["H99.A", "H99.B", "H99.C"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let [at_b, at_c] = [("b", b), ("c", c)].map(|(name, agency)| land.handler(name, agency));
    let (answered, _) = land.submit(json!({"agency_code": "H99.A"})).await;
    land.act(&land.intake, answered, "filing", json!({"ground": "unsigned"})).await.expect(200);
    let (open, _) = land.submit(json!({"agency_code": "H99.A"})).await;
    land.close(a, "", order(TODAY, &[(b, at_b)])).await.expect(200);
    let back = land.close(b, "", order(TODAY, &[(a, at_b)])).await.expect(422);
    assert_eq!(
        (&back.body["errors"][0]["pointer"], &back.body["errors"][0]["code"]),
        (&json!("#/successors/0/agency_id"), &json!("closed"))
    );
    // The next is closed before the petitions of the first have moved.
    land.close(b, "", order(TODAY, &[(c, at_c)])).await.expect(200);
    land.run_due();
    assert_eq!(land.case(open).intake_agency, c);
    assert_eq!(land.case(answered).intake_agency, a, "what was over stays");
    for code in ["H99.A", "H99.B", "H99.C"] {
        assert_eq!(land.submit(json!({"agency_code": code})).await.1, "H99.C");
    }
    // Opened again it goes all the way; whoever keeps what was over reaches it meanwhile.
    let keeper = land.app.official("keeper", c, Role::Coordinator, Some(c), Visibility::Restricted);
    let keeper = land.app.token(keeper);
    land.app.get(format!("/v1/petitions/{answered}")).token(&keeper).call().await.expect(200);
    land.act(&keeper, answered, "reopening", json!({"reason": "Đã ký"})).await.expect(200);
    assert_eq!(land.case(answered).intake_agency, c);
    // A code is one agency's for ever, also one that it had before.
    for code in ["H99.A", "H99.B"] {
        let body = json!({"code": code, "name": "Khác", "level": "commune", "parent_id": land.province});
        let taken = land.app.post("/v1/agencies").token(&land.admin).json(body).call().await.expect(422);
        assert_eq!(taken.body["errors"][0]["code"], "taken");
    }
    let told = land.read(&format!("/v1/agencies/{b}/versions")).await;
    assert_eq!(told["predecessors"][0]["code"], "H99.A");
    assert_eq!(
        (&told["successors"][0]["code"], &told["successors"][0]["effective_on"]),
        (&json!("H99.C"), &json!(TODAY))
    );
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn one_becomes_two_and_two_become_one(db: TestDb) {
    let land = land(db);
    let [a, b, c, d] = ["H99.A", "H99.B", "H99.C", "H99.E"]
        .map(|code| land.agency(code, Level::Commune, land.province, None));
    let [at_c, at_d] = [("c", c), ("d", d)].map(|(name, agency)| land.handler(name, agency));
    let lines: Vec<Value> = (0..6)
        .map(|n| {
            let (code, field) = (["H99.A", "H99.B"][n % 2], ["land", "noise"][n / 3]);
            record(&n.to_string(), code, field, "2025-06-20", (n > 3).then_some("2025-06-25"))
        })
        .collect();
    land.import(&lines);
    let mut split = order(TODAY, &[(c, at_c), (d, at_d)]);
    split["successors"][1]["fields"] = json!(["noise"]);
    let missing = land.close(a, "", split.clone()).await.expect(422);
    assert_eq!(missing.body["errors"][0]["pointer"], "#/default_successor_id");
    split["default_successor_id"] = json!(c);
    land.close(a, "", split).await.expect(200);
    land.close(b, "", order(TODAY, &[(c, at_c)])).await.expect(200);
    land.run_due();
    // A: 0, 2 open, 4 over. B: 1, 3 open, 5 over; 3 and above are about noise.
    let now = |query: &str| format!("structure=now&{query}");
    assert_eq!(land.overdue("").await, [("H99.C".to_owned(), 4)].into());
    assert_eq!(
        land.overdue("as_of=2025-06-24").await,
        [("H99.A".to_owned(), 3), ("H99.B".to_owned(), 3)].into()
    );
    let today = land.overdue(&now("as_of=2025-06-24")).await;
    assert_eq!(today, [("H99.A".to_owned(), 1), ("H99.C".to_owned(), 5)].into());
    let groups = land.read(&format!("/v1/overdue/summary?{}", now("as_of=2025-06-24"))).await;
    assert_eq!(
        (&groups["groups"][0]["closed"], &groups["groups"][1]["closed"]),
        (&json!(true), &json!(false))
    );
    for group in groups["groups"].as_array().unwrap() {
        let listed = land.read(&format!("{}&limit=100", group["href"].as_str().unwrap())).await;
        assert_eq!(json!(listed["items"].as_array().unwrap().len()), group["count"], "{group}");
    }
    let told = land.read(&format!("/v1/agencies/{c}/versions")).await;
    let codes: Vec<_> =
        told["predecessors"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes.len(), 2, "{codes:?}");
    // Divided and without a word about area or field: the default takes it.
    assert_eq!(land.submit(json!({"agency_code": "H99.A"})).await.1, "H99.C");
    assert_eq!(land.submit(json!({"agency_code": "H99.A", "field_code": "noise"})).await.1, "H99.E");
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn rights_and_people_go_where_the_order_says(db: TestDb) {
    let land = land(db);
    let [old, one, two] =
        ["H99.0", "H99.1", "H99.2"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let own = |name: &str, role| land.app.official(name, old, role, Some(old), Visibility::Restricted);
    let (chair, clerk, leaver) =
        (own("chair", Role::Approver), own("clerk", Role::Intake), own("leaver", Role::Handler));
    let riser = own("riser", Role::Handler);
    let above = land.app.official("above", land.province, Role::Auditor, Some(old), Visibility::PartiesOnly);
    let mut plan = order(TODAY, &[(one, chair), (two, land.handler("second", two))]);
    plan["default_successor_id"] = json!(one);
    plan["officials"] = json!([{"official_id": clerk, "agency_id": two}, {"official_id": leaver, "agency_id": null},
        {"official_id": riser, "agency_id": land.province}]);
    let done = land.close(old, "", plan).await.expect(200).body;
    assert_eq!((&done["officials"], &done["grants"]), (&json!(4), &json!(5)));
    let grants = async |official| {
        let path = format!("/v1/grants?official_id={official}");
        let all = land.app.get(path).token(&land.admin).call().await.expect(200).body;
        let in_force = all["items"].as_array().unwrap().iter().filter(|grant| grant["valid_to"].is_null());
        in_force.map(|grant| (grant["role"].clone(), grant["agency_id"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(grants(chair).await, [(json!("approver"), json!(one))]);
    assert_eq!(grants(clerk).await, [(json!("intake"), json!(two))]);
    assert_eq!(grants(leaver).await, []);
    assert_eq!(grants(riser).await, [], "nobody's right grows over all there is above");
    assert_eq!(grants(above).await, [(json!("auditor"), json!(one))]);
    let home = async |official| {
        let told =
            land.app.get(format!("/v1/officials/{official}")).token(&land.admin).call().await.expect(200);
        (told.body["agency"]["id"].clone(), told.body["disabled_at"].is_null())
    };
    assert_eq!(home(chair).await, (json!(one), true));
    assert_eq!(home(clerk).await, (json!(two), true));
    assert!(!home(leaver).await.1);
    let changes = land.read(&format!("/v1/events?subject_kind=agency&subject={old}")).await;
    let last = changes["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["type"], &last["facts"]["reason"]),
        (&json!("succession"), &json!("Tổ chức chính quyền hai cấp"))
    );
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn a_source_still_names_a_closed_agency(db: TestDb) {
    let land = land(db);
    let [old, one] = ["H99.0", "H99.1"].map(|code| {
        land.agency(
            code,
            Level::Commune,
            land.province,
            Some(["00001", "00002"][usize::from(code == "H99.1")]),
        )
    });
    let first = land.handler("first", one);
    land.import(&[record("1", "H99.0", "land", "2025-07-20", None)]);
    land.close(old, "", order(TODAY, &[(one, first)])).await.expect(200);
    land.run_due();
    // It changes at its source, which does not know; a new open one, and one that was over then.
    let mut changed = record("1", "H99.0", "land", "2025-07-20", None);
    changed["title"] = json!("Đèn vỡ");
    let lines = [
        changed,
        record("2", "H99.0", "land", "2025-07-21", None),
        record("3", "H99.0", "land", "2025-06-20", Some("2025-06-21")),
    ];
    land.import(&lines);
    let listed = land.read("/v1/petitions?limit=100").await;
    let mut codes: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["state"].as_str().unwrap().to_owned(), item["agency"]["code"].as_str().unwrap().to_owned())
        })
        .collect();
    codes.sort();
    let expected = [("classified", "H99.1"), ("classified", "H99.1"), ("closed", "H99.0")];
    assert_eq!(codes, expected.map(|(state, code)| (state.to_owned(), code.to_owned())));
    // Whoever names the area alone gets whoever took over.
    assert_eq!(land.submit(json!({"location": {"area_code": "00001"}})).await.1, "H99.1");
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn agencies_are_read_as_of_a_day(db: TestDb) {
    let land = land(db);
    let [old, one] = ["H99.0", "H99.1"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let first = land.handler("first", one);
    let below = land.agency("H99.0.1", Level::Unit, old, None);
    let mut plan = order("2025-06-15", &[(one, first)]);
    plan["children_to"] = json!(one);
    land.close(old, "", plan).await.expect(200);
    let codes = async |query: &str| {
        let page = land.app.get(format!("/v1/agencies?{query}")).call().await.expect(200).body;
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, ["H99", "H99.0.1", "H99.1"]);
    assert_eq!(codes("as_of=2025-06-14").await, ["H99", "H99.0", "H99.0.1", "H99.1"]);
    assert_eq!(codes("as_of=2025-06-15").await, ["H99", "H99.0.1", "H99.1"]);
    assert_eq!(codes(&format!("parent_id={old}&as_of=2025-06-14")).await, ["H99.0.1"]);
    assert_eq!(codes(&format!("parent_id={one}&as_of=2025-06-15")).await, ["H99.0.1"]);
    land.app.get("/v1/agencies?as_of=soon").call().await.expect(400);
    let moved = land.app.get(format!("/v1/agencies/{below}/versions")).call().await.expect(200).body;
    let places: Vec<_> =
        moved["items"].as_array().unwrap().iter().map(|row| row["parent_id"].clone()).collect();
    assert_eq!(places, [json!(old), json!(one)]);
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn nobody_gets_a_denunciation_of_himself(db: TestDb) {
    let land = land(db);
    let [old, one, two] =
        ["H99.0", "H99.1", "H99.2"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let sealed = |name: &str, agency| {
        land.app.official(name, agency, Role::Approver, Some(agency), Visibility::Restricted)
    };
    let (accused, other, judge) = (sealed("accused", one), sealed("other", two), sealed("judge", old));
    let (id, _) = land.submit(json!({"agency_code": "H99.0", "kind": "denunciation"})).await;
    let class = json!({"kind": "denunciation", "field_code": "land", "respondent": {"official_id": accused}});
    land.act(&land.intake, id, "classification", class).await.expect(200);
    let whom = json!({"agency_id": old, "responsible_id": judge});
    land.act(&land.coordinator, id, "assignment", whom).await.expect(200);
    let mut plan = order(TODAY, &[(one, accused), (two, other)]);
    plan["default_successor_id"] = json!(one);
    let told = land.close(old, "?dry_run=true", plan.clone()).await.expect(200).body;
    assert_eq!(blockers(&told), [("#/successors".to_owned(), "respondent".to_owned())], "{told}");
    land.close(old, "", plan.clone()).await.expect(422);
    plan["successors"][1]["petitions"] = json!([id]);
    land.close(old, "", plan).await.expect(200);
    land.run_due();
    let case = land.case(id);
    assert_eq!((case.lead, case.responsible), (Some(two), Some(other)));
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

async fn no_agency_below_is_left_without_a_coordinator(db: TestDb) {
    let land = land(db);
    let [old, one] = ["H99.0", "H99.1"].map(|code| land.agency(code, Level::Commune, land.province, None));
    let below = land.agency("H99.0.1", Level::Unit, old, None);
    let first = land.handler("first", one);
    for (name, agency) in [("chief", old), ("chief1", one)] {
        land.app.official(name, agency, Role::Coordinator, Some(agency), Visibility::Restricted);
    }
    land.without("coordinator");
    land.submit(json!({"agency_code": "H99.0.1"})).await;
    let mut plan = order(TODAY, &[(one, first)]);
    plan["children_to"] = json!(land.province);
    let told = land.close(old, "?dry_run=true", plan.clone()).await.expect(200).body;
    assert_eq!(blockers(&told), [("#".to_owned(), "nobody_left".to_owned())], "{told}");
    let refused = land.close(old, "", plan.clone()).await.expect(409);
    assert_eq!(refused.body["reason"], "nobody_left");
    // The chief's right goes to the successor, and reaches what is put below that.
    plan["children_to"] = json!(one);
    land.close(old, "", plan).await.expect(200);
    let told = land.app.get(format!("/v1/agencies/{below}")).call().await.expect(200).body;
    assert_eq!((&told["parent_id"], &told["version"]), (&json!(one), &json!(1)));
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

impl Land {
    /// An id that no agency has.
    fn nowhere() -> AgencyId {
        AgencyId::new(uuid::Uuid::from_u128(7))
    }

    /// Ends every right of an official.
    fn without(&self, username: &'static str) {
        let ended = self.app.app.write_now(move |tx, world| {
            let held = people::official_by_username(tx, username)?.expect("an official");
            for grant in people::grants_in_force(tx, held.id, world.now)? {
                people::changes::end_grant(tx, grant.id, world.now)?;
            }
            Ok(())
        });
        ended.unwrap();
    }
}
