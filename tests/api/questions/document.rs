//! The document is true: 38 questions, each with a test of its name, and calls that are answered.

use std::collections::{BTreeMap, BTreeSet};

use kiennghi::http::openapi;
use serde_json::{Value, json};

use super::{Desk, handling, late, replies, trust};
use crate::{
    demo::token,
    support::{Case, TestDb, cases, once},
};

pub(super) fn cases() -> Vec<Case> {
    [once![every_question_has_its_test, every_address_is_in_the_contract], cases![every_call_is_answered]]
        .concat()
}

const DOCUMENT: &str = include_str!("../../../docs/auditors-questions.md");

/// The rows of the tables: number, question, call, answer, test.
fn rows() -> Vec<[&'static str; 5]> {
    let cells = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        cells.try_into().ok().filter(|[number, ..]: &[&str; 5]| number.parse::<u32>().is_ok())
    };
    DOCUMENT.lines().filter_map(cells).collect()
}

fn every_question_has_its_test() {
    let mut numbers: Vec<u32> = rows().iter().map(|[number, ..]| number.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=38).collect::<Vec<_>>());
    let tests = [late::cases(), handling::cases(), replies::cases(), trust::cases()].concat();
    let known: BTreeSet<String> = tests.iter().map(|case| case.name.to_owned()).collect();
    let named: BTreeSet<String> =
        rows().iter().map(|[.., test]| format!("questions::{}", test.trim_matches('`'))).collect();
    assert_eq!(named, known);
    assert_eq!(named.len(), 38, "each has its own");
    for [number, question, call, answer, _] in rows() {
        assert!(!question.is_empty() && call.contains("/v1/") && !answer.is_empty(), "{number}");
    }
}

/// Every address that the document names, without what follows its path.
fn addresses() -> BTreeSet<String> {
    let end = |c: char| !(c.is_ascii_alphanumeric() || "/-_.$".contains(c));
    let after = DOCUMENT.split("/v1/").skip(1);
    after.map(|rest| format!("/v1/{}", rest.split(end).next().unwrap_or_default())).collect()
}

/// Whether an address is one of a template: a variable or a number stands for a parameter.
fn is_of(address: &str, template: &str) -> bool {
    let (given, wanted): (Vec<&str>, Vec<&str>) =
        (address.split('/').collect(), template.split('/').collect());
    let same =
        |(given, wanted): (&&str, &&str)| given == wanted || (wanted.starts_with('{') && !given.is_empty());
    given.len() == wanted.len() && given.iter().zip(&wanted).all(same)
}

fn every_address_is_in_the_contract() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert!(addresses().len() > 25, "{:?}", addresses());
    for address in addresses() {
        assert!(paths.iter().any(|path| is_of(&address, path)), "{address} is nowhere");
    }
}

/// What is asked with `ask "…"` or `first "…"`, in order.
fn asked() -> Vec<&'static str> {
    let quoted = |word: &'static str| {
        DOCUMENT.split(word).skip(1).filter_map(|rest| rest.split_once('"').map(|(call, _)| call))
    };
    quoted("ask \"").chain(quoted("first \"")).filter(|call| call.starts_with("/v1/")).collect()
}

async fn every_call_is_answered(db: TestDb) {
    let desk = Desk::at(db, "2026-11-27T09:00:00+07:00");
    let first = async |path: &str| desk.ask(path).await["items"][0]["id"].as_str().unwrap().to_owned();
    let office = first("/v1/agencies?code=H99.1").await;
    let official = first(&format!("/v1/officials?agency_id={office}")).await;
    let grant = first(&format!("/v1/grants?official_id={official}")).await;
    let sent = desk.app.post("/v1/frozen-reports").token(&token(&desk.app, "auditor"));
    let report = sent.json(json!({"group_by": "none"})).call().await.expect(201).body["id"].clone();
    let petitions =
        [("GARDEN", "3"), ("CERTIFICATE", "4"), ("KARAOKE", "12"), ("MANHOLE", "2"), ("OPINION", "8")];
    let mut variables: BTreeMap<&str, String> =
        petitions.into_iter().map(|(variable, name)| (variable, desk.id(name))).collect();
    let report = report.as_str().unwrap().to_owned();
    variables.extend([("OFFICE", office), ("OFFICIAL", official), ("GRANT", grant), ("REPORT", report)]);
    assert!(asked().len() > 45, "{:?}", asked());
    for call in asked() {
        let path = variables
            .iter()
            .fold(call.to_owned(), |path, (variable, value)| path.replace(&format!("${variable}"), value));
        let answer = desk.ask(&path).await;
        assert_ne!(answer, Value::Null, "{call}");
    }
    // The names in the document lead where it says.
    for (variable, name) in petitions {
        let line = DOCUMENT.lines().find(|line| line.starts_with(&format!("{variable}="))).unwrap();
        let path = line.split('"').nth(1).unwrap();
        assert_eq!(desk.name(&json!(first(path).await)), name, "{variable}");
    }
}
