//! Actions on AWS: what exists, is looked up by id, token, name and tag before anything is made twice.

mod acm;
mod admit;
mod answers;
mod certificate;
mod certificate_issued;
mod dns_change;
mod dns_external;
mod dns_records;
mod elb;
mod listener;
mod load_balancer;
mod point_at_balancer;
mod point_hosted;
mod put_cname;
mod register;
mod security_group;
mod target_group;
mod target_health;
