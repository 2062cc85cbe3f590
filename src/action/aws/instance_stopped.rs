//! Waiting until an instance is stopped.

use super::instance_state::{described, find, state, unknown};
use crate::access::Aws;
use crate::action::{Context, Glance, wait_until};
use crate::model::{Advice, Failure, FailureKind};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State};

/// Waits until the instance is stopped, whatever way it goes there; the answer says why it stopped. Never forces it.
pub(super) async fn wait_stopped(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<Instance, Failure> {
    let mut stopping = false;
    let what = format!("instance `{id}` stopped");
    let waited = wait_until(cx, &what, async || {
        let instance = find(aws, id).await?.ok_or_else(|| unknown(aws, id))?;
        stopping = state(&instance) == State::Stopping;
        match state(&instance) {
            State::Stopped => Ok(Glance::Done(instance)),
            State::ShuttingDown | State::Terminated => {
                Err(Failure::permanent(format!("instance `{id}` is being terminated instead of stopped"))
                    .cause(described(&instance)))
            }
            now => Ok(Glance::NotYet(format!("`{id}` is `{now}`"))),
        }
    });
    let result = waited.await;
    result.map_err(|failure| match failure.kind {
        FailureKind::Deadline => failure.advise(hangs(id)).advise(ends_it(id, stopping)),
        _ => failure,
    })
}

/// Where to see why a guest does not come down. While its services are being stopped EC2 calls it `running`, afterwards `stopping`.
fn hangs(id: &str) -> String {
    format!(
        "`aws ec2 get-console-output --latest --instance-id {id}` shows what it hangs on (often an NFS mount whose server is gone, or \
         a service that does not stop)"
    )
}

fn ends_it(id: &str, stopping: bool) -> Advice {
    let asked = match stopping {
        true => String::new(),
        false => format!("`aws ec2 stop-instances --instance-ids {id}` asks EC2 too; "),
    };
    Advice::then_resume(format!(
        "{asked}if it does not come down: `aws ec2 stop-instances --force --instance-ids {id}` (what is not on disk yet is lost, so it \
         is never done by itself)"
    ))
}
