//! What a new plan of a run may change: only what has not begun, and what has failed without ever changing anything: a look, a wait.
//!
//! Of a plan this reads only runbook, inputs, account and region; everything else in it is for `plan`.

use super::RunState;
use crate::model::{ActionPath, Runbook, Value, Values};
use serde::Deserialize;

/// What a plan says of the actions in it.
#[derive(Debug, Deserialize)]
struct Meant {
    runbook: Runbook,
    inputs: Values,
    region: Option<String>,
    account: Option<String>,
}

/// Why a run may not go on with another plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplanError {
    /// One of the two plans cannot be read.
    #[error("a plan cannot be read: {0}")]
    Form(String),
    /// It is for something else.
    #[error("the plan is for another {0}")]
    Other(&'static str),
    /// An undo is under way: what it takes back must be known.
    #[error("`{0}` is being undone")]
    Undoing(ActionPath),
    /// It changes what has begun.
    #[error("the plan changes what has begun: {}", list(.0))]
    Begun(Vec<ActionPath>),
}

impl RunState {
    /// Whether the run may go on with this plan: every action that has begun means the same in it.
    ///
    /// # Errors
    /// The reason why not.
    pub fn may_go_on_with(&self, plan: &Value) -> Result<(), ReplanError> {
        let (old, new) = (Meant::read(&self.opened.plan)?, Meant::read(plan)?);
        let others = [
            ("runbook", old.runbook.name != new.runbook.name),
            ("account", old.account != new.account),
            ("region", old.region != new.region),
        ];
        if let Some((what, _)) = others.iter().find(|(_, other)| *other) {
            return Err(ReplanError::Other(what));
        }
        if let Some((action, _)) = self.actions.iter().find(|(_, state)| state.is_undoing()) {
            return Err(ReplanError::Undoing(action.clone()));
        }
        let changed: Vec<ActionPath> = self
            .actions
            .iter()
            .filter(|(action, state)| state.traces().is_some() && old.of(action) != new.of(action))
            .filter(|(action, state)| !(state.has_failed() && old.only_looks(action) && new.only_looks(action)))
            .map(|(action, _)| action.clone())
            .collect();
        if changed.is_empty() { Ok(()) } else { Err(ReplanError::Begun(changed)) }
    }
}

impl Meant {
    fn read(plan: &Value) -> Result<Self, ReplanError> {
        serde_json::from_value(plan.clone()).map_err(|e| ReplanError::Form(e.to_string()))
    }

    /// What changes nothing has left nothing: once it has failed it may mean something else.
    fn only_looks(&self, action: &ActionPath) -> bool {
        self.runbook.actions().any(|it| it.path == *action && it.changes_nothing())
    }

    fn of(&self, action: &ActionPath) -> Option<Value> {
        self.runbook.meaning(action, &self.inputs)
    }
}

fn list(actions: &[ActionPath]) -> String {
    actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
}
