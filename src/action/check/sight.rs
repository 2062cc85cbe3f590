//! One look at a guard: a check that is made in the middle of a run, of which counts whether it is so.

use super::examine;
use crate::access::Access;
use crate::model::{CheckCall, CheckRow, CheckVerdict, Foresight, Foretold, GuardCall, Sighting};

/// Looks at a guard. Commands of the runbook may run: the run they belong to was allowed.
pub async fn sight(call: &GuardCall, access: &Access) -> Sighting {
    let check = CheckCall {
        id: call.guard.clone(),
        kind: call.kind,
        parameters: Foretold::Known(call.parameters.clone()),
        region: call.region.clone(),
        ahead: Foresight::WithCommands,
    };
    told(examine(&check, access).await)
}

/// What rows tell of a guard: it holds where all of them are as they should be. What could not be found out does not hold.
fn told(rows: Vec<CheckRow>) -> Sighting {
    let is_good = |row: &CheckRow| matches!(row.verdict, CheckVerdict::Pass | CheckVerdict::Warn);
    let (good, bad): (Vec<CheckRow>, Vec<CheckRow>) = rows.into_iter().partition(is_good);
    let (holds, told) = if bad.is_empty() { (true, good) } else { (false, bad) };
    let seen: Vec<&str> = told.iter().map(|row| row.evidence.as_str()).collect();
    let seen = seen.join("; ");
    let advice = if holds { Vec::new() } else { told.into_iter().flat_map(|row| row.advice).collect() };
    Sighting { holds, seen, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: CheckVerdict, evidence: &str) -> CheckRow {
        let (id, advice) = ("up.answers".to_owned(), vec!["look at it".to_owned()]);
        CheckRow { id, verdict, evidence: evidence.to_owned(), advice, acceptable: true, accepted: None }
    }

    #[test]
    fn a_guard_holds_only_where_all_is_known_to_be_as_it_should() {
        use CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
        let good = told(vec![row(Pass, "it runs"), row(Warn, "a bit slow")]);
        assert_eq!((good.holds, good.seen.as_str(), good.advice.len()), (true, "it runs; a bit slow", 0));
        for verdict in [NotCheckable, Refuse] {
            let bad = told(vec![row(Pass, "it runs"), row(verdict, "no answer")]);
            assert_eq!((bad.holds, bad.seen.as_str(), bad.advice.len()), (false, "no answer", 1));
        }
    }
}
