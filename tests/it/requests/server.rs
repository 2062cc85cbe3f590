//! A server on this machine that keeps what arrives, and answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) method: String,
    pub(super) path: String,
    headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Arrived {
    /// A header by its name in lower case; nothing where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
pub(super) enum Says {
    /// Status and body.
    This(u16, String),
    /// Status, and half of a body.
    Half(u16, String),
    /// Status, and where to go.
    Redirect(u16, String),
    /// The connection is closed.
    Nothing,
    /// Nothing, while the connection stays.
    Holds,
}

pub(super) struct Server {
    port: u16,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Server {
    pub(super) fn says(answer: impl Fn(&Arrived) -> Says + Send + Sync + 'static) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// On a port that was free a moment ago.
    pub(super) fn on(port: u16, answer: impl Fn(&Arrived) -> Says + Send + Sync + 'static) -> Self {
        Self::at(TcpListener::bind(("127.0.0.1", port)).unwrap(), answer)
    }

    fn at(listener: TcpListener, answer: impl Fn(&Arrived) -> Says + Send + Sync + 'static) -> Self {
        let port = listener.local_addr().unwrap().port();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&arrived), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &kept, &*answer));
            }
        });
        Self { port, arrived }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn requests(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

/// Reads one request; nothing where what comes is none.
fn read(stream: &TcpStream) -> Option<Arrived> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Arrived { method, path, headers, body: String::from_utf8(body).unwrap() })
}

fn serve(mut stream: TcpStream, kept: &Mutex<Vec<Arrived>>, answer: &dyn Fn(&Arrived) -> Says) {
    let Some(request) = read(&stream) else { return };
    kept.lock().unwrap().push(request.clone());
    let head = |status: u16, length: usize, more: &str| {
        format!("HTTP/1.1 {status} It\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n")
    };
    let text = match answer(&request) {
        Says::This(status, body) => head(status, body.len(), "") + &body,
        Says::Half(status, body) => head(status, body.len(), "") + &body[..body.len() / 2],
        Says::Redirect(status, to) => head(status, 0, &format!("Location: {to}\r\n")),
        Says::Nothing => return,
        Says::Holds => {
            let _ = stream.read(&mut [0; 1]);
            return;
        }
    };
    let _ = stream.write_all(text.as_bytes());
}
