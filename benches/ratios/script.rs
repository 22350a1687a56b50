//! The server's own statements as something to repeat: what must be fresh each time is, all else stays as it was sent.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{capture::Sent, statement::elements};

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    /// As it was sent.
    Same(String),
    /// Another one each time.
    Fresh(Fresh),
    /// The petition that is read.
    Petition,
    /// The elements of an array of ids.
    Ids(Vec<Value>),
}

/// A value that no other row may have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fresh {
    pub(crate) form: Form,
    /// Tells the ids of one transaction apart.
    pub(crate) slot: usize,
    /// As it was sent.
    pub(crate) model: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Id,
    Bytes,
    Word,
}

/// A statement of PostgreSQL; `$1` is the first of the values.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// A request's transaction.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) statements: Vec<Statement>,
}

/// The values that differ between two runs, by how they were in the first; a transition shares those of the
/// submission before it.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    known: HashMap<String, Fresh>,
}

/// What the two runs of a request were about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// Keys of submissions, which are texts although they look like ids.
    Keys(&'a str),
    /// A petition that the submission before made.
    Made,
    /// A petition of the backlog.
    Read(&'a str),
    /// The same page twice.
    Page,
}

impl Script {
    /// Made from what two runs sent; nothing when they sent different statements.
    pub(crate) fn between(
        first: &[Sent],
        second: &[Sent],
        subject: Subject<'_>,
        slots: &mut Slots,
    ) -> Option<Self> {
        if !first.iter().map(|sent| &sent.sql).eq(second.iter().map(|sent| &sent.sql)) {
            let differs = first.iter().zip(second).find(|(one, other)| one.sql != other.sql);
            let lengths = (first.len(), second.len());
            crate::progress(&format!("other statements, {lengths:?}; the first of them: {differs:?}"));
            return None;
        }
        let statements = first.iter().zip(second).map(|(first, second)| {
            let values = first.parameters.iter().zip(&second.parameters);
            let values = values.map(|(one, other)| slots.value(one.as_deref(), other.as_deref(), subject));
            Statement { sql: first.sql.clone(), values: values.collect() }
        });
        Some(Self { statements: statements.collect() })
    }

    /// The same with one statement for each part of those that the server sends together.
    pub(crate) fn plain(&self) -> Self {
        let parts = |statement: &Statement| {
            let parts = apart(&statement.sql).unwrap_or_else(|| vec![statement.sql.clone()]);
            parts
                .into_iter()
                .map(|sql| Statement { sql, values: statement.values.clone() })
                .collect::<Vec<_>>()
        };
        Self { statements: self.statements.iter().flat_map(parts).collect() }
    }

    /// Whether anything is sent together.
    pub(crate) fn is_plain(&self) -> bool {
        self.statements.iter().all(|statement| apart(&statement.sql).is_none())
    }
}

impl Slots {
    fn value(&mut self, one: Option<&str>, other: Option<&str>, subject: Subject<'_>) -> Value {
        let Some(one) = one else { return Value::Null };
        if Some(one) == other {
            return Value::Same(one.to_owned());
        }
        if let Subject::Read(petition) = subject
            && one == petition
        {
            return Value::Petition;
        }
        if let Some(fresh) = self.known.get(one) {
            return Value::Fresh(fresh.clone());
        }
        if let (Some(ids), Some(others)) = (elements(one), other.and_then(elements)) {
            let others = others.into_iter().map(Some).chain(std::iter::repeat(None));
            return Value::Ids(
                ids.into_iter()
                    .zip(others)
                    .map(|(one, other)| self.value(Some(one), other, subject))
                    .collect(),
            );
        }
        let form = match subject {
            Subject::Read(_) | Subject::Page => None,
            Subject::Keys(key) if key == one => Some(Form::Word),
            _ => form_of(one),
        };
        let Some(form) = form else { return Value::Same(one.to_owned()) };
        let fresh = Fresh { form, slot: self.known.len(), model: one.to_owned() };
        self.known.insert(one.to_owned(), fresh.clone());
        Value::Fresh(fresh)
    }
}

/// How a value that differs is made anew; times, numbers and JSON stay as they were.
fn form_of(text: &str) -> Option<Form> {
    if Uuid::try_parse(text).is_ok() {
        return Some(Form::Id);
    }
    if text.starts_with("\\x") && text.len() >= 2 + 12 {
        return Some(Form::Bytes);
    }
    text.starts_with(|first: char| first.is_ascii_alphabetic()).then_some(Form::Word)
}

/// `WITH w0 AS (INSERT …), w1 AS (…) INSERT …` in its parts; nothing for a statement that is none of these.
fn apart(sql: &str) -> Option<Vec<String>> {
    let mut rest = sql.strip_prefix("WITH ")?;
    let mut parts = Vec::new();
    loop {
        let (name, inside) = rest.split_once(" AS (")?;
        let written = name.strip_prefix('w')?.bytes().all(|byte| byte.is_ascii_digit());
        let end = closing(inside)?;
        let body = inside.get(..end)?;
        if !written || !is_write(body) {
            return None;
        }
        parts.push(body.to_owned());
        let behind = inside.get(end + 1..)?;
        match behind.strip_prefix(", ") {
            Some(more) => rest = more,
            None => {
                parts.push(behind.trim_start().to_owned());
                return Some(parts);
            }
        }
    }
}

/// Whether a statement changes rows.
pub(crate) fn is_write(sql: &str) -> bool {
    ["INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| sql.starts_with(verb))
}

/// Where the parenthesis closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    let mut quote = None;
    for (place, sign) in text.char_indices() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}
