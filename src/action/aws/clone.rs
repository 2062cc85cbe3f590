//! `instance.clone`: runs an instance from an image, with all of its original that the image does not carry.
//!
//! RunInstances has a client token, so a repeated call finds its own instance. A launch that failed later (`pending` ->
//! `terminated`) has used its token up: the same call would answer the dead one for ever. The next one is then the same
//! token with a number, in order, so that every attempt walks the same way and ends at the same live instance.
//!
//! An encrypted image needs rights on its KMS key (`kms:CreateGrant` among others) that cannot be named here.

use super::image_parts;
use super::instance_checks::{Age, Checks, checks, wait_checked};
use super::instance_state::{NO_CAPACITY, described, find, is_dead, live, state, type_of, with_tags};
use super::likeness::Likeness;
use super::power::up;
use super::{clone_undo, tags};
use crate::access::{Aws, AwsError, code_of};
use crate::action::{Applied, Context, Perform, RUN_TAG, STEP_TAG, Stop, Verified};
use crate::model::{Failure, FailureKind, Finding, Found, InstanceClone, Value, Values};
use aws_sdk_ec2::types::{
    CreditSpecificationRequest, IamInstanceProfileSpecification, ImageState, Instance,
    InstanceNetworkInterfaceSpecification, InstanceStateName as State, InstanceType, NetworkInterfaceAttribute,
    Placement, ResourceType, RunInstancesMonitoringEnabled, ShutdownBehavior,
};
use serde_json::json;

/// How many launches may have failed before another one is not tried: each used a token up.
const MOST_TOKENS: u32 = 6;

impl InstanceClone {
    /// Every instance this action has launched in this run, dead ones too.
    pub(super) async fn launched(&self, cx: &Context<'_>, aws: &Aws) -> Result<Vec<Instance>, Failure> {
        let (run, step) = (cx.call().run.as_str(), cx.call().action.step().as_str());
        with_tags(aws, &[(RUN_TAG, run), (STEP_TAG, step), ("Name", &self.name)]).await
    }

