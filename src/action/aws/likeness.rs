//! What an image does not carry and a clone must have in common with its original. Pure.
//!
//! Not copied, on purpose: user data (cloud-init would take the clone for a first boot and run it again), the Elastic IP,
//! IPv6 addresses, further network interfaces, protection against termination (an undo terminates the clone).

use super::tags;
use aws_sdk_ec2::types::{
    HttpTokensState, Instance, InstanceMetadataEndpointState, InstanceMetadataOptionsRequest,
    InstanceMetadataProtocolState, InstanceMetadataTagsState, MonitoringState, Tenancy,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// The attributes a clone takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Likeness {
    /// The key pair's name. The keys themselves are in the image.
    pub(super) key_name: Option<String>,
    /// Ids of the security groups.
    pub(super) groups: BTreeSet<String>,
    /// The instance profile's ARN.
    pub(super) profile: Option<String>,
    /// How the metadata service answers.
    pub(super) metadata: Metadata,
    /// Whether CloudWatch gets figures every minute.
    pub(super) detailed_monitoring: bool,
    /// Whether EBS optimisation was asked for.
    pub(super) ebs_optimized: bool,
    /// Whether it has a public address.
    pub(super) public_address: bool,
    /// Dedicated hardware, if any.
    pub(super) tenancy: Option<Tenancy>,
    /// The operator's own tags, without the name.
    pub(super) tags: BTreeMap<String, String>,
    /// Its type, which a clone does not take over.
    pub(super) kind: String,
}

/// Options of the metadata service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Metadata {
    tokens: Option<HttpTokensState>,
    hop_limit: Option<i32>,
    endpoint: Option<InstanceMetadataEndpointState>,
    ipv6: Option<InstanceMetadataProtocolState>,
    tags: Option<InstanceMetadataTagsState>,
}

impl Likeness {
    /// What an instance has.
    pub(super) fn of(instance: &Instance) -> Self {
        let monitoring = instance.monitoring().and_then(|m| m.state());
        let tenancy = instance.placement().and_then(|p| p.tenancy()).filter(|t| **t != Tenancy::Default);
        Self {
            key_name: instance.key_name().map(str::to_owned),
            groups: instance.security_groups().iter().filter_map(|g| g.group_id()).map(str::to_owned).collect(),
            profile: instance.iam_instance_profile().and_then(|p| p.arn()).map(str::to_owned),
            metadata: Metadata::of(instance),
            detailed_monitoring: matches!(monitoring, Some(MonitoringState::Enabled | MonitoringState::Pending)),
            ebs_optimized: instance.ebs_optimized().unwrap_or(false),
            public_address: instance.public_ip_address().is_some(),
            tenancy: tenancy.cloned(),
            tags: tags::pairs(instance.tags()).filter(|(key, _)| is_own_tag(key)).map(owned).collect(),
            kind: super::instance_state::type_of(instance).to_owned(),
        }
    }

    /// The tags a clone gets: the original's, over them `ours`.
    pub(super) fn tags_with(&self, ours: &[(String, String)]) -> Vec<(String, String)> {
        let mut all = self.tags.clone();
        all.extend(ours.iter().cloned());
        all.into_iter().collect()
    }

    /// Where a clone differs from what is wanted of it, one text each. No differences are: tags beyond the wanted, EBS
    /// optimisation that nobody asked for (a type may have it by default), and a key pair that was deleted after the launch.
    /// `ours` are tags that were put over the wanted.
    pub(super) fn differences(&self, clone: &Self, ours: &[(String, String)]) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, wanted: &dyn Debug, got: &dyn Debug, same: bool| {
            if !same {
                found.push(format!("{what}: wanted {wanted:?}, found {got:?}"));
            }
        };
        let same = self.key_name.is_none() || self.key_name == clone.key_name;
        compare("key pair", &self.key_name, &clone.key_name, same);
        compare("security groups", &self.groups, &clone.groups, self.groups == clone.groups);
        compare("instance profile", &self.profile, &clone.profile, self.profile == clone.profile);
        compare("metadata options", &self.metadata, &clone.metadata, self.metadata == clone.metadata);
        let (wanted, got) = (self.detailed_monitoring, clone.detailed_monitoring);
        compare("detailed monitoring", &wanted, &got, wanted == got);
        let (wanted, got) = (self.ebs_optimized, clone.ebs_optimized);
        compare("EBS optimisation", &wanted, &got, !wanted || got);
        let (wanted, got) = (self.public_address, clone.public_address);
        compare("public address", &wanted, &got, wanted == got);
        compare("tenancy", &self.tenancy, &clone.tenancy, self.tenancy == clone.tenancy);
        for (key, value) in self.tags.iter().filter(|(key, _)| ours.iter().all(|(k, _)| k != *key)) {
            let got = clone.tags.get(key);
            compare(&format!("tag `{key}`"), &Some(value), &got, got == Some(value));
        }
        found
    }
}

