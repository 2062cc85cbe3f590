//! `php.set-config`: sets keys of a PHP configuration file; judged by php on the host before it is put in place.
//!
//! Undo puts the copy back when the file is as we left it. When it was changed since (Nextcloud rewrites config.php on
//! upgrades and settings), only our keys are taken back, and only where they still hold what we set.

use super::file::{FileImage, HostFile};
use super::offload_tls::{finding, gives, refused};
use super::php::{Php, Told};
use super::preview::command_of;
use super::reload::reload_if_active;
use super::restore::{FileStanding, original, standing};
use super::systemd::asking;
use crate::action::edit::Edit;
use crate::action::edit::php::{
    Previous, Setting, names_secret, read_raw, set_config, shown, shown_value, unset_config,
};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{
    Advice, Change, Failure, Finding, Foretold, Found, KeyChange, PhpProgram, PhpSetConfig, Text, Value, Values,
    sha256, tell,
};
use serde_json::json;
use std::collections::BTreeMap;

impl PhpSetConfig {
    /// The php that reads the file.
    fn php<'a>(&'a self, cx: &'a Context<'a>, file: &HostFile<'_>) -> Result<Php<'a>, Failure> {
        Ok(Php {
            cx,
            host: &self.on,
            program: self.php.as_ref().map_or("php", PhpProgram::as_str),
            hand: file.reader()?,
        })
    }

    /// Every key with what it is to hold.
    fn settings(&self) -> Result<Vec<(String, Setting)>, Failure> {
        let known = |value: &Foretold| {
            let value = value.clone().into_known();
            value.map_err(|error| Failure::permanent("a key cannot be set yet").cause(error.to_string()))
        };
        let set = self.set.iter().flatten().map(|(key, value)| Ok((key.clone(), Setting::Value(known(value)?))));
        let append = self.append.iter().flatten().map(|(key, value)| {
            let texts = serde_json::from_value(known(value)?)
                .map_err(|_| Failure::refused(format!("`append` of `{key}` must be a list of texts")))?;
            Ok((key.clone(), Setting::Append(texts)))
        });
        set.chain(append).collect()
    }

    fn keys(&self) -> Vec<String> {
        self.set.iter().chain(&self.append).flatten().map(|(key, _)| key.clone()).collect()
    }

    fn wanted(&self) -> Value {
        let shown = |values: &Option<BTreeMap<String, Foretold>>| -> Values {
            values.iter().flatten().map(|(key, value)| (key.clone(), value.shown())).collect()
        };
        json!({ "set": shown(&self.set), "append": shown(&self.append) })
    }

    fn edit(&self, bytes: &[u8]) -> Result<Edit, Failure> {
        set_config(bytes, &self.settings()?).map_err(|r| refused(self.file.as_str(), &self.on.name, r))
    }

    /// What the edit changes: only our keys leave the file.
    fn change(&self, path: &str, before: &[u8], edit: &Edit) -> Result<Change, Failure> {
        let keys = self.keys();
        let explain = |r| refused(path, &self.on.name, r);
        let values = |bytes: &[u8]| shown(bytes, &keys).map_err(explain);
        let raw = |bytes: &[u8]| read_raw(bytes, &keys).map_err(explain);
        let (mut from, mut to) = (values(before)?, values(&edit.bytes)?);
        // What is shown of two values may be the same, for a secret is masked.
        let (was, will_be) = (raw(before)?, raw(&edit.bytes)?);
        let changed = keys.iter().filter(|key| was.get(*key) != will_be.get(*key)).map(|key| KeyChange {
            key: key.clone(),
            from: from.remove(key).flatten(),
            to: to.remove(key).flatten(),
        });
        Ok(Change::Keys { on: self.on.name.clone(), path: path.to_owned(), keys: changed.collect() })
    }

    /// That php finds nothing changed but what may change, and nothing that keeps it from its effect.
    async fn judge(&self, cx: &Context<'_>, file: &HostFile<'_>, bytes: &[u8]) -> Result<(), Failure> {
        let told = self.php(cx, file)?.judge(&file.path, bytes, &self.wanted()).await?;
        let wrong = format!("the edit of `{}` on {} would do something else", file.path, self.on);
        verdict(told, &wrong, "nothing was changed: edit the file by hand, or set the keys with `occ`")
    }

