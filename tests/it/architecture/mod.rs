//! Checks that the code is laid out as docs/architecture.md says.

mod circles;
mod house;
mod layers;
mod source;
mod tokens;
