//! A rollback: what it will undo, in the forms of a plan.

pub(in crate::display) mod markdown;
pub(in crate::display) mod page;
pub(in crate::display) mod sheet;
pub(in crate::display) mod stays_stopped;
pub(in crate::display) mod text;
