//! The plans of the hot questions over 50,000 petitions, by each database's own word, with the values really asked for:
//! no table that grows is read from end to end. `sort=agency` looks at all that is overdue, and is left to the planner.
//! So are a summary and a report whose answer is more than about one petition in thirty: to read the petitions from end
//! to end is then the cheaper way. They are checked over fewer.

use std::sync::{Arc, Mutex};

use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
    sql_query,
    sql_types::Text,
};
use kiennghi::{
    app::clock::new_id,
    domain::{
        access::{Person, Right},
        figures::{Column, Report},
        id::AgencyId,
        time::Instant,
        vocabulary::{Action, Role, Stage, Timeliness, Visibility},
    },
    store::{
        AnyConnection, StoreError,
        figures::{self, Attribution, Basis, Frame, Moves, Population, Window},
        lists::{self, Against, Filters, Gap, Key, Moment, Order, Overdue, Place, Question, Tree},
        reports::Grouping,
        summary,
        verify::petition_ids,
    },
};

use crate::{
    lists::{agencies, records},
    support::{
        Case, TestDb, cases,
        client::TestApp,
        records::{Dice, Record},
    },
};

pub(crate) fn cases() -> Vec<Case> {
    cases![no_table_is_read_from_end_to_end, nor_for_a_summary_or_a_report]
}

/// Copies of the petitions that are there, each with its stretches and events, until there are about 50,000: as in an
/// office, most of them are over.
const CROWD_POSTGRES: &str = "
    CREATE TEMP TABLE copies AS
        SELECT p.id AS old, gen_random_uuid() AS new, 'X' || n || '-' || p.code AS code
        FROM petition p, generate_series(1, 4000) n WHERE n <= 200 OR p.state IN ('closed', 'withdrawn');
    INSERT INTO petition SELECT (jsonb_populate_record(NULL::petition,
        to_jsonb(p) || jsonb_build_object('id', c.new, 'code', c.code))).*
        FROM copies c JOIN petition p ON p.id = c.old;
    INSERT INTO petition_span SELECT (jsonb_populate_record(NULL::petition_span,
        to_jsonb(s) || jsonb_build_object('id', gen_random_uuid(), 'petition_id', c.new))).*
        FROM copies c JOIN petition_span s ON s.petition_id = c.old;
    INSERT INTO clock_span SELECT (jsonb_populate_record(NULL::clock_span,
        to_jsonb(s) || jsonb_build_object('id', gen_random_uuid(), 'petition_id', c.new))).*
        FROM copies c JOIN clock_span s ON s.petition_id = c.old;
    INSERT INTO event SELECT (jsonb_populate_record(NULL::event, to_jsonb(e)
        || jsonb_build_object('id', gen_random_uuid(), 'subject_id', c.new, 'position', NULL))).*
        FROM copies c JOIN event e ON e.subject_id = c.old;
    ANALYZE";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The columns of a table but those that a copy replaces.
fn others(connection: &mut AnyConnection, table: &str, replaced: &[&str]) -> String {
    let query = format!("SELECT name AS line FROM pragma_table_info('{table}')");
    let columns: Vec<Line> = sql_query(query).load(connection).unwrap();
    let kept = columns.into_iter().map(|line| line.line).filter(|name| !replaced.contains(&name.as_str()));
    kept.collect::<Vec<_>>().join(", ")
}

fn crowd(db: &TestDb) {
    let open = db.open();
    open.write_now(|connection| {
        if matches!(connection, AnyConnection::Postgres(_)) {
            connection.batch_execute(CROWD_POSTGRES)?;
            return Ok::<_, StoreError>(());
        }
        let petition = others(connection, "petition", &["id", "code"]);
        connection.batch_execute(&format!(
            "CREATE TEMP TABLE copies AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000)
                SELECT p.id AS old, randomblob(16) AS new, 'X' || n.n || '-' || p.code AS code
                FROM petition p, n WHERE n.n <= 200 OR p.state IN ('closed', 'withdrawn');
            INSERT INTO petition (id, code, {petition}) SELECT c.new, c.code, {petition}
                FROM copies c JOIN (SELECT id AS source, {petition} FROM petition) p ON p.source = c.old;"
        ))?;
        for table in ["petition_span", "clock_span"] {
            let rest = others(connection, table, &["id", "petition_id"]);
            connection.batch_execute(&format!(
                "INSERT INTO {table} (id, petition_id, {rest}) SELECT randomblob(16), c.new, {rest}
                    FROM copies c JOIN {table} s ON s.petition_id = c.old"
            ))?;
        }
        let rest = others(connection, "event", &["id", "subject_id", "position"]);
        connection.batch_execute(&format!(
            "INSERT INTO event (id, subject_id, {rest}) SELECT randomblob(16), c.new, {rest}
                FROM copies c JOIN event e ON e.subject_id = c.old;
            ANALYZE"
        ))?;
        Ok(())
    })
    .unwrap();
}

