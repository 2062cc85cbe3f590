//! The words for what a run is at.

use crate::display::run::limits;
use crate::display::table::list;
use crate::display::terminal::one_line;
use crate::journal::{ActionState, Holder, Mode, PlanFile, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, BrokenGuard, Phase, Renamed};
use crate::plan::{Order, Plan, Site};

/// A run's condition in a word or two.
pub(in crate::display) fn condition(state: &RunState, holder: Option<&Holder>) -> &'static str {
    match (&state.rest, holder, &state.mode) {
        (_, Some(_), Mode::Forward { .. }) => "running",
        (_, Some(_), Mode::Rollback { .. }) => "rolling back",
        (None, None, _) if state.seq <= 1 => "not begun",
        (None, None, _) => "killed",
        (Some(Rest::Waiting { gates }), None, _) if unanswered(state, gates).is_empty() => "approved",
        (Some(rest), None, _) => rest_word(rest),
    }
}

/// The saved plan a run was opened from, and who signed it.
pub(in crate::display) fn plan_file_words(file: &PlanFile) -> String {
    let short: String = file.sha256.chars().take(12).collect();
    let signers: Vec<String> = file.signatures.iter().map(|signature| one_line(&signature.by)).collect();
    let signed = if signers.is_empty() { "not signed".to_owned() } else { format!("signed by {}", signers.join(", ")) };
    format!("from the saved plan {short} of {}, {signed}", one_line(&file.made_by))
}

/// What an order means.
pub(in crate::display) fn order_sentence(order: Order) -> &'static str {
    match order {
        Order::Article => "one action at a time, as written",
        Order::Overlap => "what does not need each other runs at the same time",
        Order::LeastDowntime => {
            "least downtime: all that can be done before the site goes down is done before, the rest after"
        }
    }
}

/// Whether the site is up, as a clause.
pub(in crate::display) fn site_sentence(site: Site) -> &'static str {
    match site {
        Site::Up => "the site is up",
        Site::Down => "the site is down",
        Site::MayBeDown => "the site may be down: an action that takes it down is half done",
    }
}

/// The same where the runbook has a downtime: of one that has none nothing is said of a site.
pub(in crate::display) fn site_clause(plan: &Plan, site: Site) -> Option<&'static str> {
    (!plan.runbook.windows().is_empty()).then(|| site_sentence(site))
}

/// The word for a rest.
pub(in crate::display) fn rest_word(rest: &Rest) -> &'static str {
    match rest {
        Rest::Finished => "finished",
        Rest::FinishedWithFailures { .. } => "finished with failures",
        Rest::UntilReached { .. } => "rests as asked",
        Rest::RolledBack { .. } => "rolled back",
        Rest::Paused { .. } => "paused",
        Rest::InDoubt { .. } => "in doubt",
        Rest::Waiting { .. } => "waits for a person",
        Rest::GuardBroken { .. } => "guard broken",
        Rest::Overrun { .. } => "too late",
        Rest::Interrupted { .. } => "interrupted",
        Rest::Abandoned { .. } => "abandoned",
    }
}

/// For whose failure a run went back by itself, as a clause.
fn turned_back(state: &RunState) -> String {
    if let Some(late) = &state.turned_back_late {
        return format!(", as its runbook says: {}", limits::overrun(late));
    }
    match state.turned_back_for.as_slice() {
        [] => String::new(),
        failed => format!(", as its plan says when {} fails", list(failed)),
    }
}

