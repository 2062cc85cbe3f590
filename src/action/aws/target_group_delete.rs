//! `target-group.delete`: a target group that this run has made and that nothing uses any more.
//!
//! Undo creates it again from what was read of it before, with `target-group.create`'s own code. The new one has another ARN,
//! which the journal records; before-images that name the old one find it by its name ([`elb::group_now`]). Its targets are not brought back: who took them out
//! (`target-group.deregister`) puts them in again.

use super::answers::{failed, said};
use super::elb;
use super::preview::{request, shown};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Action, ActionKind, Advice, Change, Failure, Finding, Found, TargetGroupCreate, TargetGroupDelete, Text, Value,
    tell,
};
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetGroup};
use serde_json::json;

impl TargetGroupDelete {
    fn name(&self) -> Text {
        elb::short_name(&self.target_group)
    }

    /// The group, when it is there and this run's.
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<TargetGroup>, Failure> {
        let Some(group) = elb::group_now(cx, aws, &self.target_group).await? else { return Ok(None) };
        let arn = said(group.target_group_arn(), format_args!("which target group is `{}`", self.name()))?;
        if elb::is_ours(cx, aws, arn).await? {
            return Ok(Some(group));
        }
        Err(Failure::refused(format!("target group `{}` is not this run's", self.name()))
            .advise("only what this run has made is deleted"))
    }

    /// The parameters of `target-group.create` for one like it.
    async fn like(&self, aws: &Aws, group: &TargetGroup) -> Result<Value, Failure> {
        let of = |what: &str| format!("the {what} of target group `{}`", self.name());
        let arn = said(group.target_group_arn(), of("ARN"))?;
        let answer = aws.read.elb.describe_target_group_attributes().target_group_arn(arn).send().await;
        let answer = answer.map_err(failed(format!("cannot read the attributes of `{}`", self.name())))?;
        let attribute = |key: &str| {
            let found = answer.attributes().iter().find(|attribute| attribute.key() == Some(key));
            said(found.and_then(|attribute| attribute.value()), of(key))
        };
        let drain = attribute("deregistration_delay.timeout_seconds")?;
        let drain: u32 = drain.parse().map_err(|_| Failure::permanent(of("drain time")).cause(drain))?;
        Ok(json!({
            "name": said(group.target_group_name(), of("name"))?,
            "vpc": said(group.vpc_id(), of("VPC"))?,
            "port": said(group.port(), of("port"))?,
            "health_path": said(group.health_check_path(), of("health check path"))?,
            "drain_s": drain,
            "sticky": attribute("stickiness.enabled")? == "true",
            "tls": *said(group.protocol(), of("protocol"))? == ProtocolEnum::Https,
        }))
    }
}

impl Perform for TargetGroupDelete {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = <TargetGroupCreate as Perform>::OBSERVE_PERMISSIONS;
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DeleteTargetGroup",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = <TargetGroupCreate as Perform>::PERMISSIONS;

    fn sentence(&self) -> Text {
        tell!("delete target group `{}`, which nothing uses any more", self.name())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("create target group `{}` again, as it was", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        vec![request("elasticloadbalancing:DeleteTargetGroup", [("TargetGroupArn", shown(&self.target_group))])]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(group) = self.own(cx, &aws).await? else {
            return Ok(Finding::new(Found::Holds, false, format!("there is no target group `{}`", self.name())));
        };
        let before = self.like(&aws, &group).await?;
        let evidence = format!("target group `{}` is there and this run's", self.name());
        Ok(Finding { before, ..Finding::new(Found::Absent, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let Some(group) = self.own(cx, &aws).await? else { return Ok(Applied::new()) };
        let arn = said(group.target_group_arn(), format_args!("which target group is `{}`", self.name()))?;
        let answer = aws.write.elb.delete_target_group().target_group_arn(arn).send().await;
        match answer.map_err(AwsError::from) {
            Ok(_) => {}
            Err(e) if e.is(elb::NOT_FOUND) => {}
            Err(e) => {
                let failure = e.failure(format!("cannot delete target group `{}`", self.name()));
                let advice = Advice::then_resume("take it out of the listener or rule that still forwards to it");
                return Err(if e.is(&["ResourceInUse"]) { failure.advise(advice) } else { failure }.into());
            }
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        wait_until(cx, &format!("target group `{}` gone", self.name()), async || {
            Ok(match self.own(cx, &aws).await? {
                Some(_) => Glance::NotYet(format!("target group `{}` is still listed", self.name())),
                None => Glance::Done(()),
            })
        })
        .await?;
        Ok(Verified::by(format!("there is no target group `{}`", self.name())))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let Some(before) = cx.before_if_any::<Value>()? else {
            return Ok(format!("target group `{}` was not there before this run either", self.name()));
        };
        let decoded = Action::decode(ActionKind::TargetGroupCreate, &before.into());
        let Ok(Action::TargetGroupCreate(create)) = decoded else {
            return Err(Failure::permanent(format!("the before-image of `{}` cannot be used", cx.call().action)).into());
        };
        create.apply(cx).await?;
        let made = create.verify(cx).await?;
        let new = made.outputs.get("target_group").and_then(Value::as_str);
        if let Some(new) = new.filter(|new| *new != self.target_group.as_str()) {
            cx.rename(self.target_group.as_str(), new);
        }
        Ok(made.evidence)
    }
}
