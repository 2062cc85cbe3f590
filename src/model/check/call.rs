//! The call of one check: data, complete, as an action's call is.

use super::{super::Value, CheckKind};
use serde::{Deserialize, Serialize};

/// One check with everything it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckCall {
    /// Its id in the runbook; the beginning of its rows' ids.
    pub id: String,
    /// Its kind.
    pub kind: CheckKind,
    /// Its parameters, all values known; a target is a whole [`super::super::Target`].
    pub parameters: Value,
    /// The AWS region, where the runbook has one.
    pub region: Option<String>,
}
