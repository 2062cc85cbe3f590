//! How the users of a site reach it: asked all the time while a run is under way, so that a downtime is measured and not only foretold.

use super::{CheckKind, Expr, Millis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteProbe {
    /// The parameters of [`SiteProbe::KIND`]: `http`. They may refer to inputs.
    pub with: BTreeMap<String, Expr>,
    /// Between two questions, in milliseconds. The next one does not wait for the answer of the one before.
    pub every_ms: u64,
}

impl SiteProbe {
    /// What is asked.
    pub const KIND: CheckKind = CheckKind::ProbeHolds;
    /// Between two questions unless the document says otherwise, in milliseconds.
    pub const EVERY_MS: u64 = 1_000;
    /// The shortest time between two questions, in milliseconds: less would be a load, and no probe.
    pub const LEAST_MS: u64 = 200;
    /// How many questions in a row without a good answer are a downtime: one lost packet is none.
    pub const TIMES: u32 = 2;
    /// How long an answer is waited for, in seconds: nobody waits longer for a site that is up.
    pub const PATIENCE_S: u64 = 5;
}

/// What the site was seen to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSeen {
    /// Whether it answered as it is to.
    pub up: bool,
    /// Since when: of one that is down, when the first question without a good answer was asked; of one that is up, when the first good
    /// answer came.
    pub since: Millis,
    /// What was seen, one line.
    pub seen: String,
}
