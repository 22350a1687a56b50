//! Lists and what is overdue: who sees what, filters, pages, as of, and the indexes they walk.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use diesel::{
    Connection, ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
    sql_query,
    sql_types::Text,
};
use kiennghi::{
    app::{Error, caller, clock::new_id, history},
    domain::{
        access::{self, Person, Right},
        act::{Respondent, Support},
        figures::Column,
        id::{AgencyId, OfficialId, PetitionId},
        time::Instant,
        vocabulary::{Channel, Code, Kind, Role, Stage, Timeliness, Visibility},
    },
    store::{
        AnyConnection, StoreError, Together,
        figures::{self, Frame, Population},
        handling::{self, AssignmentRow},
        lists::{self, Against, Filters, Key, Moment, Order, Overdue, Question},
        petitions,
        reports::{self, Grouping},
        schema::petition_span,
        summary,
    },
};
use serde_json::Value;

use crate::support::{
    Case, Database, TestDb, cases,
    client::TestApp,
    records::{Dice, Record},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        sight_is_that_of_the_domain,
        stricter_of_then_and_now,
        filters_narrow_and_part,
        pages_lose_nothing,
        overdue_is_what_the_records_say,
        timeliness_filters_part_the_list,
        who_may_read_lists,
        lists_walk_their_indexes,
    ]
}

pub(crate) const FIELDS: [&str; 3] = ["land", "transport", "environment"];
const DAY: i64 = 86_400_000_000;

/// Twelve agencies in three levels.
pub(crate) fn agencies(app: &TestApp) -> Vec<AgencyId> {
    let mut all = vec![app.agency("H99", "Tỉnh", None)];
    for part in 1..=3 {
        let middle = app.agency(&format!("H99.{part}"), &format!("Sở {part}"), Some(all[0]));
        all.push(middle);
        for unit in 1..=2 {
            all.push(app.agency(
                &format!("H99.{part}.{unit}"),
                &format!("Phòng {part}.{unit}"),
                Some(middle),
            ));
        }
    }
    all
}

/// Records spread over 2026 until November.
pub(crate) fn records(dice: &mut Dice, agencies: &[AgencyId], count: usize) -> Vec<Record> {
    let start: Instant = "2026-01-05T01:00:00Z".parse().unwrap();
    let days = |dice: &mut Dice, from: Instant, most: usize| {
        from.plus_micros(i64::try_from(dice.below(most * 1000)).unwrap() * (DAY / 1000))
    };
    (0..count)
        .map(|_| {
            let received_at = days(dice, start, 250);
            let due_at = (!dice.once_in(5)).then(|| days(dice, received_at.plus_micros(DAY), 40));
            let end = days(dice, received_at, 60);
            let (mut closed_at, mut ended_at, mut paused_at) = (None, None, None);
            match dice.below(5) {
                0 | 1 => closed_at = Some(end),
                2 => ended_at = Some(end),
                3 => paused_at = Some(end),
                _ => {}
            }
            Record {
                agency: dice.pick(agencies),
                kind: dice.pick(&[Kind::Proposal, Kind::Feedback, Kind::Suggestion]),
                channel: dice.pick(&[Channel::Post, Channel::Email, Channel::MobileApp]),
                field: dice.pick(&FIELDS),
                visibility: Visibility::PartiesOnly,
                received_at,
                due_at,
                closed_at,
                ended_at,
                paused_at: paused_at.filter(|_| due_at.is_some()),
            }
        })
        .collect()
}

impl Record {
    /// Whether it was there, open, past its end and not resting.
    pub(crate) fn is_overdue(&self, at: Instant) -> bool {
        let over = |end: Option<Instant>| end.is_some_and(|end| end <= at);
        // A rest that begins after the end changes nothing.
        let rests =
            self.paused_at.is_some_and(|from| from <= at && self.due_at.is_some_and(|due| from < due));
        self.received_at <= at && over(self.due_at) && !over(self.closed_at) && !over(self.ended_at) && !rests
    }
}

fn auditor(app: &TestApp, home: AgencyId) -> String {
    let id = app.official("auditor", home, Role::Auditor, None, Visibility::Restricted);
    app.token(id)
}

