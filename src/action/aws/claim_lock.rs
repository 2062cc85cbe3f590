//! The lock behind a claim: a security group named after the instance, of which EC2 lets there be one.
//!
//! A tag cannot keep two operators apart: EC2 has no compare-and-set for tags, the later write wins, and tags show late. Names
//! of security groups are unique in their VPC, and EC2 refuses a second one ("You can't create a security group with the same
//! name as another in the VPC": `InvalidGroup.Duplicate`, CreateSecurityGroup in the EC2 API Reference). An instance is in one
//! VPC, so one of two runs that ask at the same moment gets the group, whatever becomes of answers on their way.
//!
//! Why a security group, and not something else with a unique name:
//! - It is deleted by its id. A delete whose answer was lost and that arrives late meets only the lock it was meant for, never
//!   that of the run which has claimed the instance since. A placement group, whose name IAM could be narrowed to, is deleted
//!   by its name.
//! - A run that makes a load balancer may make and delete groups that bear its tag anyway, so that the policy grows by nothing.
//! - It is attached to nothing, admits nobody, and costs nothing.
//!
//! Whose the lock is stands in its description: that comes with the name in one call, cannot be changed, and does not lag as tags
//! do. The tag on the instance ([`claim`](super::claim)) stays the mark that people see.
//!
//! What a dead operator leaves: the lock stays until its run is rolled back or finished, or a person deletes the group; every
//! refusal says how. Not handled: a create that arrives after its run gave up (EC2 takes a request for 15 minutes at most:
//! `RequestExpired`) leaves a lock of a run that is over. It blocks and is told; it never lets two in.

use super::answers::failed;
use super::patience::{LATE, YOUNG};
use super::tags::{filter, specification};
use crate::access::{Aws, AwsError};
use crate::action::{Context, Glance, wait_until};
use crate::model::{Failure, FailureKind, InstanceId, RunId};
use aws_sdk_ec2::types::{ResourceType, SecurityGroup};

/// EC2's code for a name that is taken.
const TAKEN: &[&str] = &["InvalidGroup.Duplicate"];

/// EC2's codes for a group that is not there.
const GONE: &[&str] = &["InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound"];

/// The lock's name.
pub(super) fn name_of(instance: &InstanceId) -> String {
    format!("runbook-claim-{instance}")
}

/// A lock as EC2 shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldLock {
    /// The group's id.
    pub(super) id: String,
    /// Its description.
    description: String,
}

impl HeldLock {
    /// The run that holds it, as far as its description tells.
    pub(super) fn by(&self) -> &str {
        let told = self.description.strip_prefix("runbook run ");
        told.and_then(|rest| rest.split(' ').next()).unwrap_or("(not told)")
    }

    pub(super) fn is_of(&self, run: &RunId) -> bool {
        self.by() == run.as_str()
    }

    /// The advice to who finds it in the way.
    pub(super) fn advice(&self, instance: &InstanceId) -> String {
        let by = self.by();
        format!(
            "look where run `{by}` is (`runbook runs` on the machine it was started on); if it is over or lost for good: \
             `aws ec2 delete-security-group --group-id {}` and `aws ec2 delete-tags --resources {instance} --tags Key={}` make \
             `{instance}` free again",
            self.id,
            super::tags::CLAIM_TAG
        )
    }
}

/// What is told of whose the lock is. EC2 takes letters, digits, spaces and some signs.
fn description(cx: &Context<'_>, instance: &InstanceId) -> String {
    format!("runbook run {} is at work on {instance} ({})", cx.call().run, cx.call().token())
}

/// The three questions to EC2.
pub(super) trait Locks {
    /// Makes the group; its id.
    async fn create(&self, name: &str, description: &str) -> Result<Option<String>, AwsError>;
    /// The group of this name.
    async fn look(&self, name: &str) -> Result<Option<HeldLock>, Failure>;
    /// Deletes the group of this id.
    async fn delete(&self, id: &str) -> Result<(), AwsError>;
}

/// The locks in a VPC.
pub(super) struct Groups<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) aws: &'a Aws,
    pub(super) vpc: &'a str,
}

impl Locks for Groups<'_> {
    async fn create(&self, name: &str, description: &str) -> Result<Option<String>, AwsError> {
        let asked = self.aws.write.ec2.create_security_group().group_name(name).description(description);
        let asked = asked
            .vpc_id(self.vpc)
            .tag_specifications(specification(ResourceType::SecurityGroup, &self.cx.tags(Some(name))));
        Ok(asked.send().await.map_err(AwsError::from)?.group_id)
    }

    async fn look(&self, name: &str) -> Result<Option<HeldLock>, Failure> {
        look(self.aws, self.vpc, name).await
    }

    async fn delete(&self, id: &str) -> Result<(), AwsError> {
        self.aws.write.ec2.delete_security_group().group_id(id).send().await.map(drop).map_err(AwsError::from)
    }
}

