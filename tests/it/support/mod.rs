//! What several tests need.

pub mod fake;
pub(crate) mod emulator;
pub(crate) mod names;
pub(crate) mod stage;
