//! Actions on AWS.
//!
//! The rules they all keep: reads go through `aws.read`, changes through `aws.write`, which never repeats a call by
//! itself; what can be found again by token, name or tag is looked for before it is made; waiting is a full condition
//! with its failure states named, never a status alone. Names come from the runbook, tags from [`Context::tags`].
//!
//! [`Context::tags`]: crate::action::Context::tags

mod claim;
mod clone;
mod clone_undo;
mod image;
mod image_parts;
mod instance_checks;
mod instance_state;
mod likeness;
mod look_up;
mod power;
mod rds;
mod rds_state;
mod shut_down;
mod start_as;
mod tags;
