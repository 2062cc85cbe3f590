//! `nginx.drop-in`: one file with what a plain site needs behind a balancer besides its own, judged with all files that nginx
//! reads.
//!
//! The file is made under a name that is not there yet, never over one that is; what a run finds there with other content it
//! leaves alone. Whether the site's own file is edited already does not matter: what it will be is judged.

use super::file::{HostFile, Sight, look};
use super::nginx::{Nginx, refused_by};
use super::offload_tls::refused;
use super::place::HostPlace;
use super::preview::{fact_name, unified};
use super::reload::reload_if_active;
use super::scratch::tried;
use crate::access::RemoteCommand;
use crate::action::edit::nginx::whole::{Answer, Configuration, DropIn, KeepAlive, MARK, Redirects, Wanted, wanted};
use crate::action::edit::{Edit, EditRefusal, nginx};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Change, Facts, Failure, Finding, Found, NginxDropIn, Service, Text, Value, sha256, tell};
use serde_json::json;

/// How long an Application Load Balancer keeps a connection unless told otherwise, in seconds (ELB API,
/// `idle_timeout.timeout_seconds`).
const IDLE_S: u32 = 60;
const HEALTH_PATH: &str = "/status.php";

/// `$1` the file, `$2` the SHA-256 of what comes by standard input. Exit status 3: it is there; 5: not all of it arrived; 6:
/// somebody but root may put names into its folder, or into one above. A hard link takes no name that is taken.
const CREATE: &str = r#"
umask 022
dir=$(cd -P -- "${1%/*}" && pwd)
above=$dir
while :; do
  [ -z "$(find "${above:-/}" -maxdepth 0 \( ! -user 0 -o -perm /022 \))" ] || { echo "${above:-/}"; exit 6; }
  [ -n "$above" ] || break
  above=${above%/*}
done
fresh=$(mktemp -- "$dir/.runbook-drop-in.XXXXXXXXXX")
trap 'rm -f -- "$fresh"' EXIT
cat >"$fresh"
sum=$(sha256sum <"$fresh")
[ "${sum%% *}" = "$2" ] || exit 5
chmod 644 -- "$fresh"
ln -T -- "$fresh" "$1" || { [ ! -e "$1" ] || exit 3; exit 1; }
"#;

/// `$1` the file, `$2` the SHA-256 it must have. Exit status 5: it has another.
const REMOVE: &str = r#"
[ -e "$1" ] || exit 0
sum=$(sha256sum <"$1")
[ "${sum%% *}" = "$2" ] || exit 5
rm -f -- "$1"
"#;

/// What a look at the host brought.
struct Seen {
    nginx: Nginx,
    /// The site's real path.
    site: String,
    edit: Edit,
    drop_in: Option<DropIn>,
    /// What no drop-in can give, and why.
    beyond: Vec<String>,
    /// What is at the file's path.
    there: Sight,
}

impl NginxDropIn {
    fn wanted(&self) -> Wanted {
        let path = self.health_path.as_ref().map_or(HEALTH_PATH, |path| path.as_str());
        wanted(self.fqdn.as_str(), self.idle_timeout_s.unwrap_or(IDLE_S).into(), path)
    }

    fn service(&self) -> Service {
        super::nginx::service(self.service.as_ref())
    }

    async fn seen(&self, cx: &Context<'_>) -> Result<Seen, Failure> {
        let (nginx, whole) = super::nginx::whole(cx, &self.on, self.service.as_ref()).await?;
        let (site, _) = HostFile::find(cx, &self.on, self.site.as_str()).await?;
        let site = site.path;
        HostPlace::must_be_roots(&cx.lines(), &self.on, self.file.as_str()).await?;
        let there = look(cx, &self.on, self.file.as_str()).await?;
        // What the file itself brings is not to count.
        let whole = whole.without(self.file.as_str());
        let told = |refusal: EditRefusal| refused(self.site.as_str(), &self.on.name, refusal);
        let (edit, drop_in, beyond) = self.judged(&whole, &site).map_err(told)?;
        Ok(Seen { nginx, site, edit, drop_in, beyond, there })
    }

    fn judged(&self, whole: &Configuration, site: &str) -> Result<(Edit, Option<DropIn>, Vec<String>), EditRefusal> {
        let elsewhere = whole.elsewhere(site)?;
        let bytes = whole.content(site).unwrap_or_default();
        let edit = nginx::offload_tls_beside(bytes, self.fqdn.as_str(), elsewhere)?;
        let wanted = self.wanted();
        let needs = whole.judge(site, &edit.bytes, &wanted)?.needs;
        let drop_in = whole.drop_in(site, &edit.bytes, &wanted, self.file.as_str())?;
        let mut beyond = Vec::new();
        if let KeepAlive::Short { seconds, place } = needs.keep_alive {
            beyond.push(format!("{place} keeps connections for {seconds} s only"));
        }
        if let Redirects::Absolute { place } = needs.redirects {
            beyond.push(format!("{place} makes nginx complete redirects with http"));
        }
        if let (Answer::Other { server, place, .. }, Some(_)) = (needs.health, &drop_in) {
            beyond.push(format!("{server} ({place}) would answer the health check without it"));
        }
        Ok((edit, drop_in, beyond))
    }

    fn fact(&self, there: &Sight) -> Facts {
        let told = match there {
            Sight::Missing => "not there",
            _ => "there",
        };
        Facts::from([(fact_name(&format!("drop-in of nginx for {}", self.fqdn), &self.on), told.to_owned())])
    }

    fn taken(&self) -> Failure {
        Failure::refused(format!("`{}` is already on {}, with other content", self.file, self.on))
            .advise("it is not what this run would make: look at it and move it away, or give another path")
    }

    async fn remove(&self, cx: &Context<'_>, sha256: &str) -> Result<(), Failure> {
        let command = RemoteCommand::root_script(REMOVE, [self.file.as_str(), sha256]);
        let output = cx.run(&self.on, command).await?;
        match output.status {
            0 => Ok(()),
            5 => Err(Failure::refused(format!("`{}` on {} was changed by somebody", self.file, self.on.name))
                .advise(Advice::then_resume("see what was changed and by whom, remove it by hand"))),
            status => {
                Err(Failure::permanent(format!("cannot remove `{}` on {} (exit status {status})", self.file, self.on))
                    .cause(output.stderr))
            }
        }
    }
}

impl Perform for NginxDropIn {
    fn sentence(&self) -> Text {
        tell!("give nginx on {} what `{}` needs behind a balancer, in `{}`", self.on.name, self.fqdn, self.file)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("remove `{}` on {}, reload nginx if it runs", self.file, self.on.name))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let seen = self.seen(cx).await?;
        let first = cx.call().before.clone();
        let before = if first.is_null() { json!({ "there": seen.there != Sight::Missing }) } else { first.clone() };
        let beyond = if seen.beyond.is_empty() { String::new() } else { format!("; {}", seen.beyond.join("; ")) };
        let finding = |found, ours, evidence: String| Finding {
            before: before.clone(),
            facts: self.fact(&seen.there),
            ..Finding::new(found, ours, evidence)
        };
        let Some(drop_in) = &seen.drop_in else {
            let evidence =
                format!("nginx on {} has all that a file of ours could give `{}`{beyond}", self.on.name, self.fqdn);
            return Ok(finding(Found::Holds, false, evidence));
        };
        match &seen.there {
            Sight::File(image) if image.sha256 == sha256(drop_in.text.as_bytes()) => {
                let ours = first.get("there") == Some(&Value::Bool(false));
                let mut finding = finding(Found::Holds, ours, format!("`{}` is there", self.file));
                finding.outputs.insert("sha256".into(), Value::from(image.sha256.as_str()));
                Ok(finding)
            }
            Sight::Missing => {
                let files =
                    [(seen.site.as_str(), seen.edit.bytes.as_slice()), (self.file.as_str(), drop_in.text.as_bytes())];
                let output = tried(cx, &self.on, &files, super::nginx::TEST, &seen.nginx.words()).await?;
                if let Some(said) = refused_by(&output, self.fqdn.as_str()) {
                    return Err(Failure::refused(format!(
                        "nginx on {} would not accept the site with `{}`",
                        self.on, self.file
                    ))
                    .cause(said)
                    .advise("mend what nginx says; nothing was changed"));
                }
                let evidence = format!("`{}` can be made: {}{beyond}", self.file, drop_in.does.join(", "));
                let mut finding = finding(Found::Absent, false, evidence);
                let diff = unified(self.file.as_str(), "", &drop_in.text);
                finding.changes = vec![Change::File { on: self.on.name.clone(), path: self.file.to_string(), diff }];
                Ok(finding)
            }
            _ => Err(self.taken()),
        }
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let seen = self.seen(cx).await?;
        let Some(drop_in) = seen.drop_in else { return Ok(Applied::new()) };
        let wanted = sha256(drop_in.text.as_bytes());
        let command = RemoteCommand::root_script(CREATE, [self.file.as_str(), &wanted]).stdin(drop_in.text.as_bytes());
        if !matches!(&seen.there, Sight::File(image) if image.sha256 == wanted) {
            let output = cx.run(&self.on, command).await?;
            match output.status {
                0 => {}
                3 => return Err(self.taken().into()),
                6 => {
                    let message = format!("`{}` on {} is not root's alone to change", output.text(), self.on);
                    return Err(Failure::refused(message)
                        .cause("what nginx reads as its configuration must be")
                        .advise(Advice::then_resume("give it to root, without leave to write for others"))
                        .into());
                }
                5 => {
                    return Err(Failure::transient(format!("not all of `{}` arrived on {}", self.file, self.on)).into());
                }
                status => {
                    let message = format!("cannot make `{}` on {} (exit status {status})", self.file, self.on);
                    return Err(Failure::permanent(message).cause(output.stderr).into());
                }
            }
        }
        let output = cx.run(&self.on, RemoteCommand::sudo(seen.nginx.command(&["-t"]))).await?;
        if let Some(said) = refused_by(&output, self.fqdn.as_str()) {
            self.remove(cx, &wanted).await?;
            return Err(Failure::permanent(format!(
                "nginx on {} does not accept `{}`; it is removed again",
                self.on, self.file
            ))
            .cause(said)
            .advise(Advice::then_resume("mend what nginx says"))
            .into());
        }
        reload_if_active(cx, &self.on, &self.service()).await?;
        Ok([("sha256".to_owned(), Value::from(wanted))].into_iter().collect())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let seen = self.seen(cx).await?;
        let is_so = match (&seen.drop_in, &seen.there) {
            (Some(drop_in), Sight::File(image)) => image.sha256 == sha256(drop_in.text.as_bytes()),
            (None, _) => true,
            _ => false,
        };
        if !is_so {
            return Err(Failure::refused(format!("`{}` on {} is not what this run made", self.file, self.on))
                .advise(Advice::then_resume("see what was changed and by whom"))
                .into());
        }
        let output = cx.run(&self.on, RemoteCommand::sudo(seen.nginx.command(&["-t"]))).await?;
        if let Some(said) = refused_by(&output, self.fqdn.as_str()) {
            return Err(Failure::permanent(format!("nginx on {} does not accept its configuration", self.on))
                .cause(said)
                .into());
        }
        let does = seen.drop_in.map_or(String::from("nothing more is needed"), |drop_in| drop_in.does.join(", "));
        Ok(Verified::by(format!("nginx on {} accepts `{}`: {does}", self.on.name, self.file)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let was_there = cx.call().before.get("there") == Some(&Value::Bool(true));
        HostPlace::must_be_roots(&cx.lines(), &self.on, self.file.as_str()).await?;
        let there = look(cx, &self.on, self.file.as_str()).await?;
        let Sight::File(image) = there else { return Ok(format!("`{}` is not on {}", self.file, self.on.name)) };
        if was_there {
            return Ok(format!("`{}` was there before", self.file));
        }
        match cx.output("sha256") {
            Some(made) => self.remove(cx, made).await?,
            // The process died before it could say what it made: what a file of ours begins with tells.
            None => {
                let read = RemoteCommand::sudo(["head", "-c", "4096", "--", self.file.as_str()]);
                let text = cx.run_ok(&self.on, read, &format!("reading `{}`", self.file)).await?;
                if !text.starts_with(&format!("{MARK}{}", self.fqdn.as_str().to_ascii_lowercase())) {
                    return Err(self.taken().into());
                }
                self.remove(cx, &image.sha256).await?;
            }
        }
        let nginx = Nginx::of(&cx.lines(), &self.on, &self.service()).await?;
        if let Err(said) = nginx.test(&cx.lines(), &self.on).await? {
            return Err(Failure::permanent(format!(
                "{} fails on {} without `{}`",
                nginx.told("-t"),
                self.on,
                self.file
            ))
            .cause(said)
            .advise(Advice::then_resume("mend what nginx says"))
            .into());
        }
        let reloaded = if reload_if_active(cx, &self.on, &self.service()).await? { ", nginx reloaded" } else { "" };
        Ok(format!("`{}` is removed{reloaded}", self.file))
    }
}
