//! `instance.shut-down`: shuts a guest down from inside, as a person at its console would.
//!
//! The connection may go before the command's answer comes: that is its effect, so EC2's state decides. Never forces a
//! stop: a guest that hangs on its way down is the operator's to judge.

use super::claim::{not_anothers, shutdown_behaviour};
use super::instance_state::{described, instance_of, live, state, stopped_as_asked};
use super::instance_stopped::wait_stopped;
use super::power::{PowerBefore, bring_up, is_down, observe_stop};
use crate::access::{Aws, RemoteCommand, RemoteOutput, SshError, SshTrouble};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, Failure, Finding, InstanceShutDown, Text, tell};
use aws_sdk_ec2::types::InstanceStateName as State;
use std::time::{Duration, Instant};

/// How long the guest may take to answer the command; the shutdown itself goes on without us.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How long a guest that was told to may take until EC2 sees it go: systemd gives each service this long to end
/// (DefaultTimeoutStopSec=, systemd-system.conf(5)).
const GOING_DOWN: Duration = Duration::from_secs(90);

/// What the guest is asked to do.
fn command() -> RemoteCommand {
    RemoteCommand::sudo(["shutdown", "-h", "now"])
}

impl InstanceShutDown {
    /// Refuses when a shutdown would destroy the instance.
    async fn check_behaviour(&self, aws: &Aws, id: &str) -> Result<(), Failure> {
        match shutdown_behaviour(aws, id).await?.as_str() {
            "stop" => Ok(()),
            other => Err(Failure::refused(format!("a shutdown would not stop instance `{id}`"))
                .cause(format!("its shutdown behaviour is `{other}`"))
                .advise(format!(
                    "`aws ec2 modify-instance-attribute --instance-id {id} --instance-initiated-shutdown-behavior stop`"
                ))),
        }
    }

    /// Whether EC2 sees the guest go down. One that took the command in an attempt whose answer was lost lets nobody in any more
    /// (pam_nologin(8), and sshd ends early), for a while before EC2 knows.
    async fn goes_down(&self, cx: &Context<'_>, aws: &Aws, id: &str) -> Result<bool, Failure> {
        for _ in 0..cx.looks(GOING_DOWN) {
            if is_down(aws, id).await? {
                return Ok(true);
            }
            cx.beat().beat(format!("{} lets nobody in, and may be on its way down", self.on))?;
            if cx.time_left().is_zero() {
                break;
            }
            cx.pause().await;
        }
        Ok(false)
    }

    /// Waits until the host answers over SSH again. A refused login may be a host that is still booting.
    async fn wait_ssh(&self, cx: &Context<'_>) -> Result<(), Failure> {
        let since = Instant::now();
        wait_until(cx, &format!("SSH on {}", self.on), async || {
            match cx.run(&self.on, RemoteCommand::new(["true"])).await {
                Ok(output) if output.ok() => Ok(Glance::Done(())),
                Ok(output) => Ok(Glance::NotYet(format!("{} answers `true` with {}", self.on, output.ended()))),
                Err(SshError { trouble: SshTrouble::Address(failure), .. }) => Err(failure),
                Err(error) if error.trouble.may_pass_at_boot(since.elapsed()) => Ok(Glance::NotYet(error.to_string())),
                Err(error) => Err(error.failure()),
            }
        })
        .await
    }
}

/// Whether the guest certainly did not take the command: `sudo` or the shell said no.
fn refused(output: &RemoteOutput) -> bool {
    matches!(output.status, 126 | 127) || (output.status == 1 && output.stderr.starts_with("sudo:"))
}

impl Perform for InstanceShutDown {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstanceAttribute", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeSecurityGroups"];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceStatus", "ec2:DescribeSecurityGroups", "ec2:StartInstances"];

    fn sentence(&self) -> Text {
        tell!("shut {} down and wait until EC2 says `stopped`", self.on)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let services = Text::joined(self.stop_after_undo.iter().flatten().map(|s| tell!("`{}`", s)), ", ");
        let then = if services.as_str().is_empty() { Text::default() } else { tell!(", then stop {} again", services) };
        Some(tell!("start {}, wait for its status checks and SSH{}", self.on, then))
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Command { on: self.on.name.clone(), argv: command().argv().to_vec() }]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let id = instance_of(&self.on)?.as_str();
        self.check_behaviour(&aws, id).await?;
        observe_stop(&live(&aws, id).await?)
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let id = instance_of(&self.on)?.as_str();
        let instance = live(&aws, id).await?;
        if matches!(state(&instance), State::Stopping | State::Stopped) {
            return Ok(Applied::new());
        }
        not_anothers(cx, &aws, &instance).await?;
        self.check_behaviour(&aws, id).await?;
        cx.beat().beat(format!("shutting {} down", self.on))?;
        match cx.run(&self.on, command().limit(ANSWER_WITHIN)).await {
            Ok(output) if refused(&output) => {
                return Err(Failure::permanent(format!(
                    "{} does not take `shutdown` (status {})",
                    self.on, output.status
                ))
                .cause(output.stderr)
                .advise(Advice::then_resume("allow it in sudoers without a password, or shut the guest down by hand"))
                .into());
            }
            Ok(_) | Err(SshError { trouble: SshTrouble::Lost(_) | SshTrouble::TimedOut(_), .. }) => {}
            Err(error) => {
                let asked_before = cx.call().attempt > 1 && error.trouble.may_pass_at_boot(Duration::ZERO);
                if !(asked_before && self.goes_down(cx, &aws, id).await?) {
                    return Err(error.into());
                }
            }
        }
        cx.access().ssh().forget(&self.on).await;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let instance = wait_stopped(cx, &*cx.aws().await?, instance_of(&self.on)?.as_str()).await?;
        cx.access().ssh().forget(&self.on).await;
        Ok(Verified::by(stopped_as_asked(&instance)?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let id = instance_of(&self.on)?.as_str();
        if !cx.before::<PowerBefore>()?.ran() {
            return Ok(format!("it did not run before: {}", described(&live(&aws, id).await?)));
        }
        cx.access().ssh().forget(&self.on).await;
        let mut evidence = bring_up(cx, &aws, id).await?;
        self.wait_ssh(cx).await?;
        for service in self.stop_after_undo.iter().flatten() {
            let command = RemoteCommand::sudo(["systemctl", "stop", service.as_str()]);
            cx.run_ok(&self.on, command, &format!("stopping `{service}`")).await?;
            evidence.push_str(&format!(", `{service}` stopped"));
        }
        Ok(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_no_is_told_from_a_lost_answer() {
        let said = |status, stderr: &str| RemoteOutput { status, stdout: Vec::new(), stderr: stderr.into() };
        assert!(refused(&said(1, "sudo: a password is required")));
        assert!(refused(&said(127, "sudo: shutdown: command not found")));
        assert!(!refused(&said(0, "")));
        assert!(!refused(&said(255, "")));
        assert!(!refused(&said(1, "Connection to 198.51.100.7 closed by remote host.")));
    }
}
