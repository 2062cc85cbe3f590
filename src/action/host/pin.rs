//! `ssh.pin-host-key`: learns a host's key from a source the operator trusts, and proves it by connecting with it.
//!
//! The key is learned once, kept in the outputs, and only then shown or used: what a person approves is what is pinned,
//! however often it is tried. Another key is learned only after an undo, or when a person says that it is not done: both
//! ask for approval anew.

use super::local::{LocalWay, fingerprints, keys_on_console};
use crate::access::{AwsError, RemoteCommand, SshError, SshTrouble};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Advice, Facts, Failure, FailureKind, Finding, Found, HostKeys, Reach, Recourse, Resolution, SshPinHostKey, Target,
    Text, Value, Values, host_key_gate, tell,
};
use std::time::Instant;

/// Where a key is learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    KnownHosts,
    Console,
    Approve,
}

impl SshPinHostKey {
    fn source(&self) -> Result<Source, Failure> {
        match self.by.as_str() {
            "known-hosts" => Ok(Source::KnownHosts),
            "console" => Ok(Source::Console),
            "approve" => Ok(Source::Approve),
            other => Err(Failure::refused(format!("`{other}` is no way to learn a host key"))
                .advise("use `known-hosts`, `console` or `approve`")),
        }
    }

    async fn way(&self, cx: &Context<'_>) -> Result<LocalWay, Failure> {
        let address = cx.address(&self.on).await?;
        LocalWay::to(cx.access().ssh(), &self.on, &address).await
    }

    async fn known(&self, cx: &Context<'_>) -> Result<String, Failure> {
        let way = self.way(cx).await?;
        let keys = way.known_keys().await?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        if let Some(command) = &way.key_command {
            return Err(Failure::refused(format!("the host key of {} is in no known_hosts file of yours", self.on))
                .cause(format!("your ssh asks `{command}` (KnownHostsCommand), whose answer is not pinned"))
                .advise("write the key into a known_hosts file, or learn it by `approve`"));
        }
        let login = self.on.user.as_ref().map_or_else(|| way.host.clone(), |user| format!("{user}@{}", way.host));
        Err(Failure::refused(format!(
            "the host key of {} is not in your known_hosts, as `{}`",
            self.on,
            way.known_as()
        ))
        .advise(format!(
            "connect once by hand and compare the fingerprint with the host's console: `ssh -p {} {login}`",
            way.port
        )))
    }

    async fn shown(&self, cx: &Context<'_>) -> Result<String, Failure> {
        let what = format!("{} shows its host key", self.on);
        wait_until(cx, &what, async || {
            let way = self.way(cx).await?;
            if way.indirect {
                return Err(Failure::refused(format!("the way to {} leads through another host", self.on))
                    .cause("`ssh-keyscan` cannot follow ProxyJump or ProxyCommand")
                    .advise("learn the key by `known-hosts` or `console`"));
            }
            let keys = way.shown_keys().await?;
            Ok(if keys.is_empty() {
                Glance::NotYet(format!("no host key from {} port {} yet", way.host, way.port))
            } else {
                Glance::Done(keys)
            })
        })
        .await
    }

    async fn on_console(&self, cx: &Context<'_>) -> Result<String, Failure> {
        let Reach::Instance(id, _) = self.on.reach() else {
            return Err(Failure::refused(format!("{} is no instance and has no console to read", self.on))
                .advise("learn the key by `known-hosts` or `approve`"));
        };
        let aws = cx.aws().await?;
        let what = format!("the host keys of `{id}` are on its console");
        wait_until(cx, &what, async || {
            let answer = aws.read.ec2.get_console_output().instance_id(id.as_str()).latest(true).send().await;
            let answer = match answer.map_err(AwsError::from) {
                Ok(answer) => answer,
                // Only Nitro instances give the latest output at any time.
                Err(e) if e.is(&["UnsupportedOperation"]) => {
                    let posted = aws.read.ec2.get_console_output().instance_id(id.as_str()).send().await;
                    posted.map_err(|e| AwsError::from(e).failure(format!("cannot read the console of `{id}`")))?
                }
                Err(e) => return Err(e.failure(format!("cannot read the console of `{id}`"))),
            };
            let bytes = aws_smithy_types::base64::decode(answer.output().unwrap_or_default()).unwrap_or_default();
            let keys = keys_on_console(&String::from_utf8_lossy(&bytes));
            Ok(if keys.is_empty() {
                Glance::NotYet(format!(
                    "no host keys on the console of `{id}` yet (cloud-init prints them at first boot)"
                ))
            } else {
                Glance::Done(keys)
            })
        })
        .await
        .map_err(|failure| match failure.kind {
            FailureKind::Deadline => failure.advise(
                Advice::way(Recourse::Replan(Some("INPUT=approve".to_owned()))).which(format!(
                    "lets a person compare the key, where the console will not show it (an image without cloud-init, or \
                     `emit_keys_to_console: false`); INPUT is the input from which `{}` has the word `console`",
                    cx.call().action
                )),
            ),
            _ => failure,
        })
    }

    async fn learn(&self, cx: &Context<'_>) -> Result<String, Failure> {
        match self.source()? {
            Source::KnownHosts => self.known(cx).await,
            Source::Console => self.on_console(cx).await,
            Source::Approve => self.shown(cx).await,
        }
    }

