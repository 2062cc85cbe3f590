//! What a listener forwards: to which target groups, by which weights, and for how long a visitor stays with one.
//!
//! A weight counts for who has no cookie yet; with stickiness a group in the action keeps its visitors whatever its weight is, and
//! one that is not in it any more loses them ("Target group stickiness", AWS Prescriptive Guidance, "Choosing a stickiness
//! strategy for your load balancer"). Not handled: default actions that do more than forward (authentication).

use super::answers::{failed, said};
use super::elb;
use super::target_health::health;
use crate::access::Aws;
use crate::action::{Context, Glance, wait_until};
use crate::model::{Arn, Failure, Value};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, Listener, TargetGroupStickinessConfig, TargetGroupTuple,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forward {
    /// Target groups with their weights.
    pub(super) groups: Vec<(Arn, u32)>,
    /// Seconds for which a visitor stays with a group.
    pub(super) sticky_s: Option<u32>,
}

impl Forward {
    /// What a listener does with requests that no rule of its fits; none when it does something else with them.
    pub(super) fn of(listener: &Listener) -> Result<Option<Self>, Failure> {
        let [action] = listener.default_actions() else { return Ok(None) };
        if action.r#type() != Some(&ActionTypeEnum::Forward) {
            return Ok(None);
        }
        Self::of_action(action).map(Some)
    }

    /// What an action that forwards says. A single group may stand beside, or in the place of, the list.
    pub(super) fn of_action(action: &Action) -> Result<Self, Failure> {
        let config = action.forward_config();
        let listed = config.map(ForwardActionConfig::target_groups).unwrap_or_default();
        let mut groups = Vec::new();
        for tuple in listed {
            let arn = said(tuple.target_group_arn(), "which target group a listener forwards to")?;
            let weight = u32::try_from(tuple.weight().unwrap_or(1)).unwrap_or_default();
            groups.push((elb::arn_of(arn)?, weight));
        }
        if groups.is_empty() {
            let arn = said(action.target_group_arn(), "which target group a listener forwards to")?;
            groups.push((elb::arn_of(arn)?, 1));
        }
        let sticky = config.and_then(ForwardActionConfig::target_group_stickiness_config);
        let sticky = sticky.filter(|sticky| sticky.enabled() == Some(true));
        let seconds = sticky.map(|it| said(it.duration_seconds(), "for how long a visitor stays with a target group"));
        let sticky_s = seconds.transpose()?.map(|seconds| u32::try_from(seconds).unwrap_or_default());
        Ok(Self { groups, sticky_s })
    }

    /// The action that does it.
    pub(super) fn action(&self) -> Action {
        let action = Action::builder().r#type(ActionTypeEnum::Forward);
        if let ([(arn, _)], None) = (self.groups.as_slice(), self.sticky_s) {
            return action.target_group_arn(arn.as_str()).build();
        }
        let mut config = ForwardActionConfig::builder();
        for (arn, weight) in &self.groups {
            let weight = i32::try_from(*weight).unwrap_or(i32::MAX);
            config =
                config.target_groups(TargetGroupTuple::builder().target_group_arn(arn.as_str()).weight(weight).build());
        }
        let sticky = TargetGroupStickinessConfig::builder().enabled(self.sticky_s.is_some());
        let seconds = self.sticky_s.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
        let sticky = sticky.set_duration_seconds(seconds);
        action.forward_config(config.target_group_stickiness_config(sticky.build()).build()).build()
    }

    /// The same under AWS's names.
    pub(super) fn told(&self) -> Value {
        if let ([(arn, _)], None) = (self.groups.as_slice(), self.sticky_s) {
            return json!([{"Type": "forward", "TargetGroupArn": arn}]);
        }
        let groups: Vec<Value> =
            self.groups.iter().map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight})).collect();
        let mut sticky = json!({"Enabled": self.sticky_s.is_some()});
        if let Some(seconds) = self.sticky_s {
            sticky["DurationSeconds"] = json!(seconds);
        }
        json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}])
    }

    /// In words: "90 % to `web-old`, 10 % to `web-new`, who came stays for 3600 s".
    pub(super) fn words(&self) -> String {
        let all: u32 = self.groups.iter().map(|(_, weight)| weight).sum();
        let share = |weight: u32| (u64::from(weight) * 100).checked_div(u64::from(all)).unwrap_or_default();
        let groups =
            self.groups.iter().map(|(arn, weight)| format!("{} % to `{}`", share(*weight), elb::short(arn.as_str())));
        let sticky = self.sticky_s.map(|seconds| format!("who came stays for {seconds} s"));
        groups.chain(sticky).collect::<Vec<_>>().join(", ")
    }

    /// The share of a group in all that is forwarded, in parts of a million.
    fn share(&self, group: &Arn) -> u64 {
        let all: u64 = self.groups.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let own: u64 = self.groups.iter().filter(|(arn, _)| arn == group).map(|(_, weight)| u64::from(*weight)).sum();
        (own * 1_000_000).checked_div(all).unwrap_or_default()
    }

    /// What is forwarded first on the way to another state: where a group that is to get something is not in yet, it is put in
    /// without a share, so that the balancer checks it.
    pub(super) fn on_the_way_to(&self, goal: &Self) -> Option<Self> {
        let there = |arn: &Arn| self.groups.iter().any(|(group, _)| group == arn);
        let new = goal.groups.iter().map(|(arn, _)| arn).filter(|arn| goal.share(arn) > self.share(arn) && !there(arn));
        let new: Vec<(Arn, u32)> = new.map(|arn| (arn.clone(), 0)).collect();
        let all = || self.groups.iter().cloned().chain(new.clone()).collect();
        (!new.is_empty()).then(|| Self { groups: all(), sticky_s: self.sticky_s })
    }

    /// The same with each group as it is called now (`target-group.delete` may have been taken back since).
    pub(super) async fn now(&self, cx: &Context<'_>, aws: &Aws) -> Result<Self, Failure> {
        let mut groups = Vec::new();
        for (arn, weight) in &self.groups {
            groups.push((elb::group_arn(cx, aws, arn).await?, *weight));
        }
        Ok(Self { groups, sticky_s: self.sticky_s })
    }
}

