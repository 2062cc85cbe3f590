//! Where the time comes from.

use crate::engine::Clock;
use crate::model::Millis;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// The clock of an executor: the system's, but when that is set back it goes on as if it had not been. So no wait gets longer
/// because somebody, or NTP, set the clock.
#[derive(Debug)]
pub(in crate::cli) struct SteadyClock {
    anchor: Cell<(Millis, Instant)>,
}

impl SteadyClock {
    /// A clock that goes on from now.
    pub(in crate::cli) fn new() -> Self {
        Self { anchor: Cell::new((SystemClock.now(), Instant::now())) }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Millis {
        let (then, since) = self.anchor.get();
        let (now, system) = (steady(then, since.elapsed()), SystemClock.now());
        if system <= now {
            return now;
        }
        // Set forward, or the machine slept.
        self.anchor.set((system, Instant::now()));
        system
    }
}

fn steady(then: Millis, elapsed: Duration) -> Millis {
    then.saturating_add(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_and_one_that_is_set_forward_is_followed() {
        let hour = 3_600_000;
        let began = Instant::now();
        let set_back = SteadyClock { anchor: Cell::new((SystemClock.now() + hour, began)) };
        let first = set_back.now();
        std::thread::sleep(Duration::from_millis(5));
        let second = set_back.now();
        assert!(second >= first + 5, "{first} {second}");
        assert!(second - SystemClock.now() > hour / 2, "it is not an hour early");
        let slept = SteadyClock { anchor: Cell::new((SystemClock.now() - hour, began)) };
        assert!(SystemClock.now() - slept.now() < hour / 2);
    }
}
