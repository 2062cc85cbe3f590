//! `file.edit`: texts of a file replaced by others, where it holds them exactly so often.

use super::attributes::Attributes;
use super::contents::{Body, Changed, Contents, FileBefore, shown};
use super::file::{self, EDITED, FileImage, HostFile};
use super::offload_tls::refused;
use super::reload::Takers;
use crate::action::edit::text::replace;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Failure, FileEdit, Finding, Text, tell};

impl FileEdit {
    fn takers(&self) -> Takers<'_> {
        Takers { path: self.path.as_str(), reload: self.reload.as_ref(), restart: self.restart.as_ref() }
    }

    fn changed<'a>(&'a self, cx: &'a Context<'a>) -> Changed<'a> {
        Changed { cx, on: &self.on, asked: self.path.as_str(), takers: self.takers(), most: EDITED }
    }

    /// The file, which must be there.
    async fn find<'a>(&'a self, cx: &'a Context<'a>) -> Result<(HostFile<'a>, FileImage), Failure> {
        let (file, now) = self.changed(cx).find().await?;
        Ok((file, now.ok_or_else(|| file::no_such(self.path.as_str(), &self.on))?))
    }

    fn edited(&self, bytes: &[u8]) -> Result<Contents, Failure> {
        // The text that is to be replaced may be what an earlier action writes.
        let refused =
            |it| refused(self.path.as_str(), &self.on.name, it).lacking(&self.on.name, format!("file {}", self.path));
        let edit = replace(bytes, &self.replace).map_err(refused)?;
        Ok(Contents { body: Body::Bytes(edit.bytes), given: Attributes::default() })
    }

    /// What the file is to be: made of the copy where this run has kept one, for what is there now may be its own edit.
    async fn wanted(&self, file: &HostFile<'_>) -> Result<Contents, Failure> {
        let bytes = if file.copy_image().await?.is_some() { file.read_copy().await? } else { file.read().await? };
        self.edited(&bytes)
    }

    /// What the replacements say of themselves, for a file of which nothing else is shown.
    fn own_words(&self) -> (String, String) {
        let sought = self.replace.iter().filter_map(|one| one.text.as_ref().or(one.regex.as_ref()));
        let lines = |texts: Vec<&Text>| texts.into_iter().map(|text| format!("{text}\n")).collect::<String>();
        (lines(sought.collect()), lines(self.replace.iter().map(|one| &one.with).collect()))
    }
}

impl Perform for FileEdit {
    fn sentence(&self) -> Text {
        let count = match self.replace.len() {
            1 => "one replacement".to_owned(),
            more => format!("{more} replacements"),
        };
        let reload = self.takers().told();
        tell!("edit `{}` on {} by {}, keep a copy beside it{}", self.path, self.on.name, count, reload)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let reload = self.takers().told();
        Some(tell!("put the copy of `{}` on {} back{}", self.path, self.on.name, reload))
    }

    fn changes(&self) -> Vec<Change> {
        self.takers().commands(&self.on)
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (file, now) = self.find(cx).await?;
        let wanted = self.wanted(&file).await?;
        let told = async || {
            let before = file.read().await?;
            let Body::Bytes(after) = &wanted.body else { return Ok(self.own_words()) };
            let (is, will_be) = (shown(&before, Some(&now)), shown(after, Some(&now)));
            Ok(if is.as_bytes() == before { (is, will_be) } else { self.own_words() })
        };
        self.changed(cx).observe((&file, Some(&now)), &wanted, told).await
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let (file, now) = self.find(cx).await?;
        let wanted = self.wanted(&file).await?;
        Ok(self.changed(cx).make((&file, Some(&now)), &wanted).await?)
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (file, _) = self.find(cx).await?;
        let wanted = self.wanted(&file).await?;
        Ok(Verified::by(self.changed(cx).verify(&wanted).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: FileBefore = cx.before()?;
        let file = HostFile::of_action_at(cx, &self.on, (&before.path, EDITED)).await?;
        let after = match cx.output("sha256") {
            Some(known) => Some(known.to_owned()),
            None if file.copy_image().await?.is_some() => {
                self.edited(&file.read_copy().await?).ok().map(|it| it.sha256())
            }
            None => None,
        };
        Ok(self.changed(cx).undo(&file, before, after.as_deref()).await?)
    }
}
