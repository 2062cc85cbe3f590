//! `listener.add-rule` and `listener.remove-rule`: requests with a header go to a target group of their own.
//!
//! A listener has one rule of each priority at most, so the priority is where our own is looked for, and its tag says whose it
//! is. Not handled: rules with other conditions; one of somebody else is never changed or removed.

use super::answers::{answered, said};
use super::elb;
use super::forward::Forward;
use super::preview::{request, shown, words};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, send_until_taken, wait_until};
use crate::model::{
    Advice, Arn, Change, Failure, Finding, Found, ListenerAddRule, ListenerRemoveRule, RulePriority, Text, Values, tell,
};
use aws_sdk_elasticloadbalancingv2::types::{HttpHeaderConditionConfig, Rule, RuleCondition};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The rule of a listener at a priority.
async fn rule_at(aws: &Aws, listener: &Arn, priority: RulePriority) -> Result<Option<Rule>, Failure> {
    let mut pages = aws.read.elb.describe_rules().listener_arn(listener.as_str()).into_paginator().send();
    let wanted = priority.to_string();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(AwsError::from) {
            Err(e) if e.is(elb::NOT_FOUND) => return Ok(None),
            page => page.map_err(|e| {
                e.failure(format!("cannot list the rules of the listener of `{}`", elb::short(listener.as_str())))
            })?,
        };
        if let Some(rule) = page.rules().iter().find(|rule| rule.priority() == Some(wanted.as_str())) {
            return Ok(Some(rule.clone()));
        }
    }
    Ok(None)
}

fn name(listener: &Arn, priority: RulePriority) -> Text {
    tell!("rule {} of the listener of `{}`", u32::from(priority), elb::short_name(listener))
}

/// The refusal of a priority that somebody else's rule has.
fn foreign(name: &Text) -> Failure {
    Failure::refused(format!("{name} is already there and is not this run's"))
        .advise(Advice::then_resume("choose another priority, or remove that rule when nobody needs it"))
}

/// The ARN of a rule when this run made it.
async fn ours(cx: &Context<'_>, aws: &Aws, rule: &Rule, name: &Text) -> Result<Option<String>, Failure> {
    let arn = said(rule.rule_arn(), format_args!("which rule is {name}"))?;
    Ok(elb::is_ours(cx, aws, arn).await?.then(|| arn.to_owned()))
}

async fn delete(aws: &Aws, arn: &str, name: &Text) -> Result<(), Failure> {
    match aws.write.elb.delete_rule().rule_arn(arn).send().await.map_err(AwsError::from) {
        Ok(_) => Ok(()),
        Err(e) if e.is(elb::NOT_FOUND) => Ok(()),
        Err(e) => Err(e.failure(format!("cannot delete {name}"))),
    }
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    header: String,
    value: String,
    target_group: Arn,
}

impl Said {
    /// By a rule of the one form that is known here; none when it has another.
    fn by(rule: &Rule) -> Result<Option<Self>, Failure> {
        let ([condition], [action]) = (rule.conditions(), rule.actions()) else { return Ok(None) };
        let Some(header) = condition.http_header_config() else { return Ok(None) };
        let forward = Forward::of_action(action)?;
        let ([value], [(group, _)]) = (header.values(), forward.groups.as_slice()) else {
            return Ok(None);
        };
        let header = said(header.http_header_name(), "for which header a rule asks")?.to_owned();
        Ok(Some(Self { header, value: value.clone(), target_group: group.clone() }))
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        aws: &Aws,
        (listener, priority): (&Arn, RulePriority),
    ) -> Result<String, Failure> {
        let name = name(listener, priority);
        let find = async || match rule_at(aws, listener, priority).await? {
            None => Ok(None),
            Some(found) => match ours(cx, aws, &found, &name).await? {
                None => Err(foreign(&name)),
                Some(arn) => Ok(Some(arn)),
            },
        };
        let group = elb::group_arn(cx, aws, &self.target_group).await?;
        let header = HttpHeaderConditionConfig::builder().http_header_name(&self.header).values(&self.value).build();
        let condition = RuleCondition::builder().field("http-header").http_header_config(header).build();
        let action = Forward { groups: vec![(group, 1)], sticky_s: None }.action();
        send_until_taken(cx, name.as_str(), find, async || {
            let request = aws.write.elb.create_rule().listener_arn(listener.as_str());
            let request = request.priority(i32::try_from(u32::from(priority)).unwrap_or_default());
            let request = request.conditions(condition.clone()).actions(action.clone());
            let answer = request.set_tags(elb::tags(cx, &cx.call().action.to_string())).send().await;
            match answer.map_err(AwsError::from) {
                Ok(answer) => {
                    let arn = answer.rules().first().and_then(Rule::rule_arn).map(str::to_owned);
                    Ok(Glance::Done(answered(arn, format_args!("which rule is {name}"))?))
                }
                // Somebody was quicker, or our own does not show yet: the next look tells whose it is.
                Err(e) if e.is(&["PriorityInUse"]) => Ok(Glance::NotYet(format!("{name} is there and not listed yet"))),
                Err(e) => Err(e.failure(format!("cannot create {name}"))),
            }
        })
        .await
    }
}

impl ListenerAddRule {
    fn name(&self) -> Text {
        name(&self.listener, self.priority)
    }

    fn says(&self) -> Said {
        Said { header: self.header.to_string(), value: self.value.to_string(), target_group: self.target_group.clone() }
    }
}