/// What a statement was run with, as literals of the database: instrumentation shows values as Rust prints them.
fn literals(binds: &str) -> Vec<String> {
    let inner = binds.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap();
    let (mut values, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, letter) in inner.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => {
                values.push(&inner[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    values.push(&inner[begin..]);
    let literal = |value: &str| match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(array) => format!("'{{{}}}'", array.split(", ").map(word).collect::<Vec<_>>().join(",")),
        None => format!("'{}'", word(value)),
    };
    values.into_iter().map(|value| literal(value.trim())).collect()
}

/// A single value; a code of the domain shows itself by the name of its variant.
fn word(value: &str) -> String {
    let value = value.trim_matches('"');
    if !value.chars().all(char::is_alphanumeric) || !value.starts_with(char::is_uppercase) {
        return value.to_owned();
    }
    let snake = value.char_indices().map(|(at, letter)| match letter {
        letter if letter.is_uppercase() && at > 0 => format!("_{}", letter.to_lowercase()),
        letter => letter.to_lowercase().to_string(),
    });
    snake.collect()
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The plans of the statements that a read runs, for the values it runs with.
pub(crate) fn plans(
    app: &TestApp,
    read: impl Fn(&mut AnyConnection) -> Result<(), StoreError>,
) -> Vec<String> {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&statements);
    let run = move |tx: &mut AnyConnection| -> Result<Vec<String>, StoreError> {
        tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                kept.lock().unwrap().push(query.to_string());
            }
        });
        let done = read(tx);
        tx.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        done?;
        let seen = statements.lock().unwrap().clone();
        seen.iter().filter(|text| text.starts_with("SELECT")).map(|text| plan(tx, text)).collect()
    };
    app.db.open().read_now(run).unwrap()
}

fn plan(tx: &mut AnyConnection, statement: &str) -> Result<String, StoreError> {
    let (text, binds) = statement.split_once(" -- binds:").unwrap_or((statement, "[]"));
    if matches!(tx, AnyConnection::Sqlite(_)) {
        let steps: Vec<SqliteStep> = sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(tx)?;
        return Ok(steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n"));
    }
    let values =
        if binds.trim() == "[]" { String::new() } else { format!("({})", literals(binds).join(", ")) };
    tx.batch_execute(&format!("SET LOCAL plan_cache_mode = force_custom_plan; PREPARE asked AS {text}"))?;
    let explained = sql_query(format!("EXPLAIN EXECUTE asked{values}")).load(tx);
    let steps: Vec<PostgresStep> = explained.unwrap_or_else(|error| panic!("{error}: {statement}"));
    tx.batch_execute("DEALLOCATE asked")?;
    Ok(steps.into_iter().map(|step| step.line).collect::<Vec<_>>().join("\n"))
}

/// The tables that grow with the petitions.
const GROWING: [&str; 4] = ["petition", "petition_span", "clock_span", "event"];

fn check(what: &str, plans: &[String]) {
    check_all(what, plans, &GROWING);
}

/// That none of these tables is read from end to end.
fn check_all(what: &str, plans: &[String], tables: &[&str]) {
    assert!(!plans.is_empty(), "{what}");
    for plan in plans {
        let whole = plan.lines().find(|line| {
            let line = line.trim_start_matches([' ', '-', '>']);
            let table = line.strip_prefix("Seq Scan on ").or(line.strip_prefix("Parallel Seq Scan on "));
            let table = table.or_else(|| line.strip_prefix("SCAN ").filter(|line| !line.contains("USING")));
            table.is_some_and(|table| tables.contains(&table.split(' ').next().unwrap_or_default()))
        });
        assert_eq!(whole, None, "{what}:\n{plan}");
    }
}

/// An application with about 50,000 petitions, its agencies, and what was copied.
fn crowded(db: TestDb) -> (TestApp, Vec<AgencyId>, Vec<Record>) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    let records = records(&mut Dice::new(31), &agencies, 20);
    for record in &records {
        app.record(record);
    }
    crowd(&app.db);
    (app, agencies, records)
}

