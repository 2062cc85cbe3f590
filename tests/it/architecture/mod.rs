//! Checks that the code is laid out as docs/architecture.md says.

mod circles;
mod house;
pub mod layers;
mod source;
pub mod tokens;
