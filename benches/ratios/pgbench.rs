//! A script in the words of pgbench. Each client counts; what must be fresh is made from its count in the statement
//! itself, and takes no round trip.

use std::path::Path;

use crate::{
    Fault,
    postgres::{Cluster, said},
    script::{Form, Fresh, Script, Value},
    statement::{Piece, pieces},
};

/// How many transactions read the same petition: to fetch its id is a round trip.
const READS_OF_ONE: u32 = 20;
/// The count has twelve digits: two of the run, two of the client, eight of its transaction.
const COUNT: &str = "\\set k :k + 1\n\\set n :run * 10000000000 + :client_id * 100000000 + :k\n";
const DIGITS: usize = 12;

/// What pgbench runs.
pub(crate) struct Pgbench<'a> {
    pub(crate) database: &'a str,
    pub(crate) script: &'a str,
    pub(crate) clients: usize,
    /// `-T` seconds or `-t` transactions of each client.
    pub(crate) amount: Amount,
    /// Sets the ids of this run apart from those of others.
    pub(crate) run: u32,
}

/// How long pgbench runs.
#[derive(Clone, Copy)]
pub(crate) enum Amount {
    Seconds(u64),
    Each(u64),
}

/// Runs a script; gives the transactions in a second, or the reason why there are none to give.
pub(crate) fn bench(cluster: &Cluster, what: &Pgbench<'_>, folder: &Path) -> Result<f64, Fault> {
    let script = folder.join("script.sql");
    std::fs::write(&script, what.script)?;
    cluster.ask(what.database, "CHECKPOINT")?;
    let mut command = cluster.tool("pgbench", what.database);
    let clients = what.clients.to_string();
    command.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients, "-D", "k=0", "-D"]);
    command.arg(format!("run={}", what.run));
    match what.amount {
        Amount::Seconds(seconds) => command.args(["-T", &seconds.to_string()]),
        Amount::Each(count) => command.args(["-t", &count.to_string()]),
    };
    let told = said(command.arg("-f").arg(&script))?;
    let tps = told.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split(' ').next()).ok_or("pgbench tells no tps")?;
    Ok(tps.parse()?)
}

/// A table of the petitions that are read.
pub(crate) fn table_of_petitions(ids: &[String]) -> String {
    let rows: Vec<String> =
        ids.iter().enumerate().map(|(number, id)| format!("({number}, '{id}')")).collect();
    format!(
        "CREATE TABLE bench_petition (n integer PRIMARY KEY, id uuid NOT NULL);
         INSERT INTO bench_petition VALUES {}",
        rows.join(", ")
    )
}

/// The script; `petitions` is the length of that table.
pub(crate) fn render(script: &Script, petitions: usize) -> String {
    let mut text = COUNT.to_owned();
    if script.statements.iter().any(|statement| statement.values.contains(&Value::Petition)) {
        let last = petitions.saturating_sub(1);
        text.push_str(&format!(
            "\\if :k % {READS_OF_ONE} = 1\n\\set i random(0, {last})\n\
             SELECT id AS pid FROM bench_petition WHERE n = :i \\gset\n\\endif\n"
        ));
    }
    for statement in &script.statements {
        for piece in pieces(&statement.sql) {
            match piece {
                Piece::Text(sql) => text.push_str(sql),
                Piece::Value(number) => text.push_str(&literal(statement.values.get(number))),
            }
        }
        text.push_str(";\n");
    }
    text
}

fn literal(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "NULL".to_owned(),
        Some(Value::Same(text)) => quoted(text),
        Some(Value::Fresh(fresh)) => made(fresh),
        Some(Value::Petition) => ":pid".to_owned(),
        Some(Value::Ids(ids)) => {
            let ids: Vec<String> = ids.iter().map(|id| literal(Some(id))).collect();
            format!("ARRAY[{}]::uuid[]", ids.join(", "))
        }
    }
}

/// Colons are written in hexadecimal: pgbench would take `:null` in a text for a variable.
fn quoted(text: &str) -> String {
    if !text.contains(['\\', ':', '\n']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let text = text.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a").replace('\n', "\\n");
    format!("E'{text}'")
}

fn made(fresh: &Fresh) -> String {
    let start = |length: usize| fresh.model.get(..length).unwrap_or_default();
    match fresh.form {
        Form::Id => format!("('{}-8{:03}-' || :n)::uuid", start(18), fresh.slot),
        Form::Bytes => format!(
            "decode('{}' || :n, 'hex')",
            start(fresh.model.len().saturating_sub(DIGITS)).trim_start_matches("\\x")
        ),
        Form::Word => format!("('{}' || :n)", word(&fresh.model)),
    }
}

/// What stays of a word: up to its last hyphen, so that a key keeps its form.
pub(crate) fn word(model: &str) -> &str {
    match model.rfind('-').and_then(|place| model.get(..=place)) {
        Some(start) => start,
        None => model.get(..2).unwrap_or_default(),
    }
}
