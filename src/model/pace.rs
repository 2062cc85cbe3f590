//! How fast waits go: as they are meant on real AWS, or so many times faster in a rehearsal or a test.
//!
//! All waits of a run go by one pace: the time between two looks, the windows in which something is tried again, deadlines. What
//! takes its own time (a command on a host, a request, a boot) is not made faster by it, so a deadline is never cut below
//! [`WORK`].

use std::num::NonZeroU32;
use std::time::Duration;

/// What a limit always leaves for work that takes its own time.
pub(super) const WORK: Duration = Duration::from_secs(120);

/// So many times faster than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(NonZeroU32);

impl Pace {
    /// As waits are meant.
    pub const USUAL: Self = Self(NonZeroU32::MIN);

    /// The fastest: a wait of ten seconds takes a millisecond.
    pub const MOST: u32 = 10_000;

    /// So many times faster; nothing of 0, nor of more than [`Pace::MOST`].
    #[must_use]
    pub fn times(times: u32) -> Option<Self> {
        NonZeroU32::new(times).filter(|times| times.get() <= Self::MOST).map(Self)
    }

    /// How long a wait really takes.
    #[must_use]
    pub fn wait(self, usual: Duration) -> Duration {
        usual / self.0.get()
    }

    /// How long something really may take that has this limit.
    #[must_use]
    pub fn limit(self, usual: Duration) -> Duration {
        self.wait(usual).max(usual.min(WORK))
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::USUAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_get_shorter_and_limits_leave_time_for_work() {
        let s = Duration::from_secs;
        let fast = Pace::times(50).unwrap();
        assert_eq!((fast.wait(s(10)), Pace::USUAL.wait(s(10))), (Duration::from_millis(200), s(10)));
        assert_eq!((fast.limit(s(60)), fast.limit(s(3_600)), fast.limit(s(36_000))), (s(60), s(120), s(720)));
        assert_eq!(Pace::USUAL.limit(s(3_600)), s(3_600));
        assert!(Pace::times(0).is_none() && Pace::times(Pace::MOST + 1).is_none());
    }
}
