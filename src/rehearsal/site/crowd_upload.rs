//! What the uploader sends: a file whose every piece is another one, streamed evenly, and compared when it comes back. Pure but
//! for the clock.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// What is sent at once.
const PIECE: u64 = 256 * 1024;

/// The content of one file.
#[derive(Debug, Clone)]
pub(super) struct UploadContent {
    number: u64,
    length: u64,
}

impl UploadContent {
    pub(super) fn new(number: u64, mib: u64) -> Self {
        Self { number, length: mib.saturating_mul(1024 * 1024) }
    }

    /// The piece in which a byte is, and where it begins in it.
    fn piece(&self, at: u64) -> (Vec<u8>, usize) {
        let begins = at - at % PIECE;
        let length = usize::try_from(PIECE.min(self.length.saturating_sub(begins))).unwrap_or_default();
        let mark = [self.number.to_be_bytes(), begins.to_be_bytes()].concat();
        let mut piece = mark.repeat(length.div_ceil(mark.len()));
        piece.truncate(length);
        (piece, usize::try_from(at - begins).unwrap_or_default())
    }

    /// The body of a request that takes so long to be sent.
    pub(super) fn streamed(&self, over: Duration) -> Streamed {
        Streamed { content: self.clone(), sent: 0, over, began: None, pause: None }
    }

    /// Compares what comes back.
    pub(super) fn comparison(&self) -> Comparison {
        Comparison { content: self.clone(), met: 0, same: true, piece: (Vec::new(), u64::MAX) }
    }
}

/// A body on its way.
pub(super) struct Streamed {
    content: UploadContent,
    sent: u64,
    over: Duration,
    began: Option<Instant>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        // The last piece is sent at the end.
        let after = (self.sent + PIECE).min(self.content.length);
        let due = began + self.over.mul_f64(after as f64 / self.content.length.max(1) as f64);
        ready!(self.pause.get_or_insert_with(|| Box::pin(sleep_until(due))).as_mut().poll(cx));
        self.pause = None;
        let (piece, _) = self.content.piece(self.sent);
        self.sent = after;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent >= self.content.length
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.length - self.sent)
    }
}

/// What came back so far.
pub(super) struct Comparison {
    content: UploadContent,
    met: u64,
    same: bool,
    /// The piece that is compared with, and where it begins.
    piece: (Vec<u8>, u64),
}

impl Comparison {
    pub(super) fn meets(&mut self, mut received: &[u8]) {
        while !received.is_empty() && self.same && self.met < self.content.length {
            let begins = self.met - self.met % PIECE;
            if self.piece.1 != begins {
                self.piece = (self.content.piece(begins).0, begins);
            }
            let from = usize::try_from(self.met - begins).unwrap_or_default();
            let wanted = self.piece.0.get(from..).unwrap_or_default();
            let both = wanted.len().min(received.len());
            self.same &= wanted.get(..both) == received.get(..both);
            self.met += both as u64;
            received = received.get(both..).unwrap_or_default();
        }
        self.met += received.len() as u64;
    }

    /// What is wrong with it, in words.
    pub(super) fn judged(&self) -> Result<(), String> {
        match (self.met == self.content.length, self.same) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("{} bytes came back of {}", self.met, self.content.length)),
            (true, false) => Err("what came back is not what was sent".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(content: &UploadContent) -> Vec<u8> {
        (0..content.length.div_ceil(PIECE)).flat_map(|n| content.piece(n * PIECE).0).collect()
    }

    #[test]
    fn what_comes_back_must_be_the_same_in_all_its_bytes() {
        let content = UploadContent::new(3, 1);
        let mut bytes = whole(&content);
        assert_eq!(bytes.len(), 1024 * 1024);
        let judged = |bytes: &[u8]| {
            let mut comparison = content.comparison();
            bytes.chunks(100_000).for_each(|part| comparison.meets(part));
            comparison.judged()
        };
        assert_eq!(judged(&bytes), Ok(()));
        assert_eq!(judged(&bytes[1..]).unwrap_err(), "1048575 bytes came back of 1048576");
        assert!(judged(&[&bytes[..], b"x"].concat()).unwrap_err().starts_with("1048577 bytes"));
        assert!(judged(&whole(&UploadContent::new(4, 1))).unwrap_err().contains("not what was sent"));
        bytes[700_000] ^= 1;
        assert!(judged(&bytes).unwrap_err().contains("not what was sent"));
    }

    #[tokio::test]
    async fn a_body_is_sent_evenly_over_its_time() {
        let content = UploadContent::new(1, 1);
        let mut body = content.streamed(Duration::from_millis(80));
        assert_eq!(body.size_hint().exact(), Some(1024 * 1024));
        let (began, mut sent) = (Instant::now(), Vec::new());
        for due in [20, 40, 60, 80] {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            sent.extend_from_slice(&frame.unwrap().unwrap().into_data().unwrap());
            assert!(began.elapsed() >= Duration::from_millis(due));
        }
        assert!(body.is_end_stream() && sent == whole(&content));
    }
}
