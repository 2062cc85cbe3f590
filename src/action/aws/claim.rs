//! `instance.claim` and `instance.release`: the tag that tells other operators that a run is at work on an instance.
//!
//! The journal's lease is local; this tag is what an operator on another machine sees. A tag is no lock: two runs that
//! claim at the same moment both write it, the later one wins, and the earlier one finds out when it reads it back.
//! A claim also refuses what would turn a shutdown or a clone into a loss.

use super::instance_state::{live, unknown};
use super::preview::{fact, mark_of, request, run_id};
use super::{instance_state, tags};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Look, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Facts, Failure, Finding, Found, InstanceClaim, InstanceId, InstanceRelease};
use aws_sdk_ec2::types::{DeviceType, Instance, InstanceAttributeName};
use serde_json::json;

/// The tag that says which run is at work on an instance. Not the tag of what a run created: a server that one run made
/// can be worked on by another, and must not lose its maker's tag when that one is done.
pub(in crate::action) const CLAIM_TAG: &str = "runbook:claim";

/// Whose mark an instance bears.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Nobody,
    Ours,
    Other(String),
}

fn mark(cx: &Context<'_>, instance: &Instance) -> Mark {
    match tags::value(instance.tags(), CLAIM_TAG) {
        None => Mark::Nobody,
        Some(run) if run == cx.call().run.as_str() => Mark::Ours,
        Some(run) => Mark::Other(run.to_owned()),
    }
}

/// The call that puts our mark on, or takes it off.
fn marking(operation: &str, instance: &InstanceId) -> Vec<Change> {
    let tags = json!([{"Key": CLAIM_TAG, "Value": run_id()}]);
    vec![request(operation, [("Resources", json!([instance])), ("Tags", tags)])]
}

/// Whose mark an instance bears, as a fact.
fn marked(mark: &Mark, id: &InstanceId) -> Facts {
    let value = match mark {
        Mark::Nobody => "none",
        Mark::Ours => "this run",
        Mark::Other(run) => run,
    };
    fact(mark_of(id.as_str()), value)
}

