//! How often a failed action is tried again, and after how long.
//!
//! Attempts are bounded: after the last one the run rests and a person decides. The wait is exponential with a jitter
//! that is derived from the action's token, so that the core stays a pure function.

use serde::{Deserialize, Serialize};

/// The rule of one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How many attempts in all, at least 1.
    pub attempts: u32,
    /// The wait after the first failure, in milliseconds.
    pub first_ms: u64,
    /// The longest wait, in milliseconds.
    pub most_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_ms: 2_000, most_ms: 60_000 }
    }
}

impl RetryPolicy {
    /// The wait after failed attempt number `attempt` (from 1), in milliseconds; nothing when it was the last one.
    /// The jitter takes up to a quarter off, chosen by `seed`.
    #[must_use]
    pub fn wait_ms(&self, attempt: u32, seed: &str) -> Option<u64> {
        if attempt >= self.attempts {
            return None;
        }
        let full = self.first_ms.saturating_mul(1 << (attempt - 1).min(20)).min(self.most_ms);
        let spread =
            seed.bytes().fold(u64::from(attempt), |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b))) % 256;
        Some(full - (full / 4).saturating_mul(spread) / 255)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_end() {
        let policy = RetryPolicy { attempts: 8, first_ms: 1_000, most_ms: 10_000 };
        let waits: Vec<u64> = (1..8).map(|n| policy.wait_ms(n, "x").unwrap()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = (1_000 << n).min(10_000);
            assert!((full * 3 / 4..=full).contains(wait), "{n}: {wait}");
        }
        assert_eq!(policy.wait_ms(8, "x"), None);
    }
}
