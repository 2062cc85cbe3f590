//! The end of a run: what its commands have left where they ran is removed. Never in the way of the run, which has ended.

use crate::access::Access;
use crate::display;
use crate::engine::{self, Worker};
use crate::journal::{Rest, RunState};
use crate::model::Millis;
use crate::plan::Plan;
use std::rc::Rc;
use std::time::Duration;

/// How long it may take: a host that is not reached must not hold up whoever waits for the run.
const LIMIT_MS: Millis = 30_000;

/// Removes what a run has left where its commands ran, when it has ended, unless that is cut short; answers what is to be said of it.
pub(in crate::cli) async fn clear(
    plan: &Plan,
    state: &RunState,
    access: &Rc<Access>,
    stopping: impl Future<Output = ()>,
) -> Option<String> {
    if !state.rest.as_ref().is_some_and(Rest::is_over) {
        return None;
    }
    let worker = Worker::new(Rc::clone(access));
    let left = tokio::select! {
        left = tokio::time::timeout(Duration::from_millis(LIMIT_MS.unsigned_abs()), engine::clear(plan, state, &worker)) => left,
        () = stopping => return Some(told("it was not waited for")),
    };
    let Ok(left) = left else { return Some(told(&format!("it took longer than {}", display::duration(LIMIT_MS)))) };
    let (action, failure) = left.first()?;
    let more = if left.len() > 1 { format!(", and {} more", left.len() - 1) } else { String::new() };
    let why = failure.causes.first().map_or_else(String::new, |cause| format!(": {cause}"));
    Some(told(&format!("`{action}`: {}{why}{more}", failure.message)))
}

fn told(why: &str) -> String {
    format!(
        "what commands printed is still kept where they ran ({why}); the next that begins there removes it after 30 days"
    )
}
