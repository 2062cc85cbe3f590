//! `load-balancer.create`: an internet-facing Application Load Balancer.
//!
//! AWS answers a second create of the same name and settings with the balancer that is there, whoever made it: therefore
//! the tag is read before, and decides. The idle timeout is set after the creation; apply goes on there when a process died
//! in between. A balancer whose provisioning failed never recovers: apply replaces one of ours.

use super::answers::{answered, failed, not_ours, outputs, said};
use super::elb;
use super::preview::{self, request, run_tags, shown, shown_all, words};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, send_until_taken, wait_until};
use crate::model::{Advice, Change, Failure, Finding, Found, LoadBalancerCreate, Text, Value, Values, tell};
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;

/// ELB learns of a security group some time after EC2 has made it (EC2 error list, InvalidGroup.NotFound: "the ID of a recently
/// created security group has not propagated"); refusals for longer are meant.
const GROUP_PATIENCE: Duration = Duration::from_secs(120);

const PROTECTION: &str = "deletion_protection.enabled";

fn arn(balancer: &LoadBalancer) -> Result<&str, Failure> {
    said(balancer.load_balancer_arn(), "which load balancer it is about")
}

fn state(balancer: &LoadBalancer) -> Option<&LoadBalancerStateEnum> {
    balancer.state().and_then(|state| state.code())
}

fn is_failed(balancer: &LoadBalancer) -> bool {
    state(balancer) == Some(&LoadBalancerStateEnum::Failed)
}

/// E.g. "`nextcloud` is provisioning", with AWS's reason where there is one.
fn told(balancer: &LoadBalancer) -> String {
    let name = balancer.load_balancer_name().unwrap_or("?");
    let code = state(balancer).map_or("in an unknown state", LoadBalancerStateEnum::as_str);
    match balancer.state().and_then(|state| state.reason()) {
        Some(reason) if !reason.is_empty() => format!("load balancer `{name}` is {code}: {reason}"),
        _ => format!("load balancer `{name}` is {code}"),
    }
}

impl LoadBalancerCreate {
    fn attributes(&self) -> Vec<(&'static str, String)> {
        self.idle_timeout_s.iter().map(|s| ("idle_timeout.timeout_seconds", s.to_string())).collect()
    }

    /// The call that creates it.
    fn creating(&self) -> Change {
        let with = [
            ("Name", shown(&self.name)),
            ("Type", json!("application").into()),
            ("Scheme", json!("internet-facing").into()),
            ("IpAddressType", json!("ipv4").into()),
            ("Subnets", shown_all(&self.subnets)),
            ("SecurityGroups", shown_all(&self.groups)),
            ("Tags", run_tags(self.name.as_str()).into()),
        ];
        request("elasticloadbalancing:CreateLoadBalancer", with)
    }

    /// The call that sets its attributes, when there are any to be set.
    fn setting(&self, arn: Value) -> Option<Change> {
        let attributes = self.attributes();
        let with = [("LoadBalancerArn", arn), ("Attributes", preview::attributes(&attributes))];
        (!attributes.is_empty()).then(|| request("elasticloadbalancing:ModifyLoadBalancerAttributes", with))
    }

    /// The balancer of this name when this run made it.
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<LoadBalancer>, Failure> {
        match elb::balancer(aws, self.name.as_str()).await? {
            Some(found) if !elb::is_ours(cx, aws, arn(&found)?).await? => {
                Err(not_ours("load balancer", self.name.as_str(), ""))
            }
            found => Ok(found),
        }
    }

