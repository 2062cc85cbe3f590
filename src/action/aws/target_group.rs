//! `target-group.create`: a target group for instances over HTTP or HTTPS, with its health check and attributes.
//!
//! AWS takes attributes only after the creation, so a process that dies in between leaves a group without them: it is found
//! as ours and otherwise, and apply goes on from there. AWS answers a second create of the same name and settings with the
//! group that is there, whoever made it: therefore the tag decides, never that answer.

use super::answers::{answered, failed, not_ours, outputs, said};
use super::elb;
use super::preview::{attributes, request, run_tags, shown, words};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Failure, Finding, Found, TargetGroupCreate, Text, tell};
use aws_sdk_elasticloadbalancingv2::types::{Matcher, ProtocolEnum, TargetGroup, TargetGroupAttribute, TargetTypeEnum};
use serde_json::{Value, json};

/// Seconds between two health checks. AWS's default of 30 makes a failover twice as long.
const INTERVAL_S: i32 = 10;
/// Seconds a health check may take.
const TIMEOUT_S: i32 = 5;
/// Checks in a row that make a target healthy or unhealthy.
const THRESHOLD: i32 = 2;
/// Seconds a target is drained when the runbook says nothing; AWS's default of 300 makes every undo wait for it.
const DRAIN_S: u32 = 30;

impl TargetGroupCreate {
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut wanted =
            vec![("deregistration_delay.timeout_seconds", self.drain_s.map_or(DRAIN_S, u32::from).to_string())];
        if self.sticky == Some(true) {
            wanted.push(("stickiness.enabled", "true".to_owned()));
            wanted.push(("stickiness.type", "lb_cookie".to_owned()));
        }
        wanted
    }

    fn protocol(&self) -> ProtocolEnum {
        if self.tls == Some(true) { ProtocolEnum::Https } else { ProtocolEnum::Http }
    }

    /// The call that creates it.
    fn creating(&self) -> Change {
        let with = [
            ("Name", shown(&self.name)),
            ("VpcId", shown(&self.vpc)),
            ("Protocol", json!(self.protocol().as_str()).into()),
            ("Port", json!(self.port).into()),
            ("TargetType", json!("instance").into()),
            ("HealthCheckEnabled", json!(true).into()),
            ("HealthCheckProtocol", json!(self.protocol().as_str()).into()),
            ("HealthCheckPath", shown(&self.health_path)),
            ("HealthCheckIntervalSeconds", json!(INTERVAL_S).into()),
            ("HealthCheckTimeoutSeconds", json!(TIMEOUT_S).into()),
            ("HealthyThresholdCount", json!(THRESHOLD).into()),
            ("UnhealthyThresholdCount", json!(THRESHOLD).into()),
            ("Matcher", json!({"HttpCode": "200"}).into()),
            ("Tags", run_tags(self.name.as_str()).into()),
        ];
        request("elasticloadbalancing:CreateTargetGroup", with)
    }

    /// The call that sets its attributes.
    fn setting(&self, arn: Value) -> Change {
        let with = [("TargetGroupArn", arn), ("Attributes", attributes(&self.attributes()))];
        request("elasticloadbalancing:ModifyTargetGroupAttributes", with)
    }

    /// What cannot be changed, or that nobody but us sets, is as wanted.
    fn fits(&self, group: &TargetGroup) -> Result<bool, Failure> {
        let of = |what: &str| format!("the {what} of target group `{}`", self.name);
        Ok(said(group.vpc_id(), of("VPC"))? == self.vpc.as_str()
            && said(group.port(), of("port"))? == i32::from(self.port)
            && *said(group.protocol(), of("protocol"))? == self.protocol()
            && said(group.health_check_path(), of("health check path"))? == self.health_path.as_str())
    }

    /// The group of this name when this run made it.
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<String>, Failure> {
        let Some(group) = elb::target_group(aws, self.name.as_str()).await? else { return Ok(None) };
        let arn = said(group.target_group_arn(), format_args!("which target group is `{}`", self.name))?.to_owned();
        if !elb::is_ours(cx, aws, &arn).await? {
            return Err(not_ours("target group", self.name.as_str(), ""));
        }
        if !self.fits(&group)? {
            return Err(Failure::refused(format!("target group `{}` of this run has other settings", self.name))
                .advise("roll the step back that made it, then go forward again"));
        }
        Ok(Some(arn))
    }

    async fn create(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        let request = aws.write.elb.create_target_group().name(self.name.as_str()).vpc_id(self.vpc.as_str());
        let answer = request
            .protocol(self.protocol())
            .port(i32::from(self.port))
            .target_type(TargetTypeEnum::Instance)
            .health_check_enabled(true)
            .health_check_protocol(self.protocol())
            .health_check_path(self.health_path.as_str())
            .health_check_interval_seconds(INTERVAL_S)
            .health_check_timeout_seconds(TIMEOUT_S)
            .healthy_threshold_count(THRESHOLD)
            .unhealthy_threshold_count(THRESHOLD)
            .matcher(Matcher::builder().http_code("200").build())
            .set_tags(elb::tags(cx, self.name.as_str()))
            .send()
            .await
            .map_err(AwsError::from);
        match answer {
            Ok(answer) => {
                let arn = answer.target_groups().first().and_then(|g| g.target_group_arn()).map(str::to_owned);
                let arn = answered(arn, format_args!("which target group is `{}`", self.name))?;
                if elb::is_foreign(cx, aws, &arn).await? {
                    Err(not_ours("target group", self.name.as_str(), ""))
                } else {
                    Ok(arn)
                }
            }
            Err(e) if e.is(&["DuplicateTargetGroupName"]) => match self.own(cx, aws).await? {
                Some(arn) => Ok(arn),
                None => Err(Failure::transient(format!("target group `{}` came and went", self.name))),
            },
            Err(e) => Err(e.failure(format!("cannot create target group `{}`", self.name))),
        }
    }
}

