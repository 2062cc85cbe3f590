//! That what was made to fail failed, and was done all the same.

use super::facts;
use crate::rehearsal::scenario::VerdictRow;
use serde_json::Value;

/// Whether each of these points (`ACTION:before|after`) was met by one failure in a run's log, and the action was done
/// all the same.
pub(in crate::rehearsal) fn injected(log: &Value, points: &[String]) -> VerdictRow {
    let records = log.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |kind: &str, action: &str| {
        let is = |r: &&Value| facts::text(r, "record") == kind && facts::text(r, "action") == action;
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

/// Whether the clone was refused so many times for want of room, and launched once.
pub(in crate::rehearsal) fn launched_after(log: &Value, refusals: usize) -> VerdictRow {
    let records = log.as_array().map(Vec::as_slice).unwrap_or_default();
    let of_clone = records.iter().filter(|r| facts::text(r, "action") == "clone-server/clone");
    let (mut refused, mut done) = (0, 0);
    for record in of_clone {
        refused += usize::from(record.pointer("/failure/kind").and_then(Value::as_str) == Some("no_capacity"));
        done += usize::from(facts::text(record, "record") == "done");
    }
    let seen = format!("refused {refused} times, launched {done} times");
    VerdictRow::new("the clone was asked for until there was room", (refused, done) == (refusals, 1), seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_that_was_not_refused_as_often_or_launched_twice_is_seen() {
        let refused = serde_json::json!({
            "record": "failed", "action": "clone-server/clone", "failure": { "kind": "no_capacity" },
        });
        let done = serde_json::json!({ "record": "done", "action": "clone-server/clone" });
        let ok = |log: &[&Value]| launched_after(&log.iter().copied().cloned().collect(), 2).ok;
        assert!(ok(&[&refused, &refused, &done]));
        assert!(!ok(&[&refused, &done]) && !ok(&[&refused, &refused]) && !ok(&[&refused, &refused, &done, &done]));
    }

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
