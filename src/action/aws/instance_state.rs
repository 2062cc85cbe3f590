//! What EC2 says of an instance: looking, stopping, starting.
//!
//! Not the SDK's waiters: its `InstanceStopped` fails on `pending`, and none of them tells why an instance went down.

use super::answers::said;
use super::tags;
use crate::access::{Aws, AwsError, code_of};
use crate::model::{Advice, Failure, FailureKind, InstanceId, Target};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State};

/// Codes by which StartInstances, RunInstances and ModifyInstanceAttribute say that a type cannot be had here and now.
/// (error codes of the EC2 API Reference; it sends some of them with HTTP 500, and has not begun anything then).
pub(super) const NO_ROOM: &[&str] = &[
    "InsufficientCapacity",
    "InsufficientCapacityOnHost",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "ReservationCapacityExceeded",
];

/// The account may not have more: that does not pass by itself.
const ACCOUNT_LIMITS: &[&str] = &["InstanceLimitExceeded", "VcpuLimitExceeded"];

/// Whether an instance is not to be had of a type: there is no room for it, or the account may not have more.
pub(super) fn is_lack(error: &AwsError) -> bool {
    error.is(NO_ROOM) || error.is(ACCOUNT_LIMITS)
}

/// The instance's state; `unknown` when EC2 gives none.
pub(super) fn state(instance: &Instance) -> State {
    instance.state().and_then(|s| s.name()).cloned().unwrap_or_else(|| State::from("unknown"))
}

/// Its type.
pub(in crate::action) fn type_of(instance: &Instance) -> &str {
    instance.instance_type().map_or("", |t| t.as_str())
}

/// Its Availability Zone.
pub(in crate::action) fn zone_of(instance: &Instance) -> &str {
    instance.placement().and_then(|p| p.availability_zone()).unwrap_or("its zone")
}

/// Whether it is terminated or about to be.
pub(super) fn is_dead(instance: &Instance) -> bool {
    matches!(state(instance), State::ShuttingDown | State::Terminated)
}

/// Why it last changed its state: the code and the whole text, e.g. `Server.InternalError: ...`.
pub(super) fn reason(instance: &Instance) -> Option<(&str, String)> {
    let code = instance.state_reason()?.code().filter(|c| !c.is_empty())?;
    let text = instance.state_reason().and_then(|r| r.message()).unwrap_or_default();
    Some((code, if text.starts_with(code) { text.to_owned() } else { format!("{code}: {text}") }))
}

/// "`i-0ab` is `stopped` (Client.UserInitiatedShutdown: User initiated shutdown)".
pub(super) fn described(instance: &Instance) -> String {
    let why = reason(instance).map(|(_, text)| format!(" ({text})")).unwrap_or_default();
    format!("`{}` is `{}`{why}", instance.instance_id().unwrap_or_default(), state(instance))
}

/// The instance, if EC2 knows the id.
pub(in crate::action) async fn find(aws: &Aws, id: &str) -> Result<Option<Instance>, Failure> {
    match aws.read.ec2.describe_instances().instance_ids(id).send().await {
        Ok(answer) => {
            let mut found = answer.reservations.unwrap_or_default().into_iter();
            let instance = found.find_map(|r| r.instances.unwrap_or_default().into_iter().next());
            instance.iter().for_each(|instance| note_names(aws, instance));
            instance.iter().try_for_each(whole)?;
            Ok(instance)
        }
        Err(e) if code_of(&e) == Some("InvalidInstanceID.NotFound") => Ok(None),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look at instance `{id}`"))),
    }
}

/// What every instance has that is not about to be gone. Without it the answer was cut off: no security groups in it does not
/// mean that there are none.
fn whole(instance: &Instance) -> Result<(), Failure> {
    let id = instance.instance_id().unwrap_or_default();
    let state = said(instance.state().and_then(|s| s.name()), format_args!("the state of `{id}`"))?;
    if matches!(state, State::ShuttingDown | State::Terminated) {
        return Ok(());
    }
    said(instance.instance_type(), format_args!("the type of `{id}`"))?;
    said(instance.placement().and_then(|p| p.availability_zone()), format_args!("the zone of `{id}`"))?;
    said(instance.vpc_id(), format_args!("the VPC of `{id}`"))?;
    said(instance.subnet_id(), format_args!("the subnet of `{id}`"))?;
    said(instance.security_groups().first(), format_args!("the security groups of `{id}`")).map(drop)
}

/// Notes what an instance and its security groups are called.
fn note_names(aws: &Aws, instance: &Instance) {
    aws.names.note(instance.instance_id().unwrap_or_default(), tags::value(instance.tags(), "Name"));
    for group in instance.security_groups() {
        aws.names.note(group.group_id().unwrap_or_default(), group.group_name());
    }
}

