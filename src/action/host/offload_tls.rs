//! `nginx.offload-tls`: turns a site into a plain HTTP one behind a balancer, judged with all files that nginx reads.
//!
//! The edit itself is pure and lives in `action::edit`, as does the judgement of the whole configuration. While a plan is
//! made the host's own nginx tries the edited file in a mount namespace of its own, where nobody else sees it. In the run the
//! new content is put in its place, and taken back at once when nginx does not accept it, or only warns that another server
//! has the site's name. What the file was then is still kept: whoever makes the edit by hand instead has the run's rollback
//! to bring it back.

use super::file::{FileImage, HostFile, Kept, Sight};
use super::nginx::{Nginx, Read, TEST, refused_by, service, whole};
use super::preview::{fact_of_file, unified};
use super::reload::reload_if_active;
use super::restore::{FileStanding, original, standing};
use super::scratch::tried;
use crate::access::RemoteCommand;
use crate::action::edit::nginx::whole::{Configuration, wanted};
use crate::action::edit::nginx::{self, Elsewhere};
use crate::action::edit::{Edit, EditRefusal};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{
    Advice, Change, Facts, Failure, Finding, Found, NginxOffloadTls, Target, Text, Value, Values, sha256, tell,
};

impl NginxOffloadTls {
    fn edit(&self, bytes: &[u8], elsewhere: Elsewhere) -> Result<Edit, Failure> {
        nginx::offload_tls_beside(bytes, self.fqdn.as_str(), elsewhere).map_err(|refusal| self.refused(refusal))
    }

    fn refused(&self, refusal: EditRefusal) -> Failure {
        refused(self.file.as_str(), &self.on.name, refusal)
    }

    /// Whether an edit would still change the file; what other files hold does not matter to that.
    fn would_change(&self, bytes: &[u8]) -> Result<bool, Failure> {
        Ok(self.edit(bytes, Elsewhere::default())?.changed)
    }

    /// The file's edit in the whole configuration, and what it needs besides.
    fn judged(&self, whole: &Configuration, path: &str, bytes: &[u8]) -> Result<Edit, Failure> {
        let elsewhere = whole.elsewhere(path).map_err(|refusal| self.refused(refusal))?;
        let mut edit = self.edit(bytes, elsewhere)?;
        // What keeps the balancer's connections and answers its health check is the drop-in's affair.
        let wanted = wanted(self.fqdn.as_str(), 0, "/");
        let judged = whole.judge(path, &edit.bytes, &wanted).map_err(|refusal| self.refused(refusal))?;
        edit.notes.extend(judged.notes);
        Ok(edit)
    }

    fn change(&self, path: &str, before: &[u8], edit: &Edit) -> Result<Change, Failure> {
        let shown = |bytes: &[u8]| nginx::shown(bytes).map_err(|refusal| refused(path, &self.on.name, refusal));
        let diff = unified(path, &shown(before)?, &shown(&edit.bytes)?);
        Ok(Change::File { on: self.on.name.clone(), path: path.to_owned(), diff })
    }

    /// Asks nginx whether it accepts its configuration, the site's name on one server included.
    async fn nginx_accepts(&self, cx: &Context<'_>, nginx: &Nginx) -> Result<Result<(), String>, Failure> {
        let output = cx.run(&self.on, RemoteCommand::sudo(nginx.command(&["-t"]))).await?;
        Ok(refused_by(&output, self.fqdn.as_str()).map_or(Ok(()), Err))
    }

    async fn nginx(&self, cx: &Context<'_>) -> Result<Nginx, Failure> {
        Nginx::of(&cx.lines(), &self.on, &service(self.service.as_ref())).await
    }

    fn rejected(&self, when: &str, said: String) -> Failure {
        Failure::permanent(format!("`nginx -t` fails on {} {when}", self.on)).cause(said)
    }

    /// What the edit may have left, worked out from the copy when the outputs are missing (the process died in between):
    /// it depends on whether another file had the default server of port 80 then.
    async fn left(&self, cx: &Context<'_>, file: &HostFile<'_>) -> Result<Vec<String>, Failure> {
        if let Some(known) = cx.output("sha256") {
            return Ok(vec![known.to_owned()]);
        }
        if file.copy_image().await?.is_none() {
            return Ok(Vec::new());
        }
        let copy = file.read_copy().await?;
        let elsewhere = [false, true].map(|default_on_80| Elsewhere { default_on_80, ..Elsewhere::default() });
        Ok(elsewhere.into_iter().filter_map(|one| Some(sha256(&self.edit(&copy, one).ok()?.bytes))).collect())
    }

