//! `instance.wait-checked`: waits until an instance that was started runs and its status checks have passed.
//!
//! One that is stopped is no reason to wait: nothing here starts it.

use super::instance_checks::{Age, Checks, checks, wait_checked};
use super::instance_state::{described, live, state};
use super::power::up;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Failure, Finding, Found, InstanceWaitChecked, Text, tell};
use aws_sdk_ec2::types::InstanceStateName as State;

impl Perform for InstanceWaitChecked {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"];

    fn sentence(&self) -> Text {
        tell!("wait until the status checks of instance `{}` pass", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (aws, id) = (cx.aws().await?, self.instance.as_str());
        let instance = live(&aws, id).await?;
        if state(&instance) != State::Running {
            return Ok(Finding::new(Found::Absent, false, described(&instance)));
        }
        Ok(match checks(&aws, id).await? {
            Checks::Passed(count) => Finding::new(Found::Holds, false, up(&instance, &format!("{count}/{count}"))),
            Checks::Pending(which) | Checks::Impaired(which) => {
                Finding::new(Found::Absent, false, format!("`{id}` runs, status checks: {which}"))
            }
        })
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (instance, passed) = wait_checked(cx, &*cx.aws().await?, self.instance.as_str(), Age::Known).await?;
        Ok(Verified::by(up(&instance, &passed)))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waited".to_owned())
    }
}
