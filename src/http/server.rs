//! The life of the server: it listens, serves, and goes when told to, without dropping what is under way.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use actix_web::{
    HttpServer,
    dev::{Server, ServerHandle},
    web,
};

use super::{Edge, application, edge};
use crate::{app, config::Settings};

/// How many seconds requests under way have to end after the server was told to stop.
const DRAIN_SECONDS: u64 = 30;
/// How long the server still takes requests after readiness went off, for the balancer in front of it to notice.
const NOTICE: Duration = Duration::from_secs(2);

/// Whether the server is about to go, as readiness tells.
#[derive(Debug, Default)]
pub struct Leaving(AtomicBool);

impl Leaving {
    /// Whether requests should go elsewhere from now on.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A server that has its address and takes requests once [`Listening::serve`] runs.
pub struct Listening {
    /// Where it listens; with port 0 in the settings, the port that was free.
    pub address: SocketAddr,
    server: Server,
    edge: web::Data<Edge>,
}

/// Takes the address of the settings; fails when it is taken or not ours.
pub fn listen(app: app::App, settings: &Settings) -> io::Result<Listening> {
    let edge = edge(settings);
    let shown = edge.clone();
    let server = HttpServer::new(move || application(app.clone(), edge.clone()))
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals()
        .bind(settings.listen)?;
    let address = server.addrs().first().copied().unwrap_or(settings.listen);
    Ok(Listening { address, server: server.run(), edge: shown })
}

impl Listening {
    /// Serves until the process is told to stop (SIGTERM, or Ctrl-C at a terminal), then lets requests under way
    /// end; told a second time, it goes at once.
    pub async fn serve(self) -> io::Result<()> {
        let handle = self.server.handle();
        let server = actix_web::rt::spawn(self.server);
        let watch = actix_web::rt::spawn(stop_when_told(handle, self.edge));
        let ended = server.await.map_err(io::Error::other)?;
        watch.abort();
        ended
    }
}

async fn stop_when_told(server: ServerHandle, edge: web::Data<Edge>) {
    let notice = told_to_stop().await;
    edge.leaving.begin();
    tracing::info!("told to stop: readiness is off, requests under way are finished");
    let gently = async {
        tokio::time::sleep(notice).await;
        server.stop(true).await;
    };
    tokio::select! {
        () = gently => {}
        _ = told_to_stop() => server.stop(false).await,
    }
}

/// Waits for a signal; says how long the server should stay until it takes no more requests.
#[cfg(unix)]
async fn told_to_stop() -> Duration {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return at_the_terminal().await };
    tokio::select! {
        _ = terminate.recv() => NOTICE,
        notice = at_the_terminal() => notice,
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> Duration {
    at_the_terminal().await
}

/// Nobody balances requests to a server at a terminal, so it need not stay.
async fn at_the_terminal() -> Duration {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Duration::ZERO,
        // Without a handler the system's own way of ending the process is left.
        Err(_) => std::future::pending().await,
    }
}