impl Perform for TargetGroupCreate {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTags",
    ];
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        // What ELB calls in the caller's name (ELB user guide, "API permissions"; callers_name.json).
        "ec2:DescribeInternetGateways",
        "ec2:DescribeVpcs",
        "iam:CreateServiceLinkedRole",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["elasticloadbalancing:DeleteTargetGroup"];

    fn sentence(&self) -> Text {
        let (protocol, port) = (self.protocol(), self.port);
        tell!("create target group `{}` ({}:{}, checked on `{}`)", self.name, protocol.as_str(), port, self.health_path)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete target group `{}`", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.creating(), self.setting(words("the new target group"))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(arn) = self.own(cx, &aws).await? else {
            return Ok(Finding::new(Found::Absent, false, format!("there is no target group `{}`", self.name)));
        };
        let whole = elb::group_attributes_fit(&aws, &arn, &self.attributes()).await?;
        let found = if whole { Found::Holds } else { Found::Otherwise };
        let evidence = format!("target group `{}` is there and this run's", self.name);
        let changes = if whole { Vec::new() } else { vec![self.setting(json!(arn))] };
        Ok(Finding { outputs: outputs([("target_group", &arn)]), changes, ..Finding::new(found, true, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let arn = match self.own(cx, &aws).await? {
            Some(arn) => arn,
            None => self.create(cx, &aws).await?,
        };
        let attributes = self.attributes().into_iter();
        let attributes = attributes.map(|(k, v)| TargetGroupAttribute::builder().key(k).value(v).build()).collect();
        let request = aws.write.elb.modify_target_group_attributes().target_group_arn(&arn);
        let answer = request.set_attributes(Some(attributes)).send().await;
        answer.map_err(failed(format!("cannot set the attributes of target group `{}`", self.name)))?;
        Ok(outputs([("target_group", &arn)]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let arn = wait_until(cx, &format!("target group `{}`", self.name), async || {
            Ok(match self.own(cx, &aws).await? {
                None => Glance::NotYet(format!("target group `{}` is not listed yet", self.name)),
                Some(arn) if elb::group_attributes_fit(&aws, &arn, &self.attributes()).await? => Glance::Done(arn),
                Some(_) => Glance::NotYet(format!("target group `{}` does not show its attributes yet", self.name)),
            })
        })
        .await?;
        let evidence = format!("target group `{}` is there with its attributes", self.name);
        Ok(Verified { outputs: outputs([("target_group", &arn)]), evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let nothing = format!("there is no target group `{}` of this run", self.name);
        let Some(group) = elb::target_group(&aws, self.name.as_str()).await? else { return Ok(nothing) };
        let arn = said(group.target_group_arn(), format_args!("which target group is `{}`", self.name))?;
        if !elb::is_ours(cx, &aws, arn).await? {
            return Ok(nothing);
        }
        wait_until(cx, &format!("deleting target group `{}`", self.name), async || {
            if elb::target_group(&aws, self.name.as_str()).await?.is_none_or(|g| g.target_group_arn() != Some(arn)) {
                return Ok(Glance::Done(()));
            }
            match aws.write.elb.delete_target_group().target_group_arn(arn).send().await.map_err(AwsError::from) {
                Ok(_) => Ok(Glance::Done(())),
                Err(e) if e.is(elb::NOT_FOUND) => Ok(Glance::Done(())),
                Err(e) if e.is(&["ResourceInUse"]) => {
                    Ok(Glance::NotYet(format!("target group `{}` is still in use: {}", self.name, e.message)))
                }
                Err(e) => Err(e.failure(format!("cannot delete target group `{}`", self.name))),
            }
        })
        .await?;
        Ok(format!("target group `{}` is deleted", self.name))
    }
}
