//! One petition as it stood and as it was known: the fold agrees with the spans at every instant, and nobody sees more of
//! the past than of the present.

use kiennghi::{
    app::{
        Error, World,
        caller::Caller,
        past::{self, Moments},
        reading::Reading,
        when::When,
    },
    domain::{
        id::PetitionId,
        time::Instant,
        vocabulary::{Kind, Role, State, Timeliness, Visibility},
    },
    store::{
        AnyConnection,
        events::{self, StoredEvent},
        spans::{self, SpanRow},
    },
};
use serde_json::{Value, json};

use crate::{
    histories::random,
    support::{
        Case, TestDb, cases,
        client::Reply,
        given::{self, Given, text},
        requests::Dice,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        the_fold_agrees_with_the_spans_at_any_instant,
        what_is_recorded_late_changes_only_what_is_known_later,
        the_stricter_of_then_and_now_decides,
        links_and_texts_are_those_of_the_time,
        names_are_those_of_the_time,
        the_past_is_asked_for_in_order,
    ]
}

const HISTORIES: usize = 50;
const LOOKS: usize = 40;

/// A time as a parameter.
fn at(instant: Instant) -> String {
    instant.to_string()
}

async fn read(given: &Given, role: Role, id: PetitionId, rest: &str) -> Reply {
    let Caller::Official(official) = given.people.caller(role, id) else { panic!("{role:?} is no official") };
    given.app.get(format!("/v1/petitions/{id}{rest}")).token(&given.app.token(official)).call().await
}

/// The stretch that shows a petition at an instant, of those that were known by another.
fn span_at(spans: &[SpanRow], as_of: Instant, known: Instant) -> Option<SpanRow> {
    let mut known: Vec<SpanRow> = spans.iter().filter(|span| span.recorded_from <= known).cloned().collect();
    if let Some(last) = known.last_mut() {
        last.to_at = None;
    }
    let covers = |span: &SpanRow| span.from_at <= as_of && span.to_at.is_none_or(|to| as_of < to);
    known.into_iter().rev().find(covers)
}

fn timeliness(span: &SpanRow, at: Instant) -> Timeliness {
    if let Some(met) = span.met_at {
        return if span.due_at.is_some_and(|due| due <= met) { Timeliness::Missed } else { Timeliness::Met };
    }
    match span.open_due_at {
        _ if span.paused_until.is_some_and(|until| at < until) => Timeliness::Paused,
        Some(due) if due <= at => Timeliness::Overdue,
        Some(_) if span.due_soon_at.is_some_and(|soon| soon <= at) => Timeliness::DueSoon,
        Some(_) => Timeliness::OnTrack,
        None => Timeliness::None,
    }
}

/// What a span says of a petition, in the words of its view.
fn told(span: &SpanRow, at: Instant) -> Value {
    let paused = span.paused_until.is_some_and(|until| at < until);
    json!({
        "state": span.state, "kind": span.kind, "channel": span.channel, "visibility": span.visibility,
        "field_code": span.field_code, "round": span.round, "received_at": span.received_at,
        "agency": span.agency_id, "intake_agency": span.intake_agency_id, "responsible": span.responsible_id,
        "timeliness": timeliness(span, at), "stage": span.clock_stage, "due_at": span.due_at.filter(|_| !paused),
    })
}

/// What the fold says of it, in the same words.
fn folded(reading: &Reading) -> Value {
    let case = &reading.case;
    let clock = reading.present_clock();
    json!({
        "state": case.state, "kind": case.kind, "channel": case.channel, "visibility": case.visibility,
        "field_code": case.field_code, "round": case.round, "received_at": case.received_at,
        "agency": case.lead_or_intake(), "intake_agency": case.intake_agency, "responsible": case.responsible,
        "timeliness": clock.map_or(Timeliness::None, |clock| clock.timeliness(reading.now)),
        "stage": clock.map(|clock| clock.stage),
        "due_at": clock.and_then(|clock| clock.due_as_of(reading.now)).map(|due| due.due_at),
    })
}

