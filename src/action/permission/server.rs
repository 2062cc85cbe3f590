//! The originals of clones: what launching a likeness of them needs depends on them.

use super::super::policy::{Deed, InstanceRole, Server};
use crate::access::Aws;
use crate::model::ActionKind;
use std::collections::BTreeMap;

/// The originals that could be looked at, by id. One that could not is missing: the actions themselves say why.
pub(super) async fn originals(aws: &Aws, deeds: &[Deed]) -> BTreeMap<String, Server> {
    let mut servers = BTreeMap::new();
    for deed in deeds.iter().filter(|deed| deed.kind == ActionKind::InstanceClone) {
        let Some(id) = deed.text("like") else { continue };
        if servers.contains_key(id) {
            continue;
        }
        let Ok(answer) = aws.read.ec2.describe_instances().instance_ids(id).send().await else { continue };
        let Some(instance) = answer.reservations().iter().flat_map(|r| r.instances()).next() else { continue };
        let server = Server {
            key_pair: instance.key_name().map(str::to_owned),
            groups: instance.security_groups().iter().filter_map(|g| g.group_id()).map(str::to_owned).collect(),
            role: match instance.iam_instance_profile().and_then(|p| p.arn()) {
                None => InstanceRole::None,
                Some(profile) => role(aws, profile).await,
            },
        };
        servers.insert(id.to_owned(), server);
    }
    servers
}

/// The role in an instance profile: its name with its path. The profile's own name does not tell it.
async fn role(aws: &Aws, profile: &str) -> InstanceRole {
    let name = profile.rsplit('/').next().unwrap_or_default();
    let Ok(answer) = aws.read.iam.get_instance_profile().instance_profile_name(name).send().await else {
        return InstanceRole::Unknown;
    };
    let roles = answer.instance_profile().map(|p| p.roles()).unwrap_or_default();
    let arn = roles.first().map(aws_sdk_iam::types::Role::arn);
    match arn.and_then(|arn| arn.split_once(":role/")) {
        Some((_, role)) => InstanceRole::Named(role.to_owned()),
        None => InstanceRole::None,
    }
}
