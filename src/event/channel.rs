//! The way from an executor to a display: the one side never waits, the other at its own pace.
//!
//! Promises: telling never blocks, whatever the display's terminal does; records arrive all and in order; notes are dropped
//! while more than [`BEHIND`] events are waiting, for what they say has passed by then, and is not in the journal either.

use super::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel as unbounded};

/// How many events may wait before notes are dropped.
pub const BEHIND: usize = 256;

/// The side that tells, one listener or several.
#[derive(Debug, Clone)]
pub struct Teller {
    lines: Vec<Line>,
}

/// The way to one listener.
#[derive(Debug, Clone)]
struct Line {
    events: Sender<Option<Event>>,
    waiting: Arc<AtomicUsize>,
}

/// The side that listens. It ends when a teller has closed, or every one is gone, and everything was heard.
#[derive(Debug)]
pub struct Listener {
    events: Receiver<Option<Event>>,
    waiting: Arc<AtomicUsize>,
}

/// Both sides.
#[must_use]
pub fn channel() -> (Teller, Listener) {
    let (sender, receiver) = unbounded();
    let waiting = Arc::new(AtomicUsize::new(0));
    let line = Line { events: sender, waiting: Arc::clone(&waiting) };
    (Teller { lines: vec![line] }, Listener { events: receiver, waiting })
}

impl Line {
    fn tell(&self, event: Event) {
        let may_be_lost = matches!(event, Event::Progress { .. } | Event::Working { .. });
        if may_be_lost && self.waiting.load(Ordering::Relaxed) >= BEHIND {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _ = self.events.send(Some(event));
    }
}

impl Teller {
    /// One that tells the listeners of both: none of them keeps another waiting.
    #[must_use]
    pub fn and(mut self, other: Teller) -> Self {
        self.lines.extend(other.lines);
        self
    }

    /// Tells an event. A listener that is gone is no error.
    pub fn tell(&self, event: Event) {
        let Some((last, others)) = self.lines.split_last() else { return };
        others.iter().for_each(|line| line.tell(event.clone()));
        last.tell(event);
    }

    /// Ends the telling, whoever else could still tell something.
    pub fn close(self) {
        for line in self.lines {
            let _ = line.events.send(None);
        }
    }
}

impl Iterator for Listener {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().ok()??;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(number: usize) -> Event {
        Event::Progress { action: "a/b".parse().unwrap(), note: number.to_string(), at: 0 }
    }

    #[test]
    fn who_does_not_listen_gets_no_more_notes_and_everything_else() {
        let (teller, mut listener) = channel();
        (0..2 * BEHIND).for_each(|number| teller.tell(note(number)));
        teller.tell(Event::Stopping { at_once: true });
        assert_eq!(listener.next(), Some(note(0)));
        (1..BEHIND).for_each(|number| assert_eq!(listener.next(), Some(note(number))));
        assert_eq!(listener.next(), Some(Event::Stopping { at_once: true }));
        teller.tell(note(9));
        let other = teller.clone();
        other.close();
        assert_eq!(listener.collect::<Vec<_>>(), [note(9)]);
    }

    #[test]
    fn each_listener_hears_all_whatever_the_other_does() {
        let ((one, first), (other, second)) = (channel(), channel());
        let both = one.and(other);
        drop(first);
        both.tell(note(1));
        both.close();
        assert_eq!(second.collect::<Vec<_>>(), [note(1)]);
    }

    #[test]
    fn telling_nobody_is_no_error() {
        let (teller, listener) = channel();
        drop(listener);
        teller.tell(note(1));
    }
}
