//! An image and its snapshots: finding them again, and taking them away.

use super::patience::YOUNG;
use super::tags;
use crate::access::{Aws, AwsError, code_of};
use crate::action::{Context, Glance, RUN_TAG, wait_until};
use crate::model::{Failure, FailureKind};
use aws_sdk_ec2::types::{BlockDeviceMapping, Image, ImageState, Instance, Snapshot};
use std::collections::BTreeSet;

/// The state of an image.
pub(super) fn state(image: &Image) -> ImageState {
    image.state().cloned().unwrap_or_else(|| ImageState::from("unknown"))
}

/// Why it is in that state.
pub(super) fn reason(image: &Image) -> String {
    let told = image.state_reason().and_then(|r| r.message().or(r.code()));
    format!("`{}`: {}", state(image), told.unwrap_or("EC2 gives no reason"))
}

/// Whether it is being made.
pub(super) fn is_pending(image: &Image) -> bool {
    matches!(state(image), ImageState::Pending | ImageState::Transient)
}

/// Whether it failed, and only lies around.
pub(super) fn is_failed(image: &Image) -> bool {
    matches!(state(image), ImageState::Failed | ImageState::Error | ImageState::Invalid)
}

/// The image with this id, if EC2 shows it.
pub(super) async fn by_id(aws: &Aws, id: &str) -> Result<Option<Image>, Failure> {
    match aws.read.ec2.describe_images().image_ids(id).send().await {
        Ok(answer) => Ok(answer.images.unwrap_or_default().into_iter().find(|i| state(i) != ImageState::Deregistered)),
        Err(e) if matches!(code_of(&e), Some("InvalidAMIID.NotFound" | "InvalidAMIID.Unavailable")) => Ok(None),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look at image `{id}`"))),
    }
}

/// The account's image with this name; a name is unique in an account and region.
pub(super) async fn by_name(aws: &Aws, name: &str) -> Result<Option<Image>, Failure> {
    let asked = aws.read.ec2.describe_images().owners("self").filters(tags::filter("name", &[name]));
    let pages = asked.into_paginator().items().send().collect::<Result<Vec<Image>, _>>().await;
    let images = pages.map_err(|e| AwsError::from(e).failure(format!("cannot look for an image named `{name}`")))?;
    // The filter understands wildcards, a name may contain them.
    Ok(images.into_iter().find(|i| i.name() == Some(name) && state(i) != ImageState::Deregistered))
}

/// The ids of an image's snapshots.
pub(super) fn snapshots_of(image: &Image) -> BTreeSet<String> {
    let mapped = image.block_device_mappings().iter().filter_map(|m| m.ebs()?.snapshot_id());
    mapped.map(str::to_owned).collect()
}

/// The volumes, by device, of which an image that is being made has no snapshot yet: those of the instance, each of which
/// CreateImage takes. An entry of the image's own without a snapshot may stay so: an empty volume that a launch adds.
pub(super) fn not_taken(image: &Image, of: &Instance) -> Vec<String> {
    let taken: BTreeSet<&str> =
        image.block_device_mappings().iter().filter(|m| has_snapshot(m)).filter_map(|m| m.device_name()).collect();
    let volumes = of.block_device_mappings().iter().filter(|m| m.ebs().is_some()).filter_map(|m| m.device_name());
    volumes.filter(|device| !taken.contains(device)).map(str::to_owned).collect()
}

fn has_snapshot(mapping: &BlockDeviceMapping) -> bool {
    mapping.ebs().and_then(|ebs| ebs.snapshot_id()).is_some_and(|id| !id.is_empty())
}