/// Every item behind an address, page by page; each page has its own size.
pub(crate) async fn all(app: &TestApp, token: &str, path: &str) -> Vec<Value> {
    let (mut items, mut cursor, mut size) = (Vec::new(), String::new(), 7);
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = app.get(format!("{path}{sign}limit={size}{cursor}")).token(token).call().await.expect(200);
        let found = page.body["items"].as_array().unwrap();
        assert!(found.len() <= size);
        items.extend(found.iter().cloned());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        size = 100;
    }
}

pub(crate) fn ids(items: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), items.len(), "a petition is listed twice");
    ids
}

fn question(reader: Person, moment: Moment) -> Question {
    Question { reader, moment, filters: Filters::default() }
}

fn seen(tx: &mut AnyConnection, question: &Question) -> Result<BTreeSet<PetitionId>, StoreError> {
    let rows = lists::page(tx, question, Order::Newest, None, 1000)?;
    Ok(rows.into_iter().map(|row| row.span.petition_id).collect())
}

/// The condition in SQL and the function of the domain agree on random petitions and random rights.
async fn sight_is_that_of_the_domain(db: TestDb) {
    let app = TestApp::new(db);
    let mut dice = Dice::new(1);
    let agencies = agencies(&app);
    let officials: Vec<OfficialId> = (0..4)
        .map(|n| app.official(&format!("o{n}"), agencies[0], Role::Admin, None, Visibility::PublicRedacted))
        .collect();
    let records = records(&mut dice, &agencies, 60);
    let mut cases = Vec::new();
    for record in &records {
        let id = app.record(record);
        let visibility: Visibility = dice.code();
        let kind = dice.pick(&[Kind::Proposal, Kind::Complaint, Kind::Denunciation]);
        let lead = (!dice.once_in(3)).then(|| dice.pick(&agencies));
        let responsible = lead.map(|_| dice.pick(&officials));
        let against = dice.once_in(2).then(|| dice.pick(&officials));
        let supporting: Vec<Support> = (0..dice.below(3))
            .map(|_| Support {
                agency_id: dice.pick(&agencies),
                person_id: dice.once_in(2).then(|| dice.pick(&officials)),
            })
            .collect();
        let former = (dice.pick(&agencies), dice.pick(&officials));
        let case = app
            .app
            .write_now(move |tx, _| {
                let mut loaded = history::load(tx, id)?.unwrap();
                let case = &mut loaded.case;
                (case.visibility, case.kind, case.lead, case.responsible) =
                    (visibility, kind, lead, responsible);
                case.respondent =
                    against.map(|official| Respondent { agency_id: None, official_id: Some(official) });
                case.supporting = supporting.clone();
                let row = &mut loaded.row;
                (row.visibility, row.kind) = (visibility, kind);
                (row.lead_agency_id, row.responsible_id, row.respondent_official_id) =
                    (lead, responsible, against);
                let mut face = Together::default();
                petitions::update(&mut face, row, row.sequence);
                assert_eq!(face.send(tx)?, 1);
                for support in &supporting {
                    handling::assign(tx, part(id, support.agency_id, support.person_id, None))?;
                }
                handling::assign(tx, part(id, former.0, Some(former.1), Some(case.received_at)))?;
                set_span(tx, id, visibility, kind, lead.unwrap_or(case.intake_agency))?;
                Ok(loaded.case)
            })
            .unwrap();
        cases.push(case);
    }
    let mut found = 0;
    for _ in 0..60 {
        let rights = (0..dice.below(3))
            .map(|_| Right {
                role: dice.pick(&[
                    Role::Intake,
                    Role::Coordinator,
                    Role::Handler,
                    Role::Approver,
                    Role::Auditor,
                    Role::Admin,
                ]),
                agency: (!dice.once_in(4)).then(|| dice.pick(&agencies)),
                ceiling: dice.code(),
            })
            .collect();
        let person =
            Person { official: dice.pick(&officials), agency: agencies[0], position: String::new(), rights };
        let (cases, asked) = (cases.clone(), person.clone());
        let (by_sql, by_domain) = app
            .app
            .read_now(move |tx, world| {
                let mut by_domain = BTreeSet::new();
                for case in &cases {
                    if !access::roles(case, &asked, &caller::LinesOf::read(tx, [case])?.of(case)).is_empty() {
                        by_domain.insert(case.id);
                    }
                }
                let live = seen(tx, &question(asked.clone(), Moment::Now(world.now)))?;
                let past = seen(tx, &question(asked, Moment::Past(world.now)))?;
                assert_eq!(live, past, "as of now is live");
                Ok((live, by_domain))
            })
            .unwrap();
        assert_eq!(by_sql, by_domain, "{person:?}");
        found += by_sql.len();
    }
    assert!(found > 500, "the cases hardly overlap: {found}");
}

