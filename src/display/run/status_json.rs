//! Where a run stands, for programs. Fields are only ever added.

use crate::display::run::commands::{next_commands, while_executed};
use crate::display::run::failure::{advice, failure_json};
use crate::display::run::guards::recorded;
use crate::display::run::tally::{Tally, step_word_now};
use crate::display::run::took::{Took, Until};
use crate::display::run::{limits, site};
use crate::display::time::rfc3339;
use crate::display::wording::{action_word, condition, evidence};
use crate::journal::{ActionState, History, Holder, Record, RunState};
use crate::model::{Millis, Step, Value};
use crate::plan::{Plan, Site};
use serde_json::json;

/// Fields: `run`, `runbook`, `opened_at` (RFC 3339), `by`, `plan_file` (the
/// saved plan it was opened from: `sha256`, `made_by`, `made_at`, `signatures`; null when it was planned on the spot),
/// `replanned` (`by`, `at`; null when it was not), `condition` (one word or two), `rest` (as in the journal, or
/// null), `executor` (`by`, `host`, `pid`; null when nobody executes it), `site` (`up`, `down`, `may_be_down`), `site_asked` (what its answers showed: `up`, `since`, `seen`, `down_ms`, `times`; null where nobody asked),
/// `accepted` (refusals of checks that a person accepted: `id`, `evidence`, `reason`), `steps_done`, `actions_done`, `steps` (each: `number`, `id`, `title`, `state`, `ms`,
/// `asked_ms`, `actions`; an action: `action`, `state`, `attempt`, `ms`, `asked_ms`, `evidence`, `failure`), `gates` (open ones: `gate`, `action`, `prompt`), `broken_guards` (each: `guard`, `since`,
/// `seen`, `advice`), `next` (each with
/// `command` and `why`). `ms` is how long executors were at it, in milliseconds, without pauses and without `asked_ms`, the wait for people;
/// both null before the begin.
#[must_use]
pub fn status_json(plan: &Plan, state: &RunState, records: &[Record], holder: Option<&Holder>, now: Millis) -> Value {
    let (history, until) = (History::of(records), Until { now, executed: holder.is_some() });
    let tally = Tally::of(plan, state);
    let next = match holder {
        Some(_) => while_executed(state),
        None => next_commands(plan, state, state.rest.as_ref()),
    };
    let gates = state.open_gates();
    let gates = gates.iter().map(|(name, gate)| json!({ "gate": name, "action": gate.action, "prompt": gate.prompt }));
    let accepted = plan.checks.iter().filter(|row| row.accepted.is_some());
    let accepted = accepted.map(|row| json!({ "id": row.id, "evidence": row.evidence, "reason": row.accepted }));
    let broken = recorded(plan, state);
    let broken =
        broken.map(|it| json!({ "guard": it.guard, "since": rfc3339(it.since), "seen": it.seen, "advice": it.advice }));
    json!({
        "run": state.run,
        "runbook": state.opened.runbook,
        "opened_at": rfc3339(state.opened.at),
        "last_record_at": rfc3339(state.at),
        "by": state.opened.by,
        "plan_file": state.opened.plan_file,
        "replanned": state.opened.replanned.as_ref().map(|(by, at)| json!({ "by": by, "at": rfc3339(*at) })),
        "condition": condition(state, holder),
        "rest": state.rest,
        "executor": holder,
        "site": Site::now(plan, state),
        "site_asked": site::asked_json(state, if holder.is_some() { now } else { state.at }),
        "limits": limits::limits_json(plan, state, if holder.is_some() { now } else { state.at }),
        "accepted": accepted.collect::<Vec<_>>(),
        "steps_done": tally.steps_done,
        "actions_done": tally.actions_done,
        "steps": plan.runbook.steps.iter().map(|s| step(s, state, &history, until)).collect::<Vec<_>>(),
        "gates": gates.collect::<Vec<_>>(),
        "broken_guards": broken.collect::<Vec<_>>(),
        "next": next,
    })
}

fn step(step: &Step, state: &RunState, history: &History, until: Until) -> Value {
    let actions = step.actions.iter().map(|action| {
        let current = state.action(&action.path);
        let took = Took::action(history, &action.path, until);
        let failure = match &current {
            ActionState::Failed { failure, .. } | ActionState::UndoFailed { failure, .. } => Some(failure),
            _ => None,
        };
        json!({
            "action": action.path,
            "state": action_word(state, &action.path, until.executed),
            "attempt": current.attempt(),
            "ms": took.map(|it| it.work),
            "asked_ms": took.map(|it| it.asked),
            "evidence": evidence(current),
            "failure": failure.map(|failure| failure_json(failure, &advice(&state.run, failure))),
        })
    });
    let took = Took::step(history, step, until);
    json!({
        "number": step.number,
        "id": step.id,
        "title": step.title,
        "state": step_word_now(step, state, until.executed),
        "ms": took.map(|it| it.work),
        "asked_ms": took.map(|it| it.asked),
        "actions": actions.collect::<Vec<_>>(),
    })
}
