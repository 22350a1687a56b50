//! Figures for the operator's monitoring (Prometheus), on a listener of their own: they are nobody else's business.
//!
//! Labels come from closed lists: methods, route templates, statuses, names of ours; never an id, a name or a text.

use std::{net::SocketAddr, sync::OnceLock};

use actix_web::{App, HttpResponse, HttpServer, dev::Server, http::StatusCode, web};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{codes, health, problem::Problem};
use crate::app::{self, clock::real_now};

const DURATION: &str = "http_server_request_duration_seconds";
/// The bounds OpenTelemetry advises for this histogram, in seconds.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Begins to count; what was counted before is lost. A second call gives what the first one made.
pub fn install() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let made = HANDLE.get_or_init(|| {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS);
        let handle = builder.and_then(PrometheusBuilder::install_recorder).ok()?;
        metrics::gauge!("kiennghi_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        metrics::gauge!("process_start_time_seconds").set(real_now().timestamp().as_duration().as_secs_f64());
        Some(handle)
    });
    made.as_ref()
}

/// The second listener: `/metrics`, and `/livez` for whoever watches the process from there.
pub fn bind(app: app::App, address: SocketAddr) -> std::io::Result<(Server, SocketAddr)> {
    install();
    let app = web::Data::new(app);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(app.clone())
            .route("/metrics", web::get().to(render))
            .route("/livez", web::get().to(health::livez))
    })
    .workers(1)
    .disable_signals()
    .bind(address)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), address))
}

async fn render(app: web::Data<app::App>) -> HttpResponse {
    let Some(handle) = install() else {
        return HttpResponse::new(StatusCode::SERVICE_UNAVAILABLE);
    };
    let load = app.db().load();
    for (state, count) in [("idle", load.idle), ("in_use", load.in_use)] {
        metrics::gauge!("db_pool_connections", "state" => state).set(f64::from(count));
    }
    metrics::gauge!("sqlite_writer_queue_depth").set(f64::from(load.waiting_writes));
    metrics::counter!("log_lines_lost_total").absolute(app::logging::lost_lines());
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    handle.run_upkeep();
    HttpResponse::Ok().content_type(MEDIA_TYPE).body(handle.render())
}

/// What the process holds in memory, as Linux tells it.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// Counts an answer.
pub(super) fn answered(method: &'static str, route: &str, status: StatusCode, seconds: f64) {
    let error = if status.is_server_error() { status.as_str().to_owned() } else { String::new() };
    metrics::histogram!(DURATION,
        "http_request_method" => method,
        "http_route" => route.to_owned(),
        "http_response_status_code" => status.as_str().to_owned(),
        "error_type" => error)
    .record(seconds);
}

/// Counts a refusal for the limit it names.
pub(super) fn refused(problem: &Problem) {
    if let Some(policy) = problem.policy() {
        metrics::counter!("rate_limited_total", "policy" => policy).increment(1);
    }
}

/// Counts what an answer says of a request that carried an idempotency key.
pub(super) fn repeated(problem: Option<&'static str>, replayed: bool) {
    let reused = codes::IDEMPOTENCY_KEY_REUSED.code;
    let result = match problem {
        Some(code) if code == reused => "reused",
        Some(code) if code == codes::IDEMPOTENCY_IN_PROGRESS.code => "in_progress",
        Some(_) => "refused",
        None if replayed => "replayed",
        None => "first",
    };
    metrics::counter!("idempotency_total", "result" => result).increment(1);
}
