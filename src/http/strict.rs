//! Turns JSON members or query parameters into a type, and says in two languages what does not fit.
//!
//! Stricter than serde_json's own way: a list never stands for a structure, and a number is never a text. Each
//! fault carries a JSON pointer. Types of requests use `deny_unknown_fields` and neither `flatten` nor `untagged`,
//! whose buffering would go around this.
//!
//! A type with a check of its own may say both languages in one message, parted by ` | `:
//! `D::Error::custom("Tối đa 5 phần. | At most 5 parts.")`.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, Visitor, value::MapAccessDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Number, Value};

use crate::domain::refusal::{FieldError, Words};

/// Code of the fault that names a member the type does not have.
pub const UNKNOWN_FIELD: &str = "unknown_field";

/// Messages of types that know one language only: beginning, code, and what to say instead.
const KNOWN: [(&str, &str, &str); 3] = [
    (
        "expected an RFC 3339 time",
        "not_a_time",
        "Cần thời điểm RFC 3339 có múi giờ, ví dụ 2026-11-23T14:00:00+07:00. | Needs an RFC 3339 time with offset, such as 2026-11-23T14:00:00+07:00.",
    ),
    ("expected a date", "not_a_date", "Cần ngày, ví dụ 2026-11-23. | Needs a date, such as 2026-11-23."),
    ("UUID parsing failed", "not_a_uuid", "Cần một UUID. | Needs a UUID."),
];

/// Reads a type from the members of a JSON body.
pub fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, FieldError> {
    T::deserialize(Node::Json(value)).map_err(|Fault(error)| error)
}

/// Reads a type from query parameters, each given once; the pointer of a fault is the parameter's name.
pub fn from_parameters<T: DeserializeOwned>(parameters: Vec<(String, String)>) -> Result<T, FieldError> {
    T::deserialize(Node::Parameters(parameters)).map_err(|Fault(mut error)| {
        error.pointer = error.pointer.trim_start_matches('/').replace("~1", "/").replace("~0", "~");
        error
    })
}

/// One segment of a JSON pointer (RFC 6901 §3).
pub(super) fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

enum Node {
    Json(Value),
    Parameters(Vec<(String, String)>),
    /// The value of one parameter: a text that may be read as a number or a truth.
    Parameter(String),
}

#[derive(Debug)]
struct Fault(FieldError);

impl Fault {
    fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self(FieldError::new("", code, vi, en))
    }

    fn expected(vi: &str, en: &str) -> Self {
        Self::new("wrong_type", format!("Cần {vi}."), format!("Needs {en}."))
    }

    /// The message of a type: known, in two languages, or neither.
    fn said(code: &'static str, message: &str, otherwise: (&str, &str)) -> Self {
        let known = KNOWN.iter().find(|(beginning, ..)| message.starts_with(beginning));
        let (code, message) = known.map_or((code, message), |(_, code, words)| (code, words));
        let (vi, en) = message.split_once(" | ").unwrap_or(otherwise);
        Self::new(code, vi, en)
    }

    fn under(mut self, segment: &str) -> Self {
        self.0.pointer = format!("/{}{}", escape(segment), self.0.pointer);
        self
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::said("invalid", &message.to_string(), ("Giá trị không hợp lệ.", "Not a valid value."))
    }
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::said("wrong_type", &expected.to_string(), ("Sai kiểu dữ liệu.", "Of the wrong type."))
    }
    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let otherwise = ("Nằm ngoài giới hạn cho phép.", "Outside what is allowed.");
        Self::said("out_of_range", &expected.to_string(), otherwise)
    }
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::new("wrong_length", "Số phần tử không đúng.", "The wrong number of items.")
    }
    fn unknown_variant(_: &str, allowed: &'static [&'static str]) -> Self {
        let list = allowed.join(", ");
        Self::new("unknown_code", format!("Cần một trong: {list}."), format!("Must be one of: {list}."))
    }
    fn unknown_field(name: &str, allowed: &'static [&'static str]) -> Self {
        let list = allowed.join(", ");
        Self::new(
            UNKNOWN_FIELD,
            format!("Không có trường này; có thể dùng: {list}."),
            format!("There is no such field; there are: {list}."),
        )
        .under(name)
    }
    fn missing_field(name: &'static str) -> Self {
        Self::new("missing", "Bắt buộc phải có.", "Required.").under(name)
    }
    fn duplicate_field(name: &'static str) -> Self {
        Self::new("duplicate_member", "Chỉ được có một lần.", "May be given once only.").under(name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { en, .. } = &self.0.words;
        f.write_str(en)
    }
}

impl std::error::Error for Fault {}