async fn the_fold_agrees_with_the_spans_at_any_instant(db: TestDb) {
    let given = Given::new(db);
    let (ids, _) = random(&given, HISTORIES);
    let coordinator = Caller::Official(given.people.coordinator);
    let looked = ids.clone();
    let compare = move |tx: &mut AnyConnection, world: &World| {
        let mut dice = Dice::new(7);
        let (mut absent, mut seen) = (0, 0);
        for id in &looked {
            let history = events::history(tx, *id, None)?;
            let spans = spans::of_petition(tx, *id)?;
            let last = history.last().expect("an event").event.recorded_at;
            let moments: Vec<Instant> = history
                .iter()
                .flat_map(|stored| [stored.event.occurred_at, stored.event.recorded_at])
                .chain([history[0].event.occurred_at.plus_micros(-1)])
                .collect();
            for _ in 0..LOOKS {
                let as_of = dice.one_of(&moments).plus_micros(dice.below(3) as i64 * 1_000_000);
                let known = (dice.below(3) > 0).then(|| dice.one_of(&moments));
                let asked = Moments { as_of: Some(When::At(as_of)), recorded_by: known.map(When::At) };
                let found = past::look(tx, world, &coordinator, *id, Ok(asked));
                let known = known.unwrap_or(last);
                match (found, span_at(&spans, as_of, known)) {
                    (Err(Error::NotFound), None) => absent += 1,
                    (Ok(look), Some(span)) => {
                        assert_eq!(folded(&look.reading), told(&span, as_of), "{id} {asked:?}");
                        let counts = |stored: &&StoredEvent| {
                            stored.event.occurred_at <= as_of && stored.event.recorded_at <= known
                        };
                        assert_eq!(look.events.len(), history.iter().filter(counts).count());
                        seen += 1;
                    }
                    (found, span) => panic!("{id} {asked:?}: {found:?} where the spans say {span:?}"),
                }
            }
        }
        Ok((absent, seen))
    };
    let (absent, seen) = given.app.app.read_now(compare).unwrap();
    assert!(absent > 10 && seen > 1_000, "{absent} {seen}");

    // What the fold says is what is answered; as of now, the past is the present.
    for id in ids.into_iter().take(5) {
        let live = read(&given, Role::Coordinator, id, "").await.expect(200);
        let far = read(&given, Role::Coordinator, id, "?as_of=2100-01-01").await.expect(200);
        for name in ["state", "title", "version", "agency", "responsible_person", "links", "visibility"] {
            assert_eq!(live.body[name], far.body[name], "{id} {name}");
        }
        assert!(!live.field("etag").is_empty());
        assert_eq!((far.field("etag"), &far.body["actions"]), ("", &json!([])));
        let deadlines = read(&given, Role::Coordinator, id, "/deadlines?as_of=2100-01-01").await.expect(200);
        let clocks = deadlines.body["clocks"].as_array().unwrap().iter().map(|clock| clock["clock"].clone());
        assert_eq!(Value::Array(clocks.collect()), far.body["clocks"], "{id}");
    }
}

async fn what_is_recorded_late_changes_only_what_is_known_later(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::Assigned);
    given.pass(600);
    let before = given.now();
    let asked = |as_of: Instant, known: Option<Instant>| match known {
        Some(known) => format!("?as_of={}&recorded_by={}", at(as_of), at(known)),
        None => format!("?as_of={}", at(as_of)),
    };
    let effective = before.plus_micros(-300 * 60_000_000);
    let body = async |path: &str, as_of, known| {
        read(&given, Role::Auditor, id, &format!("{path}{}", asked(as_of, known))).await.expect(200).body
    };
    let mut unknowing = Vec::new();
    for path in ["", "/events", "/deadlines"] {
        unknowing.push((path, body(path, before, Some(before)).await));
    }
    // Taken up five hours ago, recorded two days later.
    given.pass(2 * 24 * 60);
    let mut acceptance: kiennghi::app::actions::Request =
        kiennghi::domain::act::Acceptance { document: None }.into();
    acceptance.occurred_at = Some(effective);
    given.act(&given.people.caller(Role::Handler, id), id, acceptance).unwrap();

    for (path, then) in unknowing {
        assert_eq!(body(path, before, Some(before)).await, then, "{path}: as it was known then");
        assert_ne!(body(path, before, None).await, then, "{path}: as it is known now");
    }
    assert_eq!(body("", before, None).await["state"], "in_progress");
    assert_eq!(body("", effective, None).await["state"], "in_progress");
    assert_eq!(body("", effective.plus_micros(-1), None).await["state"], "assigned");
    assert_eq!(body("", before, Some(given.now())).await["state"], "in_progress");
}

