//! A static answer: the same actix-web in a process of its own, which only sends bytes that it holds.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::Fault;

/// The argument with which this program serves the static answer instead.
pub(crate) const ARGUMENT: &str = "--static-answer";

/// A process that answers; killed when dropped.
pub(crate) struct Still {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Still {
    /// Starts it with an answer of so many bytes.
    pub(crate) fn start(bytes: usize) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ARGUMENT, &bytes.to_string()]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no pipe")?;
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("the static answer does not start: {error}").into())
            }
        }
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the static answer until the process is killed.
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
