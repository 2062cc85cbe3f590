//! `target-group.register` and its mirror `target-group.deregister`: an instance goes into a target group or out of it.
//!
//! Registrations carry no tag. Whether the instance was registered before is the before-image, and undo brings just that
//! back. Taking out means: out of rotation and done with the requests it still had (drained).

use super::elb;
use super::preview::{fact, registration_of, request, shown};
use super::target_health::{Health, LOOKS, health, health_now};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Advice, Arn, Change, Failure, Finding, Found, InstanceId, TargetGroupDeregister, TargetGroupRegister, Text, tell,
};
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How it was before.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Before {
    registered: bool,
}

/// One instance in one target group.
struct Place<'a> {
    group: &'a Arn,
    instance: &'a InstanceId,
}

impl Place<'_> {
    fn name(&self) -> Text {
        elb::short_name(self.group)
    }

    fn target(&self) -> TargetDescription {
        TargetDescription::builder().id(self.instance.as_str()).build()
    }

    /// The call that puts it in, or takes it out.
    fn calling(&self, operation: &str) -> Vec<Change> {
        let operation = format!("elasticloadbalancing:{operation}");
        vec![request(
            &operation,
            [("TargetGroupArn", shown(self.group)), ("Targets", json!([{"Id": self.instance}]).into())],
        )]
    }

    async fn look(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Health>, Failure> {
        let found = health_now(cx, aws, self.group, std::slice::from_ref(self.instance)).await?;
        Ok(found.into_iter().find(|h| h.instance == self.instance.as_str()))
    }

    /// Puts it in; once more does no harm.
    async fn register(&self, cx: &Context<'_>, aws: &Aws) -> Result<(), Failure> {
        let group = elb::group_arn(cx, aws, self.group).await?;
        let request = aws.write.elb.register_targets().target_group_arn(group.as_str()).targets(self.target());
        match request.send().await.map_err(AwsError::from) {
            Ok(_) => Ok(()),
            Err(e) => {
                let failure =
                    e.failure(format!("cannot register `{}` in target group `{}`", self.instance, self.name()));
                Err(if e.is(&["InvalidTarget"]) {
                    failure.advise(Advice::then_resume(
                        "the instance must be running and in the target group's VPC: start it",
                    ))
                } else {
                    failure
                })
            }
        }
    }

    /// Takes it out; once more does no harm, nor that the group is gone.
    async fn deregister(&self, cx: &Context<'_>, aws: &Aws) -> Result<(), Failure> {
        let Some(group) = elb::group_now(cx, aws, self.group).await? else { return Ok(()) };
        let request =
            aws.write.elb.deregister_targets().set_target_group_arn(group.target_group_arn).targets(self.target());
        match request.send().await.map_err(AwsError::from) {
            Ok(_) => Ok(()),
            Err(e) if e.is(elb::NOT_FOUND) || e.is(&["InvalidTarget"]) => Ok(()),
            Err(e) => Err(e.failure(format!("cannot take `{}` out of target group `{}`", self.instance, self.name()))),
        }
    }

    /// Takes it out where a look shows it in, and waits until it is drained. The group may be gone.
    async fn take_out(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        let found = health(cx, aws, self.group, std::slice::from_ref(self.instance)).await?;
        if found.iter().flatten().any(|h| h.instance == self.instance.as_str() && h.registered()) {
            self.deregister(cx, aws).await?;
        }
        self.wait_out(cx, aws).await
    }

    async fn wait_in(&self, cx: &Context<'_>, aws: &Aws, enough: impl Fn(&Health) -> bool) -> Result<String, Failure> {
        wait_until(cx, &format!("`{}` in target group `{}`", self.instance, self.name()), async || {
            Ok(match self.look(cx, aws).await? {
                Some(health) if health.registered() && enough(&health) => Glance::Done(health.told()),
                Some(health) => Glance::NotYet(health.told()),
                None => Glance::NotYet(format!("target `{}` is not told of", self.instance)),
            })
        })
        .await
    }

    async fn wait_out(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        wait_until(cx, &format!("`{}` out of target group `{}`", self.instance, self.name()), async || {
            let found = health(cx, aws, self.group, std::slice::from_ref(self.instance)).await?;
            let found = found.and_then(|all| all.into_iter().find(|h| h.instance == self.instance.as_str()));
            Ok(match found {
                Some(health) if health.registered() || health.draining() => Glance::NotYet(health.told()),
                _ => Glance::Done(format!("`{}` is not in target group `{}`", self.instance, self.name())),
            })
        })
        .await
    }
}

