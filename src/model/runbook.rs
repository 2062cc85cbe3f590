//! The runbook: inputs, targets, steps and their actions, validated.

use super::{
    ASKS_AWS, ActionPath, CheckKind, Expr, Guard, LeftOut, OnFailure, OnOverrun, Reference, Refusal, RowSpec,
    SiteProbe, StepAction, StepId, TargetSpec, Value, ValueType,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A validated runbook. Every reference in it points at something that exists and comes earlier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// Its name, e.g. `single-to-ha`.
    pub name: String,
    /// One line.
    pub title: String,
    /// What it does, for an operator who never saw it.
    pub about: String,
    /// The AWS region it works in; nothing when it does not use AWS.
    pub region: Option<Expr>,
    /// Tags for every resource it creates, beside `runbook:run` and `runbook:step`.
    pub tags: Option<Expr>,
    /// What the operator must or may give.
    pub inputs: Vec<InputSpec>,
    /// The hosts.
    pub targets: Vec<TargetSpec>,
    /// How the users of its site reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteProbe>,
    /// What is checked before a run begins, in the document's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preflight: Vec<PreflightCheck>,
    /// What must hold between steps, in the document's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    /// What becomes of a run of it that would not keep within its limits.
    #[serde(default, skip_serializing_if = "OnOverrun::is_pause")]
    pub on_overrun: OnOverrun,
    /// The steps, in the document's order.
    pub steps: Vec<Step>,
    /// What its conditions leave out with the inputs it was read with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The inputs that decide what it is: of conditions, of lists for loops and groups of targets.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decided_by: BTreeSet<String>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// What it is for.
    pub about: String,
    /// Used when none is given; without it the input is required.
    pub default: Option<Value>,
}

/// One check before a run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreflightCheck {
    /// Its id, the beginning of its rows' ids.
    pub id: String,
    /// What it checks.
    pub kind: CheckKind,
    /// One line; the kind's own sentence when the document has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its parameters. They may refer to inputs, and to outputs of actions that only look something up.
    pub with: BTreeMap<String, Expr>,
}

impl PreflightCheck {
    /// The rows of its kind, as they are in this check: where the runbook says `verdict: warn`, none refuses.
    pub fn rows(&self) -> impl Iterator<Item = RowSpec> + '_ {
        let warns = self.with.get("verdict") == Some(&Expr::Literal("warn".into()));
        self.kind
            .spec()
            .rows
            .into_iter()
            .map(move |row| RowSpec { refusal: if warns { Refusal::Never } else { row.refusal }, ..row })
    }

    /// Whether it talks to AWS, and so needs the runbook's `region`.
    #[must_use]
    pub fn needs_aws(&self) -> bool {
        self.kind.needs_aws() || ASKS_AWS.iter().any(|name| self.with.contains_key(*name))
    }
}

/// One step: what an operator reviews, names and rolls back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id, e.g. `rds-multi-az`.
    pub id: StepId,
    /// Its number from 1; `step-5` names it too.
    pub number: usize,
    /// One line.
    pub title: String,
    /// Why it is done.
    pub why: String,
    /// Whether the site is down while the world is as after this step, in the order written.
    pub site_down: bool,
    /// The steps that must be done before its first action, and before any other that nothing else is said of. Without
    /// `needs` in the document: the step before it.
    pub needs: Vec<StepId>,
    /// What becomes of the run when one of its actions has failed for good.
    #[serde(default, skip_serializing_if = "OnFailure::is_pause")]
    pub on_failure: OnFailure,
    /// Its actions, in order.
    pub actions: Vec<StepAction>,
}

impl Runbook {
    /// The step an operator names: its id or `step-N`.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Step> {
        let number = name.strip_prefix("step-").and_then(|n| n.parse::<usize>().ok());
        self.steps.iter().find(|s| s.id.as_str() == name || Some(s.number) == number)
    }

    /// The targets an action works on, in the document's order. Only a parameter that takes targets names one, however the
    /// text of another may read.
    #[must_use]
    pub fn targets_of(&self, action: &StepAction) -> Vec<&TargetSpec> {
        let spec = action.kind.spec();
        let takes = spec.params.iter().filter(|param| param.value_type.is_target());
        let names: Vec<&str> = takes.filter_map(|param| action.with.get(param.name)).flat_map(named).collect();
        self.targets.iter().filter(|target| names.contains(&target.name.as_str())).collect()
    }

    /// The targets that neither an action nor a check nor a guard works on.
    #[must_use]
    pub fn unused_targets(&self) -> Vec<&str> {
        let by_actions = self.actions().flat_map(|action| self.targets_of(action)).map(|target| target.name.as_str());
        let checks = self.preflight.iter().map(|check| (check.kind, &check.with));
        let asked = checks.chain(self.guards.iter().map(|guard| (guard.kind, &guard.with)));
        let by_checks = asked.flat_map(|(kind, with)| named_by(kind, with));
        let used: BTreeSet<&str> = by_actions.chain(by_checks).collect();
        self.targets.iter().map(|target| target.name.as_str()).filter(|name| !used.contains(name)).collect()
    }

    /// The targets a guard asks, or is asked from.
    #[must_use]
    pub fn targets_of_guard(&self, guard: &Guard) -> Vec<&TargetSpec> {
        let names = named_by(guard.kind, &guard.with);
        self.targets.iter().filter(|target| names.contains(&target.name.as_str())).collect()
    }

    /// The actions whose outputs are filled in for a guard, in its parameters and in what is said of its targets. A host's key is used
    /// as far as it is known.
    #[must_use]
    pub fn giving_guard<'a>(&'a self, guard: &'a Guard) -> BTreeSet<&'a ActionPath> {
        let fields = self.targets_of_guard(guard).into_iter().flat_map(|target| &target.fields);
        let through = fields.filter(|(name, _)| *name != "host_key").map(|(_, expr)| expr);
        let outputs = guard.with.values().chain(through).flat_map(Expr::references).filter_map(Reference::output);
        outputs.map(|(action, _)| action).collect()
    }

    /// The number of the last step: how many there are in the document, the last ones that are left out apart.
    #[must_use]
    pub fn last_number(&self) -> usize {
        self.steps.last().map_or(0, |step| step.number)
    }

    /// Every action in the document's order.
    pub fn actions(&self) -> impl Iterator<Item = &StepAction> {
        self.steps.iter().flat_map(|s| &s.actions)
    }
}

/// The targets that the parameters of a check, or of a guard, name.
fn named_by(kind: CheckKind, with: &BTreeMap<String, Expr>) -> Vec<&str> {
    let takes = kind.spec().params.into_iter().filter(|param| param.value_type.is_target());
    takes.filter_map(|param| with.get(param.name)).flat_map(named).collect()
}

/// The names in a parameter that takes targets; validation lets no references stand there.
fn named(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Literal(Value::String(name)) => vec![name.as_str()],
        Expr::Literal(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
