//! The log: JSON lines on standard error, written by a thread of its own.
//!
//! Whoever reads the log may be slow or stuck; calls go on all the same. What does not fit the queue is lost and
//! counted.

use std::{io, sync::OnceLock};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that may wait to be written.
const QUEUE: usize = 10_000;

static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// Begins to log as `RUST_LOG` says; what waits is written when the guard is dropped.
pub fn begin() -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,kiennghi=info,security=info"));
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(QUEUE)
        .thread_name("log")
        .finish(io::stderr());
    LOST.get_or_init(|| writer.error_counter());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(writer).init();
    guard
}

/// How many lines were lost since the start.
pub fn lost_lines() -> u64 {
    LOST.get().map_or(0, |counter| u64::try_from(counter.dropped_lines()).unwrap_or(u64::MAX))
}
