//! As of then, and as known then: what lists and reports say of any moment is what the histories say that had been
//! recorded by it. In memory over many histories, and through the API on both databases.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diesel::connection::SimpleConnection;
use kiennghi::{
    app::{World, clock::new_id, projection, routine, world::Reference},
    domain::{
        act::{Act, Registration},
        clock::{self, Clock, ClockOp},
        decide::{Context, Decision, Known, KnownAgency, KnownPerson, decide},
        event::{Actor, Event, Record, SCHEMA},
        id::{AgencyId, OfficialId, PetitionId},
        petition::{Case as Petition, RoundOutcome},
        prose::Prose,
        time::Instant,
        vocabulary::*,
    },
    store::{
        AnyConnection, StoreError,
        spans::{ClockRow, SpanRow},
    },
};
use serde_json::Value;

use crate::{
    histories::{actor, backdated, bare, choose, derived, folded, history_events, shown},
    lists::{all, ids},
    support::{
        Case, Database, TestDb, cases,
        client::{START, TestApp},
        given::{Given, People, act_now},
        once,
        requests::{Dice, request_of},
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = once![spans_know_what_was_known];
    all.extend(cases![
        lists_and_reports_know_what_was_known,
        a_late_record_changes_what_it_should,
        a_database_of_before_learns_it
    ]);
    all
}

const IN_MEMORY: usize = 10_000;
const STEPS: usize = 12;
const THROUGH_THE_API: usize = 300;

/// The columns of the report on promises after `received`.
const COLUMNS: [&str; 8] = [
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "open_in_time",
    "open_overdue",
    "open_paused",
    "ended_otherwise",
    "no_deadline",
];

/// A history in memory, with the stretches that the program writes for it.
struct Story {
    events: Vec<Event>,
    spans: Vec<SpanRow>,
    clocks: Vec<ClockRow>,
}

impl Story {
    /// Takes in an event and what it changes of the stretches.
    fn take_in(&mut self, reference: &Reference, before: Option<&Petition>, after: &Petition, event: Event) {
        let change = projection::change(reference, before, after, &event);
        let end = (Some(event.occurred_at), Some(event.recorded_at));
        for span in self.spans.iter_mut().filter(|span| change.ends && span.to_at.is_none()) {
            (span.to_at, span.recorded_to) = end;
        }
        let ends = |row: &ClockRow| change.clocks_end.contains(&(row.round, row.stage));
        for row in self.clocks.iter_mut().filter(|row| row.to_at.is_none()).filter(|row| ends(row)) {
            (row.to_at, row.recorded_to) = end;
        }
        self.spans.extend(change.begins);
        self.clocks.extend(change.clocks_begin);
        self.events.push(event);
    }

    /// A random history: what the domain allows, some of it recorded long after it happened.
    fn random(reference: &Reference, people: &People, dice: &mut Dice) -> Self {
        let mut now: Instant = START.parse().unwrap();
        let first = opening(reference, people.ward, now, dice);
        let mut case = Petition::begin(&first).unwrap();
        let mut story = Self { events: Vec::new(), spans: Vec::new(), clocks: Vec::new() };
        story.take_in(reference, None, &case, first);
        for _ in 0..STEPS {
            now = now.plus_micros((1 + dice.below(6 * 24 * 60)) as i64 * 60_000_000);
            let Some((action, role)) = choose(&case, dice) else { break };
            let request = request_of(action, role, people, &case, &[], now, dice);
            let since = now.micros() - case.since.micros();
            let paper = backdated(action, role) && dice.below(2) == 0;
            let official = match role {
                Role::Handler => case.responsible.or(Some(people.handler)),
                Role::Approver => Some(people.approver),
                Role::Citizen => None,
                _ => Some(people.coordinator),
            };
            let context = Context {
                now,
                occurred_at: paper.then(|| now.plus_micros(-(since / 2))),
                actor: Actor { role, official, agency: Some(people.ward), position: None },
                rules: &reference.rules,
                calendar: &reference.calendar,
                known: permissive(people, &request.act),
            };
            let Ok(decision) = decide(&case, request.act, &context) else { continue };
            let event = event(case.id, case.sequence + 1, context.actor, decision, now);
            let before = case.clone();
            case.apply(&event);
            story.take_in(reference, Some(&before), &case, event);
        }
        story
    }

    fn known(&self, at: Instant, by: Instant) -> Vec<Event> {
        let known = |event: &&Event| event.occurred_at <= at && event.recorded_at <= by;
        self.events.iter().filter(known).cloned().collect()
    }

    /// The stretches that hold at an instant, by what was recorded until another.
    fn held(&self, at: Instant, by: Instant) -> (Vec<&SpanRow>, Vec<&ClockRow>) {
        let holds = |from: Instant, recorded: Instant, to: Option<Instant>, recorded_to: Option<Instant>| {
            let over = to.is_some_and(|to| to <= at) && recorded_to.is_some_and(|to| to <= by);
            from <= at && recorded <= by && !over
        };
        let spans = self.spans.iter();
        let clocks = self.clocks.iter();
        (
            spans.filter(|row| holds(row.from_at, row.recorded_from, row.to_at, row.recorded_to)).collect(),
            clocks.filter(|row| holds(row.from_at, row.recorded_from, row.to_at, row.recorded_to)).collect(),
        )
    }
}

fn event(petition: PetitionId, sequence: u32, actor: Actor, decision: Decision, now: Instant) -> Event {
    let Decision { act, to, round, clocks, occurred_at } = decision;
    let record = Record { schema: SCHEMA, act, to, round, clocks };
    let id = new_id();
    Event {
        id,
        petition,
        sequence,
        actor,
        on_behalf_of: None,
        request_id: None,
        caused_by: None,
        occurred_at,
        recorded_at: now,
        record,
    }
}

/// A petition comes in, sometimes days before it is recorded.
fn opening(reference: &Reference, ward: AgencyId, now: Instant, dice: &mut Dice) -> Event {
    let kind = Kind::ALL[dice.below(Kind::ALL.len())];
    let received_at = now.plus_micros(-(dice.below(5) as i64) * 86_400_000_000);
    let registration = Registration {
        code: "KN-1".to_owned(),
        kind,
        instance: (kind == Kind::Complaint).then_some(1),
        channel: Channel::Post,
        submitter_type: SubmitterType::Individual,
        field_code: "land".to_owned(),
        urgency: Urgency::Normal,
        remote_area: false,
        visibility: Visibility::PartiesOnly,
        provenance: Provenance::Native,
        intake_agency: ward,
        received_at,
        title: Prose::Given("Ngập".to_owned()),
        content: Prose::Given("Ngõ ngập.".to_owned()),
        location: None,
        incident_at: None,
        incoming_number: None,
        letter_date: None,
        group_size: None,
        keep_secret: false,
        respondent: None,
        submitter_digest: None,
        keys_digest: None,
        previous: None,
        part_of: None,
        promised_due_at: None,
        promised_due_on: None,
    };
    let begin = |clocks| Decision {
        act: Act::Registration(Box::new(registration.clone())),
        to: State::Received,
        round: 1,
        clocks,
        occurred_at: received_at,
    };
    let id = new_id();
    let bare = event(id, 1, Actor::citizen(), begin(Vec::new()), now);
    let traits = Petition::begin(&bare).unwrap().traits();
    let clocks = [Stage::Intake, Stage::Resolution, Stage::Forwarding].into_iter().filter_map(|stage| {
        let day = received_at.day(reference.zone());
        let rule = reference.rules.select(stage, &traits, day)?;
        let starts = rule.start_event == StartEvent::Receipt;
        starts.then(|| ClockOp::start(1, stage, received_at, rule, &reference.calendar))
    });
    event(id, 1, Actor::citizen(), begin(clocks.collect()), now)
}

/// Everybody named exists and may do what is asked.
fn permissive(people: &People, act: &Act) -> Known {
    let (agency, person) = match act {
        Act::Assignment(facts) => (facts.agency_id, facts.responsible_id),
        Act::Transfer(facts) => (facts.agency_id, facts.responsible_id),
        Act::Handover(facts) => (people.ward, facts.responsible_id),
        _ => (people.ward, people.handler),
    };
    let of = |id: AgencyId| KnownAgency { id, head: None, line: vec![id] };
    Known {
        agency: Some(of(agency)),
        person: Some(KnownPerson { id: person, agency, may_handle: true, heads: Vec::new() }),
        supporting_fit: true,
        supporting: Vec::new(),
        holder: Some(of(people.ward)),
        field_exists: true,
        survivor: None,
        author_exists: true,
        named_exist: true,
        heads: Vec::new(),
    }
}

fn people() -> People {
    let someone = || -> OfficialId { new_id() };
    People {
        ward: new_id(),
        other: new_id(),
        intake: someone(),
        coordinator: someone(),
        handler: someone(),
        approver: someone(),
        auditor: someone(),
        admin: someone(),
        helper: someone(),
        second_coordinator: someone(),
        second_handler: someone(),
    }
}

/// The classes of timeliness that a stretch falls into at an instant, each by its own words.
fn classes(span: &SpanRow, at: Instant) -> Vec<Timeliness> {
    let passed = |moment: Option<Instant>| moment.is_some_and(|moment| moment <= at);
    let rests = span.paused_until.is_some_and(|until| until > at);
    let runs = span.met_at.is_none() && !rests;
    let late = |met: Instant| span.due_at.is_some_and(|due| due <= met);
    let open = span.open_due_at.is_some();
    let words = [
        (Timeliness::None, runs && !open),
        (Timeliness::OnTrack, runs && open && !passed(span.open_due_at) && !passed(span.due_soon_at)),
        (Timeliness::DueSoon, runs && open && !passed(span.open_due_at) && passed(span.due_soon_at)),
        (Timeliness::Overdue, runs && passed(span.open_due_at)),
        (Timeliness::Paused, span.met_at.is_none() && rests),
        (Timeliness::Met, span.met_at.is_some_and(|met| !late(met))),
        (Timeliness::Missed, span.met_at.is_some_and(late)),
    ];
    words.into_iter().filter(|(_, holds)| *holds).map(|(class, _)| class).collect()
}

/// The column of the report in which a history stands, in the words of the design.
fn column(case: &Petition, clocks: &[Clock], reference: &Reference, at: Instant) -> &'static str {
    let first = clock::current(clocks, 1);
    match (case.first_outcome(), first) {
        (RoundOutcome::Answered(_), None) | (RoundOutcome::Open, None) => "no_deadline",
        (RoundOutcome::Answered(Some(met)), Some(clock)) => {
            let due = clock.due.expect("an answered round does not rest");
            if due.due_at <= met {
                "resolved_late"
            } else if met.day(reference.zone()) < due.due_on {
                "resolved_early"
            } else {
                "resolved_on_time"
            }
        }
        (RoundOutcome::Answered(None), _) => "no_deadline",
        (RoundOutcome::EndedOtherwise, _) => "ended_otherwise",
        (RoundOutcome::Open, Some(clock)) => match clock.timeliness(at) {
            Timeliness::Paused => "open_paused",
            Timeliness::Overdue => "open_overdue",
            _ => "open_in_time",
        },
    }
}

