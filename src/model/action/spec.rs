//! What is said about an action's kind: for validation, the schema, plans and docs.

use super::super::ValueType;

/// One kind of action, described.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name in a document, e.g. `file.rename`.
    pub name: &'static str,
    /// What it does.
    pub about: String,
    /// Its parameters, in order.
    pub params: Vec<ParamSpec>,
    /// What it gives: name and type.
    pub outputs: Vec<(&'static str, ValueType)>,
    /// How far it can be undone.
    pub reversibility: Reversibility,
    /// How long it usually takes, in seconds (shared/aws.md's middle figures; a journal's own history beats them).
    pub usual_s: u64,
    /// How long it may take before it counts as failed, in seconds, unless the document says otherwise.
    pub deadline_s: u64,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// Its type.
    pub value_type: ValueType,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it must be written out, without references.
    pub fixed: bool,
}

/// How far an action can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversibility {
    /// Undo brings back what was there.
    Reversible,
    /// Undo brings it back, but something is lost.
    WithLoss(&'static str),
    /// It leaves nothing behind that would have to be undone.
    NothingToUndo(&'static str),
    /// It cannot be undone.
    Irreversible(&'static str),
}
