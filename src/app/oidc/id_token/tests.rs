use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::{app::oidc::Audience, domain::refusal::Words};

fn now() -> Instant {
    "2026-11-23T14:00:00+07:00".parse().unwrap()
}

fn provider() -> Provider {
    Provider {
        name: "p".into(),
        issuer: "https://id.example".into(),
        client_id: "us".into(),
        client_secret: None,
        who: Audience::Officials,
        subject_claim: "employee".into(),
        acr: None,
        redirect_uris: Vec::new(),
        label: Words::new("", ""),
        cache_minutes: 60,
    }
}

/// One key of each kind that is allowed, with what is published of it.
fn keys() -> Vec<(Algorithm, EncodingKey, Value)> {
    let random = SystemRandom::new();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let rsa: Pkcs8V1Der<'static> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(rsa.as_ref())
    );
    // The library does not derive the public half of such a key.
    let public = Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(public.public_key().as_ref());
    let octets = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "EdDSA", "x": x });
    vec![
        published(Algorithm::ES256, EncodingKey::from_ec_der(ec.as_ref())),
        (Algorithm::EdDSA, EncodingKey::from_ed_der(ed.as_ref()), octets),
        published(Algorithm::RS256, EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()),
    ]
}

fn published(alg: Algorithm, key: EncodingKey) -> (Algorithm, EncodingKey, Value) {
    let mut jwk = Jwk::from_encoding_key(&key, alg).unwrap();
    jwk.common.key_id = Some(format!("{alg:?}"));
    (alg, key, serde_json::to_value(jwk).unwrap())
}

fn token(alg: Algorithm, key: &EncodingKey) -> String {
    let start = now().micros() / 1_000_000;
    let claims = json!({ "iss": "https://id.example", "aud": "us", "sub": "1", "employee": "cb-17", "nonce": "n",
        "iat": start, "exp": start + 300 });
    let mut header = Header::new(alg);
    header.kid = Some(format!("{alg:?}"));
    jsonwebtoken::encode(&header, &claims, key).unwrap()
}

#[test]
fn three_algorithms_are_read_and_no_other() {
    let keys = keys();
    let mut all: Vec<Value> = keys.iter().map(|(_, _, jwk)| jwk.clone()).collect();
    // What we do not understand, and what is not for signatures, is as if it were not there.
    all.push(json!({ "kty": "XYZ", "kid": "odd" }));
    let set: KeySet = serde_json::from_value(json!({ "keys": all })).unwrap();
    let read = |token: &str, set: &KeySet| subject(token, set, &provider(), "n", now());
    for (alg, key, jwk) in &keys {
        assert_eq!(read(&token(*alg, key), &set).unwrap(), "cb-17", "{alg:?}");
        let mut hidden = jwk.clone();
        hidden["use"] = json!("enc");
        let hidden: KeySet = serde_json::from_value(json!({ "keys": [hidden] })).unwrap();
        assert!(matches!(read(&token(*alg, key), &hidden), Err(Error::InvalidGrant)), "{alg:?}");
    }
    let (_, rsa, published) = &keys[2];
    for other in [Algorithm::RS512, Algorithm::PS256] {
        let mut jwk = published.clone();
        jwk["kid"] = json!(format!("{other:?}"));
        jwk.as_object_mut().unwrap().remove("alg");
        let set: KeySet = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
        assert!(matches!(read(&token(other, rsa), &set), Err(Error::InvalidGrant)), "{other:?}");
    }
}

#[test]
fn a_token_without_the_id_of_its_key_means_the_only_one() {
    let keys = keys();
    let (alg, key, jwk) = &keys[0];
    let bare = token(*alg, key);
    assert_eq!(kid(&bare).unwrap().as_deref(), Some("ES256"));
    assert!(kid("x").is_err() && kid(&"x".repeat(LIMIT + 1)).is_err());
    let one: KeySet = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
    let two: Vec<Value> = keys.iter().map(|(_, _, jwk)| jwk.clone()).collect();
    let two: KeySet = serde_json::from_value(json!({ "keys": two })).unwrap();
    assert!(one.only().is_some() && two.only().is_none());
}
