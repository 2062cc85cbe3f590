//! What an action does, told beforehand: in words, as changes, and the facts such a preview rests on.
//!
//! Both are made by reading only. They hold no secret: of a file that may hold one only the keys that are meant are shown,
//! and a fact of such a file is its SHA-256.

use super::{Foretold, Text, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a preview rests on: facts of the live world by what they are facts of, e.g. ``type of `i-0ab` `` is `t3.large`.
///
/// The name is the same for every action that speaks of the same fact, and is unique in an account: the first action of a
/// plan that would change a fact is held to it just before it acts; for later ones it is the run's own doing. So an
/// action names only what it would change or overwrite, not what it merely sees.
pub type Facts = BTreeMap<String, String>;

/// One thing that an action would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A file on a host, all of whose text may be read by whoever reads the plan.
    File {
        /// The host's name in the runbook, e.g. `web-1`.
        on: String,
        /// The file's absolute path.
        path: String,
        /// The unified diff of the file as it is against the file as it will be, with three lines of context.
        diff: String,
    },
    /// Keys of a file that may hold secrets: only those that are meant, and nothing around them.
    Keys {
        /// The host's name in the runbook.
        on: String,
        /// The file's absolute path.
        path: String,
        /// The keys, in the order they are written.
        keys: Vec<KeyChange>,
    },
    /// A request to AWS.
    Request {
        /// The service and its operation, as IAM names them, e.g. `rds:ModifyDBInstance`.
        operation: String,
        /// Its parameters under AWS's own names, as they are shown: words stand for what only the run will bring.
        with: BTreeMap<String, Value>,
        /// Those of which the run will bring all.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        later: BTreeSet<String>,
    },
    /// A command on a host.
    Command {
        /// The host's name in the runbook.
        on: String,
        /// The argument vector, exactly.
        argv: Vec<String>,
    },
}

/// A key of a file and its value now and then, as they are written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// Its value now; nothing when the key is not there.
    pub from: Option<String>,
    /// Its value then; nothing when the key goes.
    pub to: Option<String>,
}

/// An action in words, told from its parameters alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The parameters, by name, as far as they are known.
    pub parameters: Foretold,
    /// What it will do, one sentence in the imperative.
    pub does: Text,
    /// What its undo will do; nothing when there is nothing to undo.
    pub undo: Option<Text>,
    /// What it will change, as far as the parameters tell.
    pub changes: Vec<Change>,
}
