//! What a run has stopped and not started again, when only its first steps stay done.
//!
//! A start of an instance brings back the instance, and of its services those that start at boot; a restart brings back one
//! service of one host. Not handled: services that another action starts by the way (a reload, a command).

use crate::journal::RunState;
use crate::model::{ActionPath, Expr, Property, Runbook, Scope, StepAction, Value, Values};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// The actions among `kept`, in their order, whose stop still holds.
pub(in crate::display) fn stopped<'a>(
    plan: &Plan,
    state: &RunState,
    kept: impl Iterator<Item = &'a StepAction>,
) -> Vec<&'a StepAction> {
    let outputs = state.outputs();
    let known = Known { runbook: &plan.runbook, run: state.run.as_str(), inputs: &plan.inputs, outputs: &outputs };
    let mut all: Vec<&StepAction> = Vec::new();
    for action in kept.filter(|action| state.action(&action.path).is_done()) {
        for property in action.kind.properties() {
            match property {
                Property::Stops => all.push(action),
                Property::StartsInstance => {
                    all.retain(|stop| known.is_disabled(stop) || !known.same(action, stop, Known::instance));
                }
                Property::StartsService => all.retain(|stop| {
                    let same_service = known.same(action, stop, |known, it| known.value(it.with.get("service")?));
                    !(same_service && known.same(action, stop, Known::host))
                }),
                Property::NeedsAws
                | Property::MayNeedAws
                | Property::GivesTags
                | Property::LooksUp
                | Property::LearnsHostKey => {}
                Property::Asks
                | Property::AsksForRecord
                | Property::AsksAboutHostKey
                | Property::IsAnyDeed
                | Property::RunsByItself
                | Property::OnlyLooks
                | Property::CannotBeSeen
                | Property::MayOnlyRead
                | Property::Probes
                | Property::Removes
                | Property::Releases => {}
            }
        }
    }
    all
}

/// What can be known of parameters before the rollback.
struct Known<'a> {
    runbook: &'a Runbook,
    run: &'a str,
    inputs: &'a Values,
    outputs: &'a BTreeMap<ActionPath, Values>,
}

impl Known<'_> {
    fn value(&self, expr: &Expr) -> Option<Value> {
        expr.resolve(&Scope { run: Some(self.run), inputs: self.inputs, outputs: self.outputs }).ok()
    }

    /// The instance an action starts, stops or works on.
    fn instance(&self, action: &StepAction) -> Option<Value> {
        let named = || self.runbook.targets_of(action).first().and_then(|target| target.fields.get("instance"));
        self.value(action.with.get("instance").or_else(named)?)
    }

    /// What tells the action's host from others: its instance, else its name in the ssh configuration.
    fn host(&self, action: &StepAction) -> Option<Value> {
        let target = *self.runbook.targets_of(action).first()?;
        self.value(target.fields.get("instance").or_else(|| target.fields.get("host"))?)
    }

    /// Whether something is known of both actions, and is the same.
    fn same(&self, one: &StepAction, other: &StepAction, of: impl Fn(&Self, &StepAction) -> Option<Value>) -> bool {
        of(self, one).is_some_and(|it| of(self, other) == Some(it))
    }

    /// Whether what was stopped does not start at boot either.
    fn is_disabled(&self, stop: &StepAction) -> bool {
        stop.with.get("disable").is_some_and(|disable| self.value(disable) != Some(Value::Bool(false)))
    }
}
