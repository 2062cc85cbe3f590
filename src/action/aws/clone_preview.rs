//! The launch of a clone as a plan tells it: what its original has now, under RunInstances' names.
//!
//! Not looked up for a preview, and so told in words: whether the key pair still exists, the CPU credits, and, while the
//! original is stopped, whether it has a public address.

use super::instance_state::state;
use super::likeness::Likeness;
use super::preview::{list, request, run_tags, shown, words};
use crate::model::{Change, Facts, InstanceClone};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State};
use serde_json::json;

impl InstanceClone {
    /// RunInstances, with what `original` has; in words while nobody has looked.
    pub(super) fn launching(&self, original: Option<&Instance>) -> Change {
        let of = |what: &str| words(format_args!("{what} of {}", self.like));
        let like = original.map(Likeness::of);
        let groups = like.as_ref().map_or_else(|| of("those"), |like| json!(like.groups));
        let public = match (&like, original.map(state)) {
            (Some(like), Some(State::Running)) => json!(like.public_address),
            (Some(like), _) if like.public_address => json!(true),
            _ => of("as the interface"),
        };
        let interface = json!({
            "DeviceIndex": 0, "SubnetId": self.subnet, "Groups": groups, "AssociatePublicIpAddress": public,
            "DeleteOnTermination": true,
        });
        let mut with = vec![
            ("MinCount", json!(1)),
            ("MaxCount", json!(1)),
            ("NetworkInterfaces", json!([interface])),
            ("InstanceInitiatedShutdownBehavior", json!("stop")),
        ];
        match &like {
            Some(like) => {
                with.extend(like.key_name.iter().map(|key| ("KeyName", json!(key))));
                with.extend(like.profile.iter().map(|arn| ("IamInstanceProfile", json!({"Arn": arn}))));
                with.extend(like.tenancy.iter().map(|t| ("Placement", json!({"Tenancy": t.as_str()}))));
                with.extend(like.ebs_optimized.then_some(("EbsOptimized", json!(true))));
                with.push(("MetadataOptions", like.metadata.told()));
                with.push(("Monitoring", json!({"Enabled": like.detailed_monitoring})));
            }
            None => {
                let copied = ["KeyName", "IamInstanceProfile", "MetadataOptions", "Monitoring"];
                with.extend(copied.map(|name| (name, of("that"))));
            }
        }
        if like.as_ref().is_none_or(|like| self.keeps_credits(&like.kind)) {
            with.push(("CreditSpecification", of("that")));
        }
        let tags: Vec<String> =
            like.iter().flat_map(|l| &l.tags).map(|(key, value)| format!("{key}={value}")).collect();
        with.push(match tags.is_empty() {
            true => ("TagSpecifications", run_tags(self.name.as_str())),
            false => {
                let all =
                    format_args!("{} as {}; Name={}, your own tags, and the run's", list(tags), self.like, self.name);
                ("TagSpecifications", words(all))
            }
        });
        let own = [("ImageId", shown(&self.image)), ("InstanceType", shown(&self.instance_type))];
        let with = with.into_iter().map(|(name, value)| (name, value.into()));
        request("ec2:RunInstances", own.into_iter().chain(with))
    }

    /// What a clone takes over of its original and a signer of the plan judges it by.
    pub(super) fn copied(&self, original: &Instance) -> Facts {
        let like = Likeness::of(original);
        let of = |what: &str| format!("{what} of `{}`", self.like);
        Facts::from([
            (of("security groups"), list(&like.groups)),
            (of("key pair"), list(&like.key_name)),
            (of("instance profile"), list(&like.profile)),
        ])
    }
}
