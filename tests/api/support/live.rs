//! The API behind a socket, for what only bytes on the wire can show.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use actix_web::{dev::ServerHandle, web};
use kiennghi::{config, http::server};

use super::client::TestApp;

/// A server on a free port.
pub(crate) struct Live {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
}

impl Live {
    /// Serves an application with the settings of a command line.
    pub(crate) fn start(app: &TestApp, arguments: &[&str]) -> Self {
        let arguments = [&["kiennghi", "openapi", "--listen", "127.0.0.1:0"], arguments].concat();
        let (_, settings) = config::resolve_from(arguments, None).expect("settings");
        let (server, address) = server::bind(app.app.clone(), app.edge.clone(), &settings).expect("a server");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, handle }
    }

    /// Sends bytes and reads until the server closes the connection.
    pub(crate) async fn exchange(&self, sent: impl Into<Vec<u8>>) -> String {
        let (address, sent) = (self.address, sent.into());
        let exchange = move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            // A server that has heard enough closes while we still write.
            let _ = stream.write_all(&sent);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            let _ = stream.shutdown(Shutdown::Both);
            String::from_utf8_lossy(&answer).into_owned()
        };
        web::block(exchange).await.expect("an exchange")
    }

    /// Lets go of the port.
    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// The status of an answer, and how many answers there are.
pub(crate) fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.lines().filter(|line| line.starts_with("HTTP/1.1 "));
    lines.map(|line| line[9..12].parse().expect("a status")).collect()
}
