//! How long something takes, again and again.

use std::time::{Duration, Instant};

use crate::Fault;

/// How often something is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// So long,
    pub(crate) time: Duration,
    /// but never less often
    pub(crate) least: usize,
    /// nor more often.
    pub(crate) most: usize,
}

/// What came of it, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50: f64,
    /// The longest, of fewer than a hundred.
    pub(crate) p99: f64,
    pub(crate) count: usize,
}

/// Does something twice, until caches are warm, and then measures it.
pub(crate) fn repeat(
    patience: Patience,
    mut work: impl FnMut() -> Result<(), Fault>,
) -> Result<Times, Fault> {
    work()?;
    work()?;
    let mut took = Vec::new();
    let begun = Instant::now();
    while took.len() < patience.least || (begun.elapsed() < patience.time && took.len() < patience.most) {
        let asked = Instant::now();
        work()?;
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    let within = |percent: usize| {
        let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    };
    Ok(Times { p50: within(50), p99: within(99), count: took.len() })
}
