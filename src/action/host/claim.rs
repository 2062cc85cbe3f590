//! `host.claim` and `host.release`: what keeps another run off a host that is in no account, where no tag can say so.
//!
//! The claim is on the host itself, where every operator meets it: one link, made in one step with its text, of which there is one,
//! in the folder of root's (or the user's) commands, into which nobody else can put names ([`SCRIPT`]). It says run, runbook, operator
//! and time, and survives a reboot.
//!
//! Promises: of two runs one has it; a claim of this run is found again whatever was cut off; only this run's is taken away; what
//! comes late of a claim that was taken back leaves nothing.
//! Not handled: runs that do not claim; a host whose disk is put back to an earlier state; a claim of a user without `sudo`, which
//! lies in that user's home, keeps off only who logs in as the same user.

use super::preview::fact_name;
use crate::access::RemoteCommand;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{
    Advice, Change, Facts, Failure, FailureKind, Finding, Found, HostClaim, HostRelease, Recourse, Resolution, Target,
    Text, quoted, tell,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

const SCRIPT: &str = concat!(include_str!("../kept_folder.sh"), include_str!("claim.sh"));
/// The folder, as the script knows it by itself.
const USUAL: &str = "runbook";

/// A host with the way in which it is claimed.
#[derive(Clone, Copy)]
struct Post<'a> {
    on: &'a Target,
    /// As whoever logs in, without `sudo`.
    as_user: bool,
}

/// Whose a host is.
struct Holding {
    /// The folder of the claim.
    folder: String,
    /// The claim's text; nothing where there is none.
    text: Option<String>,
}

/// What was found first.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    ours: bool,
}

impl Holding {
    fn field(&self, name: &str) -> Option<&str> {
        let text = self.text.as_deref()?;
        text.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    }

    fn is_of(&self, cx: &Context<'_>) -> bool {
        self.field("run") == Some(cx.call().run.as_str())
    }

    fn path(&self) -> String {
        format!("{}/claim", self.folder.trim_end_matches('/'))
    }

    fn fact(&self, cx: &Context<'_>, host: &Target) -> Facts {
        let value = match &self.text {
            None => "none",
            Some(_) if self.is_of(cx) => "this run",
            Some(_) => self.field("run").unwrap_or("somebody"),
        };
        Facts::from([(fact_name("the claim", host), value.to_owned())])
    }
}

/// A field's value, in which nothing ends it.
fn plain(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_.@:+".contains(c);
    let text: String = text.chars().map(|c| if kept(c) { c } else { '_' }).take(64).collect();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

impl<'a> Post<'a> {
    fn name(&self) -> &str {
        &self.on.name
    }

    async fn ask(&self, cx: &Context<'_>, words: &[&str]) -> Result<Holding, Failure> {
        let argv = ["sh", "-c", SCRIPT, USUAL].into_iter().chain(words.iter().copied());
        let command = if self.as_user { RemoteCommand::new(argv) } else { RemoteCommand::sudo(argv) };
        let asked = cx.run_ok(self.on, command, "looking who is at work there").await;
        let told = asked.map_err(|failure| match failure.kind {
            FailureKind::Refused if !self.as_user && failure.message.contains("`sudo`") => failure.advise(
                "or give it `as_user: true`: then the claim lies in the home of whoever logs in, and keeps off only the same user",
            ),
            _ => failure,
        })?;
        let mut lines = told.lines();
        let folder = lines.next().unwrap_or_default().to_owned();
        let text = lines.next().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Holding { folder, text })
    }

    async fn look(&self, cx: &Context<'_>) -> Result<Holding, Failure> {
        self.ask(cx, &["look"]).await
    }

    /// Takes the claim, unless somebody has it; who has it then. The host says since when, by its own clock. `deed`: under which a later [`Post::give`] closes it.
    async fn take(&self, cx: &Context<'_>, deed: &str) -> Result<Holding, Failure> {
        let call = cx.call();
        let at = crate::access::this_machine();
        let text =
            format!("run={} runbook={} by={} on={}", call.run, plain(&call.runbook), plain(&call.by), plain(&at));
        self.ask(cx, &["take", call.run.as_str(), &text, deed]).await
    }

    /// Gives the claim back, if it is this run's; what is there then. `deed`: what is to take nothing any more.
    async fn give(&self, cx: &Context<'_>, deed: &str) -> Result<Holding, Failure> {
        self.ask(cx, &["give", cx.call().run.as_str(), deed]).await
    }

    /// The refusal of a host that another run has.
    fn held(&self, holding: &Holding) -> Failure {
        let field = |name| holding.field(name).unwrap_or("?");
        let (run, by, on, since) = (field("run"), field("by"), field("on"), field("since"));
        let sudo = if self.as_user { "" } else { "sudo " };
        Failure::refused(format!("{} is being worked on by run `{run}`", self.on))
            .cause(format!("of runbook `{}`, opened by {by} on {on}; claimed since {since}", field("runbook")))
            .advise(Advice::then_resume(format!(
                "look where that run is (`runbook runs` on {on}); if it is over or lost for good, on {}: `{sudo}rm {}`",
                self.name(),
                quoted(&holding.path())
            )))
    }

    /// The refusal after another's claim, if it is one.
    fn must_be_ours(&self, cx: &Context<'_>, holding: &Holding) -> Result<(), Failure> {
        match &holding.text {
            Some(_) if holding.is_of(cx) => Ok(()),
            Some(_) => Err(self.held(holding)),
            None => Err(Failure::transient(format!("the claim of {} was not taken", self.on))),
        }
    }

    fn where_it_lies(&self) -> &'static str {
        if self.as_user { "~/.local/state/runbook/claim" } else { "/var/lib/runbook/claim" }
    }

    fn command(&self, argv: &[&str]) -> Change {
        let head: &[&str] = if self.as_user { &[] } else { &["sudo", "-n", "--"] };
        let argv = head.iter().chain(argv).map(|word| (*word).to_owned()).collect();
        Change::Command { on: self.name().to_owned(), argv }
    }

    fn claiming(&self) -> Change {
        self.command(&["ln", "-sn", "run=(the run's id) runbook=... by=... on=... since=...", self.where_it_lies()])
    }

    fn releasing(&self) -> Change {
        self.command(&["rm", self.where_it_lies()])
    }

    fn taken(&self, holding: &Holding) -> String {
        let whom = if self.as_user { "; it keeps off only who logs in as the same user" } else { "" };
        format!("{} is claimed by this run, in {}{whom}", self.name(), holding.path())
    }

    fn free(&self, holding: &Holding) -> String {
        match holding.field("run") {
            None => format!("{} is claimed by nobody", self.name()),
            Some(run) => format!("{} is claimed by run `{run}` now", self.name()),
        }
    }
}

