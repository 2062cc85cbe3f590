//! Raising a region and making its hosts what the world file says, and the operator know them.

use super::command::{by_operator, on_host, well};
use super::file::{NextcloudBefore, World, WorldHost};
use super::operator::INPUTS;
use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::file::write;
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::region::Region;
use crate::rehearsal::region::spec::RegionSpec;
use crate::rehearsal::site::release;
use crate::rehearsal::site::visitor::answers;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long a host may take until it is up, and a site until it answers.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// The operator's ssh, which would take the home from the machine's accounts.
const SSH: &str = "ssh() { command ssh -F \"$RUNBOOK_SSH_CONFIG\" \"$@\"; }\n";

/// A region in which all is as its world file says.
///
/// # Errors
/// When any part does not come up in its time, or a command of the world fails; the message has the end of that part's log.
pub async fn raise(spec: &RegionSpec, say: &(dyn Fn(&str) + Sync)) -> Result<Region, RehearsalError> {
    let region = Region::start(spec, say).await?;
    match settle(&region, say).await {
        Ok(()) => Ok(region),
        Err(error) => {
            region.stop().await;
            Err(error)
        }
    }
}

async fn settle(region: &Region, say: &(dyn Fn(&str) + Sync)) -> Result<(), RehearsalError> {
    let world = region.world();
    let names: String =
        region.account().hosts.iter().map(|(name, host)| format!("{} {name}\n", host.address)).collect();
    for name in world.hosts.keys() {
        up(region, name).await?;
        let known = on_host(region, name, &["sh", "-c", "cat >>/etc/hosts"], names.as_bytes()).await?;
        well(&known, &format!("writing the hosts' names on {name}"))?;
    }
    for (name, nextcloud) in world.nextclouds() {
        if let Some(release) = region.release() {
            say(&format!("installing Nextcloud {}", release.version));
            install(region, name, &nextcloud.filled(&|text| region.names().fill(text))).await?;
        }
    }
    for (name, wanted) in &world.hosts {
        settle_one(region, name, wanted).await?;
        if let Some(known) = region.account().hosts.get(name) {
            for address in [Some(known.address), known.public].into_iter().flatten() {
                region.introduce(&known.instance, address)?;
            }
        }
    }
    region.name_hosts()?;
    for command in &world.operator {
        let output = by_operator(region, &["sh", "-euc", &format!("{SSH}{}", region.names().fill(command))]).await?;
        well(&output, &format!("`{command}` of the world's operator"))?;
    }
    write(&region.folder().join("home").join(INPUTS), inputs(region))?;
    if let Some(site) = &world.site {
        site_answers(region, &region.names().fill(&site.url)).await?;
    }
    say(match world.hosts.len() {
        1 => "the host is as the world file says",
        _ => "the hosts are as the world file says",
    });
    Ok(())
}

async fn settle_one(region: &Region, name: &str, wanted: &WorldHost) -> Result<(), RehearsalError> {
    let run = async |argv: &[&str]| {
        let said = argv.last().copied().unwrap_or_default();
        well(&on_host(region, name, argv, b"").await?, &format!("`{said}` on the world's host {name}"))
    };
    for command in &wanted.run {
        run(&["sh", "-euc", &region.names().fill(command)]).await?;
    }
    // An owner may be made by a command, so owners come last; and a change of owner takes bits of a mode away.
    for (path, file) in &wanted.files {
        if let Some(owner) = file.owner() {
            run(&["chown", owner, path]).await?;
            run(&["chmod", file.mode(), path]).await?;
        }
    }
    Ok(())
}

/// Installs the release that lies on a host's disk.
async fn install(region: &Region, name: &str, nextcloud: &NextcloudBefore) -> Result<(), RehearsalError> {
    let web = up(region, name).await?;
    let resolve = format!("{}:443:127.0.0.1", nextcloud.name);
    let url = format!("https://{}/status.php", nextcloud.name);
    let ask = ["curl", "-sk", "--max-time", "5", "--resolve", &resolve, "-o", "/dev/null", &url];
    let began = Instant::now();
    // Any answer will do: one that is not installed has no good one.
    while !on_host(region, name, &ask, b"").await?.status.success() {
        if began.elapsed() > UP_WITHIN {
            return Err(RehearsalError::TooLate {
                what: format!("the web server of `{name}` did not answer for `{}`", nextcloud.name),
                after: UP_WITHIN,
                said: String::new(),
            });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    release::install(&web, nextcloud, &region.log("nextcloud.log")).await?;
    region.note("Nextcloud is installed");
    Ok(())
}

async fn site_answers(region: &Region, url: &str) -> Result<(), RehearsalError> {
    let began = Instant::now();
    while !answers(region, url).await? {
        if began.elapsed() > UP_WITHIN {
            return Err(RehearsalError::TooLate {
                what: format!("the world's site did not answer at {url}"),
                after: UP_WITHIN,
                said: tail(&region.log("region.log"), 10),
            });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    region.note("the site answers");
    Ok(())
}

async fn up(region: &Region, name: &str) -> Result<HostHandle, RehearsalError> {
    let began = Instant::now();
    loop {
        let known = region.account().hosts.get(name).and_then(|known| region.host(&known.instance));
        if let Some(host) = known.filter(HostHandle::is_up) {
            let mut ready = host.command(&["sh", "-c", "[ -S /run/systemd/private ] || pgrep -x sshd"]);
            if let Some(ready) = &mut ready
                && ready.stdout(Stdio::null()).status().await.is_ok_and(|status| status.success())
            {
                return Ok(host);
            }
        }
        if began.elapsed() > UP_WITHIN {
            let what = format!("the world's host `{name}` did not come up");
            return Err(RehearsalError::TooLate { what, after: UP_WITHIN, said: tail(&region.log("region.log"), 10) });
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The inputs file of a region's operator.
#[must_use]
pub fn inputs(region: &Region) -> String {
    let World { inputs, .. } = region.world();
    let filled = inputs.iter().map(|(name, value)| (name.clone(), region.names().fill_value(value)));
    // JSON is YAML.
    Value::Object(filled.collect()).to_string()
}
