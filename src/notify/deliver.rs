//! Bringing one notice to one receiver.

use super::{Channel, Notice};
use crate::access::{HttpOptions, RemoteCommand, Settings, http_client, reveal, run_here, why_unanswered};
use std::time::Duration;

/// How long one try may take.
const LIMIT: Duration = Duration::from_secs(15);
/// The waits before it is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];

/// Tells a receiver, a few times if need be.
///
/// # Errors
/// Why the last try failed, without an address that may be a secret.
pub async fn deliver(notice: &Notice, way: &Channel, settings: &Settings) -> Result<(), String> {
    let mut tried = once(notice, way, settings).await;
    for pause in PAUSES {
        if tried.is_ok() {
            break;
        }
        tokio::time::sleep(settings.pace.wait(pause)).await;
        tried = once(notice, way, settings).await;
    }
    tried
}

async fn once(notice: &Notice, way: &Channel, settings: &Settings) -> Result<(), String> {
    match way {
        Channel::Command(argv) => {
            let command = RemoteCommand::new(argv).stdin(notice.json()).limit(LIMIT);
            let output = run_here(&command).await.map_err(|error| error.to_string())?;
            let said = output.stderr.lines().last().map_or_else(String::new, |line| format!(": {line}"));
            if output.ok() { Ok(()) } else { Err(format!("{}{said}", output.ended())) }
        }
        Channel::Webhook(url) => post(notice, url, settings).await,
        Channel::SecretWebhook(secret) => {
            let url = reveal(secret).await.map_err(|error| error.to_string())?;
            post(notice, url.expose(), settings).await
        }
    }
}

async fn post(notice: &Notice, url: &str, settings: &Settings) -> Result<(), String> {
    let client = http_client(settings, &HttpOptions::default()).map_err(|failure| failure.message)?;
    let request = client.post(url).timeout(LIMIT).header("content-type", "application/json").body(notice.json());
    // The receiver of a repeated notice can know it again.
    let request = request.header("idempotency-key", format!("{}-{}", notice.run, notice.record));
    let answer = request.send().await.map_err(why_unanswered)?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(format!("it answers {}", status.as_u16())) }
}
