//! Looking before the run exists: every action whose parameters can be known is observed, which only reads.
//!
//! What an action merely looks up is handed to the ones that use it, so that most of a runbook can be looked at. All
//! looks are made before the first refusal is told. What depends on things not made yet is looked at as far as its kind can
//! without them ([`action::looks_ahead`](crate::action::looks_ahead)), else skipped, and said so.

use super::call::{call, call_ahead};
use super::drift::drift;
use super::{Lookout, Performer};
use crate::access::Beat;
use crate::journal::{Record, RecordKind, RunState};
use crate::model::{ActionCall, ActionPath, Drift, Failure, Finding, Found, Millis, Outcome, Phase, RunId};
use crate::plan::{Look, Plan, Sequence, brought};
use std::collections::BTreeSet;

/// Observes what can be observed, in plan order.
pub async fn preflight<P: Performer + Lookout>(
    plan: &Plan,
    run: &RunId,
    performer: &P,
    now: Millis,
) -> Vec<(ActionPath, Look)> {
    match imagined(plan, run, now) {
        Some(nothing_done) => look_ahead(plan, &nothing_done, performer, now).await,
        None => Vec::new(),
    }
}

/// The same for a run that has begun: what has not begun of its plan is observed.
pub async fn look_ahead<P: Performer + Lookout>(
    plan: &Plan,
    state: &RunState,
    performer: &P,
    now: Millis,
) -> Vec<(ActionPath, Look)> {
    let mut looks = Vec::new();
    let mut known = state.clone();
    for planned in plan.actions.iter().filter(|p| state.action(&p.action).traces().is_none()) {
        let Some(definition) = plan.definition(&planned.action) else { continue };
        let beat = Beat::silent(planned.action.clone());
        let outcome = match call(plan, &known, definition, Phase::Observe) {
            Ok(call) => performer.perform(ActionCall { ahead: Some(plan.ahead()), ..call }, beat).await,
            Err(_) => match call_ahead(plan, &known, definition) {
                Some(ahead) => performer.look_ahead(ahead, beat).await,
                None => {
                    looks.push((planned.action.clone(), Look::NotYet));
                    continue;
                }
            },
        };
        let look = match outcome {
            Outcome::Observed(finding) if finding.found == Found::Unknown => Look::Refused(
                Failure::refused("it cannot be done as things are")
                    .cause(finding.evidence)
                    .advise("put that right by hand"),
            ),
            Outcome::Observed(finding) => {
                if finding.found == Found::Holds && definition.leaves_nothing() {
                    give(&mut known, &planned.action, &finding, now);
                }
                Look::Seen(finding)
            }
            Outcome::Failed(failure) => not_yet(plan, &known, (&planned.action, &looks), failure),
            _ => Look::NotYet,
        };
        looks.push((planned.action.clone(), look));
    }
    leave_out_overtaken(&mut looks);
    looks
}

/// What a look says that has missed something: where an earlier action of the plan brings it, that it is not there yet.
fn not_yet(
    plan: &Plan,
    state: &RunState,
    (action, looks): (&ActionPath, &[(ActionPath, Look)]),
    failure: Failure,
) -> Look {
    let is_to_act = |earlier: &ActionPath| {
        let holds = |(path, look): &(ActionPath, Look)| {
            path == earlier && matches!(look, Look::Seen(finding) if finding.found == Found::Holds)
        };
        !state.action(earlier).is_done() && !looks.iter().any(holds)
    };
    let brought_by = failure.lacks.as_ref().and_then(|lacking| brought(plan, action, lacking, is_to_act));
    match brought_by {
        None => Look::Refused(failure),
        Some(brought_by) => {
            let how = if brought_by.is_sure { "comes before, and brings it" } else { "comes before, and may bring it" };
            let evidence = format!("not yet: {}; `{}` {how}", failure.message, brought_by.action);
            Look::Seen(Finding { brought_by: Some(brought_by), ..Finding::new(Found::Absent, false, evidence) })
        }
    }
}

