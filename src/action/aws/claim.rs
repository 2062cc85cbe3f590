//! `instance.claim` and `instance.release`: what tells other operators that a run is at work on an instance, and keeps them off.
//!
//! The journal's lease is local; this is what an operator on another machine meets. Two parts: the lock
//! ([`claim_lock`]), of which EC2 lets one run have one, and the tag on the instance, the mark that people
//! see. The lock is taken first and given back last, and decides; a tag alone keeps nobody off, for two runs can both write it.
//! A claim also refuses what would turn a shutdown or a clone into a loss.

use super::answers::said;
use super::claim_lock::{self, Groups, HeldLock, give_back, held, held_by, name_of, take};
use super::instance_state;
use super::instance_state::{live, unknown};
use super::patience::{TAGS_BUSY, patiently};
use super::preview::{fact, mark_of, request, run_id, run_tags, shown_all, words};
use super::tags::{self, CLAIM_TAG};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Advice, Change, Facts, Failure, Finding, Found, InstanceClaim, InstanceId, InstanceRelease, Recourse, Resolution,
    Text, Values, tell,
};
use aws_sdk_ec2::types::{DeviceType, Instance, InstanceAttributeName};
use serde_json::json;

/// Whose mark an instance bears.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Nobody,
    Ours,
    Other(String),
}

fn mark(cx: &Context<'_>, instance: &Instance) -> Mark {
    // A tag without a value names no run.
    match tags::value(instance.tags(), CLAIM_TAG).filter(|run| !run.is_empty()) {
        None => Mark::Nobody,
        Some(run) if run == cx.call().run.as_str() => Mark::Ours,
        Some(run) => Mark::Other(run.to_owned()),
    }
}

/// The call that puts our mark on, or takes it off.
fn marking(operation: &str, instance: &InstanceId) -> Change {
    let tags = json!([{"Key": CLAIM_TAG, "Value": run_id()}]);
    request(operation, [("Resources", shown_all(std::slice::from_ref(instance))), ("Tags", tags.into())])
}

/// The call that takes the lock.
fn locking(instance: &InstanceId, vpc: Option<&str>) -> Change {
    let name = name_of(instance);
    let with = [
        ("GroupName", json!(name)),
        ("Description", words("which run is at work on it")),
        ("VpcId", vpc.map_or_else(|| words("that of the instance"), |vpc| json!(vpc))),
        ("TagSpecifications", run_tags(&name)),
    ];
    request("ec2:CreateSecurityGroup", with)
}

/// The call that gives the lock back.
fn unlocking(instance: &InstanceId, lock: Option<&HeldLock>) -> Change {
    let id = lock.map_or_else(|| words(format_args!("that of {}", name_of(instance))), |lock| json!(lock.id));
    request("ec2:DeleteSecurityGroup", [("GroupId", id)])
}

/// An instance with whom it is claimed by.
struct Claimed {
    instance: Instance,
    lock: Option<HeldLock>,
    mark: Mark,
}