fn spans_know_what_was_known() {
    let app = TestApp::new(TestDb::new(Database::Sqlite));
    let reference: Arc<Reference> = app.app.read_now(|_, world| Ok(Arc::clone(&world.reference))).unwrap();
    let people = people();
    let (mut late, mut looks) = (0, 0);
    for number in 0..IN_MEMORY {
        let mut dice = Dice::new(number as u64 + 7);
        let story = Story::random(&reference, &people, &mut dice);
        late += story.events.iter().filter(|event| event.occurred_at < event.recorded_at).count();
        let mut instants: Vec<Instant> =
            story.events.iter().flat_map(|event| [event.occurred_at, event.recorded_at]).collect();
        let end = *instants.iter().max().unwrap();
        instants.push(end.plus_micros(40 * 86_400_000_000));
        let pick =
            |dice: &mut Dice| instants[dice.below(instants.len())].plus_micros(dice.below(3) as i64 - 1);
        for _ in 0..4 {
            let (at, by, later) = (pick(&mut dice), pick(&mut dice), pick(&mut dice));
            looks += 1;
            agree(&story, &reference, at, by);
            // More knowledge changes an answer only where something that counts was recorded meanwhile.
            let (by, later) = (by.min(later), by.max(later));
            let learnt = |event: &Event| {
                event.recorded_at > by && event.recorded_at <= later && event.occurred_at <= at
            };
            if !story.events.iter().any(learnt) {
                assert_eq!(story.held(at, by), story.held(at, later), "history {number}");
            }
        }
        agree(&story, &reference, end, end);
        let present: Vec<&SpanRow> = story.spans.iter().filter(|span| span.to_at.is_none()).collect();
        assert_eq!(story.held(end, end).0, present, "as of now is live");
    }
    assert!(late > IN_MEMORY && looks == 4 * IN_MEMORY, "{late} recorded late");
}

