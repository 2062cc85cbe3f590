//! The call of one check: data, complete, as an action's call is.

use super::{super::Foresight, super::Foretold, CheckKind};

/// One check with everything it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckCall {
    /// Its id in the runbook; the beginning of its rows' ids.
    pub id: String,
    /// Its kind.
    pub kind: CheckKind,
    /// Its parameters: all known, but for those without which the kind can be asked in part. A target is a whole
    /// [`super::super::Target`].
    pub parameters: Foretold,
    /// The AWS region, where the runbook has one.
    pub region: Option<String>,
    /// Whether commands of the runbook's author may be run.
    pub ahead: Foresight,
}