    /// The one that lives.
    pub(super) async fn ours(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Instance>, Failure> {
        let mut live: Vec<_> = self.launched(cx, aws).await?.into_iter().filter(|i| !is_dead(i)).collect();
        let found = live.pop();
        match (&found, live.is_empty()) {
            (Some(one), false) => {
                live.push(one.clone());
                let names = live.iter().map(described).collect::<Vec<_>>().join(", ");
                Err(Failure::refused(format!("more than one instance named `{}` of this run is there", self.name))
                    .cause(names)
                    .advise("find out which one serves, terminate the others, then resume"))
            }
            _ => Ok(found),
        }
    }

    /// What the clone must have, as the original has it now; and what was left out.
    async fn wanted(&self, aws: &Aws) -> Result<(Likeness, Option<String>), Failure> {
        let original = live(aws, self.like.as_str()).await?;
        let mut wanted = Likeness::of(&original);
        wanted.public_address = has_public_address(aws, &original).await?;
        let mut note = None;
        if let Some(key) = &wanted.key_name {
            if !key_pair_exists(aws, key).await? {
                note = Some(format!("key pair `{key}` is gone: launched without it (the keys are in the image)"));
                wanted.key_name = None;
            }
        }
        Ok((wanted, note))
    }

    async fn check_image(&self, aws: &Aws) -> Result<(), Failure> {
        let id = self.image.as_str();
        let Some(image) = image_parts::by_id(aws, id).await? else {
            return Err(Failure::refused(format!("there is no image `{id}` in {}", aws.region)));
        };
        match image_parts::state(&image) {
            ImageState::Available => Ok(()),
            ImageState::Pending | ImageState::Transient => {
                Err(Failure::transient(format!("image `{id}` is not available yet"))
                    .cause(format!("IncorrectState: {}", image_parts::progress(aws, &image).await?)))
            }
            _ => {
                Err(Failure::refused(format!("image `{id}` cannot be launched from"))
                    .cause(image_parts::reason(&image)))
            }
        }
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
        let labels = wanted.tags_with(&cx.tags(Some(&self.name)));
        let profile = wanted.profile.as_ref().map(|arn| IamInstanceProfileSpecification::builder().arn(arn).build());
        let credits = self.credits(aws).await.map(|c| CreditSpecificationRequest::builder().cpu_credits(c).build());
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

    /// The original's CPU credit mode, where both types have one and it may be read.
    async fn credits(&self, aws: &Aws) -> Option<String> {
        let burstable = |kind: &str| kind.starts_with('t');
        if !burstable(self.instance_type.as_str()) {
            return None;
        }
        let asked = aws.read.ec2.describe_instance_credit_specifications().instance_ids(self.like.as_str());
        let answer = asked.send().await.ok()?;
        let found = answer.instance_credit_specifications().first()?.cpu_credits()?;
        Some(found.to_owned())
    }

    /// Launches, or finds what an earlier attempt has launched.
    async fn launch(&self, cx: &Context<'_>, aws: &Aws, wanted: &Likeness) -> Result<String, Failure> {
        let base = cx.call().token();
        for number in 0..MOST_TOKENS {
            let token = if number == 0 { base.clone() } else { format!("{base}-{number}") };
            let instance = match self.run(cx, aws, wanted, &token).await {
                Ok(instance) => instance,
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
            "find out why (`aws ec2 describe-instances` tells the StateReason), then roll the step back and resume",
        ))
    }

    /// The instance launched with this token, when the original has changed since and the call is not the same any more.
    async fn by_token(&self, cx: &Context<'_>, aws: &Aws, token: &str, error: &AwsError) -> Result<Instance, Failure> {
        for look in 0..image_parts::LATE_LOOKS {
            if look > 0 {
                tokio::time::sleep(cx.poll()).await;
            }
            let launched = self.launched(cx, aws).await?;
            if let Some(found) = launched.into_iter().find(|i| i.client_token() == Some(token)) {
                return Ok(found);
            }
        }
        Err(error.failure(format!("cannot launch `{}`", self.name)).advise(format!(
            "`{}` has changed since the first attempt: look for what that launched, then resume",
            self.like
        )))
    }

    fn cannot_launch(&self, error: &AwsError) -> Failure {
        let mut failure = error.failure(format!("cannot launch `{}` as `{}`", self.name, self.instance_type));
        if error.is(NO_CAPACITY) {
            failure.kind = FailureKind::Transient;
            failure = failure.advise("wait, or choose another type or a subnet in another zone");
        } else if error.is(&["InvalidAMIID.Unavailable", "IncorrectState"]) {
            failure.kind = FailureKind::Transient;
        }
        failure
    }

    /// The clone's id: recorded, or found by its tags.
    async fn id(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        if let Some(id) = cx.output("instance") {
            return Ok(id.to_owned());
        }
        let found = self.ours(cx, aws).await?.and_then(|i| i.instance_id);
        found.ok_or_else(|| Failure::permanent(format!("no instance named `{}` of this run is there", self.name)))
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
        if let Ok(answer) = asked.attribute(attribute).send().await {
            if let Some(associated) = answer.associate_public_ip_address() {
                return Ok(associated);
            }
        }
    }
    let subnet = original.subnet_id().unwrap_or_default();
    let answer = aws.read.ec2.describe_subnets().subnet_ids(subnet).send().await;
    let answer = answer.map_err(|e| AwsError::from(e).failure(format!("cannot look at subnet `{subnet}`")))?;
    Ok(answer.subnets().first().and_then(|s| s.map_public_ip_on_launch()).unwrap_or(false))
}

async fn key_pair_exists(aws: &Aws, name: &str) -> Result<bool, Failure> {
    match aws.read.ec2.describe_key_pairs().key_names(name).send().await {
        Ok(answer) => Ok(!answer.key_pairs().is_empty()),
        Err(e) if code_of(&e) == Some("InvalidKeyPair.NotFound") => Ok(false),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look for key pair `{name}`"))),
    }
}

impl Perform for InstanceClone {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:CreateTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceCreditSpecifications",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeNetworkInterfaceAttribute",
        "ec2:DescribeSnapshots",
        "ec2:DescribeSubnets",
        "ec2:RunInstances",
        "iam:PassRole",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["ec2:DeleteVolume", "ec2:DescribeVolumes", "ec2:TerminateInstances"];

    fn sentence(&self) -> String {
        format!(
            "launch `{}` as `{}` in {} from {}, like instance `{}`",
            self.name, self.instance_type, self.subnet, self.image, self.like
        )
    }

    fn undo_sentence(&self) -> Option<String> {
        Some(format!("terminate the clone `{}` and wait until it is gone", self.name))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(instance) = self.ours(cx, &aws).await? else {
            let evidence = format!("no instance named `{}` of this run is there", self.name);
            let outputs = Values::new();
            return Ok(Finding { found: Found::Absent, ours: false, before: Value::Null, outputs, evidence });
        };
        let id = instance.instance_id().unwrap_or_default();
        let found = match state(&instance) {
            State::Pending => Found::InProgress,
            State::Running => match checks(&aws, id).await? {
                Checks::Passed(_) => Found::Holds,
                Checks::Pending(_) | Checks::Impaired(_) => Found::InProgress,
            },
            _ => Found::Unknown,
        };
        let outputs = Values::from([("instance".into(), json!(id))]);
        Ok(Finding { found, ours: true, before: Value::Null, outputs, evidence: described(&instance) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let id = match self.ours(cx, &aws).await?.and_then(|i| i.instance_id) {
            Some(id) => id,
            None => {
                self.check_image(&aws).await?;
                let (wanted, note) = self.wanted(&aws).await?;
                if let Some(note) = note {
                    cx.beat().beat(note)?;
                }
                self.launch(cx, &aws, &wanted).await?
            }
        };
        Ok(Values::from([("instance".into(), json!(id))]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let id = self.id(cx, &aws).await?;
        let (instance, passed) = wait_checked(cx, &aws, &id, Age::New).await?;
        let (wanted, note) = self.wanted(&aws).await?;
        let mut differences = wanted.differences(&Likeness::of(&instance), &cx.tags(Some(&self.name)));
        for (what, wanted, got) in [
            ("type", self.instance_type.as_str(), type_of(&instance)),
            ("subnet", self.subnet.as_str(), instance.subnet_id().unwrap_or_default()),
            ("image", self.image.as_str(), instance.image_id().unwrap_or_default()),
        ] {
            if wanted != got {
                differences.push(format!("{what}: wanted {wanted}, found {got}"));
            }
        }
        if !differences.is_empty() {
            let failure = Failure::permanent(format!("the clone `{id}` is not like `{}`", self.like));
            let failure = differences.into_iter().fold(failure, Failure::cause);
            return Err(failure.advise("put it right by hand and `runbook resume`, or roll the step back").into());
        }
        let left_out = note.map(|n| format!("; {n}")).unwrap_or_default();
        let alike = "groups, profile, metadata options, monitoring, tags";
        let evidence = format!("{}, like `{}` ({alike}){left_out}", up(&instance, &passed), self.like);
        Ok(Verified { outputs: Values::from([("instance".into(), json!(id))]), evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        Ok(clone_undo::remove(self, cx).await?)
    }
}
