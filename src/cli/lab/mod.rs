//! The rehearsal lab, typed.

pub(in crate::cli) mod doctor;
pub(in crate::cli) mod harm;
mod harmless;
mod look;
pub(in crate::cli) mod rehearse;
pub(in crate::cli) mod verdict;
pub(in crate::cli) mod world;
