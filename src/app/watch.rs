//! What an operator watches: whether the background work goes on, what waits in line, what is overdue.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{App, Error, clock::real_now, summary};
use crate::store::events;

const SECOND: f64 = 1_000_000.0;

/// When the background work was last seen to run, in microseconds since 1970; 0 where none runs.
#[derive(Debug, Default)]
pub(super) struct Pulse(AtomicI64);

/// The events that wait for their place in the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub events: i64,
    /// How long the first of them has waited, in seconds.
    pub oldest_seconds: i64,
}

impl App {
    /// The background work runs.
    pub fn beat(&self) {
        self.inner.pulse.0.store(real_now().micros(), Ordering::Relaxed);
    }

    /// Seconds since the background work was last seen to run; nothing where this process has none.
    pub fn seconds_since_beat(&self) -> Option<i64> {
        let beat = self.inner.pulse.0.load(Ordering::Relaxed);
        (beat > 0).then(|| (real_now().micros() - beat).max(0) / 1_000_000)
    }
}

/// What waits for its place in the log.
pub async fn waiting(app: &App) -> Result<Waiting, Error> {
    app.read(None, |tx, world| {
        let (events, oldest) = events::unnumbered(tx)?;
        let age = oldest.map_or(0, |oldest| world.now.micros() - oldest.micros());
        Ok(Waiting { events, oldest_seconds: (age / 1_000_000).max(0) })
    })
    .await
}

/// Counts what only the database knows, for the metrics: not at every look at them, but when a job has the time.
pub fn count(app: &App) -> Result<(), Error> {
    let (levels, oldest, now) = app.read_now(|tx, world| {
        let (_, oldest) = events::unnumbered(tx)?;
        Ok((summary::overdue_by_level(tx, world)?, oldest, world.now))
    })?;
    for (level, count) in levels {
        metrics::gauge!("petitions_overdue", "agency_level" => level).set(small(count));
    }
    let age = oldest.map_or(0, |oldest| (now.micros() - oldest.micros()).max(0));
    metrics::gauge!("outbox_oldest_age_seconds").set(small(age / 1000) / (SECOND / 1000.0));
    Ok(())
}

/// A count as metrics take it.
fn small(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
