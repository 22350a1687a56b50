//! The flow: balanced for every group, whatever the window, the attribution and the reader.

use std::collections::BTreeMap;

use diesel::{QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{Error, World},
    domain::{
        id::{AgencyId, PetitionId},
        time::Instant,
        vocabulary::{Role, State, Visibility},
    },
    store::{
        AnyConnection,
        schema::petition,
        spans::{self, SpanRow},
    },
};
use serde_json::Value;

use crate::{
    figures::{random_histories, walk},
    support::{Case, TestDb, cases, client::TestApp, given::Given, requests::Dice},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        what_was_there_and_came_is_what_went_and_stays,
        a_reader_who_sees_some_has_a_balance_too,
        the_flow_is_what_the_spans_say,
        every_figure_of_the_flow_is_its_list,
    ]
}

type Row = BTreeMap<String, i64>;

/// The rows of a flow by key.
async fn flow(app: &TestApp, token: &str, query: &str) -> BTreeMap<String, Row> {
    let report = app.get(format!("/v1/reports/flow?{query}")).token(token).call().await.expect(200);
    let figures = |row: &Value| {
        let all = row["figures"].as_array().unwrap().iter();
        all.map(|one| (one["id"].as_str().unwrap().to_owned(), one["value"].as_i64().unwrap())).collect()
    };
    let rows = report.body["rows"].as_array().unwrap();
    rows.iter().map(|row| (row["key"].as_str().unwrap().to_owned(), figures(row))).collect()
}

/// Three instants in order, within the histories and around them.
fn instants(dice: &mut Dice, begin: Instant, end: Instant) -> [Instant; 3] {
    let length = usize::try_from((end.micros() - begin.micros()) / 1_000_000).unwrap();
    let mut three = [0, 1, 2].map(|_| begin.plus_micros(dice.below(length) as i64 * 1_000_000));
    three.sort();
    three
}

/// Windows that adjoin, each balanced, for every way of counting.
async fn balanced(given: &Given, token: &str, begin: Instant, seed: u64) {
    let app = &given.app;
    let mut dice = Dice::new(seed);
    for attribution in ["holder", "first", "current"] {
        for (by, basis) in [
            ("agency", "petition"),
            ("agency", "case"),
            ("kind", "petition"),
            ("channel", "petition"),
            ("field", "case"),
            ("none", "petition"),
        ] {
            let [first, second, third] = instants(&mut dice, begin, given.now());
            // Both by the same knowledge: what was merged later, and who has it at the end.
            let rest = format!("attribution={attribution}&basis={basis}&group_by={by}");
            let one = flow(app, token, &format!("from={first}&to={second}&{rest}")).await;
            let other = flow(app, token, &format!("from={second}&to={third}&{rest}")).await;
            for (key, row) in one.iter().chain(&other) {
                let balance = row["opening"] + row["received"] + row["moved_in"]
                    - row["answered"]
                    - row["ended"]
                    - row["moved_out"];
                assert_eq!(balance, row["closing"], "{rest} {key}: {row:?}");
                assert!(row["reopened"] <= row["received"]);
                if attribution != "holder" && by == "agency" {
                    assert_eq!((row["moved_in"], row["moved_out"]), (0, 0), "{rest} {key}");
                }
            }
            for key in one.keys().chain(other.keys()) {
                let of = |rows: &BTreeMap<String, Row>, id: &str| rows.get(key).map_or(0, |row| row[id]);
                assert_eq!(of(&one, "closing"), of(&other, "opening"), "{rest} {key} at {second}");
            }
            for rows in [&one, &other] {
                let sum = |id: &str| rows.values().map(|row| row[id]).sum::<i64>();
                assert_eq!(sum("moved_in"), sum("moved_out"), "{rest}: what went out came in");
            }
        }
    }
}

