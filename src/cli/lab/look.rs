//! `runbook rehearsed look`: whether the effects of a run's actions that stand are there still, each by its own look, and which a later
//! action of the run has taken away again. It only reads.

use crate::cli::args::Common;
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, Exit, open};
use crate::engine::{Worker, look_once};
use crate::model::Found;
use crate::plan::{standing, taken_away};
use serde_json::{Value, json};
use std::rc::Rc;

/// Tells, as JSON, each action that was looked at, whether its effect is there, and what was seen; and those whose effect was taken away.
pub(in crate::cli) fn look(run: &str, common: &Common) -> Result<Exit, CommandFailure> {
    let journal = open::journal(common)?;
    let state = open::run(&journal, Some(run))?;
    let plan = open::plan(&state)?;
    let actions = standing(&plan, |path| state.action(path).is_done());
    let looking = Looking::new(common)?;
    let seen: Vec<Value> = block_on(async {
        let worker = Worker::new(Rc::new(looking.access()));
        let mut seen = Vec::new();
        for action in actions {
            let (holds, told) = match look_once(&plan, &state, action, &worker).await {
                Ok(finding) => (finding.found == Found::Holds, finding.evidence),
                Err(failure) => (false, failure.message),
            };
            seen.push(json!({ "action": action.path, "holds": holds, "seen": told }));
        }
        seen
    })?;
    let gone = taken_away(&plan, |path| state.action(path).is_done());
    let gone = gone.into_iter().map(|path| json!({ "action": path, "taken_away": true }));
    let seen: Vec<Value> = seen.into_iter().chain(gone).collect();
    out(&format!("{}\n", Value::Array(seen)))?;
    Ok(Exit::Done)
}
