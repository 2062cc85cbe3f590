//! How each action observes, applies, verifies and undoes itself.
//!
//! One folder a room: `host` (files, services, commands over SSH), `aws`, `request` (over HTTP), `site` (checks as a user), `people` (gates),
//! `check` (what is looked at before a run begins) and `edit`, the pure edits of configuration files. Each kind implements `Perform` on its parameter struct of the
//! model; [`perform`] is the one way in. An action never sees the journal or the engine.

mod aws;
mod blot;
mod check;
mod command;
mod context;
mod contract;
mod dispatch;
mod host;
mod lines;
mod people;
mod permission;
mod probe;
mod request;
mod site;
mod veil;
mod wait;

pub mod edit;
pub mod policy;

pub use check::{asks_in_part, examine, permissions_of_check, sight};
pub(crate) use context::{Context, RUN_TAG, STEP_TAG};
pub(crate) use contract::{Applied, Perform, Stop, Verified};
pub use dispatch::{clear, describe, give_up, look_ahead, looks_ahead, observe_permissions, perform, permissions};
pub(crate) use lines::Lines;
pub use permission::check_permissions;
pub(crate) use veil::Veil;
pub(crate) use wait::{Glance, send_until_taken, undo_of_look, wait_until};
