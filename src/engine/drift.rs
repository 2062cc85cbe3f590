//! Whether the world is still the one the plan was made on, told from what is seen just before an action acts.
//!
//! A fact is held until an action of the run that names it has acted; from then on it is the run's own doing. So an action
//! is compared when it has not acted in this run, with the facts that no other action of the plan has had its hands on, wherever
//! it stands in the plan.
//! Not handled: what the preview could not see (an action that can be looked at only once earlier ones have run), and what
//! happens between this look and the effect a moment later.

use crate::journal::{ActionState, Completion, RunState};
use crate::model::{ActionPath, Advice, Drift, FactDrift, Failure, Finding, Found, Recourse, StepAction};
use crate::plan::{Plan, Sequence};

/// How the world differs from what was previewed of `action`; nothing when it does not, or when there is nothing to be held
/// to.
#[must_use]
pub fn drift(
    plan: &Plan,
    sequence: &Sequence,
    state: &RunState,
    action: &ActionPath,
    finding: &Finding,
) -> Option<Drift> {
    let previewed = plan.previewed(action)?;
    // What is as wanted is left as it is, whatever else changed. Who only looks is what others rest on.
    let only_looks = plan.definition(action).is_some_and(StepAction::leaves_nothing);
    if (finding.found == Found::Holds && !only_looks) || has_acted(state, action) {
        return None;
    }
    let facts: Vec<FactDrift> = previewed
        .facts
        .iter()
        .filter(|(what, _)| !is_own_doing(plan, sequence, (state, action), what))
        .filter_map(|(what, was)| differs(finding, what, was))
        .collect();
    if facts.is_empty() {
        return None;
    }
    let changes_now = if finding.changes == previewed.changes { Vec::new() } else { finding.changes.clone() };
    Some(Drift {
        action: action.clone(),
        planned: previewed.does.clone(),
        facts,
        changes_planned: plan.named(&previewed.changes),
        changes_now: plan.named(&changes_now),
    })
}

/// The refusal of an action whose world has changed.
#[must_use]
pub(super) fn refusal(drift: Drift) -> Failure {
    let failure = Failure::refused(format!(
        "`{}` finds another world than the one it was planned for, and has changed nothing",
        drift.action
    ));
    let mut failure = ways_on().into_iter().fold(failure, Failure::advise);
    failure = failure.advise(Advice::way(Recourse::TakeBack(None)).which("takes back what was done"));
    failure.drift.push(drift);
    failure
}

/// How a run goes on that has found another world than the one it was planned for.
#[must_use]
pub fn ways_on() -> [Advice; 2] {
    [
        Advice::then_resume("put the world back as it was").which("looks again"),
        Advice::way(Recourse::Replan(None)).which("plans anew what has not run, on the world as it is"),
    ]
}

fn differs(finding: &Finding, what: &str, was: &str) -> Option<FactDrift> {
    let is = finding.facts.get(what);
    // Who only joins somebody else's work, or cannot tell, says nothing of what it did not look at.
    let silent = is.is_none() && !matches!(finding.found, Found::Absent | Found::Otherwise);
    let same = is.is_some_and(|is| is == was);
    (!silent && !same).then(|| FactDrift { what: what.to_owned(), was: was.to_owned(), is: is.cloned() })
}

/// Whether another action that names a fact has acted.
fn is_own_doing(plan: &Plan, sequence: &Sequence, (state, action): (&RunState, &ActionPath), what: &str) -> bool {
    let naming = sequence.naming(what).iter().filter_map(|place| plan.actions.get(*place));
    naming.map(|planned| &planned.action).any(|other| other != action && has_acted(state, other))
}

/// Whether an action has begun to act in this run, at some time; or a person has in its place, and it stands. What was only
/// found or refused has not, also when a rollback has passed it.
fn has_acted(state: &RunState, action: &ActionPath) -> bool {
    match state.action(action) {
        ActionState::Pending { .. }
        | ActionState::Done { completion: Completion::Adopted, .. }
        | ActionState::Failed { traces: None, .. } => state.taken_back.contains(action),
        _ => true,
    }
}
