//! Taking a clone away: the instance, and with it the volumes that it has at that moment.
//!
//! What is taken away is bound to EC2's own records: instances by the id recorded or the launch's client token, volumes by being
//! attached to one of them right before it is terminated. A volume that somebody has detached before, to save what is on it,
//! stays; so does one whose tags were merely copied from the clone's. Volumes with the run's tags that are still there
//! afterwards are named.

use super::instance_state::{described, find, state};
use super::patience::LATE;
use super::tags;
use crate::access::{Aws, AwsError};
use crate::action::{Context, Glance, RUN_TAG, STEP_TAG, wait_until};
use crate::model::{Failure, InstanceClone};
use aws_sdk_ec2::types::{Instance, InstanceStateName as State, VolumeState};
use std::collections::BTreeSet;

/// Codes by which EC2 says that there is no such volume.
const VOLUME_GONE: &[&str] = &["InvalidVolume.NotFound"];

/// Terminates everything this action has launched in this run, and deletes the volumes that were attached to it.
pub(super) async fn remove(action: &InstanceClone, cx: &Context<'_>) -> Result<String, Failure> {
    let aws = cx.aws().await?;
    let ids = launched(action, cx, &aws).await?;
    let mut volumes = BTreeSet::new();
    for id in &ids {
        let Some(instance) = find(&aws, id).await? else { continue };
        volumes.extend(volumes_of(&instance));
        terminate(cx, &aws, &instance).await?;
    }
    let mut deleted = 0;
    for id in &volumes {
        deleted += usize::from(delete_volume(cx, &aws, id).await?);
    }
    let mut told = match ids.len() {
        0 => format!("no instance named `{}` of this run is there", action.name),
        _ => format!("{} terminated", ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
    };
    if deleted > 0 {
        told.push_str(&format!(", {deleted} volume(s) deleted"));
    }
    let left = still_tagged(action, cx, &aws).await?;
    if !left.is_empty() {
        told.push_str(&format!("; not attached to it any more and left: {}", left.join(", ")));
    }
    Ok(told)
}

/// The recorded id and those found by client token; without a record it is looked for a few times, for the launch may be young.
async fn launched(action: &InstanceClone, cx: &Context<'_>, aws: &Aws) -> Result<BTreeSet<String>, Failure> {
    let mut ids: BTreeSet<String> = cx.output("instance").map(str::to_owned).into_iter().collect();
    let most = cx.looks(LATE);
    for look in 0..most {
        let found = action.launched(cx, aws).await?;
        let nothing_yet = ids.is_empty() && found.is_empty();
        let found = found.into_iter().filter(|i| state(i) != State::Terminated).filter_map(|i| i.instance_id);
        ids.extend(found);
        if !nothing_yet {
            break;
        }
        if look + 1 < most {
            cx.beat().beat(format!("looking for an instance named `{}`", action.name))?;
            cx.pause().await;
        }
    }
    Ok(ids)
}

/// The volumes attached to an instance.
fn volumes_of(instance: &Instance) -> impl Iterator<Item = String> {
    instance.block_device_mappings().iter().filter_map(|m| m.ebs()?.volume_id()).map(str::to_owned)
}

async fn terminate(cx: &Context<'_>, aws: &Aws, instance: &Instance) -> Result<(), Failure> {
    let id = instance.instance_id().unwrap_or_default();
    if state(instance) == State::Terminated {
        return Ok(());
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
            None => Glance::Done(()),
            Some(instance) if state(&instance) == State::Terminated => Glance::Done(()),
            Some(instance) => Glance::NotYet(described(&instance)),
        })
    })
    .await
}

/// Deletes a volume that outlives its instance, once it is detached; whether there was anything to delete.
async fn delete_volume(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<bool, Failure> {
    let mut sent = false;
    wait_until(cx, &format!("volume `{id}` deleted"), async || {
        // Most go with their instance.
        let asked = aws.read.ec2.describe_volumes().volume_ids(id).send().await;
        let found = match asked.map_err(AwsError::from) {
            Ok(answer) => answer.volumes.unwrap_or_default().into_iter().next(),
            Err(e) if e.is(VOLUME_GONE) => None,
            Err(e) => return Err(e.failure(format!("cannot look at volume `{id}`"))),
        };
        let Some(volume) = found else { return Ok(Glance::Done(sent)) };
        if !volume.attachments().is_empty() || volume.state() == Some(&VolumeState::Deleting) {
            return Ok(Glance::NotYet(format!("volume `{id}` is still held by its instance")));
        }
        let answer = aws.write.ec2.delete_volume().volume_id(id).send().await.map_err(AwsError::from);
        sent = true;
        match answer {
            Ok(_) => Ok(Glance::Done(true)),
            Err(e) if e.is(VOLUME_GONE) => Ok(Glance::Done(true)),
            // It is being detached, or is going away with its instance.
            Err(e) if e.is(&["VolumeInUse", "IncorrectState"]) => {
                Ok(Glance::NotYet(format!("volume `{id}`: {}", e.message)))
            }
            Err(e) => Err(e.failure(format!("cannot delete volume `{id}`"))),
        }
    })
    .await
}

/// Volumes that bear the tags of this action's launch.
async fn still_tagged(action: &InstanceClone, cx: &Context<'_>, aws: &Aws) -> Result<Vec<String>, Failure> {
    let (run, step) = (cx.call().run.as_str(), cx.call().action.step().as_str());
    let asked = aws.read.ec2.describe_volumes().filters(tags::filter(format!("tag:{RUN_TAG}"), &[run]));
    let asked = asked.filters(tags::filter(format!("tag:{STEP_TAG}"), &[step]));
    let pages = asked.filters(tags::filter("tag:Name", &[action.name.as_str()])).into_paginator().items().send();
    let found: Result<Vec<_>, _> = pages.collect().await;
    let found = found.map_err(|e| AwsError::from(e).failure("cannot look for the clone's volumes"))?;
    let left = found.into_iter().filter(|v| v.state() == Some(&VolumeState::Available) && v.attachments().is_empty());
    Ok(left.filter_map(|v| v.volume_id).map(|id| format!("`{id}`")).collect())
}