/// The instance, which must exist and not be terminated.
pub(in crate::action) async fn live(aws: &Aws, id: &str) -> Result<Instance, Failure> {
    match find(aws, id).await? {
        Some(instance) if is_dead(&instance) => {
            Err(Failure::refused(format!("instance `{id}` is gone")).cause(described(&instance)))
        }
        Some(instance) => Ok(instance),
        None => Err(unknown(aws, id)),
    }
}

/// The failure for an id that EC2 does not know.
pub(in crate::action) fn unknown(aws: &Aws, id: &str) -> Failure {
    Failure::refused(format!("there is no instance `{id}` in {}", aws.region))
        .advise("check the id, the region and whose credentials these are (`aws sts get-caller-identity`)")
}

/// The instance a target is; commands that change its power need one.
pub(super) fn instance_of(target: &Target) -> Result<&InstanceId, Failure> {
    target.instance.as_ref().ok_or_else(|| {
        Failure::refused(format!("`{}` is no EC2 instance", target.name))
            .advise("give the target an `instance` in the runbook instead of a `host`")
    })
}

/// Every instance launched with one of these client tokens, in any state; terminated ones stay listed for an hour. A token is
/// EC2's own record of who launched what, and no tag that somebody copies (filter `client-token`, DescribeInstances).
pub(super) async fn with_tokens(aws: &Aws, tokens: &[String]) -> Result<Vec<Instance>, Failure> {
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let pages =
        aws.read.ec2.describe_instances().filters(tags::filter("client-token", &tokens)).into_paginator().send();
    let pages: Result<Vec<_>, _> = pages.collect().await;
    let pages = pages.map_err(|e| AwsError::from(e).failure("cannot look for instances by client token"))?;
    let reservations = pages.into_iter().flat_map(|page| page.reservations.unwrap_or_default());
    Ok(reservations.flat_map(|r| r.instances.unwrap_or_default()).collect())
}

/// Asks EC2 to stop an instance.
pub(super) async fn stop(aws: &Aws, id: &str) -> Result<(), Failure> {
    let answer = aws.write.ec2.stop_instances().instance_ids(id).send().await;
    answer.map(drop).map_err(|e| {
        let error = AwsError::from(e);
        let mut failure = error.failure(format!("cannot stop instance `{id}`"));
        if error.is(&["OperationNotPermitted"]) {
            failure =
                failure.advise("it is protected against being stopped: take the protection away if that is meant");
        } else if error.is(&["IncorrectInstanceState"]) {
            failure.kind = FailureKind::Busy;
        }
        failure
    })
}

/// Asks EC2 to start an instance.
pub(super) async fn start(aws: &Aws, id: &str) -> Result<(), AwsError> {
    aws.write.ec2.start_instances().instance_ids(id).send().await.map(drop).map_err(AwsError::from)
}

/// The failure of a start. Capacity comes and goes, so a lack of it is tried again.
pub(super) fn cannot_start(error: &AwsError, id: &str) -> Failure {
    let mut failure = error.failure(format!("cannot start instance `{id}`"));
    if is_lack(error) {
        failure.kind = if error.is(NO_ROOM) { FailureKind::NoCapacity } else { failure.kind };
        failure = failure.advise(Advice::then_resume("it stays stopped: wait, or give it another type"));
    } else if error.is(&["IncorrectInstanceState"]) {
        failure.kind = FailureKind::Busy;
    }
    failure
}

/// Refuses a stop that somebody else's fault caused: `Server.*` means that the host or AWS stopped it.
pub(super) fn stopped_as_asked(instance: &Instance) -> Result<String, Failure> {
    match reason(instance) {
        Some((code, _)) if code.starts_with("Server.") => Err(Failure::permanent(format!(
            "instance `{}` was stopped by AWS, not by this run",
            instance.instance_id().unwrap_or_default()
        ))
        .cause(described(instance))
        .advise(Advice::then_resume("look at its health and volumes").which("takes it as it is, stopped"))),
        _ => Ok(described(instance)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{InstanceState, StateReason};

    fn stopped(code: &str) -> Instance {
        let reason = StateReason::builder().code(code).message("Instance initiated shutdown").build();
        let state = InstanceState::builder().name(State::Stopped).build();
        Instance::builder().instance_id("i-01").state(state).state_reason(reason).build()
    }

    #[test]
    fn a_host_fault_is_not_a_stop_as_asked() {
        let shown = stopped_as_asked(&stopped("Client.InstanceInitiatedShutdown")).unwrap();
        assert_eq!(shown, "`i-01` is `stopped` (Client.InstanceInitiatedShutdown: Instance initiated shutdown)");
        let failure = stopped_as_asked(&stopped("Server.InternalError")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.causes[0].contains("Server.InternalError"), "{failure:?}");
    }
}