impl HostClaim {
    fn post(&self) -> Post<'_> {
        Post { on: &self.on, as_user: self.as_user == Some(true) }
    }
}

impl HostRelease {
    fn post(&self) -> Post<'_> {
        Post { on: &self.on, as_user: self.as_user == Some(true) }
    }
}

impl Perform for HostClaim {
    fn sentence(&self) -> Text {
        tell!("claim {} for this run, so that no other run works on it", self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("take this run's claim off {}", self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.post().claiming()]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let post = self.post();
        let now = post.look(cx).await?;
        let facts = now.fact(cx, &self.on);
        if now.text.is_none() {
            let told = format!("{} is claimed by nobody", post.name());
            return Ok(Finding { facts, ..Finding::new(Found::Absent, false, told) });
        }
        post.must_be_ours(cx, &now)?;
        Ok(Finding { facts, ..Finding::new(Found::Holds, true, post.taken(&now)) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let post = self.post();
        post.must_be_ours(cx, &post.take(cx, &cx.call().token()).await?)?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let post = self.post();
        let now = post.look(cx).await?;
        post.must_be_ours(cx, &now)?;
        Ok(Verified::by(post.taken(&now)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let post = self.post();
        Ok(post.free(&post.give(cx, &cx.call().token()).await?))
    }
}

impl Perform for HostRelease {
    fn sentence(&self) -> Text {
        tell!("take this run's claim off {}", self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("claim {} for this run again", self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.post().releasing()]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let post = self.post();
        let now = post.look(cx).await?;
        let ours = now.is_of(cx);
        let found = match (&now.text, ours) {
            (None, _) => Found::Holds,
            (Some(_), true) => Found::Absent,
            (Some(_), false) => return Err(self.taken_over(cx, &now)),
        };
        let told = if ours { post.taken(&now) } else { post.free(&now) };
        let before = json!(Before { ours });
        // Before the run begins nobody has it; what the run's own claim will make is no fact of the plan's.
        let changes = if ours { self.changes() } else { Vec::new() };
        Ok(Finding { before, changes, facts: now.fact(cx, &self.on), ..Finding::new(found, false, told) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        // Nothing is closed by it: the undo claims anew.
        self.post().give(cx, "").await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let post = self.post();
        let now = post.look(cx).await?;
        match now.is_of(cx) {
            true => Err(Failure::transient(format!("the claim of {} still shows", self.on)).into()),
            false => Ok(Verified::by(post.free(&now))),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let post = self.post();
        if !cx.before::<Before>()?.ours {
            return Ok(format!("{} was not claimed by this run before", post.name()));
        }
        let now = post.take(cx, &cx.call().token()).await?;
        post.must_be_ours(cx, &now)?;
        Ok(post.taken(&now))
    }
}

impl HostRelease {
    /// Nothing is left to give back, but both have worked on the same host, and somebody must know.
    fn taken_over(&self, cx: &Context<'_>, now: &Holding) -> Failure {
        let failure = self.post().held(now);
        if cx.call().ahead.is_some() {
            return failure;
        }
        failure.cause("this run's own claim is gone: somebody has taken it over while the run was at work").advise(
            Advice::by_hand(format!("see what that run has changed on {}", self.on.name))
                .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Done)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_by_its_fields() {
        let text = Some("run=r1 runbook=move by=hana on=desk since=2026-01-01T00:00:00Z".to_owned());
        let holding = Holding { folder: "/var/lib/runbook".into(), text };
        assert_eq!((holding.field("run"), holding.field("by")), (Some("r1"), Some("hana")));
        assert_eq!((holding.field("ru"), holding.path().as_str()), (None, "/var/lib/runbook/claim"));
        assert_eq!((plain("Jörg Müller\n"), plain("")), ("J_rg_M_ller_".to_owned(), "unknown".to_owned()));
    }
}
