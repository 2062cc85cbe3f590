//! `image.create`: an image of an instance, begun; of one that runs only where the runbook says how.
//!
//! CreateImage has no client token: the image's name (unique in account and region) and our tag tell our own work. The
//! image is consistent because the instance is stopped. Of a running one it is what its disks hold at that moment, or EC2 reboots it
//! first; which of the two is the runbook's word, and without one it is refused.
//!
//! It is done when the pending image shows a snapshot of each volume, and not before: CreateImage returns when there may be none
//! yet. A snapshot holds what was on the volume when it was asked for, and its volume may be used again as soon as it is `pending`
//! ("Create Amazon EBS snapshots", EBS User Guide; CreateSnapshot, EC2 API Reference), so the instance may be started then, minutes
//! before the image is available (`image.wait-available`).

use super::answers::said;
use super::image_parts::{
    Awaited, by_id, by_name, delete_snapshot, deregister, is_failed, is_pending, not_taken, reason, snapshots_of,
    state, tagged_snapshots, wait_for,
};
use super::instance_state::{described, live, state as instance_state};
use super::patience::{LATE, NOT_KNOWN_YET, SNAPSHOTS_BUSY, YOUNG, patiently};
use super::preview::{request, run_tags, shown, words};
use super::tags;
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified};
use crate::model::{
    Advice, Change, Failure, FailureKind, Finding, Found, ImageCreate, RunningInstance, Text, Value, Values, tell,
};
use aws_sdk_ec2::types::{Image, ImageState, InstanceStateName, ResourceType};
use serde_json::json;
use std::collections::BTreeSet;

impl ImageCreate {
    /// The call, with the instance as it is to be shown.
    fn asking(&self) -> Change {
        let with = [
            ("InstanceId", shown(&self.instance)),
            ("Name", shown(&self.name)),
            ("Description", words(format_args!("of {} by the run", self.instance)).into()),
            ("NoReboot", json!(self.running != Some(RunningInstance::Reboot)).into()),
            ("TagSpecifications", run_tags(self.name.as_str()).into()),
        ];
        request("ec2:CreateImage", with)
    }

    fn takes_running(&self) -> bool {
        matches!(self.running, Some(RunningInstance::Reboot | RunningInstance::AsItIs))
    }

