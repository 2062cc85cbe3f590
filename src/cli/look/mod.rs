//! What there is to read: runbooks, runs, records.

pub(in crate::cli) mod actions;
pub(in crate::cli) mod list;
pub(in crate::cli) mod log;
pub(in crate::cli) mod report;
pub(in crate::cli) mod runs;
pub(in crate::cli) mod schema;
pub(in crate::cli) mod status;
pub(in crate::cli) mod validate;
