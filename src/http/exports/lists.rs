//! The lists that can be written into files, each by its address, with the columns that the document says it has.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr,
    schema::{ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type},
};

use crate::{
    app::{
        Error, World,
        exports::{Address, CellKind, Column, Leaf, Lists},
        figures::{Number, Row, Sheet},
        lists::Reader,
    },
    domain::{
        figures::Report,
        time::Instant,
        vocabulary::{Code, Language},
    },
    http::{
        extract::{Limit, parameters},
        figures,
        lists::{
            self,
            query::{DueSoonQuery, OverdueQuery, PetitionsQuery, UnendingQuery},
        },
        openapi, overdue,
    },
    store::AnyConnection,
};

/// A report and the list behind its figures have the report in their address.
const REPORT: &str = "/v1/reports/{report}";
const BEHIND: &str = "/v1/reports/{report}/petitions";
const SUMMARY: &str = "/v1/overdue/summary";

/// The lists of this API.
#[derive(Debug, Clone, Copy)]
pub struct ListsOfApi;

/// Read from the document once.
static COLUMNS: OnceLock<HashMap<&'static str, Vec<Column>>> = OnceLock::new();

/// A page of any list, as it is shown.
#[derive(Deserialize)]
struct Shown {
    as_of: Instant,
    recorded_by: Option<Instant>,
    /// Of the summary, its groups.
    #[serde(alias = "groups")]
    items: Vec<Value>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// Each list with its parameters, and what makes a page of it.
macro_rules! lists {
    ($($path:literal: $query:ty => $page:path;)+) => {
        const PATHS: &[&str] = &[$($path,)+ SUMMARY, REPORT, BEHIND];

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
                SUMMARY => {
                    let query: overdue::SummaryQuery = parameters(query)?;
                    leaf(overdue::summarised(tx, world, reader, (query, Language::Vi))?)
                }
                path => match report(path).ok_or(Error::NotFound)? {
                    (report, REPORT) => {
                        let sheet = figures::sheet(tx, world, reader, (report, query))?;
                        Ok(sheet_as_leaf(&sheet))
                    }
                    (report, _) => {
                        let mut query: figures::BehindQuery = parameters(query)?;
                        query.limit = Limit::of(rows);
                        leaf(figures::behind(tx, world, reader, (report, query))?)
                    }
                },
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
        match report(path) {
            Some((report, REPORT)) => Some(columns_of(report)),
            found => COLUMNS.get_or_init(columns).get(found.map_or(path, |(_, template)| template)).cloned(),
        }
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

/// The report of an address, and whether it is itself or the list behind a figure.
fn report(path: &str) -> Option<(Report, &'static str)> {
    let name = path.strip_prefix("/v1/reports/")?;
    match name.strip_suffix("/petitions") {
        Some(name) => Some((Report::parse(name)?, BEHIND)),
        None => Some((Report::parse(name)?, REPORT)),
    }
}

/// A report as rows: each group with the figures under their ids.
fn sheet_as_leaf(sheet: &Sheet) -> Leaf {
    let item = |row: &Row| -> Value {
        let group = &row.group;
        let known =
            [("key", json!(group.key)), ("name", json!(group.name.vi)), ("closed", json!(group.closed))];
        let figures = row.figures.iter().map(|(figure, number)| match number {
            Number::Count(count) => (figure.id, json!(count)),
            Number::Measured(measured) => (figure.id, json!(measured)),
        });
        let members = known.into_iter().chain(figures);
        Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let items = sheet.rows.iter().map(item).collect();
    Leaf { as_of: sheet.as_of, recorded_by: sheet.recorded_by, items, next_cursor: None }
}

fn columns_of(report: Report) -> Vec<Column> {
    let group = [("key", CellKind::Text), ("name", CellKind::Text), ("closed", CellKind::Truth)];
    let figures = report.figures().iter().map(|figure| (figure.id, CellKind::Number));
    group.into_iter().chain(figures).map(|(name, kind)| Column::new(&[name], kind)).collect()
}

fn leaf(view: impl Serialize) -> Result<Leaf, Error> {
    let value = serde_json::to_value(view).map_err(Error::internal)?;
    let Shown { as_of, recorded_by, items, next_cursor } =
        serde_json::from_value(value).map_err(Error::internal)?;
    Ok(Leaf { as_of, recorded_by, items, next_cursor })
}

/// The columns of each list: the members of its items, in the order of the document.
fn columns() -> HashMap<&'static str, Vec<Column>> {
    let document = openapi::document();
    let schemas = Schemas(document.components.as_ref().map(|components| &components.schemas));
    let of = |path: &&'static str| {
        let answer = document.paths.paths.get(*path)?.get.as_ref()?.responses.responses.get("200")?;
        let RefOr::T(answer) = answer else { return None };
        let Some(RefOr::T(content)) = answer.content.get("application/json") else { return None };
        let Schema::Object(page) = schemas.find(content.schema.as_ref()?)? else { return None };
        let rows = page.properties.get("items").or_else(|| page.properties.get("groups"));
        let Schema::Array(items) = schemas.find(rows?)? else { return None };
        let ArrayItems::RefOrSchema(item) = &items.items else { return None };
        let mut columns = Vec::new();
        schemas.walk(item, &mut Vec::new(), &mut columns);
        Some((*path, columns))
    };
    PATHS.iter().filter_map(of).collect()
}

/// The schemas of the document by their names.
struct Schemas<'a>(Option<&'a BTreeMap<String, RefOr<Schema>>>);

impl<'a> Schemas<'a> {
    /// What a reference leads to.
    fn find(&self, schema: &'a RefOr<Schema>) -> Option<&'a Schema> {
        match schema {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(reference) => {
                let (_, name) = reference.ref_location.rsplit_once('/')?;
                self.find(self.0?.get(name)?)
            }
        }
    }

    /// Adds the columns of a schema: members of members each on its own, a list as a whole.
    fn walk(&self, schema: &'a RefOr<Schema>, path: &mut Vec<&'a str>, columns: &mut Vec<Column>) {
        let parts = match self.find(schema) {
            Some(Schema::AllOf(all)) => &all.items,
            Some(Schema::OneOf(one)) => &one.items,
            Some(Schema::AnyOf(any)) => &any.items,
            Some(Schema::Array(_)) => return columns.push(Column::new(path, CellKind::Json)),
            Some(Schema::Object(object)) if object.properties.is_empty() => {
                return columns.extend(kind(object).map(|kind| Column::new(path, kind)));
            }
            Some(Schema::Object(object)) => {
                for (name, member) in &object.properties {
                    path.push(name);
                    self.walk(member, path, columns);
                    path.pop();
                }
                return;
            }
            _ => return,
        };
        parts.iter().for_each(|part| self.walk(part, path, columns));
    }
}

/// What a column of a schema holds; nothing where it is null alone.
fn kind(object: &Object) -> Option<CellKind> {
    let is = |wanted: &Type| match &object.schema_type {
        SchemaType::Type(one) => one == wanted,
        SchemaType::Array(types) => types.contains(wanted),
        SchemaType::AnyValue => false,
    };
    match &object.format {
        _ if object.schema_type == SchemaType::Type(Type::Null) => None,
        Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) => Some(CellKind::Instant),
        Some(SchemaFormat::KnownFormat(KnownFormat::Date)) => Some(CellKind::Day),
        _ if is(&Type::Integer) || is(&Type::Number) => Some(CellKind::Number),
        _ if is(&Type::Boolean) => Some(CellKind::Truth),
        _ => Some(CellKind::Text),
    }
}
