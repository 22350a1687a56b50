//! Access tokens: JWTs by RFC 9068, signed with ES256 keys of our own, checked as RFC 8725 asks.
//!
//! Tokens live in real time, whatever a sandbox clock shows. Keys are named by `kid` among our own; `jku`, `jwk`
//! and `x5u` of a header are never looked at.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{Jwk, ThumbprintHash},
};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    clock,
    error::Error,
    secrets::{InstallationSecret, sha256},
};
use crate::domain::time::Instant;

const TYPE: &str = "at+jwt";
/// The types of what is signed and is no token.
pub const FROZEN_REPORT: &str = "frozen-report+jwt";
pub const EXPORT_MANIFEST: &str = "export-manifest+jwt";
/// Seconds by which the clocks of two processes may differ.
const LEEWAY: i64 = 30;
/// Longest token that is looked at, in bytes.
const LIMIT: usize = 8192;
/// How many tokens a ring remembers as signed by itself: a few hundred bytes each.
const REMEMBERED: usize = 4096;
const SECOND: i64 = 1_000_000;

/// A signing key as it is stored: the private part sealed, the public part as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// PKCS #8, sealed with the installation secret.
    pub sealed_private: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub public_pem: String,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// An official; the subject is the official's id.
    Staff,
    /// A citizen with access keys; the token names the petitions.
    Tracking,
    /// A citizen who signed in elsewhere; the subject is his account's id.
    Citizen,
}

/// Who the token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Stable name of the bearer: an official's id, or a random one for tracking.
    pub sub: String,
    /// The software that asked for the token.
    pub client_id: String,
    /// What the token opens.
    pub scope: Scope,
    /// The petitions a tracking token opens; empty for staff.
    pub petitions: Vec<Uuid>,
    /// The session that ends the token with itself; a tracking token has none.
    pub session: Option<Uuid>,
}

/// The claims of a token that was found sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The names of RFC 9068 §2.2.
    pub iss: String,
    pub aud: String,
    pub sub: String,
    /// Seconds since 1970, as are `nbf` and `exp`.
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub exp: i64,
    pub jti: Uuid,
    pub client_id: String,
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub petitions: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
}

/// A fresh token and how long it lives.
pub struct Issued {
    /// The compact JWT.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// The keys of this installation, opened, with the names its tokens carry.
pub struct KeyRing {
    keys: Vec<Key>,
    issuer: String,
    audience: String,
    /// Tokens whose signature was found sound, by their SHA-256: checking it costs more than most reads. What a
    /// moment later may end a token (its times, its session) is looked at each time; another ring remembers anew.
    sound: Cache<[u8; 32], Claims>,
}

struct Key {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl StoredKey {
    /// Makes a new P-256 key and seals it.
    pub fn generate(secret: &InstallationSecret) -> Result<Self, Error> {
        let fault = |_| Error::internal("no signing key could be made");
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(fault)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).map_err(Error::internal)?;
        let public_pem = pem(AsDer::as_der(pair.public_key()).map_err(fault)?.as_ref());
        let kid = public_jwk(&EncodingKey::from_ec_der(private.as_ref()))?
            .thumbprint(ThumbprintHash::SHA256)
            .map_err(Error::internal)?;
        let sealed_private = secret.seal(&purpose(&kid), private.as_ref())?;
        Ok(Self { kid, sealed_private, public_pem })
    }
}

impl KeyRing {
    /// Opens the stored keys. The first signs; all of them verify, so that a retired key stays until its last
    /// token has expired.
    pub fn open(
        secret: &InstallationSecret,
        stored: &[StoredKey],
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, Error> {
        let open = |stored: &StoredKey| -> Result<Key, Error> {
            let private = secret
                .open(&purpose(&stored.kid), &stored.sealed_private)
                .map_err(|_| Error::internal("a signing key was sealed with another installation secret"))?;
            Ok(Key {
                kid: stored.kid.clone(),
                signing: EncodingKey::from_ec_der(&private),
                verifying: DecodingKey::from_ec_pem(stored.public_pem.as_bytes()).map_err(Error::internal)?,
            })
        };
        let keys = stored.iter().map(open).collect::<Result<Vec<Key>, Error>>()?;
        Ok(Self { keys, issuer: issuer.into(), audience: audience.into(), sound: Cache::new(REMEMBERED) })
    }

    /// Signs a token for a subject that lives for so many minutes from the real time.
    pub fn issue(&self, subject: Subject, minutes: u32, real_now: Instant) -> Result<Issued, Error> {
        let key = self.keys.first().ok_or_else(|| Error::internal("no signing key"))?;
        let (now, expires_in) = (seconds(real_now), i64::from(minutes) * 60);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: subject.sub,
            iat: now,
            nbf: None,
            exp: now.saturating_add(expires_in),
            jti: clock::new_id::<Claims>().uuid(),
            client_id: subject.client_id,
            scope: subject.scope,
            petitions: subject.petitions,
            sid: subject.session,
        };
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let token = jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)?;
        Ok(Issued { token, expires_in })
    }