/// What holds at a moment is what the events make that were known.
fn agree(story: &Story, reference: &Reference, at: Instant, by: Instant) {
    let (spans, clocks) = story.held(at, by);
    let known = story.known(at, by);
    let Some(case) = Petition::fold(&known) else {
        assert!(spans.is_empty() && clocks.is_empty(), "nothing was known");
        return;
    };
    assert_eq!(spans.len(), 1, "one stretch at {at} known by {by}");
    assert_eq!(bare(spans[0]), bare(&derived(&case, reference, &known)));
    let derived = case.clocks(&reference.rules, &reference.calendar);
    let mut shown: Vec<_> = clocks.into_iter().map(shown).collect();
    let mut folded: Vec<_> = derived.iter().map(folded).collect();
    shown.sort();
    folded.sort();
    assert_eq!(shown, folded);
    let present = clock::current(&derived, case.round);
    let class = present.map_or(Timeliness::None, |clock| clock.timeliness(at));
    assert_eq!(classes(spans[0], at), [class], "one class at {at}");
    assert!(COLUMNS.contains(&column(&case, &derived, reference, at)));
}

/// What a history says of a moment.
struct Said {
    kind: &'static str,
    state: &'static str,
    agency: String,
    timeliness: &'static str,
    column: &'static str,
    received_at: Instant,
}

