//! The rehearsal lab: a little AWS region on one Linux machine, in which a runbook is tried before it is run.
//!
//! An emulated API with a body: instances are hosts with a real sshd, nginx and php-fpm, a load balancer is
//! haproxy, DNS answers from the hosted zone. All of it lives in namespaces without a way out, as children of one
//! process, and ends with that process.
//!
//! Not handled: bandwidth, disks beside the root.

mod account;
mod authority;
mod balancer;
mod balancer_config;
mod balancer_health;
mod before;
mod cache;
mod cgroups;
mod database;
mod database_server;
mod diary;
mod dns;
pub mod doctor;
mod emulator_client;
mod emulator_process;
pub mod enter;
mod error;
mod firewall;
mod flagship;
mod haproxy;
mod host;
mod host_handle;
mod hosts;
mod image;
mod init;
mod layers;
mod names;
mod network;
mod operator;
mod recipe;
mod reconcile;
mod region;
pub mod release;
mod scenario;
mod seed;
pub mod setup;
mod shell;
mod spec;
mod tool;
mod under_test;
mod venv;
mod view;
mod visitor;

pub use account::{AccountState, SeededAccount};
pub use balancer_health::{Health, TargetCheck};
pub use before::{AccountBefore, BeforeState, DatabaseBefore, SiteBefore};
pub use cache::Cache;
pub use emulator_client::{BodyEvent, EmulatorClient};
pub use error::RehearsalError;
pub use flagship::{Witness, before, inputs, play};
pub use host_handle::HostHandle;
pub use network::REGION_ADDRESS;
pub use operator::OPERATOR_ACCOUNT;
pub use region::Region;
pub use scenario::{Ending, Fault, Part, Report, Row, Scenario, WayBack};
pub use setup::Prepared;
pub use spec::{Conduct, RegionSpec};
pub use visitor::Downtime;
