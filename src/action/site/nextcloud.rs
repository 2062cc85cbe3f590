//! `nextcloud.check`: uses a site as its users do, from the login page to the logout.
//!
//! Two files go up and down, one at once and one in chunks as browsers and clients send what is large: rules and limits of
//! what stands before Nextcloud show only with bodies of some size. Their names are the same for a run and an action, so
//! that what a killed process left behind is replaced and removed by the next attempt, from the trash bin too. The password
//! is fetched for the check and forgotten with it; a refused one is sent once.

use super::browser::{BrowsedSite, open, who};
use super::dav::DavFiles;
use super::through;
use crate::access::reveal;
use crate::action::aws::{bring_up, is_down};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{
    Advice, Failure, FailureKind, Finding, Found, InstanceId, NextcloudCheck, Recourse, Secret, Text, tell,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// How often a check that fails in passing (no answer, 5xx) is made before it counts as failed.
const LOOKS: u32 = 5;
const MIB: usize = 1024 * 1024;
/// What is uploaded at once: more than rules of web application firewalls look at (8 to 64 KiB) and more than nginx takes
/// where nobody has set `client_max_body_size` (1 MiB).
const AT_ONCE: usize = 2 * MIB;
/// A chunk: the least that an object store takes for one that is not the last ([`super::dav`]).
const CHUNK: usize = 5 * MIB;
/// The last chunk may be smaller.
const LAST_CHUNK: usize = MIB;

/// What a check leaves on the site until it removes it.
struct Traces {
    at_once: String,
    in_chunks: String,
    upload: String,
}

impl NextcloudCheck {
    fn place(&self) -> Text {
        match &self.via {
            Some(via) => tell!("`https://{}/` by way of `{}`", self.fqdn, via),
            None => tell!("`https://{}/`", self.fqdn),
        }
    }

    fn hosts(&self) -> Vec<&str> {
        self.through.iter().flatten().map(|host| host.name.as_str()).collect()
    }

    /// One check, from login to logout; answers what shows it.
    async fn check(&self, cx: &Context<'_>, password: &Secret) -> Result<String, Failure> {
        let header = self.header.as_ref().zip(self.header_value.as_ref());
        let header = header.map(|(name, value)| (name.to_string(), value.to_string()));
        let via = self.via.as_ref().map(Text::as_str);
        let site = BrowsedSite::new(cx.access().settings(), &self.fqdn, via, header).await?;
        let user = open(site).await?.log_in(self.user.as_str(), password).await?;
        let name = format!("runbook-check-{}-{}", cx.call().run, cx.call().action.name());
        let traces =
            Traces { at_once: format!("{name}.txt"), in_chunks: format!("{name}-in-chunks.txt"), upload: name };
        let files = DavFiles::of(&user);
        let login = through::Login { user: self.user.as_str(), id: user.id(), password };
        let used = self.use_files(cx, &files, &login, &traces).await;
        let removed = remove(&files, &traces).await;
        used?;
        let trash = removed?;
        let evidence = self.evidence(user.id());
        user.log_out().await?;
        Ok(format!("{evidence}{trash}"))
    }

    /// Uploads the files and downloads them by every way.
    async fn use_files(
        &self,
        cx: &Context<'_>,
        files: &DavFiles<'_>,
        login: &through::Login<'_>,
        traces: &Traces,
    ) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let head = format!("{} {} {now}", cx.call().run, cx.call().action);
        let small = content(&head, AT_ONCE);
        files.upload(&traces.at_once, small.clone()).await?;
        same(&files.download(&traces.at_once).await?, &small, "from the site")?;
        for host in self.through.iter().flatten() {
            cx.beat().beat(format!("download through {}", host.name))?;
            let got = through::download(cx, host, self.fqdn.as_str(), login, &traces.at_once).await?;
            same(&got, &small, &format!("through {host}"))?;
        }
        cx.beat().beat("upload in chunks")?;
        let large = content(&head, CHUNK + LAST_CHUNK);
        let (first, last) = large.split_at(CHUNK);
        files.upload_in_chunks(&traces.upload, &traces.in_chunks, &[first, last]).await?;
        same(&files.download(&traces.in_chunks).await?, &large, "from the site")
    }

    /// The whole check, made again while it fails in passing.
    async fn checked(&self, cx: &Context<'_>) -> Result<String, Failure> {
        let password = reveal(&self.password).await.map_err(|e| {
            Failure::refused(format!("the password of `{}` cannot be had from {}", self.user, self.password))
                .cause(e.to_string())
        })?;
        let mut look = 1;
        loop {
            match self.check(cx, &password).await {
                Err(f) if look < LOOKS && f.kind.may_pass() => {
                    let cause = f.causes.first().map(|c| format!(": {c}")).unwrap_or_default();
                    cx.beat().beat(format!("look {look} of {LOOKS}: {}{cause}", f.message))?;
                    cx.pause().await;
                    look += 1;
                }
                ended => return ended,
            }
        }
    }

    fn proves_nothing(&self, cx: &Context<'_>, id: &InstanceId) -> Failure {
        Failure::refused(format!("instance `{id}` runs: using the site now would not show that it does without it"))
            .advise(
                Advice::way(Recourse::TakeBack(Some(cx.call().action.step().clone())))
                    .then(Recourse::Resume)
                    .which("does the step anew"),
            )
    }

    fn evidence(&self, id: &str) -> String {
        let hosts = self.hosts();
        let through = if hosts.is_empty() { String::new() } else { format!(", also through {}", hosts.join(", ")) };
        format!(
            "{} logged in at {}, uploaded at once and in chunks, downloaded{through}, removed, logged out",
            who(self.user.as_str(), id),
            self.place()
        )
    }

    /// What can be told to be wrong before anybody is asked.
    fn refused(&self) -> Option<Failure> {
        if self.user.as_str().trim().is_empty() {
            return Some(Failure::refused("`user` is empty"));
        }
        if self.header.is_some() != self.header_value.is_some() {
            return Some(Failure::refused("`header` and `header_value` are given together, or neither"));
        }
        (!self.hosts().is_empty() && self.user.as_str().contains(':'))
            .then(|| Failure::refused(format!("`{}` cannot be used with `through`", self.user)))
            .map(|failure| failure.advise("a name with `:` cannot be sent with each request: give another user"))
    }
}