fn said(events: &[Event], reference: &Reference, at: Instant, by: Instant) -> Option<Said> {
    let known: Vec<Event> =
        events.iter().filter(|event| event.occurred_at <= at && event.recorded_at <= by).cloned().collect();
    let case = Petition::fold(&known)?;
    let clocks = case.clocks(&reference.rules, &reference.calendar);
    let present = clock::current(&clocks, case.round);
    Some(Said {
        kind: case.kind.as_str(),
        state: case.state.as_str(),
        agency: case.lead_or_intake().to_string(),
        timeliness: present.map_or(Timeliness::None, |clock| clock.timeliness(at)).as_str(),
        column: column(&case, &clocks, reference, at),
        received_at: case.received_at,
    })
}

/// Histories in the database, each of some random steps.
fn told(given: &Given, count: usize) -> Vec<PetitionId> {
    let mut told: Vec<PetitionId> = Vec::new();
    for number in 0..count {
        let mut dice = Dice::new(number as u64 + 1000);
        let id = given.submitted(Kind::ALL[dice.below(Kind::ALL.len())]);
        let (people, others) = (given.people, told.clone());
        let steps = move |tx: &mut _, world: &World| {
            let (mut now, mut dice) = (world.now, dice.clone());
            for _ in 0..STEPS {
                now = now.plus_micros((1 + dice.below(6 * 24 * 60)) as i64 * 60_000_000);
                let world = world.at(now);
                let case = kiennghi::app::history::load(tx, id)?.expect("a petition").case;
                let Some((action, role)) = choose(&case, &mut dice) else { break };
                let mut request = request_of(action, role, &people, &case, &others, now, &mut dice);
                if backdated(action, role) && dice.below(2) == 0 {
                    let since = now.micros() - case.since.micros();
                    request.occurred_at = Some(now.plus_micros(-(since / 2)));
                }
                let who = actor(&people, role, &case, &mut dice);
                let done = tx.savepoint(|tx| act_now(tx, &world, &who, id, request));
                use kiennghi::app::Error::{NotFound, Refused};
                if let Err(error) = done
                    && !matches!(error, Refused(_) | NotFound)
                {
                    return Err(error);
                }
            }
            Ok(())
        };
        given.write(steps).unwrap();
        told.push(id);
        given.pass(5 * 60);
    }
    told
}

