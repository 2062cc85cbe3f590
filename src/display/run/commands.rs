//! What an operator can type next: the exact commands, each with what it does, the most likely one first.

use crate::display::run::tally::first_open;
use crate::display::time::rough;
use crate::display::typed::Typed;
use crate::display::wording::{place, unanswered};
use crate::journal::{ActionState, Mode, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, Overrun, Property, Resolution, StepAction};
use crate::plan::{Plan, Sequence, Site};
use serde::Serialize;
use std::collections::BTreeSet;

/// A command and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextCommand {
    /// To be typed as it is; `"..."` is for the operator to fill in.
    pub command: String,
    /// What it does, or when it is right.
    pub why: String,
}

/// What can be typed when a run rests for this reason; without a reason nobody executes it and it did not come to rest.
#[must_use]
pub fn next_commands(plan: &Plan, state: &RunState, rest: Option<&Rest>) -> Vec<NextCommand> {
    let typed = Typed::of(&state.run);
    let resume = |why: &str| command(typed.resume(), why);
    let mut next = Vec::new();
    match rest {
        None => {
            next.push(resume(&goes_on(plan, state)));
            next.extend(ends(state));
        }
        Some(Rest::Abandoned { .. }) => {}
        Some(Rest::Finished) => next.extend(furthest_back(plan, state, "takes everything back, if need be")),
        Some(Rest::FinishedWithFailures { actions }) => {
            next.push(resume(again(plan, actions, "tries again what failed")));
            next.extend(furthest_back(plan, state, "takes everything back, if need be"));
        }
        Some(Rest::UntilReached { .. } | Rest::Interrupted { .. }) => {
            next.push(resume(&goes_on(plan, state)));
            next.extend(ways_back(plan, state));
            next.extend(ends(state));
        }
        Some(Rest::RolledBack { to }) => {
            next.push(resume(&match to {
                RollbackTo::Start => {
                    format!("shows its plan, looks at the world, asks, and {}", forward_again(plan, state))
                }
                RollbackTo::Step(_) => forward_again(plan, state),
            }));
            next.extend(service(plan, state, to).map(|way| way.command));
        }
        Some(Rest::GuardBroken { .. }) => {
            next.push(resume(&format!("looks at it again, and goes on once it holds{}", rests(plan, state))));
            next.extend(ways_back(plan, state));
            next.extend(ends(state));
        }
        Some(Rest::Overrun { overrun }) => {
            next.extend(furthest_back(plan, state, &turns_back(overrun)));
            let is_new = |way: &NextCommand| next.iter().all(|it| it.command != way.command);
            let others: Vec<NextCommand> = ways_back(plan, state).into_iter().filter(is_new).collect();
            next.extend(others);
            let (other, lifted) = match overrun {
                Overrun::Window { .. } => ("--window HH:MM-HH:MM", "--window none"),
                Overrun::Downtime { .. } => ("--max-downtime TIME", "--max-downtime none"),
            };
            next.push(command(typed.resume_with(other), "goes on with another one"));
            next.push(command(typed.resume_with(lifted), "goes on without one, whatever becomes of it"));
        }
        Some(Rest::Paused { actions }) => {
            next.extend(actions.iter().flat_map(|action| gates_of(state, action)));
            next.extend(paused(plan, state, actions));
        }
        Some(Rest::InDoubt { actions }) => {
            let decisions = actions.iter().flat_map(|action| decisions(state, action));
            let again = resume(&format!("looks again, and goes on with what is decided{}", rests(plan, state)));
            // Who renews them need decide nothing.
            if actions.iter().all(|action| state.action(action).wants_credentials()) {
                next.push(again);
                next.extend(decisions);
            } else {
                next.extend(decisions);
                next.push(again);
            }
            next.extend(ways_back(plan, state));
        }
        Some(Rest::Waiting { gates }) => {
            let open = unanswered(state, gates);
            next.extend(open.iter().map(|gate| approve(state, gate)));
            next.push(resume(&match open.as_slice() {
                [] => goes_on(plan, state),
                _ => format!("goes on once that is answered{}", rests(plan, state)),
            }));
            next.extend(ways_back(plan, state));
        }
    }
    next
}

