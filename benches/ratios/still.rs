//! A static answer: the same actix-web in a process of its own, which only sends bytes that it holds.

use std::{io::Write, net::SocketAddr};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::{
    Fault,
    guard::{self, Guarded},
};

/// The argument with which this program serves the static answer instead.
pub(crate) const ARGUMENT: &str = "--static-answer";

/// A process that answers; stopped when dropped.
pub(crate) struct Still {
    _process: Guarded,
    pub(crate) address: SocketAddr,
}

impl Still {
    /// Starts it with an answer of so many bytes.
    pub(crate) fn start(bytes: usize) -> Result<Self, Fault> {
        let program = std::env::current_exe()?;
        let program = program.to_str().ok_or("the path of this program must be UTF-8")?;
        let mut process = Guarded::start(&mut guard::command(program, &[ARGUMENT, &bytes.to_string()]))?;
        let address = process.line()?.trim().parse()?;
        Ok(Self { _process: process, address })
    }
}

/// Serves the static answer until the process is told to stop.
pub(crate) fn serve(bytes: usize) -> Result<(), Fault> {
    let body = web::Bytes::from("x".repeat(bytes));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let body = body.clone();
            // The body that was sent is read, as the server reads it.
            App::new().default_service(web::to(move |_sent: web::Bytes| {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            }))
        })
        .bind("127.0.0.1:0")?;
        let address = server.addrs().first().copied().ok_or("no address")?;
        writeln!(std::io::stdout(), "{address}")?;
        Ok(server.run().await?)
    })
}
