//! From the expressions of an action or a check to its parameters: references filled in, names of targets replaced by targets.

use crate::model::{
    Expr, ParamSpec, PreflightCheck, Reference, Scope, StepAction, TargetSpec, Value, ValueType, stand_in,
};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What parameters are filled in from.
pub(super) struct Filling<'a> {
    plan: &'a Plan,
    with: &'a BTreeMap<String, Expr>,
    params: Vec<ParamSpec>,
    host_keys: HostKeys,
}

/// What becomes of a target whose host key is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostKeys {
    /// It cannot be used.
    Known,
    /// It is used without: the operator's own known_hosts decides.
    KnownOrLeftOut,
}

impl<'a> Filling<'a> {
    /// Who pins a host key uses the target before the key is known.
    pub(super) fn of_action(plan: &'a Plan, action: &'a StepAction) -> Self {
        let pins = action.kind.learns_host_key();
        let host_keys = if pins { HostKeys::KnownOrLeftOut } else { HostKeys::Known };
        Self { plan, with: &action.with, params: action.kind.spec().params, host_keys }
    }

    /// A check comes before everything, and so before any key is pinned.
    pub(super) fn of_check(plan: &'a Plan, check: &'a PreflightCheck) -> Self {
        Self { plan, with: &check.with, params: check.kind.spec().params, host_keys: HostKeys::KnownOrLeftOut }
    }

    /// The parameters, with stand-ins for what is not known yet.
    pub(super) fn preview(&self, scope: &Scope<'_>) -> Value {
        let later = |reference: &Reference| unknown_yet(self.plan, reference);
        let Ok(parameters) = self.fill::<Infallible>(&|expr| Ok(expr.preview(scope, &later)));
        parameters
    }

    /// The parameters; on an error the name of the one that it is about.
    pub(super) fn fill<E>(&self, value_of: &dyn Fn(&Expr) -> Result<Value, E>) -> Result<Value, (&'a str, E)> {
        let mut parameters = serde_json::Map::new();
        for (name, expr) in self.with {
            let about = |error| (name.as_str(), error);
            let mut value = value_of(expr).map_err(about)?;
            if let Some(param) = self.params.iter().find(|p| p.name == name) {
                self.place_targets(&param.value_type, &mut value, value_of).map_err(about)?;
            }
            parameters.insert(name.clone(), value);
        }
        Ok(Value::Object(parameters))
    }

    /// Puts whole targets in the place of their names.
    fn place_targets<E>(
        &self,
        wanted: &ValueType,
        value: &mut Value,
        value_of: &dyn Fn(&Expr) -> Result<Value, E>,
    ) -> Result<(), E> {
        match (wanted, value) {
            (ValueType::Target, value) => {
                let targets = &self.plan.runbook.targets;
                let named = value.as_str().and_then(|name| targets.iter().find(|t| t.name == name));
                if let Some(target) = named {
                    *value = self.target(target, value_of)?;
                }
            }
            (ValueType::List(item), Value::Array(items)) => {
                for it in items {
                    self.place_targets(item, it, value_of)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A target with its values.
    fn target<E>(&self, target: &TargetSpec, value_of: &dyn Fn(&Expr) -> Result<Value, E>) -> Result<Value, E> {
        let mut fields = serde_json::Map::from_iter([("name".to_owned(), Value::from(target.name.as_str()))]);
        for (name, expr) in &target.fields {
            match value_of(expr) {
                Ok(value) => {
                    fields.insert(name.clone(), value);
                }
                Err(_) if name == "host_key" && self.host_keys == HostKeys::KnownOrLeftOut => {}
                Err(error) => return Err(error),
            }
        }
        Ok(fields.into())
    }
}

/// What stands for an output of an action that has not run: of the output's type.
fn unknown_yet(plan: &Plan, reference: &Reference) -> Value {
    let Reference::Output { action, output } = reference else { return Value::Null };
    let text = Value::from(stand_in(&format!("step-{}", plan.number(action.step()))));
    let spec = plan.definition(action).map(|a| a.kind.spec());
    let value_type = spec.and_then(|s| s.outputs.into_iter().find(|(name, _)| name == output)).map(|(_, t)| t);
    match value_type {
        Some(ValueType::List(_)) => Value::Array(vec![text]),
        _ => text,
    }
}