async fn lists_and_reports_know_what_was_known(db: TestDb) {
    let given = Given::new(db);
    let told = told(&given, THROUGH_THE_API);
    let app = &given.app;
    let reference: Arc<Reference> = app.app.read_now(|_, world| Ok(Arc::clone(&world.reference))).unwrap();
    // More than were told: the parts of what was split, and what followed a complaint that was settled.
    let histories: Vec<(String, Vec<Event>)> = app
        .app
        .read_now(|tx, _| {
            let petitions = kiennghi::store::verify::petition_ids(tx, None, 10_000)?;
            let mut histories = Vec::new();
            for id in petitions {
                let events = history_events(tx, id)?.into_iter().map(|stored| stored.event).collect();
                histories.push((id.to_string(), events));
            }
            Ok(histories)
        })
        .unwrap();
    assert!(histories.len() >= told.len());
    let recorded = histories.iter().flat_map(|(_, events)| events).map(|event| event.recorded_at);
    let end = recorded.max().unwrap().plus_micros(86_400_000_000);
    app.turn_to(&end.to_string());
    let sealed = app.official("inspector", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let token = app.token(sealed);

    let live = all(app, &token, "/v1/petitions").await;
    assert_eq!(live.len(), histories.len());
    let now = app.now();
    assert_eq!(all(app, &token, &format!("/v1/petitions?as_of={now}")).await, live, "as of now is live");
    assert_eq!(
        all(app, &token, &format!("/v1/petitions?recorded_by={now}")).await,
        live,
        "known now is live"
    );

    let all_events: Vec<&Event> = histories.iter().flat_map(|(_, events)| events).collect();
    let mut dice = Dice::new(99);
    let pick = |dice: &mut Dice| {
        let event = all_events[dice.below(all_events.len())];
        if dice.below(2) == 0 { event.occurred_at } else { event.recorded_at }
    };
    let mut moments: Vec<(Instant, Instant)> = vec![(now, now)];
    // Something that had happened by then, but was recorded only later.
    let late: Vec<&&Event> =
        all_events.iter().filter(|event| event.occurred_at < event.recorded_at).collect();
    for _ in 0..4 {
        let event = late[dice.below(late.len())];
        moments.push((event.occurred_at, event.recorded_at.plus_micros(-1)));
        moments.push((pick(&mut dice), pick(&mut dice)));
    }
    for (at, by) in moments {
        let expected: BTreeMap<&str, Said> = histories
            .iter()
            .filter_map(|(id, events)| Some((id.as_str(), said(events, &reference, at, by)?)))
            .collect();
        let then = format!("as_of={at}&recorded_by={by}");
        let found = all(app, &token, &format!("/v1/petitions?{then}")).await;
        check_list(&found, &expected);
        let whole = ids(&found);
        parts_are_the_whole(app, &token, &then, &whole, &expected, at).await;
        figures_agree(app, &token, &then, &expected).await;
    }
}

fn check_list(found: &[Value], expected: &BTreeMap<&str, Said>) {
    assert_eq!(ids(found), expected.keys().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>());
    for item in found {
        let said = &expected[item["id"].as_str().unwrap()];
        assert_eq!(item["kind"], said.kind, "{item}");
        assert_eq!(item["state"], said.state, "{item}");
        assert_eq!(item["agency"]["id"], said.agency.as_str(), "{item}");
        assert_eq!(item["timeliness"], said.timeliness, "{item}");
    }
}

/// Before and after are all, every petition is in one class, and filters only narrow.
async fn parts_are_the_whole(
    app: &TestApp,
    token: &str,
    then: &str,
    whole: &BTreeSet<String>,
    expected: &BTreeMap<&str, Said>,
    at: Instant,
) {
    let list = async |filters: &str| ids(&all(app, token, &format!("/v1/petitions?{then}&{filters}")).await);
    let middle =
        expected.values().map(|said| said.received_at).max().unwrap_or(at).plus_micros(-5 * 86_400_000_000);
    let (before, after) =
        (list(&format!("received_to={middle}")).await, list(&format!("received_from={middle}")).await);
    assert!(before.is_disjoint(&after));
    assert_eq!(&(&before | &after), whole, "before and after are all");
    let mut union = BTreeSet::new();
    for class in Timeliness::ALL {
        let part = list(&format!("timeliness={class}")).await;
        assert!(union.is_disjoint(&part), "{class}");
        let both = list(&format!("timeliness={class}&received_to={middle}&kind=proposal")).await;
        assert!(both.is_subset(&part) && both.is_subset(&before), "filters only narrow");
        union.extend(part);
    }
    assert_eq!(&union, whole, "every petition is in one class");
    let overdue = ids(&all(app, token, &format!("/v1/overdue?{then}")).await);
    assert_eq!(overdue, list("timeliness=overdue").await);
    assert_eq!(
        ids(&all(app, token, &format!("/v1/due-soon?{then}")).await),
        list("timeliness=due_soon").await
    );
    assert_eq!(ids(&all(app, token, &format!("/v1/paused?{then}")).await), list("timeliness=paused").await);
    let idle = list("idle_days_min=10").await;
    assert!(list("idle_days_min=20").await.is_subset(&idle) && idle.is_subset(whole));
}

/// The report and the summary count what the histories say.
async fn figures_agree(app: &TestApp, token: &str, then: &str, expected: &BTreeMap<&str, Said>) {
    let path = format!("/v1/reports/timeliness?group_by=kind&{then}");
    let report = app.get(path).token(token).call().await.expect(200);
    let mut rest = expected.len() as i64;
    for row in report.body["rows"].as_array().unwrap() {
        let own: Vec<&Said> = expected.values().filter(|said| row["key"] == said.kind).collect();
        for name in COLUMNS {
            let count = own.iter().filter(|said| said.column == name).count();
            assert_eq!(row[name], count, "{then} {name}: {row}");
        }
        assert_eq!(row["received"], own.len());
        rest -= own.len() as i64;
    }
    assert_eq!(rest, 0, "every petition is in one row");
    let overdue = expected.values().filter(|said| said.timeliness == "overdue").count();
    for by in ["agency", "kind", "field", "level", "person", "channel"] {
        let path = format!("/v1/overdue/summary?group_by={by}&{then}");
        let summary = app.get(path).token(token).call().await.expect(200);
        assert_eq!(summary.body["total"], overdue, "{by}");
        let counts = summary.body["groups"].as_array().unwrap().iter();
        assert_eq!(counts.map(|group| group["count"].as_u64().unwrap()).sum::<u64>(), overdue as u64);
    }
}

/// An answer signed in time but recorded late, and a petition registered late: told as they were known.
async fn a_late_record_changes_what_it_should(db: TestDb) {
    let given = Given::new(db);
    given.turn_to("2026-11-02T09:00:00+07:00");
    let id = given.petition(Kind::Complaint, State::Assigned);
    let received = given.now();
    given.turn_to("2026-11-23T09:00:00+07:00");
    let accepted = received.plus_micros(2 * 86_400_000_000);
    let handler = given.people.caller(Role::Handler, id);
    let act: kiennghi::app::actions::Request = kiennghi::domain::act::Acceptance { document: None }.into();
    given.act(&handler, id, kiennghi::app::actions::Request { occurred_at: Some(accepted), ..act }).unwrap();
    let app = &given.app;
    let sealed = app.official("inspector", given.people.ward, Role::Auditor, None, Visibility::Restricted);
    let token = app.token(sealed);
    let state = async |query: &str| {
        let found = all(app, &token, &format!("/v1/petitions?{query}")).await;
        found.first().map(|item| item["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(state("as_of=2026-11-05").await.as_deref(), Some("in_progress"), "as we know it now");
    assert_eq!(state("as_of=2026-11-05&recorded_by=2026-11-20").await.as_deref(), Some("assigned"));
    assert_eq!(state("as_of=2026-11-20&recorded_by=2026-11-20").await.as_deref(), Some("assigned"));
    assert_eq!(state("recorded_by=2026-11-20").await.as_deref(), Some("assigned"), "without as_of: now");
    assert_eq!(state("as_of=2026-11-05&recorded_by=2026-11-23").await.as_deref(), Some("in_progress"));
    assert_eq!(state("as_of=2026-11-03&recorded_by=2026-11-23").await.as_deref(), Some("assigned"));
    assert_eq!(state("recorded_by=2026-11-01").await, None, "nothing was known yet");
    // Accepted in time as we know it now; then it was late: the intake clock ran on.
    let late = async |query: &str| all(app, &token, &format!("/v1/overdue?{query}")).await.len();
    let then = "as_of=2026-11-20";
    assert_eq!((late(then).await, late(&format!("{then}&recorded_by=2026-11-20")).await), (0, 1));
    for path in ["/v1/overdue/summary", "/v1/reports/timeliness"] {
        for (query, known) in
            [("as_of=2026-11-20", Value::Null), ("recorded_by=2026-11-20", "2026-11-20T17:00:00Z".into())]
        {
            let reply = app.get(format!("{path}?{query}")).token(&token).call().await.expect(200);
            assert_eq!(reply.body["recorded_by"], known, "{path}");
        }
    }
}

/// A database that was filled before stretches knew when their end was recorded: the migration finds it out.
async fn a_database_of_before_learns_it(db: TestDb) {
    let given = Given::new(db);
    told(&given, 60);
    let folder = match given.app.db.database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgres",
    };
    // What stands on the columns goes before them, and comes back after.
    let (known, late) = ("000007_known_then", "000014_was_overdue");
    for (migration, step) in [(late, "down"), (known, "down"), (known, "up"), (late, "up")] {
        let path =
            format!("{}/migrations/{folder}/2026-11-26-{migration}/{step}.sql", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let run = move |tx: &mut AnyConnection, _: &World| {
            tx.batch_execute(&text).map_err(StoreError::from)?;
            Ok(())
        };
        given.app.app.write_now(run).unwrap();
    }
    routine::number_events(&given.app.app).unwrap();
    let (findings, summary) = verified(&given.app);
    assert_eq!(findings, Vec::<String>::new(), "{summary}");
}
