//! Writers that stop, die or come late; rights, links and files that end; manifests that were changed.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use kiennghi::{
    app::{
        cursor::{self, Binding},
        exports::{self, Column, Lists},
    },
    domain::{
        id::RowId,
        time::Instant,
        vocabulary::{ExportState, Role, Visibility},
    },
    http::exports::ListsOfApi,
    store::schema::export as exported,
};
use serde_json::{Value, json};

use super::{
    demo,
    reading::{csv, export, fetched, write, xlsx},
};
use crate::{
    support::{
        Case, TestDb, cases,
        client::{Reply, TestApp},
        journey::Town,
    },
    verify::verified,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_link_and_a_file_have_an_end,
        who_lost_his_rights_gets_no_file,
        another_right_is_another_file,
        a_writer_that_came_late_spoils_nothing,
        a_writer_that_died_is_followed_by_another,
        a_changed_manifest_is_found,
    ]
}

/// Changes the row of an export behind the program's back.
fn meddle(
    app: &TestApp,
    id: &str,
    change: impl Fn(&mut kiennghi::store::exports::ExportRow) + Send + 'static,
) {
    let id: RowId = id.parse().unwrap();
    let done = app.app.write_now(move |tx, _| {
        let known = kiennghi::store::exports::find(tx, id)?.expect("an export");
        let mut row = known.clone();
        change(&mut row);
        Ok(kiennghi::store::exports::update(tx, &row, &known)?)
    });
    assert!(done.unwrap());
}

async fn a_link_and_a_file_have_an_end(db: TestDb) {
    let (app, token) = demo(db).await;
    let export = export(&app, &token, "/v1/overdue", "ndjson").await;
    let other = super::export(&app, &token, "/v1/petitions", "ndjson").await;
    let id = export.body["id"].as_str().unwrap().to_owned();
    // A link opens its own file alone, as long as it says, and nothing when it was changed.
    let link = |id: &str, until: i64| {
        let binding = Binding { route: "/v1/exports/{id}/file", caller: "", filters: &() };
        let opens = json!({"export": id, "until": until});
        let token = cursor::seal(app.app.secret(), &binding, &opens).unwrap();
        format!("/v1/exports/{id}/file?token={token}")
    };
    let now = kiennghi::app::clock::real_now().micros();
    app.get(link(&id, now + 60_000_000)).call().await.expect(200);
    app.get(link(&id, now - 1)).call().await.expect(404);
    let href = other.body["download"]["href"].as_str().unwrap();
    let (_, foreign) = href.split_once('?').unwrap();
    app.get(format!("/v1/exports/{id}/file?{foreign}")).call().await.expect(404);
    app.get(format!("/v1/exports/{id}/file?token=AAAA")).call().await.expect(404);
    app.get(format!("/v1/exports/{id}/file")).call().await.expect(400);
    // The file goes when its time is over; what was in it is known still.
    let path = app.app.options().exports.join(format!("{id}.1.ndjson"));
    assert!(path.is_file());
    assert_eq!(exports::forget_expired(&app.app).unwrap(), 0);
    meddle(&app, &id, |row| row.expires_at = Some(Instant::from_micros(1).unwrap()));
    app.get(link(&id, now + 60_000_000)).call().await.expect(404);
    assert_eq!(exports::forget_expired(&app.app).unwrap(), 1);
    assert!(!path.exists());
    let gone = app.get(format!("/v1/exports/{id}")).token(&token).call().await.expect(200);
    assert_eq!((gone.body["state"].as_str(), &gone.body["download"]), (Some("expired"), &Value::Null));
    assert_eq!(gone.body["sha256"], export.body["sha256"]);
    assert_eq!(verified(&app).0, Vec::<String>::new());
}

