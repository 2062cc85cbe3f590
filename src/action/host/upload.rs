//! `file.upload`: a file of this machine, or a secret, as a file on a host.

use super::attributes::NamedAttributes;
use super::contents::{Body, Changed, Contents, FileBefore, shown, undo_sentence};
use super::file::{FileImage, HostFile, UPLOADED};
use super::reload::Takers;
use super::upload_local::Local;
use super::upload_pieces::size;
use crate::access::reveal;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Failure, FileUpload, Finding, Text, tell};

/// The permissions of a new file that holds a secret.
const SECRET_MODE: u32 = 0o600;
/// How long a text may be whose difference is shown.
const SHOWN: u64 = 64 << 10;

impl FileUpload {
    fn takers(&self) -> Takers<'_> {
        Takers { path: self.path.as_str(), reload: self.reload.as_ref(), restart: self.restart.as_ref() }
    }

    fn named(&self) -> NamedAttributes<'_> {
        NamedAttributes { owner: self.owner.as_ref(), group: self.group.as_ref(), mode: self.mode.as_ref() }
    }

    fn changed<'a>(&'a self, cx: &'a Context<'a>) -> Changed<'a> {
        Changed { cx, on: &self.on, asked: self.path.as_str(), takers: self.takers(), most: UPLOADED }
    }

    async fn wanted(&self, cx: &Context<'_>) -> Result<Contents, Failure> {
        let mut given = self.named().known_to(&self.on, cx).await?;
        let body = match (&self.from, &self.secret) {
            (Some(from), None) => Body::Local(Local::find(from).await?),
            (None, Some(secret)) => {
                given.mode = given.mode.or(Some(SECRET_MODE));
                let value = reveal(secret).await.map_err(|error| {
                    Failure::refused(format!("the secret for `{}` cannot be had", self.path)).cause(error.to_string())
                })?;
                Body::Bytes(value.expose().as_bytes().to_vec())
            }
            _ => return Err(Failure::refused(format!("`{}` is made of one of `from` and `secret`", self.path))),
        };
        Ok(Contents { body, given })
    }

    /// What a plan shows of the difference.
    async fn told(
        &self,
        (file, now): (&HostFile<'_>, Option<&FileImage>),
        wanted: &Contents,
    ) -> Result<(String, String), Failure> {
        let Body::Local(local) = &wanted.body else {
            return Ok((String::new(), "(a secret, not shown)\n".to_owned()));
        };
        let whole = format!("({}, SHA-256 {})\n", size(local.size), local.sha256);
        if local.size > SHOWN {
            return Ok((String::new(), whole));
        }
        let bytes = local.piece(0, usize::try_from(SHOWN).unwrap_or(usize::MAX)).await?;
        // What not everybody may read here, or there, is for nobody's plan.
        let is_open = local.is_open && wanted.given.mode.is_none_or(|mode| mode & 0o004 != 0);
        let text = String::from_utf8(bytes).ok().filter(|text| is_open && !text.contains('\0'));
        let Some(after) = text else { return Ok((String::new(), whole)) };
        match now {
            None => Ok((String::new(), after)),
            // A large one is not read for that.
            Some(now) => match file.read().await {
                Ok(before) => {
                    let before_told = shown(&before, Some(now));
                    let is_hidden = before_told.as_bytes() != before;
                    Ok((before_told, if is_hidden { whole } else { after }))
                }
                Err(_) => Ok((String::new(), whole)),
            },
        }
    }
}

impl Perform for FileUpload {
    fn sentence(&self) -> Text {
        let what = match (&self.from, &self.secret) {
            (Some(from), _) => tell!("bring `{}` of this machine to {} as `{}`", from, self.on.name, self.path),
            _ => tell!("put a secret into `{}` on {}", self.path, self.on.name),
        };
        tell!("{}{}{}", what, self.named().told(), self.takers().told())
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
            if let Body::Local(local) = &wanted.body {
                file.must_hold(local.size).await?;
            }
            self.told((&file, now.as_ref()), &wanted).await
        };
        let mut finding = changed.observe((&file, now.as_ref()), &wanted, told).await?;
        if let Body::Local(local) = &wanted.body {
            let fact = format!("{}, sha256 {}", size(local.size), local.sha256.get(..12).unwrap_or(&local.sha256));
            finding.facts.insert(format!("`{}` on this machine", local.name()), fact);
        }
        Ok(finding)
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
        let file = HostFile::of_action_at(cx, &self.on, (&before.path, UPLOADED)).await?;
        let after = match cx.output("sha256") {
            Some(known) => Some(known.to_owned()),
            // Cut off before it was told: what it would have been, where that can still be read.
            None => self.wanted(cx).await.ok().map(|wanted| wanted.sha256()),
        };
        Ok(self.changed(cx).undo(&file, before, after.as_deref()).await?)
    }
}
