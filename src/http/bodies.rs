//! What the actions take: one body each, closed to unknown fields.

mod handling;
mod intake;
mod reply;

pub(super) use handling::*;
pub(super) use intake::*;
pub(super) use reply::*;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::{act, prose::Prose, time::Day};

/// A document of an authority.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "1207", "symbol": "QĐ-UBND", "issued_on": "2026-11-17"}))]
pub(super) struct DocumentBody {
    #[schema(max_length = 10)]
    number: String,
    #[schema(max_length = 40)]
    symbol: String,
    #[schema(value_type = String, format = Date)]
    issued_on: Day,
}

impl From<DocumentBody> for act::DocumentRef {
    fn from(body: DocumentBody) -> Self {
        Self { number: body.number, symbol: body.symbol, issued_on: body.issued_on }
    }
}

fn prose(text: Option<String>) -> Option<Prose> {
    text.map(Prose::from)
}

/// Declares the body of an action and how it becomes the act.
macro_rules! bodies {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? } => |$body:ident| $act:expr;)+) => {$(
        #[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        pub(in crate::http) struct $name { $($(#[$field_meta])* $field: $type),* }

        impl From<$name> for $crate::app::actions::Request {
            fn from($body: $name) -> Self { $act.into() }
        }
    )+};
}
use bodies;
