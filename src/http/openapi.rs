//! The OpenAPI 3.1 document: what the modules say of their operations, and what is said of all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web,
};
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{
        self, Components, Content, ContentBuilder, Header, HeaderBuilder, Ref, RefOr, Required, Response,
        ResponseBuilder, Responses,
        path::{Operation, Parameter, PathItem},
        schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    codes,
    edge::Edge,
    help,
    problem::{MEDIA_TYPE, ProblemDocument},
};
use crate::domain::vocabulary::{Code, Language};

/// The name of the bearer token in the document.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "kiennghi",
        description = "Follows each citizen's petition from submission to public written reply, names who is responsible and by when, and proves afterwards what happened.\n\nTimes are RFC 3339 with an offset; `…_at` is an instant, `…_on` a civil day in the zone of the installation (Asia/Ho_Chi_Minh). Every 4xx and 5xx is a problem (RFC 9457) with a stable `code`, in Vietnamese or, with `Accept-Language: en`, in English. Lists of codes may grow: treat an unknown one as such. Texts may not be blank; control characters other than TAB, LF and CR, and changes of writing direction, are refused.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "/", description = "This installation")),
    components(schemas(ProblemDocument)),
    tags(
        (name = "sessions", description = "Signing in, renewing, signing out."),
        (name = "me", description = "What the caller is and has."),
        (name = "petitions", description = "Submitting, registering and reading petitions."),
        (name = "actions", description = "What can be done to a petition: one operation for each row of the table of moves, see GET /v1/lifecycle."),
        (name = "tracking", description = "A citizen follows his own petitions by code and access key."),
        (name = "public", description = "What everybody may read."),
        (name = "reference", description = "Codes with their labels, agencies, the table of moves, deadlines in advance."),
        (name = "overdue", description = "What is overdue, since when, with whom, now or as it stood."),
        (name = "reports", description = "Figures."),
        (name = "audit", description = "What auditors take along: random samples, dossiers, to whom personal data was given."),
        (name = "administration", description = "Setting up: agencies, fields, officials, their rights, and who changed them."),
        (name = "sandbox", description = "A clock one can turn, in a sandbox only."),
        (name = "operator", description = "Health and documentation.")
    ),
    paths(help::explain_problem)
)]
struct Base;

/// The whole document.
pub fn document() -> openapi::OpenApi {
    let mut document = Base::openapi();
    for module in super::apis() {
        document.merge(module);
    }
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Access token from POST /v1/sessions, POST /v1/sessions/refresh or POST /v1/tracking: a JWT (RFC 9068), checked by the rules of RFC 8725."))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.headers.extend(limit_headers().map(|(name, header)| (name, RefOr::T(header))));
    for row in codes::ALL {
        let name = problem_name(row.status.as_u16());
        components.responses.entry(name).or_insert_with(|| RefOr::T(problem_response(row)));
    }
    let mut used = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        let has_parameter = path.contains('{');
        for (operation, writes) in operations(item) {
            if let Some(components) = &document.components {
                require_body(operation, components);
            }
            describe_condition(operation);
            used.extend(add_problems(operation, writes, has_parameter));
        }
    }
    if let Some(components) = &mut document.components {
        refuse_blank(&mut components.schemas);
        components.responses.retain(|name, _| used.contains(name));
    }
    document
}

/// The operations of an address, with whether they write.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reads = item.get.iter_mut().map(|operation| (operation, false));
    let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten();
    reads.chain(writes.map(|operation| (operation, true)))
}

/// A body is needed where some member of it is; otherwise an empty one reads as `{}`.
fn require_body(operation: &mut Operation, components: &Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let needed = |content: &RefOr<Content>| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            let found = components.schemas.get(name);
            !matches!(found, Some(RefOr::T(Schema::Object(object))) if object.required.is_empty())
        }
        _ => true,
    };
    let required = if body.content.values().any(needed) { Required::True } else { Required::False };
    body.required = Some(required);
}

/// An entity tag, as RFC 9110 §8.8.3 writes it, or `*`: everything else is no version.
fn describe_condition(operation: &mut Operation) {
    if let Some(condition) = condition_of(operation) {
        let tag = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(70))
            .pattern(Some(r#"^(\*|(W/)?"[!#-+\-.-~]{0,64}")$"#));
        condition.schema = Some(RefOr::T(tag.into()));
    }
}

fn condition_of(operation: &mut Operation) -> Option<&mut Parameter> {
    operation.parameters.iter_mut().flatten().find_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.name == "If-Match" => Some(parameter),
        _ => None,
    })
}

