//! Waiting until an instance runs and its status checks have passed.

use super::instance_state::{described, find, is_dead, reason, state, unknown};
use super::patience::YOUNG;
use crate::access::{Aws, AwsError, code_of};
use crate::action::{Context, Glance, wait_until};
use crate::model::{Advice, Failure, FailureKind};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State, InstanceStatus, SummaryStatus};
use std::time::Duration;

/// For how long looks in a row may say `impaired` before it is believed. AWS's own waiter
/// `InstanceStatusOk` never fails on it (botocore, ec2/waiters-2): a slow first boot (volumes that load lazily, a file system
/// check, cloud-init on few CPU credits) goes from `initializing` over `impaired` to `ok`.
const IMPAIRED: Duration = Duration::from_secs(300);

/// How often `stopped` is looked at again right after a start: the first looks may be older than the start.
const STALE_LOOKS: u32 = 3;

/// Which instance is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// One that was there before this run: an unknown id is a mistake.
    Known,
    /// One that this run has just created: it may not be visible yet.
    New,
}

/// What the status checks say.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::action) enum Checks {
    /// All have passed; how many.
    Passed(usize),
    /// Some have no result yet; which.
    Pending(String),
    /// At least one found a fault; which.
    Impaired(String),
}

/// The status checks of an instance: system, instance, and attached volumes where EC2 reports them.
pub(in crate::action) async fn checks(aws: &Aws, id: &str) -> Result<Checks, Failure> {
    let asked = aws.read.ec2.describe_instance_status().instance_ids(id).include_all_instances(true).send().await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(e) if code_of(&e) == Some("InvalidInstanceID.NotFound") => {
            return Ok(Checks::Pending("EC2 does not show it yet".into()));
        }
        Err(e) => return Err(AwsError::from(e).failure(format!("cannot read the status checks of `{id}`"))),
    };
    Ok(match answer.instance_statuses().first() {
        Some(status) => read(status),
        None => Checks::Pending("EC2 shows no status yet".into()),
    })
}

/// What a status says. Volumes count where EC2 reports on them; `insufficient-data` is no result.
fn read(status: &InstanceStatus) -> Checks {
    let volumes = status.attached_ebs_status().and_then(|s| s.status()).filter(|s| **s != SummaryStatus::NotApplicable);
    let mut all = vec![
        ("system", status.system_status().and_then(|s| s.status())),
        ("instance", status.instance_status().and_then(|s| s.status())),
    ];
    all.extend(volumes.map(|s| ("attached volumes", Some(s))));
    let told = |fits: fn(Option<&SummaryStatus>) -> bool| {
        let those = all.iter().filter(|(_, s)| fits(*s));
        let texts = those.map(|(name, s)| format!("{name} `{}`", s.map_or("unknown", |s| s.as_str())));
        texts.collect::<Vec<_>>().join(", ")
    };
    let impaired = told(|s| s == Some(&SummaryStatus::Impaired));
    let pending = told(|s| s != Some(&SummaryStatus::Ok));
    match (impaired.is_empty(), pending.is_empty()) {
        (false, _) => Checks::Impaired(impaired),
        (true, false) => Checks::Pending(pending),
        (true, true) => Checks::Passed(all.len()),
    }
}

/// Waits until it runs.
pub(super) async fn wait_running(cx: &Context<'_>, aws: &Aws, id: &str, age: Age) -> Result<Instance, Failure> {
    let (mut was_up, mut stale, mut unseen) = (false, 0, 0);
    let what = format!("instance `{id}` running");
    wait_until(cx, &what, async || {
        let Some(instance) = find(aws, id).await? else {
            unseen += 1;
            return match age {
                Age::New if unseen <= cx.looks(YOUNG) => Ok(Glance::NotYet(format!("EC2 does not show `{id}` yet"))),
                _ => Err(unknown(aws, id)),
            };
        };
        match state(&instance) {
            State::Running => return Ok(Glance::Done(Ok(instance))),
            State::Stopped | State::Stopping => stale += 1,
            _ => was_up = true,
        }
        if is_dead(&instance) || (stale > 0 && was_up) || stale >= STALE_LOOKS {
            return Ok(Glance::Done(Err(did_not_come_up(&instance))));
        }
        Ok(Glance::NotYet(described(&instance)))
    })
    .await?
}

