//! What several tests need.

pub mod fake;