    fn with_key(&self, keys: &str) -> Result<Target, Failure> {
        let host_key = HostKeys::try_from(keys.to_owned()).map_err(|e| {
            Failure::permanent(format!("the host key of {} cannot be pinned", self.on)).cause(e.to_string())
        })?;
        Ok(Target { host_key: Some(host_key), ..self.on.clone() })
    }

    /// Connects with these keys and no others. A host that was started a moment ago may not let users in yet.
    async fn connect(&self, cx: &Context<'_>, keys: &str, since: Instant) -> Result<Glance<()>, Failure> {
        let pinned = self.with_key(keys)?;
        match cx.run(&pinned, RemoteCommand::new(["true"])).await {
            Ok(output) if output.ok() => Ok(Glance::Done(())),
            Ok(output) => Err(Failure::permanent(format!("logging in on {} failed", self.on)).cause(output.stderr)),
            Err(error) if error.trouble.may_pass_at_boot(since.elapsed()) => Ok(Glance::NotYet(error.to_string())),
            Err(error @ SshError { trouble: SshTrouble::HostKey(_), .. }) => Err(error.failure().advise(
                Advice::by_hand("find out why it shows another key than the pinned one")
                    .then(Recourse::Resolve(cx.call().action.clone(), Resolution::NotDone))
                    .which("lets its key be learned anew"),
            )),
            Err(error) => Err(error.failure()),
        }
    }

    /// The key that an earlier attempt learned.
    fn learned<'a>(cx: &Context<'a>) -> Option<&'a str> {
        cx.output("host_key")
    }

    /// Connects with the key that is known, once: what is known already needs no effect, so that everything on this host
    /// can be looked at before a run begins.
    async fn meet(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let keys = self.known(cx).await?;
        let fingerprint = fingerprints(&keys).await?;
        self.meet_with(cx, &keys, &fingerprint).await?;
        let evidence = format!("logged in to {} with {fingerprint} of known_hosts", self.on.name);
        let facts = Facts::from([(format!("SSH host key of {} in known_hosts", self.on.name), fingerprint.clone())]);
        let outputs = pinned(keys, fingerprint);
        Ok(Finding { outputs, facts, ..Finding::new(Found::Holds, false, evidence) })
    }

    async fn meet_with(&self, cx: &Context<'_>, keys: &str, fingerprint: &str) -> Result<(), Failure> {
        let pinned = self.with_key(keys)?;
        match cx.run(&pinned, RemoteCommand::new(["true"])).await {
            Err(SshError { trouble: SshTrouble::HostKey(_), .. }) => {}
            Err(error) => return Err(error.failure()),
            Ok(_) => return Ok(()),
        }
        let failure = Failure::refused(format!("the host key of {} is not the one in your known_hosts", self.on))
            .cause(format!("known_hosts has {fingerprint}"));
        let way = self.way(cx).await?;
        let shown = if way.indirect { String::new() } else { way.shown_keys().await? };
        let failure = match fingerprints(&shown).await {
            Ok(shown) if !shown.is_empty() => failure.cause(format!("the host shows {shown}")),
            _ => failure,
        };
        Err(failure.advise(format!(
            "compare with the host's console; it is another host, or somebody is in between, unless you know why the key \
             changed: only then `ssh-keygen -R {}` and connect once by hand",
            way.known_as()
        )))
    }

    fn gate(&self) -> String {
        host_key_gate(&self.on.name)
    }
}

fn pinned(keys: String, fingerprint: String) -> Values {
    Values::from([("host_key".to_owned(), Value::from(keys)), ("fingerprint".to_owned(), Value::from(fingerprint))])
}

impl Perform for SshPinHostKey {
    const PERMISSIONS: &'static [&'static str] = &["ec2:GetConsoleOutput"];

    fn sentence(&self) -> Text {
        let from = match self.by.as_str() {
            "console" => "from its console output",
            "approve" => "at first contact, when a person approves its fingerprint",
            _ => "from your known_hosts",
        };
        tell!("learn the SSH host key of {} {}, and accept no other in this run", self.on.name, from)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let evidence = match self.source()? {
            Source::KnownHosts => return self.meet(cx).await,
            // The host need not be there yet for the other two.
            Source::Console => "the key is read from the console when the host is up".to_owned(),
            Source::Approve => "the key is asked for when the host is up".to_owned(),
        };
        Ok(Finding::new(Found::Absent, false, evidence))
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let keys = match Self::learned(cx) {
            Some(keys) => keys.to_owned(),
            None => self.learn(cx).await?,
        };
        let fingerprint = fingerprints(&keys).await?;
        Ok(pinned(keys, fingerprint))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        // What is shown must be what is pinned: it is recorded first.
        let keys = Self::learned(cx).ok_or_else(|| {
            Failure::transient(format!("the host key of {} was not recorded when it was seen", self.on))
        })?;
        let fingerprint = fingerprints(keys).await?;
        if self.source()? == Source::Approve && !cx.call().approved.contains(&self.gate()) {
            let prompt = format!(
                "{} shows this SSH host key:\n{}\ncompare it with the host's console, and approve it only if it is the same",
                self.on,
                fingerprint.replace(", ", "\n")
            );
            return Err(Stop::Waiting { gate: self.gate(), prompt });
        }
        let what = format!("{} lets us in with the pinned key", self.on);
        let since = Instant::now();
        wait_until(cx, &what, async || self.connect(cx, keys, since).await).await?;
        Ok(Verified::by(format!("logged in to {} with {fingerprint}", self.on.name)))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: the pin belongs to the run".into())
    }
}