    /// Puts the copy back in the place of what this run, or a person in its stead, made of it.
    async fn bring_back(&self, cx: &Context<'_>, file: &HostFile<'_>, before: &FileImage) -> Result<(), Failure> {
        let left = self.left(cx, file).await?;
        let now = file.image().await?;
        let after = left.iter().find(|left| now.as_ref().is_some_and(|now| now.sha256 == **left));
        match standing(before, after.map(String::as_str), now.as_ref()) {
            FileStanding::AsBefore => Ok(()),
            FileStanding::AsLeft(now) => file.restore(before, &now, &self.on.name).await,
            FileStanding::Changed => Err(file.not_ours(&self.on.name)),
            FileStanding::Gone => Err(file.gone(&self.on.name)),
        }
    }
}

/// A file that is not understood: every reason with its line, and what to do about each.
pub(super) fn refused(file: &str, host: &str, refusal: EditRefusal) -> Failure {
    let mut failure = Failure::refused(format!("`{file}` on {host} cannot be edited safely"));
    for reason in refusal.reasons {
        failure = failure.cause(format!("{}: {}", reason.place(), reason.message));
        if !failure.by_hand().contains(&reason.advice.as_str()) {
            failure = failure.advise(reason.advice);
        }
    }
    failure
}

/// What an edit of the file that was asked for on a host was found to stand at; its changes are not told yet.
pub(super) fn finding(
    (on, asked): (&Target, &str),
    file: &HostFile<'_>,
    now: &FileImage,
    copy: Option<&FileImage>,
    edit: &Edit,
) -> Finding {
    let through = if asked == now.path { String::new() } else { format!(" (`{asked}` is a link to it)") };
    let notes: Vec<String> = edit.notes.iter().map(ToString::to_string).collect();
    let said = if notes.is_empty() { String::new() } else { format!("; {}", notes.join("; ")) };
    let mut outputs = Values::new();
    let (found, evidence) = match copy {
        _ if !edit.changed => {
            outputs.insert("sha256".into(), Value::from(now.sha256.as_str()));
            if let Some(copy) = copy {
                outputs.extend(kept(file, copy));
            }
            (Found::Holds, format!("`{}`{through} is so already", now.path))
        }
        Some(copy) if copy.sha256 != now.sha256 => (
            Found::Unknown,
            format!(
                "`{}`{through} is neither what this run found nor what it would make of it; it found `{}`: make the one like \
                 the other, or remove that copy to have the file edited as it is now",
                now.path, file.copy
            ),
        ),
        _ => (Found::Absent, format!("`{}`{through} is understood and can be edited{said}", now.path)),
    };
    let ours = copy.is_some() && found == Found::Holds;
    let before = serde_json::to_value(copy.unwrap_or(now)).unwrap_or_default();
    let facts = Facts::from([fact_of_file(on, asked, &Sight::File(now.clone()))]);
    Finding { before, outputs, facts, ..Finding::new(found, ours, evidence) }
}

fn kept(file: &HostFile<'_>, copy: &FileImage) -> [(String, Value); 2] {
    [
        ("backup".to_owned(), Value::from(file.copy.as_str())),
        ("backup_sha256".to_owned(), Value::from(copy.sha256.as_str())),
    ]
}

/// What an edited file gives to later actions: `copy` is of what the edit was made of, `sha256` what it came to.
pub(super) fn gives(file: &HostFile<'_>, copy: &FileImage, sha256: String) -> Applied {
    kept(file, copy).into_iter().chain([("sha256".to_owned(), Value::from(sha256))]).collect()
}

