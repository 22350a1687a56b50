//! Random trees and closings: each petition counts in exactly one group, then and now, and a subtree is its members.

use std::collections::{BTreeMap, BTreeSet};

use kiennghi::{
    domain::{id::AgencyId, time::Day, tree, vocabulary::Level},
    store::agencies::{self, lines},
};
use serde_json::{Value, json};

use super::land::{Land, order, record};
use crate::{
    schema_parity::execute,
    support::{Case, Database, TestDb, cases, records::Dice},
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![figures_agree_in_random_trees, the_migration_makes_the_tree_there_was]
}

const AGENCIES: usize = 12;
const RECORDS: usize = 70;
const CLOSINGS: usize = 6;

async fn figures_agree_in_random_trees(db: TestDb) {
    let land = Land::new(db, "2025-06-16T08:00:00+07:00");
    let mut dice = Dice::new(20_250_701);
    let mut open = vec![land.province];
    let mut codes: BTreeMap<AgencyId, String> = [(land.province, "H99".to_owned())].into();
    for number in 0..AGENCIES {
        let code = format!("H99.{number:02}");
        let above = dice.pick(&open);
        let id = land.agency(&code, dice.pick(&[Level::District, Level::Commune]), above, None);
        land.handler(&format!("handler{number}"), id);
        codes.insert(id, code);
        open.push(id);
    }
    let all: Vec<String> = codes.values().cloned().collect();
    let lines: Vec<Value> = (0..RECORDS)
        .map(|number| {
            let due = format!("2025-06-{:02}", 1 + dice.below(29));
            let closed = dice.once_in(3).then(|| format!("2025-06-{:02}", 1 + dice.below(15)));
            let field = dice.pick(&["land", "noise", "transport"]);
            record(&number.to_string(), &dice.pick(&all), field, &due, closed.as_deref())
        })
        .collect();
    land.import(&lines);
    let mut days = vec!["2025-06-16".to_owned()];
    for step in 0..CLOSINGS {
        let day = format!("2025-06-{:02}", 18 + 2 * step);
        land.app.turn_to(&format!("{day}T08:00:00+07:00"));
        close_one(&land, &mut dice, &mut open, &day).await;
        days.push(day);
    }
    land.app.turn_to("2025-07-02T12:00:00+07:00");
    days.push("2025-07-02".to_owned());
    for day in &days {
        agree(&land, &codes, day).await;
    }
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}

/// Closes a random agency into one to three others; its petitions move before the day ends.
async fn close_one(land: &Land, dice: &mut Dice, open: &mut Vec<AgencyId>, day: &str) {
    let closing = open.remove(1 + dice.below(open.len() - 1));
    let below: BTreeSet<AgencyId> = {
        let found = land.app.app.read_now(move |tx, _| Ok(agencies::descendants(tx, closing)?)).unwrap();
        found.into_iter().collect()
    };
    let outside: Vec<AgencyId> = open.iter().copied().filter(|id| !below.contains(id)).collect();
    let mut successors = Vec::new();
    for _ in 0..=dice.below(3) {
        let next = dice.pick(open);
        if !successors.iter().any(|(agency, _)| *agency == next) {
            let person = land.handler(&format!("{day}-{}", successors.len()), next);
            successors.push((next, person));
        }
    }
    let mut plan = order(day, &successors);
    plan["default_successor_id"] = json!(successors[0].0);
    plan["archive_to"] = json!(land.province);
    plan["children_to"] = json!(dice.pick(&outside));
    if let Some(last) = plan["successors"].as_array_mut().unwrap().last_mut() {
        last["fields"] = json!(["noise"]);
    }
    land.close(closing, "", plan).await.expect(200);
    land.run_due();
}

/// For a day, in both structures: the groups add up to the list, each group is its own list, and each subtree is the
/// sum of what stands in it, by the tree of that structure.
async fn agree(land: &Land, codes: &BTreeMap<AgencyId, String>, day: &str) {
    let on: Day = day.parse().unwrap();
    let today: Day = "2025-07-02".parse().unwrap();
    for (structure, tree_day) in [("then", on), ("now", today)] {
        let query = format!("as_of={day}&structure={structure}");
        let groups = land.read(&format!("/v1/overdue/summary?{query}")).await;
        let listed = land.read(&format!("/v1/overdue?as_of={day}&limit=100")).await;
        assert_eq!(groups["total"], json!(listed["items"].as_array().unwrap().len()), "{query}");
        let mut seen = BTreeSet::new();
        for group in groups["groups"].as_array().unwrap() {
            let list = land.read(&format!("{}&limit=100", group["href"].as_str().unwrap())).await;
            let items = list["items"].as_array().unwrap();
            assert_eq!(json!(items.len()), group["count"], "{query} {group}");
            for item in items {
                assert!(seen.insert(item["id"].to_string()), "{query}: {item} is in two groups");
            }
        }
        let own = land.overdue(&query).await;
        let report = land.read(&format!("/v1/reports/timeliness?{query}")).await;
        let received: i64 =
            report["rows"].as_array().unwrap().iter().map(|row| row["received"].as_i64().unwrap()).sum();
        assert_eq!(received, RECORDS as i64, "{query}");
        let held = land.app.app.read_now(|tx, _| Ok(lines::all(tx)?)).unwrap();
        for (top, code) in codes {
            let members: i64 = codes
                .iter()
                .filter(|(below, _)| {
                    held.iter().any(|line| {
                        line.ancestor == *top
                            && line.descendant == **below
                            && line.from <= tree_day
                            && tree_day < line.to
                    })
                })
                .map(|(_, code)| own.get(code).copied().unwrap_or(0))
                .sum();
            let subtree: i64 = land.overdue(&format!("{query}&agency_id={top}")).await.values().sum();
            assert_eq!(subtree, members, "{query}: below {code}");
        }
        assert!(tree_day < tree::ONWARD);
    }
}

/// An installation from before the tree was kept through time gets the one that its versions make.
async fn the_migration_makes_the_tree_there_was(db: TestDb) {
    let folder = if db.database == Database::Sqlite { "sqlite" } else { "postgres" };
    let land = Land::new(db, "2025-07-01T08:00:00+07:00");
    let district = land.agency("H99.D", Level::District, land.province, None);
    let commune = land.agency("H99.D.1", Level::Commune, district, None);
    land.agency("H99.D.1.1", Level::Unit, commune, None);
    let places = [
        (commune, land.province, "2025-06-20"),
        (district, commune, "2025-06-25"),
        (commune, land.province, "2025-06-28"),
    ];
    for (number, (agency, parent, from)) in places.into_iter().enumerate() {
        let path = format!("/v1/agencies/{agency}");
        let seen = land.app.get(&path).call().await.expect(200);
        let body = json!({"code": seen.body["code"], "name": format!("Tên {number}"), "level": "commune",
            "parent_id": parent, "valid_from": from});
        let call = land.app.send(actix_web::http::Method::PUT, &path).token(&land.admin).seen(seen.version());
        call.json(body).call().await.expect(200);
    }
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
    let path =
        format!("{}/migrations/{folder}/2026-11-26-000010_succession/up.sql", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let begin = text.find("INSERT INTO agency_line").unwrap();
    let end = begin + text[begin..].find(';').unwrap();
    execute(land.app.app.db(), "DELETE FROM agency_line");
    assert_ne!(verified(&land.app).0, Vec::<String>::new());
    execute(land.app.app.db(), Box::leak(text[begin..end].to_owned().into_boxed_str()));
    assert_eq!(verified(&land.app).0, Vec::<String>::new());
}
