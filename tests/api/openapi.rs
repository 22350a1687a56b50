//! The document is the contract: the file is true, complete, and refers to nothing that is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Case, once};
use kiennghi::http::openapi;

pub(crate) fn cases() -> Vec<Case> {
    once![
        the_file_is_the_document,
        no_reference_dangles,
        no_two_types_share_a_name,
        every_operation_says_what_it_is,
        bodies_are_as_strict_as_the_server
    ]
}

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

fn the_file_is_the_document() {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json"))
        .unwrap_or_default();
    let document = openapi::as_file().unwrap();
    assert!(
        file == document,
        "openapi/openapi.json drifted: run `cargo run -- openapi > openapi/openapi.json`"
    );
}

fn no_reference_dangles() {
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// A body without a member that is needed may be left out; texts of a body say something.
fn bodies_are_as_strict_as_the_server() {
    let document = document();
    let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
    assert_eq!(required("/v1/petitions/{id}/closing"), Value::Bool(false));
    assert_eq!(required("/v1/petitions/{id}/rejection"), Value::Bool(true));
    let text =
        |body: &str, member: &str| document["components"]["schemas"][body]["properties"][member].clone();
    assert_eq!(text("RejectionBody", "explanation")["pattern"], Value::from(r"\S"));
    assert_eq!(text("RejectionBody", "guided_to")["minLength"], Value::from(1));
    assert_eq!(text("SubmissionBody", "access_key_hash")["minLength"], Value::from(64));
    assert_eq!(text("RejectionBody", "ground").get("pattern"), None);
}

/// In the document a type is its name: of two with one name, one would silently stand for both.
fn no_two_types_share_a_name() {
    let mut names = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let mut described = false;
            for line in text.lines() {
                described |= line.trim_start().starts_with("#[derive(") && line.contains("ToSchema");
                if let Some((_, rest)) =
                    line.split_once("struct ").filter(|_| !line.trim_start().starts_with("//"))
                {
                    let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
                    let fresh = !described || name.is_empty() || names.insert(name.clone());
                    assert!(fresh, "{}: {name} is taken", path.display());
                    described = false;
                }
            }
        }
    }
    assert!(names.len() > 50, "{}", names.len());
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

fn every_operation_says_what_it_is() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            for member in ["summary", "description", "operationId"] {
                assert!(
                    operation[member].as_str().is_some_and(|text| !text.is_empty()),
                    "{at} has no {member}"
                );
            }
            assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{at} has no tag");
            assert!(operation["security"].is_array(), "{at} does not say who may call it");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('4')), "{at} names no problem");
            assert!(has_example(&document, operation), "{at} shows no example");
            assert!(
                names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{at}: the name is taken"
            );
        }
    }
}

/// Whether the body or the answer of an operation shows an example.
fn has_example(document: &Value, operation: &Value) -> bool {
    let shown = |content: &Value| {
        content.as_object().into_iter().flatten().any(|(_, media)| {
            let schema = &media["schema"];
            let schema = match schema["$ref"].as_str() {
                Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(schema),
                None => schema,
            };
            let present = |value: &Value| !value.is_null();
            present(&media["example"])
                || present(&schema["example"])
                || present(&schema["examples"])
                || schema["type"] == "string"
                || schema["properties"]
                    .as_object()
                    .is_some_and(|properties| properties.values().any(|p| present(&p["example"])))
        })
    };
    let bodies = [&operation["requestBody"]["content"]];
    let answers = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'));
    bodies.into_iter().any(shown)
        || answers.into_iter().any(|(_, answer)| answer["content"].is_null() || shown(&answer["content"]))
}
