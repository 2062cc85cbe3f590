//! Where an expression stands, and what it may refer to there.

use super::scope::Declared;

/// What is said of a secret where plain data belongs.
pub(super) const SECRET_ALONE: &str = "a secret can only stand in a parameter of type `secret` (of a command in its `env`, or as its \
    `stdin`): elsewhere its reference would be written down in its place";

/// Where an expression stands: decides which references are known there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    /// In the head of the runbook: inputs only.
    Head,
    /// In a target: what it names must exist; whether it comes early enough is judged at each use.
    Target,
    /// In a check before the run: inputs, and what is looked up before it.
    Preflight,
    /// In a guard: inputs, and outputs; whether those come early enough is judged when all steps are read.
    Guard,
    /// In the action at this position.
    Action((usize, usize)),
}

/// Reads expressions at one place.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) scope: &'a Declared,
    pub(super) here: Here,
}