fn part(
    id: PetitionId,
    agency: AgencyId,
    official: Option<OfficialId>,
    to_at: Option<Instant>,
) -> AssignmentRow {
    AssignmentRow {
        id: new_id(),
        petition_id: id,
        round: 1,
        part: "supporting".to_owned(),
        agency_id: agency,
        official_id: official,
        full_name: None,
        position: None,
        from_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        to_at,
    }
}

fn set_span(
    tx: &mut AnyConnection,
    id: PetitionId,
    visibility: Visibility,
    kind: Kind,
    agency: AgencyId,
) -> Result<(), Error> {
    diesel::update(petition_span::table.filter(petition_span::petition_id.eq(id)))
        .set((
            petition_span::visibility.eq(visibility),
            petition_span::kind.eq(kind),
            petition_span::agency_id.eq(agency),
        ))
        .execute(tx)
        .map_err(StoreError::from)?;
    Ok(())
}

/// What was restricted then, or is restricted now, is not seen as of then by who may not see restricted ones.
async fn stricter_of_then_and_now(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Tỉnh", None);
    let record = records(&mut Dice::new(7), &[agency], 1).remove(0);
    let id = app.record(&record);
    let reader = |ceiling| Person {
        official: new_id(),
        agency,
        position: String::new(),
        rights: vec![Right { role: Role::Auditor, agency: None, ceiling }],
    };
    use Visibility::{PartiesOnly, Restricted};
    for (then, now, open) in
        [(PartiesOnly, PartiesOnly, true), (Restricted, PartiesOnly, false), (PartiesOnly, Restricted, false)]
    {
        let (low, high) = (reader(PartiesOnly), reader(Restricted));
        app.app
            .write_now(move |tx, world| {
                let mut row = petitions::find(tx, id)?.unwrap();
                row.visibility = now;
                let mut face = Together::default();
                petitions::update(&mut face, &row, row.sequence);
                face.send(tx)?;
                set_span(tx, id, then, record_kind(), row.intake_agency_id)?;
                for past in [Moment::Past(world.now), Moment::Known { at: world.now, by: world.now }] {
                    let low = seen(tx, &question(low.clone(), past))?;
                    assert_eq!(!low.is_empty(), open, "{then} then, {now} now");
                    assert!(!seen(tx, &question(high.clone(), past))?.is_empty());
                }
                Ok(())
            })
            .unwrap();
    }
}

fn record_kind() -> Kind {
    Kind::Proposal
}

