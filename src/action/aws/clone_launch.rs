//! Launching a clone: what it must have, and the call, with a token that finds an earlier attempt's instance.
//!
//! A launch that failed later (`pending` -> `terminated`) has used its token up: EC2 answers the same call with the dead
//! instance, and once that is terminated with `IdempotentInstanceTerminated`, for at least 24 hours ("Ensuring idempotency in
//! Amazon EC2 API requests", EC2 Developer Guide; error codes of the EC2 API Reference). The next one is then the same token
//! with a number, in order, so that every attempt walks the same way and ends at the same live instance.
//!
//! An encrypted image needs rights on its KMS key (`kms:CreateGrant` among others) that cannot be named here.

use super::answers::said;
use super::instance_state::{NO_ROOM, described, find, is_dead, live, state};
use super::likeness::Likeness;
use super::patience::{NOT_KNOWN_YET, YOUNG, patiently};
use super::tags;
use crate::access::{Aws, AwsError, code_of};
use crate::action::Context;
use crate::model::{Advice, Failure, FailureKind, InstanceClone, Recourse};
use aws_sdk_ec2::types::{
    CreditSpecificationRequest, IamInstanceProfileSpecification, Instance, InstanceNetworkInterfaceSpecification,
    InstanceStateName as State, InstanceType, NetworkInterfaceAttribute, Placement, ResourceType,
    RunInstancesMonitoringEnabled, ShutdownBehavior,
};

/// How many launches may have failed before another one is not tried: each used a token up.
const MOST_TOKENS: u32 = 6;

/// EC2 launches nothing more with this token: what it launched with it is terminated.
const USED_UP: &[&str] = &["IdempotentInstanceTerminated"];

/// Types among which a CPU credit mode is carried over; none for types without credits. Between T2 and the others it is not:
/// T2 is `standard` by default and has launch credits, T3 and later are `unlimited` by default and have none, so that a
/// `standard` taken over from a T2 would leave the clone at its baseline from the first second. Of a type without credits EC2
/// tells `standard` ("Burstable performance instances", EC2 User Guide; DescribeInstanceCreditSpecifications, EC2 API
/// Reference).
fn credit_family(kind: &str) -> Option<&'static str> {
    match kind.split('.').next()? {
        "t2" => Some("T2"),
        "t3" | "t3a" | "t4g" => Some("T3"),
        _ => None,
    }
}

impl InstanceClone {
    /// The client tokens of this action's launches, in order.
    pub(super) fn tokens(cx: &Context<'_>) -> Vec<String> {
        let base = cx.call().token();
        (0..MOST_TOKENS).map(|number| if number == 0 { base.clone() } else { format!("{base}-{number}") }).collect()
    }

    /// What the clone must have, as the original has it now; and what was left out.
    pub(super) async fn wanted(&self, aws: &Aws) -> Result<(Likeness, Option<String>), Failure> {
        let original = live(aws, self.like.as_str()).await?;
        // Not told is not "none": a clone that lacks something of its original is another server.
        said(original.metadata_options(), format_args!("the metadata options of `{}`", self.like))?;
        said(original.ebs_optimized(), format_args!("whether `{}` is EBS optimised", self.like))?;
        let mut wanted = Likeness::of(&original);
        wanted.public_address = has_public_address(aws, &original).await?;
        let mut note = None;
        if let Some(key) = &wanted.key_name
            && !key_pair_exists(aws, key).await?
        {
            note = Some(format!("key pair `{key}` is gone: launched without it (the keys are in the image)"));
            wanted.key_name = None;
        }
        Ok((wanted, note))
    }

