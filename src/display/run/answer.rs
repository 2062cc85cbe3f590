//! What is said when a person has answered a gate: what that means for the run, and what to type next.

use crate::display::run::commands::{self, after_answer};
use crate::journal::RunState;
use crate::model::Value;
use crate::plan::Plan;
use serde_json::json;

/// The text for people. `executed` tells whether somebody is at the run, who reads the answer by himself.
#[must_use]
pub fn answer_text(plan: &Plan, state: &RunState, gate: &str, executed: bool) -> String {
    let Some(asked) = state.gates.get(gate) else { return String::new() };
    let next = after_answer(plan, state, gate, executed);
    if !is_approved(state, gate) {
        let back = if state.action(&asked.action).is_undoing() { "undone" } else { "done" };
        let said = format!("gate `{gate}` is refused: `{}` is not {back}, and the run rests there\n", asked.action);
        return said + &commands::block(&next);
    }
    match next.first() {
        None => format!("gate `{gate}` is approved; the run goes on by itself\n"),
        Some(resume) => format!("gate `{gate}` is approved; `{}` goes on\n", resume.command),
    }
}

/// The same for programs: `run`, `gate`, `answer` (`approved`, `refused`), `next` (each with `command` and `why`).
#[must_use]
pub fn answer_json(plan: &Plan, state: &RunState, gate: &str, executed: bool) -> Value {
    let answer = if is_approved(state, gate) { "approved" } else { "refused" };
    json!({ "run": state.run, "gate": gate, "answer": answer, "next": after_answer(plan, state, gate, executed) })
}

fn is_approved(state: &RunState, gate: &str) -> bool {
    state.gates.get(gate).is_some_and(|gate| matches!(gate.answer, Some((true, _))))
}
