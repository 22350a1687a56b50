//! The command line: parse, wire, run.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let text = kiennghi::http::openapi::as_file().map_err(std::io::Error::other)?;
    std::io::stdout().write_all(text.as_bytes())
}
