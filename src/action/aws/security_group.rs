//! `security-group.create`: a security group of a name that is unique in its VPC.
//!
//! EC2 has no client token for it, so the name is looked up first, and the run's tag says whose the group is. Deleting is
//! refused by EC2 while something holds the group: a deleted balancer's interfaces do for minutes. Undo waits for that and
//! shows who holds it.

use super::answers::{failed, not_ours, outputs};
use super::patience::LATE;
use super::preview::{request, run_tags, shown};
use super::tags::{filter, pairs, specification};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Failure, Finding, Found, SecurityGroupCreate, Text, tell};
use aws_sdk_ec2::types::{ResourceType, SecurityGroup};

/// The security group of this name in a VPC.
pub(in crate::action) async fn group_named(aws: &Aws, name: &str, vpc: &str) -> Result<Option<SecurityGroup>, Failure> {
    let request = aws.read.ec2.describe_security_groups();
    let request = request.filters(filter("vpc-id", &[vpc])).filters(filter("group-name", &[name]));
    let pages = request.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let groups = pages.map_err(failed(format!("cannot look for security group `{name}`")))?;
    Ok(groups.into_iter().next())
}

impl SecurityGroupCreate {
    async fn find(&self, aws: &Aws) -> Result<Option<SecurityGroup>, Failure> {
        group_named(aws, self.name.as_str(), self.vpc.as_str()).await
    }

    /// What this action gave out before is its own, also while its tags lag behind; otherwise the tag decides.
    fn is_ours(cx: &Context<'_>, group: &SecurityGroup) -> bool {
        let known = cx.output("group");
        (known.is_some() && known == group.group_id()) || cx.is_ours(pairs(group.tags()))
    }

    /// The group of this name when this run made it. One without any tag may be this run's, made by a call whose answer was
    /// lost, and its tags not shown yet: it is looked at again before it counts as somebody's.
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<String>, Failure> {
        let (mut looks, most) = (0, cx.looks(LATE));
        loop {
            match self.find(aws).await? {
                None => return Ok(None),
                Some(group) if Self::is_ours(cx, &group) => return Ok(group.group_id().map(str::to_owned)),
                Some(group) if group.tags().is_empty() && looks < most => {
                    looks += 1;
                    cx.beat().beat(format!("`{}` shows no tags yet ({looks}/{most})", self.name))?;
                    cx.pause().await;
                }
                Some(_) => return Err(not_ours("security group", self.name.as_str(), &format!(" in `{}`", self.vpc))),
            }
        }
    }
}

impl Perform for SecurityGroupCreate {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeSecurityGroups"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeSecurityGroups", "ec2:CreateSecurityGroup", "ec2:CreateTags"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:DeleteSecurityGroup", "ec2:DescribeNetworkInterfaces"];

    fn sentence(&self) -> Text {
        tell!("create security group `{}` in `{}`", self.name, self.vpc)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete security group `{}` once nothing holds it any more", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        let with = [
            ("GroupName", shown(&self.name)),
            ("Description", shown(&self.description)),
            ("VpcId", shown(&self.vpc)),
            ("TagSpecifications", run_tags(self.name.as_str()).into()),
        ];
        vec![request("ec2:CreateSecurityGroup", with)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        Ok(match self.own(cx, &*cx.aws().await?).await? {
            None => Finding::new(Found::Absent, false, format!("`{}` has no security group `{}`", self.vpc, self.name)),
            Some(id) => Finding {
                outputs: outputs([("group", &id)]),
                ..Finding::new(Found::Holds, true, format!("`{id}` is `{}` and this run's", self.name))
            },
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        if let Some(id) = self.own(cx, &aws).await? {
            return Ok(outputs([("group", &id)]));
        }
        let request =
            aws.write.ec2.create_security_group().group_name(self.name.as_str()).description(self.description.as_str());
        let request = request.vpc_id(self.vpc.as_str());
        let answer = request
            .tag_specifications(specification(ResourceType::SecurityGroup, &cx.tags(Some(self.name.as_str()))))
            .send()
            .await
            .map_err(AwsError::from);
        let id = match answer {
            Ok(answer) => answer.group_id().map(str::to_owned),
            // Somebody was faster, or an earlier call of ours was: the tag says which.
            Err(e) if e.is(&["InvalidGroup.Duplicate"]) => self.own(cx, &aws).await?,
            Err(e) => return Err(e.failure(format!("cannot create security group `{}`", self.name)).into()),
        };
        let id = id.ok_or_else(|| Failure::transient(format!("security group `{}` has no id yet", self.name)))?;
        Ok(outputs([("group", &id)]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let id = wait_until(cx, &format!("security group `{}`", self.name), async || {
            Ok(match self.own(cx, &aws).await? {
                Some(id) => Glance::Done(id),
                None => Glance::NotYet(format!("EC2 does not list security group `{}` yet", self.name)),
            })
        })
        .await?;
        Ok(Verified { outputs: outputs([("group", &id)]), evidence: format!("`{id}` is there") })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let found = self.find(&aws).await?.filter(|group| Self::is_ours(cx, group));
        let Some(id) = found.as_ref().and_then(SecurityGroup::group_id) else {
            return Ok(format!("there is no security group `{}` of this run", self.name));
        };
        wait_until(cx, &format!("deleting security group `{id}`"), async || {
            match aws.write.ec2.delete_security_group().group_id(id).send().await.map_err(AwsError::from) {
                Ok(_) => Ok(Glance::Done(())),
                Err(e) if e.is(&["InvalidGroup.NotFound", "InvalidGroupId.NotFound"]) => Ok(Glance::Done(())),
                Err(e) if e.is(&["DependencyViolation", "InvalidGroup.InUse"]) => {
                    Ok(Glance::NotYet(format!("`{id}` is still held by {}", holders(&aws, id).await)))
                }
                Err(e) => Err(e.failure(format!("cannot delete security group `{id}`"))),
            }
        })
        .await?;
        Ok(format!("security group `{id}` is deleted"))
    }
}

/// Who holds a group, as far as it can be told: this is only shown, so that not being able to look is no failure.
async fn holders(aws: &Aws, id: &str) -> String {
    let interfaces = aws.read.ec2.describe_network_interfaces().filters(filter("group-id", &[id]));
    let interfaces = interfaces.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let mut who: Vec<String> = interfaces
        .unwrap_or_default()
        .iter()
        .map(|i| format!("`{}` ({})", i.network_interface_id().unwrap_or("?"), i.description().unwrap_or("")))
        .collect();
    if who.is_empty() {
        let groups = aws.read.ec2.describe_security_groups().filters(filter("ip-permission.group-id", &[id]));
        let groups = groups.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        who.extend(
            groups
                .unwrap_or_default()
                .iter()
                .filter_map(|group| group.group_id())
                .filter(|other| *other != id)
                .map(|other| format!("a rule of `{other}`")),
        );
    }
    if who.is_empty() { "something that EC2 does not name".to_owned() } else { who.join(", ") }
}
