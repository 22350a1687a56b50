//! Clients that write as fast as they are answered, and remember every answer: what was acknowledged must be there
//! afterwards, and what was not is asked for again under the same key.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    thread::JoinHandle,
    time::Duration,
};

use kiennghi::{app::clock::new_id, domain::id::RowId};
use serde_json::{Value, json};

/// How many acts follow a submission.
const ACTS: usize = 3;

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
    pub(crate) acts: usize,
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
    pub(crate) address: SocketAddr,
    /// Of somebody who classifies everywhere.
    pub(crate) token: String,
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

impl Story {
    fn begin() -> Self {
        Self { reference: new_id(), key: new_id(), told: None, version: 0, acts: 0 }
    }

    /// The call that comes next, the same until it is answered.
    fn call(&self, client: &Client) -> io::Result<Answer> {
        let key = ("Idempotency-Key", self.key.to_string());
        let Some((id, _)) = &self.told else {
            let body = json!({
                "kind": "feedback", "title": "Đèn đường hỏng", "content": "Đèn hỏng ba đêm nay.",
                "field_code": "transport", "client_reference": self.reference,
                "submitter": {"full_name": "Nguyễn Văn Bão"},
            });
            return call(client.address, "POST", "/v1/petitions", &[key], &body.to_string());
        };
        let (action, body) = match self.acts {
            0 => (
                "classification",
                json!({"kind": "feedback", "field_code": "transport", "public_title": "Đèn hỏng",
                    "public_summary": "Đề nghị thay đèn."}),
            ),
            acts => {
                let field = if acts % 2 == 0 { "transport" } else { "environment" };
                ("reclassification", json!({"field_code": field, "reason": "Đúng lĩnh vực"}))
            }
        };
        let headers = [
            key,
            ("If-Match", format!("\"{}\"", self.version)),
            ("Authorization", format!("Bearer {}", client.token)),
        ];
        call(client.address, "POST", &format!("/v1/petitions/{id}/{action}"), &headers, &body.to_string())
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
        // A receipt tells no version: it is the first.
        self.version = answer.body["version"].as_u64().unwrap_or(1);
        self.key = new_id();
    }

    fn is_told(&self) -> bool {
        self.acts == ACTS
    }
}

impl Client {
    /// Goes on with these petitions in a thread of its own, until the server is gone or it is enough; returns them
    /// with those that came new.
    pub(crate) fn start(self, mut stories: Vec<Story>) -> JoinHandle<Vec<Story>> {
        std::thread::spawn(move || {
            while let Some(mut story) = self.next(&mut stories) {
                let answer = story.call(&self);
                let answered = match answer {
                    Ok(answer) if matches!(answer.status, 200 | 201) => {
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
