//! Parameters and bodies are taken as the document says, no longer, no larger, no less.

use kiennghi::domain::vocabulary::{Role, Visibility};
use serde_json::Value;

use crate::support::{Case, TestDb, cases, client::TestApp};

pub(crate) fn cases() -> Vec<Case> {
    cases![parameters_are_bounded]
}

/// An auditor of the whole installation.
fn auditor(app: &TestApp) -> String {
    let agency = app.agency("H99", "Tỉnh", None);
    app.token(app.official("auditor", agency, Role::Auditor, None, Visibility::PartiesOnly))
}

async fn parameters_are_bounded(db: TestDb) {
    let app = TestApp::new(db);
    let token = auditor(&app);
    let texts = [
        ("/v1/agencies", "code", 35),
        ("/v1/deadlines/preview?start_at=2026-11-20T09:00:00Z&kind=feedback", "field_code", 64),
        ("/v1/events?subject_kind=field", "subject", 64),
        ("/v1/overdue", "area_code", 16),
        ("/v1/overdue", "field_code", 64),
        ("/v1/overdue/summary", "field_code", 64),
        ("/v1/paused", "code", 20),
        ("/v1/petitions", "code", 20),
        ("/v1/petitions", "field_code", 64),
        ("/v1/public/petitions", "area_code", 16),
        ("/v1/public/petitions", "field_code", 64),
    ];
    for (path, name, most) in texts {
        let mark = if path.contains('?') { '&' } else { '?' };
        let ask = |length: usize| app.get(format!("{path}{mark}{name}={}", "0".repeat(length))).token(&token);
        let refused = ask(most + 1).call().await.expect(400);
        assert_eq!(refused.code(), "invalid-parameter", "{path} {name}");
        assert_eq!(refused.body["errors"][0]["pointer"], Value::from(name), "{path}");
        assert_eq!(refused.body["errors"][0]["code"], Value::from("invalid"), "{path} {name}");
        let taken = ask(most).call().await;
        assert_ne!(taken.body["errors"][0]["code"], Value::from("invalid"), "{path} {name}");
    }
    for path in ["/v1/overdue", "/v1/overdue/summary"] {
        for (days, status) in [("36500", 200), ("36501", 400), ("2147483648", 400), ("99999999999", 400)] {
            app.get(format!("{path}?min_days_overdue={days}")).token(&token).call().await.expect(status);
        }
    }
}
