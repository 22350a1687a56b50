//! The load: one thread for each connection, each asking as soon as it was answered.

use std::{
    net::SocketAddr,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::{Fault, client::Connection};

/// Makes the next request; nothing when there is no more to ask.
pub(crate) type Next<'a> = dyn Fn() -> Option<Vec<u8>> + Sync + 'a;

/// What to do.
pub(crate) struct Load<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
    pub(crate) next: &'a Next<'a>,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Measured {
    /// Answers with a status of 2xx in a second.
    pub(crate) rate: f64,
    /// Milliseconds within which half of the answers came.
    pub(crate) p50: f64,
    /// Milliseconds within which 99 of 100 answers came.
    pub(crate) p99: f64,
    pub(crate) errors: usize,
    pub(crate) first_error: Option<String>,
    /// The `id` at the start of each answer that has one.
    pub(crate) ids: Vec<String>,
}

#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    errors: usize,
    first_error: Option<String>,
    ids: Vec<String>,
}

impl Load<'_> {
    /// Runs until the time is over or there is no more to ask.
    pub(crate) fn run(&self) -> Result<Measured, Fault> {
        let ready = Barrier::new(self.connections + 1);
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..self.connections).map(|_| scope.spawn(|| self.one_connection(&ready))).collect();
            ready.wait();
            let begun = Instant::now();
            let mut all = Seen::default();
            for thread in threads {
                let seen = thread.join().map_err(|_| "a thread of the load panicked")??;
                all.took.extend(seen.took);
                all.errors += seen.errors;
                all.first_error = all.first_error.or(seen.first_error);
                all.ids.extend(seen.ids);
            }
            Ok(all.summed_up(begun.elapsed()))
        })
    }

    fn one_connection(&self, ready: &Barrier) -> Result<Seen, Fault> {
        let opened = Connection::open(self.address);
        ready.wait();
        let mut connection = opened?;
        let mut seen = Seen::default();
        let end = Instant::now() + self.duration;
        while Instant::now() < end {
            let Some(request) = (self.next)() else { break };
            let asked = Instant::now();
            match connection.exchange(&request) {
                Ok((200..=299, body)) => {
                    seen.took.push(asked.elapsed());
                    seen.ids.extend(id_of(body));
                }
                Ok((status, body)) => seen.error(format!("{status} {}", String::from_utf8_lossy(body))),
                Err(error) => {
                    seen.error(error.to_string());
                    connection = Connection::open(self.address)?;
                }
            }
        }
        Ok(seen)
    }
}

impl Seen {
    fn error(&mut self, told: String) {
        self.errors += 1;
        self.first_error.get_or_insert(told);
    }

    fn summed_up(mut self, elapsed: Duration) -> Measured {
        self.took.sort_unstable();
        let within = |percent: usize| {
            let place = (self.took.len() * percent / 100).min(self.took.len().saturating_sub(1));
            self.took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
        };
        Measured {
            rate: self.took.len() as f64 / elapsed.as_secs_f64(),
            p50: within(50),
            p99: within(99),
            errors: self.errors,
            first_error: self.first_error,
            ids: self.ids,
        }
    }
}

/// The id of a receipt, which begins with it; other answers are not looked into while the clock runs.
fn id_of(body: &[u8]) -> Option<String> {
    let rest = body.strip_prefix(b"{\"id\":\"")?;
    String::from_utf8(rest.get(..36)?.to_vec()).ok()
}
