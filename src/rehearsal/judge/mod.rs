//! What must be so afterwards, by looking at the world: the rows of a rehearsal's verdict. It knows no runbook: what must hold is said
//! by the world file; what was made, by the run's own log, against the account as it is.

pub(super) mod account;
pub(super) mod holds;
pub(super) mod hosts;
pub(super) mod injected;
mod witness;

pub use witness::Witness;
