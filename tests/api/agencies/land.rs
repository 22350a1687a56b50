//! A province with districts and communes, its people, and records of a source with known ends.

use std::collections::BTreeMap;

use kiennghi::{
    app::{clock::new_id, history, import, routine},
    domain::{
        id::{AgencyId, OfficialId, PetitionId},
        petition::Case as Petition,
        vocabulary::{Level, Role, Visibility},
    },
    store::agencies::{self, NewAgency},
};
use serde_json::{Value, json};

use crate::support::{
    TestDb,
    client::{Reply, TestApp},
};

/// A province, and for everything in it an administrator, an intake officer, a coordinator and an auditor.
pub(crate) struct Land {
    pub(crate) app: TestApp,
    pub(crate) province: AgencyId,
    pub(crate) admin: String,
    pub(crate) intake: String,
    pub(crate) coordinator: String,
    pub(crate) auditor: String,
}

impl Land {
    pub(crate) fn new(db: TestDb, start: &str) -> Self {
        let app = TestApp::starting(db, start);
        let province = app.agency("H99", "Tỉnh", None);
        let token =
            |name: &str, role| app.token(app.official(name, province, role, None, Visibility::Restricted));
        let (admin, intake) = (token("admin", Role::Admin), token("intake", Role::Intake));
        let (coordinator, auditor) =
            (token("coordinator", Role::Coordinator), token("auditor", Role::Auditor));
        Self { province, admin, intake, coordinator, auditor, app }
    }

    /// Adds an agency, since ever.
    pub(crate) fn agency(&self, code: &str, level: Level, parent: AgencyId, area: Option<&str>) -> AgencyId {
        let id: AgencyId = new_id();
        let new = NewAgency {
            id,
            code: code.to_owned(),
            identifier: None,
            name: format!("Cơ quan {code}"),
            level: Some(level),
            parent_id: Some(parent),
            serves_area: area.map(str::to_owned),
            is_default: false,
            valid_from: None,
            created_at: self.app.now(),
        };
        self.app.app.write_now(move |tx, _| Ok(agencies::insert(tx, &new)?)).expect("add an agency");
        id
    }

    /// Somebody who handles at an agency.
    pub(crate) fn handler(&self, name: &str, agency: AgencyId) -> OfficialId {
        self.app.official(name, agency, Role::Handler, Some(agency), Visibility::PartiesOnly)
    }

    /// Takes records of a source over.
    pub(crate) fn import(&self, lines: &[Value]) {
        let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let report = import::run(&self.app.app, file.as_bytes(), false, &mut |_| {}).expect("an import");
        assert_eq!(report.rejected, 0, "{report:?}");
    }

    /// Submits about an area; gives id and the agency's code.
    pub(crate) async fn submit(&self, with: Value) -> (PetitionId, String) {
        let mut body = json!({"kind": "proposal", "title": "Ngõ ngập", "content": "Đề nghị cải tạo cống.",
            "field_code": "urban_infrastructure", "submitter": {"full_name": "Nguyễn Văn A", "address": "Số 1"}});
        for (name, value) in with.as_object().unwrap() {
            body[name] = value.clone();
        }
        let receipt = self.app.post("/v1/petitions").key().json(body).call().await.expect(201);
        let id = receipt.body["id"].as_str().unwrap().parse().unwrap();
        (id, receipt.body["agency"]["code"].as_str().unwrap().to_owned())
    }

    /// Does something to a petition, with the version that is there.
    pub(crate) async fn act(&self, token: &str, id: PetitionId, action: &str, body: Value) -> Reply {
        let version = self.case(id).version;
        let call = self.app.post(format!("/v1/petitions/{id}/{action}")).token(token);
        call.seen(version).key().json(body).call().await
    }

    pub(crate) fn case(&self, id: PetitionId) -> Petition {
        self.app
            .app
            .read_now(move |tx, _| Ok(history::load(tx, id)?.expect("a petition").case))
            .expect("a case")
    }

    /// Sends the order that closes an agency.
    pub(crate) async fn close(&self, agency: AgencyId, query: &str, order: Value) -> Reply {
        let path = format!("/v1/agencies/{agency}");
        let version = self.app.get(&path).call().await.expect(200).version();
        let call = self.app.post(format!("{path}/succession{query}")).token(&self.admin);
        call.seen(version).json(order).call().await
    }

    /// What is due by itself, until nothing is.
    pub(crate) fn run_due(&self) {
        routine::run_due(&self.app.app).expect("due work");
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.app.get(path).token(&self.auditor).call().await.expect(200).body
    }

    /// Overdue petitions by the key of their group.
    pub(crate) async fn overdue(&self, query: &str) -> BTreeMap<String, i64> {
        let summary = self.read(&format!("/v1/overdue/summary?{query}")).await;
        let groups = summary["groups"].as_array().unwrap();
        let counts: BTreeMap<String, i64> = groups
            .iter()
            .map(|group| (group["key"].as_str().unwrap().to_owned(), group["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(counts.values().sum::<i64>(), summary["total"].as_i64().unwrap(), "{summary}");
        counts
    }
}

/// An order that closes an agency on a day, its successors with the person responsible at each.
pub(crate) fn order(day: &str, successors: &[(AgencyId, OfficialId)]) -> Value {
    let all: Vec<Value> = successors
        .iter()
        .map(|(agency, person)| json!({"agency_id": agency, "responsible_id": person}))
        .collect();
    json!({"effective_on": day, "successors": all, "reason": "Tổ chức chính quyền hai cấp",
        "basis": {"number": "1656", "symbol": "NQ-UBTVQH", "issued_on": "2025-06-01"}})
}

/// A record of a source, due on a day and perhaps closed.
pub(crate) fn record(id: &str, agency: &str, field: &str, due: &str, closed: Option<&str>) -> Value {
    json!({"source_system": "old", "external_id": id, "kind": "proposal", "channel": "post", "title": "Đèn hỏng",
        "content": "Đèn đường không sáng.", "field_code": field, "agency_code": agency,
        "received_at": "2025-05-05T08:00:00+07:00", "due_at": format!("{due}T17:00:00+07:00"),
        "closed_at": closed.map(|day| format!("{day}T09:00:00+07:00"))})
}
