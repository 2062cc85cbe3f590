//! Taking a clone away: the instance, then what of its volumes outlived it.

use super::image_parts::LATE_LOOKS;
use super::instance_state::{described, find, state};
use super::tags;
use crate::access::{Aws, AwsError};
use crate::action::{Context, Look, RUN_TAG, STEP_TAG, wait_until};
use crate::model::{Failure, InstanceClone};
use aws_sdk_ec2::types::InstanceStateName as State;
use std::collections::BTreeSet;

/// Terminates everything this action has launched in this run, and deletes its volumes.
pub(super) async fn remove(action: &InstanceClone, cx: &Context<'_>) -> Result<String, Failure> {
    let aws = cx.aws().await?;
    let ids = launched(action, cx, &aws).await?;
    for id in &ids {
        terminate(cx, &aws, id).await?;
    }
    let volumes = leftover_volumes(action, cx, &aws).await?;
    for id in &volumes {
        delete_volume(cx, &aws, id).await?;
    }
    let left = match volumes.len() {
        0 => String::new(),
        n => format!(", {n} volume(s) deleted"),
    };
    Ok(match ids.len() {
        0 => format!("no instance named `{}` of this run is there{left}", action.name),
        _ => format!("{} terminated{left}", ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
    })
}

/// The recorded id and those found by tag; without a record it is looked for a few times, for the launch may be young.
async fn launched(action: &InstanceClone, cx: &Context<'_>, aws: &Aws) -> Result<BTreeSet<String>, Failure> {
    let mut ids: BTreeSet<String> = cx.output("instance").map(str::to_owned).into_iter().collect();
    for look in 0..LATE_LOOKS {
        let found = action.launched(cx, aws).await?;
        let found = found.into_iter().filter(|i| state(i) != State::Terminated).filter_map(|i| i.instance_id);
        ids.extend(found);
        if !ids.is_empty() {
            break;
        }
        if look + 1 < LATE_LOOKS {
            cx.beat().beat(format!("looking for an instance named `{}`", action.name))?;
            tokio::time::sleep(cx.poll()).await;
        }
    }
    Ok(ids)
}

async fn terminate(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<(), Failure> {
    match find(aws, id).await? {
        None => return Ok(()),
        Some(instance) if state(&instance) == State::Terminated => return Ok(()),
        Some(_) => {}
    }
    if let Err(e) = aws.write.ec2.terminate_instances().instance_ids(id).send().await {
        let error = AwsError::from(e);
        if error.is(&["InvalidInstanceID.NotFound"]) {
            return Ok(());
        }
        let failure = error.failure(format!("cannot terminate instance `{id}`"));
        return Err(match error.is(&["OperationNotPermitted"]) {
            true => failure.advise("somebody has protected it since: take the protection away if it is to go"),
            false => failure,
        });
    }
    wait_until(cx, &format!("instance `{id}` terminated"), async || {
        Ok(match find(aws, id).await? {
            None => Look::Done(()),
            Some(instance) if state(&instance) == State::Terminated => Look::Done(()),
            Some(instance) => Look::NotYet(described(&instance)),
        })
    })
    .await
}

/// Volumes that were launched with the clone and are not set to go with it.
async fn leftover_volumes(action: &InstanceClone, cx: &Context<'_>, aws: &Aws) -> Result<Vec<String>, Failure> {
    let (run, step) = (cx.call().run.as_str(), cx.call().action.step().as_str());
    let asked = aws.read.ec2.describe_volumes();
    let asked = asked.filters(tags::filter(format!("tag:{RUN_TAG}"), &[run]));
    let asked = asked.filters(tags::filter(format!("tag:{STEP_TAG}"), &[step]));
    let pages = asked.filters(tags::filter("tag:Name", &[action.name.as_str()])).into_paginator().items().send();
    let found: Result<Vec<_>, _> = pages.collect().await;
    let found = found.map_err(|e| AwsError::from(e).failure("cannot look for the clone's volumes"))?;
    Ok(found.into_iter().filter_map(|v| v.volume_id).collect())
}

async fn delete_volume(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<(), Failure> {
    wait_until(cx, &format!("volume `{id}` deleted"), async || {
        let Err(e) = aws.write.ec2.delete_volume().volume_id(id).send().await else { return Ok(Look::Done(())) };
        let error = AwsError::from(e);
        if error.is(&["InvalidVolume.NotFound"]) {
            return Ok(Look::Done(()));
        }
        match error.is(&["VolumeInUse", "IncorrectState"]) {
            // It is being detached, or is going away with its instance.
            true => Ok(Look::NotYet(format!("volume `{id}`: {}", error.message))),
            false => Err(error.failure(format!("cannot delete volume `{id}`"))),
        }
    })
    .await
}
