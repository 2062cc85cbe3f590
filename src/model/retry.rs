//! How often a failed action is tried again, and after how long.
//!
//! By the kind of failure: what may pass is tried as often as the action's `retry` says; what is known to pass in its time
//! (throttled, busy, no capacity: [`FailureKind::patience`]) until that time is over. Both are bounded: after the last attempt the
//! run rests and a person decides. The wait is exponential with a jitter that is derived from the action's token, so that the
//! core stays a pure function.

use super::FailureKind;
use serde::{Deserialize, Serialize};

/// The rule of one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How many attempts in all, at least 1. One means one, whatever the failure.
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
    #[must_use]
    pub fn wait_ms(&self, kind: FailureKind, attempt: u32, seed: &str) -> Option<u64> {
        let patience = kind.patience()?.as_millis();
        let waited = || (1..attempt).map(|n| u128::from(self.nth_ms(n, seed))).sum::<u128>();
        let again = attempt < self.attempts || (self.attempts > 1 && waited() < patience);
        again.then(|| self.nth_ms(attempt, seed))
    }

    /// The wait after attempt number `attempt`. The jitter takes up to a quarter off, chosen by `seed`.
    fn nth_ms(&self, attempt: u32, seed: &str) -> u64 {
        let full = self.first_ms.saturating_mul(1 << (attempt - 1).min(20)).min(self.most_ms);
        let spread =
            seed.bytes().fold(u64::from(attempt), |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b))) % 256;
        full - (full / 4).saturating_mul(spread) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_end() {
        let policy = RetryPolicy { attempts: 8, first_ms: 1_000, most_ms: 10_000 };
        let waits: Vec<u64> = (1..8).map(|n| policy.wait_ms(FailureKind::Transient, n, "x").unwrap()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = (1_000 << n).min(10_000);
            assert!((full * 3 / 4..=full).contains(wait), "{n}: {wait}");
        }
        assert_eq!(policy.wait_ms(FailureKind::Transient, 8, "x"), None);
    }

    #[test]
    fn what_passes_in_its_time_is_tried_until_that_is_over() {
        let total = |policy: RetryPolicy, kind| -> u64 {
            (1..10_000).map_while(|attempt| policy.wait_ms(kind, attempt, "x")).sum::<u64>() / 1_000
        };
        let usual = RetryPolicy::default();
        assert!((10..=14).contains(&total(usual, FailureKind::Transient)));
        for kind in [FailureKind::Throttled, FailureKind::Busy] {
            assert!((300..=360).contains(&total(usual, kind)), "{kind:?}: {}", total(usual, kind));
        }
        assert!((1_800..=1_860).contains(&total(usual, FailureKind::NoCapacity)));
        let more = RetryPolicy { attempts: 60, ..usual };
        assert!(total(more, FailureKind::Busy) > 2_000, "an action may be given more");
        let once = RetryPolicy { attempts: 1, ..usual };
        assert_eq!(total(once, FailureKind::NoCapacity), 0, "once is once");
        for kind in [FailureKind::Permanent, FailureKind::Credentials, FailureKind::Refused, FailureKind::Deadline] {
            assert_eq!(usual.wait_ms(kind, 1, "x"), None, "{kind:?}");
        }
    }
}
