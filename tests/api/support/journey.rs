//! A petition's way in few words: the people who carry it, and each step over HTTP.

use serde_json::{Value, json};

use super::{
    TestDb,
    client::{Reply, TestApp},
};
use kiennghi::domain::{
    id::{AgencyId, OfficialId},
    vocabulary::{Role, Visibility},
};

/// What an author says about himself and his matter, and what must stay with those who may know it.
pub(crate) const NAME: &str = "Nguyễn Thị Chim Báo Bão";
pub(crate) const PHONE: &str = "0987654321";
pub(crate) const ADDRESS: &str = "17 ngõ Hoàng Yến";
pub(crate) const CONTENT: &str = "Nhà tôi ở cạnh cống, nước ngập đến gối.";
pub(crate) const TITLE: &str = "Ngõ nhà tôi ngập từ tuần trước";

/// A city with a ward, and one official for each role.
pub(crate) struct Town {
    pub(crate) app: TestApp,
    pub(crate) city: AgencyId,
    pub(crate) ward: AgencyId,
    pub(crate) intake: String,
    pub(crate) coordinator: String,
    pub(crate) handler: String,
    pub(crate) approver: String,
    pub(crate) handler_id: OfficialId,
}

/// A petition and its author's key.
#[derive(Clone)]
pub(crate) struct Petition {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) key: String,
}

impl Town {
    pub(crate) fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let city = app.agency("H99", "Thành phố", None);
        let ward = app.agency("H99.1", "Phường", Some(city));
        let over = |name: &str, role, over| app.official(name, ward, role, over, Visibility::Restricted);
        let intake = over("intake", Role::Intake, None);
        let coordinator = over("coordinator", Role::Coordinator, None);
        let handler_id = over("handler", Role::Handler, Some(ward));
        let approver = over("approver", Role::Approver, Some(ward));
        let token = |official| app.token(official);
        let (intake, coordinator) = (token(intake), token(coordinator));
        let (handler, approver) = (token(handler_id), token(approver));
        Self { city, ward, intake, coordinator, handler, approver, handler_id, app }
    }

    /// Submits as a citizen; `with` replaces members of the body.
    pub(crate) async fn submit(&self, with: Value) -> Petition {
        let mut body = json!({"kind": "feedback", "channel": "web_portal", "title": TITLE, "content": CONTENT,
            "field_code": "urban_infrastructure",
            "submitter": {"full_name": NAME, "phone": PHONE, "address": ADDRESS}});
        for (name, value) in with.as_object().unwrap() {
            body[name] = value.clone();
        }
        let receipt = self.app.post("/v1/petitions").key().json(body).call().await.expect(201);
        let text = |name: &str| receipt.body[name].as_str().unwrap_or_default().to_owned();
        Petition { id: text("id"), code: text("code"), key: text("access_key") }
    }

    /// Does something to a petition as an official, at its present version.
    pub(crate) async fn act(&self, token: &str, petition: &Petition, action: &str, body: Value) -> Reply {
        let address = format!("/v1/petitions/{}", petition.id);
        let version = self.app.get(&address).token(token).call().await.expect(200).version();
        let act = self.app.post(format!("{address}/{action}")).token(token).seen(version).key();
        let reply = act.json(body).call().await;
        assert!(reply.status.is_success(), "{action}: {}", reply.text);
        reply
    }

    /// Classifies as feedback of everybody's concern, with reviewed public words; `with` replaces members of the body.
    pub(crate) async fn classify(&self, petition: &Petition, with: Value) {
        let mut body = json!({"kind": "feedback", "field_code": "urban_infrastructure",
            "public_title": "Ngập một ngõ", "public_summary": "Đề nghị khơi cống."});
        for (name, value) in with.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.act(&self.coordinator, petition, "classification", body).await;
    }

    /// From classified to in progress.
    pub(crate) async fn take_up(&self, petition: &Petition) {
        let body = json!({"agency_id": self.ward, "responsible_id": self.handler_id});
        self.act(&self.coordinator, petition, "assignment", body).await;
        self.act(&self.handler, petition, "acceptance", json!({})).await;
    }

    /// From in progress to answered.
    pub(crate) async fn answer(&self, petition: &Petition, text: &str, outcome: &str, number: &str) {
        self.act(&self.handler, petition, "reply-draft", json!({"text": text, "outcome": outcome})).await;
        self.act(&self.handler, petition, "reply-submission", json!({})).await;
        let document =
            json!({"number": number, "symbol": "UBND-NC", "signer": "Chủ tịch", "issued_on": "2026-11-23"});
        let body = json!({"document": document, "addressee": "Người gửi"});
        self.act(&self.approver, petition, "reply-approval", body).await;
    }

    /// A tracking token for these petitions.
    pub(crate) async fn track(&self, petitions: &[&Petition]) -> String {
        let items: Vec<Value> =
            petitions.iter().map(|one| json!({"code": one.code, "access_key": one.key})).collect();
        let opened = self.app.post("/v1/tracking").json(json!({"items": items})).call().await.expect(200);
        opened.body["access_token"].as_str().unwrap().to_owned()
    }

    /// What the author of a petition sees.
    pub(crate) async fn own(&self, token: &str, petition: &Petition) -> Reply {
        self.app
            .get(format!("/v1/tracking/petitions/{}", petition.code))
            .token(token)
            .call()
            .await
            .expect(200)
    }
}
