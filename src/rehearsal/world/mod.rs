//! The lab for a runbook of one's own: hosts with what is on them, the inputs, and what must hold afterwards, as a world file says it.
//!
//! The hosts are instances of the lab's account with the base system (sshd, sudo, nginx, php, systemd where the machine lets it), reached
//! by their names. Not handled: DB instances and certificates of one's own at the beginning.

mod command;
mod file;
mod judge;
mod operator;
mod settle;

pub use file::{Holds, World, WorldFile, WorldHost, parse};
pub(in crate::rehearsal) use judge::{Picture, holds};
pub(in crate::rehearsal) use operator::{INPUTS, commands};
pub(in crate::rehearsal) use settle::{inputs, settle};
