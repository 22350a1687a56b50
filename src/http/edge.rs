//! What every request passes on its way in and every reply on its way out.
//!
//! In: a request id, the language, HEAD as GET (the framework leaves out the body of the reply by itself), the
//! answer to OPTIONS, a log span with the route template and nothing personal. Out: problems rendered, panics
//! turned into problems, headers that every reply has.

use std::{
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use tracing::Instrument;

use super::{
    cors,
    encoding::Wish,
    headers,
    limits::Counts,
    manners::Manners,
    methods::Methods,
    metrics,
    problem::{MEDIA_TYPE, Problem},
    server::Leaving,
};
use crate::{
    app::{self, clock, trace::Trace},
    config::{HttpSettings, Proxies},
    domain::vocabulary::Language,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the edge knows about this server; given to the application as `web::Data`.
pub struct Edge {
    /// Address under which clients reach the server, without a trailing slash; empty for relative links.
    pub public_url: String,
    /// Longest JSON body in bytes.
    pub body_limit: usize,
    /// The methods of each address.
    pub methods: Methods,
    /// The OpenAPI document as it is served.
    pub document: String,
    /// Whether this server is about to go.
    pub leaving: Leaving,
    /// How the server behaves towards its clients.
    pub http: HttpSettings,
    /// Who may name another address than his own.
    pub proxies: Proxies,
    /// What clients used of their allowances.
    pub counts: Counts,
}

/// The id under which the log knows this request; in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// What a reply needs to know about its request.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) request_id: String,
    pub(super) language: Language,
    pub(super) path: String,
    pub(super) public_url: String,
    manners: Manners,
    method: &'static str,
    route: String,
    /// Whether the request carries an idempotency key.
    keyed: bool,
}

impl Context {
    fn of(request: &ServiceRequest) -> Self {
        let edge = request.app_data::<web::Data<Edge>>();
        Self {
            request_id: headers::request_id(request.headers())
                .unwrap_or_else(|| clock::new_id::<RequestId>().to_string()),
            language: headers::language(request.headers()),
            path: request.path().to_owned(),
            public_url: edge.map(|edge| edge.public_url.clone()).unwrap_or_default(),
            manners: Manners::of(request, edge.map(|edge| edge.get_ref())),
            method: known(request.method()),
            route: request.match_pattern().unwrap_or_else(|| "unknown".to_owned()),
            keyed: request.headers().contains_key("idempotency-key"),
        }
    }

    /// The value of `Content-Language`.
    pub(super) fn language_tag(&self) -> &'static str {
        match self.language {
            Language::Vi => "vi",
            Language::En => "en",
        }
    }
}

/// The outermost middleware: `App::new().wrap(from_fn(edge::serve))`.
pub async fn serve(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = Context::of(&request);
    let begun = Instant::now();
    let trace = trace_of(request.headers());
    let span = tracing::info_span!(
        "request",
        request_id = %context.request_id,
        trace_id = %trace.trace_id,
        span_id = %trace.span_id,
        method = context.method,
        route = context.route.as_str(),
    );
    request.extensions_mut().insert(RequestId(context.request_id.clone()));
    if let Some(reply) = options(&request) {
        return Ok(finish(request.into_response(reply), &context));
    }
    let wish = Wish::of(request.headers_mut());
    let time = request.app_data::<web::Data<Edge>>().map_or(Duration::MAX, |edge| edge.http.request_time);
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let work = trace.around(async move { next.call(request).await }.instrument(span.clone()));
    let work = unpanicked(work);
    let outcome = tokio::time::timeout(time, work).await;
    let _entered = span.entered();
    let reply = match outcome {
        Ok(Ok(Ok(reply))) => wish.grant(finish(reply.map_into_boxed_body(), &context)),
        Ok(Ok(Err(error))) => return Err(rendered(problem_of(&error), context, begun)),
        Err(_) => return Err(rendered(app::Error::Unavailable.into(), context, begun)),
        Ok(Err(panic)) => return Err(rendered(app::Error::internal(panic).into(), context, begun)),
    };
    log(&context, reply.status(), begun);
    Ok(reply)
}

