//! What AWS allows the caller to do of all that a run and its rollback need, as it was found out before the run.

use super::ActionPath;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was found out about a caller's permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permissions {
    /// The caller's ARN, as STS tells it.
    pub caller: String,
    /// How it was found out.
    pub judged: Judged,
    /// The IAM actions that are allowed wherever they are needed.
    pub allowed: BTreeSet<String>,
    /// Those that are denied somewhere, by name.
    pub missing: Vec<Lack>,
    /// Those of which it cannot be told beforehand, by name.
    pub unchecked: Vec<Lack>,
    /// The caller may look at everything and change none of it: somebody who plans and does not run.
    pub only_plans: bool,
}

/// How permissions were judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Judged {
    /// The account's root user may do everything.
    Root,
    /// IAM was asked (`iam:SimulatePrincipalPolicy`), with resources and conditions.
    Simulation,
    /// EC2 was asked by requests that are marked as dry runs; other services know no such thing.
    DryRuns {
        /// Why IAM could not be asked, and what would make it possible.
        why: String,
    },
}

/// An IAM action that is denied, or of which it cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// The IAM action, e.g. `ec2:RunInstances`.
    pub permission: String,
    /// On which resources, where that tells more than the name: ARNs, an id in capitals or `0123456789abcdef` standing
    /// for one that does not exist yet.
    pub on: BTreeSet<String>,
    /// Who says no, or why it cannot be told.
    pub why: String,
    /// What needs it.
    pub needed_by: BTreeSet<Need>,
}

/// What needs a permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Need {
    /// The action of the runbook.
    pub action: ActionPath,
    /// What for.
    #[serde(rename = "for")]
    pub purpose: NeedFor,
}

/// What an action needs a permission for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedFor {
    /// Looking, which everything begins with.
    Look,
    /// Going forward: the effect, and waiting for it.
    Forward,
    /// Its undo.
    Back,
}

impl NeedFor {
    /// Completes `needed `.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            NeedFor::Look => "to look",
            NeedFor::Forward => "going forward",
            NeedFor::Back => "going back",
        }
    }
}

impl Permissions {
    /// What each action of the runbook lacks, by what for: IAM actions by name.
    #[must_use]
    pub fn missing_by_action(&self) -> BTreeMap<&ActionPath, BTreeMap<NeedFor, Vec<&Lack>>> {
        let mut by_action: BTreeMap<&ActionPath, BTreeMap<NeedFor, Vec<&Lack>>> = BTreeMap::new();
        for lack in &self.missing {
            for need in &lack.needed_by {
                by_action.entry(&need.action).or_default().entry(need.purpose).or_default().push(lack);
            }
        }
        by_action
    }
}
