//! `image.wait-available`: waits until an image can be launched from.
//!
//! It takes as long as copying what the volumes hold. An image that failed stays so: what makes another is the action that began
//! it, once that is taken back.

use super::image_parts::{by_id, is_failed, reason, state, wait_available};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Failure, Finding, Found, ImageWaitAvailable, Recourse, Text, tell};
use aws_sdk_ec2::types::ImageState;

impl Perform for ImageWaitAvailable {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeImages"];
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeImages", "ec2:DescribeSnapshots"];

    fn sentence(&self) -> Text {
        tell!("wait until image {} is available", self.image)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (aws, id) = (cx.aws().await?, self.image.as_str());
        let Some(image) = by_id(&aws, id).await? else {
            return Ok(Finding::new(Found::Absent, false, format!("EC2 does not show image `{id}`")));
        };
        Ok(match state(&image) {
            ImageState::Available => Finding::new(Found::Holds, false, format!("image `{id}` is available")),
            _ if is_failed(&image) => Finding::new(Found::Absent, false, format!("image `{id}` is {}", reason(&image))),
            now => Finding::new(Found::Absent, false, format!("image `{id}` is `{now}`")),
        })
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (aws, id) = (cx.aws().await?, self.image.as_str());
        let failed = |_: &_| {
            Failure::permanent(format!("image `{id}` could not be made")).advise(
                Advice::by_hand("take back the step that makes it, and with it what is left")
                    .then(Recourse::TakeBack(None))
                    .then(Recourse::Resume)
                    .which("makes another"),
            )
        };
        wait_available(cx, &aws, id, failed).await?;
        Ok(Verified::by(format!("image `{id}` is available")))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waited".to_owned())
    }
}
