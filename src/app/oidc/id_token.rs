//! ID tokens (OpenID Connect Core §3.1.3.7), checked as RFC 8725 asks.
//!
//! The algorithm is one of three whatever the header wishes, the key is one of the provider's own set, and `jku`,
//! `x5u` and `jwk` are never looked at.

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Provider;
use crate::{app::Error, domain::time::Instant};

/// Seconds by which the clocks of the provider and ours may differ.
const LEEWAY: i64 = 30;
/// Longest token that is looked at, in bytes.
const LIMIT: usize = 16 * 1024;
/// Longest subject that is kept, in bytes (OpenID Connect Core §2 has 255).
const SUBJECT_LIMIT: usize = 255;

/// A provider's keys, those left out that we do not understand and those that are not for signatures (RFC 7517 §5).
#[derive(Deserialize)]
#[serde(from = "Published")]
pub(super) struct KeySet(Vec<Jwk>);

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl From<Published> for KeySet {
    fn from(published: Published) -> Self {
        let known = published.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Self(known.filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption)).collect())
    }
}

impl KeySet {
    /// The key of an id.
    pub(super) fn find(&self, kid: &str) -> Option<&Jwk> {
        self.0.iter().find(|key| key.common.key_id.as_deref() == Some(kid))
    }

    /// A token without a key's id can only mean the only key.
    fn only(&self) -> Option<&Jwk> {
        match self.0.as_slice() {
            [key] => Some(key),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    acr: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The id of the key that a token names.
pub(super) fn kid(token: &str) -> Result<Option<String>, Error> {
    if token.len() > LIMIT {
        return Err(Error::InvalidGrant);
    }
    Ok(jsonwebtoken::decode_header(token).map_err(|_| Error::InvalidGrant)?.kid)
}

/// Whom the token vouches for.
pub(super) fn subject(
    token: &str,
    keys: &KeySet,
    provider: &Provider,
    nonce: &str,
    now: Instant,
) -> Result<String, Error> {
    let claims = signed(token, keys).ok_or(Error::InvalidGrant)?;
    let now = now.micros().div_euclid(1_000_000);
    let begun = claims.nbf.unwrap_or(claims.iat).max(claims.iat) <= now.saturating_add(LEEWAY);
    let alive = now < claims.exp.saturating_add(LEEWAY);
    let strong = provider.acr.is_none() || provider.acr == claims.acr;
    let ours = is_for(&claims, &provider.client_id);
    if claims.iss != provider.issuer || !ours || !begun || !alive || !strong {
        return Err(Error::InvalidGrant);
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err(Error::InvalidGrant);
    }
    let subject = claims.rest.get(&provider.subject_claim).and_then(Value::as_str);
    let subject = subject.filter(|subject| (1..=SUBJECT_LIMIT).contains(&subject.len()));
    subject.map(str::to_owned).ok_or(Error::InvalidGrant)
}

/// Of several audiences we must be the one that asked.
fn is_for(claims: &Claims, client_id: &str) -> bool {
    let asked = claims.azp.as_deref().is_none_or(|azp| azp == client_id);
    asked
        && match &claims.aud {
            OneOrMany::One(aud) => aud == client_id,
            OneOrMany::Many(all) => {
                all.iter().any(|aud| aud == client_id) && (all.len() == 1 || claims.azp.is_some())
            }
        }
}

/// The claims, if a key of the set signed them.
fn signed(token: &str, keys: &KeySet) -> Option<Claims> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let known = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA].contains(&header.alg);
    if !known || header.crit.is_some() {
        return None;
    }
    let key = match &header.kid {
        Some(kid) => keys.find(kid)?,
        None => keys.only()?,
    };
    let meant = key.common.key_algorithm.is_none_or(|alg| alg.to_string() == format!("{:?}", header.alg));
    // The library would compare with the wall clock; the caller is given its time.
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_jwk(key).ok().filter(|_| meant)?;
    jsonwebtoken::decode::<Claims>(token, &key, &validation).ok().map(|data| data.claims)
}

#[cfg(test)]
mod tests;