fn creating(listener: &Arn, priority: RulePriority, (header, value): (&str, &str), group: &Arn) -> Change {
    let condition =
        json!([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": header, "Values": [value]}}]);
    let with = [
        ("ListenerArn", shown(listener)),
        ("Priority", json!(u32::from(priority)).into()),
        ("Conditions", condition.into()),
        ("Actions", json!([{"Type": "forward", "TargetGroupArn": group}]).into()),
        ("Tags", words("Name=the action, your own tags, and the run's").into()),
    ];
    request("elasticloadbalancing:CreateRule", with)
}

const LOOKS: &[&str] = &["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"];
const ADDS: &[&str] = &[
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:AddTags",
];
const ADDS_AGAIN: &[&str] = &[
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:AddTags",
];
const REMOVES: &[&str] =
    &["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DeleteRule"];

impl Perform for ListenerAddRule {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = ADDS;
    const UNDO_PERMISSIONS: &'static [&'static str] = REMOVES;

    fn sentence(&self) -> Text {
        tell!(
            "have the listener of `{}` send requests with `{}: {}` to target group `{}` (rule {})",
            elb::short_name(&self.listener),
            self.header,
            self.value,
            elb::short_name(&self.target_group),
            u32::from(self.priority)
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete {}", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        let header = (self.header.as_str(), self.value.as_str());
        vec![creating(&self.listener, self.priority, header, &self.target_group)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let name = self.name();
        let Some(rule) = rule_at(&aws, &self.listener, self.priority).await? else {
            return Ok(Finding::new(Found::Absent, false, format!("{name} is not there")));
        };
        let Some(arn) = ours(cx, &aws, &rule, &name).await? else {
            return Err(foreign(&name));
        };
        let outputs = Values::from([("rule".to_owned(), json!(arn))]);
        Ok(Finding { outputs, ..Finding::new(Found::Holds, true, format!("{name} is there and this run's")) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let arn = self.says().create(cx, &aws, (&self.listener, self.priority)).await?;
        Ok(Values::from([("rule".to_owned(), json!(arn))]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let name = self.name();
        let arn = wait_until(cx, name.as_str(), async || {
            let Some(rule) = rule_at(&aws, &self.listener, self.priority).await? else {
                return Ok(Glance::NotYet(format!("{name} is not listed yet")));
            };
            Ok(match ours(cx, &aws, &rule, &name).await? {
                Some(arn) => Glance::Done(arn),
                None => Glance::NotYet(format!("{name} shows no tag of this run yet")),
            })
        })
        .await?;
        let outputs = Values::from([("rule".to_owned(), json!(arn))]);
        Ok(Verified { outputs, evidence: format!("{name} is there") })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let name = self.name();
        let nothing = format!("there is no {name} of this run");
        let Some(rule) = rule_at(&aws, &self.listener, self.priority).await? else { return Ok(nothing) };
        let Some(arn) = ours(cx, &aws, &rule, &name).await? else { return Ok(nothing) };
        delete(&aws, &arn, &name).await?;
        Ok(format!("{name} is deleted"))
    }
}

impl ListenerRemoveRule {
    fn name(&self) -> Text {
        name(&self.listener, self.priority)
    }

    /// The rule, when it is there and this run's.
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<(Rule, String)>, Failure> {
        let Some(rule) = rule_at(aws, &self.listener, self.priority).await? else { return Ok(None) };
        match ours(cx, aws, &rule, &self.name()).await? {
            Some(arn) => Ok(Some((rule, arn))),
            None => Err(Failure::refused(format!("{} is not this run's", self.name()))
                .advise("only a rule that `listener.add-rule` of this run has made is removed")),
        }
    }
}

impl Perform for ListenerRemoveRule {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = LOOKS;
    const PERMISSIONS: &'static [&'static str] = REMOVES;
    const UNDO_PERMISSIONS: &'static [&'static str] = ADDS_AGAIN;

    fn sentence(&self) -> Text {
        tell!("delete {}", self.name())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("add {} again", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        vec![request("elasticloadbalancing:DeleteRule", [("RuleArn", words(self.name()))])]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some((rule, _)) = self.own(cx, &aws).await? else {
            return Ok(Finding::new(Found::Holds, false, format!("{} is not there", self.name())));
        };
        let says = Said::by(&rule)?.ok_or_else(|| {
            Failure::refused(format!("{} was changed, and could not be added again as it is", self.name()))
                .advise(Advice::then_resume("give it the one header and the one target group that it had"))
        })?;
        Ok(Finding { before: json!(says), ..Finding::new(Found::Absent, false, format!("{} is there", self.name())) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        if let Some((_, arn)) = self.own(cx, &aws).await? {
            delete(&aws, &arn, &self.name()).await?;
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        wait_until(cx, self.name().as_str(), async || {
            Ok(match rule_at(&aws, &self.listener, self.priority).await? {
                Some(_) => Glance::NotYet(format!("{} is still listed", self.name())),
                None => Glance::Done(()),
            })
        })
        .await?;
        Ok(Verified::by(format!("{} is not there", self.name())))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let Some(says) = cx.before_if_any::<Said>()? else {
            return Ok(format!("{} was not there before this run either", self.name()));
        };
        let aws = cx.aws().await?;
        if elb::listener_of(&aws, &self.listener).await?.is_none() {
            return Ok(format!("the listener of `{}` is gone", elb::short(self.listener.as_str())));
        }
        says.create(cx, &aws, (&self.listener, self.priority)).await?;
        Ok(format!("{} is there again", self.name()))
    }
}
