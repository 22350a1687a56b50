//! Which methods an address has, read from the OpenAPI document.
//!
//! The framework answers 404 where a route exists with another method, and knows neither HEAD nor OPTIONS; the
//! document knows every route, so it is asked.

use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, web};
use utoipa::openapi::{OpenApi, PathItem};

use super::{edge::Edge, problem::Problem};
use crate::app;

/// The addresses of the API with the value of their `Allow` header.
#[derive(Default)]
pub struct Methods(Vec<(ResourceDef, String)>);

impl Methods {
    /// Reads the table from the document.
    pub fn of(document: &OpenApi) -> Self {
        let mut paths: Vec<(&String, &PathItem)> = document.paths.paths.iter().collect();
        // A literal segment goes before a variable one: `/petitions/export` is not `/petitions/{id}`.
        paths.sort_by_key(|(path, _)| path.matches('{').count());
        Self(paths.into_iter().map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item))).collect())
    }

    /// The `Allow` header of an address, if the API has it.
    pub fn allow(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(address, _)| address.is_match(path)).map(|(_, allow)| allow.as_str())
    }
}

/// HEAD comes with GET (RFC 9110 §9.1), OPTIONS with everything.
fn allow(item: &PathItem) -> String {
    let declared = [
        ("GET, HEAD", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
        ("OPTIONS", true),
    ];
    let names: Vec<&str> = declared.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect();
    names.join(", ")
}

/// The default service: 405 where the address exists, else 404.
pub async fn unmatched(request: HttpRequest, edge: web::Data<Edge>) -> Result<HttpResponse, Problem> {
    match edge.methods.allow(request.path()) {
        Some(allow) => Err(Problem::method_not_allowed(allow)),
        None => Err(app::Error::NotFound.into()),
    }
}
