//! The whole log in one order: positions count from 1 without a gap, and a digest over all of them is its head.

use std::{fmt, str::FromStr};

use super::{Source, finding::Difference};
use crate::{
    app::{Error, history::hex, secrets::sha256},
    store::verify,
};

/// How many events one page of the log takes.
const PAGE: i64 = 5000;

/// The head of the log: how far it goes, and a digest over every hash up to there, in order. Whoever keeps one
/// elsewhere can show later that nothing up to it was taken away or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 for an empty log.
    pub position: i64,
    pub digest: [u8; 32],
}

impl Head {
    /// The head of a log without events.
    fn empty() -> Self {
        Self { position: 0, digest: [0; 32] }
    }

    fn followed_by(&self, position: i64, hash: &[u8]) -> Self {
        let bytes = [&self.digest[..], &position.to_be_bytes(), hash].concat();
        Self { position, digest: sha256(&bytes) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, hex(&self.digest))
    }
}

impl FromStr for Head {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "expected a head as verify prints it, such as 1748:9f86d081…".to_owned();
        let (position, digest) = text.trim().split_once(':').ok_or_else(fault)?;
        let byte = |index: usize| {
            let pair = digest.get(index * 2..index * 2 + 2)?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
        let bytes = bytes.filter(|_| digest.len() == 64).and_then(|bytes| bytes.try_into().ok());
        let position = position.parse().map_err(|_| fault())?;
        Ok(Self { position, digest: bytes.ok_or_else(fault)? })
    }
}

/// Walks the log; gives its head, or the first gap, or where it parts from a head that was kept.
pub(super) fn check(source: &mut Source<'_>, kept: Option<&Head>) -> Result<Result<Head, Difference>, Error> {
    let mut head = Head::empty();
    loop {
        let after = head.position;
        let page = source.read(|tx| Ok(verify::positions(tx, after, PAGE)?))?;
        if page.is_empty() {
            break;
        }
        for (position, hash) in page {
            if position != head.position + 1 {
                let detail = format!("expected {} next in the log, found {position}", head.position + 1);
                return Ok(Err(Difference::column("event", "position", detail)));
            }
            head = head.followed_by(position, &hash);
            if kept.is_some_and(|kept| kept.position == position && *kept != head) {
                let detail = format!("up to position {position} it is not the log whose head was kept");
                return Ok(Err(Difference::row("event", detail)));
            }
        }
    }
    match kept {
        Some(kept) if kept.position > head.position => {
            let (end, wanted) = (head.position, kept.position);
            let detail =
                format!("the log ends at position {end}, before position {wanted} whose head was kept");
            Ok(Err(Difference::row("event", detail)))
        }
        _ => Ok(Ok(head)),
    }
}
