//! `runbook rehearsed look`: whether the effects of a run's actions that stand are there still, each by its own look. It only reads.

use crate::cli::args::Common;
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, Exit, open};
use crate::engine::{Worker, look_once};
use crate::model::Found;
use crate::plan::standing;
use serde_json::{Value, json};
use std::rc::Rc;

/// Tells, as JSON, each action that was looked at, whether its effect is there, and what was seen.
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
    out(&format!("{}\n", Value::Array(seen)))?;
    Ok(Exit::Done)
}
