//! What is measured: four calls, from the commonest write to the widest list.

use std::{
    fmt,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Fault, client::request, server::Served};

/// A call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An anonymous submission under a fresh Idempotency-Key.
    Submit,
    /// The classification of a petition that was just submitted.
    Transition,
    /// One petition in full, for a coordinator.
    Read,
    /// The first page of what is overdue, for an auditor.
    Overdue,
}

/// Submissions come first: the transitions need their petitions.
pub(crate) const ALL: [Operation; 4] =
    [Operation::Submit, Operation::Transition, Operation::Read, Operation::Overdue];

/// How many petitions are read in turn.
const READ: usize = 1_000;

/// Who asks, and for what.
pub(crate) struct Callers {
    coordinator: String,
    auditor: String,
    /// Petitions of the backlog.
    pub(crate) known: Vec<String>,
}

/// Makes the requests of one run; shared by the threads of the load.
pub(crate) struct Requests<'a> {
    operation: Operation,
    callers: &'a Callers,
    /// The petitions to read or to classify.
    petitions: &'a [String],
    next: AtomicUsize,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Submit => "submit",
            Self::Transition => "transition",
            Self::Read => "read",
            Self::Overdue => "overdue",
        })
    }
}

impl Operation {
    /// The request; `subject` is the key of a submission, else the petition.
    pub(crate) fn request(self, callers: &Callers, subject: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let (method, path, own, body) = match self {
            Self::Submit => {
                ("POST", "/v1/petitions".to_owned(), vec![("Idempotency-Key", subject)], submission())
            }
            Self::Transition => (
                "POST",
                format!("/v1/petitions/{subject}/classification"),
                vec![("If-Match", "\"1\""), ("Authorization", callers.coordinator.as_str())],
                classification(),
            ),
            Self::Read => (
                "GET",
                format!("/v1/petitions/{subject}"),
                vec![("Authorization", callers.coordinator.as_str())],
                String::new(),
            ),
            Self::Overdue => (
                "GET",
                "/v1/overdue?limit=50".to_owned(),
                vec![("Authorization", callers.auditor.as_str())],
                String::new(),
            ),
        };
        request(method, &path, &[&own, headers].concat(), &body)
    }
}

fn submission() -> String {
    json!({
        "kind": "feedback", "title": "Đèn đường hỏng ở ngõ 12",
        "content": "Ba đèn liền nhau tắt từ tuần trước, buổi tối rất tối.",
        "field_code": "urban_infrastructure",
        "location": {"text": "Ngõ 12", "latitude": 10.95, "longitude": 106.85},
    })
    .to_string()
}

fn classification() -> String {
    json!({
        "kind": "feedback", "field_code": "urban_infrastructure", "public_title": "Đèn đường hỏng",
        "public_summary": "Người dân phản ánh ba đèn đường liền nhau không sáng.",
    })
    .to_string()
}

/// A key that no submission of this run had before.
pub(crate) fn fresh_key() -> String {
    static USED: AtomicU64 = AtomicU64::new(0);
    let number = USED.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u64_pair(0xbe4c_0000_0000_4000, 0x8000_0000_0000_0000 | number).to_string()
}

impl Callers {
    /// Signs in the demo's accounts.
    pub(crate) fn sign_in(server: &Served) -> Result<Self, Fault> {
        let bearer = |username| server.sign_in(username).map(|token| format!("Bearer {token}"));
        let mut callers =
            Self { coordinator: bearer("coordinator")?, auditor: bearer("auditor")?, known: Vec::new() };
        callers.known = callers.list(server)?;
        Ok(callers)
    }

    /// The petitions that were received last.
    fn list(&self, server: &Served) -> Result<Vec<String>, Fault> {
        let mut petitions = Vec::new();
        let mut path = "/v1/petitions?limit=100&provenance=imported".to_owned();
        while petitions.len() < READ {
            let asked = request("GET", &path, &[("Authorization", &self.coordinator)], "");
            let page: Value = serde_json::from_slice(&server.ask(&asked)?)?;
            let items = page.get("items").and_then(Value::as_array).ok_or("a list without items")?;
            let ids = items.iter().filter_map(|item| item.get("id")?.as_str());
            petitions.extend(ids.map(str::to_owned));
            let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else { break };
            path = format!("/v1/petitions?limit=100&provenance=imported&cursor={cursor}");
        }
        Ok(petitions)
    }
}

impl<'a> Requests<'a> {
    /// `fresh` are petitions that nobody classified yet.
    pub(crate) fn new(operation: Operation, callers: &'a Callers, fresh: &'a [String]) -> Self {
        let petitions = if operation == Operation::Transition { fresh } else { &callers.known };
        Self { operation, callers, petitions, next: AtomicUsize::new(0) }
    }

    /// The next request; nothing when every petition was classified.
    pub(crate) fn next(&self) -> Option<Vec<u8>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match self.operation {
            Operation::Transition => self.make(self.petitions.get(number)?),
            _ => self.again(number),
        }
    }

    /// The same without an end, for whoever does not mind what was asked before.
    pub(crate) fn endless(&self) -> Option<Vec<u8>> {
        self.again(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn again(&self, number: usize) -> Option<Vec<u8>> {
        match self.operation {
            Operation::Submit => self.make(&fresh_key()),
            _ => self.make(self.petitions.get(number % self.petitions.len().max(1))?),
        }
    }

    fn make(&self, subject: &str) -> Option<Vec<u8>> {
        Some(self.operation.request(self.callers, subject, &[]))
    }
}
