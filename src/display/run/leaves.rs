//! What a run leaves in the world when it is not gone on with: what it has made and not taken back, and what of it is in
//! doubt; each with what it gave (ids) and what would take it back by hand.
//!
//! What was there before the run, what a person did in its stead and what leaves nothing behind is not told.

use crate::display::pending_value::value;
use crate::display::plan::spoken::{Sentences, undo_sentence};
use crate::display::run::tally::far;
use crate::display::table::wrapped;
use crate::display::terminal::one_line;
use crate::display::typed::Typed;
use crate::display::wording::{action_word, evidence, rest_sentence};
use crate::journal::{ActionState, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, Reversibility, StepAction, Value, token};
use crate::plan::{Plan, may_run_on};
use serde_json::json;

/// What is left of one action.
struct Left<'a> {
    action: &'a StepAction,
    state: ActionState,
    /// Whether it is known to be there.
    sure: bool,
}

/// What a run leaves, what was made last first: the order in which it can be taken back by hand.
fn left<'a>(plan: &'a Plan, state: &RunState) -> Vec<Left<'a>> {
    let one = |path: &ActionPath| {
        let action = plan.definition(path)?;
        let current = state.action(path).clone();
        let begun = current.traces().filter(|traces| traces.is_started())?.seq;
        let sure = current.is_done() || matches!(current, ActionState::Applied { .. });
        let nothing = matches!(action.reversibility(), Reversibility::NothingToUndo(_));
        (!(sure && nothing)).then_some((begun, Left { action, state: current, sure }))
    };
    let mut all: Vec<(u64, Left<'a>)> = plan.actions.iter().filter_map(|planned| one(&planned.action)).collect();
    all.sort_by_key(|(begun, _)| std::cmp::Reverse(*begun));
    all.into_iter().map(|(_, left)| left).collect()
}

/// What abandoning a run would mean, for people.
#[must_use]
pub fn abandon_text(plan: &Plan, state: &RunState, sentences: Sentences<'_>) -> String {
    let run = &state.run;
    let stands = match &state.rest {
        Some(rest) => rest_sentence(plan, state, rest),
        None => "stands still: it was killed, or has not begun".to_owned(),
    };
    let mut text = wrapped("", &format!("run {run} {stands}"));
    text.push_str(&far(plan, state));
    let told = told(plan, state, Some(sentences), &[]);
    if told.is_empty() {
        text.push_str("\nnothing of it is left in the world\n");
    } else {
        text.push_str(&told);
        let way = format!("`{}` takes back what it can", Typed::of(run).rollback(&RollbackTo::Start));
        text.push_str(&format!("\n{}", wrapped("", &format!("abandoned, all of that stays as it is; {way}"))));
    }
    text.push_str(&wrapped("", "an abandoned run neither goes on nor back any more"));
    text
}

/// The same for programs, of a run that was abandoned: `run`, `rest` (as in the journal), `left` (each: `action`, `state`,
/// `sure`, `outputs`, `evidence`, `undo`).
#[must_use]
pub fn abandoned_json(plan: &Plan, state: &RunState, sentences: Sentences<'_>) -> Value {
    let left = left(plan, state);
    let one = |left: &Left<'_>| {
        json!({
            "action": left.action.path,
            "state": action_word(state, &left.action.path, false),
            "sure": left.sure,
            "outputs": left.state.traces().map(|traces| &traces.outputs),
            "evidence": evidence(&left.state),
            "undo": by_hand(left.action, sentences),
        })
    };
    json!({ "run": state.run, "rest": state.rest, "left": left.iter().map(one).collect::<Vec<_>>() })
}

/// What an abandoned run has left, below its rest. Of what was just `ended` nothing runs any more.
pub(in crate::display) fn of_abandoned(plan: &Plan, state: &RunState, ended: &[&ActionPath]) -> String {
    match &state.rest {
        Some(Rest::Abandoned { .. }) => told(plan, state, None, ended),
        _ => String::new(),
    }
}

fn told(plan: &Plan, state: &RunState, sentences: Option<Sentences<'_>>, ended: &[&ActionPath]) -> String {
    let all = left(plan, state);
    let mut text = String::new();
    for (sure, heading) in [
        (false, "in doubt: it was begun, and it is not known what of it is there"),
        (true, "made by this run and not taken back, the last first"),
    ] {
        let these: Vec<&Left<'_>> = all.iter().filter(|left| left.sure == sure).collect();
        if these.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{heading}\n"));
        for left in these {
            text.push_str(&one(state, left));
            let back = sentences.and_then(|sentences| by_hand(left.action, sentences));
            text.push_str(&back.map_or_else(String::new, |back| wrapped("      by hand: ", &back)));
            if !ended.contains(&&left.action.path) {
                text.push_str(&runs_on(plan, state, left).unwrap_or_default());
            }
        }
    }
    text
}

fn one(state: &RunState, left: &Left<'_>) -> String {
    let path = &left.action.path;
    let outputs = left.state.traces().map(|traces| &traces.outputs);
    let given = outputs.into_iter().flatten().map(|(name, it)| format!("{name} = {}", one_line(&value(it))));
    let evidence = one_line(&evidence(&left.state));
    let told: Vec<String> = given.chain((!evidence.is_empty()).then_some(evidence)).collect();
    let word = action_word(state, path, false);
    let told = if told.is_empty() { String::new() } else { format!(": {}", told.join("; ")) };
    wrapped("  ", &format!("{path} ({word}){told}"))
}

/// What ends a command that an abandoned run has begun and not seen the end of: it runs there by itself, and nobody waits
/// for it any more. Nothing of any other action. The command is on a line of its own, to be copied.
fn runs_on(plan: &Plan, state: &RunState, left: &Left<'_>) -> Option<String> {
    if !may_run_on(left.action, &left.state) {
        return None;
    }
    let hosts: Vec<&str> =
        plan.runbook.targets_of(left.action).into_iter().map(|target| target.name.as_str()).collect();
    let name = token(&state.run, &left.action.path, left.state.generation());
    let (place, goes_there) = match hosts.as_slice() {
        [] => (
            "on the machine that began it: in the state folder, whoever began it ends it and its undo by".to_owned(),
            "cd commands",
        ),
        hosts => (
            format!("on {}, whose user (root, with `sudo` or `user`) ends it and its undo by", hosts.join(", ")),
            "cd /var/lib/runbook 2>/dev/null || cd ~/.local/state/runbook",
        ),
    };
    let told = wrapped("      may still run: ", &place);
    let ends =
        format!("{goes_there}; for c in {name}*; do [ -e $c/status ] || kill -- -$(cut -d' ' -f1 $c/group); done");
    Some(format!("{told}          {ends}\n"))
}

/// What would take it back by hand; nothing where nothing is to be taken back.
fn by_hand(action: &StepAction, sentences: Sentences<'_>) -> Option<String> {
    let spec = action.kind.spec();
    match action.reversibility() {
        Reversibility::NothingToUndo(_) | Reversibility::Irreversible(_) => None,
        _ if action.cannot_be_undone().is_some() => None,
        _ => Some(undo_sentence(&spec, sentences(&action.path).and_then(|told| told.undo)).to_string()),
    }
}
