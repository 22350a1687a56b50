//! The auditor's 38 questions (`docs/auditors-questions.md`), each asked by its call on the demo's petitions.
//!
//! What is expected was worked out by hand from the stories of the demo and the calendar of 2026, in which Tuesday 24
//! November is a holiday. What the demo lacks is done first, through the API, by its own people.

mod document;
mod handling;
mod late;
mod replies;
mod trust;

use std::collections::BTreeMap;

use kiennghi::{
    domain::{
        id::PetitionId,
        vocabulary::{Code, LinkKind},
    },
    store::petitions,
};
use serde_json::{Value, json};

use crate::{
    demo::{begin, numbered, token},
    support::{Case, TestDb, client::TestApp},
};

pub(crate) fn cases() -> Vec<Case> {
    [late::cases(), handling::cases(), replies::cases(), trust::cases(), document::cases()].concat()
}

/// The demo, with its auditor at the desk.
struct Desk {
    app: TestApp,
    /// What a petition is called here: its number in the demo; of the letter's parts `11.` and their kind.
    names: BTreeMap<String, String>,
}

impl Desk {
    /// At the time at which the demo begins: Monday 23 November 2026, 14:00.
    fn new(db: TestDb) -> Self {
        let app = begin(db);
        let mut names = BTreeMap::new();
        for number in (1..=12).chain(121..=124) {
            names.insert(numbered(&app, number).unwrap().to_string(), number.to_string());
        }
        let letter = numbered(&app, 11).unwrap();
        let parts = app.app.read_now(|tx, _| {
            let mut parts = Vec::new();
            for link in petitions::links(tx, letter)? {
                if let Some(row) = petitions::find(tx, link.petition)?.filter(|_| link.kind == LinkKind::Part)
                {
                    parts.push((row.id.to_string(), format!("11.{}", row.kind.as_str())));
                }
            }
            Ok(parts)
        });
        names.extend(parts.unwrap());
        Self { app, names }
    }

    /// At a later time, nothing having been done since.
    fn at(db: TestDb, instant: &str) -> Self {
        let desk = Self::new(db);
        desk.app.turn_to(instant);
        desk
    }

    /// What a petition is called; `new` if it came after the demo.
    fn name(&self, id: &Value) -> &str {
        self.names.get(id.as_str().unwrap()).map_or("new", String::as_str)
    }

    /// The id of a petition by its name.
    fn id(&self, name: &str) -> String {
        self.names.iter().find(|(_, known)| *known == name).unwrap().0.clone()
    }

    /// Asks as one of the demo's accounts.
    async fn ask_as(&self, who: &'static str, path: &str) -> Value {
        self.app.get(path).token(&token(&self.app, who)).call().await.expect(200).body
    }

    /// Asks as the auditor.
    async fn ask(&self, path: &str) -> Value {
        self.ask_as("auditor", path).await
    }

    /// Asks something of one petition, as the auditor.
    async fn of(&self, name: &str, rest: &str) -> Value {
        self.ask(&format!("/v1/petitions/{}{rest}", self.id(name))).await
    }

    /// The petitions of a list, in its order.
    async fn list(&self, path: &str) -> Vec<String> {
        let page = self.ask(path).await;
        assert_eq!(page["next_cursor"], Value::Null);
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| self.name(&item["id"]).to_owned()).collect()
    }

    /// The petitions behind a figure.
    async fn behind(&self, report: &str, figure: &str, rest: &str) -> Vec<String> {
        self.list(&format!("/v1/reports/{report}/petitions?figure={figure}{rest}")).await
    }

    /// The figures of one group of a report, by id.
    async fn figures(&self, path: &str, key: &str) -> BTreeMap<String, Value> {
        let report = self.ask(path).await;
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["key"] == key).unwrap();
        let figures = row["figures"].as_array().unwrap().iter();
        figures.map(|one| (one["id"].as_str().unwrap().to_owned(), one["value"].clone())).collect()
    }

    /// Some figures of a report over all petitions.
    async fn counts<const N: usize>(&self, report: &str, ids: [&str; N], rest: &str) -> [Value; N] {
        let figures = self.figures(&format!("/v1/reports/{report}?group_by=none{rest}"), "all").await;
        ids.map(|id| figures[id].clone())
    }

    /// Does something to a petition in the version it has.
    async fn act(&self, name: &str, who: &'static str, action: &str, body: Value) -> Value {
        let path = format!("/v1/petitions/{}", self.id(name));
        let version = self.ask_as("coordinator", &path).await["version"].clone();
        let sent = self.app.post(format!("{path}/{action}")).token(&token(&self.app, who)).seen(version);
        sent.json(body).call().await.expect(200).body
    }

    /// Does something that does not compete for the version.
    async fn say(&self, name: &str, who: &'static str, action: &str, body: Value) -> Value {
        let sent = self.app.post(format!("/v1/petitions/{}/{action}", self.id(name)));
        sent.token(&token(&self.app, who)).key().json(body).call().await.expect(200).body
    }

    /// Answers a petition by a document: drafted by one, signed by another.
    async fn answer(&self, name: &str, outcome: &str, document: (&str, &str)) {
        let draft = json!({"text": format!("Trả lời đơn {name}."), "outcome": outcome});
        self.act(name, "handler", "reply-draft", draft).await;
        self.sign(name, document).await;
    }

    /// Submits and signs the draft there is.
    async fn sign(&self, name: &str, (number, issued_on): (&str, &str)) {
        self.act(name, "handler", "reply-submission", json!({})).await;
        let document = json!({"number": number, "symbol": "UBND-NC", "signer": "Phạm Thị Ký Duyệt", "issued_on": issued_on});
        let body = json!({"document": document, "addressee": "Người gửi"});
        self.act(name, "approver", "reply-approval", body).await;
    }

    /// Intake registers a letter of phường Bến Gỗ; `with` adds to it or replaces members.
    async fn letter(&self, with: Value) -> String {
        let mut body = json!({"kind": "feedback", "channel": "post", "field_code": "urban_infrastructure",
            "title": "Nắp hố ga lại mất", "content": "Nắp hố ga trước trường lại mất.", "agency_code": "H99.2",
            "submitter": {"full_name": "Ngô Thị Ví Dụ Hai", "address": "Tổ 2, phường Bến Gỗ"}});
        for (name, value) in with.as_object().unwrap() {
            body[name.as_str()] = value.clone();
        }
        let sent = self.app.post("/v1/petitions").token(&token(&self.app, "intake")).key().json(body);
        sent.call().await.expect(201).body["id"].as_str().unwrap().to_owned()
    }

    /// The author of a petition does something, by its code and key.
    async fn author(&self, name: &str, action: &str, body: Value) {
        let id: PetitionId = self.id(name).parse().unwrap();
        let key = self.app.app.read_now(move |_, world| Ok(world.secret.access_key(id))).unwrap();
        let view = self.ask_as("coordinator", &format!("/v1/petitions/{id}")).await;
        let items = json!({"items": [{"code": view["code"], "access_key": key.reveal()}]});
        let opened = self.app.post("/v1/tracking").json(items).call().await.expect(200).body;
        let path = format!("/v1/tracking/petitions/{}/{action}", view["code"].as_str().unwrap());
        let sent = self.app.post(path).token(opened["access_token"].as_str().unwrap());
        sent.key().seen(&view["version"]).json(body).call().await.expect(200);
    }
}

/// The members of each row, in this order.
fn columns(rows: &Value, of: impl Fn(&Value) -> Value) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(of).collect()
}
