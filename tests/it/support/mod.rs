//! What several tests need.

pub(crate) mod browser;
pub(crate) mod emulator;
pub mod fake;
pub(crate) mod names;
pub(crate) mod region;
pub(crate) mod sent;
pub(crate) mod stage;