    /// `since`: when it was tried first.
    async fn create(&self, cx: &Context<'_>, aws: &Aws, refused: &Cell<u32>) -> Result<Glance<LoadBalancer>, Failure> {
        let request = aws.write.elb.create_load_balancer().name(self.name.as_str());
        let answer = request
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(LoadBalancerSchemeEnum::InternetFacing)
            .ip_address_type(IpAddressType::Ipv4)
            .set_subnets(Some(self.subnets.iter().map(ToString::to_string).collect()))
            .set_security_groups(Some(self.groups.iter().map(ToString::to_string).collect()))
            .set_tags(elb::tags(cx, self.name.as_str()))
            .send()
            .await
            .map_err(AwsError::from);
        let found = match answer {
            Ok(answer) => {
                let made = answer.load_balancers().first().filter(|made| made.load_balancer_arn().is_some()).cloned();
                Some(answered(made, format_args!("which load balancer is `{}`", self.name))?)
            }
            Err(e) if e.is(&["DuplicateLoadBalancerName"]) => self.own(cx, aws).await?,
            Err(e) if e.is(&["InvalidSecurityGroup"]) && refused.get() < cx.looks(GROUP_PATIENCE) => {
                refused.set(refused.get() + 1);
                return Ok(Glance::NotYet(format!(
                    "the security group is not known to load balancing yet: {}",
                    e.message
                )));
            }
            Err(e) => {
                let failure = e.failure(format!("cannot create load balancer `{}`", self.name));
                return Err(if e.is(&["InvalidSubnet", "InvalidConfigurationRequest", "ValidationError"]) {
                    failure.advise(
                        "its subnets must be in two Availability Zones at least, have 8 free addresses each and a route \
                         to an internet gateway",
                    )
                } else {
                    failure
                });
            }
        };
        let found =
            found.ok_or_else(|| Failure::transient(format!("load balancer `{}` is not listed yet", self.name)))?;
        if elb::is_foreign(cx, aws, arn(&found)?).await? {
            return Err(not_ours("load balancer", self.name.as_str(), ""));
        }
        Ok(Glance::Done(found))
    }

    /// Deletes a balancer of ours and waits until it is gone. Protection is taken off first: it can only have been put on
    /// since.
    async fn delete(&self, cx: &Context<'_>, aws: &Aws, arn: &str) -> Result<(), Failure> {
        wait_until(cx, &format!("deleting load balancer `{}`", self.name), async || {
            let what = || format!("cannot delete load balancer `{}`", self.name);
            if elb::balancer(aws, self.name.as_str()).await?.is_none_or(|b| b.load_balancer_arn() != Some(arn)) {
                return Ok(Glance::Done(()));
            }
            match aws.write.elb.delete_load_balancer().load_balancer_arn(arn).send().await.map_err(AwsError::from) {
                Ok(_) => Ok(Glance::NotYet(format!("load balancer `{}` is being deleted", self.name))),
                Err(e) if e.is(elb::NOT_FOUND) => Ok(Glance::Done(())),
                Err(e) if e.is(&["ResourceInUse"]) => {
                    Ok(Glance::NotYet(format!("load balancer `{}` is still in use: {}", self.name, e.message)))
                }
                Err(e) if e.is(&["OperationNotPermitted"]) && self.is_protected(aws, arn).await? => {
                    self.unprotect(aws, arn).await?;
                    Ok(Glance::NotYet(format!("deletion protection of `{}` is taken off", self.name)))
                }
                Err(e) => Err(e.failure(what())),
            }
        })
        .await
    }

    async fn is_protected(&self, aws: &Aws, arn: &str) -> Result<bool, Failure> {
        elb::balancer_attributes_fit(aws, arn, &[(PROTECTION, "true".to_owned())]).await
    }

    async fn unprotect(&self, aws: &Aws, arn: &str) -> Result<(), Failure> {
        let off = LoadBalancerAttribute::builder().key(PROTECTION).value("false").build();
        let request = aws.write.elb.modify_load_balancer_attributes().load_balancer_arn(arn).attributes(off);
        let answer = request.send().await.map(drop);
        answer.map_err(failed(format!("cannot take the deletion protection off load balancer `{}`", self.name)))
    }

    /// What is known of it as outputs.
    fn known(balancer: &LoadBalancer) -> Result<Values, Failure> {
        let mut known = outputs([("load_balancer", arn(balancer)?)]);
        let more = [("dns_name", balancer.dns_name()), ("dns_zone", balancer.canonical_hosted_zone_id())];
        known.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))));
        Ok(known)
    }
}