/// What can be typed while an executor is at the run: only its questions can be answered.
pub(in crate::display) fn while_executed(state: &RunState) -> Vec<NextCommand> {
    state.open_gates().keys().map(|gate| approve(state, gate)).collect()
}

/// What can be typed after a gate was answered: nothing while somebody executes the run and goes on by himself.
pub(in crate::display) fn after_answer(plan: &Plan, state: &RunState, gate: &str, executed: bool) -> Vec<NextCommand> {
    if state.open_gate(gate).is_some() {
        return std::iter::once(approve(state, gate)).chain(ways_back(plan, state)).collect();
    }
    if executed {
        return Vec::new();
    }
    vec![command(Typed::of(&state.run).resume(), goes_on(plan, state))]
}

fn command(command: String, why: impl Into<String>) -> NextCommand {
    NextCommand { command, why: why.into() }
}

fn approve(state: &RunState, gate: &str) -> NextCommand {
    let refused = state.gates.get(gate).is_some_and(|g| matches!(g.answer, Some((false, _))));
    let why = if refused { "allows it after all" } else { "when it is done or allowed" };
    command(Typed::of(&state.run).approve(gate), why)
}

fn gates_of(state: &RunState, action: &ActionPath) -> Vec<NextCommand> {
    let open = state.open_gates();
    open.iter().filter(|(_, gate)| gate.action == *action).map(|(name, _)| approve(state, name)).collect()
}

fn goes_on(plan: &Plan, state: &RunState) -> String {
    match &state.mode {
        Mode::Rollback { to, .. } => format!("continues the rollback to {}", place(plan, to)),
        Mode::Forward { .. } => match first_open(plan, state) {
            Some(step) => {
                let first = if is_unfinished(state) { "; what is unfinished is looked at first" } else { "" };
                format!("goes on at step {}, {}{first}{}", step.number, step.id, rests(plan, state))
            }
            None => "goes on".into(),
        },
    }
}

/// Where going on ends, when that is not the end of the runbook.
fn rests(plan: &Plan, state: &RunState) -> String {
    state
        .bound(&plan.runbook)
        .map_or_else(String::new, |step| format!("; rests after step {}, {step}", plan.number(step)))
}

fn is_unfinished(state: &RunState) -> bool {
    use ActionState as S;
    state.actions.values().any(|s| s.is_in_doubt() || matches!(s, S::Started { .. } | S::Applied { .. }))
}

fn forward_again(plan: &Plan, state: &RunState) -> String {
    match first_open(plan, state) {
        Some(step) => format!("goes forward again from step {}, {}", step.number, step.id),
        None => "goes forward again".into(),
    }
}

fn paused(plan: &Plan, state: &RunState, actions: &[ActionPath]) -> Vec<NextCommand> {
    let typed = Typed::of(&state.run);
    let drifted = actions.iter().any(|action| has_drifted(state, action));
    let what = if drifted { "looks again, and goes on when the world is as it was" } else { "tries it again" };
    let resume = command(typed.resume(), format!("{}{}", again(plan, actions, what), rests(plan, state)));
    let anew = match (drifted, actions.iter().any(|action| may_be_changed(plan, state, action))) {
        (true, _) => Some("shows a new plan for what has not run, on the world as it is, and asks"),
        (false, true) => {
            Some("when the runbook must be changed, after that: shows a new plan for what has not run, and asks")
        }
        (false, false) => None,
    };
    let anew = anew.map(|why| command(typed.resume_with("--replan"), why));
    let not_done =
        actions.iter().filter(|action| wants_a_word(plan, action)).filter_map(|action| not_done(state, action));
    let decided: Vec<NextCommand> =
        not_done.chain(actions.iter().flat_map(|action| decisions(state, action))).collect();
    let stuck_undo =
        actions.iter().any(|a| matches!(state.action(a), ActionState::UndoFailed { .. } | ActionState::Undoing { .. }));
    match (&state.mode, stuck_undo) {
        (Mode::Rollback { to, .. }, _) => {
            let why = format!("tries the undo again, and continues the rollback to {}", place(plan, to));
            [vec![NextCommand { why, ..resume }], decided].concat()
        }
        // Going forward over a half-made undo is not possible: it is finished or declared finished first.
        (Mode::Forward { .. }, true) => [ways_back(plan, state), decided].concat(),
        (Mode::Forward { .. }, false) => {
            [vec![resume], anew.into_iter().collect(), decided, ways_back(plan, state)].concat()
        }
    }
}