async fn filters_narrow_and_part(db: TestDb) {
    let app = TestApp::new(db);
    let mut dice = Dice::new(2);
    let agencies = agencies(&app);
    for record in records(&mut dice, &agencies, 60) {
        app.record(&record);
    }
    let token = auditor(&app, agencies[0]);
    let list = async |filters: &str| ids(&all(&app, &token, &format!("/v1/petitions?{filters}")).await);
    let whole = list("sort=-received_at").await;
    assert_eq!(whole.len(), 60);
    for sort in ["received_at", "due_at"] {
        assert_eq!(list(&format!("sort={sort}")).await, whole, "{sort} shows the same petitions");
    }
    let (before, after) = (list("received_to=2026-05-01").await, list("received_from=2026-05-01").await);
    assert!(before.is_disjoint(&after) && !before.is_empty() && !after.is_empty());
    assert_eq!(&before | &after, whole);
    let instant = "received_to=2026-05-01T00:00:00%2B07:00";
    assert_eq!(list(instant).await, before, "a day begins at its local midnight");
    let parts: &[(&str, Vec<&str>)] = &[
        ("kind", Kind::ALL.iter().map(|code| code.as_str()).collect()),
        ("state", vec!["classified", "closed", "withdrawn", "suspended", "received"]),
        ("channel", Channel::ALL.iter().map(|code| code.as_str()).collect()),
        ("field_code", FIELDS.to_vec()),
        ("timeliness", Timeliness::ALL.iter().map(|code| code.as_str()).collect()),
        (
            "public_status",
            vec!["waiting", "in_progress", "needs_you", "answered", "refused", "passed_on", "ended"],
        ),
        ("visibility", vec!["public_redacted", "parties_only", "restricted"]),
        ("provenance", vec!["native", "mirrored", "imported"]),
    ];
    for (name, values) in parts {
        let mut union = BTreeSet::new();
        for value in values {
            let part = list(&format!("{name}={value}")).await;
            assert!(union.is_disjoint(&part), "{name}={value}");
            let both = list(&format!("{name}={value}&received_to=2026-05-01")).await;
            assert_eq!(both, &part & &before, "{name}={value} and a time");
            union.extend(part);
        }
        assert_eq!(union, whole, "{name}");
    }
    let below = list(&format!("agency_id={}", agencies[1])).await;
    let mut union = list(&format!("agency_id={}&subtree=false", agencies[1])).await;
    for unit in &agencies[2..4] {
        union.extend(list(&format!("agency_id={unit}")).await);
    }
    assert_eq!(below, union);
    assert_eq!(list(&format!("agency_id={}", agencies[0])).await, whole);
}

async fn pages_lose_nothing(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    let mut records = records(&mut Dice::new(3), &agencies, 70);
    // Ties are broken by the petition.
    let twin = records[0].received_at;
    records.iter_mut().take(20).for_each(|record| record.received_at = twin);
    records.iter().for_each(|record| {
        app.record(record);
    });
    let token = auditor(&app, agencies[0]);
    let times = |items: &[Value]| -> Vec<Instant> {
        items.iter().map(|item| item["received_at"].as_str().unwrap().parse().unwrap()).collect()
    };
    let newest = all(&app, &token, "/v1/petitions").await;
    let oldest = all(&app, &token, "/v1/petitions?sort=received_at").await;
    assert_eq!((ids(&newest).len(), ids(&oldest).len()), (70, 70));
    assert!(times(&oldest).is_sorted());
    assert_eq!(newest.iter().rev().cloned().collect::<Vec<_>>(), oldest);
    let late = all(&app, &token, "/v1/overdue").await;
    let due: Vec<&str> = late.iter().map(|item| item["deadline"]["due_at"].as_str().unwrap()).collect();
    assert!(due.is_sorted() && !due.is_empty());
    let latest = all(&app, &token, "/v1/overdue?sort=-due_at").await;
    assert_eq!(latest.iter().rev().cloned().collect::<Vec<_>>(), late);
    let by_due = all(&app, &token, "/v1/petitions?sort=due_at").await;
    assert_eq!(ids(&by_due[..late.len()]), ids(&late), "what is overdue comes first");

    let page = app.get("/v1/petitions?limit=5").token(&token).call().await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let other = app.official("other", agencies[0], Role::Auditor, None, Visibility::Restricted);
    let other = app.token(other);
    for (path, token) in [
        (format!("/v1/petitions?cursor={cursor}"), &other),
        (format!("/v1/petitions?kind=proposal&cursor={cursor}"), &token),
        (format!("/v1/petitions?sort=received_at&cursor={cursor}"), &token),
        (format!("/v1/overdue?cursor={cursor}"), &token),
        (format!("/v1/petitions?cursor={}x", cursor), &token),
    ] {
        let reply = app.get(path.clone()).token(token).call().await.expect(400);
        assert_eq!(reply.code(), "invalid-cursor", "{path}");
    }
    app.get(format!("/v1/petitions?cursor={cursor}&limit=100")).token(&token).call().await.expect(200);
}

