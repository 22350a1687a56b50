//! What this installation signed and is no token: frozen reports and manifests of exports, checked long after the key
//! that signed has gone.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};

use super::{Error, tokens::seconds};
use crate::{
    domain::time::Instant,
    store::{
        AnyConnection,
        keys::{self, AttestationKeyRow},
    },
};

/// The keys by which what was signed is checked.
#[derive(Debug, Clone)]
pub struct Attesting(Vec<AttestationKeyRow>);

/// Something that was signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The `typ` it must have.
    pub what: &'static str,
    pub kid: &'a str,
    /// A compact JWS (RFC 7515).
    pub signature: &'a str,
}

/// For how long a process may go on with a key that another has retired, and some minutes; microseconds.
const LATE: i64 = 600 * 1_000_000;

impl Attesting {
    /// Every key that ever signed.
    pub fn load(tx: &mut AnyConnection) -> Result<Self, Error> {
        Ok(Self(keys::attesting(tx)?))
    }

    /// The keys as a JWK set (RFC 7517): each with `iat`, since when it signs, and once it does no more `exp`; `revoked`
    /// where it may have been known to somebody (as the historical keys of OpenID Federation 1.0 §8.7).
    pub fn jwks(&self) -> Result<Value, Error> {
        Ok(json!({"keys": self.0.iter().map(jwk).collect::<Result<Vec<Value>, Error>>()?}))
    }

    /// Whether something was signed by the key it names, and says at least this; a key may have come since these were
    /// read. What was signed before keys were kept, by one that is gone, nobody can tell: it says itself when that was.
    pub fn bears_out(&self, tx: &mut AnyConnection, signed: Signed<'_>, said: &Value) -> Result<bool, Error> {
        let known = self.0.iter().any(|key| key.kid == signed.kid);
        Ok(if known { self.judge(signed, said) } else { Self::load(tx)?.judge(signed, said) })
    }

    fn judge(&self, signed: Signed<'_>, said: &Value) -> bool {
        let Some(key) = self.0.iter().find(|key| key.kid == signed.kid) else {
            let first = self.0.iter().map(|key| key.signs_from).min();
            return first
                .is_none_or(|first| signed_at(signed).is_some_and(|at| at < first.plus_micros(LATE)));
        };
        let claims = claims(key, signed);
        let (Some(claims), Some(said)) = (claims, said.as_object()) else { return false };
        said.iter().all(|(name, value)| claims.get(name) == Some(value))
    }
}

/// When something says that it was signed, whoever did.
fn signed_at(signed: Signed<'_>) -> Option<Instant> {
    let claims = URL_SAFE_NO_PAD.decode(signed.signature.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Instant::from_micros(claims.get("iat")?.as_i64()?.checked_mul(1_000_000)?)
}

/// What a key signed.
fn claims(key: &AttestationKeyRow, signed: Signed<'_>) -> Option<Map<String, Value>> {
    let header = jsonwebtoken::decode_header(signed.signature).ok()?;
    let ours = header.typ.as_deref() == Some(signed.what) && header.kid.as_deref() == Some(&key.kid);
    if !ours || header.alg != Algorithm::ES256 || header.crit.is_some() {
        return None;
    }
    let public = DecodingKey::from_ec_pem(key.public_pem.as_bytes()).ok()?;
    let mut validation = Validation::new(Algorithm::ES256);
    // It never expires, and is for nobody in particular.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(signed.signature, &public, &validation).ok().map(|data| data.claims)
}

fn jwk(key: &AttestationKeyRow) -> Result<Value, Error> {
    let (x, y) = coordinates(&key.public_pem)
        .ok_or_else(|| Error::internal(format!("the public key {} is no P-256 key", key.kid)))?;
    let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": key.algorithm,
        "kid": key.kid, "iat": seconds(key.signs_from)});
    if let (Some(at), Some(members)) = (key.retired_at, jwk.as_object_mut()) {
        members.insert("exp".to_owned(), json!(seconds(at)));
        if key.revoked {
            let revoked = json!({"revoked_at": seconds(at), "reason": "compromised"});
            members.insert("revoked".to_owned(), revoked);
        }
    }
    Ok(jwk)
}

/// The point of a P-256 key: the last 64 bytes of its SubjectPublicKeyInfo (RFC 5480 §2.2, uncompressed).
fn coordinates(pem: &str) -> Option<(String, String)> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).ok()?;
    let (head, point) = der.split_last_chunk::<64>()?;
    let (x, y) = point.split_first_chunk::<32>()?;
    (head.last() == Some(&4)).then(|| (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}
