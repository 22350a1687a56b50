//! Statements as PostgreSQL logs them, and their values as SQLite holds them.

use rusqlite::types::Value as Stored;
use uuid::Uuid;

/// As the server opens a file.
pub(crate) const SETUP: &str =
    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824;
    PRAGMA temp_store = MEMORY;";

/// A piece of a statement.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'s> {
    Text(&'s str),
    /// `$1` is 0.
    Value(usize),
}

/// A statement cut at its placeholders.
pub(crate) fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let number = after.get(..digits).and_then(|digits| digits.parse::<usize>().ok());
        pieces.push(Piece::Text(before));
        match number.and_then(|number| number.checked_sub(1)) {
            Some(number) => pieces.push(Piece::Value(number)),
            None => pieces.push(Piece::Text("$")),
        }
        rest = after.get(digits..).unwrap_or_default();
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The elements of an array of ids, as PostgreSQL prints it.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    match inside {
        "" => Some(Vec::new()),
        _ if inside.contains(['"', '{', ':']) => None,
        _ => Some(inside.split(',').collect()),
    }
}

/// A value as this database holds it, told by how PostgreSQL prints it.
pub(crate) fn stored(text: String) -> Stored {
    if let Ok(id) = Uuid::try_parse(&text) {
        return Stored::Blob(id.as_bytes().to_vec());
    }
    if let Some(bytes) = bytes_of(&text) {
        return Stored::Blob(bytes);
    }
    let instant =
        text.strip_suffix("+00").and_then(|time| format!("{time}+00:00").parse::<jiff::Timestamp>().ok());
    match (text.as_str(), instant) {
        (_, Some(instant)) => Stored::Integer(instant.as_microsecond()),
        ("t", _) => Stored::Integer(1),
        ("f", _) => Stored::Integer(0),
        (number, _) => match number.parse() {
            Ok(number) => Stored::Integer(number),
            Err(_) => Stored::Text(text),
        },
    }
}

/// `\x00ff` as bytes.
pub(crate) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?;
    let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    pairs.collect()
}
