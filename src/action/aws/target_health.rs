//! Target health as the balancer sees it, and the two actions that only wait for it: `target-group.wait-healthy` and
//! `target-group.wait-out`.
//!
//! That a site answers proves nothing about its targets: with all of them unhealthy a balancer sends to all. So it is
//! always the balancer's own verdict that is read, and shown with its reason.

use super::answers::said;
use super::elb;
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Arn, Failure, Finding, Found, InstanceId, TargetGroupWaitHealthy, TargetGroupWaitOut, Text, tell};
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthReasonEnum, TargetHealthStateEnum};

/// The balancer's verdict on one target.
#[derive(Debug, Clone)]
pub(in crate::action) struct Health {
    pub(in crate::action) instance: String,
    state: TargetHealthStateEnum,
    reason: Option<TargetHealthReasonEnum>,
    description: Option<String>,
}

impl Health {
    /// Whether this is its state, as AWS calls it.
    pub(in crate::action) fn is(&self, state: &str) -> bool {
        self.state.as_str() == state
    }

    pub(super) fn healthy(&self) -> bool {
        self.state == TargetHealthStateEnum::Healthy
    }

    pub(super) fn draining(&self) -> bool {
        self.state == TargetHealthStateEnum::Draining
    }

    /// Whether it belongs to the group; a draining target is leaving it.
    pub(super) fn registered(&self) -> bool {
        !self.draining() && self.reason != Some(TargetHealthReasonEnum::NotRegistered)
    }

    /// Whether no listener forwards to its group: then nothing is checked, and waiting for it is in vain.
    pub(super) fn not_in_use(&self) -> bool {
        self.reason == Some(TargetHealthReasonEnum::NotInUse)
    }

    /// E.g. "target `i-0ab` is unhealthy: Target.ResponseCodeMismatch (Health checks failed with these codes: \[400\])".
    pub(in crate::action) fn told(&self) -> String {
        let mut text = format!("target `{}` is {}", self.instance, self.state);
        if let Some(reason) = &self.reason {
            text.push_str(&format!(": {reason}"));
        }
        match &self.description {
            Some(description) if !description.is_empty() => text.push_str(&format!(" ({description})")),
            _ => {}
        }
        if self.not_in_use() && !self.description.as_ref().is_some_and(|d| d.contains("Availability Zone")) {
            text.push_str(": no listener forwards to its target group");
        }
        text
    }
}

/// The verdicts on these instances, or on every target of the group when none is named; nothing when the group is gone.
/// A group that was made again since is found by its name.
pub(super) async fn health(
    cx: &Context<'_>,
    aws: &Aws,
    group: &Arn,
    instances: &[InstanceId],
) -> Result<Option<Vec<Health>>, Failure> {
    match health_of(aws, group, instances).await? {
        Some(found) => Ok(Some(found)),
        None => match elb::arn_made_again(cx, aws, group).await? {
            Some(again) => health_of(aws, &again, instances).await,
            None => Ok(None),
        },
    }
}

async fn health_of(aws: &Aws, group: &Arn, instances: &[InstanceId]) -> Result<Option<Vec<Health>>, Failure> {
    let targets = instances.iter().map(|i| TargetDescription::builder().id(i.as_str()).build()).collect::<Vec<_>>();
    let request = aws.read.elb.describe_target_health().target_group_arn(group.as_str());
    let answer = request.set_targets((!targets.is_empty()).then_some(targets)).send().await.map_err(AwsError::from);
    let answer = match answer {
        Ok(answer) => answer,
        Err(e) if e.is(elb::NOT_FOUND) => return Ok(None),
        Err(e) => return Err(e.failure(format!("cannot read the target health of `{}`", elb::short(group.as_str())))),
    };
    let of = |what: &str| format!("the {what} of a target of `{}`", elb::short(group.as_str()));
    let told = answer.target_health_descriptions().iter().map(|d| {
        let health = said(d.target_health(), of("health"))?;
        Ok(Health {
            instance: said(d.target().and_then(|target| target.id()).filter(|id| !id.is_empty()), of("id"))?.to_owned(),
            state: said(health.state(), of("state"))?.clone(),
            reason: health.reason().cloned(),
            description: health.description().map(str::to_owned),
        })
    });
    told.collect::<Result<_, Failure>>().map(Some)
}

