use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::domain::{id::PetitionId, time::Instant, vocabulary::Kind};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    title: String,
    kind: Option<Kind>,
    place: Option<Place>,
    #[serde(default)]
    parts: Vec<Place>,
    at: Option<Instant>,
    id: Option<PetitionId>,
    shape: Option<Shape>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    latitude: f64,
    people: Option<u8>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Shape {
    Round,
    Square { side: u8 },
    Other(Place),
}

fn read(value: Value) -> Result<Submission, FieldError> {
    from_json(value)
}

fn fault(value: Value) -> (String, &'static str) {
    let error = read(value).unwrap_err();
    (error.pointer, error.code)
}

#[test]
fn a_whole_submission_is_read() {
    let read = read(json!({
        "title": "Đèn", "kind": "proposal", "place": {"latitude": 21, "people": null},
        "parts": [{"latitude": -1.5, "people": 3.0}], "at": "2026-11-23T14:00:00+07:00",
        "id": "0190a1b2-0000-7000-8000-000000000000", "shape": {"square": {"side": 2}},
    }))
    .unwrap();
    assert_eq!(read.kind, Some(Kind::Proposal));
    assert_eq!(read.place, Some(Place { latitude: 21.0, people: None }));
    assert_eq!(read.parts, [Place { latitude: -1.5, people: Some(3) }]);
    assert_eq!(read.shape, Some(Shape::Square { side: 2 }));
    assert_eq!(super::from_json::<Shape>(json!("round")).unwrap(), Shape::Round);
}

#[test]
fn every_fault_has_a_pointer_and_a_code() {
    let title = |member: Value| {
        let mut body = json!({"title": "x"});
        body.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        body
    };
    for (body, pointer, code) in [
        (json!({}), "/title", "missing"),
        (json!({"title": 1}), "/title", "wrong_type"),
        (json!({"title": null}), "/title", "wrong_type"),
        (title(json!({"status": "answered"})), "/status", "unknown_field"),
        (title(json!({"a/b~": 1})), "/a~1b~0", "unknown_field"),
        (title(json!({"kind": "petition"})), "/kind", "unknown_code"),
        (title(json!({"kind": 1})), "/kind", "wrong_type"),
        (title(json!({"place": {"people": 1}})), "/place/latitude", "missing"),
        (title(json!({"place": {"latitude": "1"}})), "/place/latitude", "wrong_type"),
        (title(json!({"place": {"latitude": 1, "people": 300}})), "/place/people", "out_of_range"),
        (title(json!({"place": {"latitude": 1, "people": -1}})), "/place/people", "out_of_range"),
        (title(json!({"place": {"latitude": 1, "people": 1.5}})), "/place/people", "wrong_type"),
        (title(json!({"place": {"latitude": 1, "people": 1e300}})), "/place/people", "wrong_type"),
        (title(json!({"parts": [{"latitude": 1}, {"x": 1}]})), "/parts/1/x", "unknown_field"),
        (title(json!({"parts": {}})), "/parts", "wrong_type"),
        (title(json!({"at": "2026-11-23T14:00:00"})), "/at", "not_a_time"),
        (title(json!({"id": "7"})), "/id", "not_a_uuid"),
        (title(json!({"shape": "oval"})), "/shape", "unknown_code"),
        (title(json!({"shape": {"square": {"side": 999}}})), "/shape/square/side", "out_of_range"),
    ] {
        assert_eq!(fault(body.clone()), (pointer.to_owned(), code), "{body}");
    }
    let error = read(json!({"title": "x", "kind": "petition"})).unwrap_err();
    assert!(error.words.en.contains("proposal, feedback") && error.words.vi.starts_with("Cần một trong"));
}

#[test]
fn a_list_never_stands_for_a_structure() {
    for body in [
        json!(["x", null, null]),
        json!({"title": "x", "place": [1.0, 2]}),
        json!({"title": "x", "parts": [[1.0, 2]]}),
        json!({"title": "x", "shape": {"square": [2]}}),
        json!({"title": "x", "shape": {"other": [2.0, 1]}}),
    ] {
        assert_eq!(fault(body.clone()).1, "wrong_type", "{body}");
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    kind: Option<Kind>,
    limit: Option<u8>,
    overdue: Option<bool>,
    near: Option<f64>,
    parts: Option<Vec<u8>>,
    q: Option<String>,
}

fn filter(pairs: &[(&str, &str)]) -> Result<Filter, (String, &'static str)> {
    let pairs = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    from_parameters(pairs).map_err(|error| (error.pointer, error.code))
}

#[test]
fn parameters_are_read_as_numbers_truths_and_codes() {
    let read =
        filter(&[("kind", "complaint"), ("limit", "7"), ("overdue", "true"), ("near", "-1.5"), ("q", "7")]);
    let expected = Filter {
        kind: Some(Kind::Complaint),
        limit: Some(7),
        overdue: Some(true),
        near: Some(-1.5),
        parts: None,
        q: Some("7".to_owned()),
    };
    assert_eq!(read, Ok(expected));
    for (name, text, code) in [
        ("limit", "1e1", "wrong_type"),
        ("limit", "+1", "wrong_type"),
        ("limit", "", "wrong_type"),
        ("limit", "-1", "out_of_range"),
        ("limit", "1000000", "out_of_range"),
        ("overdue", "1", "wrong_type"),
        ("near", "NaN", "wrong_type"),
        ("near", "inf", "wrong_type"),
        ("near", "1e999", "wrong_type"),
        ("parts", "1", "wrong_type"),
        ("kind", "", "unknown_code"),
        ("LIMIT", "1", "unknown_field"),
        ("a/b", "1", "unknown_field"),
    ] {
        assert_eq!(filter(&[(name, text)]), Err((name.to_owned(), code)), "{name}={text}");
    }
}