/// Snapshots of this account by tag: those this run made for the image of that name.
pub(super) async fn tagged_snapshots(cx: &Context<'_>, aws: &Aws, name: &str) -> Result<BTreeSet<String>, Failure> {
    let asked = aws.read.ec2.describe_snapshots().owner_ids("self");
    let asked = asked.filters(tags::filter(format!("tag:{RUN_TAG}"), &[cx.call().run.as_str()]));
    let pages = asked.filters(tags::filter("tag:Name", &[name])).into_paginator().items().send();
    let found: Result<Vec<Snapshot>, _> = pages.collect().await;
    let found = found.map_err(|e| AwsError::from(e).failure(format!("cannot look for snapshots named `{name}`")))?;
    Ok(found.into_iter().filter_map(|s| s.snapshot_id).collect())
}

/// How far the snapshots are, e.g. "snap-0ab 45%".
pub(super) async fn progress(aws: &Aws, image: &Image) -> Result<String, Failure> {
    let ids = snapshots_of(image);
    if ids.is_empty() {
        return Ok("no snapshot yet".into());
    }
    let asked = aws.read.ec2.describe_snapshots().set_snapshot_ids(Some(ids.into_iter().collect()));
    let snapshots: Vec<Snapshot> = match asked.into_paginator().items().send().collect::<Result<_, _>>().await {
        Ok(snapshots) => snapshots,
        Err(e) if code_of(&e) == Some("InvalidSnapshot.NotFound") => return Ok("no snapshot yet".into()),
        Err(e) => return Err(AwsError::from(e).failure("cannot read the progress of the snapshots")),
    };
    let told = snapshots.iter().map(|s| {
        let progress = s.progress().filter(|p| !p.is_empty()).unwrap_or("0%");
        format!("`{}` {progress}", s.snapshot_id().unwrap_or_default())
    });
    Ok(told.collect::<Vec<_>>().join(", "))
}

/// What is awaited of an image.
pub(super) struct Awaited<'a, F, E> {
    /// What it is, for who waits.
    pub(super) what: &'a str,
    /// The failure of an image that cannot become it any more.
    pub(super) failed: F,
    /// Whether a pending one is enough.
    pub(super) enough: E,
}

/// Waits until the image is available.
///
/// # Errors
/// Refused when EC2 does not show it for long; `failed` of an image that cannot become available any more.
pub(super) async fn wait_available(
    cx: &Context<'_>,
    aws: &Aws,
    id: &str,
    failed: impl Fn(&Image) -> Failure,
) -> Result<Image, Failure> {
    let pending =
        async |image: &Image| Ok(Glance::NotYet(format!("image `{id}` is `pending`: {}", progress(aws, image).await?)));
    let what = format!("image `{id}` available");
    wait_for(cx, aws, id, Awaited { what: &what, failed, enough: pending }).await
}

/// Waits until the image is available, or, while it is pending, `enough`. It may be young, so that EC2 does not show it at first,
/// nor at every look.
///
/// # Errors
/// Those of [`wait_available`].
pub(super) async fn wait_for(
    cx: &Context<'_>,
    aws: &Aws,
    id: &str,
    awaited: Awaited<'_, impl Fn(&Image) -> Failure, impl AsyncFn(&Image) -> Result<Glance<()>, Failure>>,
) -> Result<Image, Failure> {
    let Awaited { what, failed, enough } = awaited;
    let mut unseen = 0;
    wait_until(cx, what, async || {
        let Some(image) = by_id(aws, id).await? else {
            unseen += 1;
            let most = cx.looks(YOUNG);
            return match unseen <= most {
                true => Ok(Glance::NotYet(format!("EC2 does not show image `{id}` ({unseen}/{most})"))),
                false => Err(Failure::refused(format!("there is no image `{id}` in {}", aws.region))),
            };
        };
        unseen = 0;
        match state(&image) {
            ImageState::Available => Ok(Glance::Done(image)),
            ImageState::Pending | ImageState::Transient => Ok(match enough(&image).await? {
                Glance::Done(()) => Glance::Done(image),
                Glance::NotYet(note) => Glance::NotYet(note),
            }),
            _ => Err(failed(&image).cause(reason(&image))),
        }
    })
    .await
}

