//! The edge: reads requests, calls `app`, writes replies.
//!
//! Invariants: extractors never refuse by themselves but hand over a `Result`, because refusals have an order
//! (401, 404, 403, then the form); every 4xx and 5xx leaves through `edge::serve` as a problem (RFC 9457).

pub mod codes;
pub mod edge;
pub mod extract;
pub mod headers;
pub mod help;
pub mod json;
pub mod methods;
pub mod problem;
pub mod strict;

pub use edge::Edge;
pub use problem::Problem;
