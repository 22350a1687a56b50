//! Every cell of state × action × role through the one use case, and what surrounds it.

use diesel::RunQueryDsl;
use kiennghi::{
    app::{
        Error, World,
        actions::{self, Call, Request, Seen},
        caller::Caller,
        clock::new_id,
        history,
        idempotency::RequestKey,
        submission::{Incoming, submit},
    },
    domain::{
        act::*,
        id::PetitionId,
        lifecycle,
        petition::Case as Petition,
        refusal::Refusal,
        vocabulary::{Action, Code, Kind, Role, State},
    },
    store::{AnyConnection, events, petitions},
};

use crate::support::{
    Case, TestDb, cases,
    given::{self, Given, People, act_now, text},
    requests::valid,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        every_cell_does_what_the_table_says,
        one_of_two_officials_wins,
        twins_with_one_key_make_one_petition,
        a_phones_reference_lasts,
        a_backdated_approval_stays_late,
        refusals_come_in_order,
        an_answered_petition_closes_by_itself,
        one_petition_that_cannot_close_keeps_nothing_else_waiting,
    ]
}

/// The roles that somebody can act in through this use case; the system has use cases of its own.
const ROLES: [Role; 8] = [
    Role::Intake,
    Role::Coordinator,
    Role::Handler,
    Role::Approver,
    Role::Auditor,
    Role::Admin,
    Role::Citizen,
    Role::Supporting,
];

async fn every_cell_does_what_the_table_says(db: TestDb) {
    let given = Given::new(db);
    let kind = Kind::Proposal;
    let received = given.petition(kind, State::Received);
    let classified = given.petition(kind, State::Classified);
    let mut allowed = 0;
    for &state in State::ALL {
        let id = match state {
            State::Merged => given.merged(kind, State::Received).0,
            state => given.petition(kind, state),
        };
        let survivor = if state == State::Received { received } else { classified };
        let (people, helped) = (given.people, !given.case(id).supporting.is_empty());
        given.pass(1);
        let cells = given.write(move |tx, world| {
            let before = trace(tx, id)?;
            let case = history::load(tx, id)?.expect("a petition").case;
            let mut allowed = 0;
            for &action in Action::ALL.iter().filter(|action| **action != Action::Escalation) {
                for role in ROLES {
                    let found = cell(tx, world, &people, &case, survivor, (action, role))?;
                    let expected = expected(state, action, role, helped);
                    assert_eq!(found, expected, "{state} × {action} × {role}");
                    allowed += usize::from(expected == "done");
                }
            }
            assert_eq!(trace(tx, id)?, before, "{state}: refused and undone acts leave nothing");
            Ok(allowed)
        });
        allowed += cells.unwrap_or_else(|error| panic!("{state}: {error:?}"));
    }
    let system = |row: &&lifecycle::Transition| row.who.contains(&Role::System);
    let of_system: usize = lifecycle::TRANSITIONS.iter().filter(system).map(|row| row.from.len()).sum();
    // Notes of a helper need somebody who helps: in each state of the row there is one.
    assert_eq!(allowed + of_system, 194, "every allowed cell was done here or is the system's");
}

/// The word for what the table says of a cell.
fn expected(state: State, action: Action, role: Role, helped: bool) -> &'static str {
    if role == Role::Admin || (role == Role::Supporting && !helped) {
        return "absent";
    }
    if !lifecycle::is_ever_for(action, role) {
        return "forbidden";
    }
    if lifecycle::find(state, action, role).is_none() { "illegal" } else { "done" }
}

/// How far a petition's history goes: version, sequence, count of events, last hash.
fn trace(tx: &mut AnyConnection, id: PetitionId) -> Result<(u32, u32, usize, Vec<u8>), Error> {
    let loaded = history::load(tx, id)?.expect("a petition");
    Ok((
        loaded.case.version,
        loaded.case.sequence,
        events::history(tx, id, None)?.len(),
        loaded.row.last_hash,
    ))
}

