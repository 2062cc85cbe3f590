//! What the outcome of a call means for the journal.

use super::decide::is_held_up;
use super::drift;
use super::exchange::Stopping;
use super::flight::{Flight, Withheld};
use super::frontier::Frontier;
use super::guards;
use super::limits;
use crate::journal::{ActionState, RecordKind, RunState};
use crate::model::{
    ActionCall, ActionPath, Advice, Failure, FailureKind, Finding, Found, Millis, Outcome, Pace, Phase, RetryPolicy,
};
use crate::plan::{Plan, Sequence};
use std::time::Duration;

/// Where a run stands when a call ends.
#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sequence: &'a Sequence,
    pub(super) state: &'a RunState,
    pub(super) frontier: &'a Frontier,
    pub(super) now: Millis,
    pub(super) pace: Pace,
}

/// The records that follow from `outcome` of `call`, in order.
pub(super) fn records_of(
    standing: &Standing<'_>,
    flight: &mut Flight,
    call: &ActionCall,
    outcome: Outcome,
) -> Vec<RecordKind> {
    let state = standing.state;
    let action = call.action.clone();
    let joined = flight.joined.remove(&action);
    flight.withheld.remove(&action);
    match (call.phase, outcome) {
        (Phase::Observe, Outcome::Observed(finding)) => observed(standing, flight, call, finding),
        (Phase::Apply, Outcome::Applied { outputs }) => vec![RecordKind::Applied { action, outputs }],
        (Phase::Verify, Outcome::Verified { outputs, evidence }) if joined => {
            vec![RecordKind::Adopted { action, outputs, evidence }]
        }
        (Phase::Verify, Outcome::Verified { outputs, evidence }) => {
            vec![RecordKind::Done { action, outputs, evidence }]
        }
        (Phase::Undo, Outcome::Undone { evidence }) => vec![RecordKind::Undone { action, evidence }],
        (Phase::Undo, Outcome::UndoneAnew { evidence, renamed }) => {
            vec![RecordKind::Renamed { action: action.clone(), renamed }, RecordKind::Undone { action, evidence }]
        }
        (Phase::Apply | Phase::Verify | Phase::Undo, Outcome::Waiting { gate, prompt }) => {
            match state.open_gate(&gate).filter(|other| other.action != action) {
                None => vec![RecordKind::GateOpened { action, gate, prompt }],
                Some(other) => {
                    let told =
                        Failure::refused(format!("`{action}` and `{}` both ask at a gate `{gate}`", other.action))
                            .advise(Advice::then_resume(format!("answer the one of `{}` first", other.action)));
                    vec![failed(standing, call, told)]
                }
            }
        }
        // Nothing came of it but the end of waiting: what was begun stays begun, and is observed on resume.
        (_, Outcome::Failed(failure)) if failure.kind == FailureKind::Cancelled && flight.stop == Stopping::Now => {
            Vec::new()
        }
        (_, Outcome::Failed(failure)) => vec![failed(standing, call, failure)],
        (phase, other) => {
            let told = Failure::permanent(format!("`{action}` answered {} when asked to {phase:?}", name_of(&other)))
                .advise("this is a defect of `runbook`: please report it");
            vec![failed(standing, call, told)]
        }
    }
}

fn observed(standing: &Standing<'_>, flight: &mut Flight, call: &ActionCall, finding: Finding) -> Vec<RecordKind> {
    let Standing { plan, sequence, state, frontier, .. } = *standing;
    let action = call.action.clone();
    let drifted = drift::drift(plan, sequence, state, &action, &finding);
    let current = state.action(&action);
    let touched = current.traces().is_some();
    let Finding { found, ours, before, outputs, evidence, .. } = finding;
    let stopped = |drifted| {
        let failure = drift::refusal(drifted);
        vec![RecordKind::Failed { action: call.action.clone(), phase: Phase::Observe, failure, retry_at: None }]
    };
    let start = |attempt| RecordKind::Started {
        action: action.clone(),
        attempt,
        token: call.token(),
        before: before.clone(),
        evidence: evidence.clone(),
    };
    match found {
        Found::Holds | Found::InProgress if touched => vec![RecordKind::Applied { action, outputs }],
        Found::Holds | Found::InProgress if ours => {
            vec![start(1), RecordKind::Applied { action: call.action.clone(), outputs }]
        }
        Found::Holds => match drifted {
            Some(drifted) => stopped(drifted),
            None => vec![RecordKind::Adopted { action, outputs, evidence }],
        },
        Found::InProgress => {
            flight.joined.insert(action);
            Vec::new()
        }
        // Asked to stop, nothing is begun, nor after something has failed for good: what was only looked at stays as it was.
        Found::Absent | Found::Otherwise if flight.stop != Stopping::No => Vec::new(),
        Found::Absent | Found::Otherwise if !touched && is_held_up(plan, sequence, frontier, state, flight) => {
            Vec::new()
        }
        Found::Absent | Found::Otherwise
            if !touched && limits::overrun((plan, state), (standing.pace, standing.now), &action).is_some() =>
        {
            Vec::new()
        }
        Found::Absent | Found::Otherwise => match drifted {
            Some(drifted) => stopped(drifted),
            None => begun(standing, flight, &call.action, start(current.attempt() + 1)),
        },
        Found::Unknown if touched => {
            flight.doubted.insert(action.clone());
            vec![RecordKind::Doubted { action, evidence }]
        }
        Found::Unknown => {
            let mut failure = Failure::refused(format!("`{action}` finds the world in a state it must not touch"))
                .cause(evidence)
                .advise(Advice::then_resume("put it right by hand"));
            failure.drift.extend(drifted);
            vec![RecordKind::Failed { action, phase: Phase::Observe, failure, retry_at: None }]
        }
    }
}

/// What follows when an effect is about to begin: its record, or a wait for the guards that hold there.
fn begun(standing: &Standing<'_>, flight: &mut Flight, action: &ActionPath, started: RecordKind) -> Vec<RecordKind> {
    let Standing { plan, sequence, now, .. } = *standing;
    if !sequence.place(action).is_some_and(|place| guards::is_guarded(plan, sequence, place)) {
        return vec![started];
    }
    flight.withheld.insert(action.clone(), Withheld { started: Box::new(started), since: now });
    Vec::new()
}

fn failed(standing: &Standing<'_>, call: &ActionCall, failure: Failure) -> RecordKind {
    let Standing { plan, state, now, pace, .. } = *standing;
    let action = call.action.clone();
    let policy = plan.definition(&action).map_or_else(RetryPolicy::default, |a| a.retry);
    let tries = state.action(&action).tries() + 1;
    let wait = policy.wait_ms(failure.kind, tries, &call.token()).map(|ms| pace.wait(Duration::from_millis(ms)));
    let retry_at = wait.map(|wait| now.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
    match (call.phase, state.action(&action)) {
        (Phase::Undo, ActionState::Undoing { .. }) => RecordKind::UndoFailed { action, failure, retry_at },
        (phase, _) => RecordKind::Failed { action, phase, failure, retry_at },
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Observed(_) => "a finding",
        Outcome::Applied { .. } => "`applied`",
        Outcome::Verified { .. } => "`verified`",
        Outcome::Undone { .. } | Outcome::UndoneAnew { .. } => "`undone`",
        Outcome::Waiting { .. } => "a gate",
        Outcome::Failed(_) => "a failure",
    }
}
