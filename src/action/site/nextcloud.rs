//! `nextcloud.check`: uses a site as its users do, from the login page to the logout.
//!
//! The file it uploads has one name per run and action, so that one left behind by a killed process is replaced and
//! removed by the next attempt. The password is fetched for the check and forgotten with it.

use super::dav::Browser;
use super::{through, web};
use crate::access::{HttpOptions, http_client, reveal};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Failure, FailureKind, Finding, Found, NextcloudCheck, Secret, Value, Values};
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

    fn evidence(&self) -> String {
        let hosts: Vec<&str> = self.through.iter().flatten().map(|h| h.name.as_str()).collect();
        let through = if hosts.is_empty() { String::new() } else { format!(", also through {}", hosts.join(", ")) };
        format!("`{}` logged in at {}, uploaded, downloaded{through}, removed, logged out", self.user, self.place())
    }
}

impl Perform for NextcloudCheck {
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
        Ok(Finding {
            found: Found::Absent,
            ours: false,
            before: Value::Null,
            outputs: Values::new(),
            evidence,
            changes: Vec::new(),
            facts: crate::model::Facts::new(),
        })
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let password = reveal(&self.password).await.map_err(|e| {
            Failure::refused(format!("the password of `{}` cannot be had from {}", self.user, self.password))
                .cause(e.to_string())
        })?;
        for look in 1.. {
            match self.check(cx, &password).await {
                Ok(()) => break,
                Err(f) if look < LOOKS && matches!(f.kind, FailureKind::Transient | FailureKind::Lost) => {
                    let cause = f.causes.first().map(|c| format!(": {c}")).unwrap_or_default();
                    cx.beat().beat(format!("look {look} of {LOOKS}: {}{cause}", f.message))?;
                    tokio::time::sleep(cx.poll().min(cx.time_left())).await;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(Verified::by(self.evidence()))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it removes its file".into())
    }
}
