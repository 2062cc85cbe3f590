//! The rehearsal lab: a little AWS region on one Linux machine, in which a runbook is tried before it is run.
//!
//! An emulated API with a body: instances are hosts with a real sshd, nginx and php-fpm, a load balancer is
//! haproxy, DNS answers from the hosted zone. All of it lives in namespaces without a way out, as children of one
//! process, and ends with that process.
//!
//! Not handled: bandwidth, disks beside the root.

mod balancer;
mod database;
mod dns;
mod emulator;
mod error;
mod file;
mod host;
mod judge;
mod machine;
mod play;
mod region;
mod scenario;
mod site;
mod world;

pub use balancer::health::{ServerHealth, TargetCheck};
pub use emulator::account::{AccountState, SeededAccount, SeededBalancer, SeededHost};
pub use emulator::client::{BodyEvent, EmulatorClient};
pub use error::RehearsalError;
pub use host::handle::HostHandle;
pub use judge::Witness;
pub use machine::cache::Cache;
pub use machine::{Machine, doctor, setup};
pub use play::play;
pub use region::network::REGION_ADDRESS;
pub use region::operator::OPERATOR_ACCOUNT;
pub use region::spec::{Conduct, RegionSpec};
pub use region::{Region, enter};
pub use scenario::{Part, PlayEnding, Report, ReturnTrip, Scenario, VerdictRow};
pub use site::release;
pub use site::visitor::Outage;
pub use world::{
    AwsQuestion, BalancerBefore, DatabaseBefore, FaultBefore, Holds, InstanceBefore, LabSubnet, NextcloudBefore,
    NextcloudDatabase, ReadWorld, RecordBefore, RefusalBefore, RestBefore, RuleBefore, SiteBefore, TargetProtocol,
    UsersBefore, World, WorldFile, WorldHost, WorldNames, inputs, likeness as world_likeness, parse as parse_world,
    parse_like as parse_world_like, raise,
};