/// Why a run rests, one line that completes `run R `.
pub(in crate::display) fn rest_sentence(plan: &Plan, state: &RunState, rest: &Rest) -> String {
    let rollback = match &state.mode {
        Mode::Rollback { to, .. } => Some(place(plan, to)),
        Mode::Forward { .. } => None,
    };
    match rest {
        Rest::Finished => match plan.runbook.steps.len() {
            1 => "is finished: its step is done".to_owned(),
            steps => format!("is finished: all {steps} steps are done"),
        },
        Rest::FinishedWithFailures { actions } => {
            format!("is finished with failures: all is done but {}, without which it may go on", list(actions))
        }
        Rest::UntilReached { step } => format!("rests after step {}, {step}, as asked", plan.number(step)),
        Rest::RolledBack { to: crate::journal::RollbackTo::Start } => {
            format!("is rolled back: everything is undone{}", turned_back(state))
        }
        Rest::RolledBack { to } => format!("is rolled back to {}{}", place(plan, to), turned_back(state)),
        Rest::Paused { actions } if actions.is_empty() => "is paused: nothing more can be begun".into(),
        Rest::Paused { actions } => {
            let undo = |a: &ActionPath| {
                matches!(state.action(a), ActionState::UndoFailed { .. } | ActionState::Undoing { .. })
            };
            let names = list(actions);
            if actions.iter().all(|action| state.action(action).wants_credentials()) {
                return match rollback {
                    Some(to) => format!("is paused on its way back to {to}, at {names}: the credentials have ended"),
                    None => format!("is paused at {names}: the credentials have ended"),
                };
            }
            match (rollback, actions.iter().any(undo)) {
                (Some(to), _) => format!("is paused on its way back to {to}: the undo of {names} failed"),
                (None, true) => format!("is paused: the undo of {names} has not ended"),
                (None, false) => format!("is paused: {names} failed"),
            }
        }
        Rest::InDoubt { actions } if actions.iter().all(|action| state.action(action).wants_credentials()) => {
            format!("is in doubt at {}: the credentials have ended before it could be looked at", list(actions))
        }
        Rest::InDoubt { actions } => {
            format!("is in doubt: it cannot be told whether the effect of {} was made", list(actions))
        }
        Rest::Waiting { gates } => match unanswered(state, gates).as_slice() {
            [] if gates.len() == 1 => format!("waits to be resumed: {} is answered", list(gates)),
            [] => format!("waits to be resumed: {} are answered", list(gates)),
            open => format!("waits for a person: {}", list(open)),
        },
        Rest::GuardBroken { guards } if guards.len() == 1 => {
            format!("rests before its next effect: guard {} is broken", list(&names_of(guards)))
        }
        Rest::GuardBroken { guards } => {
            format!("rests before its next effect: the guards {} are broken", list(&names_of(guards)))
        }
        Rest::Overrun { overrun } => format!("rests before its next action: {}", limits::overrun(overrun)),
        Rest::Interrupted { .. } => match rollback {
            Some(to) => format!("was interrupted on its way back to {to}"),
            None => "was interrupted".into(),
        },
        Rest::Abandoned { why, by } => format!("was abandoned by {by}: {}", one_line(why)),
    }
}

/// The names of guards that are broken.
pub(in crate::display) fn names_of(broken: &[BrokenGuard]) -> Vec<&str> {
    broken.iter().map(|it| it.guard.as_str()).collect()
}

/// Which of the gates that a run rests at still wait: an answer may have come since.
pub(in crate::display) fn unanswered<'a>(state: &RunState, gates: &'a [String]) -> Vec<&'a str> {
    gates.iter().map(String::as_str).filter(|gate| state.open_gate(gate).is_some()).collect()
}

/// What an action was at, for `failed while ...`; `begun` when an attempt had started before.
pub(in crate::display) fn phase(phase: Phase, begun: bool) -> &'static str {
    match phase {
        Phase::Observe if begun => "while looking for what was begun: whether that is there is not known",
        Phase::Observe => "while looking, nothing was changed",
        Phase::Apply => "while making its effect",
        Phase::Verify => "while waiting for its effect",
        Phase::Undo => "while being undone",
    }
}

/// Who executes a run.
pub(in crate::display) fn executed_by(holder: &Holder) -> String {
    format!("{} on {} (process {})", holder.by, holder.host, holder.pid)
}

/// An action's word: at a gate it waits, whether somebody is at it or not; what else is recorded as started while nobody is
/// at it is in doubt.
pub(in crate::display) fn action_word(state: &RunState, action: &ActionPath, executed: bool) -> &'static str {
    use ActionState as S;
    if state.open_gates().values().any(|gate| gate.action == *action) {
        return "waits";
    }
    // When a run came to rest at its gates, nothing else was under way.
    let answered = !executed && matches!(state.rest, Some(Rest::Waiting { .. }));
    match state.action(action) {
        S::Started { .. } | S::Applied { .. } | S::Undoing { .. } if answered => "approved",
        ActionState::Started { .. } if !executed => "in doubt",
        other => other.word(),
    }
}

/// `step 5, rds-multi-az`, or `the start`.
pub(in crate::display) fn place(plan: &Plan, to: &RollbackTo) -> String {
    match to {
        RollbackTo::Start => "the start".into(),
        RollbackTo::Step(step) => format!("step {}, {step}", plan.number(step)),
    }
}

/// What shows an action's state, if something does.
pub(in crate::display) fn evidence(state: &ActionState) -> String {
    match state {
        ActionState::Done { evidence, .. } | ActionState::InDoubt { evidence, .. } => evidence.clone(),
        ActionState::Failed { failure, .. } | ActionState::UndoFailed { failure, .. } => failure.message.clone(),
        _ => String::new(),
    }
}

/// The first sentence of a description, to go on with in a line.
pub(in crate::display) fn first_sentence(about: &str) -> String {
    let end = about.find(". ").unwrap_or(about.len());
    let sentence = about.get(..end).unwrap_or(about).trim_end_matches('.');
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => sentence.to_owned(),
    }
}

/// What an undo has made anew.
pub(in crate::display) fn renamed(renamed: &Renamed) -> String {
    let all = renamed.iter().map(|(old, new)| format!("`{new}` stands for `{old}` from here on"));
    all.collect::<Vec<_>>().join("; ")
}
