//! Where a plan comes from.

use crate::journal::PlanFile;
use crate::model::{Millis, Permissions, StepId};

/// Where a plan comes from: what makes two printed plans comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOrigin {
    /// When it was made, UTC.
    pub at: Millis,
    /// Who made it.
    pub by: String,
    /// SHA-256 of the runbook's text, in hexadecimal.
    pub fingerprint: String,
    /// The version of the tool.
    pub tool: String,
    /// The step after which the run would rest, when not all steps are to run.
    pub until: Option<StepId>,
    /// What the caller may do; nothing when AWS is not used or was not asked.
    pub permissions: Option<Permissions>,
    /// The file it was saved in, with its signatures; nothing for a plan that is made now.
    pub file: Option<PlanFile>,
}
