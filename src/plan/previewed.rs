//! What a plan says of the world: for each action that could be looked at, what was seen and what applying would change.
//!
//! Whoever signs a plan signs this. It holds no before-image, for that is taken anew just before the action acts.

use crate::model::{BroughtBy, Change, Description, Facts, Finding, Found, Values};
use serde::{Deserialize, Serialize};

/// What was previewed of one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    /// What it was going to do, one sentence.
    pub does: String,
    /// How the world stood to it.
    pub found: Found,
    /// What was seen, one line.
    pub evidence: String,
    /// What it could give already, so that later actions can be told in full.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub outputs: Values,
    /// What the action is held to when it acts.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// What looking showed that it would change; empty where the parameters tell as much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What it is about was not there yet, and this action comes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<BroughtBy>,
}

impl Previewed {
    /// What a look and a description tell.
    #[must_use]
    pub fn of(finding: &Finding, described: Option<&Description>) -> Self {
        Self {
            does: described.map_or_else(String::new, |d| d.does.to_string()),
            found: finding.found,
            evidence: finding.evidence.clone(),
            outputs: finding.outputs.clone(),
            facts: finding.facts.clone(),
            changes: finding.changes.clone(),
            brought_by: finding.brought_by.clone(),
        }
    }

    /// The finding as a display shows it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding {
            outputs: self.outputs.clone(),
            changes: self.changes.clone(),
            facts: self.facts.clone(),
            brought_by: self.brought_by.clone(),
            ..Finding::new(self.found, false, self.evidence.clone())
        }
    }
}