    /// Our image, if it is there; refuses a foreign one that has its name. One without any tag may be ours, made by a call whose
    /// answer was lost, and its tags not shown yet: it is looked at again before it counts as somebody's.
    async fn ours(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Image>, Failure> {
        let (mut looks, most) = (0, cx.looks(LATE));
        loop {
            match by_name(aws, self.name.as_str()).await? {
                Some(image) if image.tags().is_empty() && looks < most => {
                    looks += 1;
                    cx.beat().beat(format!("`{}` shows no tags yet ({looks}/{most})", self.name))?;
                    cx.pause().await;
                }
                Some(image) if !cx.is_ours(tags::pairs(image.tags())) => {
                    let id = image.image_id().unwrap_or_default();
                    return Err(Failure::refused(format!("an image named `{}` is there already", self.name))
                        .cause(format!("`{id}` was not made by this run"))
                        .advise("choose another name, or deregister that image if nobody needs it"));
                }
                found => return Ok(found),
            }
        }
    }

    /// The same, looking again a few times, for an image that was asked for a moment ago.
    async fn ours_or_late(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Image>, Failure> {
        for look in 0..cx.looks(LATE) {
            if look > 0 {
                cx.beat().beat(format!("looking for an image named `{}`", self.name))?;
                cx.pause().await;
            }
            if let Some(image) = self.ours(cx, aws).await? {
                return Ok(Some(image));
            }
        }
        Ok(None)
    }

    async fn remove(&self, cx: &Context<'_>, aws: &Aws, image: Option<&str>) -> Result<String, Failure> {
        let mut snapshots = self.recorded_snapshots(cx);
        if let Some(id) = image {
            if let Some(image) = by_id(aws, id).await? {
                snapshots.extend(snapshots_of(&image));
            }
            deregister(cx, aws, id).await?;
        }
        snapshots.extend(tagged_snapshots(cx, aws, self.name.as_str()).await?);
        for id in &snapshots {
            delete_snapshot(cx, aws, id).await?;
        }
        Ok(match (image, snapshots.len()) {
            (None, 0) => format!("there is no image named `{}`", self.name),
            (None, n) => format!("{n} snapshot(s) of `{}` deleted", self.name),
            (Some(id), n) => format!("`{id}` deregistered, {n} snapshot(s) deleted"),
        })
    }

    /// What of the instance a pending image does not hold yet; nothing when all of it.
    async fn waiting_for(&self, aws: &Aws, image: &Image) -> Result<Option<String>, Failure> {
        let instance = live(aws, self.instance.as_str()).await?;
        said(instance.block_device_mappings().first(), format_args!("the volumes of `{}`", self.instance))?;
        let missing = not_taken(image, &instance);
        let id = image.image_id().unwrap_or_default();
        Ok((!missing.is_empty()).then(|| format!("image `{id}` has no snapshot of {} yet", missing.join(", "))))
    }

    fn recorded_snapshots(&self, cx: &Context<'_>) -> BTreeSet<String> {
        let recorded = cx.call().outputs.get("snapshots").and_then(Value::as_array);
        recorded.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    async fn create(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        let doing = format!("making an image of `{}`", self.instance);
        let (mut looks, most) = (0, cx.looks(YOUNG));
        loop {
            match patiently(cx, &doing, &[NOT_KNOWN_YET, SNAPSHOTS_BUSY], async || self.ask(cx, aws).await).await? {
                Ok(Some(id)) => return Ok(id),
                Ok(None) => {
                    return Err(Failure::new(FailureKind::Lost, format!("EC2 named no image for `{}`", self.name)));
                }
                // Either an earlier call of ours has made it, or the name is that of an image deregistered a moment ago, on
                // the way forward after a rollback: then EC2 says to wait (error codes of the EC2 API Reference).
                Err(e) if e.is(&["InvalidAMIName.Duplicate"]) && looks < most => {
                    if let Some(image) = self.ours(cx, aws).await? {
                        return Ok(image.image_id.unwrap_or_default());
                    }
                    looks += 1;
                    cx.beat().beat(format!("{doing}: its name is still taken by one that is gone ({looks}/{most})"))?;
                    cx.pause().await;
                }
                Err(e) => return Err(e.failure(format!("cannot make an image of `{}`", self.instance))),
            }
        }
    }

    /// One CreateImage.
    async fn ask(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<String>, AwsError> {
        let labels = cx.tags(Some(self.name.as_str()));
        let asked = aws.write.ec2.create_image().instance_id(self.instance.as_str()).name(self.name.as_str());
        let asked = asked
            .description(format!("of {} by run {}", self.instance, cx.call().run))
            // A stopped instance is not rebooted; should somebody have started it meanwhile, only where the runbook says so.
            .no_reboot(self.running != Some(RunningInstance::Reboot))
            .tag_specifications(tags::specification(ResourceType::Image, &labels))
            .tag_specifications(tags::specification(ResourceType::Snapshot, &labels));
        Ok(asked.send().await.map_err(AwsError::from)?.image_id)
    }
}

/// "image `ami-0a` holds the volumes, 1 snapshot(s), and is `pending`".
fn told(image: &Image) -> String {
    let (id, snapshots) = (image.image_id().unwrap_or_default(), snapshots_of(image).len());
    format!("image `{id}` holds the volumes, {snapshots} snapshot(s), and is `{}`", state(image))
}

impl Perform for ImageCreate {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeImages", "ec2:DescribeInstances"];
    /// Deregistering and deleting belong to going forward too: what is left of an image that failed is removed.
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:CreateImage",
        "ec2:CreateTags",
        "ec2:DeleteSnapshot",
        "ec2:DeregisterImage",
        "ec2:DescribeImages",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] =
        &["ec2:DeleteSnapshot", "ec2:DeregisterImage", "ec2:DescribeSnapshots"];

    fn sentence(&self) -> Text {
        match self.running {
            None | Some(RunningInstance::Refuse) => tell!(
                "begin an image `{}` of the stopped instance `{}`, with a snapshot of each volume",
                self.name,
                self.instance
            ),
            Some(RunningInstance::Reboot) => tell!(
                "have EC2 reboot `{}` and begin an image `{}` of it, with a snapshot of each volume",
                self.instance,
                self.name
            ),
            Some(RunningInstance::AsItIs) => tell!(
                "begin an image `{}` of what is on the disks of `{}` at that moment, with a snapshot of each volume",
                self.name,
                self.instance
            ),
        }
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("deregister the image `{}` and delete its snapshots", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.asking()]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(image) = self.ours(cx, &aws).await? else {
            let instance = live(&aws, self.instance.as_str()).await?;
            let taken = match instance_state(&instance) {
                InstanceStateName::Stopped => String::new(),
                InstanceStateName::Running if self.takes_running() => String::new(),
                now => format!("; it is made once `{}` is stopped (it is `{now}` now)", self.instance),
            };
            let evidence = format!("no image is named `{}`{taken}", self.name);
            return Ok(Finding { changes: self.changes(), ..Finding::new(Found::Absent, false, evidence) });
        };
        let id = image.image_id().unwrap_or_default();
        let (found, evidence) = match state(&image) {
            ImageState::Available => (Found::Holds, told(&image)),
            _ if is_pending(&image) => match self.waiting_for(&aws, &image).await? {
                Some(missing) => (Found::InProgress, missing),
                None => (Found::Holds, told(&image)),
            },
            _ if is_failed(&image) => (Found::Otherwise, format!("image `{id}` is {}", reason(&image))),
            now => (Found::Unknown, format!("image `{id}` is `{now}`")),
        };
        let mut outputs = Values::new();
        if found != Found::Otherwise {
            outputs.insert("image".into(), json!(id));
            outputs.insert("snapshots".into(), json!(snapshots_of(&image)));
        }
        Ok(Finding { outputs, ..Finding::new(found, true, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let mut found = self.ours(cx, &aws).await?;
        if let Some(image) = found.take_if(|image| is_failed(image)) {
            self.remove(cx, &aws, image.image_id()).await?;
        }
        let id = match found {
            Some(image) => image.image_id.unwrap_or_default(),
            None => {
                let instance = live(&aws, self.instance.as_str()).await?;
                let state = instance_state(&instance);
                if state != InstanceStateName::Stopped && !(state == InstanceStateName::Running && self.takes_running())
                {
                    return Err(Failure::refused(format!("instance `{}` is not stopped", self.instance))
                        .cause(described(&instance))
                        .advise("an image of a running instance is as if its power had been cut: stop it first")
                        .into());
                }
                self.create(cx, &aws).await?
            }
        };
        Ok(Values::from([("image".into(), json!(id))]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let id = match cx.output("image") {
            Some(id) => id.to_owned(),
            None => match self.ours_or_late(cx, &aws).await?.and_then(|i| i.image_id) {
                Some(id) => id,
                None => return Err(Failure::permanent(format!("no image is named `{}`", self.name)).into()),
            },
        };
        let failed = |_: &_| {
            Failure::permanent(format!("image `{id}` could not be made"))
                .advise(Advice::resume("removes what is left of it and makes another"))
        };
        let what = format!("image `{id}` with a snapshot of each volume");
        let taken =
            async |image: &Image| Ok(self.waiting_for(&aws, image).await?.map_or(Glance::Done(()), Glance::NotYet));
        let image = wait_for(cx, &aws, &id, Awaited { what: &what, failed, enough: taken }).await?;
        let outputs = Values::from([("image".into(), json!(id)), ("snapshots".into(), json!(snapshots_of(&image)))]);
        Ok(Verified { outputs, evidence: told(&image) })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let id = match cx.output("image") {
            Some(id) => Some(id.to_owned()),
            None => self.ours_or_late(cx, &aws).await?.and_then(|i| i.image_id),
        };
        Ok(self.remove(cx, &aws, id.as_deref()).await?)
    }
}
