//! The server's own statements for each operation, captured once from PostgreSQL.

use crate::{
    Fault, capture,
    operations::{self, Callers, Operation},
    postgres::Cluster,
    script::{Script, Slots, Subject},
    server::Served,
};

/// The field that carries the same request id each time: it is kept with the event.
const HEADERS: [(&str, &str); 1] = [("X-Request-Id", "bench")];
/// How often a request is asked before it is looked at, until caches are warm.
const WARM: usize = 2;
/// How many pairs of petitions are tried until two are read by the same statements.
const TRIES: usize = 20;

/// One script for each operation.
pub(crate) struct Workload {
    scripts: Vec<(Operation, Script)>,
}

impl Workload {
    /// Asks each request twice and reads what the server sent; the database logs every statement meanwhile.
    pub(crate) fn capture(cluster: &Cluster, server: &Served, callers: &Callers) -> Result<Self, Fault> {
        let ask =
            |operation: Operation, subject: &str| server.ask(&operation.request(callers, subject, &HEADERS));
        let log = cluster.log();
        let seen = |operation, subject: &str, needle: &str| {
            capture::during(&log, needle, || ask(operation, subject))
                .map_err(|fault| -> Fault { format!("{operation}: {fault}").into() })
        };
        for _ in 0..WARM {
            let receipt = ask(Operation::Submit, &operations::fresh_key())?;
            ask(Operation::Transition, &id_of(&receipt)?)?;
        }
        let mut slots = Slots::default();
        let (key, other_key) = (operations::fresh_key(), operations::fresh_key());
        let (first, sent) = seen(Operation::Submit, &key, &key)?;
        let (second, again) = seen(Operation::Submit, &other_key, &other_key)?;
        let submit = Script::between(&sent, &again, Subject::Keys(&key), &mut slots)?;

        let (made, other) = (id_of(&first)?, id_of(&second)?);
        let (_, sent) = seen(Operation::Transition, &made, &made)?;
        let (_, again) = seen(Operation::Transition, &other, &other)?;
        let transition = Script::between(&sent, &again, Subject::Made, &mut slots)?;

        let known: Vec<&String> = callers.known.iter().collect();
        let read = known.windows(2).take(TRIES).find_map(|pair| {
            let [one, other] = pair else { return None };
            ask(Operation::Read, one).ok()?;
            let (_, sent) = seen(Operation::Read, one, one).ok()?;
            let (_, again) = seen(Operation::Read, other, other).ok()?;
            Script::between(&sent, &again, Subject::Read(one), &mut Slots::default()).ok()
        });
        let read = read.ok_or("no two petitions are read by the same statements")?;

        for _ in 0..WARM {
            ask(Operation::Overdue, "")?;
        }
        // A page asks for one more than it shows.
        let (_, sent) = seen(Operation::Overdue, "", "51")?;
        let overdue = Script::between(&sent, &sent, Subject::Made, &mut Slots::default())?;

        let scripts = vec![
            (Operation::Submit, submit),
            (Operation::Transition, transition),
            (Operation::Read, read),
            (Operation::Overdue, overdue),
        ];
        Ok(Self { scripts })
    }

    pub(crate) fn script(&self, operation: Operation) -> Option<&Script> {
        self.scripts.iter().find(|(of, _)| *of == operation).map(|(_, script)| script)
    }
}

fn id_of(receipt: &[u8]) -> Result<String, Fault> {
    let receipt: serde_json::Value = serde_json::from_slice(receipt)?;
    let id = receipt.get("id").and_then(serde_json::Value::as_str);
    Ok(id.ok_or("a receipt without an id")?.to_owned())
}
