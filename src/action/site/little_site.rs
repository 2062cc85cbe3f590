//! A web server for tests of what a client of a site does: answers as it is told, and keeps what it was asked.

use reqwest::Url;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    line: String,
    headers: Vec<String>,
    base: String,
}

impl Request {
    pub(super) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> &str {
        self.target().split_once('?').map_or("", |(_, query)| query)
    }

    /// A header's value; empty when it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().filter_map(|line| line.split_once(':'));
        header
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
            .unwrap_or_default()
    }

    /// The server's own URL.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    fn read(connection: &TcpStream, base: &str) -> Option<Self> {
        let mut reader = BufReader::new(connection);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let request = Self { line: lines.remove(0), headers: lines, base: base.to_owned() };
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.read_exact(&mut vec![0; length]).ok()?;
        Some(request)
    }
}

/// The server; it ends with the test's process.
pub(super) struct LittleSite {
    url: Url,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl LittleSite {
    /// Starts one. An answer is what stands after `HTTP/1.1 `.
    pub(super) fn start(answer: impl Fn(&Request) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (base, asked) = (url.to_string(), Arc::new(Mutex::new(Vec::new())));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let Some(request) = Request::read(&connection, &base) else { continue };
                let text = answer(&request);
                kept.lock().unwrap().push(request);
                let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
                let _ = connection.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").as_bytes());
            }
        });
        Self { url, asked }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What it was asked until now.
    pub(super) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

pub(super) fn page(body: &str) -> String {
    answer("200 OK", body)
}

pub(super) fn answer(status: &str, body: &str) -> String {
    format!("{status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(super) fn redirect(status: u16, to: &str) -> String {
    format!("{status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}
