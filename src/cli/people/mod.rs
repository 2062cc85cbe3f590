//! What a person decides: gates, doubts, the end of a run.

pub(in crate::cli) mod abandon;
pub(in crate::cli) mod append;
pub(in crate::cli) mod approve;
pub(in crate::cli) mod given;
pub(in crate::cli) mod resolve;