async fn overdue_is_what_the_records_say(db: TestDb) {
    let app = TestApp::new(db);
    let mut dice = Dice::new(4);
    let agencies = agencies(&app);
    let records = records(&mut dice, &agencies, 90);
    let known: Vec<(String, Record)> =
        records.iter().map(|record| (app.record(record).to_string(), record.clone())).collect();
    let token = auditor(&app, agencies[0]);
    let expected = |at: Instant| -> BTreeSet<String> {
        known.iter().filter(|(_, record)| record.is_overdue(at)).map(|(id, _)| id.clone()).collect()
    };
    let now = app.now();
    let live = all(&app, &token, "/v1/overdue").await;
    assert_eq!(ids(&live), expected(now));
    assert_eq!(ids(&all(&app, &token, &format!("/v1/overdue?as_of={now}")).await), ids(&live));
    assert_eq!(all(&app, &token, "/v1/overdue?clock=resolution").await, live);
    assert!(all(&app, &token, "/v1/overdue?clock=delivery").await.is_empty());
    assert!(all(&app, &token, "/v1/overdue?as_of=2026-01-01").await.is_empty(), "before anything");
    let mut total = 0;
    for month in [2, 4, 7, 11] {
        let at: Instant = format!("2026-{month:02}-01T00:00:00+07:00").parse().unwrap();
        let found = all(&app, &token, &format!("/v1/overdue?as_of={at}")).await;
        assert_eq!(ids(&found), expected(at), "{at}");
        let by_stage = all(&app, &token, &format!("/v1/overdue?as_of={at}&clock=resolution")).await;
        assert_eq!(by_stage, found, "{at}");
        for (as_of, day) in [(at.to_string(), at), (format!("2026-{month:02}-15"), at.plus_micros(15 * DAY))]
        {
            let summary =
                app.get(format!("/v1/overdue/summary?as_of={as_of}")).token(&token).call().await.expect(200);
            assert_eq!(summary.body["total"], expected(day).len(), "{as_of}: a day means its end");
        }
        let days: Vec<i64> = found.iter().map(|item| item["overdue_days"].as_i64().unwrap()).collect();
        let least = 20;
        let long = all(&app, &token, &format!("/v1/overdue?as_of={at}&min_days_overdue={least}")).await;
        assert_eq!(long.len(), days.iter().filter(|days| **days >= least).count(), "{at}");
        assert!(
            found.iter().all(|item| item["overdue_working_days"].as_i64() <= item["overdue_days"].as_i64())
        );
        total += found.len();
    }
    assert!(total > 15, "{total}");
    for by in ["agency", "field", "kind"] {
        let path = format!("/v1/overdue/summary?group_by={by}&received_from=x");
        app.get(path).token(&token).call().await.expect(400);
        let summary =
            app.get(format!("/v1/overdue/summary?group_by={by}")).token(&token).call().await.expect(200);
        let mut union = BTreeSet::new();
        for group in summary.body["groups"].as_array().unwrap() {
            let behind = all(&app, &token, group["href"].as_str().unwrap()).await;
            assert_eq!(group["count"], behind.len(), "{group}");
            let oldest = behind.first().map(|item| item["deadline"]["due_at"].clone()).unwrap();
            assert_eq!(group["oldest_due_at"], oldest);
            let own = if by == "agency" {
                "agency"
            } else if by == "field" {
                "field_code"
            } else {
                "kind"
            };
            let code = if by == "agency" { &behind[0][own]["code"] } else { &behind[0][own] };
            assert_eq!(&group["key"], code);
            union.extend(ids(&behind));
        }
        assert_eq!(union, ids(&live));
        assert_eq!(summary.body["total"], live.len());
    }
}

/// The filter in SQL, the word in the item and the petition's own page say the same.
async fn timeliness_filters_part_the_list(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    for record in records(&mut Dice::new(5), &agencies, 24) {
        app.record(&record);
    }
    let token = auditor(&app, agencies[0]);
    let mut words = BTreeSet::new();
    for wanted in Timeliness::ALL {
        for item in all(&app, &token, &format!("/v1/petitions?timeliness={wanted}")).await {
            assert_eq!(item["timeliness"], wanted.as_str(), "{item}");
            let path = format!("/v1/petitions/{}", item["id"].as_str().unwrap());
            let page = app.get(path).token(&token).call().await.expect(200);
            for member in
                ["timeliness", "state", "public_status", "deadline", "agency", "version", "code", "title"]
            {
                assert_eq!(page.body[member], item[member], "{member} of {item}");
            }
            words.insert(wanted.as_str());
        }
    }
    assert!(words.len() >= 5, "{words:?}");
}