/// Tries one cell, and undoes what is done.
fn cell(
    tx: &mut AnyConnection,
    world: &World,
    people: &People,
    case: &Petition,
    survivor: PetitionId,
    (action, role): (Action, Role),
) -> Result<&'static str, Error> {
    let who = people.caller(role, case.id);
    let request = valid(action, people, survivor, case);
    let tried = if lifecycle::find(case.state, action, role).is_some() {
        tx.savepoint(|tx| do_it(tx, world, people, case, &who, request, (action, role)))
    } else {
        let key = Ok(Some(given::key(&who, action.as_str())));
        let seen = Seen::Version(case.version);
        let call = Call { caller: who, petition: case.id, action, request: Ok(request), seen, key };
        actions::perform(tx, world, &call).map(|_| ())
    };
    Ok(match tried {
        Err(Error::Busy) => "done",
        Err(Error::NotFound) => "absent",
        Err(Error::Refused(Refusal::Forbidden(_))) => "forbidden",
        Err(Error::Refused(Refusal::IllegalMove { .. })) => "illegal",
        other => panic!("{action} × {role}: {other:?}"),
    })
}

/// Does what the table allows; the error at the end undoes it.
fn do_it(
    tx: &mut AnyConnection,
    world: &World,
    people: &People,
    case: &Petition,
    who: &Caller,
    request: Request,
    (action, role): (Action, Role),
) -> Result<(), Error> {
    let id = case.id;
    // A decision needs a request, and what is submitted needs a draft.
    if action == Action::ReconsiderationDecision {
        act_now(tx, world, &Caller::Tracker(vec![id]), id, given::request().into())?;
    }
    if action == Action::ReplySubmission {
        act_now(tx, world, &people.caller(Role::Handler, id), id, given::draft(case.kind).into())?;
    }
    let before = history::load(tx, id)?.expect("a petition").case;
    let done = act_now(tx, world, who, id, request)?;
    let after = history::load(tx, id)?.expect("a petition").case;
    assert_eq!(after.sequence, before.sequence + 1, "{action}: one event");
    assert_eq!(done.sequence, after.sequence);
    let version = if action.moves_version(role) { after.sequence } else { before.version };
    assert_eq!(after.version, version, "{action} × {role}: the version");
    Err(Error::Busy)
}

async fn one_of_two_officials_wins(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::Classified);
    let version = given.case(id).version;
    let (people, now) = (given.people, given.now());
    let barrier = std::sync::Barrier::new(2);
    let race = |official, responsible| {
        let app = given.app.app.clone();
        let barrier = &barrier;
        move || {
            barrier.wait();
            app.write_now(move |tx, world| {
                let assignment = Assignment { responsible_id: responsible, ..people.assignment() };
                let call = Call {
                    caller: Caller::Official(official),
                    petition: id,
                    action: Action::Assignment,
                    request: Ok(assignment.into()),
                    seen: Seen::Version(version),
                    key: Ok(None),
                };
                actions::perform(tx, &world.at(now), &call)
            })
        }
    };
    let results = std::thread::scope(|scope| {
        let one = scope.spawn(race(people.coordinator, people.handler));
        let other = scope.spawn(race(people.second_coordinator, people.second_handler));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let won = results.iter().filter(|result| result.is_ok()).count();
    let stale = results.iter().filter(|result| matches!(result, Err(Error::Stale))).count();
    assert_eq!((won, stale), (1, 1), "{results:?}");
    assert_eq!(given.case(id).version, version + 1);
}

async fn twins_with_one_key_make_one_petition(db: TestDb) {
    let given = Given::new(db);
    let key = given::key(&Caller::Anonymous, "/v1/petitions");
    let barrier = std::sync::Barrier::new(2);
    let (app, now) = (given.app.app.clone(), given.now());
    let twin = || {
        let key = key.clone();
        barrier.wait();
        app.write_now(move |tx, world| {
            let submission = Ok(given::submission(Kind::Feedback));
            let incoming = Incoming { caller: Caller::Anonymous, submission, key: Ok(Some(key.clone())) };
            submit(tx, &world.at(now), &incoming)
        })
    };
    let results = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(twin), scope.spawn(twin));
        [one.join().unwrap(), other.join().unwrap()]
    });
    let made: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert!(made.iter().all(|twin| twin.case.id == made[0].case.id), "{results:?}");
    assert_eq!(made.iter().filter(|twin| !twin.replayed).count(), 1, "{results:?}");
    let others = results.iter().filter_map(|result| result.as_ref().err());
    assert!(others.clone().all(|error| matches!(error, Error::IdempotencyInProgress)), "{results:?}");

    let reused = RequestKey { fingerprint: vec![2], ..key };
    let again = given.write(move |tx, world| {
        let submission = Ok(given::submission(Kind::Feedback));
        submit(tx, world, &Incoming { caller: Caller::Anonymous, submission, key: Ok(Some(reused.clone())) })
    });
    assert!(matches!(again, Err(Error::IdempotencyKeyReused)), "{again:?}");
}