/// Deregisters an image and waits until it no longer shows. An image that is not there is fine; one that does not show is asked
/// to go once all the same, for it may be young. A lost answer is followed by a look.
pub(super) async fn deregister(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<(), Failure> {
    let mut sent = false;
    wait_until(cx, &format!("image `{id}` gone"), async || {
        let shown = by_id(aws, id).await?;
        if shown.is_none() && std::mem::replace(&mut sent, true) {
            return Ok(Glance::Done(()));
        }
        // Its snapshots are deleted one by one afterwards: the option that deletes them along is young and fails by halves.
        match aws.write.ec2.deregister_image().image_id(id).send().await.map_err(AwsError::from) {
            Ok(_) => {}
            Err(e) if e.is(&["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"]) => {}
            Err(e) if shown.is_none() && e.refuses() => return Ok(Glance::Done(())),
            Err(e) => return Err(e.failure(format!("cannot deregister image `{id}`"))),
        }
        sent = true;
        Ok(match by_id(aws, id).await? {
            None => Glance::Done(()),
            Some(image) => Glance::NotYet(format!("image `{id}` is still `{}`", state(&image))),
        })
    })
    .await
}

/// Deletes a snapshot and waits until it can be: it is in use for a moment after its image was deregistered.
pub(super) async fn delete_snapshot(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<(), Failure> {
    wait_until(cx, &format!("snapshot `{id}` deleted"), async || {
        match aws.read.ec2.describe_snapshots().snapshot_ids(id).send().await {
            Err(e) if code_of(&e) == Some("InvalidSnapshot.NotFound") => return Ok(Glance::Done(())),
            _ => {}
        }
        let Err(e) = aws.write.ec2.delete_snapshot().snapshot_id(id).send().await else { return Ok(Glance::Done(())) };
        let error = AwsError::from(e);
        if error.is(&["InvalidSnapshot.NotFound"]) {
            return Ok(Glance::Done(()));
        }
        let failure = error.failure(format!("cannot delete snapshot `{id}`"));
        // Deleting twice is harmless, so a lost answer is simply asked again.
        match error.is(&["InvalidSnapshot.InUse"]) || failure.kind == FailureKind::Lost {
            true => Ok(Glance::NotYet(format!("snapshot `{id}`: {}", error.message))),
            false => Err(failure),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{EbsBlockDevice, EbsInstanceBlockDevice, InstanceBlockDeviceMapping};

    fn mapping(device: &str, snapshot: Option<&str>) -> BlockDeviceMapping {
        let ebs = EbsBlockDevice::builder().set_snapshot_id(snapshot.map(str::to_owned)).build();
        BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
    }

    #[test]
    fn each_volume_of_the_instance_has_a_snapshot_and_an_empty_entry_needs_none() {
        let volume = |device: &str| {
            let ebs = EbsInstanceBlockDevice::builder().volume_id("vol-0a").build();
            InstanceBlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
        };
        let of =
            Instance::builder().block_device_mappings(volume("/dev/xvda")).block_device_mappings(volume("/dev/sdf"));
        let of = of.build();
        let image = |mappings: &[(&str, Option<&str>)]| {
            let mappings = mappings.iter().map(|(device, snapshot)| mapping(device, *snapshot)).collect();
            Image::builder().set_block_device_mappings(Some(mappings)).build()
        };
        assert_eq!(not_taken(&image(&[]), &of), ["/dev/xvda", "/dev/sdf"], "EC2 tells of none yet");
        assert_eq!(not_taken(&image(&[("/dev/xvda", Some("snap-0a"))]), &of), ["/dev/sdf"]);
        let half = image(&[("/dev/xvda", Some("snap-0a")), ("/dev/sdf", None)]);
        assert_eq!(not_taken(&half, &of), ["/dev/sdf"]);
        let whole = image(&[("/dev/xvda", Some("snap-0a")), ("/dev/sdf", Some("snap-0b")), ("/dev/sdg", None)]);
        assert!(not_taken(&whole, &of).is_empty());
    }
}