async fn who_lost_his_rights_gets_no_file(db: TestDb) {
    let town = Town::new(db);
    town.submit(json!({})).await;
    let order = json!({"list": "/v1/petitions", "format": "csv"});
    let ordered = town.app.post("/v1/exports").token(&town.handler).json(order).call().await.expect(202);
    let (handler, now) = (town.handler_id, town.app.now());
    town.app
        .app
        .write_now(move |tx, _| {
            use kiennghi::store::schema::official;
            diesel::update(official::table.find(handler))
                .set(official::disabled_at.eq(Some(now)))
                .execute(tx)
                .expect("disabled");
            Ok(())
        })
        .unwrap();
    assert_eq!(write(&town.app), 0);
    let auditor = town.app.official("all", town.city, Role::Auditor, None, Visibility::Restricted);
    let token = town.app.token(auditor);
    let failed = town.app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert_eq!((&failed.body["state"], &failed.body["problem"]), (&json!("failed"), &json!("rights_lost")));
    assert_eq!(failed.body["download"], Value::Null);
    let left = std::fs::read_dir(&town.app.app.options().exports).unwrap().flatten();
    let id = failed.body["id"].as_str().unwrap();
    assert!(left.map(|file| file.file_name()).all(|name| !name.to_string_lossy().contains(id)));
    assert_eq!(verified(&town.app).0, Vec::<String>::new());
}

async fn another_right_is_another_file(db: TestDb) {
    let town = Town::new(db);
    town.submit(json!({"agency_code": "H99.1"})).await;
    let made = export(&town.app, &town.handler, "/v1/petitions", "csv").await;
    assert_ne!(made.body["download"], Value::Null);
    town.app.grant(town.handler_id, Role::Intake, Some(town.ward), Visibility::PartiesOnly);
    let at = format!("/v1/exports/{}", made.body["id"].as_str().unwrap());
    let now = town.app.get(&at).token(&town.handler).call().await.expect(200);
    assert_eq!(now.body["download"], Value::Null, "it was written by other rights than his of now");
    export(&town.app, &town.handler, "/v1/petitions", "csv").await;
}

/// While one writer is silent another takes over and ends; the first then finds that it lost, and leaves the file alone.
struct Overtaken<'a> {
    app: &'a TestApp,
    id: &'a str,
    ended: std::sync::atomic::AtomicBool,
}

impl Lists for Overtaken<'_> {
    fn columns(&self, path: &str) -> Option<Vec<Column>> {
        ListsOfApi.columns(path)
    }
    fn paths(&self) -> Vec<&'static str> {
        ListsOfApi.paths()
    }
    fn page(
        &self,
        tx: &mut kiennghi::store::AnyConnection,
        world: &kiennghi::app::World,
        reader: &kiennghi::app::lists::Reader,
        address: &exports::Address,
        place: (Option<&str>, u16),
    ) -> Result<exports::Leaf, kiennghi::app::Error> {
        if !self.ended.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let long_ago = Instant::from_micros(1).unwrap();
            meddle(self.app, self.id, move |row| row.beat_at = Some(long_ago));
            assert_eq!(write(self.app), 1);
        }
        let mut leaf = ListsOfApi.page(tx, world, reader, address, place)?;
        leaf.items.truncate(1);
        Ok(leaf)
    }
}

async fn a_writer_that_came_late_spoils_nothing(db: TestDb) {
    let (app, token) = demo(db).await;
    let body = json!({"list": "/v1/petitions", "format": "csv"});
    let ordered = app.post("/v1/exports").token(&token).json(body).call().await.expect(202);
    let id = ordered.body["id"].as_str().unwrap();
    let slow = Overtaken { app: &app, id, ended: false.into() };
    assert_eq!(exports::run_due(&app.app, &slow, &|| false).unwrap(), 0);
    let made = app.get(ordered.field("location")).token(&token).call().await.expect(200);
    assert_eq!(made.body["state"], "succeeded");
    let rows = csv(&fetched(&app, &made).await, "/v1/petitions");
    assert!(rows.len() > 15 && made.body["rows"] == rows.len(), "{}", made.text);
    let left = std::fs::read_dir(&app.app.options().exports).unwrap().flatten();
    let own = left.filter(|file| file.file_name().to_string_lossy().contains(id));
    assert_eq!(own.count(), 1, "what the late one wrote is gone");
    assert_eq!(verified(&app).0, Vec::<String>::new());
}