async fn a_phones_reference_lasts(db: TestDb) {
    let given = Given::new(db);
    let mut phones = given::submission(Kind::Feedback);
    phones.client_reference = Some(new_id());
    let first = given.submit(Caller::Anonymous, phones.clone()).unwrap();
    given.pass(30 * 24 * 60);
    let later = given.submit(Caller::Anonymous, phones.clone()).unwrap();
    assert_eq!((later.case.id, later.replayed, later.case.sequence), (first.case.id, true, 1));
    let mut other = phones;
    other.title = "Việc khác".to_owned();
    let refused = given.submit(Caller::Anonymous, other);
    assert!(
        matches!(&refused, Err(Error::Refused(Refusal::Guard { code: "client_reference_used", .. }))),
        "{refused:?}"
    );
}

async fn a_backdated_approval_stays_late(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::AwaitingApproval);
    let due = given.case(id).registration.promised_due_at.unwrap();
    given.turn_to("2027-03-01T09:00:00+07:00");
    let who = given.people.caller(Role::Approver, id);
    let request = Request { occurred_at: Some(due.plus_micros(-1)), ..given::approval().into() };
    let refused = given.act(&who, id, request).unwrap_err();
    assert_eq!(pointers(&refused), ["/occurred_at"], "an approval takes effect when it is recorded");
    given.act(&who, id, given::approval()).unwrap();

    let (stage, met, due) = given
        .write(move |tx, world| {
            let case = history::load(tx, id)?.expect("a petition").case;
            let clocks = case.clocks(world.rules(), world.calendar());
            let clock = kiennghi::domain::clock::current(&clocks, 1).expect("a clock").clone();
            Ok((clock.timeliness(world.now), clock.ended_at, clock.due))
        })
        .unwrap();
    assert_eq!(stage.as_str(), "missed", "the document's date does not make it early");
    assert!(met > due.map(|due| due.due_at));
    assert_eq!(met, Some(given.now()));
}

