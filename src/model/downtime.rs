//! The downtime: begun by one action, ended by another, whatever stands between them in the document.

use serde::{Deserialize, Serialize};

/// What an action does to the downtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Downtime {
    /// From its effect on the site is down.
    Begins,
    /// Once it is done the site is up again.
    Ends,
}
