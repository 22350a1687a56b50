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
    signals: Signals,
}

/// Takes the address of the settings; fails when it is taken or not ours. From here on a signal to stop is heeded.
pub fn listen(app: app::App, settings: &Settings) -> io::Result<Listening> {
    let signals = Signals::heed()?;
    let edge = edge(settings);
    let (server, address) = bind(app, edge.clone(), settings)?;
    Ok(Listening { address, server, edge, signals })
}

/// The server itself, which stops when its handle says so.
pub fn bind(app: app::App, edge: web::Data<Edge>, settings: &Settings) -> io::Result<(Server, SocketAddr)> {
    let http = &settings.http;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let server = HttpServer::new(move || application(app.clone(), edge.clone()))
        .workers(workers)
        .max_connections(http.max_connections.div_ceil(workers))
        .client_request_timeout(http.header_time)
        .keep_alive(http.keep_alive)
        .shutdown_timeout(http.drain_seconds)
        .disable_signals()
        .bind(settings.listen)?;
    let address = server.addrs().first().copied().unwrap_or(settings.listen);
    Ok((server.run(), address))
}

impl Listening {
    /// Serves until the process is told to stop (SIGTERM, or Ctrl-C at a terminal), then lets requests under way
    /// end; told a second time, it goes at once.
    pub async fn serve(self) -> io::Result<()> {
        let handle = self.server.handle();
        let server = actix_web::rt::spawn(self.server);
        let watch = actix_web::rt::spawn(stop_when_told(handle, self.edge, self.signals));
        let ended = server.await.map_err(io::Error::other)?;
        watch.abort();
        ended
    }
}

async fn stop_when_told(server: ServerHandle, edge: web::Data<Edge>, mut signals: Signals) {
    let notice = signals.next().await;
    edge.leaving.begin();
    tracing::info!("told to stop: readiness is off, requests under way are finished");
    let gently = async {
        tokio::time::sleep(notice).await;
        server.stop(true).await;
    };
    tokio::select! {
        () = gently => {}
        _ = signals.next() => server.stop(false).await,
    }
}

/// The ways in which the process is told to stop.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn heed() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// How long the server should still take requests: nobody balances them to one at a terminal.
    async fn next(&mut self) -> Duration {
        tokio::select! {
            _ = self.terminate.recv() => NOTICE,
            _ = self.interrupt.recv() => Duration::ZERO,
        }
    }
}

/// The ways in which the process is told to stop.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn heed() -> io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) -> Duration {
        self.0.recv().await;
        Duration::ZERO
    }
}