async fn the_stricter_of_then_and_now_decides(db: TestDb) {
    let given = Given::new(db);
    // Open then, sealed now.
    let sealed = given.petition(Kind::Proposal, State::InProgress);
    let open = given.now();
    given.act(&given.people.caller(Role::Coordinator, sealed), sealed, given::sealing()).unwrap();
    // Sealed then, open now: what came as a denunciation is a proposal.
    let denounced = given.submitted(Kind::Denunciation);
    let closed = given.now();
    let classified = given::classification(Kind::Proposal);
    let classified =
        kiennghi::domain::act::Classification { visibility: Some(Visibility::PublicRedacted), ..classified };
    given.act(&given.people.caller(Role::Intake, denounced), denounced, classified).unwrap();
    let later = given.now();
    let past = |moment: Instant| format!("as_of={}", at(moment));
    for path in ["", "/events", "/deadlines"] {
        let ask = async |role, id, moment: Option<Instant>| {
            let query = moment.map(|moment| format!("?{}", past(moment))).unwrap_or_default();
            read(&given, role, id, &format!("{path}{query}")).await.status.as_u16()
        };
        assert_eq!(ask(Role::Auditor, sealed, Some(open)).await, 404, "{path}: sealed since");
        assert_eq!(ask(Role::Coordinator, sealed, Some(open)).await, 200, "{path}");
        assert_eq!(ask(Role::Auditor, denounced, None).await, 200, "{path}: open now");
        assert_eq!(ask(Role::Auditor, denounced, Some(later)).await, 200, "{path}");
        assert_eq!(ask(Role::Auditor, denounced, Some(closed)).await, 404, "{path}: sealed then");
        assert_eq!(ask(Role::Intake, denounced, Some(closed)).await, 200, "{path}");
    }
}

async fn links_and_texts_are_those_of_the_time(db: TestDb) {
    let given = Given::new(db);
    let (id, survivor) = (
        given.petition(Kind::Proposal, State::Classified),
        given.petition(Kind::Proposal, State::InProgress),
    );
    let apart = given.now();
    let intake = given.people.caller(Role::Intake, id);
    given.act(&intake, id, given::merge(survivor)).unwrap();
    let together = given.now();
    let wrong = kiennghi::domain::act::MergeReversal { reason: text("Nhầm") };
    given.act(&intake, id, wrong).unwrap();
    given.act(&intake, id, given::correction()).unwrap();
    let corrected = given.now();
    let links = async |id, moment| {
        let view = read(&given, Role::Auditor, id, &format!("?as_of={}", at(moment))).await.expect(200).body;
        view["links"].as_array().unwrap().iter().map(|link| link["id"].clone()).collect::<Vec<_>>()
    };
    for (one, other) in [(id, survivor), (survivor, id)] {
        assert_eq!(links(one, apart).await, Vec::<Value>::new());
        assert_eq!(links(one, together).await, [json!(other)], "it was undone since");
        assert_eq!(links(one, corrected).await, Vec::<Value>::new());
    }
    let title = async |moment| {
        read(&given, Role::Auditor, id, &format!("?as_of={}", at(moment))).await.expect(200).body["title"]
            .clone()
    };
    assert_eq!(title(together).await, "Ngõ 45 ngập nước");
    assert_eq!(title(corrected).await, "Ngõ 45 ngập nặng");

    // A link to what was sealed since does not show in the past either, nor do entries that lead there.
    let coordinator = given.people.caller(Role::Coordinator, id);
    given.act(&coordinator, survivor, given::sealing()).unwrap();
    assert_eq!(links(id, together).await, Vec::<Value>::new());
    let events =
        read(&given, Role::Auditor, id, &format!("/events?as_of={}", at(together))).await.expect(200);
    assert!(!events.text.contains(&survivor.to_string()), "{}", events.text);
}

