use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

const SECRET: &str = "a secret of at least thirty-two characters";

fn secret() -> InstallationSecret {
    InstallationSecret::derive(SECRET).unwrap()
}

fn now() -> Instant {
    "2026-11-23T14:00:00+07:00".parse().unwrap()
}

fn later(seconds: i64) -> Instant {
    now().plus_micros(seconds * SECOND)
}

fn ring_of(keys: &[StoredKey]) -> KeyRing {
    KeyRing::open(&secret(), keys, "https://us.example", "kiennghi").unwrap()
}

fn staff() -> Subject {
    let session = Some(Uuid::from_u128(7));
    Subject {
        sub: "0190".into(),
        client_id: "app".into(),
        scope: Scope::Staff,
        petitions: Vec::new(),
        session,
    }
}

fn refused(ring: &KeyRing, token: &str) -> &'static str {
    match ring.verify(token, now()) {
        Err(Error::Unauthenticated(reason)) => reason,
        other => panic!("{other:?} for {token}"),
    }
}

/// A token with a header and claims of the attacker's choice, signed by a key of the ring.
fn forged(ring: &KeyRing, change: impl FnOnce(&mut Header, &mut Value)) -> String {
    let key = &ring.keys[0];
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    let start = seconds(now());
    let mut claims = json!({ "iss": "https://us.example", "aud": "kiennghi", "sub": "0190", "iat": start,
        "exp": start + 600, "jti": Uuid::nil(), "client_id": "app", "scope": "staff",
        "sid": Uuid::from_u128(7) });
    change(&mut header, &mut claims);
    jsonwebtoken::encode(&header, &claims, &key.signing).unwrap()
}

#[test]
fn a_token_of_ours_is_read_back_until_it_expires() {
    let ring = ring_of(&[StoredKey::generate(&secret()).unwrap()]);
    let issued = ring.issue(staff(), 10, now()).unwrap();
    let claims = ring.verify(&issued.token, now()).unwrap();
    assert_eq!((claims.sub.as_str(), claims.scope, claims.exp - claims.iat), ("0190", Scope::Staff, 600));
    assert_eq!(issued.expires_in, 600);
    assert!(ring.verify(&issued.token, later(629)).is_ok(), "30 s leeway");
    assert!(matches!(ring.verify(&issued.token, later(630)), Err(Error::Unauthenticated("expired_token"))));
    assert!(ring.verify(&issued.token, later(-29)).is_ok());
    assert!(matches!(ring.verify(&issued.token, later(-31)), Err(Error::Unauthenticated("invalid_token"))));
    assert!(!format!("{issued:?} {ring:?}").contains(&issued.token));
}

#[test]
fn a_tracking_token_names_its_petitions() {
    let ring = ring_of(&[StoredKey::generate(&secret()).unwrap()]);
    let petitions = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
    let subject = Subject { scope: Scope::Tracking, petitions: petitions.clone(), session: None, ..staff() };
    let issued = ring.issue(subject, 10, now()).unwrap();
    assert_eq!(ring.verify(&issued.token, now()).unwrap().petitions, petitions);
    let empty = forged(&ring, |_, claims| claims["scope"] = "tracking".into());
    assert_eq!(refused(&ring, &empty), "invalid_token");
    let tracking_in_a_session = forged(&ring, |_, claims| {
        claims["scope"] = "tracking".into();
        claims["petitions"] = json!(petitions);
    });
    assert_eq!(refused(&ring, &tracking_in_a_session), "invalid_token");
    let staff_with_petitions = forged(&ring, |_, claims| claims["petitions"] = json!(petitions));
    assert_eq!(refused(&ring, &staff_with_petitions), "invalid_token");
}

#[test]
fn an_older_key_still_verifies_and_both_are_published() {
    let keys = [StoredKey::generate(&secret()).unwrap(), StoredKey::generate(&secret()).unwrap()];
    let old = ring_of(&keys[1..]).issue(staff(), 10, now()).unwrap().token;
    let both = ring_of(&keys);
    assert!(both.verify(&old, now()).is_ok());
    assert_eq!(refused(&ring_of(&keys[..1]), &old), "invalid_token");

    let jwks = both.jwks().unwrap();
    let published = jwks["keys"].as_array().unwrap();
    assert_eq!(published.len(), 2);
    assert_eq!(published[0]["kid"], keys[0].kid.as_str());
    assert_eq!((published[0]["alg"].as_str(), published[0]["use"].as_str()), (Some("ES256"), Some("sig")));
    assert!(published.iter().all(|key| key.get("d").is_none()), "{jwks}");
}