/// The lock of this name in a VPC.
async fn look(aws: &Aws, vpc: &str, name: &str) -> Result<Option<HeldLock>, Failure> {
    let asked = aws.read.ec2.describe_security_groups().filters(filter("vpc-id", &[vpc]));
    let pages = asked.filters(filter("group-name", &[name])).into_paginator().items().send();
    let found: Result<Vec<SecurityGroup>, _> = pages.collect().await;
    let found = found.map_err(failed(format!("cannot look for the lock `{name}`")))?;
    let group = found.into_iter().find(|group| group.group_name() == Some(name));
    Ok(group.and_then(|g| Some(HeldLock { id: g.group_id?, description: g.description.unwrap_or_default() })))
}

/// The lock on an instance, if somebody has it.
pub(super) async fn held(aws: &Aws, vpc: &str, instance: &InstanceId) -> Result<Option<HeldLock>, Failure> {
    look(aws, vpc, &name_of(instance)).await
}

/// Takes the lock for this run, or finds that it has it; the group's id where EC2 has told it.
///
/// # Errors
/// Refused when another run has it. Lost when no answer came: whoever has it shows at the next look.
pub(super) async fn take(
    cx: &Context<'_>,
    locks: &impl Locks,
    instance: &InstanceId,
) -> Result<Option<String>, Failure> {
    let (name, ours) = (name_of(instance), description(cx, instance));
    let (mut unsure, most) = (0, cx.looks(YOUNG));
    loop {
        let error = match locks.create(&name, &ours).await {
            Ok(id) => return Ok(id),
            Err(error) if error.is(TAKEN) => error,
            Err(error) => return Err(error.failure(format!("cannot lock instance `{instance}`"))),
        };
        let note = match locks.look(&name).await? {
            Some(held) if held.description == ours => return Ok(Some(held.id)),
            Some(held) if !held.is_of(&cx.call().run) => return Err(held_by(instance, &held)),
            // Either what an undo of this run has just deleted still shows, and somebody was faster since; or this run has it.
            Some(held) if unsure >= most => return Ok(Some(held.id)),
            Some(_) => "shows as it was",
            None if unsure >= most || cx.time_left().is_zero() => {
                let failure = error.failure(format!("cannot lock instance `{instance}`"));
                return Err(Failure { kind: FailureKind::Refused, ..failure }
                    .cause("somebody has the lock, and EC2 does not show who")
                    .advise(format!(
                        "`aws ec2 describe-security-groups --filters Name=group-name,Values={name}` shows it"
                    )));
            }
            None => "does not show yet",
        };
        unsure += 1;
        cx.beat().beat(format!("the lock on `{instance}` is taken and {note}, looking again ({unsure}/{most})"))?;
        cx.pause().await;
    }
}

/// The refusal when another run has the lock.
pub(super) fn held_by(instance: &InstanceId, held: &HeldLock) -> Failure {
    Failure::refused(format!("instance `{instance}` is being worked on by run `{}`", held.by()))
        .advise(held.advice(instance))
}

/// Gives the lock back if this run has it; what became of it. `known`: the group's id, where it was recorded.
pub(super) async fn give_back(
    cx: &Context<'_>,
    locks: &impl Locks,
    instance: &InstanceId,
    known: Option<&str>,
) -> Result<String, Failure> {
    let name = name_of(instance);
    let (mut asked, mut absent, most) = (false, 0, cx.looks(LATE));
    wait_until(cx, &format!("the lock on `{instance}` given back"), async || {
        let held = locks.look(&name).await?;
        let id = match &held {
            Some(held) if !held.is_of(&cx.call().run) => {
                return Ok(Glance::Done(format!("run `{}` has the lock on `{instance}` now", held.by())));
            }
            Some(held) => Some(held.id.as_str()),
            None if asked => return Ok(Glance::Done(format!("the lock on `{instance}` is given back"))),
            None if absent < most => {
                absent += 1;
                return Ok(Glance::NotYet(format!("looking for the lock on `{instance}` ({absent}/{most})")));
            }
            // Should it be too young to show, its id is asked for all the same, where it is known.
            None => known,
        };
        let Some(id) = id else {
            return Ok(Glance::Done(format!("there is no lock of this run on `{instance}`")));
        };
        match locks.delete(id).await {
            Ok(()) => asked = true,
            Err(e) if e.is(GONE) => asked = true,
            Err(e) => return Err(e.failure(format!("cannot give the lock `{id}` on `{instance}` back"))),
        }
        Ok(Glance::NotYet(format!("the lock on `{instance}` still shows")))
    })
    .await
}

/// Waits until the lock shows as this run's.
pub(super) async fn wait_held(cx: &Context<'_>, locks: &impl Locks, instance: &InstanceId) -> Result<String, Failure> {
    let name = name_of(instance);
    wait_until(cx, &format!("the lock on `{instance}`"), async || match locks.look(&name).await? {
        Some(held) if held.is_of(&cx.call().run) => Ok(Glance::Done(held.id)),
        Some(held) => Err(held_by(instance, &held)),
        None => Ok(Glance::NotYet(format!("EC2 does not show the lock on `{instance}` yet"))),
    })
    .await
}

#[cfg(test)]
#[path = "claim_lock_test.rs"]
mod tests;
