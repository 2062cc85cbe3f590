//! `listener.split`: so many of a hundred requests to one target group, the rest to another.
//!
//! What the listener forwarded before is the before-image, and undo brings just that back. A listener that forwards to a third
//! group, or does something else, is refused: somebody else has changed it.

use super::elb;
use super::forward::{Forward, current, forward};
use super::preview::{fact, request, shown};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Arn, Change, Failure, Finding, Found, ListenerSplit, Text, tell};
use serde_json::json;

impl ListenerSplit {
    /// What is to be forwarded, by what the groups are called in the runbook.
    fn goal(&self) -> Forward {
        let percent = u32::from(self.percent);
        let sticky_s = self.sticky_s.map(u32::from);
        let both = [(self.from.clone(), 100 - percent), (self.to.clone(), percent)];
        let groups = match sticky_s {
            Some(_) => both.to_vec(),
            None => both.into_iter().filter(|(_, weight)| *weight > 0).collect(),
        };
        // Alone a weight says nothing, and AWS tells it as 1.
        match (groups.as_slice(), sticky_s) {
            ([(only, _)], None) => Forward { groups: vec![(only.clone(), 1)], sticky_s },
            _ => Forward { groups, sticky_s },
        }
    }

    fn share(&self, group: &Arn, percent: u32) -> Text {
        tell!("{} % to `{}`", percent, elb::short_name(group))
    }

    fn name(&self) -> Text {
        elb::short_name(&self.listener)
    }

    /// The call that has the listener forward so.
    fn asking(&self, forward: &Forward) -> Change {
        let with = [("ListenerArn", shown(&self.listener)), ("DefaultActions", forward.told().into())];
        request("elasticloadbalancing:ModifyListener", with)
    }

    /// The only groups that the listener may know.
    fn check(&self, now: &Forward, goal: &Forward, from: &Arn) -> Result<(), Failure> {
        let known = |arn: &Arn| arn == from || goal.groups.iter().any(|(group, _)| group == arn);
        match now.groups.iter().map(|(arn, _)| arn).find(|arn| !known(arn)) {
            None => Ok(()),
            Some(other) => Err(Failure::refused(format!(
                "the listener of `{}` forwards to `{}`, which is neither of the two",
                self.name(),
                elb::short(other.as_str())
            ))
            .advise(Advice::then_resume("take that target group out of the listener, or name it in the runbook"))),
        }
    }
}

impl Perform for ListenerSplit {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
    ];
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:ModifyListener",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = Self::PERMISSIONS;

    fn sentence(&self) -> Text {
        let percent = u32::from(self.percent);
        let stays = match self.sticky_s {
            Some(seconds) => tell!("; who came stays where they are for {} s", u32::from(seconds)),
            None => "".into(),
        };
        tell!(
            "have the listener of `{}` send {} and {}{}",
            self.name(),
            self.share(&self.to, percent),
            self.share(&self.from, 100 - percent),
            stays
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("have the listener of `{}` forward as it did before", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.asking(&self.goal())]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let (now, goal) = (current(&aws, &self.listener).await?, self.goal().now(cx, &aws).await?);
        let from = elb::group_now(cx, &aws, &self.from).await?;
        let from = from.as_ref().and_then(|group| group.target_group_arn()).map(elb::arn_of).transpose()?;
        self.check(&now, &goal, from.as_ref().unwrap_or(&self.from))?;
        let found = if now == goal { Found::Holds } else { Found::Absent };
        let before = json!(now);
        let asked = now.on_the_way_to(&goal).into_iter().chain([goal.clone()]);
        let changes = match found {
            Found::Holds => Vec::new(),
            _ => asked.map(|forward| self.asking(&forward)).collect(),
        };
        let facts = fact(format!("what the listener of `{}` forwards", self.name()), now.words());
        Ok(Finding { before, facts, changes, ..Finding::new(found, false, now.words()) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let goal = self.goal().now(cx, &aws).await?;
        forward(cx, &aws, &self.listener, &goal).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let goal = self.goal().now(cx, &aws).await?;
        let told = wait_until(cx, &format!("the listener of `{}`", self.name()), async || {
            let now = current(&aws, &self.listener).await?;
            Ok(if now == goal { Glance::Done(now.words()) } else { Glance::NotYet(now.words()) })
        })
        .await?;
        Ok(Verified::by(told))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Forward = cx.before()?;
        let aws = cx.aws().await?;
        if elb::listener_of(&aws, &self.listener).await?.is_none() {
            return Ok(format!("the listener of `{}` is gone", self.name()));
        }
        let goal = before.now(cx, &aws).await?;
        forward(cx, &aws, &self.listener, &goal).await?;
        Ok(goal.words())
    }
}
