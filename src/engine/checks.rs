//! The runbook's checks, and its guards that hold from the beginning on, before the run exists: all of them, at the same time, whatever
//! each of them finds.
//!
//! A check whose parameters the inputs tell starts at once; one that uses what an action looks up starts when the looks are
//! made. The rows come in the document's order. Not repeated by `resume`: what they ask is true at the start and not later.

use super::call::{check_call, check_call_in_part, guard_check, outputs_of};
use super::preflight::preflight;
use super::{Lookout, Performer, Worker};
use crate::model::{
    ActionPath, CheckCall, CheckKind, CheckRow, CheckVerdict, Guard, Millis, PreflightCheck, Refusal, RunId,
    Unresolved, Values,
};
use crate::plan::{Look, Plan};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Carries out checks.
pub trait Examiner {
    /// Carries out one check: all rows of its kind. A question that fails is a row.
    fn examine(&self, call: CheckCall) -> impl Future<Output = Vec<CheckRow>>;
}

impl Examiner for Worker {
    async fn examine(&self, call: CheckCall) -> Vec<CheckRow> {
        crate::action::examine(&call, self.access()).await
    }
}

/// Looks at all actions that can be looked at, and carries out all checks.
pub async fn preflight_with_checks<W: Performer + Lookout + Examiner>(
    plan: &Plan,
    run: &RunId,
    worker: &W,
    now: Millis,
) -> (Vec<(ActionPath, Look)>, Vec<CheckRow>) {
    let nothing = BTreeMap::new();
    let calls = |outputs: &BTreeMap<ActionPath, Values>| -> Vec<Result<CheckCall, Unresolved>> {
        plan.runbook.preflight.iter().map(|check| check_call(plan, outputs, check)).collect()
    };
    let at_once = calls(&nothing);
    let early = all(at_once.iter().flatten().map(|call| worker.examine(call.clone())));
    let guards = all(plan.guards_from_the_start().into_iter().map(|guard| at_guard(plan, guard, worker)));
    let (looks, early, guards) = tokio::join!(preflight(plan, run, worker, now), early, guards);
    let (mut early, mut later) = (early.into_iter(), Vec::new());
    let mut rows: Vec<Vec<CheckRow>> = Vec::new();
    let known = outputs_of(&looks);
    for ((place, first), second) in at_once.iter().enumerate().zip(calls(&known)) {
        let in_part = || plan.runbook.preflight.get(place).and_then(|check| check_call_in_part(plan, &known, check));
        rows.push(match (first, second) {
            (Ok(_), _) => early.next().unwrap_or_default(),
            (Err(_), Ok(call)) => {
                later.push((place, worker.examine(call)));
                Vec::new()
            }
            (Err(_), Err(unresolved)) => match in_part() {
                Some(call) => {
                    later.push((place, worker.examine(call)));
                    Vec::new()
                }
                None => not_known(&plan.runbook.preflight, place, &unresolved),
            },
        });
    }
    let (places, futures): (Vec<usize>, Vec<_>) = later.into_iter().unzip();
    for (place, found) in places.into_iter().zip(all(futures.into_iter()).await) {
        if let Some(rows) = rows.get_mut(place) {
            *rows = found;
        }
    }
    let titles = plan.runbook.preflight.iter().map(|check| (check.kind, check.title.as_deref()));
    let guarded = plan.guards_from_the_start().into_iter().map(|guard| (guard.kind, guard.title.as_deref()));
    let rows = rows.into_iter().chain(guards).zip(titles.chain(guarded));
    (looks, rows.flat_map(|(rows, (kind, title))| titled(rows, kind, title)).collect())
}

/// What a probe's only row is called.
const PROBED: &str = "holds";

/// Rows with what their author calls the question, of a probe: its answer alone does not say what it means.
fn titled(rows: Vec<CheckRow>, kind: CheckKind, title: Option<&str>) -> Vec<CheckRow> {
    let Some(title) = title.filter(|_| kind.spec().rows.iter().any(|row| row.name == PROBED)) else { return rows };
    rows.into_iter().map(|row| CheckRow { evidence: format!("{title}: {}", row.evidence), ..row }).collect()
}

/// What is seen of a guard that holds from the beginning on. Nobody can take a refusal upon himself: the run would rest at once.
async fn at_guard<W: Examiner>(plan: &Plan, guard: &Guard, worker: &W) -> Vec<CheckRow> {
    let rows = match guard_check(plan, guard) {
        Ok(call) => worker.examine(call).await,
        Err(unresolved) => rows_not_known(&guard.id, guard.kind, &unresolved),
    };
    rows.into_iter().map(|row| CheckRow { acceptable: false, ..row }).collect()
}

/// The rows of a check whose parameters could not be looked up.
fn not_known(checks: &[PreflightCheck], place: usize, unresolved: &Unresolved) -> Vec<CheckRow> {
    let Some(check) = checks.get(place) else { return Vec::new() };
    rows_not_known(&check.id, check.kind, unresolved)
}

fn rows_not_known(id: &str, kind: CheckKind, unresolved: &Unresolved) -> Vec<CheckRow> {
    let row = |spec: crate::model::RowSpec| CheckRow {
        id: format!("{id}.{}", spec.name),
        verdict: CheckVerdict::NotCheckable,
        evidence: unresolved.to_string(),
        advice: Vec::new(),
        acceptable: spec.refusal == Refusal::Acceptable,
        accepted: None,
    };
    kind.spec().rows.into_iter().map(row).collect()
}

/// Waits for all futures at the same time; the results are in the futures' order.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, slot) in waiting.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *slot = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
