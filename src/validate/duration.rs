//! Durations as a document writes them: `30s`, `90m`, `1h30m`.

use super::problem::Notes;
use super::words::found;
use crate::document::{Kind, Node};

/// The longest: a run that waits for external DNS over a long weekend is still inside.
const MOST_MS: u64 = 7 * 86_400_000;

/// Reads a duration, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
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
    (1..=MOST_MS).contains(&sum).then_some(sum)
}

/// Reads a duration of a document, in milliseconds, and tells when it is none.
pub(super) fn read(node: &Node, what: &str, notes: &mut Notes) -> Option<u64> {
    let read = node.text().and_then(milliseconds);
    if read.is_none() {
        let message =
            format!("{what}: found {}, expected a duration like `30s`, `10m` or `2h`, at most `7d`", found(node));
        match &node.kind {
            Kind::Number(n) => notes.advise(node.place, message, format!("give the unit, e.g. `{n}s`")),
            _ => notes.add(node.place, message),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn durations() {
        assert_eq!(milliseconds("90m"), Some(5_400_000));
        assert_eq!(milliseconds("1h30m"), Some(5_400_000));
        assert_eq!(milliseconds("500ms"), Some(500));
        for wrong in ["", "90", "m", "1.5h", "-1s", "8d", "0s", "1 h", "99999999999999999999s", "5ü"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