/// Every operation answers its refusals as problems; which ones follows from what it is.
fn add_problems(operation: &mut Operation, writes: bool, has_parameter: bool) -> Vec<String> {
    let secured = operation.security.as_ref().is_some_and(|security| {
        security.iter().any(|requirement| {
            serde_json::to_value(requirement).is_ok_and(|value| value.get(BEARER).is_some())
        })
    });
    let conditional = condition_of(operation).is_some();
    let mut statuses = vec![400, 406, 429, 500, 503];
    if secured {
        statuses.extend([401, 403]);
    }
    if has_parameter {
        statuses.push(404);
    }
    if writes {
        statuses.extend([401, 408, 409, 413, 415, 422]);
    }
    if conditional {
        statuses.extend([412, 428]);
    }
    let known = |status: u16| codes::ALL.iter().any(|row| row.status.as_u16() == status);
    let responses: &mut Responses = &mut operation.responses;
    statuses.retain(|status| known(*status));
    for status in &statuses {
        let reference = Ref::from_response_name(problem_name(*status));
        responses.responses.entry(status.to_string()).or_insert(RefOr::Ref(reference));
    }
    for response in responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.extend(limit_references());
        }
    }
    statuses.into_iter().map(problem_name).collect()
}

/// What every answer of a limited operation says of the limits (draft-ietf-httpapi-ratelimit-headers).
fn limit_headers() -> [(String, Header); 2] {
    let header = |name: &str, description: &str, example: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String).examples([example]).build();
        (name.to_owned(), HeaderBuilder::new().schema(Some(text)).description(Some(description)).build())
    };
    [
        header(
            "RateLimit-Policy",
            "The limits that apply: calls (`q`) in so many seconds (`w`).",
            "\"submission\";q=30;w=60",
        ),
        header(
            "RateLimit",
            "What is left of them: calls (`r`), and after how many seconds (`t`) there is one more.",
            "\"submission\";r=29;t=2",
        ),
    ]
}

fn limit_references() -> [(String, RefOr<Header>); 2] {
    limit_headers().map(|(name, _)| (name.clone(), RefOr::Ref(header_reference(&name))))
}

fn header_reference(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem_response(row: &codes::Row) -> Response {
    let title = row.title(Language::En);
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    let mut response =
        ResponseBuilder::new().description(format!("A problem: {title}.")).content(MEDIA_TYPE, content);
    if row.status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
        let retry = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build();
        response = response.header("Retry-After", retry);
        for (name, _) in limit_headers() {
            response = response.header_ref(name.clone(), header_reference(&name));
        }
    }
    response.build()
}

/// The schema of a code: a string, one of a closed list in requests.
pub(super) fn code<C: Code>() -> Schema {
    let codes = C::ALL.iter().map(|value| value.as_str());
    let names: Vec<String> =
        C::ALL.iter().map(|value| format!("`{}` {}", value.as_str(), value.label(Language::Vi))).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes))
        .description(Some(format!("One code of the list: {}.", names.join(", "))))
        .into()
}

/// The schema of a code in a body that may as well be null.
pub(super) fn code_or_null<C: Code>() -> Schema {
    let Schema::Object(mut object) = code::<C>() else { return code::<C>() };
    object.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    object.enum_values.get_or_insert_default().push(serde_json::Value::Null);
    object.into()
}

/// The schema of a code in an answer: clients must expect codes they do not know yet.
pub(super) fn open_code<C: Code>() -> Schema {
    open::<C>(Type::String.into(), "")
}

/// The schema of a value of a vocabulary that may be absent: null then.
pub(super) fn open_code_or_null<C: Code>() -> Schema {
    open::<C>(SchemaType::from_iter([Type::String, Type::Null]), ", or null")
}

fn open<C: Code>(schema_type: SchemaType, or: &str) -> Schema {
    let first = C::ALL.first().map(|value| value.as_str()).unwrap_or_default();
    ObjectBuilder::new()
        .schema_type(schema_type)
        .description(Some(format!("Code of a {}{or}; the list may grow, see /v1/reference.", C::NAME)))
        .examples([first])
        .into()
}

/// The schema of a parameter that has one value of a few; the first holds when it is absent.
pub(super) fn one_of<const N: usize>(values: [&str; N]) -> RefOr<Schema> {
    let default = values.first().map(|first| (*first).into());
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).default(default);
    RefOr::T(schema.into())
}

/// A parameter that is a civil day or an instant, to the document.
pub(super) enum DayOrInstant {}

impl PartialSchema for DayOrInstant {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)))
        };
        RefOr::T(AnyOfBuilder::new().item(text(KnownFormat::Date)).item(text(KnownFormat::DateTime)).into())
    }
}

impl ToSchema for DayOrInstant {}

/// Texts of a request say something: the domain refuses blank ones, so the document does.
fn refuse_blank(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let bodies = schemas.iter_mut().filter(|(name, _)| name.ends_with("Body"));
    for schema in bodies.map(|(_, schema)| schema) {
        let RefOr::T(Schema::Object(body)) = schema else { continue };
        for property in body.properties.values_mut() {
            if let RefOr::T(Schema::Object(text)) = property
                && text.max_length.is_some()
                && text.min_length.is_none_or(|least| least == 1)
            {
                text.min_length = Some(1);
                text.pattern = Some(r"\S".to_owned());
            }
        }
    }
}

/// The document as a file: indented, with a newline at the end.
pub fn as_file() -> Result<String, serde_json::Error> {
    file_of(&document())
}

/// As [`as_file`], of a document that was made before.
pub(super) fn file_of(document: &openapi::OpenApi) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// `GET /openapi.json`.
pub(super) async fn serve_document(edge: web::Data<Edge>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(edge.document.clone())
}
