//! The emulated account: Python that answers as AWS does, and the lab's side of it.

pub(super) mod account;
pub(super) mod ask;
pub(super) mod client;
pub(super) mod process;
pub(super) mod venv;
