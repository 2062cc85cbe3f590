//! The originals of clones: what launching a likeness of them needs depends on them.

use super::super::policy::{AskedEntry, Deed, Entries, InstanceRole, OriginalServer};
use crate::access::Aws;
use crate::model::ActionKind;
use aws_sdk_ec2::types::Instance;
use std::collections::BTreeMap;

/// The originals that could be looked at, by id. One that could not is missing: the actions themselves say why.
pub(super) async fn originals(aws: &Aws, deeds: &[Deed]) -> BTreeMap<String, OriginalServer> {
    let mut servers = BTreeMap::new();
    for deed in deeds.iter().filter(|deed| deed.kind == ActionKind::InstanceClone) {
        let Some(id) = deed.text("like") else { continue };
        if servers.contains_key(id) {
            continue;
        }
        let Ok(answer) = aws.read.ec2.describe_instances().instance_ids(id).send().await else { continue };
        let Some(instance) = answer.reservations().iter().flat_map(|r| r.instances()).next() else { continue };
        let server = OriginalServer {
            key_pair: instance.key_name().map(str::to_owned),
            groups: instance.security_groups().iter().filter_map(|g| g.group_id()).map(str::to_owned).collect(),
            role: match instance.iam_instance_profile().and_then(|p| p.arn()) {
                None => InstanceRole::None,
                Some(profile) => role(aws, profile).await,
            },
            launch: launch(instance),
        };
        servers.insert(id.to_owned(), server);
    }
    servers
}

/// What a launch of a likeness shows to conditions, as far as EC2 tells it of the original.
fn launch(original: &Instance) -> Entries {
    let options = original.metadata_options();
    let tenancy = original.placement().and_then(|p| p.tenancy());
    let told = [
        ("ec2:InstanceProfile", original.iam_instance_profile().and_then(|p| p.arn())),
        ("ec2:MetadataHttpEndpoint", options.and_then(|o| o.http_endpoint()).map(|v| v.as_str())),
        ("ec2:MetadataHttpTokens", options.and_then(|o| o.http_tokens()).map(|v| v.as_str())),
        ("ec2:Tenancy", tenancy.map(|v| v.as_str())),
    ];
    let told = told.into_iter().filter_map(|(key, text)| Some((key.to_owned(), AskedEntry::Text(text?.to_owned()))));
    let optimized = original.ebs_optimized().map(|yes| ("ec2:EbsOptimized".to_owned(), AskedEntry::Flag(yes)));
    told.chain(optimized).collect()
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