async fn names_are_those_of_the_time(db: TestDb) {
    let given = Given::new(db);
    let app = &given.app;
    let admin = app.token(given.people.admin);
    let body = json!({"agency_id": given.people.ward, "full_name": "Trần Văn Cũ", "position": "Chuyên viên"});
    let made = app.post("/v1/officials").token(&admin).key().json(body).call().await.expect(201);
    let official = made.body["id"].as_str().unwrap().to_owned();
    let right = json!({"official_id": official, "role": "handler", "agency_id": given.people.ward,
        "ceiling": "parties_only"});
    app.post("/v1/grants").token(&admin).key().json(right).call().await.expect(201);
    let id = given.petition(Kind::Proposal, State::Classified);
    given.turn_to(&app.now().to_string());
    let mut assignment = given.people.assignment();
    assignment.responsible_id = official.parse().unwrap();
    given.pass(10);
    given.act(&given.people.caller(Role::Coordinator, id), id, assignment).unwrap();
    let then = given.now();
    app.turn_to("2026-11-25T10:00:00+07:00");
    given.turn_to("2026-11-25T10:00:00+07:00");

    let renamed =
        json!({"agency_id": given.people.ward, "full_name": "Trần Văn Mới", "position": "Phó trưởng phòng"});
    let put = |path: String, version: u32, body: Value| {
        app.send(actix_web::http::Method::PUT, path).token(&admin).seen(version).json(body)
    };
    put(format!("/v1/officials/{official}"), 1, renamed).call().await.expect(200);
    let ward = app.get(format!("/v1/agencies/{}", given.people.ward)).call().await.expect(200);
    let mut facts = json!({"valid_from": "2026-11-25", "name": "Phường Mới"});
    for name in ["code", "identifier", "level", "parent_id", "serves_area", "is_default", "head_official_id"]
    {
        facts[name] = ward.body[name].clone();
    }
    put(format!("/v1/agencies/{}", given.people.ward), ward.version(), facts).call().await.expect(200);

    let named = async |query: &str| {
        let view = read(&given, Role::Auditor, id, query).await.expect(200).body;
        let person = &view["responsible_person"];
        [view["agency"]["name"].clone(), person["full_name"].clone(), person["position"].clone()]
    };
    assert_eq!(named("").await, ["Phường Mới", "Trần Văn Mới", "Phó trưởng phòng"]);
    assert_eq!(named(&format!("?as_of={}", at(then))).await, ["Phường", "Trần Văn Cũ", "Chuyên viên"]);
    assert_eq!(named("?as_of=2026-11-24").await, ["Phường", "Trần Văn Cũ", "Chuyên viên"], "the whole day");
}

async fn the_past_is_asked_for_in_order(db: TestDb) {
    let given = Given::new(db);
    let id = given.submitted(Kind::Proposal);
    let foreign = kiennghi::app::clock::new_id();
    for path in ["", "/events", "/deadlines"] {
        for wrong in [
            "?as_of=yesterday",
            "?recorded_by=2026-13-01",
            "?asof=2026-11-23",
            "?as_of=2026-11-23&as_of=2026-11-23",
        ] {
            read(&given, Role::Auditor, id, &format!("{path}{wrong}")).await.expect(400);
            read(&given, Role::Auditor, foreign, &format!("{path}{wrong}")).await.expect(404);
        }
        read(&given, Role::Auditor, id, &format!("{path}?as_of=2026-11-22")).await.expect(404);
        read(&given, Role::Auditor, id, &format!("{path}?recorded_by=2026-11-22")).await.expect(404);
        let today = read(&given, Role::Auditor, id, &format!("{path}?as_of=2026-11-23")).await.expect(200);
        assert_eq!(
            (&today.body["as_of"], &today.body["recorded_by"]),
            (&json!("2026-11-23T17:00:00Z"), &Value::Null)
        );
    }
    // What was taken down since is not shown in the past either.
    let id = given.petition(Kind::Proposal, State::Answered);
    let who = |role| given.people.caller(role, id);
    given
        .act(
            &who(Role::Approver),
            id,
            kiennghi::domain::act::Publication { public_text: text("Bà Trần kêu.") },
        )
        .unwrap();
    let public = given.now();
    let view = read(&given, Role::Auditor, id, &format!("?as_of={}", at(public))).await.expect(200);
    assert_eq!(view.body["reply"]["public_text"], "Bà Trần kêu.");
    given.act(&who(Role::Approver), id, kiennghi::domain::act::Takedown { reason: text("Lộ tên") }).unwrap();
    let view = read(&given, Role::Auditor, id, &format!("?as_of={}", at(public))).await.expect(200);
    assert_eq!(
        (&view.body["reply"]["public_text"], &view.body["public_title"]),
        (&Value::Null, &Value::Null)
    );
}
