//! One action of a step, and what the document says of it beyond its kind.

use super::{
    ASKS_AWS, ActionKind, ActionPath, DeclaredOutputs, Decode, Downtime, Expr, Needed, Property, RetryPolicy,
    Reversibility, Value, ValueType, WayBack,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One action of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepAction {
    /// `step/action`.
    pub path: ActionPath,
    /// What it does.
    pub kind: ActionKind,
    /// One line; the kind's own sentence when the document has none.
    pub title: Option<String>,
    /// Its parameters.
    pub with: BTreeMap<String, Expr>,
    /// What must be done before it, when the document says so of this action; else the action before it in the step, and for the
    /// first one what the step needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<Needed>>,
    /// What it does to the downtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime: Option<Downtime>,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How long it may take with all its waiting, in seconds; the kind's default when absent.
    pub deadline_s: Option<u64>,
    /// How long it usually takes, in seconds, as the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_s: Option<u64>,
    /// Why it is done although it cannot be undone; given exactly when it cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irreversible: Option<String>,
}

impl StepAction {
    /// Whether the document says that it only looks (`reads: true`).
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let says = |expr: &Expr| matches!(expr, Expr::Literal(Value::Bool(true)));
        self.kind.properties().contains(&Property::MayOnlyRead) && self.with.get("reads").is_some_and(says)
    }

    /// Whether it changes nothing of the world: a look, a wait, a question to a person.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.only_reads() || self.kind.properties().contains(&Property::OnlyLooks)
    }

    /// Whether it talks to AWS, and so needs the runbook's `region`.
    #[must_use]
    pub fn needs_aws(&self) -> bool {
        let asks = || ASKS_AWS.iter().any(|name| self.with.contains_key(*name));
        self.kind.needs_aws() || (self.kind.properties().contains(&Property::MayNeedAws) && asks())
    }

    /// How far it can be undone.
    #[must_use]
    pub fn reversibility(&self) -> Reversibility {
        if self.only_reads() { Reversibility::NothingToUndo("it only looks") } else { self.kind.spec().reversibility }
    }

    /// What its undo is to the way back.
    #[must_use]
    pub fn way_back(&self) -> WayBack {
        if self.only_reads() { WayBack::Restores } else { self.kind.way_back() }
    }

    /// The same in a runbook that hurries back, or does not ([`Runbook::hurries_back`](super::Runbook::hurries_back)).
    #[must_use]
    pub fn way_back_where(&self, hurries: bool) -> WayBack {
        match self.way_back() {
            WayBack::CleansUp if !hurries => WayBack::Unknown,
            way_back => way_back,
        }
    }

    /// Whether it has nothing that must be undone when it was only found.
    #[must_use]
    pub fn leaves_nothing(&self) -> bool {
        matches!(self.reversibility(), Reversibility::NothingToUndo(_))
    }

    /// Why it cannot be undone, when it cannot: what the document says weighs more than the kind.
    #[must_use]
    pub fn cannot_be_undone(&self) -> Option<&str> {
        match (&self.irreversible, self.reversibility()) {
            (Some(why), _) => Some(why),
            (None, Reversibility::Irreversible(why)) => Some(why),
            (None, _) => None,
        }
    }

    /// What it gives: name and type of each output, of its kind and those that the document declares for it.
    #[must_use]
    pub fn outputs(&self) -> Vec<(String, ValueType)> {
        let of_kind = self.kind.spec().outputs.into_iter().map(|(name, value_type)| (name.to_owned(), value_type));
        let declared = match self.with.get("outputs") {
            Some(Expr::Literal(declared)) => declared_outputs(self.kind, declared),
            _ => DeclaredOutputs::default(),
        };
        of_kind.chain(declared.0.into_iter().map(|(name, extract)| (name, extract.value_type))).collect()
    }
}

/// The outputs that a document declares for an action of this kind; none where they cannot be read, or the kind has none.
#[must_use]
pub fn declared_outputs(kind: ActionKind, declared: &Value) -> DeclaredOutputs {
    if !kind.properties().contains(&Property::IsAnyDeed) {
        return DeclaredOutputs::default();
    }
    DeclaredOutputs::decode(&declared.clone().into()).unwrap_or_default()
}