impl Claimed {
    async fn look(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<Self, Failure> {
        let instance = live(aws, id.as_str()).await?;
        let lock = held(aws, vpc_of(&instance)?, id).await?;
        let mark = mark(cx, &instance);
        Ok(Self { instance, lock, mark })
    }

    /// Whether this run has the lock.
    fn locked(&self, cx: &Context<'_>) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.is_of(&cx.call().run))
    }

    /// The refusal when it is another run's: by its lock; by its mark, unless this run has the lock, for then that mark is left
    /// over or came late.
    fn by_another(&self, cx: &Context<'_>, id: &InstanceId) -> Option<Failure> {
        match (&self.lock, &self.mark) {
            (Some(lock), _) if !lock.is_of(&cx.call().run) => Some(held_by(id, lock)),
            (None, Mark::Other(run)) => Some(marked_by(id, run)),
            _ => None,
        }
    }

    /// Whose it is, as a fact.
    fn fact(&self, cx: &Context<'_>, id: &InstanceId) -> Facts {
        let by_lock = self.lock.as_ref().map(HeldLock::by).filter(|run| *run != cx.call().run.as_str());
        let value = match (&self.mark, by_lock) {
            (_, Some(run)) => run,
            (Mark::Nobody, None) => "none",
            (Mark::Ours, None) => "this run",
            (Mark::Other(run), None) => run,
        };
        fact(mark_of(id.as_str()), value)
    }
}

fn vpc_of(instance: &Instance) -> Result<&str, Failure> {
    let id = instance.instance_id().unwrap_or_default();
    instance.vpc_id().ok_or_else(|| Failure::refused(format!("instance `{id}` has no VPC")))
}

/// Refuses to change an instance on which another run is at work now, as its mark tells, which every look at the instance shows
/// for nothing. Where a mark is another's, the lock decides. An instance that nobody has claimed may be changed.
pub(super) async fn not_anothers(cx: &Context<'_>, aws: &Aws, instance: &Instance) -> Result<(), Failure> {
    let Mark::Other(run) = mark(cx, instance) else { return Ok(()) };
    let id: InstanceId = serde_json::from_value(json!(instance.instance_id()))
        .map_err(|e| Failure::permanent("EC2 names no instance").cause(e.to_string()))?;
    match held(aws, vpc_of(instance)?, &id).await? {
        Some(lock) if lock.is_of(&cx.call().run) => Ok(()),
        Some(lock) => Err(held_by(&id, &lock)),
        None => Err(marked_by(&id, &run)),
    }
}

/// Puts our mark on the instance, whose lock we have.
async fn put_mark(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<(), Failure> {
    if mark(cx, &live(aws, id.as_str()).await?) == Mark::Ours {
        return Ok(());
    }
    let tag = tags::tag(CLAIM_TAG, cx.call().run.as_str());
    let doing = format!("marking `{id}`");
    let put = patiently(cx, &doing, &[TAGS_BUSY], async || {
        let asked = aws.write.ec2.create_tags().resources(id.as_str()).tags(tag.clone());
        asked.send().await.map(drop).map_err(AwsError::from)
    });
    put.await?.map_err(|e| e.failure(format!("cannot tag instance `{id}`")))
}

/// Takes our mark off, and waits until it does not show any more; whose is there instead. With the value given, EC2 deletes the
/// tag only if it still has that value. A mark that does not show is taken off all the same where it may be too young to show
/// (`perhaps`); a lost answer is followed by a look.
async fn take_mark(cx: &Context<'_>, aws: &Aws, id: &InstanceId, perhaps: bool) -> Result<String, Failure> {
    let mut sent = !perhaps;
    wait_until(cx, &format!("instance `{id}` no longer marked by this run"), async || {
        let instance = instance_state::find(aws, id.as_str()).await?.ok_or_else(|| unknown(aws, id.as_str()))?;
        let shows = match mark(cx, &instance) {
            Mark::Other(run) => return Ok(Glance::Done(format!("`{id}` is marked by run `{run}` now"))),
            Mark::Nobody if std::mem::replace(&mut sent, true) => {
                return Ok(Glance::Done(format!("`{id}` bears no mark")));
            }
            mark => mark == Mark::Ours,
        };
        let tag = tags::tag(CLAIM_TAG, cx.call().run.as_str());
        sent = true;
        match aws.write.ec2.delete_tags().resources(id.as_str()).tags(tag).send().await.map_err(AwsError::from) {
            Ok(_) => Ok(Glance::NotYet(format!("the mark on `{id}` still shows"))),
            // Whoever may not delete it, could not put it on either: there is none.
            Err(e) if !shows && e.refuses() => Ok(Glance::Done(format!("`{id}` bears no mark"))),
            Err(e) if e.is(TAGS_BUSY.codes) => Ok(Glance::NotYet(format!("`{id}`: {}", TAGS_BUSY.because))),
            Err(e) => Err(e.failure(format!("cannot take the tag off instance `{id}`"))),
        }
    })
    .await
}

/// Takes the lock, then puts the mark on. The lock's id where it is known.
async fn claim(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<Option<String>, Failure> {
    let now = Claimed::look(cx, aws, id).await?;
    if let Some(another) = now.by_another(cx, id) {
        return Err(another);
    }
    let vpc = vpc_of(&now.instance)?;
    let lock = match now.lock.filter(|lock| lock.is_of(&cx.call().run)) {
        Some(lock) => Some(lock.id),
        None => take(cx, &Groups { cx, aws, vpc }, id).await?,
    };
    put_mark(cx, aws, id).await?;
    Ok(lock)
}

/// Waits until lock and mark are ours: both may show late. The lock's id, and what shows it.
async fn wait_claimed(cx: &Context<'_>, aws: &Aws, id: &InstanceId) -> Result<(String, String), Failure> {
    let instance = live(aws, id.as_str()).await?;
    let lock = claim_lock::wait_held(cx, &Groups { cx, aws, vpc: vpc_of(&instance)? }, id).await?;
    wait_until(cx, &format!("instance `{id}` marked by this run"), async || {
        match mark(cx, &live(aws, id.as_str()).await?) {
            Mark::Ours => Ok(Glance::Done(())),
            Mark::Nobody => Ok(Glance::NotYet(format!("the mark on `{id}` does not show yet"))),
            // We have the lock: it is left over from a run that is over, or came late.
            Mark::Other(run) => Ok(Glance::NotYet(format!("`{id}` still shows the mark of run `{run}`"))),
        }
    })
    .await?;
    let evidence = format!("`{id}` is marked `{CLAIM_TAG}={}`, and its lock `{lock}` is this run's", cx.call().run);
    Ok((lock, evidence))
}

/// Takes the mark off, then gives the lock back.
async fn unclaim(cx: &Context<'_>, aws: &Aws, id: &InstanceId, known: Option<&str>) -> Result<String, Failure> {
    let Some(instance) = instance_state::find(aws, id.as_str()).await? else {
        return Err(unknown(aws, id.as_str()));
    };
    let vpc = vpc_of(&instance)?;
    let locks = Groups { cx, aws, vpc };
    // The mark is put on by who has the lock: without one, none of ours is on its way.
    let locked = known.is_some() || held(aws, vpc, id).await?.is_some_and(|lock| lock.is_of(&cx.call().run));
    let mark = take_mark(cx, aws, id, locked).await?;
    let lock = give_back(cx, &locks, id, known).await?;
    Ok(format!("{mark}; {lock}"))
}

fn marked_by(id: &InstanceId, run: &str) -> Failure {
    Failure::refused(format!("instance `{id}` is being worked on by run `{run}`")).advise(format!(
        "look where run `{run}` is (`runbook runs` on the machine it was started on); if it is over or lost for good: \
         `aws ec2 delete-tags --resources {id} --tags Key={CLAIM_TAG},Value={run}`"
    ))
}

/// Everything that forbids to stop, resize and clone the instance: why, and what to do about it.
async fn surprises(aws: &Aws, instance: &Instance) -> Result<Vec<(String, String)>, Failure> {
    let id = instance.instance_id().unwrap_or_default();
    let (shutdown, stop) =
        tokio::try_join!(shutdown_behaviour(aws, id), protected(aws, id, InstanceAttributeName::DisableApiStop))?;
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
    said(value.and_then(|v| v.value()), format_args!("`{name}` of `{id}`"))
}

impl Perform for InstanceClaim {
    const OBSERVE_PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeSecurityGroups"];
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DescribeInstanceAttribute",
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:DeleteSecurityGroup", "ec2:DeleteTags"];

    fn sentence(&self) -> Text {
        tell!("lock instance `{}` for this run, and mark it as being worked on", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("take this run's mark off instance `{}`, and give the lock back", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        vec![locking(&self.instance, None), marking("ec2:CreateTags", &self.instance)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let id = &self.instance;
        let now = Claimed::look(cx, &aws, id).await?;
        let mut refusals = surprises(&aws, &now.instance).await?;
        if let Some(another) = now.by_another(cx, id) {
            let why = another.message.replace(&format!("instance `{id}` is"), "it is");
            refusals.push((why, another.by_hand().join("; ")));
        }
        if !refusals.is_empty() {
            let refused = Failure::refused(format!("instance `{id}` must not be stopped and cloned as it is"));
            return Err(refusals.into_iter().fold(refused, |failure, (why, what)| failure.cause(why).advise(what)));
        }
        let ours = now.locked(cx) && now.mark == Mark::Ours;
        let mut changes = Vec::new();
        if !now.locked(cx) {
            changes.push(locking(id, now.instance.vpc_id()));
        }
        if now.mark != Mark::Ours {
            changes.push(marking("ec2:CreateTags", id));
        }
        let (found, mut evidence) = match ours {
            true => (Found::Holds, format!("`{id}` is locked and marked by this run")),
            false => (Found::Absent, format!("`{id}` bears no mark and may be stopped and cloned")),
        };
        if !ours && protected(&aws, id.as_str(), InstanceAttributeName::DisableApiTermination).await? {
            // It forbids neither stop nor resize nor imaging, and the clone does not take it over.
            evidence.push_str("; its protection against termination is left as it is, and the clone gets none");
        }
        let lock = now.lock.as_ref().filter(|_| now.locked(cx));
        let outputs = lock.map(|lock| Values::from([("lock".to_owned(), json!(lock.id))])).unwrap_or_default();
        Ok(Finding { changes, outputs, facts: now.fact(cx, id), ..Finding::new(found, ours, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let lock = claim(cx, &*cx.aws().await?, &self.instance).await?;
        Ok(lock.map(|lock| Values::from([("lock".to_owned(), json!(lock))])).unwrap_or_default())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (lock, evidence) = wait_claimed(cx, &*cx.aws().await?, &self.instance).await?;
        Ok(Verified { outputs: Values::from([("lock".to_owned(), json!(lock))]), evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        if instance_state::find(&aws, self.instance.as_str()).await?.is_none() {
            return Ok(format!("`{}` is gone, and its mark with it", self.instance));
        }
        Ok(unclaim(cx, &aws, &self.instance, cx.output("lock")).await?)
    }
}

/// What a release found.
#[derive(serde::Serialize, serde::Deserialize)]
struct Before {
    /// Whether the instance was claimed by this run.
    marked: bool,
}

impl Perform for InstanceRelease {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances", "ec2:DescribeSecurityGroups"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:DescribeInstances", "ec2:DescribeSecurityGroups"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:CreateSecurityGroup", "ec2:CreateTags"];

    fn sentence(&self) -> Text {
        tell!("take this run's mark off instance `{}`, and give the lock back", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("lock instance `{}` for this run again, and mark it as being worked on", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        vec![marking("ec2:DeleteTags", &self.instance), unlocking(&self.instance, None)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let id = &self.instance;
        let now = Claimed::look(cx, &aws, id).await?;
        let another = now.by_another(cx, id).is_some();
        let (locked, marked) = (now.locked(cx), now.mark == Mark::Ours);
        let mut changes = Vec::new();
        if marked {
            changes.push(marking("ec2:DeleteTags", id));
        }
        if locked {
            changes.push(unlocking(id, now.lock.as_ref()));
        }
        let (found, evidence) = match (locked, marked) {
            // Before a run it is the claim that refuses; after this run's own claim it is `apply` that tells of it.
            (false, false) if another => (Found::Absent, format!("`{id}` is claimed by another run")),
            (false, false) => (Found::Holds, format!("`{id}` bears no mark, and nobody has its lock")),
            (true, _) => (Found::Absent, format!("`{id}` is locked by this run")),
            (false, true) => (Found::Absent, format!("`{id}` is marked by this run")),
        };
        let before = json!(Before { marked: locked || marked });
        Ok(Finding { before, changes, facts: now.fact(cx, id), ..Finding::new(found, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let id = &self.instance;
        if let Some(another) = Claimed::look(cx, &aws, id).await?.by_another(cx, id) {
            // Nothing is left to give back, but both have worked on the same server, and somebody must know.
            return Err(another
                .cause("this run's own claim is gone: somebody has taken it over while the run was at work")
                .advise(
                    Advice::by_hand(format!("see what that run has changed on `{id}`"))
                        .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Done)),
                )
                .into());
        }
        unclaim(cx, &aws, id, None).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let now = Claimed::look(cx, &*cx.aws().await?, &self.instance).await?;
        match now.locked(cx) || now.mark == Mark::Ours {
            true => Err(Failure::transient(format!("the claim on `{}` still shows", self.instance)).into()),
            false => Ok(Verified::by(format!("`{}` is free again", self.instance))),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if !cx.before::<Before>()?.marked {
            return Ok(format!("`{}` bore no mark of this run before", self.instance));
        }
        let aws = cx.aws().await?;
        claim(cx, &aws, &self.instance).await?;
        Ok(wait_claimed(cx, &aws, &self.instance).await?.1)
    }
}