/// Whether an action was stopped by a world that is another one than the plan was made on.
fn has_drifted(state: &RunState, action: &ActionPath) -> bool {
    matches!(state.action(action), ActionState::Failed { failure, .. } if !failure.drift.is_empty())
}

/// Whether another text of the runbook may say otherwise what has failed: nothing of it was begun, or it changes nothing, and the text is
/// the operator's.
fn may_be_changed(plan: &Plan, state: &RunState, action: &ActionPath) -> bool {
    let only_looks = plan.definition(action).is_some_and(StepAction::changes_nothing);
    let current = state.action(action);
    state.opened.source.is_some() && current.has_failed() && (only_looks || current.traces().is_none())
}

/// That nothing of an action is there which was begun and has failed.
fn not_done(state: &RunState, action: &ActionPath) -> Option<NextCommand> {
    let failed = matches!(state.action(action), ActionState::Failed { traces: Some(_), .. });
    let why = if state.opened.source.is_some() {
        "when nothing of it is there: `resume` begins it once more, `resume --replan` as a changed runbook says it"
    } else {
        "when nothing of it is there: `resume` begins it once more"
    };
    failed.then(|| command(Typed::of(&state.run).resolve(action, Resolution::NotDone), why))
}

/// What a person may decide an action to be, as the journal would accept it.
fn decisions(state: &RunState, action: &ActionPath) -> Vec<NextCommand> {
    let resolve = |as_: Resolution, why: &str| command(Typed::of(&state.run).resolve(action, as_), why);
    let done = resolve(Resolution::Done, "when its effect is there, or what is there is as good");
    let current = state.action(action);
    if current.is_in_doubt() || matches!(current, ActionState::Started { .. }) {
        return vec![done, resolve(Resolution::NotDone, "when nothing of it is there: it is done again")];
    }
    match current {
        ActionState::Failed { traces: None, .. } => {
            vec![resolve(
                Resolution::Done,
                "when a person has done it, or what is there is as good; a rollback leaves that",
            )]
        }
        ActionState::Failed { .. }
        | ActionState::Applied { .. }
        | ActionState::Started { .. }
        | ActionState::InDoubt { .. } => vec![done],
        ActionState::Undoing { .. } | ActionState::UndoFailed { .. } => {
            vec![resolve(Resolution::Undone, "when you have taken it back by hand")]
        }
        ActionState::Pending { .. } | ActionState::Done { .. } => Vec::new(),
    }
}

/// Back to the furthest place that was reached; and when the site is down there, back to where it served.
fn ways_back(plan: &Plan, state: &RunState) -> Vec<NextCommand> {
    let to = plan.reached(state);
    let kept = plan.kept(&to);
    let begun = state.actions.iter().any(|(action, it)| !kept.contains(action) && it.traces().is_some());
    let mut ways = Vec::new();
    if begun {
        let why = format!("takes back what was done after {}", place(plan, &to));
        ways.push(rollback(state, &to, &why));
    }
    ways.extend(service(plan, state, &to).map(|way| way.command));
    ways
}

