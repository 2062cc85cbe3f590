//! `runbook`: a step engine for cutovers that must not go wrong.
//!
//! The modules are the data's way: `document` -> `validate` -> `model` -> `plan` -> `engine` -> `action`, with `journal`,
//! `event` and `display` beside it. docs/architecture.md has the layer table; a test keeps it.

pub mod access;
pub mod action;
pub mod cli;
pub mod display;
pub mod document;
pub mod engine;
pub mod event;
pub mod journal;
pub mod model;
pub mod notify;
pub mod plan;
pub mod rehearsal;
pub mod validate;