/// Lines that are all different, so many bytes of them.
fn content(head: &str, bytes: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes + 128);
    let mut line = 0_u32;
    while all.len() < bytes {
        line += 1;
        all.extend_from_slice(format!("{head} line {line}\n").as_bytes());
    }
    all.truncate(bytes);
    all
}

fn same(got: &[u8], sent: &[u8], way: &str) -> Result<(), Failure> {
    if got == sent {
        return Ok(());
    }
    let place = got.iter().zip(sent).position(|(a, b)| a != b).unwrap_or(got.len().min(sent.len()));
    Err(Failure::permanent(format!("download the file {way}: not the bytes that were uploaded"))
        .cause(format!("{} bytes came, {} were sent; they differ from byte {place} on", got.len(), sent.len()))
        .advise("do all nodes use the same storage, and is something caching answers in between?"))
}

/// Removes all traces. What stays in the trash bin is no failure of the site; it is told.
async fn remove(files: &DavFiles<'_>, traces: &Traces) -> Result<String, Failure> {
    let names = [traces.at_once.as_str(), traces.in_chunks.as_str()];
    let mut first = files.give_up(&traces.upload).await;
    for name in names {
        first = first.and(files.remove(name).await);
    }
    first?;
    Ok(match files.empty_trash(&names).await {
        Ok(_) => String::new(),
        Err(failure) => format!("; its files are still in the trash bin ({})", failure.message),
    })
}

/// Starts the instance that was stopped for the check, so that the run does not rest with one server fewer, and adds to
/// the failure what came of it. It is final: the check cannot be made again as things are then.
async fn started(cx: &Context<'_>, id: &InstanceId, failure: Failure) -> Failure {
    let up = match cx.beat().beat(format!("the check failed; starting `{id}`")) {
        Ok(()) => match cx.aws().await {
            Ok(aws) => bring_up(cx, &aws, id.as_str()).await,
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    let failure = Failure { kind: FailureKind::Permanent, ..failure };
    match up {
        Ok(told) => failure.cause(format!("`{id}` was stopped for this check and is started again: {told}")),
        Err(not) => not
            .causes
            .into_iter()
            .fold(
                failure.cause(format!(
                    "`{id}` was stopped for this check and could not be started again: {}",
                    not.message
                )),
                Failure::cause,
            )
            .advise(format!("`aws ec2 start-instances --instance-ids {id}`")),
    }
}

impl Perform for NextcloudCheck {
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceStatus", "ec2:DescribeInstances", "ec2:StartInstances"];

    fn sentence(&self) -> Text {
        let hosts = self.hosts();
        let through = if hosts.is_empty() { Text::default() } else { tell!(" (through {} too)", hosts.join(", ")) };
        tell!(
            "use {} as `{}`: log in, upload a file at once and one in chunks, download them{}, remove them, log out",
            self.place(),
            self.user,
            through
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, _: &Context<'_>) -> Result<Finding, Failure> {
        if let Some(failure) = self.refused() {
            return Err(failure);
        }
        let evidence = "a check is made anew each time".to_owned();
        Ok(Finding::new(Found::Absent, false, evidence))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        if let Some(id) = &self.start_if_it_fails
            && !is_down(&*cx.aws().await?, id.as_str()).await?
        {
            return Err(self.proves_nothing(cx, id).into());
        }
        let failure = match self.checked(cx).await {
            Ok(evidence) => return Ok(Verified::by(evidence)),
            Err(failure) => failure,
        };
        Err(match &self.start_if_it_fails {
            Some(id) if failure.kind != FailureKind::Cancelled => started(cx, id, failure).await,
            _ => failure,
        }
        .into())
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it removes its files".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_as_long_as_wanted_and_nowhere_the_same() {
        let all = content("run step/action 1", 3 * 1024);
        assert_eq!(all.len(), 3 * 1024);
        assert_ne!(all[..1024], all[1024..2048]);
        assert!(same(&all, &all, "x").is_ok());
        let failure = same(&all[..9], &all, "through web-1").unwrap_err();
        assert!(failure.causes[0].contains("9 bytes came, 3072 were sent; they differ from byte 9 on"), "{failure:?}");
    }
}