    /// One RunInstances with one token.
    async fn run(&self, cx: &Context<'_>, aws: &Aws, wanted: &Likeness, token: &str) -> Result<Instance, AwsError> {
        let interface = InstanceNetworkInterfaceSpecification::builder()
            .device_index(0)
            .subnet_id(self.subnet.as_str())
            .set_groups(Some(wanted.groups.iter().cloned().collect()))
            .associate_public_ip_address(wanted.public_address)
            .delete_on_termination(true)
            .build();
        let labels = wanted.tags_with(&cx.tags(Some(self.name.as_str())));
        let profile = wanted.profile.as_ref().map(|arn| IamInstanceProfileSpecification::builder().arn(arn).build());
        let credits = self.credits(aws, wanted).await;
        let credits = credits.map(|c| CreditSpecificationRequest::builder().cpu_credits(c).build());
        let placement = wanted.tenancy.as_ref().map(|t| Placement::builder().tenancy(t.clone()).build());
        let asked = aws
            .write
            .ec2
            .run_instances()
            .client_token(token)
            .min_count(1)
            .max_count(1)
            .image_id(self.image.as_str())
            .instance_type(InstanceType::from(self.instance_type.as_str()))
            .network_interfaces(interface)
            .set_key_name(wanted.key_name.clone())
            .set_iam_instance_profile(profile)
            .metadata_options(wanted.metadata.request())
            .monitoring(RunInstancesMonitoringEnabled::builder().enabled(wanted.detailed_monitoring).build())
            .set_ebs_optimized(wanted.ebs_optimized.then_some(true))
            .set_credit_specification(credits)
            .set_placement(placement)
            .instance_initiated_shutdown_behavior(ShutdownBehavior::Stop)
            .tag_specifications(tags::specification(ResourceType::Instance, &labels))
            .tag_specifications(tags::specification(ResourceType::Volume, &labels));
        let answer = asked.send().await.map_err(AwsError::from)?;
        answer.instances.and_then(|list| list.into_iter().next()).ok_or_else(|| AwsError {
            code: None,
            message: "EC2 answered without an instance".into(),
            lost: true,
        })
    }

    /// Whether the CPU credit mode of an original of type `of` is carried over.
    pub(super) fn keeps_credits(&self, of: &str) -> bool {
        credit_family(of).is_some_and(|family| credit_family(self.instance_type.as_str()) == Some(family))
    }

    /// The original's CPU credit mode, where it is carried over and may be read; else the type's default is left to EC2.
    async fn credits(&self, aws: &Aws, wanted: &Likeness) -> Option<String> {
        if !self.keeps_credits(&wanted.kind) {
            return None;
        }
        let asked = aws.read.ec2.describe_instance_credit_specifications().instance_ids(self.like.as_str());
        let answer = asked.send().await.ok()?;
        let found = answer.instance_credit_specifications().first()?.cpu_credits()?;
        Some(found.to_owned())
    }

    /// Launches, or finds what an earlier attempt has launched.
    pub(super) async fn launch(&self, cx: &Context<'_>, aws: &Aws, wanted: &Likeness) -> Result<String, Failure> {
        let doing = format!("launching `{}` as `{}`", self.name, self.instance_type);
        for token in Self::tokens(cx) {
            let launched =
                patiently(cx, &doing, &[NOT_KNOWN_YET], async || self.run(cx, aws, wanted, &token).await).await?;
            let instance = match launched {
                Ok(instance) => instance,
                Err(error) if error.is(USED_UP) => {
                    cx.beat().beat("what an earlier attempt launched is terminated, launching again")?;
                    continue;
                }
                Err(error) if error.is(&["IdempotentParameterMismatch"]) => {
                    self.by_token(cx, aws, &token, &error).await?
                }
                Err(error) => return Err(self.cannot_launch(&error)),
            };
            let id = instance.instance_id().unwrap_or_default().to_owned();
            // The answer to a repeated call may be as old as the first one: the state that counts is the present one.
            let now = find(aws, &id).await?.unwrap_or(instance);
            if !is_dead(&now) {
                return Ok(id);
            }
            cx.beat().beat(format!("an earlier launch is dead ({}), launching again", described(&now)))?;
        }
        Err(Failure::permanent(format!("{MOST_TOKENS} launches of `{}` have failed", self.name)).advise(
            Advice::by_hand("find out why (`aws ec2 describe-instances` tells the StateReason)")
                .then(Recourse::TakeBack(Some(cx.call().action.step().clone())))
                .then(Recourse::Resume),
        ))
    }

