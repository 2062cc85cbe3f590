//! The poller: looks until a full condition holds, a failure state shows, the deadline passes or the operator cancels.
//!
//! The SDK's own waiters are not used: they poll every 15-30 s, end too early or too late, and name no failure states.

use super::{Context, Stop};
use crate::model::{Advice, Failure, FailureKind};

/// What one look gave.
pub(crate) enum Glance<T> {
    /// It is as wanted.
    Done(T),
    /// Not yet; the note says what is being waited for, e.g. "target `i-0ab` is unhealthy: 400".
    NotYet(String),
}

/// Makes something that AWS does not take yet: looks whether it is there, and sends the change when it is not, until it is
/// taken. A change is never sent again without a look. A change that failed in any way but "not yet", a lost answer among
/// them, ends the wait: the engine counts attempts, and observes before the next.
///
/// # Errors
/// Those of `send`, and those of [`wait_until`].
pub(crate) async fn send_until_taken<T>(
    cx: &Context<'_>,
    what: &str,
    mut find: impl AsyncFnMut() -> Result<Option<T>, Failure>,
    mut send: impl AsyncFnMut() -> Result<Glance<T>, Failure>,
) -> Result<T, Failure> {
    wait_until(cx, what, async || {
        if let Some(found) = find().await? {
            return Ok(Glance::Done(Ok(found)));
        }
        Ok(match send().await {
            Ok(Glance::Done(made)) => Glance::Done(Ok(made)),
            Ok(Glance::NotYet(note)) => Glance::NotYet(note),
            Err(failure) => Glance::Done(Err(failure)),
        })
    })
    .await?
}

/// The undo of an action that only looks: it waits once more where the runbook says `also_after_undo`.
pub(crate) async fn undo_of_look(
    again: Option<bool>,
    wait: impl Future<Output = Result<String, Failure>>,
) -> Result<String, Stop> {
    if again == Some(true) { Ok(wait.await?) } else { Ok("nothing to undo: it only looks".into()) }
}

/// Looks every poll interval until it is as wanted. Transient failures of a look count as "not yet"; `what` names the
/// condition for the error when time is up.
///
/// # Errors
/// The look's own failure when it is not transient; `deadline` with the last note; `cancelled`.
pub(crate) async fn wait_until<T>(
    cx: &Context<'_>,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Glance<T>, Failure>,
) -> Result<T, Failure> {
    loop {
        let note = match look().await {
            Ok(Glance::Done(value)) => return Ok(value),
            Ok(Glance::NotYet(note)) => note,
            // A look only reads: a lost answer is just no answer.
            Err(f) if f.kind.may_pass() => {
                format!("{}: {}", f.message, f.causes.first().map_or("", String::as_str))
            }
            Err(failure) => return Err(failure),
        };
        cx.beat().beat(note.as_str())?;
        if cx.time_left().is_zero() {
            let limit = cx.call().deadline_s;
            return Err(Failure::new(FailureKind::Deadline, format!("{what}: not within {limit} s"))
                .cause(note)
                .advise(Advice::then_resume("look at it").which("waits again, when it only needs more time")));
        }
        cx.pause().await;
    }
}
