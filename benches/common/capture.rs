//! What the server sends to PostgreSQL for a request, read from the log of a database whose `log_statement` is `all`.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use crate::Fault;

/// A statement with its parameters as PostgreSQL prints them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Option<String>>,
}

/// Runs something and gives the transactions that were logged meanwhile, those of the server's jobs too.
pub(crate) fn during<T>(
    log: &Path,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<(T, Vec<Vec<Sent>>), Fault> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::End(0))?;
    let done = work()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((done, transactions(&text)))
}

/// The transactions of a log, each with its BEGIN and COMMIT.
fn transactions(log: &str) -> Vec<Vec<Sent>> {
    let mut open: HashMap<&str, Vec<Sent>> = HashMap::new();
    let mut done = Vec::new();
    for (process, entry) in entries(log) {
        let current = open.entry(process).or_default();
        if let Some(parameters) = detail(&entry) {
            if let Some(last) =
                current.last_mut().or_else(|| done.last_mut().and_then(|all: &mut Vec<Sent>| all.last_mut()))
            {
                last.parameters = parameters;
            }
            continue;
        }
        let Some(sql) = statement(&entry) else { continue };
        let ends = sql == "COMMIT" || sql == "ROLLBACK";
        let alone = current.is_empty() && !sql.starts_with("BEGIN");
        current.push(Sent { sql, parameters: Vec::new() });
        if ends || alone {
            done.push(std::mem::take(current));
        }
    }
    done
}

/// The entries of a log that begin with `@PROCESS `; a line that begins with a tab goes on with the one before.
fn entries(log: &str) -> Vec<(&str, String)> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for line in log.lines() {
        if let Some((process, text)) = line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            entries.push((process, text.to_owned()));
        } else if let Some((_, entry)) = entries.last_mut() {
            entry.push('\n');
            entry.push_str(line.trim_start_matches('\t'));
        }
    }
    entries
}

fn statement(entry: &str) -> Option<String> {
    let told = entry.strip_prefix("LOG:  ")?;
    let sql = match told.strip_prefix("execute ") {
        Some(rest) => rest.split_once(": ")?.1,
        None => told.strip_prefix("statement: ")?,
    };
    Some(sql.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `parameters: $1 = 'it''s', $2 = NULL`.
fn detail(entry: &str) -> Option<Vec<Option<String>>> {
    let told = entry.strip_prefix("DETAIL:  ")?;
    let mut rest = told.strip_prefix("parameters: ").or_else(|| told.strip_prefix("Parameters: "))?;
    let mut values = Vec::new();
    while let Some((_, after)) = rest.split_once(" = ") {
        match after.strip_prefix('\'') {
            Some(quoted) => {
                let (value, behind) = unquote(quoted);
                values.push(Some(value));
                rest = behind;
            }
            None => {
                values.push(None);
                rest = after.strip_prefix("NULL").unwrap_or_default();
            }
        }
    }
    Some(values)
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('\'') {
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return (value, after),
        }
    }
    (value, "")
}
