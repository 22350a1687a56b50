//! JSON as text, read strictly: one value, no duplicate members, no more than 128 levels.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::strict::escape;
use crate::domain::refusal::FieldError;

/// Begins the message of the one error that is ours and not the parser's.
const DUPLICATE: &str = "duplicate member";

/// Reads a body. Lone surrogates, NaN, invalid UTF-8 and numbers too large for a double are errors of the parser.
pub fn parse(body: &[u8]) -> Result<Value, FieldError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Unique(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        explain(pointer, error.inner())
    })?;
    deserializer.end().map_err(|error| explain(String::new(), &error))?;
    Ok(value)
}

fn explain(pointer: String, error: &serde_json::Error) -> FieldError {
    if error.to_string().starts_with(DUPLICATE) {
        return FieldError::new(
            pointer,
            "duplicate_member",
            "Đối tượng này có hai thành phần cùng tên.",
            "This object has two members of the same name.",
        );
    }
    let (line, column) = (error.line(), error.column());
    FieldError::new(
        pointer,
        "invalid_json",
        format!("JSON sai cú pháp hoặc lồng quá sâu ở dòng {line}, cột {column}."),
        format!("Not JSON, or nested too deep, at line {line}, column {column}."),
    )
}

fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// A value whose objects have no two members of one name; serde_json's own `Value` keeps the last silently.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Unique(value) = members.next_value()?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(body: &[u8]) -> (String, &'static str) {
        let error = parse(body).unwrap_err();
        (error.pointer, error.code)
    }

    #[test]
    fn a_value_is_read_whole() {
        let text = r#" {"a":[1,-2,2.5,true,null,"\ud83d\ude00"],"b":{"":"đ"}} "#;
        assert_eq!(parse(text.as_bytes()).unwrap(), json!({"a":[1,-2,2.5,true,null,"😀"],"b":{"":"đ"}}));
    }

    #[test]
    fn duplicates_are_found_at_every_depth() {
        assert_eq!(fault(br#"{"a":1,"a":1}"#), (String::new(), "duplicate_member"));
        assert_eq!(fault(br#"{"a/b":[0,{"c":1,"\u0063":2}]}"#), ("/a~1b/1".to_owned(), "duplicate_member"));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(20_000);
        let bodies: [&[u8]; 12] = [
            b"",
            b"{",
            b"{} x",
            b"{}{}",
            b"[1,]",
            b"NaN",
            b"{a:1}",
            br#""\ud800""#,
            b"\"\xff\"",
            b"1e999",
            b"\"\x01\"",
            deep.as_bytes(),
        ];
        for body in bodies {
            assert_eq!(fault(body).1, "invalid_json", "{:?}", String::from_utf8_lossy(body));
        }
        assert_eq!(parse("\u{feff}{}".as_bytes()).unwrap_err().code, "invalid_json");
    }
}