async fn a_writer_that_died_is_followed_by_another(db: TestDb) {
    let (app, token) = demo(db).await;
    let order = async || {
        let body = json!({"list": "/v1/petitions", "format": "xlsx"});
        app.post("/v1/exports").token(&token).json(body).call().await.expect(202)
    };
    let read =
        async |ordered: &Reply| app.get(ordered.field("location")).token(&token).call().await.expect(200);
    let ordered = order().await;
    let id = ordered.field("location").rsplit('/').next().unwrap().to_owned();
    // One that lives keeps its work, one that was not heard of loses it; what it left is removed.
    let real = kiennghi::app::clock::real_now();
    meddle(&app, &id, move |row| {
        row.state = ExportState::Running;
        row.attempts = 1;
        row.beat_at = Some(real);
    });
    assert_eq!(write(&app), 0);
    let part = app.app.options().exports.join(format!("{id}.1.part"));
    std::fs::create_dir_all(&app.app.options().exports).unwrap();
    std::fs::write(&part, "half a file").unwrap();
    meddle(&app, &id, move |row| row.beat_at = Some(real.plus_micros(-120_000_000)));
    assert_eq!(write(&app), 1);
    assert!(!part.exists());
    let rows = xlsx(&fetched(&app, &read(&ordered).await).await, "/v1/petitions");
    assert!(rows.len() > 15);
    // One that is told to stop leaves it to the next, and that is no attempt.
    let ordered = order().await;
    let id = ordered.field("location").rsplit('/').next().unwrap().to_owned();
    let looks = std::cell::Cell::new(0);
    let stopping = || {
        looks.set(looks.get() + 1);
        looks.get() > 1
    };
    assert_eq!(exports::run_due(&app.app, &ListsOfApi, &stopping).unwrap(), 0);
    assert_eq!(read(&ordered).await.body["state"], "running");
    let attempts = |id: &str| {
        let id: RowId = id.parse().unwrap();
        app.app.read_now(|tx, _| Ok(kiennghi::store::exports::find(tx, id)?.unwrap().attempts)).unwrap()
    };
    assert_eq!(attempts(&id), 0);
    // What failed five times is given up.
    meddle(&app, &id, |row| row.attempts = 5);
    assert_eq!(write(&app), 0);
    let failed = read(&ordered).await;
    assert_eq!((&failed.body["state"], &failed.body["problem"]), (&json!("failed"), &json!("internal")));
}

async fn a_changed_manifest_is_found(db: TestDb) {
    let (app, token) = demo(db).await;
    let made = export(&app, &token, "/v1/overdue", "ndjson").await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(verified(&app).0, Vec::<String>::new());
    let before: RowId = id.parse().unwrap();
    type Change = fn(&mut kiennghi::store::exports::ExportRow);
    let changes: [Change; 7] = [
        |row| row.digest = Some(vec![7; 32]),
        |row| row.digest = None,
        |row| row.rows += 1,
        |row| row.recorded_by = None,
        |row| row.calendar_version = Some(7),
        |row| row.bom = true,
        |row| row.list = "/v1/overdue?as_of=2026-01-01".to_owned(),
    ];
    let kept = app.app.read_now(|tx, _| Ok(kiennghi::store::exports::find(tx, before)?.unwrap())).unwrap();
    for change in changes {
        meddle(&app, &id, change);
        let (findings, _) = verified(&app);
        assert!(findings.iter().any(|finding| finding.contains(&id)), "{findings:?}");
        let kept = kept.clone();
        meddle(&app, &id, move |row| *row = kept.clone());
    }
    assert_eq!(verified(&app).0, Vec::<String>::new());
    // A row of which the log knows nothing.
    let mut foreign = kept;
    foreign.id = kiennghi::app::clock::new_id();
    let id = foreign.id.to_string();
    app.app.write_now(move |tx, _| Ok(kiennghi::store::exports::insert(tx, &foreign)?)).unwrap();
    let (findings, _) = verified(&app);
    assert!(findings.iter().any(|finding| finding.contains(&id)), "{findings:?}");
    let count: i64 =
        app.app.read_now(|tx, _| Ok(exported::table.count().get_result(tx).expect("a count"))).unwrap();
    assert_eq!(count, 2);
}
