//! Background work that a person would expect to happen by itself.
//!
//! Invariant: a job only calls use cases of `app`; a failing one is logged and tried again, and never ends the process.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::app::{
    App, Error,
    clock::real_now,
    exports::{self, Lists},
    installation, limits, mail, oidc, routine, sessions, signing, watch as figures,
};

/// How often the work that is due is looked for.
const TICK: Duration = Duration::from_secs(1);
/// How many ticks lie between two notes of where the sandbox clock stands.
const CLOCK_TICKS: u32 = 5;
/// How many ticks lie between two countings for the metrics.
const COUNTING_TICKS: u32 = 60;
/// How many ticks lie between two looks at the signing keys.
const KEYS_TICKS: u32 = 60;
/// How many ticks lie between two clearings of what is old: idempotency keys, limits, sessions.
const CLEARING_TICKS: u32 = 600;

/// Runs until told to stop; what was begun is finished first, but for exports, which begin anew.
pub async fn run(app: App, lists: Arc<dyn Lists>, stop: watch::Receiver<bool>) {
    // A mail server that does not answer holds up nothing but mails, and a long list nothing but the next one.
    let exports = write_exports(app.clone(), lists, stop.clone());
    tokio::join!(send_mails(app.clone(), stop.clone()), exports, run_others(app, stop));
}

async fn write_exports(app: App, lists: Arc<dyn Lists>, mut stop: watch::Receiver<bool>) {
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => break,
        }
        let (lists, told) = (Arc::clone(&lists), stop.clone());
        let stopped = move || told.has_changed().unwrap_or(true);
        work(&app, "exports", move |app| exports::run_due(app, &*lists, &stopped).map(|_| ())).await;
    }
}

async fn send_mails(app: App, mut stop: watch::Receiver<bool>) {
    if app.options().mail.is_none() {
        return;
    }
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => break,
        }
        work(&app, "mail", |app| mail::send_due(app).map(|_| ())).await;
    }
}

fn ticks() -> Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn run_others(app: App, mut stop: watch::Receiver<bool>) {
    let mut ticks = ticks();
    let mut count: u32 = 0;
    work(&app, "sandbox clock", installation::reserve_clock).await;
    work(&app, "figures", figures::count).await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => break,
        }
        count = count.wrapping_add(1);
        app.beat();
        work(&app, "due work", |app| routine::run_some(app).map(|_| ())).await;
        if count.is_multiple_of(CLOCK_TICKS) {
            work(&app, "sandbox clock", installation::reserve_clock).await;
        }
        if count.is_multiple_of(COUNTING_TICKS) {
            work(&app, "figures", figures::count).await;
        }
        if count.is_multiple_of(KEYS_TICKS) {
            work(&app, "signing keys", |app| signing::tend(app, real_now())).await;
        }
        if count.is_multiple_of(CLEARING_TICKS) {
            work(&app, "old keys", |app| routine::forget_old_keys(app).map(|_| ())).await;
            work(&app, "old limits", |app| limits::forget_old(app).map(|_| ())).await;
            work(&app, "old exports", |app| exports::forget_expired(app).map(|_| ())).await;
            work(&app, "old sessions", |app| sessions::forget_expired(app).map(|_| ())).await;
            work(&app, "old sign-ins", |app| oidc::forget_expired(app).map(|_| ())).await;
        }
    }
    work(&app, "sandbox clock", installation::leave_clock).await;
}

/// Does one piece of work on a thread where it may block.
async fn work(app: &App, name: &'static str, job: impl FnOnce(&App) -> Result<(), Error> + Send + 'static) {
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || job(&app)).await;
    match done {
        Ok(Ok(())) => {
            let now = real_now().timestamp().as_duration().as_secs_f64();
            metrics::gauge!("jobs_last_success_timestamp_seconds", "job" => name).set(now);
        }
        Ok(Err(error)) => tracing::warn!(job = name, error = ?error, "a job failed and will be tried again"),
        Err(panic) => tracing::error!(job = name, %panic, "a job panicked and will be tried again"),
    }
}
