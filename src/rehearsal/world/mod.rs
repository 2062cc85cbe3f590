//! The lab for a runbook: what there is before it (hosts, what the account has, who uses it), its inputs, and what must hold
//! afterwards, as a world file says it. The lab knows of no runbook but by such a file.
//!
//! The hosts are instances of the lab's account with the base system (sshd, sudo, nginx, php, systemd where the machine lets it), reached
//! by their names. Not handled: more than one VPC, IPv6, private zones.

pub(in crate::rehearsal) mod account;
mod check;
pub(in crate::rehearsal) mod command;
pub(in crate::rehearsal) mod disk;
pub(in crate::rehearsal) mod fault;
pub(in crate::rehearsal) mod file;
pub(in crate::rehearsal) mod holds;
pub(in crate::rehearsal) mod names;
mod operator;
mod read;
pub(in crate::rehearsal) mod secrets;
mod settle;
pub(in crate::rehearsal) mod users;
mod world_file;

pub use account::{
    BalancerBefore, DatabaseBefore, InstanceBefore, LabSubnet, RecordBefore, RuleBefore, TargetProtocol,
};
pub use fault::{FaultBefore, RefusalBefore, RestBefore};
pub use file::{NextcloudBefore, NextcloudDatabase, SiteBefore, World, WorldHost};
pub use holds::{AwsQuestion, Holds};
pub use names::WorldNames;
pub(in crate::rehearsal) use operator::{INPUTS, commands};
pub use read::{ReadWorld, likeness, parse, parse_like};
pub use settle::{inputs, raise};
pub use users::UsersBefore;
pub use world_file::WorldFile;