/// What was found of a place, with whether the instance was in it as before-image and as fact.
fn with_before(place: &Place<'_>, finding: Finding, registered: bool) -> Finding {
    let before = serde_json::to_value(Before { registered }).unwrap_or_default();
    let name = registration_of(place.instance.as_str(), place.name().as_str());
    Finding { before, facts: fact(name, if registered { "registered" } else { "not registered" }), ..finding }
}

impl TargetGroupRegister {
    fn place(&self) -> Place<'_> {
        Place { group: &self.target_group, instance: &self.instance }
    }

    fn enough(&self, health: &Health) -> bool {
        health.healthy() || self.wait_healthy != Some(true)
    }
}

impl Perform for TargetGroupRegister {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:RegisterTargets",
        // What ELB calls in the caller's name (ELB user guide, "API permissions"; callers_name.json).
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["elasticloadbalancing:DeregisterTargets"];

    fn sentence(&self) -> Text {
        tell!("register `{}` in target group `{}`", self.instance, self.place().name())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!(
            "take `{}` out of target group `{}` and wait until it is drained",
            self.instance,
            self.place().name()
        ))
    }

    fn changes(&self) -> Vec<Change> {
        self.place().calling("RegisterTargets")
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        Ok(match self.place().look(cx, &*cx.aws().await?).await? {
            Some(health) if health.registered() => {
                let found = if self.enough(&health) { Found::Holds } else { Found::InProgress };
                with_before(&self.place(), Finding::new(found, false, health.told()), true)
            }
            Some(health) if health.draining() => {
                with_before(&self.place(), Finding::new(Found::Otherwise, false, health.told()), false)
            }
            _ => with_before(
                &self.place(),
                Finding::new(Found::Absent, false, format!("`{}` is not registered", self.instance)),
                false,
            ),
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        self.place().register(cx, &*cx.aws().await?).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let seen = self.place().wait_in(cx, &*cx.aws().await?, |health| self.enough(health)).await?;
        Ok(Verified::by(seen))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if cx.before::<Before>()?.registered {
            return Ok(format!("`{}` was registered before this run and stays", self.instance));
        }
        let aws = cx.aws().await?;
        self.place().take_out(cx, &aws).await.map_err(Stop::from)
    }
}

impl TargetGroupDeregister {
    fn place(&self) -> Place<'_> {
        Place { group: &self.target_group, instance: &self.instance }
    }
}

impl Perform for TargetGroupDeregister {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DeregisterTargets",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:RegisterTargets",
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ];

    fn sentence(&self) -> Text {
        tell!("take `{}` out of target group `{}` and wait until it is drained", self.instance, self.place().name())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!(
            "register `{}` in target group `{}` again and wait until it is healthy",
            self.instance,
            self.place().name()
        ))
    }

    fn changes(&self) -> Vec<Change> {
        self.place().calling("DeregisterTargets")
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        // Deleted since, which only who has found it here before can say.
        let was_here = !cx.call().before.is_null();
        if was_here && elb::group_now(cx, &aws, &self.target_group).await?.is_none() {
            let gone = format!("target group `{}` is gone", self.place().name());
            return Ok(with_before(&self.place(), Finding::new(Found::Holds, false, gone), false));
        }
        Ok(match self.place().look(cx, &aws).await? {
            Some(health) if health.registered() => {
                with_before(&self.place(), Finding::new(Found::Absent, false, health.told()), true)
            }
            Some(health) if health.draining() => {
                with_before(&self.place(), Finding::new(Found::InProgress, false, health.told()), false)
            }
            _ => with_before(
                &self.place(),
                Finding::new(Found::Holds, false, format!("`{}` is not registered", self.instance)),
                false,
            ),
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        self.place().deregister(cx, &*cx.aws().await?).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(self.place().wait_out(cx, &*cx.aws().await?).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if !cx.before::<Before>()?.registered {
            return Ok(format!("`{}` was not registered before this run either", self.instance));
        }
        let aws = cx.aws().await?;
        if health(cx, &aws, &self.target_group, &[]).await?.is_none() {
            return Ok(format!("target group `{}` is gone", self.place().name()));
        }
        if !self.place().look(cx, &aws).await?.is_some_and(|health| health.registered()) {
            self.place().register(cx, &aws).await?;
        }
        // A group that no listener uses is not checked: there being registered is all there is.
        Ok(self.place().wait_in(cx, &aws, |health| health.healthy() || health.not_in_use()).await?)
    }
}
