//! `on_failure` of a step, held against what stands round it.
//!
//! Promises: a run goes on only without what nothing needs and what no downtime hangs on; it goes back only over what can be undone.

use super::problem::Notes;
use super::words::{found, meant};
use crate::document::Node;
use crate::model::{ActionPath, Needed, OnFailure, Runbook, Step, StepId};

/// Reads it; `earlier` are the ids of the steps before.
pub(super) fn read(node: &Node, what: &str, earlier: &[&str], notes: &mut Notes) -> Option<OnFailure> {
    match node.text() {
        Some("pause") => return Some(OnFailure::Pause),
        Some("continue") => return Some(OnFailure::Continue),
        Some("rollback") => return Some(OnFailure::RollBack { to: None }),
        _ => {}
    }
    if let Some([entry]) = node.entries()
        && entry.key.text == "rollback_to"
        && let Some(step) = entry.value.text()
    {
        if earlier.contains(&step) {
            return Some(OnFailure::RollBack { to: StepId::try_from(step.to_owned()).ok() });
        }
        let message = format!("`on_failure` of {what}: there is no step `{step}` before it");
        notes.advise(entry.value.place, message, meant(step, earlier.iter().copied(), "steps before it"));
        return None;
    }
    notes.advise(
        node.place,
        format!("`on_failure` of {what}: found {}, expected what is to be done", found(node)),
        "`pause` (as without it), `continue`, `rollback` (everything), or `{ rollback_to: STEP }`",
    );
    None
}

/// Tells what cannot be as it is said. `items` are the document's steps.
pub(super) fn check(items: &[Node], runbook: &Runbook, notes: &mut Notes) {
    for step in &runbook.steps {
        let called = |item: &&Node| item.get("id").and_then(Node::text) == Some(step.id.as_str());
        let place = items.iter().find(called).and_then(|item| item.get("on_failure")).map(|node| node.place);
        let Some(place) = place else { continue };
        match &step.on_failure {
            OnFailure::Pause => {}
            OnFailure::Continue => {
                let message = format!("step `{}` cannot be gone on without", step.id);
                if let Some(other) = needing(runbook, step) {
                    let help = format!("say what `{other}` needs instead: `needs: [...]`, or `needs: []` for nothing");
                    notes.advise(place, format!("{message}: `{other}` needs it"), help);
                } else if let Some(action) = step.actions.iter().find(|action| action.downtime.is_some()) {
                    let path = &action.path;
                    notes.add(place, format!("{message}: a downtime begins or ends with `{path}`"));
                }
            }
            OnFailure::RollBack { to } => {
                let after = |other: &&Step| to.as_ref().is_none_or(|to| number(runbook, to) < other.number);
                let back = runbook.steps.iter().filter(|other| other.number <= step.number).filter(after);
                let stands = back.flat_map(|other| &other.actions).find(|it| it.cannot_be_undone().is_some());
                if let Some(action) = stands {
                    let message = format!("a failure of step `{}` cannot be taken back so far", step.id);
                    let help = "go back to a step after it, or leave it to a person: `on_failure: pause`";
                    notes.advise(place, format!("{message}: `{}` cannot be undone", action.path), help);
                }
            }
        }
    }
}

fn number(runbook: &Runbook, step: &StepId) -> usize {
    runbook.step(step.as_str()).map_or(0, |step| step.number)
}

/// Who needs a step from outside it: a step, or an action.
fn needing(runbook: &Runbook, step: &Step) -> Option<String> {
    let others = || runbook.steps.iter().filter(|other| other.id != step.id);
    let whole = others().find(|other| {
        // What every action says for itself needs nothing of what the step needs.
        other.needs.contains(&step.id) && other.actions.iter().take(1).any(|first| first.needs.is_none())
    });
    let own = |path: &ActionPath| *path.step() == step.id;
    let names = |needed: &Needed| match needed {
        Needed::Step(id) => *id == step.id,
        Needed::Action(path) => own(path),
    };
    let one = others()
        .flat_map(|other| &other.actions)
        .find(|action| action.needs.iter().flatten().any(names) || runbook.referred(action).iter().any(own));
    whole.map(|other| other.id.to_string()).or_else(|| one.map(|action| action.path.to_string()))
}
