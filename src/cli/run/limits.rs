//! What a run must keep within: as its plan says, or as whoever resumes it says now; recorded with who said so.

use crate::cli::args::{Lifted, ResumeArgs};
use crate::cli::clock::SystemClock;
use crate::cli::{CommandFailure, operator};
use crate::display;
use crate::engine::Clock;
use crate::journal::{Journal, Lease, RecordKind, RunState};
use crate::model::{Limits, Millis};
use crate::plan::Plan;

/// The limits of a run for which nobody has said any yet: what its plan says of one that begins then, where that says any.
pub(in crate::cli) fn first_limits(state: &RunState, plan: &Plan, begins: Millis) -> Option<Limits> {
    let says = plan.change_window.is_some() || plan.max_downtime_s.is_some();
    (state.limits.is_none() && says).then(|| plan.limits(begins))
}

/// The limits from here on, where they are others than before.
///
/// # Errors
/// When the new window is not open.
pub(in crate::cli) fn limits_now(
    args: &ResumeArgs,
    state: &RunState,
    plan: &Plan,
    now: Millis,
) -> Result<Option<Limits>, CommandFailure> {
    let first = first_limits(state, plan, state.opened.at);
    let mut limits = first.or(state.limits).unwrap_or_default();
    match &args.window {
        None => {}
        Some(Lifted::None) => limits.window = None,
        Some(Lifted::To(window)) => {
            let span = window.at(now);
            if !span.is_open(now) {
                let opens = display::duration(span.begins.saturating_sub(now));
                return Err(CommandFailure::refused(format!("the window {window} is not open: it opens in {opens}")));
            }
            limits.window = Some(span);
        }
    }
    match args.max_downtime {
        None => {}
        Some(Lifted::None) => limits.max_downtime_s = None,
        Some(Lifted::To(most)) => limits.max_downtime_s = Some(most.as_secs()),
    }
    Ok((first.is_some() || args.window.is_some() || args.max_downtime.is_some()).then_some(limits))
}

/// Records them.
pub(in crate::cli) fn set_limits(
    journal: &mut Journal,
    lease: &Lease,
    state: &RunState,
    limits: Limits,
) -> Result<RunState, CommandFailure> {
    let kind = RecordKind::LimitsSet { limits, by: operator::name() };
    Ok(journal.append(state, Some(lease), SystemClock.now(), kind)?.1)
}