/// Has the listener forward so. A group that is to get more than now is first put in without a share, where it is not in yet, so
/// that the balancer checks it, and then waited for until it has a healthy target.
pub(super) async fn forward(cx: &Context<'_>, aws: &Aws, listener: &Arn, goal: &Forward) -> Result<(), Failure> {
    let name = elb::short(listener.as_str());
    let now = current(aws, listener).await?;
    if now == *goal {
        return Ok(());
    }
    let gaining: Vec<&Arn> =
        goal.groups.iter().map(|(arn, _)| arn).filter(|arn| goal.share(arn) > now.share(arn)).collect();
    if let Some(on_the_way) = now.on_the_way_to(goal) {
        set(aws, listener, &on_the_way).await?;
    }
    for group in gaining {
        let what = format!(
            "a healthy target in `{}`, before the listener of `{name}` sends more there",
            elb::short(group.as_str())
        );
        wait_until(cx, &what, async || {
            let found = health(cx, aws, group, &[]).await?.unwrap_or_default();
            if found.iter().any(|target| target.healthy()) {
                return Ok(Glance::Done(()));
            }
            let told: Vec<String> = found.iter().map(|target| target.told()).collect();
            let none = format!("`{}` has no target", elb::short(group.as_str()));
            Ok(Glance::NotYet(if told.is_empty() { none } else { told.join("; ") }))
        })
        .await?;
    }
    set(aws, listener, goal).await
}

/// What the listener forwards now.
pub(super) async fn current(aws: &Aws, listener: &Arn) -> Result<Forward, Failure> {
    let name = elb::short(listener.as_str());
    let Some(found) = elb::listener_of(aws, listener).await? else {
        return Err(Failure::permanent(format!("there is no such listener of `{name}`")).cause(listener.to_string()));
    };
    Forward::of(&found)?.ok_or_else(|| {
        Failure::refused(format!("the listener of `{name}` does something else than forward requests"))
            .advise("look at its default action: only a listener that just forwards can be split")
    })
}

async fn set(aws: &Aws, listener: &Arn, goal: &Forward) -> Result<(), Failure> {
    let request = aws.write.elb.modify_listener().listener_arn(listener.as_str()).default_actions(goal.action());
    let what = format!("cannot change what the listener of `{}` forwards", elb::short(listener.as_str()));
    request.send().await.map(drop).map_err(failed(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(name: &str) -> Arn {
        let text = format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/0123456789abcdef");
        Arn::try_from(text).unwrap()
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let alone = Forward { groups: vec![(arn("a"), 1)], sticky_s: None };
        let both = Forward { groups: vec![(arn("a"), 90), (arn("b"), 10)], sticky_s: Some(60) };
        for forward in [alone, both] {
            let listener = Listener::builder().default_actions(forward.action()).build();
            assert_eq!(Forward::of(&listener).unwrap(), Some(forward));
        }
        let redirects = Action::builder().r#type(ActionTypeEnum::Redirect).build();
        assert_eq!(Forward::of(&Listener::builder().default_actions(redirects).build()).unwrap(), None);
    }

    #[test]
    fn shares_are_of_all_that_is_forwarded() {
        let both = Forward { groups: vec![(arn("a"), 3), (arn("b"), 1)], sticky_s: Some(60) };
        assert_eq!(both.words(), "75 % to `a`, 25 % to `b`, who came stays for 60 s");
        assert_eq!((both.share(&arn("b")), both.share(&arn("c"))), (250_000, 0));
    }
}