/// The verdicts, for who cannot do without the group.
pub(in crate::action) async fn health_in(
    aws: &Aws,
    group: &Arn,
    instances: &[InstanceId],
) -> Result<Vec<Health>, Failure> {
    health_of(aws, group, instances).await?.ok_or_else(|| elb::gone(group))
}

/// The same, of a group that may have been made again since.
pub(super) async fn health_now(
    cx: &Context<'_>,
    aws: &Aws,
    group: &Arn,
    instances: &[InstanceId],
) -> Result<Vec<Health>, Failure> {
    health(cx, aws, group, instances).await?.ok_or_else(|| elb::gone(group))
}

/// What reading target health needs, of a group that may have been made again too.
pub(super) const LOOKS: &[&str] = &[
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

impl TargetGroupWaitHealthy {
    /// Those that are not healthy, each with its reason.
    async fn waiting_for(&self, cx: &Context<'_>, aws: &Aws) -> Result<Vec<String>, Failure> {
        let known = health_now(cx, aws, &self.target_group, &self.instances).await?;
        let verdict = |instance: &InstanceId| known.iter().find(|h| h.instance == instance.as_str());
        Ok(self
            .instances
            .iter()
            .filter_map(|instance| match verdict(instance) {
                Some(health) if health.healthy() => None,
                Some(health) => Some(health.told()),
                None => Some(format!("target `{instance}` is not told of")),
            })
            .collect())
    }

    fn names(&self) -> Text {
        Text::joined(self.instances.iter().map(|instance| tell!("`{}`", instance)), " and ")
    }
}

impl Perform for TargetGroupWaitHealthy {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = LOOKS;

    fn sentence(&self) -> Text {
        tell!("wait until {} are healthy in target group `{}`", self.names(), elb::short_name(&self.target_group))
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let waiting = self.waiting_for(cx, &*cx.aws().await?).await?;
        Ok(if waiting.is_empty() {
            Finding::new(Found::Holds, false, format!("{} are healthy", self.names()))
        } else {
            Finding::new(Found::Absent, false, waiting.join("; "))
        })
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let what = format!("healthy targets in `{}`", elb::short_name(&self.target_group));
        wait_until(cx, &what, async || {
            let waiting = self.waiting_for(cx, &aws).await?;
            Ok(if waiting.is_empty() { Glance::Done(()) } else { Glance::NotYet(waiting.join("; ")) })
        })
        .await?;
        Ok(Verified::by(format!("{} are healthy", self.names())))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waited".to_owned())
    }
}

impl TargetGroupWaitOut {
    /// Whether no request goes to the instance any more, and what was seen.
    async fn out(&self, cx: &Context<'_>, aws: &Aws) -> Result<(bool, String), Failure> {
        let all = health_now(cx, aws, &self.target_group, &[]).await?;
        let Some(its) = all.iter().find(|h| h.instance == self.instance.as_str()) else {
            return Ok((true, format!("target `{}` is not registered", self.instance)));
        };
        let others = all.iter().any(|h| h.instance != its.instance && h.healthy());
        Ok(match its.state {
            TargetHealthStateEnum::Unused => (true, its.told()),
            TargetHealthStateEnum::Unhealthy if others => (true, its.told()),
            TargetHealthStateEnum::Unhealthy => {
                (false, format!("{}; no other target is healthy, so the balancer sends to all of them", its.told()))
            }
            _ => (false, its.told()),
        })
    }
}

impl Perform for TargetGroupWaitOut {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = LOOKS;

    fn sentence(&self) -> Text {
        let group = elb::short_name(&self.target_group);
        tell!("wait until the balancer no longer sends requests to `{}` (target group `{}`)", self.instance, group)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (out, evidence) = self.out(cx, &*cx.aws().await?).await?;
        Ok(Finding::new(if out { Found::Holds } else { Found::Absent }, false, evidence))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let seen = wait_until(cx, &format!("`{}` out of service", self.instance), async || {
            let (out, seen) = self.out(cx, &aws).await?;
            Ok(if out { Glance::Done(seen) } else { Glance::NotYet(seen) })
        })
        .await?;
        Ok(Verified::by(seen))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waited".to_owned())
    }
}