/// How the world seen by these looks differs from the one the plan was made on, for all actions at once. A fact that several
/// actions name is told of the first.
#[must_use]
pub fn drifts(plan: &Plan, run: &RunId, looks: &[(ActionPath, Look)], now: Millis) -> Vec<Drift> {
    imagined(plan, run, now).map_or_else(Vec::new, |nothing_done| drifts_ahead(plan, &nothing_done, looks))
}

/// The same for a run that has begun: what it has changed itself is no difference.
#[must_use]
pub fn drifts_ahead(plan: &Plan, state: &RunState, looks: &[(ActionPath, Look)]) -> Vec<Drift> {
    let sequence = Sequence::of(plan);
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut all = Vec::new();
    for (action, look) in looks {
        let Look::Seen(finding) = look else { continue };
        let Some(mut drift) = drift(plan, &sequence, state, action, finding) else { continue };
        drift.facts.retain(|fact| told.insert(fact.what.clone()));
        if !drift.facts.is_empty() {
            all.push(drift);
        }
    }
    all
}

/// Takes the changes out of looks that came too early: an earlier action of the plan will have changed a fact they rest on, e.g.
/// stopped the instance that now would have to be stopped. What the parameters tell is shown instead.
fn leave_out_overtaken(looks: &mut [(ActionPath, Look)]) {
    let mut changed: BTreeSet<String> = BTreeSet::new();
    for (_, look) in looks {
        let Look::Seen(finding) = look else { continue };
        let overtaken = finding.facts.keys().any(|fact| changed.contains(fact));
        if overtaken {
            finding.changes.clear();
        }
        // What is as wanted does not act, unless something else undoes that before.
        if overtaken || finding.found != Found::Holds {
            changed.extend(finding.facts.keys().cloned());
        }
    }
}

/// A state that is in no journal, to hold what looks have given.
fn imagined(plan: &Plan, run: &RunId, now: Millis) -> Option<RunState> {
    let kind = RecordKind::RunOpened {
        runbook: plan.runbook.name.clone(),
        document: String::new(),
        fingerprint: String::new(),
        plan: crate::model::Value::Null,
        by: String::new(),
        tool: String::new(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    };
    RunState::open(&Record { run: run.clone(), seq: 1, at: now, kind }).ok()
}

/// Gives to a state that is in no journal what a look has found. What cannot be given is not known there.
fn give(state: &mut RunState, action: &ActionPath, finding: &Finding, now: Millis) {
    let kind = RecordKind::Adopted {
        action: action.clone(),
        outputs: finding.outputs.clone(),
        evidence: finding.evidence.clone(),
    };
    let record = Record { run: state.run.clone(), seq: state.seq + 1, at: now, kind };
    let _ = state.add(&record);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Facts};

    fn seen(action: &str, found: Found, fact: &str) -> (ActionPath, Look) {
        let finding = Finding {
            changes: vec![Change::Command { on: "web-1".into(), argv: vec![action.into()] }],
            facts: Facts::from([(fact.to_owned(), "running".to_owned())]),
            ..Finding::new(found, false, String::new())
        };
        (action.parse().unwrap(), Look::Seen(finding))
    }

    #[test]
    fn changes_that_an_earlier_action_makes_untrue_are_left_out() {
        let mut looks = vec![
            seen("check/runs", Found::Holds, "state of `i-1`"),
            seen("off/stop", Found::Absent, "state of `i-1`"),
            seen("off/other", Found::Absent, "state of `i-2`"),
            seen("on/start", Found::Holds, "state of `i-1`"),
            seen("off/again", Found::Absent, "state of `i-1`"),
        ];
        leave_out_overtaken(&mut looks);
        let shown = |(_, look): &(ActionPath, Look)| matches!(look, Look::Seen(f) if !f.changes.is_empty());
        assert_eq!(looks.iter().map(shown).collect::<Vec<_>>(), [true, true, true, false, false]);
    }
}