impl Metadata {
    fn of(instance: &Instance) -> Self {
        let Some(options) = instance.metadata_options() else { return Self::default() };
        Self {
            tokens: options.http_tokens().cloned(),
            hop_limit: options.http_put_response_hop_limit(),
            endpoint: options.http_endpoint().cloned(),
            ipv6: options.http_protocol_ipv6().cloned(),
            tags: options.instance_metadata_tags().cloned(),
        }
    }

    /// The same as a plan tells it, under AWS's names; what EC2 did not say of the original is left to its default.
    pub(super) fn told(&self) -> crate::model::Value {
        let said = [
            ("HttpTokens", self.tokens.as_ref().map(|v| v.as_str().into())),
            ("HttpPutResponseHopLimit", self.hop_limit.map(Into::into)),
            ("HttpEndpoint", self.endpoint.as_ref().map(|v| v.as_str().into())),
            ("HttpProtocolIpv6", self.ipv6.as_ref().map(|v| v.as_str().into())),
            ("InstanceMetadataTags", self.tags.as_ref().map(|v| v.as_str().into())),
        ];
        let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        crate::model::Value::Object(said.collect())
    }

    /// The same as a request for a new instance.
    pub(super) fn request(&self) -> InstanceMetadataOptionsRequest {
        InstanceMetadataOptionsRequest::builder()
            .set_http_tokens(self.tokens.clone())
            .set_http_put_response_hop_limit(self.hop_limit)
            .set_http_endpoint(self.endpoint.clone())
            .set_http_protocol_ipv6(self.ipv6.clone())
            .set_instance_metadata_tags(self.tags.clone())
            .build()
    }
}

/// Whether a tag is the operator's own: AWS's cannot be set, ours and the name are given anew.
fn is_own_tag(key: &str) -> bool {
    key != "Name" && !key.starts_with("aws:") && !key.starts_with("runbook:")
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{GroupIdentifier, IamInstanceProfile, InstanceMetadataOptionsResponse, Monitoring};

    fn web() -> aws_sdk_ec2::types::builders::InstanceBuilder {
        let metadata = InstanceMetadataOptionsResponse::builder()
            .http_tokens(HttpTokensState::Required)
            .http_put_response_hop_limit(1)
            .build();
        Instance::builder()
            .key_name("ops")
            .security_groups(GroupIdentifier::builder().group_id("sg-1").build())
            .iam_instance_profile(IamInstanceProfile::builder().arn("arn:profile").build())
            .metadata_options(metadata)
            .monitoring(Monitoring::builder().state(MonitoringState::Enabled).build())
            .public_ip_address("198.51.100.7")
            .tags(tags::tag("Name", "web-1"))
            .tags(tags::tag("Owner", "cloud"))
            .tags(tags::tag("aws:cloudformation:stack-name", "x"))
            .tags(tags::tag("runbook:run", "r1"))
    }

    #[test]
    fn a_clone_takes_the_operators_tags_and_not_the_others() {
        let ours = [("Name".to_owned(), "web-2".to_owned()), ("runbook:run".to_owned(), "r2".to_owned())];
        let all = Likeness::of(&web().build()).tags_with(&ours);
        let told: Vec<_> = all.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(told, ["Name=web-2", "Owner=cloud", "runbook:run=r2"]);
    }

    #[test]
    fn every_difference_is_named() {
        let wanted = Likeness::of(&web().ebs_optimized(true).build());
        assert_eq!(wanted.differences(&wanted, &[]), [""; 0]);
        let bare = Likeness::of(&Instance::builder().build());
        let named: Vec<String> =
            wanted.differences(&bare, &[]).iter().map(|d| d[..d.find(':').unwrap()].into()).collect();
        assert_eq!(
            named,
            [
                "key pair",
                "security groups",
                "instance profile",
                "metadata options",
                "detailed monitoring",
                "EBS optimisation",
                "public address",
                "tag `Owner`"
            ]
        );
        let ours = [("Owner".to_owned(), "another".to_owned())];
        assert!(!wanted.differences(&bare, &ours).iter().any(|d| d.contains("Owner")));
    }

    #[test]
    fn monitoring_that_is_being_switched_on_is_on() {
        let pending = Monitoring::builder().state(MonitoringState::Pending).build();
        assert!(Likeness::of(&Instance::builder().monitoring(pending).build()).detailed_monitoring);
    }
}