    /// That nothing that is read after the file takes its settings back.
    async fn must_not_be_overridden(&self, cx: &Context<'_>, file: &HostFile<'_>) -> Result<(), Failure> {
        let mut failure = Failure::refused(format!(
            "what `{}` on {} says of these keys would be overridden by files read after it",
            file.path, self.on
        ));
        for (path, told) in self.php(cx, file)?.overriding(&file.path, &self.wanted()).await? {
            let (keys, rest): (Vec<Told>, Vec<Told>) = told.into_iter().partition(|it| matches!(it, Told::Sets(_)));
            verdict(
                rest,
                &format!("`{path}` on {}, which is read later, speaks against it", self.on),
                "mend that file first",
            )?;
            let keys: Vec<String> = keys
                .iter()
                .map(|it| if let Told::Sets(key) = it { format!("`{key}`") } else { String::new() })
                .collect();
            failure = failure.cause(format!("`{path}` sets {}", keys.join(", ")));
        }
        if failure.causes.is_empty() {
            return Ok(());
        }
        Err(failure.advise("take the keys out of those files first, or set them there by hand"))
    }

    async fn reload(&self, cx: &Context<'_>) -> Result<String, Failure> {
        match &self.reload {
            Some(service) if reload_if_active(cx, &self.on, service).await? => Ok(format!(", `{service}` reloaded")),
            Some(service) => Ok(format!(", `{service}` does not run")),
            None => Ok(String::new()),
        }
    }

    /// Takes our keys out of a file that somebody changed since, with the help of the copy.
    async fn take_back(&self, cx: &Context<'_>, file: &HostFile<'_>) -> Result<(), Failure> {
        let explain = |r| refused(&file.path, &self.on.name, r);
        let (now, then) = (file.read().await?, file.read_copy().await?);
        let keys = self.keys();
        let ours = read_raw(&self.edit(&then)?.bytes, &keys).map_err(explain)?;
        let found = read_raw(&now, &keys).map_err(explain)?;
        let before = read_raw(&then, &keys).map_err(explain)?;
        let foreign: Vec<String> = keys
            .iter()
            .filter(|k| found[*k] != ours[*k] && found[*k] != before[*k])
            .map(|k| format!("`{k}`"))
            .collect();
        if !foreign.is_empty() {
            return Err(file.not_ours(&self.on.name).cause(format!("{} hold something else now", foreign.join(", "))));
        }
        let previous: Vec<(String, Previous)> =
            before.into_iter().map(|(key, raw)| (key, raw.map_or(Previous::Absent, Previous::Was))).collect();
        let edit = unset_config(&now, &previous).map_err(explain)?;
        if edit.changed {
            self.php(cx, file)?.lint_text(&file.path, &edit.bytes).await?;
            file.stage(&edit.bytes).await?;
            file.commit(&sha256(&now)).await?;
        }
        Ok(())
    }
}

/// What php told, as a refusal: what is wrong with `advice`, what speaks against it with what helps. A key that is set is no
/// fault.
fn verdict(told: Vec<Told>, wrong: &str, advice: &str) -> Result<(), Failure> {
    let mut failure = Failure::refused(wrong);
    for it in told {
        let (why, helps) = match it {
            Told::Sets(_) => continue,
            Told::Against { why, advice } => (why, advice),
            Told::Wrong(why) => (why, advice),
        };
        failure = failure.cause(why);
        if !failure.by_hand().contains(&helps) {
            failure = failure.advise(helps);
        }
    }
    if failure.causes.is_empty() { Ok(()) } else { Err(failure) }
}

/// A value as a sentence has it: of a secret nothing.
fn told(key: &str, value: &Foretold) -> Text {
    match value {
        Foretold::Text(text) if !names_secret(key) => tell!("\"{}\"", text),
        value => shown_value(key, &value.shown()).into(),
    }
}

impl Perform for PhpSetConfig {
    fn sentence(&self) -> Text {
        let set = self.set.iter().flatten().map(|(key, value)| tell!("`{}` = {}", key, told(key, value)));
        let append = self.append.iter().flatten();
        let append = append.map(|(key, value)| tell!("{} appended to `{}`", told(key, value), key));
        let all = Text::joined(set.chain(append), ", ");
        tell!("set {} in `{}` on {}, keep a copy beside it", all, self.file, self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!(
            "put the copy of `{}` on {} back; if it was changed since, take back only {}",
            self.file,
            self.on.name,
            self.keys().iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
        ))
    }

