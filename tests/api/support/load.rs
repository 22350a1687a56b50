//! Clients that write as fast as they are answered, and remember every answer: what was acknowledged must be there
//! afterwards, and what was not is asked for again under the same key.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::Sender,
    },
    thread::JoinHandle,
    time::Duration,
};

use kiennghi::{app::clock::new_id, domain::id::RowId};
use serde_json::{Value, json};

use crate::cli::Served;

/// What follows a submission.
const ACTS: [&str; 8] = [
    "classification",
    "reclassification",
    "assignment",
    "acceptance",
    "progress-note",
    "reply-draft",
    "reply-submission",
    "reply-approval",
];

/// No two replies have the same number: one agency signs them all.
static DOCUMENT: AtomicU32 = AtomicU32::new(10_000);

/// A petition as its client knows it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) reference: RowId,
    /// The key of the call that is not answered yet.
    key: RowId,
    /// Id and code, once they were told.
    pub(crate) told: Option<(String, String)>,
    version: u64,
    /// How many acts were acknowledged.
    acts: usize,
    /// How many calls were sent; each goes to the next server.
    calls: usize,
    document: u32,
}

/// Who carries the petitions of the demo: their tokens, and to whom they are assigned.
#[derive(Debug, Clone)]
pub(crate) struct Staff {
    pub(crate) coordinator: String,
    pub(crate) handler: String,
    approver: String,
    pub(crate) ward: Value,
    pub(crate) responsible: Value,
}

/// What a client hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Acknowledged,
    /// 503: later.
    Away,
}

/// What a client goes by.
#[derive(Clone)]
pub(crate) struct Client {
    /// The servers of one database, in turn.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) staff: Staff,
    pub(crate) heard: Sender<Heard>,
    /// Whether to end once every call is answered.
    pub(crate) enough: Arc<AtomicBool>,
}

/// An answer over a connection of its own, complete.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Calls a server; an answer that breaks off is none.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let broken = || io::Error::other("the answer breaks off");
    let text = String::from_utf8(bytes).map_err(|_| broken())?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let body = serde_json::from_str(body).map_err(|_| broken())?;
    Ok(Answer { status, head: head.to_owned(), body })
}

/// The fields of a call in somebody's name.
fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

impl Staff {
    /// Signs in at a server that runs the demo.
    pub(crate) fn sign_in(server: &Served) -> Self {
        let [coordinator, handler, approver] = ["coordinator", "handler", "approver"].map(|name| {
            let (status, token) = server.sign_in(name, "kiennghi-demo");
            assert_eq!(status, 201, "{name}");
            token
        });
        let first = |path: &str| {
            let (status, page) = server.call("GET", path, Some(&coordinator), None);
            assert_eq!(status, 200, "{page}");
            page["items"][0]["id"].clone()
        };
        let ward = first("/v1/agencies?code=H99.1");
        // The account `handler` is the first of his agency.
        let responsible = first(&format!("/v1/officials?agency_id={}", ward.as_str().unwrap()));
        Self { coordinator, handler, approver, ward, responsible }
    }
}

impl Story {
    fn begin() -> Self {
        let document = DOCUMENT.fetch_add(1, Ordering::Relaxed);
        Self { reference: new_id(), key: new_id(), told: None, version: 0, acts: 0, calls: 0, document }
    }

    /// The server whose turn it is, or one that comes later.
    fn address(&self, client: &Client, later: usize) -> SocketAddr {
        client.addresses[(self.document as usize + self.calls + later) % client.addresses.len()]
    }

    /// The call that comes next, the same until it is answered.
    fn call(&self, client: &Client, address: SocketAddr) -> io::Result<Answer> {
        let key = ("Idempotency-Key", self.key.to_string());
        let Some((id, _)) = &self.told else {
            let body = json!({
                "kind": "feedback", "title": "Đèn đường hỏng", "content": "Đèn hỏng ba đêm nay.",
                "field_code": "transport", "client_reference": self.reference,
                "submitter": {"full_name": "Nguyễn Văn Bão"},
            });
            return call(address, "POST", "/v1/petitions", &[key], &body.to_string());
        };
        let (token, body) = self.act(&client.staff);
        let headers = [key, ("If-Match", format!("\"{}\"", self.version)), bearer(token)];
        let path = format!("/v1/petitions/{id}/{}", ACTS[self.acts]);
        call(address, "POST", &path, &headers, &body.to_string())
    }

