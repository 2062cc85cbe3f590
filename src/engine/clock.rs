//! Where the time comes from.

use crate::model::Millis;

/// A clock.
pub trait Clock {
    /// Now.
    fn now(&self) -> Millis;
}