    fn changes(&self) -> Vec<Change> {
        self.reload.iter().map(|service| command_of(&self.on, &asking("reload", service))).collect()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (file, now) = HostFile::find(cx, &self.on, self.file.as_str()).await?;
        let bytes = file.read().await?;
        let edit = self.edit(&bytes)?;
        let copy = file.copy_image().await?;
        let mut finding = finding((&self.on, self.file.as_str()), &file, &now, copy.as_ref(), &edit);
        if finding.found == Found::Absent {
            file.must_be_replaceable().await?;
            finding.changes = vec![self.change(&file.path, &bytes, &edit)?];
            finding.changes.extend(self.changes());
        }
        if !cx.call().before.is_null() {
            finding.before = cx.call().before.clone();
        }
        let php = self.php(cx, &file)?;
        php.lint(&file.path).await?;
        match finding.found {
            Found::Absent => self.judge(cx, &file, &edit.bytes).await?,
            Found::Holds => {
                let told = php.keys(&file.path, &self.wanted()).await?;
                let against = told.into_iter().filter(|it| !matches!(it, Told::Sets(_))).collect();
                verdict(
                    against,
                    &format!("`{}` on {} speaks against what it sets", file.path, self.on),
                    "mend it first",
                )?;
            }
            Found::Unknown | Found::Otherwise | Found::InProgress => return Ok(finding),
        }
        self.must_not_be_overridden(cx, &file).await?;
        Ok(finding)
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let before: FileImage = cx.before()?;
        // What an earlier attempt found may have been rewritten since, by Nextcloud itself.
        let (file, now) = HostFile::find(cx, &self.on, &before.path).await?;
        let bytes = file.read().await?;
        let edit = self.edit(&bytes)?;
        let copied = if edit.changed {
            file.must_be_replaceable().await?;
            self.judge(cx, &file, &edit.bytes).await?;
            file.stage(&edit.bytes).await?;
            file.replace(&now).await?;
            now
        } else {
            // As after a lost answer: the copy is the one that was made then.
            file.copy_image().await?.unwrap_or(now)
        };
        self.reload(cx).await?;
        Ok(gives(&file, &copied, sha256(&edit.bytes)))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (file, _) = HostFile::find(cx, &self.on, self.file.as_str()).await?;
        let bytes = file.read().await?;
        if self.edit(&bytes)?.changed {
            return Err(Failure::permanent(format!("`{}` on {} does not hold what was set", file.path, self.on)).into());
        }
        self.php(cx, &file)?.lint(&file.path).await?;
        // Once more: the process may have died between the edit and the reload.
        let reloaded = self.reload(cx).await?;
        Ok(Verified::by(format!("`{}` on {} holds what was set, php accepts it{reloaded}", file.path, self.on.name)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let found: FileImage = cx.before()?;
        let file = HostFile::at(cx, &self.on, &found.path).await?;
        let copy = file.copy_image().await?;
        let before = original(found, copy.as_ref(), cx.output("backup_sha256"));
        let after = match (cx.output("sha256"), &copy) {
            (Some(known), _) => Some(known.to_owned()),
            (None, Some(_)) => self.edit(&file.read_copy().await?).ok().map(|edit| sha256(&edit.bytes)),
            (None, None) => None,
        };
        let did = match standing(&before, after.as_deref(), file.image().await?.as_ref()) {
            FileStanding::AsBefore => "is as it was to the byte",
            FileStanding::AsLeft(now) => {
                file.restore(&before, &now, &self.on.name).await?;
                "is as it was to the byte"
            }
            FileStanding::Changed if copy.is_some() => {
                self.take_back(cx, &file).await?;
                "was changed since: only our keys were taken back"
            }
            // An earlier undo took our keys back and removed the copy; else the copy was removed by somebody.
            FileStanding::Changed if self.edit(&file.read().await?)?.changed => {
                "was changed since and holds nothing of ours"
            }
            FileStanding::Changed => {
                return Err(Failure::refused(format!("the copy of `{}` is not on {} any more", file.path, self.on))
                    .cause("the file was changed since, and still holds what this run set")
                    .advise(Advice::then_resume("take the keys back by hand"))
                    .into());
            }
            FileStanding::Gone => return Err(file.gone(&self.on.name).into()),
        };
        self.php(cx, &file)?.lint(&file.path).await?;
        let reloaded = self.reload(cx).await?;
        file.remove_copy(&before).await?;
        Ok(format!("`{}` on {} {did}{reloaded}", file.path, self.on.name))
    }
}
