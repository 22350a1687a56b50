//! Limits on the way in: each request is counted under its policies before anything else is done for it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use actix_web::{
    Error, HttpRequest, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};

use super::{auth, client, edge::Edge, problem::Problem};
use crate::{
    app::{
        self, App,
        caller::Caller,
        limits::{Allowance, Policy, Standing},
        secrets::sha256,
    },
    store::DatabaseKind,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");
/// How many clients are remembered before those are forgotten who have used nothing for a minute.
const MANY: usize = 4096;

/// What each client used of each allowance, in this process.
#[derive(Debug, Default)]
pub struct Counts(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    whole_at: HashMap<(Policy, u128), i64>,
    /// At how many clients to forget again.
    enough: usize,
}

/// Counts a request; refuses it when an allowance is used up.
pub(super) async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match count(request.request()).await {
        Ok(standings) => {
            let mut reply = next.call(request).await?.map_into_boxed_body();
            say(reply.headers_mut(), &standings);
            Ok(reply)
        }
        Err((problem, standings)) => {
            let mut reply = Problem::from(problem).error_response();
            say(reply.headers_mut(), &standings);
            Ok(request.into_response(reply))
        }
    }
}

type Refused = (app::Error, Vec<Standing>);

async fn count(request: &HttpRequest) -> Result<Vec<Standing>, Refused> {
    let (Some(app), Some(edge)) =
        (request.app_data::<web::Data<App>>().cloned(), request.app_data::<web::Data<Edge>>().cloned())
    else {
        return Ok(Vec::new());
    };
    let wanted = wanted(request, &app).await;
    let mut standings = edge.counts.take(&wanted, app.options().limits.now())?;
    if app.db().kind() == DatabaseKind::Postgres {
        for (place, (allowance, subject)) in wanted.into_iter().enumerate() {
            if !allowance.policy().is_shared() {
                continue;
            }
            match allowance.take_shared(&app, subject).await {
                Ok(standing) => standings.splice(place..=place, [standing]),
                Err(error) => return Err((error, standings)),
            };
        }
    }
    Ok(standings)
}

/// The allowances a request uses, and whose they are.
async fn wanted(request: &HttpRequest, app: &App) -> Vec<(Allowance, u128)> {
    let place = client::address(request).map(|address| number(client::network(address)));
    let caller = auth::identify(request, app).await.unwrap_or(Caller::Anonymous);
    let subject = (caller != Caller::Anonymous).then(|| subject(&caller));
    let route = request.match_pattern();
    let policies = match (request.method(), route.as_deref().unwrap_or_default()) {
        (&Method::POST, "/v1/sessions" | "/v1/sessions/oidc") | (&Method::PUT, "/v1/me/password") => {
            vec![(Policy::SignIn, place)]
        }
        (&Method::POST, "/v1/tracking" | "/v1/me/petitions") => vec![(Policy::Tracking, place)],
        // An access key is anybody's who ever sent a petition: behind it stands an address, not a known person.
        (&Method::POST, "/v1/petitions") => match caller {
            Caller::Official(_) | Caller::SignedIn(..) => vec![(Policy::CallerSubmission, subject)],
            _ => vec![(Policy::Submission, place), (Policy::CallerSubmission, subject)],
        },
        _ if subject.is_some() => vec![(Policy::Caller, subject)],
        _ => vec![(Policy::Read, place)],
    };
    let limited = |(policy, whose): (Policy, Option<u128>)| Some((app.options().limits.of(policy)?, whose?));
    policies.into_iter().filter_map(limited).collect()
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// A caller as a number; 128 bits of a digest are told from all others.
fn subject(caller: &Caller) -> u128 {
    let digest = sha256(caller.scope().as_bytes());
    digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

impl Counts {
    /// Takes one call out of each allowance, or out of none.
    fn take(&self, wanted: &[(Allowance, u128)], now: i64) -> Result<Vec<Standing>, Refused> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::with_capacity(wanted.len());
        for (allowance, subject) in wanted {
            let key = (allowance.policy(), *subject);
            let whole_at = used.whole_at.get(&key).copied().unwrap_or(now);
            match allowance.take(whole_at, now) {
                Some(whole_at) => taken.push((key, whole_at, *allowance)),
                None => {
                    let standing = allowance.standing(whole_at, now);
                    return Err((allowance.refusal(standing), vec![standing]));
                }
            }
        }
        for (key, whole_at, _) in &taken {
            used.whole_at.insert(*key, *whole_at);
        }
        used.forget(now);
        Ok(taken.into_iter().map(|(_, whole_at, allowance)| allowance.standing(whole_at, now)).collect())
    }
}

impl Used {
    /// Keeps the memory in proportion to who really calls.
    fn forget(&mut self, now: i64) {
        if self.whole_at.len() >= self.enough.max(MANY) {
            self.whole_at.retain(|_, whole_at| *whole_at > now);
            self.enough = self.whole_at.len() * 2;
        }
    }
}

/// The fields of draft-ietf-httpapi-ratelimit-headers.
fn say(headers: &mut HeaderMap, standings: &[Standing]) {
    let list = |one: fn(&Standing) -> String| {
        let text = standings.iter().map(one).collect::<Vec<_>>().join(", ");
        HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())
    };
    let policies = list(|standing| format!("\"{}\";q={};w=60", standing.policy.name(), standing.limit));
    let left =
        list(|standing| format!("\"{}\";r={};t={}", standing.policy.name(), standing.left, standing.next));
    for (name, value) in [(POLICY, policies), (STANDING, left)] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}
