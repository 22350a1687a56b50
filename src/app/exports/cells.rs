//! What stands in one cell of a table: the members of a listed item, each under its path.

use std::borrow::Cow;

use serde_json::Value;

/// A column of a table: a member of an item, by the names that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The names with dots between, such as `deadline.due_at`.
    pub name: String,
    pub kind: CellKind,
    /// The same as a JSON Pointer (RFC 6901).
    pointer: String,
}

/// What a column holds; any of them may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    Text,
    Number,
    Truth,
    /// An instant, as RFC 3339 in the JSON.
    Instant,
    /// A civil day.
    Day,
    /// A list, as JSON in its cell.
    Json,
}

impl Column {
    /// The column of a member.
    pub fn new(path: &[&str], kind: CellKind) -> Self {
        let pointer = path.iter().map(|name| format!("/{name}")).collect();
        Self { name: path.join("."), kind, pointer }
    }

    /// What an item has there; nothing where it has nothing.
    pub(super) fn of<'a>(&self, item: &'a Value) -> Option<&'a Value> {
        item.pointer(&self.pointer).filter(|value| !value.is_null())
    }

    /// What stands in a cell of text: nothing for what is absent.
    pub(super) fn text<'a>(&self, item: &'a Value) -> Cow<'a, str> {
        match self.of(item) {
            None => Cow::Borrowed(""),
            Some(Value::String(text)) => guarded(text),
            Some(other) => Cow::Owned(other.to_string()),
        }
    }
}

/// A text as no program takes for a formula: an apostrophe goes before what one would begin with (OWASP ASVS 5.0, 1.2.10).
///
/// So that taking one off again is exact, one goes before an apostrophe too, and stands alone for an empty text, which
/// would read as absent.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let harmless = |first: char| {
        !matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '\'' | '＝' | '＋' | '－' | '＠')
    };
    if text.chars().next().is_some_and(harmless) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{text}"))
    }
}

/// The text that was guarded; nothing for an empty cell.
pub fn unguarded(cell: &str) -> Option<&str> {
    match cell {
        "" => None,
        cell => Some(cell.strip_prefix('\'').unwrap_or(cell)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_begins_a_formula_is_a_text() {
        for evil in [
            "=HYPERLINK(\"http://x\")",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\0",
            "＝1",
            "＋",
            "－1",
            "＠",
            "'x",
            "",
        ] {
            assert_eq!(guarded(evil), format!("'{evil}"));
        }
        for plain in ["Ngõ 45 ngập", "a=1", " =1", "1-1", "(0)"] {
            assert_eq!(guarded(plain), plain);
        }
    }

    #[test]
    fn a_column_finds_its_member() {
        let item = json!({"a": {"b": 3, "c": null}, "held": [{"days": 2}], "ok": true, "t": "-"});
        let text = |path: &[&str], kind| Column::new(path, kind).text(&item).into_owned();
        assert_eq!(text(&["a", "b"], CellKind::Number), "3");
        assert_eq!(text(&["a", "c"], CellKind::Text), "");
        assert_eq!(text(&["x", "y"], CellKind::Text), "");
        assert_eq!(text(&["held"], CellKind::Json), r#"[{"days":2}]"#);
        assert_eq!(text(&["ok"], CellKind::Truth), "true");
        assert_eq!(text(&["t"], CellKind::Text), "'-");
        assert_eq!(Column::new(&["a", "b"], CellKind::Number).name, "a.b");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>(), first in prop::sample::select(vec!["", "=", "'", "''", "+", "＝", "\t"])) {
            let text = format!("{first}{text}");
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), Some(text.as_str()));
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']));
        }
    }
}