async fn refusals_come_in_order(db: TestDb) {
    let given = Given::new(db);
    let id = given.petition(Kind::Proposal, State::Assigned);
    let people = given.people;
    let try_it = |caller: Caller, action: Action, request: Option<Request>, seen: Seen, keyed: bool| {
        let result = given.write(move |tx, world| {
            let malformed = || Error::Malformed(Vec::new());
            let call = Call {
                caller: caller.clone(),
                petition: id,
                action,
                request: request.clone().ok_or_else(malformed),
                seen,
                key: Ok(keyed.then(|| given::key(&caller, action.as_str()))),
            };
            actions::perform(tx, world, &call)
        });
        match result {
            Err(Error::Unauthenticated(_)) => 401,
            Err(Error::NotFound) => 404,
            Err(Error::Refused(Refusal::Forbidden(_))) => 403,
            Err(Error::Malformed(_) | Error::IdempotencyKeyMissing) => 400,
            Err(Error::PreconditionRequired) => 428,
            Err(Error::Stale) => 412,
            Err(Error::Refused(Refusal::IllegalMove { .. } | Refusal::Guard { .. })) => 409,
            Err(Error::Refused(Refusal::Invalid(_))) => 422,
            other => panic!("{other:?}"),
        }
    };
    let version = Seen::Version(given.case(id).version);
    let (handler, coordinator) = (Caller::Official(people.handler), Caller::Official(people.coordinator));
    let empty = Request::from(SupplementRequest { missing: text(" "), answer_by: given::day("2026-11-01") });
    let decline = Request::from(Decline { reason: text(" "), agency_id: people.ward });
    assert_eq!(try_it(Caller::Anonymous, Action::Decline, None, Seen::Nothing, false), 401);
    assert_eq!(try_it(Caller::Official(new_id()), Action::Decline, None, Seen::Nothing, false), 401);
    assert_eq!(try_it(Caller::Official(people.admin), Action::Decline, None, Seen::Nothing, false), 404);
    assert_eq!(try_it(Caller::Tracker(vec![new_id()]), Action::Rating, None, Seen::Nothing, false), 404);
    assert_eq!(try_it(coordinator, Action::Decline, None, Seen::Nothing, false), 403);
    assert_eq!(try_it(handler.clone(), Action::Decline, None, Seen::Nothing, false), 400);
    assert_eq!(
        try_it(handler.clone(), Action::ProgressNote, Some(decline.clone()), Seen::Nothing, false),
        400
    );
    assert_eq!(try_it(handler.clone(), Action::Decline, Some(decline.clone()), Seen::Nothing, false), 428);
    assert_eq!(try_it(handler.clone(), Action::Decline, Some(decline.clone()), Seen::Version(1), false), 412);
    assert_eq!(try_it(handler.clone(), Action::Decline, Some(decline.clone()), Seen::Foreign, false), 412);
    assert_eq!(try_it(handler.clone(), Action::SupplementRequest, Some(empty), version, false), 409);
    assert_eq!(try_it(handler, Action::Decline, Some(decline), version, false), 422);
}

fn pointers(error: &Error) -> Vec<&str> {
    match error {
        Error::Refused(Refusal::Invalid(errors)) => {
            errors.iter().map(|error| error.pointer.as_str()).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn an_answered_petition_closes_by_itself(db: TestDb) {
    let given = Given::new(db);
    let (quiet, asked) =
        (given.petition(Kind::Feedback, State::Answered), given.petition(Kind::Suggestion, State::Answered));
    let who = given.people.caller(Role::Citizen, asked);
    given.act(&who, asked, given::request()).unwrap();
    let app = &given.app;
    app.turn_to("2026-12-23T14:00:00+07:00");
    assert_eq!(kiennghi::app::routine::run_due(&app.app).unwrap(), 0, "not before the hour");
    app.turn_to("2026-12-23T15:00:00+07:00");
    assert_eq!(kiennghi::app::routine::run_due(&app.app).unwrap(), 1);
    assert_eq!(kiennghi::app::routine::run_due(&app.app).unwrap(), 0);
    assert_eq!([quiet, asked].map(|id| given.case(id).state), [State::Closed, State::Answered]);
}

async fn one_petition_that_cannot_close_keeps_nothing_else_waiting(db: TestDb) {
    let given = Given::new(db);
    let both = [(); 2].map(|()| given.petition(Kind::Feedback, State::Answered));
    let app = &given.app;
    let spoil = "UPDATE event SET payload = '{}' WHERE type = 'registration'
        AND subject_id = (SELECT id FROM petition ORDER BY closes_at, id LIMIT 1)";
    let spoilt = app.app.write_now(move |tx, _| Ok(diesel::sql_query(spoil).execute(tx).unwrap()));
    assert_eq!(spoilt.unwrap(), 1);
    app.turn_to("2026-12-23T15:00:00+07:00");
    let told = kiennghi::app::routine::run_due(&app.app).unwrap_err().for_operator();
    assert!(told.contains("is due and cannot be closed"), "{told}");
    let (states, waits) = app
        .app
        .read_now(|tx, _| {
            let rows = petitions::find_many(tx, &both)?;
            Ok((rows.into_iter().map(|row| row.state).collect::<Vec<_>>(), events::has_unnumbered(tx)?))
        })
        .unwrap();
    assert_eq!(states.iter().filter(|state| **state == State::Closed).count(), 1, "{states:?}");
    assert!(!waits, "the log is numbered");
}