fn trace_of(headers: &HeaderMap) -> Trace {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Trace::of(text("traceparent"), text("tracestate"))
}

/// The answer to an OPTIONS request to an address of the API.
fn options(request: &ServiceRequest) -> Option<HttpResponse> {
    let edge = request.app_data::<web::Data<Edge>>().filter(|_| request.method() == Method::OPTIONS)?;
    let allow = edge.methods.allow(request.path())?;
    let mut reply = cors::preflight(request, edge).unwrap_or_else(|| HttpResponse::NoContent().finish());
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_str(allow).ok()?);
    Some(reply)
}

/// The method for the log; an invented one is not repeated there.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

/// Awaits a future and turns its panic into a text; the process and the connection live on.
async fn unpanicked<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = Box::pin(future);
    poll_fn(move |task| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Poll::Ready(Err(format!("panic: {}", text.unwrap_or("without a message"))))
        }
    })
    .await
}

/// Writes the document of a problem into its reply, and the headers of every reply.
fn finish(reply: ServiceResponse<BoxBody>, context: &Context) -> ServiceResponse<BoxBody> {
    let problem = problem_in(&reply);
    if context.keyed {
        let replayed = reply.headers().contains_key("idempotent-replayed");
        metrics::repeated(problem.as_ref().map(Problem::code), replayed);
    }
    let mut reply = match problem {
        None => reply,
        Some(problem) => {
            log_cause(&problem);
            metrics::refused(&problem);
            let mut document = problem.render(context);
            for (name, value) in reply.headers() {
                let of_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING];
                if !of_body.contains(name) && !document.headers().contains_key(name) {
                    document.headers_mut().append(name.clone(), value.clone());
                }
            }
            reply.into_response(document)
        }
    };
    decorate(reply.headers_mut(), context);
    reply
}

/// The problem a reply stands for: ours, or one made of the framework's bare refusal.
fn problem_in(reply: &ServiceResponse<BoxBody>) -> Option<Problem> {
    let status = reply.status();
    if let Some(problem) = reply.response().extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let written = reply.headers().get(header::CONTENT_TYPE).is_some_and(|media| media == MEDIA_TYPE);
    if written || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let edge = reply.request().app_data::<web::Data<Edge>>();
    let allow = edge.and_then(|edge| edge.methods.allow(reply.request().path()));
    Some(match allow.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
        Some(allow) => Problem::method_not_allowed(allow),
        None => Problem::of_status(status),
    })
}

fn problem_of(error: &Error) -> Problem {
    let problem = error.as_error::<Problem>().cloned();
    problem.unwrap_or_else(|| Problem::of_status(error.as_response_error().status_code()))
}

fn decorate(headers: &mut HeaderMap, context: &Context) {
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    context.manners.apply(headers);
}

fn log(context: &Context, status: StatusCode, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    metrics::answered(context.method, &context.route, status, seconds);
    if status == StatusCode::FORBIDDEN {
        tracing::info!(target: "security", event = "access denied", "somebody asked for more than his rights");
    }
    tracing::info!(status = status.as_u16(), milliseconds = seconds * 1000.0, "answered");
}

fn log_cause(problem: &Problem) {
    if let Some(cause) = problem.cause() {
        let chain = std::iter::successors(cause.source(), |error| error.source());
        let sources: String = chain.map(|error| format!(": {error}")).collect();
        tracing::error!(cause = %format!("{cause}{sources}"), "internal fault");
    }
}

/// A problem for which there is no request left to answer to; it carries its whole reply.
#[derive(Debug)]
struct Rendered(Problem, Context);

fn rendered(problem: Problem, context: Context, begun: Instant) -> Error {
    log_cause(&problem);
    log(&context, problem.status_code(), begun);
    Rendered(problem, context).into()
}

impl ResponseError for Rendered {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut reply = self.0.render(&self.1);
        decorate(reply.headers_mut(), &self.1);
        reply
    }
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
