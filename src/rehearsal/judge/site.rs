//! The site, asked as its users ask it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::access::{HttpOptions, Settings, http_client};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;

/// The addresses a name resolves to, by the region's DNS.
pub(in crate::rehearsal) async fn addresses(name: &str) -> BTreeSet<IpAddr> {
    match tokio::net::lookup_host((name, 443)).await {
        Ok(found) => found.map(|a| a.ip()).collect(),
        Err(_) => BTreeSet::new(),
    }
}

/// Status and Location of a URL, or what went wrong.
pub(in crate::rehearsal) async fn ask(region: &Region, url: &str) -> Result<(u16, String), String> {
    let answer = client(region).map_err(|e| e.to_string())?.get(url).send().await.map_err(|e| chain(&e))?;
    let location = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default();
    Ok((answer.status().as_u16(), location.to_owned()))
}

/// What the site says it is: its `versionstring`.
pub(in crate::rehearsal) async fn version(region: &Region) -> Result<String, String> {
    let url = format!("https://{}/status.php", region.account().fqdn);
    let answer = client(region).map_err(|e| e.to_string())?.get(url).send().await.map_err(|e| chain(&e))?;
    let text = answer.text().await.map_err(|e| chain(&e))?;
    let status: serde_json::Value = serde_json::from_str(&text).map_err(|e| chain(&e))?;
    Ok(status.get("versionstring").and_then(|v| v.as_str()).unwrap_or_default().to_owned())
}

/// Uploads a file, downloads it, compares, removes it; what went wrong, if anything.
pub(in crate::rehearsal) async fn round_trip(region: &Region) -> Result<(), String> {
    let password = region.environment().get("NEXTCLOUD_PASSWORD").cloned().unwrap_or_default();
    let user = region.before().site.user.as_str();
    let url = format!("https://{}/remote.php/dav/files/{user}/verdict.txt", region.account().fqdn);
    let client = client(region).map_err(|e| e.to_string())?;
    let body = format!("a file of the verdict, {}", std::process::id());
    let ask = |request: reqwest::RequestBuilder| request.basic_auth(user, Some(&password)).send();
    let put = ask(client.put(&url).body(body.clone())).await.map_err(|e| chain(&e))?;
    if !put.status().is_success() {
        return Err(format!("upload answered {}", put.status()));
    }
    for _ in 0..4 {
        let got = ask(client.get(&url)).await.map_err(|e| chain(&e))?.text().await.map_err(|e| chain(&e))?;
        if got != body {
            return Err("download gave another content".into());
        }
    }
    let gone = ask(client.delete(&url)).await.map_err(|e| chain(&e))?;
    if gone.status().is_success() { Ok(()) } else { Err(format!("removal answered {}", gone.status())) }
}

fn client(region: &Region) -> Result<reqwest::Client, RehearsalError> {
    let settings = Settings {
        ssh_config: None,
        trust: region.environment().get("RUNBOOK_TRUST_CA").map(PathBuf::from),
        poll: Settings::POLL,
        pace: crate::model::Pace::USUAL,
        work_dir: region.folder().to_owned(),
        kept_dir: region.folder().join("commands"),
    };
    http_client(&settings, &HttpOptions::default()).map_err(|f| RehearsalError::Unsupported(f.message))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
