//! A plan with what was seen of the world.

use crate::journal::{InputsFrom, PlanFile};
use crate::model::{ActionPath, Permissions, RunId, StepId};
use crate::plan::{Look, Plan};

/// A plan with what was seen of the world.
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) run: RunId,
    pub(in crate::cli) text: String,
    pub(in crate::cli) source: Option<String>,
    pub(in crate::cli) inputs_from: Option<InputsFrom>,
    pub(in crate::cli) plan: Plan,
    pub(in crate::cli) looks: Vec<(ActionPath, Look)>,
    pub(in crate::cli) until: Option<StepId>,
    /// What the caller may do; nothing where AWS is not used.
    pub(in crate::cli) permissions: Option<Permissions>,
    /// The saved plan it is; nothing when it is planned on the spot.
    pub(in crate::cli) plan_file: Option<PlanFile>,
}
