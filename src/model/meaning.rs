//! What an action of a runbook means with given inputs: everything that its effect or its undo could depend on.
//!
//! Two runbooks mean the same by an action when an operator could not tell the deeds apart. Titles, reasons, deadlines and
//! retries are no part of it, nor is where a secret is kept. The tags are, of what gives them to something it makes.

use super::{ActionPath, Expr, Guard, Reference, Runbook, Scope, StepAction, Value, Values};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

impl Runbook {
    /// What an action means; nothing when there is no such action. To be compared, not to be read.
    #[must_use]
    pub fn meaning(&self, action: &ActionPath, inputs: &Values) -> Option<Value> {
        let action = self.actions().find(|a| a.path == *action)?;
        let targets = self.targets_of(action);
        let secret = |name: &str| self.inputs.iter().any(|input| input.name == name && input.value_type.is_secret());
        let value = |name| if secret(name) { Some(&Value::Null) } else { inputs.get(name) };
        let used: BTreeMap<&str, &Value> =
            self.inputs_of(action).into_iter().filter_map(|name| Some((name, value(name)?))).collect();
        let nothing = BTreeMap::new();
        let scope = Scope { run: None, inputs, outputs: &nothing };
        let tags = self.tags.as_ref().filter(|_| action.kind.gives_tags()).map(|tags| tags.resolve(&scope).ok());
        Some(json!({
            "kind": action.kind,
            "with": action.with,
            "irreversible": action.irreversible,
            "targets": targets,
            "inputs": used,
            "tags": tags,
        }))
    }

    /// The inputs that nothing uses: no parameter of an action, a check, a guard or the site, no target, neither region nor tags.
    #[must_use]
    pub fn unused_inputs(&self) -> Vec<&str> {
        let with = self.actions().flat_map(|action| action.with.values());
        let checks = self.preflight.iter().flat_map(|check| check.with.values());
        let guards = self.guards.iter().flat_map(|guard| guard.with.values());
        let guards = guards.chain(self.site.iter().flat_map(|site| site.with.values()));
        let targets = self.targets.iter().flat_map(|target| target.fields.values());
        let all = with.chain(checks).chain(guards).chain(targets).chain(&self.region).chain(&self.tags);
        let decides = self.decided_by.iter().map(String::as_str);
        let used: BTreeSet<&str> = all.flat_map(Expr::references).filter_map(Reference::input).chain(decides).collect();
        self.inputs.iter().map(|input| input.name.as_str()).filter(|name| !used.contains(name)).collect()
    }

    /// The inputs an action uses, itself and through the targets it works on.
    #[must_use]
    pub fn inputs_of<'a>(&'a self, action: &'a StepAction) -> BTreeSet<&'a str> {
        self.references_of(action).filter_map(Reference::input).collect()
    }

    /// The outputs an action uses, itself and through the targets it works on: of which action, and their names.
    #[must_use]
    pub fn outputs_used_by<'a>(&'a self, action: &'a StepAction) -> BTreeSet<(&'a ActionPath, &'a str)> {
        self.references_of(action).filter_map(Reference::output).collect()
    }

    /// The actions whose outputs may be filled in for an action, in its parameters and in all that is said of its targets.
    #[must_use]
    pub fn giving<'a>(&'a self, action: &'a StepAction) -> BTreeSet<&'a ActionPath> {
        let targets = self.targets_of(action).into_iter().flat_map(|target| target.fields.values());
        let outputs = action.with.values().chain(targets).flat_map(Expr::references).filter_map(Reference::output);
        outputs.map(|(action, _)| action).collect()
    }

    /// The inputs a guard uses, itself and through its targets.
    #[must_use]
    pub fn inputs_of_guard<'a>(&'a self, guard: &'a Guard) -> BTreeSet<&'a str> {
        let through = self.targets_of_guard(guard).into_iter().flat_map(|target| target.fields.values());
        guard.with.values().chain(through).flat_map(Expr::references).filter_map(Reference::input).collect()
    }

    fn references_of<'a>(&'a self, action: &'a StepAction) -> impl Iterator<Item = &'a Reference> {
        let through = self.targets_of(action).into_iter().flat_map(|target| target.used_by(action.kind));
        let through = through.map(|(_, expr)| expr);
        action.with.values().chain(through).flat_map(Expr::references)
    }
}