/// Now, on a past day, and on that day by all that is recorded now.
fn moments(now: Instant, past: Instant) -> [Moment; 3] {
    [Moment::Now(now), Moment::Past(past), Moment::Known { at: past, by: now }]
}

/// An auditor of everything, or of an agency and what is below it.
fn auditor(home: AgencyId, agency: Option<AgencyId>) -> Person {
    Person {
        official: new_id(),
        agency: home,
        position: String::new(),
        rights: vec![Right { role: Role::Auditor, agency, ceiling: Visibility::Restricted }],
    }
}

async fn no_table_is_read_from_end_to_end(db: TestDb) {
    let (app, agencies, _) = crowded(db);
    let past: Instant = "2026-06-30T17:00:00Z".parse().unwrap();
    let everywhere = |agency| auditor(agencies[0], agency);
    let mut asked = 0;
    for moment in moments(app.now(), past) {
        let at = moment.at();
        let day = at.day(&jiff::tz::TimeZone::UTC);
        let late = |against| Filters { overdue: Some(Overdue { by: at, against }), ..Filters::default() };
        let official = || late(Against::Official);
        let due_soon = Filters { timeliness: Some(Timeliness::DueSoon), ..Filters::default() };
        let at_place = |agency: usize, below, tree| {
            let place = Place { agency: agencies[agency], below, tree };
            Filters { place: Some(place), ..official() }
        };
        let idle = Filters { idle_since: Some(at.plus_micros(-45 * 86_400_000_000)), ..official() };
        let deep = Key {
            agency: Some("H99.2".to_owned()),
            at: at.plus_micros(-20 * 86_400_000_000),
            petition: new_id(),
        };
        let questions: Vec<(&str, Filters, Order)> = vec![
            ("list", Filters::default(), Order::Newest),
            ("list, oldest", Filters::default(), Order::Oldest),
            ("overdue", official(), Order::DueFirst),
            ("overdue, last", official(), Order::DueLast),
            ("overdue of an agency and below", at_place(1, true, Tree::Present), Order::DueFirst),
            ("overdue of an agency", at_place(5, false, Tree::Present), Order::DueFirst),
            ("overdue of an agency and below on a day", at_place(1, true, Tree::On(day)), Order::DueFirst),
            (
                "overdue of an agency and below, as counted today",
                at_place(1, true, Tree::Today),
                Order::DueFirst,
            ),
            ("overdue of an agency, as counted today", at_place(5, false, Tree::Today), Order::DueFirst),
            ("overdue and idle", idle, Order::DueFirst),
            ("overdue by stage", Filters { clock: Some(Stage::Resolution), ..official() }, Order::DueFirst),
            ("late against the first deadline", late(Against::FirstDeadline), Order::DueFirst),
            ("late against the promise", late(Against::Promise), Order::DueFirst),
            ("due soon", due_soon, Order::DueFirst),
            ("paused", Filters { timeliness: Some(Timeliness::Paused), ..Filters::default() }, Order::Oldest),
            ("without clock", Filters { gap: Some(Gap::NoClock), ..Filters::default() }, Order::Oldest),
            ("without result", Filters { gap: Some(Gap::NoResult), ..Filters::default() }, Order::Oldest),
            (
                "of an area",
                Filters { area_code: Some("99001".to_owned()), ..Filters::default() },
                Order::Newest,
            ),
        ];
        for agency in [None, Some(agencies[1])] {
            for (what, filters, order) in &questions {
                let question = Question { reader: everywhere(agency), moment, filters: filters.clone() };
                for after in [None, Some(deep.clone())] {
                    let what = format!("{what} at {moment:?} by {agency:?} after {after:?}");
                    let shown =
                        plans(&app, |tx| lists::page(tx, &question, *order, after.clone(), 101).map(|_| ()));
                    check(&what, &shown);
                    asked += 1;
                }
            }
        }
        let question = Question { reader: everywhere(None), moment, filters: official() };
        let rows =
            app.db.open().read_now(|tx| lists::page(tx, &question, Order::DueFirst, None, 101)).unwrap();
        let page: Vec<_> = rows.iter().map(|row| row.span.petition_id).collect();
        assert_eq!(page.len(), 101);
        let behind = plans(&app, |tx| {
            lists::clocks(tx, &page, moment)?;
            kiennghi::store::course::stays(tx, &page, moment)?;
            kiennghi::store::course::acts(tx, &page, &[Action::Extension, Action::Suspension], moment)?;
            Ok(())
        });
        check("what belongs to a page", &behind);
    }
    assert_eq!(asked, 3 * 18 * 2 * 2);
}