async fn what_was_there_and_came_is_what_went_and_stays(db: TestDb) {
    let given = Given::new(db);
    let begin = given.now();
    random_histories(&given, 50, 100);
    let all = given.app.official("all", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let token = given.app.token(all);
    for seed in 1..=3 {
        balanced(&given, &token, begin, seed).await;
    }
    let whole = flow(&given.app, &token, "group_by=none").await;
    let row = &whole["all"];
    assert!(row["reopened"] > 0 && row["answered"] > 0 && row["ended"] > 0, "{row:?}");
    let moved = flow(&given.app, &token, "group_by=agency").await;
    assert!(moved.values().map(|row| row["moved_in"]).sum::<i64>() > 0, "some were transferred: {moved:?}");
}

async fn a_reader_who_sees_some_has_a_balance_too(db: TestDb) {
    let given = Given::new(db);
    let begin = given.now();
    random_histories(&given, 40, 200);
    let people = given.people;
    let local =
        given.app.official("local", people.other, Role::Auditor, Some(people.other), Visibility::PartiesOnly);
    for (seed, reader) in [(7, people.auditor), (8, people.handler), (9, local)] {
        let token = given.app.token(reader);
        balanced(&given, &token, begin, seed).await;
    }
}

/// The stretch in force immediately before an instant.
fn before(spans: &[SpanRow], at: Instant) -> Option<&SpanRow> {
    spans.iter().filter(|span| span.from_at < at).max_by_key(|span| span.sequence)
}

/// The flow of the holders by agency, told from the spans of each petition.
fn model(histories: &[Vec<SpanRow>], from: Instant, to: Instant) -> BTreeMap<AgencyId, [i64; 8]> {
    let mut rows: BTreeMap<AgencyId, [i64; 8]> = BTreeMap::new();
    let open = |span: &&SpanRow| span.state.is_open();
    for spans in histories {
        let mut count = |span: &SpanRow, column: usize| {
            rows.entry(span.agency_id).or_default()[column] += 1;
        };
        before(spans, from).filter(open).inspect(|span| count(span, 0));
        before(spans, to).filter(open).inspect(|span| count(span, 7));
        for (index, next) in spans.iter().enumerate() {
            if !(from..to).contains(&next.from_at) {
                continue;
            }
            let last = index.checked_sub(1).map(|before| &spans[before]);
            match (last.filter(open), next.state.is_open()) {
                (None, true) => {
                    count(next, 1);
                    if last.is_some() {
                        count(next, 2);
                    }
                }
                (Some(last), true) if last.agency_id != next.agency_id => {
                    count(next, 3);
                    count(last, 6);
                }
                (Some(last), false) if matches!(next.state, State::Answered | State::Closed) => {
                    count(last, 4)
                }
                (Some(last), false) => count(last, 5),
                _ => {}
            }
        }
    }
    rows
}

const IDS: [&str; 8] =
    ["opening", "received", "reopened", "moved_in", "answered", "ended", "moved_out", "closing"];

async fn the_flow_is_what_the_spans_say(db: TestDb) {
    let given = Given::new(db);
    let begin = given.now();
    random_histories(&given, 40, 300);
    // The parts of what was split are petitions too.
    let read = |tx: &mut AnyConnection, _: &World| {
        let ids: Vec<PetitionId> = petition::table.select(petition::id).load(tx).map_err(Error::internal)?;
        ids.iter().map(|id| Ok(spans::of_petition(tx, *id)?)).collect::<Result<Vec<_>, Error>>()
    };
    let histories = given.app.app.read_now(read).unwrap();
    let all = given.app.official("all", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let token = given.app.token(all);
    let mut dice = Dice::new(77);
    for _ in 0..8 {
        let [from, to, _] = instants(&mut dice, begin, given.now());
        let told = flow(&given.app, &token, &format!("from={from}&to={to}")).await;
        let mut expected = model(&histories, from, to).into_values().collect::<Vec<_>>();
        expected.retain(|row| *row != [0; 8]);
        expected.sort_unstable();
        let mut found: Vec<[i64; 8]> = told.values().map(|row| IDS.map(|id| row[id])).collect();
        found.retain(|row| *row != [0; 8]);
        found.sort_unstable();
        assert_eq!(found, expected, "{from} to {to}");
    }
}

async fn every_figure_of_the_flow_is_its_list(db: TestDb) {
    let given = Given::new(db);
    let begin = given.now();
    random_histories(&given, 40, 400);
    let all = given.app.official("all", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let token = given.app.token(all);
    let mut dice = Dice::new(5);
    for by in ["agency", "field", "kind", "channel", "none"] {
        for attribution in ["holder", "first", "current"] {
            let [from, to, _] = instants(&mut dice, begin, given.now());
            let path =
                format!("/v1/reports/flow?group_by={by}&attribution={attribution}&from={from}&to={to}");
            assert!(walk(&given.app, &token, &path).await > 0 || from == to);
        }
    }
}
