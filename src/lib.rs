//! `kiennghi` follows each citizen's petition from submission to public written reply.

pub mod app;
pub mod config;
pub mod domain;
pub mod http;
pub mod store;