/// How a run is ended of which nothing is in the world.
fn ends(state: &RunState) -> Option<NextCommand> {
    let nothing = state.actions.values().all(ActionState::is_pending);
    nothing.then(|| rollback(state, &RollbackTo::Start, "ends the run: nothing is to be taken back"))
}

/// The way back to where the site served.
pub(in crate::display) struct ToService {
    /// Where it did.
    pub(in crate::display) to: RollbackTo,
    /// The rollback that goes there.
    pub(in crate::display) command: NextCommand,
}

/// How the site comes back when it is down after `from`.
pub(in crate::display) fn service(plan: &Plan, state: &RunState, from: &RollbackTo) -> Option<ToService> {
    let RollbackTo::Step(step) = from else { return None };
    if plan.site_at(from) != Site::Down {
        return None;
    }
    let (sequence, sites) = (Sequence::of(plan), plan.sites());
    let before = sequence.steps().into_iter().take_while(|it| *it != step);
    let served = before.filter(|it| sites.after(it) != Site::Down).last();
    let served = served.and_then(|it| plan.runbook.step(it.as_str()));
    let to = served.map_or(RollbackTo::Start, |step| RollbackTo::Step(step.id.clone()));
    let why = format!("brings the site back, as it was {}", as_of(plan, &to));
    Some(ToService { to: to.clone(), command: rollback(state, &to, &why) })
}

/// The way back to the start; over what cannot be undone, as far as there is one.
fn furthest_back(plan: &Plan, state: &RunState, why: &str) -> Option<NextCommand> {
    if plan.beyond_recall(state, &BTreeSet::new()).is_empty() {
        return Some(rollback(state, &RollbackTo::Start, why));
    }
    let to = plan.last_recall(state)?;
    let kept = plan.kept(&to);
    let is_after = state.actions.iter().any(|(action, it)| !kept.contains(action) && it.traces().is_some());
    let why = format!("takes back what was done after {}; not all before it can be undone", place(plan, &to));
    is_after.then(|| rollback(state, &to, &why))
}

/// Whether an action that has failed is begun again only where somebody says that nothing of it is there: a command that nothing is said of.
fn wants_a_word(plan: &Plan, action: &ActionPath) -> bool {
    plan.definition(action).is_some_and(|it| {
        let says = |name: &str| it.with.contains_key(name);
        it.kind.properties().contains(&Property::IsAnyDeed) && !(says("reads") || says("repeatable") || says("check"))
    })
}

/// What a resume does with actions that have failed.
fn again<'a>(plan: &Plan, actions: &[ActionPath], usual: &'a str) -> &'a str {
    let all = !actions.is_empty() && actions.iter().all(|action| wants_a_word(plan, action));
    if all {
        "looks at it again: it is begun once more only where somebody says that nothing of it is there"
    } else {
        usual
    }
}

/// What going back to the start means for a limit that would not be kept else.
fn turns_back(overrun: &Overrun) -> String {
    match overrun {
        Overrun::Window { .. } => "takes everything back".to_owned(),
        Overrun::Downtime { back_s, .. } => {
            format!("takes everything back; the site usually is up after {}", rough(*back_s))
        }
    }
}

fn rollback(state: &RunState, to: &RollbackTo, why: &str) -> NextCommand {
    command(Typed::of(&state.run).rollback(to), why)
}

fn as_of(plan: &Plan, to: &RollbackTo) -> String {
    match to {
        RollbackTo::Start => "before the run".into(),
        RollbackTo::Step(_) => format!("after {}", place(plan, to)),
    }
}

/// The block that ends a text: `what to type next`.
pub(in crate::display) fn block(next: &[NextCommand]) -> String {
    if next.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nwhat to type next\n");
    for NextCommand { command, why } in next {
        text.push_str(&format!("  {command}\n      {why}\n"));
    }
    text
}
