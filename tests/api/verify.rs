//! Verification: what is as it was written passes, and one changed byte anywhere does not.

use kiennghi::app::verify::{self, Summary, Told};

use crate::support::{
    Case, TestDb, cases,
    client::{START, TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![a_demo_passes]
}

/// What a whole verification says: every finding, and what it came to.
#[track_caller]
pub(crate) fn verified(app: &TestApp) -> (Vec<String>, Summary) {
    let mut findings = Vec::new();
    let summary = verify::run(app.app.db(), &zone(), None, &mut |told| {
        if let Told::Finding(finding) = told {
            findings.push(finding.to_string());
        }
    });
    (findings, summary.unwrap())
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
}

async fn a_demo_passes(db: TestDb) {
    let app = TestApp::starting(db, START);
    kiennghi::app::demo::add_missing(&app.app).unwrap();
    let (findings, summary) = verified(&app);
    assert_eq!(findings, Vec::<String>::new());
    assert!(summary.petitions >= 12 && summary.events > 50 && summary.other_events > 5, "{summary}");
    let head = summary.head.unwrap();
    assert_eq!(head.position as u64, summary.events + summary.other_events);
    assert_eq!(head.to_string().parse(), Ok(head));
}
