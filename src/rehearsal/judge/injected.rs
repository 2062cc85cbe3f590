//! That what was made to fail failed, and was done all the same.

use crate::rehearsal::scenario::VerdictRow;
use serde_json::Value;

/// Whether each of these points (`ACTION:before|after`) was met by one failure in a run's log, and the action was done
/// all the same.
pub(in crate::rehearsal) fn injected(log: &Value, points: &[String]) -> VerdictRow {
    let records = log.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |kind: &str, action: &str| {
        let is = |r: &&Value| r["record"] == kind && r["action"] == action;
        records.iter().filter(is).count()
    };
    let missed: Vec<&str> = points
        .iter()
        .filter(|point| {
            let action = point.rsplit_once(':').map_or(point.as_str(), |(action, _)| action);
            let wanted = points.iter().filter(|p| p.rsplit_once(':').is_some_and(|(a, _)| a == action)).count();
            (of("failed", action), of("done", action)) != (wanted, 1)
        })
        .map(String::as_str)
        .collect();
    let mut seen = format!("{} of {}", points.len() - missed.len(), points.len());
    if !missed.is_empty() {
        seen = format!("{seen}; not {}", missed.join(", "));
    }
    VerdictRow::new(
        "every action asked for failed once and was done by a retry",
        missed.is_empty() && !points.is_empty(),
        seen,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_was_not_met_or_not_retried_is_seen() {
        let record = |kind: &str| serde_json::json!({ "record": kind, "action": "a/b" });
        let ok = |kinds: &[&str]| {
            let log: Value = kinds.iter().map(|kind| record(kind)).collect();
            injected(&log, &["a/b:after".to_owned()]).ok
        };
        assert!(ok(&["started", "failed", "applied", "done"]));
        assert!(!ok(&["started", "applied", "done"]), "it never failed");
        assert!(!ok(&["started", "failed"]), "it was never done");
        assert!(!ok(&["started", "failed", "failed", "done"]), "it failed once more than asked for");
        assert!(!injected(&serde_json::json!([]), &[]).ok, "nothing asked for is nothing shown");
    }
}
