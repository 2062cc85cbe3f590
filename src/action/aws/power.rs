//! `instance.stop` and `instance.start`: power, as AWS's console does it.

use super::claim::not_anothers;
use super::instance_checks::{Age, Checks, checks, wait_checked};
use super::instance_state::{cannot_start, described, live, start, state, stop, stopped_as_asked};
use super::instance_stopped::wait_stopped;
use super::preview::{fact, request, shown_all, state_of};
use crate::access::Aws;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Failure, Finding, Found, InstanceId, InstanceStart, InstanceStop, Text, tell};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State};
use serde::{Deserialize, Serialize};

/// The before-image of what takes an instance down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PowerBefore {
    /// Its state as EC2 names it.
    pub(super) state: String,
}

impl PowerBefore {
    /// Whether it ran, so that an undo has something to bring back.
    pub(super) fn ran(&self) -> bool {
        self.state == State::Running.as_str()
    }
}

/// The call that stops an instance.
pub(super) fn stopping(instance: &InstanceId) -> Change {
    request("ec2:StopInstances", [("InstanceIds", shown_all(std::slice::from_ref(instance)))])
}

/// The call that starts an instance.
pub(super) fn starting(instance: &InstanceId) -> Change {
    request("ec2:StartInstances", [("InstanceIds", shown_all(std::slice::from_ref(instance)))])
}

/// Whether it runs, as a fact.
pub(super) fn power(instance: &Instance) -> crate::model::Facts {
    fact(state_of(instance.instance_id().unwrap_or_default()), state(instance).as_str())
}

/// What an action that stops an instance observes.
pub(super) fn observe_stop(instance: &Instance) -> Result<Finding, Failure> {
    let found = match state(instance) {
        State::Stopped => Found::Holds,
        State::Stopping => Found::InProgress,
        State::Running => Found::Absent,
        // StopInstances refuses it now, and its guest cannot be reached yet.
        State::Pending => return Err(Failure::transient("the instance is still starting").cause(described(instance))),
        _ => Found::Unknown,
    };
    let before = serde_json::json!(PowerBefore { state: state(instance).to_string() });
    Ok(Finding { before, facts: power(instance), ..Finding::new(found, false, described(instance)) })
}

/// Starts the instance if it does not run, from whatever state it is in, and waits until its checks have passed.
pub(in crate::action) async fn bring_up(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<String, Failure> {
    let mut instance = live(aws, id).await?;
    if state(&instance) == State::Stopping {
        instance = wait_stopped(cx, aws, id).await?;
    }
    if state(&instance) == State::Stopped {
        not_anothers(cx, aws, &instance).await?;
        start(aws, id).await.map_err(|e| cannot_start(&e, id))?;
    }
    let (instance, passed) = wait_checked(cx, aws, id, Age::Known).await?;
    Ok(up(&instance, &passed))
}

/// Whether the instance is stopped or on its way there.
pub(in crate::action) async fn is_down(aws: &Aws, id: &str) -> Result<bool, Failure> {
    Ok(matches!(state(&live(aws, id).await?), State::Stopped | State::Stopping))
}

/// "`i-0ab` runs at 198.51.100.7, status checks 2/2".
pub(super) fn up(instance: &Instance, passed: &str) -> String {
    format!("{}, status checks {passed}", running(instance))
}

/// "`i-0ab` runs at 198.51.100.7".
pub(super) fn running(instance: &Instance) -> String {
    let id = instance.instance_id().unwrap_or_default();
    let address = instance.public_ip_address().or(instance.private_ip_address());
    let at = address.map(|a| format!(" at {a}")).unwrap_or_default();
    format!("`{id}` runs{at}")
}

impl Perform for InstanceStop {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:StopInstances"];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceStatus", "ec2:DescribeSecurityGroups", "ec2:StartInstances"];

    fn sentence(&self) -> Text {
        tell!("stop instance `{}`", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("make sure that instance `{}` runs and its status checks pass", self.instance))
    }

    fn changes(&self) -> Vec<Change> {
        vec![stopping(&self.instance)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let instance = live(&*cx.aws().await?, self.instance.as_str()).await?;
        let finding = observe_stop(&instance)?;
        let changes = if finding.found == Found::Absent { self.changes() } else { Vec::new() };
        Ok(Finding { changes, ..finding })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let instance = live(&aws, self.instance.as_str()).await?;
        not_anothers(cx, &aws, &instance).await?;
        if !matches!(state(&instance), State::Stopping | State::Stopped) {
            stop(&aws, self.instance.as_str()).await?;
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let instance = wait_stopped(cx, &*cx.aws().await?, self.instance.as_str()).await?;
        Ok(Verified::by(stopped_as_asked(&instance)?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if !cx.before::<PowerBefore>()?.ran() {
            return Ok(format!("`{}` did not run before: left as it is", self.instance));
        }
        Ok(bring_up(cx, &*cx.aws().await?, self.instance.as_str()).await?)
    }
}

impl Perform for InstanceStart {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:StartInstances"];

    fn sentence(&self) -> Text {
        tell!("start instance `{}` and wait until its status checks pass", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    fn changes(&self) -> Vec<Change> {
        vec![starting(&self.instance)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let instance = live(&aws, self.instance.as_str()).await?;
        let found = match state(&instance) {
            State::Stopped => Found::Absent,
            State::Pending => Found::InProgress,
            State::Running => match checks(&aws, self.instance.as_str()).await? {
                Checks::Passed(_) => Found::Holds,
                Checks::Pending(_) | Checks::Impaired(_) => Found::InProgress,
            },
            State::Stopping => {
                return Err(Failure::transient("the instance is still stopping").cause(described(&instance)));
            }
            _ => Found::Unknown,
        };
        let evidence = described(&instance);
        Ok(Finding {
            changes: if found == Found::Absent { self.changes() } else { Vec::new() },
            facts: power(&instance),
            ..Finding::new(found, false, evidence)
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let (aws, id) = (cx.aws().await?, self.instance.as_str());
        let instance = live(&aws, id).await?;
        not_anothers(cx, &aws, &instance).await?;
        if !matches!(state(&instance), State::Pending | State::Running) {
            start(&aws, id).await.map_err(|e| cannot_start(&e, id))?;
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (instance, passed) = wait_checked(cx, &*cx.aws().await?, self.instance.as_str(), Age::Known).await?;
        Ok(Verified::by(up(&instance, &passed)))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: the instance is to run".into())
    }
}