/// Waits until it runs and every status check has passed; answers it with the checks' count, e.g. `2/2`.
pub(super) async fn wait_checked(
    cx: &Context<'_>,
    aws: &Aws,
    id: &str,
    age: Age,
) -> Result<(Instance, String), Failure> {
    wait_running(cx, aws, id, age).await?;
    let what = format!("status checks of `{id}` passed");
    let mut impaired = 0;
    let passed = wait_until(cx, &what, async || {
        let which = match checks(aws, id).await? {
            Checks::Passed(count) => return Ok(Glance::Done(Ok(format!("{count}/{count}")))),
            Checks::Impaired(which) if impaired >= cx.looks(IMPAIRED) => {
                let failure = Failure::permanent(format!("instance `{id}` fails its status checks")).cause(which);
                return Err(failure.advise(Advice::then_resume(format!(
                    "`aws ec2 get-console-output --latest --instance-id {id}` shows how it boots: mend that"
                ))));
            }
            Checks::Impaired(which) => {
                impaired += 1;
                format!("{which}; a slow boot may pass through that ({impaired}/{})", cx.looks(IMPAIRED))
            }
            Checks::Pending(which) => {
                impaired = 0;
                which
            }
        };
        match find(aws, id).await? {
            // Checks never pass on an instance that went down meanwhile.
            Some(instance) if state(&instance) != State::Running => Ok(Glance::Done(Err(did_not_come_up(&instance)))),
            _ => Ok(Glance::NotYet(format!("`{id}` runs, status checks: {which}"))),
        }
    })
    .await??;
    let instance = find(aws, id).await?.ok_or_else(|| unknown(aws, id))?;
    Ok((instance, passed))
}

/// Why an instance that was started or launched is down again. What is AWS's own (`Server.*`: no room, a faulty host) may pass,
/// the rest does not ("StateReason" of Instance, EC2 API Reference).
fn did_not_come_up(instance: &Instance) -> Failure {
    let passes = reason(instance).is_some_and(|(code, _)| PASSING_REASONS.contains(&code));
    let kind = if passes { FailureKind::Transient } else { FailureKind::Permanent };
    let id = instance.instance_id().unwrap_or_default();
    let failure = Failure::new(kind, format!("instance `{id}` did not come up")).cause(described(instance));
    match reason(instance).map(|(code, _)| code.to_owned()).as_deref() {
        Some("Client.InternalError") => {
            failure.advise(
                "most often an encrypted volume whose key you may not use: `kms:CreateGrant` and the others, in your policies or \
                 the key's, and whether the key is enabled",
            )
        }
        Some("Client.VolumeLimitExceeded") => {
            failure.advise("the account's EBS quota is used up: raise it or clean up")
        }
        _ => failure,
    }
}

/// Reasons of AWS's own for which a start or launch is given up on after it was accepted.
const PASSING_REASONS: &[&str] =
    &["Server.InsufficientInstanceCapacity", "Server.InternalError", "Server.InsufficientHostCapacity"];

/// Whether it went down because AWS had no room for it: a start or launch may be accepted and fail later.
pub(super) fn launch_ran_out(instance: &Instance) -> bool {
    state(instance) != State::Running
        && reason(instance).is_some_and(|(code, _)| code.starts_with("Server.Insufficient"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{EbsStatusSummary, InstanceState, InstanceStatusSummary, StateReason};

    fn status(system: SummaryStatus, instance: SummaryStatus, volumes: Option<SummaryStatus>) -> Checks {
        let summary = |s| InstanceStatusSummary::builder().status(s).build();
        let volumes = volumes.map(|s| EbsStatusSummary::builder().status(s).build());
        let builder = InstanceStatus::builder().system_status(summary(system)).instance_status(summary(instance));
        read(&builder.set_attached_ebs_status(volumes).build())
    }

    fn down(state: State, code: &str) -> Instance {
        let reason = StateReason::builder().code(code).message(format!("{code}: why")).build();
        let state = InstanceState::builder().name(state).build();
        Instance::builder().instance_id("i-01").state(state).state_reason(reason).build()
    }

    #[test]
    fn two_or_three_checks_must_pass() {
        use SummaryStatus::{Impaired, Initializing, InsufficientData, NotApplicable, Ok};
        assert_eq!(status(Ok, Ok, None), Checks::Passed(2));
        assert_eq!(status(Ok, Ok, Some(NotApplicable)), Checks::Passed(2));
        assert_eq!(status(Ok, Ok, Some(Ok)), Checks::Passed(3));
        assert_eq!(status(Ok, Initializing, Some(Ok)), Checks::Pending("instance `initializing`".into()));
        let both = Checks::Pending("system `insufficient-data`, instance `initializing`".into());
        assert_eq!(status(InsufficientData, Initializing, None), both);
        assert_eq!(status(Ok, Initializing, Some(Impaired)), Checks::Impaired("attached volumes `impaired`".into()));
        assert_eq!(
            read(&InstanceStatus::builder().build()),
            Checks::Pending("system `unknown`, instance `unknown`".into())
        );
    }

    #[test]
    fn why_it_did_not_come_up_decides_whether_it_is_tried_again() {
        let failure = did_not_come_up(&down(State::Terminated, "Server.InsufficientInstanceCapacity"));
        assert_eq!(failure.kind, FailureKind::Transient);
        assert_eq!(failure.causes, ["`i-01` is `terminated` (Server.InsufficientInstanceCapacity: why)"]);
        let failure = did_not_come_up(&down(State::Terminated, "Client.InternalError"));
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.by_hand()[0].contains("kms:CreateGrant"));
        assert!(launch_ran_out(&down(State::Stopped, "Server.InsufficientInstanceCapacity")));
        assert!(!launch_ran_out(&down(State::Stopped, "Client.UserInitiatedShutdown")));
    }
}