    /// The instance launched with this token, when the original has changed since and the call is not the same any more.
    async fn by_token(&self, cx: &Context<'_>, aws: &Aws, token: &str, error: &AwsError) -> Result<Instance, Failure> {
        for look in 0..cx.looks(YOUNG) {
            if look > 0 {
                cx.pause().await;
            }
            let launched = self.launched(cx, aws).await?;
            if let Some(found) = launched.into_iter().find(|i| i.client_token() == Some(token)) {
                return Ok(found);
            }
        }
        Err(error.failure(format!("cannot launch `{}`", self.name)).advise(Advice::then_resume(format!(
            "`{}` has changed since the first attempt: look for what that launched",
            self.like
        ))))
    }

    fn cannot_launch(&self, error: &AwsError) -> Failure {
        let mut failure = error.failure(format!("cannot launch `{}` as `{}`", self.name, self.instance_type));
        if error.is(NO_ROOM) {
            failure.kind = FailureKind::NoCapacity;
            failure = failure.advise("wait, or choose another type or a subnet in another zone");
        } else if error.is(&["InvalidAMIID.Unavailable", "IncorrectState"]) {
            failure.kind = FailureKind::Busy;
        }
        failure
    }
}

/// Whether an instance has a public address when it runs. A stopped one shows none, so its interface is asked, and where
/// that cannot be had, its subnet's default.
async fn has_public_address(aws: &Aws, original: &Instance) -> Result<bool, Failure> {
    if original.public_ip_address().is_some() || state(original) == State::Running {
        return Ok(original.public_ip_address().is_some());
    }
    if let Some(interface) = original.network_interfaces().first().and_then(|n| n.network_interface_id()) {
        let attribute = NetworkInterfaceAttribute::AssociatePublicIpAddress;
        let asked = aws.read.ec2.describe_network_interface_attribute().network_interface_id(interface);
        let answer = asked.attribute(attribute).send().await.ok();
        if let Some(associated) = answer.and_then(|a| a.associate_public_ip_address()) {
            return Ok(associated);
        }
    }
    let subnet = original.subnet_id().unwrap_or_default();
    let answer = aws.read.ec2.describe_subnets().subnet_ids(subnet).send().await;
    let answer = answer.map_err(|e| AwsError::from(e).failure(format!("cannot look at subnet `{subnet}`")))?;
    let given = answer.subnets().first().and_then(|s| s.map_public_ip_on_launch());
    said(given, format_args!("whether subnet `{subnet}` gives public addresses"))
}

async fn key_pair_exists(aws: &Aws, name: &str) -> Result<bool, Failure> {
    match aws.read.ec2.describe_key_pairs().key_names(name).send().await {
        Ok(answer) => Ok(!answer.key_pairs().is_empty()),
        Err(e) if code_of(&e) == Some("InvalidKeyPair.NotFound") => Ok(false),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look for key pair `{name}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;

    #[test]
    fn a_credit_mode_is_kept_among_alike_types_only() {
        let clone = |kind: &str| -> InstanceClone {
            InstanceClone::decode(&serde_json::json!({
                "image": "ami-0123456789abcdef0", "like": "i-0123456789abcdef0", "subnet": "subnet-0123456789abcdef0",
                "instance_type": kind, "name": "web-2",
            }).into())
            .unwrap()
        };
        for (of, kind, kept) in [
            ("t3.medium", "t3.small", true),
            ("t3a.medium", "t4g.small", true),
            ("t2.medium", "t2.small", true),
            ("t2.medium", "t3.small", false),
            ("m5.large", "t3.small", false),
            ("trn1.2xlarge", "t3.small", false),
            ("t3.medium", "m5.large", false),
        ] {
            assert_eq!(clone(kind).keeps_credits(of), kept, "{of} -> {kind}");
        }
    }
}
