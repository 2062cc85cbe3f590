//! Actions on AWS.
//!
//! The rules they all keep: reads go through `aws.read`, changes through `aws.write`, which never repeats a call by
//! itself; what can be found again by token, name or tag is looked for before it is made; waiting is a full condition
//! with its failure states named, never a status alone. Names come from the runbook, tags from [`Context::tags`].
//!
//! [`Context::tags`]: crate::action::Context::tags

mod acm;
mod admit;
mod admitted;
mod answers;
mod certificate;
mod certificate_issued;
mod claim;
mod claim_lock;
mod clone;
mod clone_launch;
mod clone_preview;
mod clone_undo;
mod db_snapshot;
mod dns_change;
mod dns_external;
mod dns_records;
mod elb;
mod forward;
mod image;
mod image_available;
mod image_parts;
mod instance_checked;
mod instance_checks;
mod instance_state;
mod instance_stopped;
mod lack;
mod likeness;
mod listener;
mod load_balancer;
mod look_up;
mod lower_ttl;
mod patience;
mod point_at_balancer;
mod point_hosted;
mod power;
mod preview;
mod put_cname;
mod rds;
mod rds_state;
mod register;
mod rule;
mod security_group;
mod shut_down;
mod split;
mod start_as;
mod tags;
mod target_group;
mod target_group_delete;
mod target_health;

pub(super) use admitted::Admitted;
pub(super) use answers::{failed, said};

pub(super) use dns_external::is_apex;
pub(super) use dns_records::ttl_at;
pub(super) use elb::{balancer, short_name, target_group};
pub(super) use instance_checks::{Checks, checks};
pub(super) use instance_state::{find as find_instance, live, type_of, unknown as unknown_instance, zone_of};
pub(super) use power::{bring_up, is_down};
pub(super) use rds_state::{db_instance, endpoint};
pub(super) use security_group::group_named;
pub(super) use tags::{CLAIM_TAG, filter, value as tag_value};
pub(super) use target_health::health_in;