async fn who_may_read_lists(db: TestDb) {
    let app = TestApp::new(db);
    let agency = app.agency("H99", "Tỉnh", None);
    let admin = app.official("admin", agency, Role::Admin, None, Visibility::Restricted);
    let admin = app.token(admin);
    for path in ["/v1/petitions", "/v1/overdue", "/v1/overdue/summary", "/v1/reports/timeliness"] {
        assert_eq!(app.get(path).call().await.expect(401).code(), "unauthenticated");
        assert_eq!(
            app.get(format!("{path}?nonsense=1")).token(&admin).call().await.expect(403).code(),
            "forbidden"
        );
    }
    for role in [Role::Intake, Role::Coordinator, Role::Handler, Role::Approver, Role::Auditor] {
        let id = app.official(role.as_str(), agency, role, Some(agency), Visibility::PartiesOnly);
        let token = app.token(id);
        for path in ["/v1/petitions", "/v1/overdue", "/v1/overdue/summary", "/v1/reports/timeliness"] {
            app.get(path).token(&token).call().await.expect(200);
            let reply = app.get(format!("{path}?nonsense=1")).token(&token).call().await.expect(400);
            assert_eq!(reply.code(), "unknown-parameter");
        }
        for (path, parameter) in [
            ("/v1/petitions?kind=x", "kind"),
            ("/v1/petitions?limit=101", "limit"),
            ("/v1/petitions?sort=title", "sort"),
            ("/v1/petitions?received_from=yesterday", "received_from"),
            ("/v1/overdue?as_of=2026-02-30", "as_of"),
            ("/v1/overdue?as_of=2026-02-03T10:00:00", "as_of"),
            ("/v1/overdue?min_days_overdue=-1", "min_days_overdue"),
            ("/v1/overdue?agency_id=1", "agency_id"),
            ("/v1/overdue/summary?group_by=nobody", "group_by"),
        ] {
            let reply = app.get(path).token(&token).call().await.expect(400);
            assert_eq!(reply.code(), "invalid-parameter", "{path}");
            assert_eq!(reply.body["errors"][0]["pointer"], parameter, "{path}");
        }
    }
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

/// The plans of the statements that a read runs, by the database's own word; on PostgreSQL what it rightly
/// prefers for a few rows is discouraged.
fn plans(app: &TestApp, read: impl Fn(&mut AnyConnection) -> Result<(), StoreError>) -> Vec<String> {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&statements);
    let run = move |tx: &mut AnyConnection| -> Result<Vec<String>, StoreError> {
        tx.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                kept.lock().unwrap().push(text.split(" -- binds:").next().unwrap_or_default().to_owned());
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

fn plan(tx: &mut AnyConnection, text: &str) -> Result<String, StoreError> {
    if matches!(tx, AnyConnection::Sqlite(_)) {
        let steps: Vec<SqliteStep> = sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(tx)?;
        return Ok(steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n"));
    }
    let count = (1..).take_while(|n| text.contains(&format!("${n}"))).count();
    let nothing = if count == 0 { String::new() } else { format!("({})", vec!["NULL"; count].join(", ")) };
    tx.batch_execute(&format!(
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;
         SET LOCAL plan_cache_mode = force_generic_plan; PREPARE asked AS {text}"
    ))?;
    let steps: Vec<PostgresStep> = sql_query(format!("EXPLAIN EXECUTE asked{nothing}")).load(tx)?;
    tx.batch_execute("DEALLOCATE asked")?;
    Ok(steps.into_iter().map(|step| step.line).collect::<Vec<_>>().join("\n"))
}

/// Many petitions that are over, among which the others are few: PostgreSQL plans by what there is.
const CROWD: &str = "INSERT INTO petition SELECT (r).* FROM (
        SELECT jsonb_populate_record(NULL::petition,
            to_jsonb(p) || jsonb_build_object('id', gen_random_uuid(), 'code', 'X' || n)) r
        FROM (SELECT * FROM petition LIMIT 1) p, generate_series(1, 1500) n OFFSET 0) made;
    INSERT INTO petition_span SELECT (r).* FROM (
        SELECT jsonb_populate_record(NULL::petition_span,
            to_jsonb(s) || jsonb_build_object('id', gen_random_uuid(), 'petition_id', p.id, 'open_due_at', NULL)) r
        FROM (SELECT * FROM petition_span WHERE to_at IS NULL LIMIT 1) s, petition p
        WHERE p.code LIKE 'X%' OFFSET 0) made;
    INSERT INTO petition_span SELECT (r).* FROM (
        SELECT jsonb_populate_record(NULL::petition_span, to_jsonb(s) || jsonb_build_object('id', gen_random_uuid(),
            'petition_id', p.id, 'open_due_at', s.from_at + interval '3 days', 'to_at', s.from_at + interval '1 day')) r
        FROM (SELECT * FROM petition_span WHERE to_at IS NULL LIMIT 1) s, petition p
        WHERE p.code LIKE 'X%' OFFSET 0) made;
    ANALYZE";

async fn lists_walk_their_indexes(db: TestDb) {
    let app = TestApp::new(db);
    let agencies = agencies(&app);
    for record in records(&mut Dice::new(6), &agencies, 20) {
        app.record(&record);
    }
    if app.db.database == Database::Postgres {
        crate::schema_parity::execute(&app.db.open(), CROWD);
    }
    let now = app.now();
    let right = |agency| Right { role: Role::Auditor, agency, ceiling: Visibility::Restricted };
    let reader = |agency| Person {
        official: new_id(),
        agency: agencies[0],
        position: String::new(),
        rights: vec![right(agency)],
    };
    let key = Some(Key { agency: None, at: now, petition: new_id() });
    let by = Overdue { by: now, against: Against::Official };
    let overdue = Filters { overdue: Some(by), ..Filters::default() };
    let delivery = Filters { clock: Some(Stage::Delivery), ..overdue.clone() };
    let received = Filters { received_from: Some(now), ..Filters::default() };
    for agency in [None, Some(agencies[1])] {
        let ask =
            |moment, filters: &Filters| Question { reader: reader(agency), moment, filters: filters.clone() };
        let (live, past) = (Moment::Now(now), Moment::Past(now));
        let wanted: [(Question, Order, &str); 7] = [
            (ask(live, &overdue), Order::DueFirst, "petition_span_present_due"),
            (ask(live, &overdue), Order::DueLast, "petition_span_present_due"),
            (ask(past, &overdue), Order::DueFirst, "petition_span_was_overdue"),
            (ask(live, &delivery), Order::DueFirst, "clock_span_present_due"),
            (ask(past, &delivery), Order::DueFirst, "clock_span_open_due"),
            (ask(live, &Filters::default()), Order::Newest, "petition_span_present_received"),
            (ask(live, &Filters::default()), Order::Oldest, "petition_span_present_received"),
        ];
        for (question, order, index) in wanted {
            for after in [None, key.clone()] {
                let shown =
                    plans(&app, |tx| lists::page(tx, &question, order, after.clone(), 21).map(|_| ()));
                check_plan(&shown, index);
                let sorted = shown.iter().any(|plan| plan.contains("TEMP B-TREE") || plan.contains("Sort"));
                assert!(!sorted, "rows come in the order of the index: {shown:#?}");
            }
        }
        let counted =
            plans(&app, |tx| summary::overdue(tx, &ask(live, &overdue), Grouping::Agency).map(|_| ()));
        check_plan(&counted, "petition_span_present_due");
        let counted =
            plans(&app, |tx| summary::overdue(tx, &ask(past, &overdue), Grouping::Kind).map(|_| ()));
        check_plan(&counted, "petition_span_was_overdue");
        let population = Population { question: ask(past, &received), frame: Frame::Standing };
        let columns = [Column::ResolvedEarly, Column::OpenOverdue];
        let counted =
            plans(&app, |tx| figures::counts(tx, &population, Grouping::Month, &columns).map(|_| ()));
        check_plan(&counted, "petition_span_received");
    }
    check_plan(&plans(&app, |tx| reports::classified(tx).map(|_| ())), "petition_statistics");
}

fn check_plan(plans: &[String], index: &str) {
    assert!(plans.iter().any(|plan| plan.contains(index)), "{index} is not used: {plans:#?}");
    let scans = plans
        .iter()
        .flat_map(|plan| plan.lines())
        .any(|line| line.contains("Seq Scan") || (line.starts_with("SCAN") && !line.contains("USING")));
    assert!(!scans, "a table is read from end to end: {plans:#?}");
}
