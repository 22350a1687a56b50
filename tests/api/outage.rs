//! A database that is away: the API says so, lives on, and goes on by itself when the database is back.

use serde_json::json;

use crate::support::{Case, TestDb, cases, client::TestApp, postgres};

pub(crate) fn cases() -> Vec<Case> {
    cases![Postgres: an_outage_is_told_and_survived]
}

async fn an_outage_is_told_and_survived(db: TestDb) {
    let name = db.url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    let app = TestApp::new(db);
    app.agency("H99", "Thành phố", None);
    let submit = || {
        let body = json!({"kind": "feedback", "title": "Đèn hỏng", "content": "Đèn hỏng.", "field_code": "transport"});
        app.post("/v1/petitions").key().json(body)
    };
    submit().call().await.expect(201);

    postgres::run(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"));
    postgres::run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    for _ in 0..2 {
        let away = submit().call().await.expect(503);
        assert_eq!(away.code(), "unavailable");
        assert!(away.field("retry-after").parse::<u32>().is_ok());
        let ready = app.get("/readyz").call().await.expect(503);
        assert!(ready.field("retry-after").parse::<u32>().is_ok());
        assert!(!ready.text.contains(&name), "{}", ready.text);
        app.get("/livez").call().await.expect(200);
    }

    postgres::run(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"));
    app.get("/readyz").call().await.expect(200);
    submit().call().await.expect(201);
}
