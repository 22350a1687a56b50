//! `kiennghi` follows each citizen's petition from submission to public written reply.

pub mod domain;
pub mod store;
