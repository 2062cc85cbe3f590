//! Checks before a run: each looks at one thing of the world and judges it. They only read.
//!
//! One way in: [`examine`]. Whatever happens, a check gives every row of its kind: what could not be asked (a permission
//! that is missing, a host that does not answer) is `not-checkable` and says why. No evidence holds a secret: what is read
//! from files on a host is reduced to the few values meant before it leaves the host.
//!
//! What the observe phase of an action refuses already is not asked here again.

mod account;
mod balancer;
mod console_keys;
mod contract;
mod cron;
mod dispatch;
mod dns;
mod fitness;
mod group;
mod group_rules;
mod guest;
mod host;
mod instance;
mod keys;
mod names;
mod nextcloud;
mod nextcloud_login;
mod nextcloud_shared;
mod nginx;
mod own_name;
mod rds;
mod renewal;
mod routes;
mod sight;
mod site;
mod subnets;
mod vcpus;
mod zone;

pub(crate) use contract::{Examine, Seen};
pub use dispatch::{asks_in_part, examine, permissions_of_check};
pub use sight::sight;