/// Every column of a report.
fn columns(report: Report) -> Vec<Column> {
    report.counted().map(|(_, column)| column).collect()
}

/// How many copies there are of a record.
fn copies(record: &Record) -> usize {
    if record.closed_at.or(record.ended_at).is_some() { 4_000 } else { 200 }
}

/// The first moment at which something was overdue, but little of all.
fn quiet_moment(records: &[Record]) -> Instant {
    let late = |at| records.iter().filter(|record| record.is_overdue(at)).map(copies).sum::<usize>();
    let moments = records.iter().filter_map(|record| Some(record.due_at?.plus_micros(3_600_000_000)));
    moments.filter(|at| (1..=1_000).contains(&late(*at))).min().unwrap()
}

async fn nor_for_a_summary_or_a_report(db: TestDb) {
    let (app, agencies, records) = crowded(db);
    let past = quiet_moment(&records);
    // The day of a petition that is open still, of which there are few copies.
    let seldom = records.iter().find(|record| copies(record) < 1_000).unwrap().received_at;
    let groupings = [
        Grouping::Agency,
        Grouping::AgencyToday,
        Grouping::Field,
        Grouping::Kind,
        Grouping::Channel,
        Grouping::Person,
        Grouping::Month,
    ];
    let day = Filters {
        received_from: Some(seldom.plus_micros(-43_200_000_000)),
        received_to: Some(seldom.plus_micros(43_200_000_000)),
        ..Filters::default()
    };
    for moment in moments(app.now(), past) {
        let overdue = Overdue { by: moment.at(), against: Against::Official };
        let late = Filters { overdue: Some(overdue), ..Filters::default() };
        for agency in [None, Some(agencies[1])] {
            let asked = |filters: &Filters| Question {
                reader: auditor(agencies[0], agency),
                moment,
                filters: filters.clone(),
            };
            let population = Population { question: asked(&day), frame: Frame::Standing };
            for grouping in groupings {
                let what = format!("by {grouping:?} at {moment:?} by {agency:?}");
                let shown = plans(&app, |tx| summary::overdue(tx, &asked(&late), grouping).map(|_| ()));
                // As of the past PostgreSQL takes what was late for several times as much, and then reads the petitions
                // that it joins as a whole, which is cheaper from about one in thirty on. Stretches it finds by index.
                let tables = if matches!(moment, Moment::Now(_)) { &GROWING[..] } else { &GROWING[1..] };
                check_all(&format!("summary {what}"), &shown, tables);
                if grouping != Grouping::Person {
                    let count = |tx: &mut AnyConnection| {
                        figures::counts(tx, &population, grouping, &columns(Report::Timeliness)).map(|_| ())
                    };
                    check(&format!("timeliness {what}"), &plans(&app, count));
                }
            }
            check_each(&app, &asked(&Filters::default()));
        }
    }
}

/// What reports count and measure of some petitions, with which a frozen report is compared. Anomalies are looked for
/// among the acts of their window, whoever's they are.
fn check_each(app: &TestApp, question: &Question) {
    let at = question.moment.at();
    let window = Window { from: at.plus_micros(-30 * 86_400_000_000), to: at };
    let moves = Moves {
        window,
        attribution: Attribution::Holder,
        basis: Basis::Case,
        grouping: Some(Grouping::Agency),
        narrowed: [false; 4],
    };
    for (report, frame) in [
        (Report::Timeliness, Frame::Standing),
        (Report::Rates, Frame::Standing),
        (Report::Flow, Frame::Moves(moves)),
        (Report::Xld01, Frame::Letters(window)),
    ] {
        let population = Population { question: question.clone(), frame };
        let ids = app.app.read_now(|tx, _| Ok(petition_ids(tx, None, 100)?)).unwrap();
        let shown = plans(app, |tx| {
            figures::petitions(tx, &population, &columns(report), None, 100)?;
            figures::counts_of(tx, &population, &columns(report), Some(&ids))?;
            for (amount, column) in report.measured() {
                figures::amounts_of(tx, &population, (column, amount), Some(&ids))?;
                figures::hops_of(tx, &population, column, Some(&ids))?;
            }
            Ok(())
        });
        check(&format!("each of {report} at {:?}", question.moment), &shown);
    }
}
