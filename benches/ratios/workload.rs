//! The server's own statements for each operation, captured once from PostgreSQL.

use crate::{
    Fault, capture,
    capture::Sent,
    operations::{self, Callers, Operation},
    postgres::Cluster,
    script::{Script, Slots, Subject},
    server::Served,
};

/// The field that carries the same request id each time: it is kept with the event.
const HEADERS: [(&str, &str); 1] = [("X-Request-Id", "bench")];
/// How often a request is asked before it is looked at, until caches are warm.
const WARM: usize = 2;
/// How often a request is asked twice, until the jobs of the server, which look for work every second, leave the
/// statements of both alone.
const TRIES: usize = 20;

/// One script for each operation.
pub(crate) struct Workload {
    scripts: Vec<(Operation, Script)>,
}

/// What asks and listens.
struct Capture<'a> {
    cluster: &'a Cluster,
    server: &'a Served,
    callers: &'a Callers,
}

impl Workload {
    /// Asks each request twice and reads what the server sent; the database logs every statement meanwhile.
    pub(crate) fn capture(cluster: &Cluster, server: &Served, callers: &Callers) -> Result<Self, Fault> {
        let capture = Capture { cluster, server, callers };
        capture.warm_up()?;
        let (submit, transition) = until_same("to submit and to take on", |_| capture.writes())?;
        let read = until_same("to read", |number| capture.read(number))?;
        let overdue = until_same("to list what is overdue", |_| capture.overdue())?;
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

/// Tries until two runs sent the same statements.
fn until_same<T>(what: &str, attempt: impl Fn(usize) -> Result<Option<T>, Fault>) -> Result<T, Fault> {
    let found = (0..TRIES).find_map(|number| attempt(number).transpose());
    found.unwrap_or_else(|| Err(format!("the server never sent the same statements twice {what}").into()))
}

impl Capture<'_> {
    fn warm_up(&self) -> Result<(), Fault> {
        for _ in 0..WARM {
            let receipt = self.ask(Operation::Submit, &operations::fresh_key())?;
            self.ask(Operation::Transition, &id_of(&receipt)?)?;
            self.ask(Operation::Overdue, "")?;
        }
        Ok(())
    }

    fn ask(&self, operation: Operation, subject: &str) -> Result<Vec<u8>, Fault> {
        self.server.ask(&operation.request(self.callers, subject, &HEADERS))
    }

    /// Asks, and gives all statements that were sent meanwhile, by the jobs of the server too. One of them must have
    /// had `needle` for a parameter: else the log is not what it should be.
    fn seen(&self, operation: Operation, subject: &str, needle: &str) -> Result<(Vec<u8>, Vec<Sent>), Fault> {
        let seen = capture::during(&self.cluster.log(), || self.ask(operation, subject));
        let (answer, transactions) = seen.map_err(|fault| format!("{operation}: {fault}"))?;
        let sent: Vec<Sent> = transactions.into_iter().flatten().collect();
        if !sent.iter().flat_map(|sent| &sent.parameters).flatten().any(|value| value == needle) {
            return Err(format!("{operation}: the log shows no statement of the request").into());
        }
        Ok((answer, sent))
    }

    /// Two submissions, and the transitions of what they made.
    fn writes(&self) -> Result<Option<(Script, Script)>, Fault> {
        let mut slots = Slots::default();
        let (key, other_key) = (operations::fresh_key(), operations::fresh_key());
        let (first, sent) = self.seen(Operation::Submit, &key, &key)?;
        let (second, again) = self.seen(Operation::Submit, &other_key, &other_key)?;
        let submit = Script::between(&sent, &again, Subject::Keys(&key), &mut slots);
        let (made, other) = (id_of(&first)?, id_of(&second)?);
        let (_, sent) = self.seen(Operation::Transition, &made, &made)?;
        let (_, again) = self.seen(Operation::Transition, &other, &other)?;
        let transition = Script::between(&sent, &again, Subject::Made, &mut slots);
        Ok(submit.zip(transition))
    }

    fn read(&self, number: usize) -> Result<Option<Script>, Fault> {
        let Some([one, other]) = self.callers.known.get(number..number + 2) else { return Ok(None) };
        self.ask(Operation::Read, one)?;
        let (_, sent) = self.seen(Operation::Read, one, one)?;
        let (_, again) = self.seen(Operation::Read, other, other)?;
        Ok(Script::between(&sent, &again, Subject::Read(one), &mut Slots::default()))
    }

    fn overdue(&self) -> Result<Option<Script>, Fault> {
        // A page asks for one more than it shows.
        let (_, sent) = self.seen(Operation::Overdue, "", "51")?;
        let (_, again) = self.seen(Operation::Overdue, "", "51")?;
        Ok(Script::between(&sent, &again, Subject::Page, &mut Slots::default()))
    }
}

fn id_of(receipt: &[u8]) -> Result<String, Fault> {
    let receipt: serde_json::Value = serde_json::from_slice(receipt)?;
    let id = receipt.get("id").and_then(serde_json::Value::as_str);
    Ok(id.ok_or("a receipt without an id")?.to_owned())
}
