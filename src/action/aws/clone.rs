//! `instance.clone`: runs an instance from an image, with all of its original that the image does not carry.
//!
//! What it launched is found again by the launch's client token, which EC2 keeps and nobody can give to another instance. Tags
//! do not decide: "launch more like this", image pipelines and restored volumes copy them.

use super::instance_checks::{Age, Checks, checks, wait_checked};
use super::instance_state::{described, is_dead, live, state, type_of, with_tokens};
use super::likeness::Likeness;
use super::power::up;
use super::{clone_undo, image_parts};
use crate::access::Aws;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Change, Failure, Finding, Found, InstanceClone, Recourse, Text, Values, tell};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State};
use serde_json::json;

impl InstanceClone {
    /// Every instance this action has launched in this run, dead ones too.
    pub(super) async fn launched(&self, cx: &Context<'_>, aws: &Aws) -> Result<Vec<Instance>, Failure> {
        with_tokens(aws, &Self::tokens(cx)).await
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
                    .advise(Advice::then_resume("find out which one serves, terminate the others")))
            }
            _ => Ok(found),
        }
    }

    /// Whether the image can be launched from. It may be this run's own and not be shown again yet, although a look has found it.
    async fn check_image(&self, cx: &Context<'_>, aws: &Aws) -> Result<(), Failure> {
        let id = self.image.as_str();
        let failed = |_: &_| Failure::refused(format!("image `{id}` cannot be launched from"));
        image_parts::wait_available(cx, aws, id, failed).await.map(drop)
    }

    /// The clone's id: recorded, or found by its client token.
    async fn id(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        if let Some(id) = cx.output("instance") {
            return Ok(id.to_owned());
        }
        let found = self.ours(cx, aws).await?.and_then(|i| i.instance_id);
        found.ok_or_else(|| Failure::permanent(format!("no instance named `{}` of this run is there", self.name)))
    }
}

impl Perform for InstanceClone {
    const MAY_BE_UNKNOWN: &'static [&'static str] = &["image"];
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

    fn sentence(&self) -> Text {
        tell!(
            "launch `{}` as `{}` in {} from {}, like instance `{}`",
            self.name,
            self.instance_type,
            self.subnet,
            self.image,
            self.like
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("terminate the clone `{}` and wait until it is gone", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.launching(None)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(instance) = self.ours(cx, &aws).await? else {
            let original = live(&aws, self.like.as_str()).await?;
            let evidence = format!("no instance named `{}` of this run is there", self.name);
            return Ok(Finding {
                changes: vec![self.launching(Some(&original))],
                facts: self.copied(&original),
                ..Finding::new(Found::Absent, false, evidence)
            });
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
        Ok(Finding { outputs, ..Finding::new(found, true, described(&instance)) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let id = match self.ours(cx, &aws).await?.and_then(|i| i.instance_id) {
            Some(id) => id,
            None => {
                self.check_image(cx, &aws).await?;
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
        let mut differences = wanted.differences(&Likeness::of(&instance), &cx.tags(Some(self.name.as_str())));
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
            let step = Recourse::TakeBack(Some(cx.call().action.step().clone()));
            return Err(failure
                .advise(Advice::then_resume("put it right by hand"))
                .advise(Advice::way(step).which("removes it"))
                .into());
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