impl Perform for NginxOffloadTls {
    fn sentence(&self) -> Text {
        tell!(
            "make the site `{}` in `{}` on {} answer plain HTTP on port 80, keep a copy beside it",
            self.fqdn,
            self.file,
            self.on.name
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("put the copy of `{}` on {} back, reload nginx if it runs", self.file, self.on.name))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (file, now) = HostFile::find(cx, &self.on, self.file.as_str()).await?;
        let bytes = file.read().await?;
        let (nginx, whole) = whole(cx, &self.on, self.service.as_ref()).await?;
        let edit = self.judged(&whole, &file.path, &bytes)?;
        let copy = file.copy_image().await?;
        let mut finding = finding((&self.on, self.file.as_str()), &file, &now, copy.as_ref(), &edit);
        if finding.found == Found::Absent {
            file.must_be_replaceable().await?;
            finding.changes = vec![self.change(&file.path, &bytes, &edit)?];
        }
        if !cx.call().before.is_null() {
            finding.before = cx.call().before.clone();
        }
        if finding.found == Found::Absent {
            let files = [(file.path.as_str(), edit.bytes.as_slice())];
            let output = tried(cx, &self.on, &files, TEST, &nginx.words()).await?;
            if let Some(said) = refused_by(&output, self.fqdn.as_str()) {
                return Err(Failure::refused(format!(
                    "nginx on {} would not accept the edited `{}`",
                    self.on, file.path
                ))
                .cause(said)
                .advise("mend what nginx says, or edit the site by hand; nothing was changed"));
            }
        }
        Ok(finding)
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let before: FileImage = cx.before()?;
        // What an earlier attempt found may have been mended by hand since.
        let (file, now) = HostFile::find(cx, &self.on, &before.path).await?;
        let bytes = file.read().await?;
        let nginx = self.nginx(cx).await?;
        // What is wrong with the other files was judged before; what became wrong since, nginx itself will say.
        let elsewhere = match nginx.read(&cx.lines(), &self.on).await? {
            Read::Accepted(whole) => whole.elsewhere(&file.path).map_err(|refusal| self.refused(refusal))?,
            Read::Rejected(_) => Elsewhere::default(),
        };
        let edit = self.edit(&bytes, elsewhere)?;
        if !edit.changed {
            // As after a lost answer: the copy is the one that was made then.
            return Ok(gives(&file, file.kept().await?.image().unwrap_or(&now), sha256(&bytes)));
        }
        file.must_be_replaceable().await?;
        file.stage(&edit.bytes).await?;
        file.replace(&now).await?;
        let after = sha256(&edit.bytes);
        if let Err(said) = self.nginx_accepts(cx, &nginx).await? {
            file.restore(&now, &after, &self.on.name).await?;
            file.set_aside().await?;
            return Err(self
                .rejected("with the edited site; the old one is back", said)
                .advise(Advice::then_resume("nothing was changed: mend what nginx says, or edit the site by hand"))
                .advise(format!("a rollback brings the site back from `{}`", file.aside))
                .into());
        }
        reload_if_active(cx, &self.on, &service(self.service.as_ref())).await?;
        Ok(gives(&file, &now, after))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (file, _) = HostFile::find(cx, &self.on, self.file.as_str()).await?;
        let bytes = file.read().await?;
        let is_left = cx.output("sha256").is_none_or(|left| left == sha256(&bytes));
        if !is_left || self.would_change(&bytes)? {
            return Err(file.not_ours(&self.on.name).into());
        }
        let nginx = self.nginx(cx).await?;
        if let Err(said) = self.nginx_accepts(cx, &nginx).await? {
            return Err(self.rejected("with the edited site", said).into());
        }
        Ok(Verified::by(format!("`{}` on {} is a plain HTTP site, `nginx -t` passes", file.path, self.on.name)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let found: FileImage = cx.before()?;
        let file = HostFile::at(cx, &self.on, &found.path).await?;
        let kept = file.kept().await?;
        let before = original(found, kept.image(), cx.output("backup_sha256"));
        let mut is = "as it was to the byte";
        let taken_back = matches!(kept, Kept::Aside(_));
        if taken_back && file.image().await?.is_some() && self.would_change(&file.read().await?)? {
            // nginx rejected the edit; what was mended in the file since is not ours.
            is = "as it is without this run's edit";
        } else {
            if taken_back {
                file.take_up().await?;
            }
            self.bring_back(cx, &file, &before).await?;
        }
        let nginx = self.nginx(cx).await?;
        if let Err(said) = nginx.test(&cx.lines(), &self.on).await? {
            return Err(self
                .rejected("with the old site back in place", said)
                .advise(Advice::then_resume("its certificate may be gone or another file may have changed: mend it"))
                .into());
        }
        file.remove_copy(&before).await?;
        let reloaded = if reload_if_active(cx, &self.on, &service(self.service.as_ref())).await? {
            ", nginx reloaded"
        } else {
            ""
        };
        Ok(format!("`{}` is {is}, `nginx -t` passes{reloaded}", file.path))
    }
}
