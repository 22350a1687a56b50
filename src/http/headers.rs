//! Request headers that change what an answer says or whether an act happens.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::{
    app::Error,
    domain::{refusal::FieldError, vocabulary::Language},
};

const IF_MATCH: &str = "If-Match";
/// Most characters of an idempotency key.
const KEY_LIMIT: usize = 64;
/// Most characters of a request id taken from the client.
const REQUEST_ID_LIMIT: usize = 64;

/// The language the client prefers of the two we have; Vietnamese unless English is preferred (RFC 9110 §12.5.4).
pub fn language(headers: &HeaderMap) -> Language {
    let mut best = (Language::Vi, 0.0);
    let ranges = headers.get_all(header::ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let language = match tag.split('-').next() {
            Some("vi" | "*") => Language::Vi,
            Some("en") => Language::En,
            _ => continue,
        };
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// The client's own request id, if it cannot be used to forge log lines.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let sound = (1..=REQUEST_ID_LIMIT).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    sound.then(|| id.to_owned())
}

/// The version in `If-Match: "7"`.
///
/// Missing is `PreconditionRequired`; a weak tag never matches, and neither does `*` nor a tag that is not one of
/// ours: `Stale` (RFC 9110 §13.1.1). A list is refused, since a caller has read one version.
pub fn if_match(headers: &HeaderMap) -> Result<i64, Error> {
    let mut values = headers.get_all(header::IF_MATCH);
    let value = values.next().ok_or(Error::PreconditionRequired)?;
    let text = value.to_str().unwrap_or_default().trim();
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match tag {
        Some(tag) if values.next().is_none() && !tag.contains(['"', ',']) => {
            let digits = !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_digit());
            tag.parse().ok().filter(|_| digits).ok_or(Error::Stale)
        }
        None if text == "*" || text.starts_with("W/\"") => Err(Error::Stale),
        _ => Err(Error::BadParameter(FieldError::new(
            IF_MATCH,
            "not_an_entity_tag",
            "If-Match phải là đúng một ETag dạng mạnh, ví dụ \"7\".",
            "If-Match must be exactly one strong entity tag, such as \"7\".",
        ))),
    }
}

/// The key in `Idempotency-Key`, a quoted structured-field string or a bare token; nothing when absent.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut values = headers.get_all("idempotency-key");
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::IdempotencyKeyInvalid);
    }
    read_key(value).map(Some).ok_or(Error::IdempotencyKeyInvalid)
}

/// Whether a key is a UUID, as anonymous callers must send: a guessable key would let one replay another's answer.
pub fn is_uuid(key: &str) -> bool {
    key.len() == 36 && Uuid::try_parse(key).is_ok()
}

fn read_key(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unescape(rest.strip_suffix('"')?)?,
        None if text.contains('"') => return None,
        None => text.to_owned(),
    };
    let sound = (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then_some(key)
}

/// RFC 8941 §3.3.3: only `\"` and `\\` are escapes.
fn unescape(quoted: &str) -> Option<String> {
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(next) = chars.next() {
        plain.push(match next {
            '"' => return None,
            '\\' => chars.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn languages_are_weighed() {
        let preferred = |value: &str| language(&headers("accept-language", &[value]));
        for value in
            ["", "vi", "fr", "*", "vi, en", "en;q=0.5, vi;q=0.6", "en;q=0", "vi-VN,en;q=0.9", "en;q=x"]
        {
            assert_eq!(preferred(value), Language::Vi, "{value}");
        }
        for value in ["en", "EN-gb", "fr, en;q=0.5", "vi;q=0.1, en;q=0.2", "en, vi"] {
            assert_eq!(preferred(value), Language::En, "{value}");
        }
        assert_eq!(language(&HeaderMap::new()), Language::Vi);
    }

    #[test]
    fn only_harmless_request_ids_are_taken() {
        let taken = |value: &str| request_id(&headers("x-request-id", &[value])).is_some();
        assert!(taken("Abc-123") && taken(&"a".repeat(64)));
        assert!(
            !taken("")
                && !taken(&"a".repeat(65))
                && !taken("a b")
                && !taken("a\"b")
                && !taken("é")
                && !taken("a_b")
        );
    }

    #[test]
    fn if_match_takes_one_strong_version() {
        let read = |values: &[&str]| if_match(&headers("if-match", values));
        assert_eq!(read(&["\"7\""]).unwrap(), 7);
        assert!(matches!(read(&[]), Err(Error::PreconditionRequired)));
        for stale in ["W/\"7\"", "*", "\"abc\"", "\"\"", "\"-7\"", "\"+7\"", "\"99999999999999999999\""] {
            assert!(matches!(read(&[stale]), Err(Error::Stale)), "{stale}");
        }
        for wrong in ["7", "\"7", "\"7\", \"8\"", "", "é", "7\""] {
            assert!(matches!(read(&[wrong]), Err(Error::BadParameter(_))), "{wrong}");
        }
        assert!(matches!(read(&["\"7\"", "\"8\""]), Err(Error::BadParameter(_))));
    }

    #[test]
    fn idempotency_keys_are_quoted_or_bare() {
        let read = |values: &[&str]| idempotency_key(&headers("idempotency-key", values));
        let uuid = "0190a1b2-0000-7000-8000-000000000000";
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[uuid]).unwrap().unwrap(), uuid);
        assert_eq!(read(&[&format!("\"{uuid}\"")]).unwrap().unwrap(), uuid);
        assert_eq!(read(&[r#""a\"b\\""#]).unwrap().unwrap(), r#"a"b\"#);
        assert!(is_uuid(uuid) && !is_uuid("abc") && !is_uuid(&uuid.replace('-', "")));
        for wrong in
            ["", "\"", "\"\"", "a b", "\"a b\"", "\"a\\b\"", "a\"", "\"a\";x=1", "é", &"a".repeat(65)]
        {
            assert!(matches!(read(&[wrong]), Err(Error::IdempotencyKeyInvalid)), "{wrong}");
        }
        assert!(read(&[uuid, uuid]).is_err());
    }
}
