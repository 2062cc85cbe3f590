//! The system's clock.

use crate::engine::Clock;
use crate::model::Millis;

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        jiff::Timestamp::now().as_millisecond()
    }
}
