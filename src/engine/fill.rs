//! From the expressions of an action or a check to its parameters: values as far as they are known, whole targets in the place of
//! their names.

use crate::model::{
    ActionPath, CheckKind, Expr, Foretold, LocalFile, ParamSpec, RunId, StepAction, TargetSpec, ValueType, Values,
};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// What parameters are filled in from.
pub(super) struct Filling<'a> {
    plan: &'a Plan,
    run: Option<&'a RunId>,
    outputs: &'a BTreeMap<ActionPath, Values>,
    host_keys: HostKeys,
}

/// What becomes of a target whose host key is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostKeys {
    /// It is not all known either.
    Known,
    /// It is used without: the operator's own known_hosts decides.
    KnownOrLeftOut,
}

impl<'a> Filling<'a> {
    /// With the values of a run, or of none yet, in which actions have given these outputs.
    pub(super) fn new(plan: &'a Plan, run: Option<&'a RunId>, outputs: &'a BTreeMap<ActionPath, Values>) -> Self {
        Self { plan, run, outputs, host_keys: HostKeys::Known }
    }

    /// The parameters of an action. Who pins a host key uses the target before the key is known.
    pub(super) fn of_action(self, action: &StepAction) -> BTreeMap<String, Foretold> {
        let pins = action.kind.learns_host_key();
        let host_keys = if pins { HostKeys::KnownOrLeftOut } else { HostKeys::Known };
        Self { host_keys, ..self }.fill(&action.with, &action.kind.spec().params)
    }

    /// The parameters of a check, or of a guard. It may come before everything, and so before any key is pinned.
    pub(super) fn of_probe(self, kind: CheckKind, with: &BTreeMap<String, Expr>) -> BTreeMap<String, Foretold> {
        Self { host_keys: HostKeys::KnownOrLeftOut, ..self }.fill(with, &kind.spec().params)
    }

    fn fill(&self, with: &BTreeMap<String, Expr>, params: &[ParamSpec]) -> BTreeMap<String, Foretold> {
        let value = |(name, expr): (&String, &Expr)| {
            let (value, spec) = (self.value(expr), params.iter().find(|param| param.name == name));
            let value = match (spec.map(|spec| &spec.value_type), expr) {
                (Some(ValueType::File), Expr::Literal(path)) => {
                    LocalFile::of_runbook(self.plan.folder.as_deref(), path.as_str().unwrap_or_default())
                }
                (Some(wanted), _) => self.with_targets(wanted, value),
                (None, _) => value,
            };
            (name.clone(), value)
        };
        with.iter().map(value).collect()
    }

    fn value(&self, expr: &Expr) -> Foretold {
        self.plan.foretell(expr, self.run, self.outputs)
    }

    /// The same with whole targets in the place of their names.
    fn with_targets(&self, wanted: &ValueType, value: Foretold) -> Foretold {
        match wanted {
            ValueType::Target => {
                let targets = &self.plan.runbook.targets;
                let named = value.known_text(&[]).and_then(|name| targets.iter().find(|target| target.name == name));
                if let Some(target) = named { self.target(target) } else { value }
            }
            ValueType::List(item) if item.is_target() => {
                Foretold::List(value.items().into_iter().map(|it| self.with_targets(item, it.into_owned())).collect())
            }
            _ => value,
        }
    }

    /// A target with its values.
    fn target(&self, target: &TargetSpec) -> Foretold {
        let fields = target.fields.iter().map(|(name, expr)| (name.clone(), self.value(expr)));
        let left_out = |name: &str, value: &Foretold| {
            name == "host_key" && self.host_keys == HostKeys::KnownOrLeftOut && !value.is_known()
        };
        let name = ("name".to_owned(), Foretold::Known(target.name.as_str().into()));
        fields.filter(|(name, value)| !left_out(name, value)).chain([name]).collect()
    }
}