    /// Who acts next, and in which words.
    fn act<'s>(&self, staff: &'s Staff) -> (&'s str, Value) {
        match ACTS[self.acts] {
            "classification" => (
                &staff.coordinator,
                json!({"kind": "feedback", "field_code": "transport", "public_title": "Đèn hỏng",
                    "public_summary": "Đề nghị thay đèn."}),
            ),
            "reclassification" => {
                (&staff.coordinator, json!({"field_code": "environment", "reason": "Đúng lĩnh vực"}))
            }
            "assignment" => {
                (&staff.coordinator, json!({"agency_id": staff.ward, "responsible_id": staff.responsible}))
            }
            "progress-note" => (&staff.handler, json!({"text": "Đã đặt mua bóng đèn.", "public": true})),
            "reply-draft" => (&staff.handler, json!({"text": "Đã thay đèn.", "outcome": "resolved"})),
            "reply-approval" => {
                let document = json!({"number": self.document.to_string(), "symbol": "UBND-NC",
                    "signer": "Phó Chủ tịch", "issued_on": "2026-11-23"});
                (&staff.approver, json!({"document": document, "addressee": "Người gửi"}))
            }
            _ => (&staff.handler, json!({})),
        }
    }

    fn acknowledged(&mut self, answer: &Answer) {
        let text = |name: &str| answer.body[name].as_str().expect(name).to_owned();
        match &self.told {
            None => self.told = Some((text("id"), text("code"))),
            Some((id, _)) => {
                assert_eq!(&text("id"), id);
                self.acts += 1;
            }
        }
        self.version = version(answer);
        self.key = new_id();
    }

    /// What was answered stands at the next server too: the same call is not done again, and is read there.
    fn stands_elsewhere(&self, client: &Client, answer: &Answer) {
        let address = self.address(client, 1);
        let again = match (self.document as usize + self.calls) % 3 {
            0 => self.call(client, address).expect("an answer"),
            1 => {
                let path = format!("/v1/petitions/{}", answer.body["id"].as_str().expect("an id"));
                call(address, "GET", &path, &[bearer(&client.staff.coordinator)], "").expect("an answer")
            }
            _ => return,
        };
        let whole = |answer: &Answer| (answer.body["id"].clone(), version(answer));
        assert!(matches!(again.status, 200 | 201), "{} {}", again.head, again.body);
        assert_eq!(whole(&again), whole(answer), "{} {}", again.head, again.body);
    }

    /// The history that was acknowledged, by the names of its events.
    pub(crate) fn history(&self) -> Vec<&'static str> {
        std::iter::once("registration").chain(ACTS.into_iter().take(self.acts)).collect()
    }

    /// How many writes were acknowledged.
    pub(crate) fn writes(&self) -> usize {
        usize::from(self.told.is_some()) + self.acts
    }

    /// Whether it ended with an answer.
    pub(crate) fn is_told(&self) -> bool {
        self.acts == ACTS.len()
    }
}

/// The version that an answer tells. A receipt tells none: it is the first.
fn version(answer: &Answer) -> u64 {
    answer.body["version"].as_u64().unwrap_or(1)
}

impl Client {
    /// Goes on with these petitions in a thread of its own, until the server is gone or it is enough; returns them
    /// with those that came new.
    pub(crate) fn start(self, mut stories: Vec<Story>) -> JoinHandle<Vec<Story>> {
        std::thread::spawn(move || {
            while let Some(mut story) = self.next(&mut stories) {
                let answer = story.call(&self, story.address(&self, 0));
                let answered = match answer {
                    Ok(answer) if matches!(answer.status, 200 | 201) => {
                        if self.addresses.len() > 1 {
                            story.stands_elsewhere(&self, &answer);
                        }
                        story.acknowledged(&answer);
                        // Whoever waited may have heard enough.
                        let _ = self.heard.send(Heard::Acknowledged);
                        true
                    }
                    Ok(answer) => {
                        assert_eq!(answer.status, 503, "{} {}", answer.head, answer.body);
                        assert!(answer.head.to_lowercase().contains("retry-after: "), "{}", answer.head);
                        let _ = self.heard.send(Heard::Away);
                        true
                    }
                    Err(_) => false,
                };
                story.calls += 1;
                stories.push(story);
                if !answered {
                    break;
                }
            }
            stories
        })
    }

    /// The petition to go on with: the last one, or a new one after it.
    fn next(&self, stories: &mut Vec<Story>) -> Option<Story> {
        match stories.pop_if(|story| !story.is_told()) {
            Some(story) => Some(story),
            None if self.enough.load(Ordering::Relaxed) => None,
            None => Some(Story::begin()),
        }
    }
}