impl Perform for LoadBalancerCreate {
    const MAY_BE_UNKNOWN: &'static [&'static str] = &["groups", "subnets"];
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeTags",
    ];
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:DeleteLoadBalancer",
        // What ELB calls in the caller's name (ELB user guide, "API permissions"; callers_name.json).
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "iam:CreateServiceLinkedRole",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:ModifyLoadBalancerAttributes"];

    fn sentence(&self) -> Text {
        let subnets = Text::joined(self.subnets.iter().map(|subnet| tell!("`{}`", subnet)), ", ");
        tell!("create the internet-facing load balancer `{}` in {}", self.name, subnets)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete load balancer `{}`", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        [self.creating()].into_iter().chain(self.setting(words("the new load balancer"))).collect()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(balancer) = self.own(cx, &aws).await? else {
            return Ok(Finding::new(Found::Absent, false, format!("there is no load balancer `{}`", self.name)));
        };
        let whole = elb::balancer_attributes_fit(&aws, arn(&balancer)?, &self.attributes()).await?;
        let found = match state(&balancer) {
            Some(LoadBalancerStateEnum::Active) if whole => Found::Holds,
            Some(LoadBalancerStateEnum::Provisioning) if whole => Found::InProgress,
            Some(LoadBalancerStateEnum::ActiveImpaired) => Found::Unknown,
            _ => Found::Otherwise,
        };
        let changes = match found {
            Found::Otherwise if is_failed(&balancer) => {
                let delete = [("LoadBalancerArn", json!(arn(&balancer)?))];
                let delete = request("elasticloadbalancing:DeleteLoadBalancer", delete);
                [delete].into_iter().chain(self.changes()).collect()
            }
            Found::Otherwise => self.setting(json!(arn(&balancer)?)).into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Finding { outputs: Self::known(&balancer)?, changes, ..Finding::new(found, true, told(&balancer)) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let mut own = self.own(cx, &aws).await?;
        if let Some(dead) = own.take_if(|balancer| is_failed(balancer)) {
            cx.beat().beat(format!("{}: it is replaced", told(&dead)))?;
            self.delete(cx, &aws, arn(&dead)?).await?;
        }
        let balancer = match own {
            Some(balancer) => balancer,
            None => {
                let (refused, what) = (Cell::new(0), format!("load balancer `{}`", self.name));
                let find = async || self.own(cx, &aws).await;
                send_until_taken(cx, &what, find, async || self.create(cx, &aws, &refused).await).await?
            }
        };
        let attributes: Vec<_> = self
            .attributes()
            .into_iter()
            .map(|(k, v)| LoadBalancerAttribute::builder().key(k).value(v).build())
            .collect();
        if !attributes.is_empty() {
            let request = aws.write.elb.modify_load_balancer_attributes().load_balancer_arn(arn(&balancer)?);
            let answer = request.set_attributes(Some(attributes)).send().await;
            answer.map_err(failed(format!("cannot set the idle timeout of load balancer `{}`", self.name)))?;
        }
        Ok(Self::known(&balancer)?)
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let balancer = wait_until(cx, &format!("load balancer `{}` active", self.name), async || {
            let Some(balancer) = self.own(cx, &aws).await? else {
                return Ok(Glance::NotYet(format!("load balancer `{}` is not listed yet", self.name)));
            };
            match state(&balancer) {
                Some(LoadBalancerStateEnum::Active) => {}
                Some(LoadBalancerStateEnum::Failed) => {
                    return Err(Failure::permanent(told(&balancer)).advise(
                        Advice::then_resume("mend what the reason names").which("replaces the failed balancer"),
                    ));
                }
                Some(LoadBalancerStateEnum::ActiveImpaired) => {
                    return Err(Failure::permanent(told(&balancer))
                        .advise(Advice::then_resume("it works but cannot grow: look at its subnets' free addresses")));
                }
                _ => return Ok(Glance::NotYet(told(&balancer))),
            }
            said(balancer.dns_name(), format_args!("the DNS name of `{}`", self.name))?;
            said(balancer.canonical_hosted_zone_id(), format_args!("the hosted zone of `{}`", self.name))?;
            Ok(if elb::balancer_attributes_fit(&aws, arn(&balancer)?, &self.attributes()).await? {
                Glance::Done(balancer)
            } else {
                Glance::NotYet(format!("load balancer `{}` does not show its idle timeout yet", self.name))
            })
        })
        .await?;
        let evidence = format!("{} as `{}`", told(&balancer), balancer.dns_name().unwrap_or("?"));
        Ok(Verified { outputs: Self::known(&balancer)?, evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let nothing = format!("there is no load balancer `{}` of this run", self.name);
        let Some(balancer) = elb::balancer(&aws, self.name.as_str()).await? else { return Ok(nothing) };
        if !elb::is_ours(cx, &aws, arn(&balancer)?).await? {
            return Ok(nothing);
        }
        self.delete(cx, &aws, arn(&balancer)?).await?;
        Ok(format!("load balancer `{}` is deleted", self.name))
    }
}
