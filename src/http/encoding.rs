//! Answers compressed as the client likes it. A compressed answer is another representation, so its ETag is another
//! one too: `"7"` is sent as `"7-gzip"`, and read back as `"7"`.

use std::io::{self, Write};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::Bytes,
};
use flate2::{Compression, write::GzEncoder};

/// Shorter bodies gain nothing.
const SHORTEST: u64 = 1024;
/// Longer ones would hold up a thread; they are sent as they are.
const LONGEST: u64 = 8 * 1024 * 1024;
/// Good enough, and quick enough to do for every answer.
const BROTLI_QUALITY: i32 = 4;
const BROTLI_WINDOW: i32 = 20;
const ZSTD_LEVEL: i32 = 3;
const GZIP_LEVEL: u32 = 5;

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

/// What a request says of encodings: the best one it takes, and the tags it knows as it wrote them.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    coding: Option<Coding>,
    known: Vec<u8>,
}

impl Coding {
    /// Every coding, the one we like best first.
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn compress(self, body: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL),
            Self::Brotli => {
                let mut compressed = Vec::new();
                let params = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: body.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut io::Cursor::new(body), &mut compressed, &params)?;
                Ok(compressed)
            }
        }
    }
}

impl Wish {
    /// Reads what a request says, and takes the codings out of the tags it sends.
    pub(super) fn of(headers: &mut HeaderMap) -> Self {
        let known = headers.get(header::IF_NONE_MATCH).map(|value| value.as_bytes().to_vec());
        for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
            strip(headers, &name);
        }
        Self { coding: preferred(headers), known: known.unwrap_or_default() }
    }

    /// Compresses a reply where that is worth it.
    pub(super) fn grant(&self, reply: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        // What is fetched in parts keeps its bytes.
        let fixed = [header::CONTENT_ENCODING, header::ACCEPT_RANGES];
        let fixed = fixed.iter().any(|name| reply.headers().contains_key(name));
        let compressible = is_text(reply.headers()) && !fixed;
        let unchanged = reply.status() == StatusCode::NOT_MODIFIED;
        let mut reply = reply;
        if compressible || unchanged {
            reply.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let Some(coding) = self.coding else { return reply };
        if unchanged {
            let tag = reply.headers().get(header::ETAG).and_then(|tag| tagged(tag, coding));
            let sent = tag.filter(|tag| self.known.windows(tag.len()).any(|part| part == tag.as_bytes()));
            if let Some(tag) = sent {
                reply.headers_mut().insert(header::ETAG, tag);
            }
            return reply;
        }
        let worth = matches!(reply.response().body().size(), BodySize::Sized(SHORTEST..=LONGEST));
        if compressible && worth { compressed(reply, coding) } else { reply }
    }
}

fn compressed(reply: ServiceResponse<BoxBody>, coding: Coding) -> ServiceResponse<BoxBody> {
    let mut done = false;
    let mut reply = reply.map_body(|_, body| match body.try_into_bytes() {
        Err(body) => body,
        Ok(bytes) => match coding.compress(&bytes) {
            Ok(compressed) => {
                done = true;
                BoxBody::new(Bytes::from(compressed))
            }
            Err(_) => BoxBody::new(bytes),
        },
    });
    if done {
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        headers.remove(header::CONTENT_LENGTH);
        if let Some(tag) = headers.get(header::ETAG).and_then(|tag| tagged(tag, coding)) {
            headers.insert(header::ETAG, tag);
        }
    }
    reply
}

/// The tag of the compressed form; a weak tag stands for all forms.
fn tagged(tag: &HeaderValue, coding: Coding) -> Option<HeaderValue> {
    let bare = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{bare}-{}\"", coding.name())).ok()
}

/// Takes the codings out of the tags of a field.
fn strip(headers: &mut HeaderMap, name: &HeaderName) {
    let values: Vec<HeaderValue> = headers.get_all(name).cloned().collect();
    let bare = |value: &HeaderValue| {
        let text = Coding::ALL.iter().fold(value.to_str().ok()?.to_owned(), |text, coding| {
            text.replace(&format!("-{}\"", coding.name()), "\"")
        });
        HeaderValue::from_str(&text).ok()
    };
    let mut first = true;
    for value in &values {
        let value = bare(value).unwrap_or_else(|| value.clone());
        if first {
            headers.insert(name.clone(), value)
        } else {
            headers.append(name.clone(), value);
            continue;
        };
        first = false;
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default();
    media.starts_with("text/")
        || ["json", "javascript", "xml", "yaml"].iter().any(|kind| media.ends_with(kind))
}

/// The coding the client likes best of those we have (RFC 9110 §12.5.3); nothing when it takes none.
fn preferred(headers: &HeaderMap) -> Option<Coding> {
    let field = headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let wishes: Vec<(String, f32)> = field
        .flat_map(|value| value.split(','))
        .map(|one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok());
            (name.trim().to_ascii_lowercase(), weight.unwrap_or(0.0))
        })
        .collect();
    let weight = |coding: Coding| {
        let named = |name: &str| wishes.iter().find(|(wish, _)| wish == name).map(|(_, weight)| *weight);
        named(coding.name()).or_else(|| named("*")).unwrap_or(0.0)
    };
    let mut best: Option<(Coding, f32)> = None;
    for coding in Coding::ALL {
        if weight(coding) > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((coding, weight(coding)));
        }
    }
    best.map(|(coding, _)| coding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn codings_are_weighed() {
        let best = |value: &str| preferred(&headers(header::ACCEPT_ENCODING, value));
        assert_eq!(best("gzip, deflate, br, zstd"), Some(Coding::Brotli));
        assert_eq!(best("gzip"), Some(Coding::Gzip));
        assert_eq!(best("br;q=0.1, gzip;q=0.9"), Some(Coding::Gzip));
        assert_eq!(best("*"), Some(Coding::Brotli));
        assert_eq!(best("br;q=0, *;q=0.5"), Some(Coding::Zstd));
        for none in ["", "identity", "deflate", "gzip;q=0", "br;q=x"] {
            assert_eq!(best(none), None, "{none}");
        }
    }

    #[test]
    fn tags_lose_their_codings_on_the_way_in() {
        let mut asked = headers(header::IF_MATCH, "\"7-gzip\"");
        asked.append(header::IF_NONE_MATCH, HeaderValue::from_static("\"a-br\", W/\"b-zstd\", \"c-other\""));
        let wish = Wish::of(&mut asked);
        assert_eq!(asked.get(header::IF_MATCH).unwrap(), "\"7\"");
        assert_eq!(asked.get(header::IF_NONE_MATCH).unwrap(), "\"a\", W/\"b\", \"c-other\"");
        assert!(wish.known.starts_with(b"\"a-br\""));
    }

    #[test]
    fn each_coding_makes_long_text_shorter() {
        let text = "kiến nghị ".repeat(500);
        for coding in Coding::ALL {
            let short = coding.compress(text.as_bytes()).unwrap();
            assert!(short.len() < text.len() / 10, "{coding:?} {}", short.len());
        }
    }
}