impl Node {
    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let number = match &self {
            Self::Json(Value::Number(number)) => Some(whole(number)),
            Self::Parameter(text) if is_integer(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| Fault::expected("số nguyên", "a whole number"))?;
        match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => visitor.visit_u64(value),
            (None, Some(value)) => visitor.visit_i64(value),
            (None, None) => Err(Fault::expected("số nguyên", "a whole number")),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let number = match &self {
            Self::Json(Value::Number(number)) => number.as_f64(),
            Self::Parameter(text) if text.bytes().any(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite());
        visitor.visit_f64(number.ok_or_else(|| Fault::expected("một số", "a number"))?)
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::String(text)) | Self::Parameter(text) => visitor.visit_string(text),
            _ => Err(Fault::expected("một chuỗi", "a text")),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::Array(items)) => {
                let mut items = Items { rest: items.into_iter(), index: 0 };
                let read = visitor.visit_seq(&mut items)?;
                match items.rest.len() {
                    0 => Ok(read),
                    left => Err(de::Error::invalid_length(left, &"fewer items")),
                }
            }
            _ => Err(Fault::expected("một danh sách", "a list")),
        }
    }

    fn object<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.members()?)
    }

    fn members(self) -> Result<Members, Fault> {
        let members: Vec<(String, Node)> = match self {
            Self::Json(Value::Object(members)) => {
                members.into_iter().map(|(name, value)| (name, Self::Json(value))).collect()
            }
            Self::Parameters(parameters) => {
                parameters.into_iter().map(|(name, text)| (name, Self::Parameter(text))).collect()
            }
            _ => return Err(Fault::expected("một đối tượng", "an object")),
        };
        Ok(Members { rest: members.into_iter(), value: None })
    }
}

/// A number with a zero fraction is an integer however it is spelled (JSON Schema 2020-12, §6.1.1): 3.0 and 3e0 are 3.
/// Beyond 2^53 a double no longer says which integer was meant.
fn whole(number: &Number) -> Number {
    let most = 2_f64.powi(53);
    let spelled =
        number.as_f64().filter(|value| number.is_f64() && value.fract() == 0.0 && value.abs() <= most);
    spelled.and_then(|value| format!("{value:.0}").parse().ok()).unwrap_or_else(|| number.clone())
}

/// Digits with at most a minus sign: no `+1`, no `1e3`.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! read_as {
    ($($method:ident => $as:ident),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.$as(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    read_as! {
        deserialize_i8 => integer, deserialize_i16 => integer, deserialize_i32 => integer, deserialize_i64 => integer,
        deserialize_u8 => integer, deserialize_u16 => integer, deserialize_u32 => integer, deserialize_u64 => integer,
        deserialize_f32 => float, deserialize_f64 => float,
        deserialize_char => text, deserialize_str => text, deserialize_string => text, deserialize_identifier => text,
        deserialize_seq => list, deserialize_map => object,
    }
    forward_to_deserialize_any! { bytes byte_buf unit unit_struct ignored_any }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::Null) => visitor.visit_unit(),
            Self::Json(Value::Bool(value)) => visitor.visit_bool(value),
            Self::Json(Value::Number(ref number)) if number.is_f64() => self.float(visitor),
            Self::Json(Value::Number(_)) => self.integer(visitor),
            Self::Json(Value::String(_)) | Self::Parameter(_) => self.text(visitor),
            Self::Json(Value::Array(_)) => self.list(visitor),
            Self::Json(Value::Object(_)) | Self::Parameters(_) => self.object(visitor),
        }
    }
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self {
            Self::Json(Value::Bool(value)) => visitor.visit_bool(*value),
            Self::Parameter(text) if text == "true" => visitor.visit_bool(true),
            Self::Parameter(text) if text == "false" => visitor.visit_bool(false),
            _ => Err(Fault::expected("true hoặc false", "true or false")),
        }
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::Null) => visitor.visit_none(),
            given => visitor.visit_some(given),
        }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.list(visitor)
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.list(visitor)
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.object(visitor)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::String(text)) | Self::Parameter(text) => {
                visitor.visit_enum(text.into_deserializer())
            }
            other => visitor.visit_enum(MapAccessDeserializer::new(other.members()?)),
        }
    }
}

struct Items {
    rest: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for &mut Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Node::Json(item)).map(Some).map_err(|fault| fault.under(&index.to_string()))
    }
}

struct Members {
    rest: std::vec::IntoIter<(String, Node)>,
    value: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((name.clone(), value));
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.value.take().unwrap_or((String::new(), Node::Json(Value::Null)));
        seed.deserialize(value).map_err(|fault| fault.under(&name))
    }
}

#[cfg(test)]
mod tests;