    /// Signs what was found by this installation, and names the key: a compact JWS that is no token.
    pub fn attest(
        &self,
        what: &'static str,
        mut claims: Value,
        real_now: Instant,
    ) -> Result<(String, String), Error> {
        let key = self.keys.first().ok_or_else(|| Error::internal("no signing key"))?;
        if let Some(members) = claims.as_object_mut() {
            members.insert("iss".to_owned(), Value::from(self.issuer.clone()));
            members.insert("iat".to_owned(), Value::from(seconds(real_now)));
        }
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(what.to_owned());
        header.kid = Some(key.kid.clone());
        let signed = jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)?;
        Ok((signed, key.kid.clone()))
    }

    /// The claims of a token of ours that is valid at the real time; else `Unauthenticated` with `invalid_token`
    /// or `expired_token`.
    pub fn verify(&self, token: &str, real_now: Instant) -> Result<Claims, Error> {
        let claims = self.signed(token).ok_or(Error::Unauthenticated("invalid_token"))?;
        let now = seconds(real_now);
        let begun = claims.nbf.unwrap_or(claims.iat).max(claims.iat) <= now.saturating_add(LEEWAY);
        let tracks = claims.scope == Scope::Tracking;
        let whole = tracks != claims.petitions.is_empty() && tracks == claims.sid.is_none();
        if claims.iss != self.issuer || claims.aud != self.audience || !begun || !whole {
            return Err(Error::Unauthenticated("invalid_token"));
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(Error::Unauthenticated("expired_token"));
        }
        Ok(claims)
    }

    /// Whether a token names a key of the ring; what cannot be read does, since looking for keys would not help it.
    pub fn knows_key_of(&self, token: &str) -> bool {
        let header = if token.len() > LIMIT { None } else { jsonwebtoken::decode_header(token).ok() };
        let kid = header.and_then(|header| header.kid);
        kid.is_none_or(|kid| self.keys.iter().any(|key| key.kid == kid))
    }

    /// The public keys as a JWK set (RFC 7517), for other services that read our tokens.
    pub fn jwks(&self) -> Result<Value, Error> {
        let jwk = |key: &Key| -> Result<Value, Error> {
            let mut jwk = public_jwk(&key.signing)?;
            jwk.common.key_id = Some(key.kid.clone());
            jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
            serde_json::to_value(jwk).map_err(Error::internal)
        };
        Ok(json!({ "keys": self.keys.iter().map(jwk).collect::<Result<Vec<Value>, Error>>()? }))
    }

    /// The claims of a token that a key of the ring signed; times and names are compared by the caller.
    fn signed(&self, token: &str) -> Option<Claims> {
        if token.len() > LIMIT {
            return None;
        }
        self.sound
            .get_or_insert_with(&sha256(token.as_bytes()), || self.check_signature(token).ok_or(()))
            .ok()
    }

    /// Header, signature and shape.
    fn check_signature(&self, token: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let typed = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE));
        if header.alg != Algorithm::ES256 || !typed || header.crit.is_some() {
            return None;
        }
        let key = self.keys.iter().find(|key| header.kid.as_deref() == Some(&key.kid))?;
        // The library would compare with the wall clock; `verify` is given its time.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_audience(&[&self.audience]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation).ok().map(|data| data.claims)
    }
}

fn purpose(kid: &str) -> String {
    format!("signing_key/{kid}")
}

fn public_jwk(private: &EncodingKey) -> Result<Jwk, Error> {
    Jwk::from_encoding_key(private, Algorithm::ES256).map_err(Error::internal)
}

fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// Seconds of Unix time, as tokens tell it (RFC 7519 §2).
pub(super) fn seconds(instant: Instant) -> i64 {
    instant.micros().div_euclid(SECOND)
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey({})", self.kid)
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued(for {} s)", self.expires_in)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests;
