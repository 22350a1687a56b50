//! The lists that can be written into files, each by its address, with the columns that the document says it has.

use std::{collections::HashMap, sync::OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    app::{
        Error, World,
        exports::{Address, CellKind, Column, Leaf, Lists},
        lists::Reader,
    },
    domain::{figures::Report, time::Instant, vocabulary::Code},
    http::{
        extract::{Limit, parameters},
        figures,
        lists::{
            self,
            query::{DueSoonQuery, OverdueQuery, PetitionsQuery, UnendingQuery},
        },
        openapi,
    },
    store::AnyConnection,
};

/// The list behind a figure has the report in its address.
const BEHIND: &str = "/v1/reports/{report}/petitions";

/// The lists of this API.
#[derive(Debug, Clone, Copy)]
pub struct ListsOfApi;

/// Read from the document once.
static COLUMNS: OnceLock<HashMap<&'static str, Vec<Column>>> = OnceLock::new();

/// A page of any list, as it is shown.
#[derive(Deserialize)]
struct Shown {
    as_of: Instant,
    #[serde(default)]
    recorded_by: Option<Instant>,
    items: Vec<Value>,
    next_cursor: Option<String>,
}

/// Each list with its parameters, and what makes a page of it.
macro_rules! lists {
    ($($path:literal: $query:ty => $page:path;)+) => {
        const PATHS: &[&str] = &[$($path,)+ BEHIND];

        fn page_of(
            tx: &mut AnyConnection,
            world: &World,
            reader: &Reader,
            (path, query, rows): (&str, &str, u16),
        ) -> Result<Leaf, Error> {
            match path {
                $($path => {
                    let mut query: $query = parameters(query)?;
                    query.limit = Limit::of(rows);
                    leaf($page(tx, world, reader, query)?)
                })+
                path => {
                    let report = report(path).ok_or(Error::NotFound)?;
                    let mut query: figures::BehindQuery = parameters(query)?;
                    query.limit = Limit::of(rows);
                    leaf(figures::behind(tx, world, reader, (report, query))?)
                }
            }
        }
    };
}

lists! {
    "/v1/petitions": PetitionsQuery => lists::petitions;
    "/v1/overdue": OverdueQuery => lists::overdue;
    "/v1/due-soon": DueSoonQuery => lists::due_soon;
    "/v1/paused": UnendingQuery => lists::paused;
    "/v1/without-clock": UnendingQuery => lists::without_clock;
    "/v1/forwarded-without-result": UnendingQuery => lists::forwarded;
}

impl Lists for ListsOfApi {
    fn columns(&self, path: &str) -> Option<Vec<Column>> {
        let template = report(path).map_or(path, |_| BEHIND);
        COLUMNS.get_or_init(columns).get(template).cloned()
    }

    fn paths(&self) -> Vec<&'static str> {
        PATHS.to_vec()
    }

    fn page(
        &self,
        tx: &mut AnyConnection,
        world: &World,
        reader: &Reader,
        address: &Address,
        (cursor, rows): (Option<&str>, u16),
    ) -> Result<Leaf, Error> {
        let place: Vec<(&str, &str)> = cursor.into_iter().map(|cursor| ("cursor", cursor)).collect();
        page_of(tx, world, reader, (&address.path, &address.query(&place)?, rows))
    }
}

/// The report of a list behind a figure.
fn report(path: &str) -> Option<Report> {
    Report::parse(path.strip_prefix("/v1/reports/")?.strip_suffix("/petitions")?)
}

fn leaf(view: impl Serialize) -> Result<Leaf, Error> {
    let value = serde_json::to_value(view).map_err(Error::internal)?;
    let Shown { as_of, recorded_by, items, next_cursor } =
        serde_json::from_value(value).map_err(Error::internal)?;
    Ok(Leaf { as_of, recorded_by, items, next_cursor })
}

/// The columns of each list: the members of its items, as the document has them.
fn columns() -> HashMap<&'static str, Vec<Column>> {
    let Ok(document) = serde_json::to_value(openapi::document()) else { return HashMap::new() };
    let of = |path: &&'static str| {
        let answer = document.get("paths")?.get(path)?.pointer("/get/responses/200/content/application~1json/schema")?;
        let items = resolved(&document, answer).pointer("/properties/items/items")?;
        let mut columns = Vec::new();
        walk(&document, items, &mut Vec::new(), &mut columns);
        Some((*path, columns))
    };
    PATHS.iter().filter_map(of).collect()
}

/// What a reference leads to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| document.pointer(target)).unwrap_or(schema)
}

/// Adds the columns of a schema: members of members each on its own, a list as a whole.
fn walk<'a>(document: &'a Value, schema: &'a Value, path: &mut Vec<&'a str>, columns: &mut Vec<Column>) {
    let schema = resolved(document, schema);
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|name| schema.get(name)?.as_array());
    for part in parts.flatten().filter(|part| part.get("type") != Some(&Value::from("null"))) {
        walk(document, part, path, columns);
    }
    let members = schema.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        path.push(name);
        if let Some(kind) = kind(resolved(document, member)) {
            columns.push(Column::new(path, kind));
        } else {
            walk(document, member, path, columns);
        }
        path.pop();
    }
}

/// What a column of a schema holds; nothing for what has members of its own.
fn kind(schema: &Value) -> Option<CellKind> {
    let is = |wanted: &str| match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == wanted),
        Some(one) => one == wanted,
        None => false,
    };
    let format = schema.get("format").and_then(Value::as_str);
    match format {
        _ if is("object") || schema.get("type").is_none() => None,
        Some("date-time") => Some(CellKind::Instant),
        Some("date") => Some(CellKind::Day),
        _ if is("array") => Some(CellKind::Json),
        _ if is("integer") || is("number") => Some(CellKind::Number),
        _ if is("boolean") => Some(CellKind::Truth),
        _ => Some(CellKind::Text),
    }
}
