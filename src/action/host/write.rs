//! `file.write`: a file with this content.

use super::attributes::NamedAttributes;
use super::contents::{Body, Changed, Contents, FileBefore, shown, undo_sentence};
use super::file::{EDITED, HostFile};
use super::reload::Takers;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Failure, FileWrite, Finding, Text, Unresolved, Value, sha256, tell};
use std::collections::BTreeMap;

impl FileWrite {
    fn takers(&self) -> Takers<'_> {
        Takers { path: self.path.as_str(), reload: self.reload.as_ref(), restart: self.restart.as_ref() }
    }

    fn named(&self) -> NamedAttributes<'_> {
        NamedAttributes { owner: self.owner.as_ref(), group: self.group.as_ref(), mode: self.mode.as_ref() }
    }

    fn changed<'a>(&'a self, cx: &'a Context<'a>) -> Changed<'a> {
        Changed { cx, on: &self.on, asked: self.path.as_str(), takers: self.takers(), most: EDITED }
    }

    async fn wanted(&self, cx: &Context<'_>) -> Result<Contents, Failure> {
        let given = self.named().known_to(&self.on, cx).await?;
        Ok(Contents { body: Body::Bytes(self.text()?.into_bytes()), given })
    }

    /// All that is to be in it.
    fn text(&self) -> Result<String, Failure> {
        match (&self.content, &self.template) {
            (Some(content), None) if self.values.is_none() => Ok(content.as_str().to_owned()),
            (None, Some(template)) => {
                let values = self.values.iter().flatten();
                let values = values.map(|(name, value)| Ok((name.clone(), value.clone().into_known()?)));
                let values: BTreeMap<String, Value> = values.collect::<Result<_, Unresolved>>().map_err(|error| {
                    Failure::permanent("a value of the template is not known").cause(error.to_string())
                })?;
                let wrong = |why: String| Failure::refused(format!("`{}` cannot be rendered", self.path)).cause(why);
                template.render(&values).map_err(wrong)
            }
            _ => Err(Failure::refused(format!(
                "`{}` is made of one of `content`, and `template` with `values`",
                self.path
            ))),
        }
    }
}

impl Perform for FileWrite {
    fn sentence(&self) -> Text {
        tell!("write `{}` on {}{}{}", self.path, self.on.name, self.named().told(), self.takers().told())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(undo_sentence(&self.path, &self.on, self.takers()))
    }

    fn changes(&self) -> Vec<Change> {
        self.takers().commands(&self.on)
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let changed = self.changed(cx);
        let wanted = self.wanted(cx).await?;
        let (file, now) = changed.find().await?;
        let told = async || {
            let before = if now.is_some() { shown(&file.read().await?, now.as_ref()) } else { String::new() };
            Ok((before, self.text()?))
        };
        changed.observe((&file, now.as_ref()), &wanted, told).await
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let wanted = self.wanted(cx).await?;
        let changed = self.changed(cx);
        let (file, now) = changed.find().await?;
        Ok(changed.make((&file, now.as_ref()), &wanted).await?)
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(self.changed(cx).verify(&self.wanted(cx).await?).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: FileBefore = cx.before()?;
        let file = HostFile::of_action_at(cx, &self.on, (&before.path, EDITED)).await?;
        Ok(self.changed(cx).undo(&file, before, Some(&sha256(&self.text()?))).await?)
    }
}
