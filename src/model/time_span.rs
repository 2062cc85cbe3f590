//! Durations as a document writes them: `30s`, `90m`, `1h30m`.

use super::decode::known;
use super::{Decode, Foretold, TextError};
use serde::{Deserialize, Serialize};

/// A duration, in milliseconds: more than nothing, and at most seven days, for a run that waits for external DNS over a long
/// weekend is still inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TimeSpan(u64);

const MOST_MS: u64 = 7 * 86_400_000;

impl TimeSpan {
    /// What is accepted, as an error message says it.
    pub const EXPECTED: &'static str = "a duration like `30s`, `10m` or `2h`, at most `7d`";

    /// Reads one; nothing when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut sum = 0u64;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let number: u64 = rest[..digits].parse().ok()?;
            let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| digits + n);
            let unit = match &rest[digits..unit_end] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            sum = sum.checked_add(number.checked_mul(unit)?)?;
            rest = &rest[unit_end..];
        }
        (1..=MOST_MS).contains(&sum).then_some(Self(sum))
    }

    /// In milliseconds.
    #[must_use]
    pub fn ms(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for TimeSpan {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text).ok_or(TextError { found: text, expected: Self::EXPECTED })
    }
}

impl Decode for TimeSpan {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        known(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [("90m", 5_400_000), ("1h30m", 5_400_000), ("500ms", 500), ("7d", 604_800_000)] {
            assert_eq!(TimeSpan::parse(text).map(TimeSpan::ms), Some(ms), "{text}");
        }
        for wrong in ["", "90", "m", "1.5h", "-1s", "8d", "0s", "1 h", "99999999999999999999s", "5ü"] {
            assert_eq!(TimeSpan::parse(wrong), None, "{wrong}");
        }
    }
}
