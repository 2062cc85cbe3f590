//! A site on this machine that is up or down as a test says, and counts who asks.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A site.
pub(super) struct Site {
    pub(super) url: String,
    up: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    /// One that is up, but for the answers of these numbers, from 1.
    pub(super) fn failing_at(bad: &'static [usize]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let (up, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (is_up, counted) = (Arc::clone(&up), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                let good = is_up.load(Ordering::SeqCst) && !bad.contains(&number);
                let status = if good { "200 OK" } else { "503 Service Unavailable" };
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { url, up, asked }
    }

    pub(super) fn new() -> Self {
        Self::failing_at(&[])
    }

    pub(super) fn goes(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