/// Puts our mark on the instance, unless another run's is there now.
async fn put_mark(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<(), Failure> {
    if let Mark::Other(run) = mark(cx, &live(aws, id.as_str()).await?) {
        return Err(claimed_by(id, &run));
    }
    let tag = tags::tag(CLAIM_TAG, cx.call().run.as_str());
    let answer = aws.write.ec2.create_tags().resources(id.as_str()).tags(tag).send().await;
    answer.map(drop).map_err(|e| AwsError::from(e).failure(format!("cannot tag instance `{id}`")))
}

/// Takes our mark away. With the value given, EC2 deletes the tag only if it still has that value.
async fn take_mark(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<(), Failure> {
    let tag = tags::tag(CLAIM_TAG, cx.call().run.as_str());
    let answer = aws.write.ec2.delete_tags().resources(id.as_str()).tags(tag).send().await;
    answer.map(drop).map_err(|e| AwsError::from(e).failure(format!("cannot take the tag off instance `{id}`")))
}

/// Waits until the mark is ours: a tag may show late.
async fn wait_ours(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<String, Failure> {
    wait_until(cx, &format!("instance `{id}` marked by this run"), async || {
        match mark(cx, &live(aws, id.as_str()).await?) {
            Mark::Ours => Ok(Look::Done(format!("`{id}` is marked `{CLAIM_TAG}={}`", cx.call().run))),
            Mark::Nobody => Ok(Look::NotYet(format!("the mark on `{id}` does not show yet"))),
            Mark::Other(run) => Err(claimed_by(id, &run)),
        }
    })
    .await
}

/// Waits until the mark is not ours; whose it is instead.
async fn wait_not_ours(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<String, Failure> {
    wait_until(cx, &format!("instance `{id}` no longer marked by this run"), async || {
        let instance = instance_state::find(aws, id.as_str()).await?.ok_or_else(|| unknown(aws, id.as_str()))?;
        Ok(match mark(cx, &instance) {
            Mark::Ours => Look::NotYet(format!("the mark on `{id}` still shows")),
            Mark::Nobody => Look::Done(format!("`{id}` bears no mark")),
            Mark::Other(run) => Look::Done(format!("`{id}` is marked by run `{run}` now")),
        })
    })
    .await
}

fn claimed_by(id: &InstanceId, run: &str) -> Failure {
    Failure::refused(format!("instance `{id}` is being worked on by run `{run}`")).advise(format!(
        "look where that run is (`runbook status {run}` on the machine it was started on); if it is over or lost for good: \
         `aws ec2 delete-tags --resources {id} --tags Key={CLAIM_TAG},Value={run}`"
    ))
}

/// Everything that forbids to stop, resize and clone the instance: why, and what to do about it.
async fn surprises(aws: &Aws, instance: &Instance) -> Result<Vec<(String, String)>, Failure> {
    let id = instance.instance_id().unwrap_or_default();
    let (shutdown, stop, termination) = tokio::try_join!(
        shutdown_behaviour(aws, id),
        protected(aws, id, InstanceAttributeName::DisableApiStop),
        protected(aws, id, InstanceAttributeName::DisableApiTermination),
    )?;
    let attribute = |option: &str| format!("`aws ec2 modify-instance-attribute --instance-id {id} {option}`");
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |why: String, what: String| found.push((why, what));
    if shutdown == "terminate" {
        let what = attribute("--instance-initiated-shutdown-behavior stop");
        add("its shutdown behaviour is `terminate`: a shutdown would destroy it".into(), what);
    }
    if stop {
        add("it is protected against being stopped".into(), attribute("--no-disable-api-stop"));
    }
    if termination {
        let why = "it is protected against termination: somebody wants it left alone";
        add(why.into(), attribute("--no-disable-api-termination"));
    }
    if let Some(group) = tags::value(instance.tags(), "aws:autoscaling:groupName") {
        add(
            format!("it belongs to the Auto Scaling group `{group}`, which would replace it when it stops"),
            format!("`aws autoscaling detach-instances --instance-ids {id} --auto-scaling-group-name {group}`"),
        );
    }
    if let Some(lifecycle) = instance.instance_lifecycle() {
        add(
            format!("it is a `{lifecycle}` instance, which AWS may end or not start again"),
            "use an on-demand instance".into(),
        );
    }
    if instance.hibernation_options().and_then(|h| h.configured()) == Some(true) {
        let why = "it is set up for hibernation, which fixes its type's memory to its volume";
        add(why.into(), "use an instance without hibernation".into());
    }
    if instance.root_device_type() == Some(&DeviceType::InstanceStore) {
        let why = "its root device is an instance store: it cannot be stopped without loss";
        add(why.into(), "move it to an EBS root volume".into());
    }
    Ok(found)
}

/// What the instance does when its guest shuts down: `stop` or `terminate`.
pub(super) async fn shutdown_behaviour(aws: &Aws, id: &str) -> Result<String, Failure> {
    let name = InstanceAttributeName::InstanceInitiatedShutdownBehavior;
    let answer = aws.read.ec2.describe_instance_attribute().instance_id(id).attribute(name).send().await;
    let answer =
        answer.map_err(|e| AwsError::from(e).failure(format!("cannot read the shutdown behaviour of `{id}`")))?;
    let value = answer.instance_initiated_shutdown_behavior().and_then(|v| v.value());
    // Unread is not the same as harmless: an instance that a shutdown may destroy is not shut down.
    value.map(str::to_owned).ok_or_else(|| Failure::permanent(format!("EC2 names no shutdown behaviour of `{id}`")))
}

async fn protected(aws: &Aws, id: &str, name: InstanceAttributeName) -> Result<bool, Failure> {
    let asked = aws.read.ec2.describe_instance_attribute().instance_id(id).attribute(name.clone()).send().await;
    let answer = asked.map_err(|e| AwsError::from(e).failure(format!("cannot read `{name}` of `{id}`")))?;
    let value = match name {
        InstanceAttributeName::DisableApiStop => answer.disable_api_stop(),
        _ => answer.disable_api_termination(),
    };
    Ok(value.and_then(|v| v.value()).unwrap_or(false))
}

impl Perform for InstanceClaim {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceAttribute", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:CreateTags", "ec2:DescribeInstanceAttribute", "ec2:DescribeInstances"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:DeleteTags"];

    fn sentence(&self) -> String {
        format!("mark instance `{}` as being worked on by this run", self.instance)
    }

    fn undo_sentence(&self) -> Option<String> {
        Some(format!("take this run's mark off instance `{}`", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        marking("ec2:CreateTags", &self.instance)
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let id = &self.instance;
        let instance = live(&aws, id.as_str()).await?;
        let mut refusals = surprises(&aws, &instance).await?;
        let mark = mark(cx, &instance);
        if let Mark::Other(run) = &mark {
            let other = claimed_by(id, run);
            refusals.push((format!("it is being worked on by run `{run}`"), other.advice.join("; ")));
        }
        if !refusals.is_empty() {
            let refused = Failure::refused(format!("instance `{id}` must not be stopped and cloned as it is"));
            return Err(refusals.into_iter().fold(refused, |failure, (why, what)| failure.cause(why).advise(what)));
        }
        let ours = mark == Mark::Ours;
        let (found, evidence) = match ours {
            true => (Found::Holds, format!("`{id}` is marked by this run")),
            false => (Found::Absent, format!("`{id}` bears no mark and may be stopped and cloned")),
        };
        Ok(Finding {
            changes: if ours { Vec::new() } else { self.changes() },
            facts: marked(&mark, id),
            ..Finding::new(found, ours, evidence)
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        put_mark(cx, &*cx.aws().await?, &self.instance).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(wait_ours(cx, &*cx.aws().await?, &self.instance).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let Some(instance) = instance_state::find(&aws, self.instance.as_str()).await? else {
            return Ok(format!("`{}` is gone, and its mark with it", self.instance));
        };
        // Also when it does not show: the write may be too young to be seen, and deleting what is not there is fine.
        if !matches!(mark(cx, &instance), Mark::Other(_)) {
            take_mark(cx, &aws, &self.instance).await?;
        }
        Ok(wait_not_ours(cx, &aws, &self.instance).await?)
    }
}

impl Perform for InstanceRelease {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] = &["ec2:DeleteTags", "ec2:DescribeInstances"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:CreateTags"];

    fn sentence(&self) -> String {
        format!("take this run's mark off instance `{}`", self.instance)
    }

    fn undo_sentence(&self) -> Option<String> {
        Some(format!("mark instance `{}` as being worked on by this run again", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        marking("ec2:DeleteTags", &self.instance)
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let instance = live(&aws, self.instance.as_str()).await?;
        let mark = mark(cx, &instance);
        let (found, evidence) = match &mark {
            Mark::Ours => (Found::Absent, format!("`{}` is marked by this run", self.instance)),
            Mark::Nobody => (Found::Holds, format!("`{}` bears no mark", self.instance)),
            Mark::Other(run) => (Found::Holds, format!("`{}` is marked by run `{run}`", self.instance)),
        };
        let before = json!({"marked": mark == Mark::Ours});
        Ok(Finding {
            before,
            changes: if found == Found::Absent { self.changes() } else { Vec::new() },
            facts: marked(&mark, &self.instance),
            ..Finding::new(found, false, evidence)
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        take_mark(cx, &*cx.aws().await?, &self.instance).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(wait_not_ours(cx, &*cx.aws().await?, &self.instance).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        #[derive(serde::Deserialize)]
        struct Before {
            marked: bool,
        }
        if !cx.before::<Before>()?.marked {
            return Ok(format!("`{}` bore no mark of this run before", self.instance));
        }
        let aws = cx.aws().await?;
        put_mark(cx, &aws, &self.instance).await?;
        Ok(wait_ours(cx, &aws, &self.instance).await?)
    }
}
