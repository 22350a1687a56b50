//! Just enough HTTP/1.1 to ask again and again over one connection, at little cost to the machine measured.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long an answer may take before it counts as an error.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is read at once; most answers fit.
const CHUNK: usize = 64 * 1024;

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, held: vec![0; CHUNK] })
    }

    /// Sends a request and waits for its answer; gives status and body.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let (status, body, length) = loop {
            filled += self.receive(filled)?;
            let held = self.held.get(..filled).unwrap_or_default();
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(held.get(..end).unwrap_or_default());
                let (status, length) = read_head(&head)?;
                break (status, end + 4, length);
            }
        };
        while filled < body + length {
            filled += self.receive(filled)?;
        }
        Ok((status, self.held.get(body..body + length).unwrap_or_default()))
    }

    fn receive(&mut self, filled: usize) -> io::Result<usize> {
        if filled + CHUNK / 2 > self.held.len() {
            self.held.resize(self.held.len() * 2, 0);
        }
        match self.stream.read(self.held.get_mut(filled..).unwrap_or_default())? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            received => Ok(received),
        }
    }
}

/// Status and length of the body.
fn read_head(head: &str) -> io::Result<(u16, usize)> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "no status line");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
    let mut length = 0;
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer in chunks"));
        }
    }
    Ok((status, length))
}

/// A request as it goes over the wire.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
