//! `nextcloud.check`: uses a site as its users do, from the login page to the logout.
//!
//! The file it uploads has one name per run and action, so that one left behind by a killed process is replaced and
//! removed by the next attempt. The password is fetched for the check and forgotten with it.

use super::dav::Browser;
use super::{through, web};
use crate::access::{HttpOptions, http_client, reveal};
use crate::action::aws::{bring_up, is_down};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Failure, FailureKind, Finding, Found, InstanceId, NextcloudCheck, Secret};
use std::time::{SystemTime, UNIX_EPOCH};

/// How often a check that fails in passing (no answer, 5xx) is made before it counts as failed.
const LOOKS: u32 = 5;

impl NextcloudCheck {
    fn place(&self) -> String {
        match &self.via {
            Some(via) => format!("`https://{}/` by way of `{via}`", self.fqdn),
            None => format!("`https://{}/`", self.fqdn),
        }
    }

    /// One check, from login to logout.
    async fn check(&self, cx: &Context<'_>, password: &Secret) -> Result<(), Failure> {
        let resolve = match &self.via {
            Some(via) => {
                let what = format!("look up `{via}`");
                let found = tokio::net::lookup_host((via.as_str(), 443)).await;
                let found = found.map_err(|e| Failure::transient(format!("{what}: no answer")).cause(e.to_string()))?;
                Some((self.fqdn.to_string(), found.collect()))
            }
            None => None,
        };
        let client = http_client(cx.access().settings(), &HttpOptions { resolve, cookies: true, redirects: 10 })?;
        let base = web::normal(&format!("https://{}/", self.fqdn))?;
        let mut browser = Browser::open(client, base, &self.user).await?;
        browser.log_in(password).await?;
        let name = format!("runbook-check-{}-{}.txt", cx.call().run, cx.call().action.name());
        let used = self.use_file(cx, &browser, password, &name).await;
        let removed = browser.remove(&name).await;
        used?;
        removed?;
        browser.log_out().await
    }

    /// Uploads the file and downloads it by every way.
    async fn use_file(
        &self,
        cx: &Context<'_>,
        browser: &Browser,
        password: &Secret,
        name: &str,
    ) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let content = format!("{} {} {now}\n", cx.call().run, cx.call().action).into_bytes();
        browser.upload(name, &content).await?;
        let same = |got: Vec<u8>, way: &str| {
            if got == content {
                return Ok(());
            }
            Err(Failure::permanent(format!("download the file {way}: not the bytes that were uploaded"))
                .cause(format!("{} bytes came, {} were sent", got.len(), content.len()))
                .advise("do all nodes use the same storage, and is something caching answers in between?"))
        };
        same(browser.download(name).await?, "from the site")?;
        for host in self.through.iter().flatten() {
            cx.beat().beat(format!("download through {}", host.name))?;
            let got = through::download(cx, host, self.fqdn.as_str(), &self.user, password, name).await?;
            same(got, &format!("through {host}"))?;
        }
        Ok(())
    }

    /// The whole check, made again while it fails in passing.
    async fn checked(&self, cx: &Context<'_>) -> Result<(), Failure> {
        let password = reveal(&self.password).await.map_err(|e| {
            Failure::refused(format!("the password of `{}` cannot be had from {}", self.user, self.password))
                .cause(e.to_string())
        })?;
        let mut look = 1;
        loop {
            match self.check(cx, &password).await {
                Err(f) if look < LOOKS && matches!(f.kind, FailureKind::Transient | FailureKind::Lost) => {
                    let cause = f.causes.first().map(|c| format!(": {c}")).unwrap_or_default();
                    cx.beat().beat(format!("look {look} of {LOOKS}: {}{cause}", f.message))?;
                    tokio::time::sleep(cx.poll().min(cx.time_left())).await;
                    look += 1;
                }
                ended => return ended,
            }
        }
    }

    fn proves_nothing(&self, cx: &Context<'_>, id: &InstanceId) -> Failure {
        let (run, step) = (&cx.call().run, cx.call().action.step());
        Failure::refused(format!("instance `{id}` runs: using the site now would not show that it does without it"))
            .advise(format!(
                "take step `{step}` back (`runbook rollback {run} --to` the step before it), then `runbook resume {run}` does it anew"
            ))
    }

    fn evidence(&self) -> String {
        let hosts: Vec<&str> = self.through.iter().flatten().map(|h| h.name.as_str()).collect();
        let through = if hosts.is_empty() { String::new() } else { format!(", also through {}", hosts.join(", ")) };
        format!("`{}` logged in at {}, uploaded, downloaded{through}, removed, logged out", self.user, self.place())
    }
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

    fn sentence(&self) -> String {
        let hosts: Vec<&str> = self.through.iter().flatten().map(|h| h.name.as_str()).collect();
        let through = if hosts.is_empty() { String::new() } else { format!(" (through {} too)", hosts.join(", ")) };
        format!(
            "use {} as `{}`: log in, upload a file, download it{through}, remove it, log out",
            self.place(),
            self.user
        )
    }

    fn undo_sentence(&self) -> Option<String> {
        None
    }

    async fn observe(&self, _: &Context<'_>) -> Result<Finding, Failure> {
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
            Ok(()) => return Ok(Verified::by(self.evidence())),
            Err(failure) => failure,
        };
        Err(match &self.start_if_it_fails {
            Some(id) if failure.kind != FailureKind::Cancelled => started(cx, id, failure).await,
            _ => failure,
        }
        .into())
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it removes its file".into())
    }
}