#[test]
fn another_installation_secret_does_not_open_the_keys() {
    let stored = StoredKey::generate(&secret()).unwrap();
    let foreign = InstallationSecret::derive("another secret, also of thirty-two or more").unwrap();
    assert!(KeyRing::open(&foreign, &[stored], "i", "a").is_err());
}

#[test]
fn names_times_and_types_must_be_right() {
    let ring = ring_of(&[StoredKey::generate(&secret()).unwrap()]);
    let start = seconds(now());
    assert!(ring.verify(&forged(&ring, |_, _| ()), now()).is_ok());
    type Change = Box<dyn FnOnce(&mut Header, &mut Value)>;
    let changes: Vec<(&str, Change)> = vec![
        ("aud", Box::new(|_, c| c["aud"] = "other".into())),
        ("aud list", Box::new(|_, c| c["aud"] = json!(["kiennghi", "other"]))),
        ("iss", Box::new(|_, c| c["iss"] = "https://evil.example".into())),
        ("nbf", Box::new(move |_, c| c["nbf"] = json!(start + 60))),
        ("iat", Box::new(move |_, c| c["iat"] = json!(start + 60))),
        ("no exp", Box::new(|_, c| drop(c.as_object_mut().unwrap().remove("exp")))),
        ("exp text", Box::new(|_, c| c["exp"] = "9999999999".into())),
        ("no sub", Box::new(|_, c| drop(c.as_object_mut().unwrap().remove("sub")))),
        ("no sid", Box::new(|_, c| drop(c.as_object_mut().unwrap().remove("sid")))),
        ("no jti", Box::new(|_, c| drop(c.as_object_mut().unwrap().remove("jti")))),
        ("scope", Box::new(|_, c| c["scope"] = "admin".into())),
        ("typ JWT", Box::new(|h, _| h.typ = Some("JWT".into()))),
        ("no typ", Box::new(|h, _| h.typ = None)),
        ("kid", Box::new(|h, _| h.kid = Some("../../etc/passwd".into()))),
        ("no kid", Box::new(|h, _| h.kid = None)),
        ("crit", Box::new(|h, _| h.crit = Some(vec!["exp".into()]))),
    ];
    for (name, change) in changes {
        assert_eq!(refused(&ring, &forged(&ring, change)), "invalid_token", "{name}");
    }
    let expired = forged(&ring, |_, c| c["exp"] = json!(seconds(now()) - 60));
    assert_eq!(refused(&ring, &expired), "expired_token");
}

#[test]
fn only_our_es256_keys_sign() {
    let stored = StoredKey::generate(&secret()).unwrap();
    let ring = ring_of(std::slice::from_ref(&stored));
    let sound = forged(&ring, |_, _| ());
    let (_, body) = sound.split_once('.').unwrap();
    let (payload, signature) = body.split_once('.').unwrap();

    let none =
        |alg: &str| URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "typ": TYPE, "kid": stored.kid }).to_string());
    for alg in ["none", "None", "NONE", "nOnE"] {
        assert_eq!(refused(&ring, &format!("{}.{payload}.", none(alg))), "invalid_token");
        assert_eq!(refused(&ring, &format!("{}.{payload}.{signature}", none(alg))), "invalid_token");
    }

    let mut header = Header::new(Algorithm::HS256);
    (header.typ, header.kid) = (Some(TYPE.into()), Some(stored.kid.clone()));
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let public = EncodingKey::from_secret(stored.public_pem.as_bytes());
    let confused = jsonwebtoken::encode(&header, &claims, &public).unwrap();
    assert_eq!(refused(&ring, &confused), "invalid_token");

    let foreign = ring_of(&[StoredKey::generate(&secret()).unwrap()]);
    let own_jwk = public_jwk(&foreign.keys[0].signing).unwrap();
    let smuggled = forged(&foreign, |header, _| {
        header.kid = Some(stored.kid.clone());
        header.jwk = Some(own_jwk);
        header.jku = Some("https://evil.example/jwks.json".into());
    });
    assert_eq!(refused(&ring, &smuggled), "invalid_token");

    for garbage in ["", ".", "..", "a.b.c", &sound[..sound.len() - 2], &"a".repeat(9000)] {
        assert_eq!(refused(&ring, garbage), "invalid_token");
    }
}
