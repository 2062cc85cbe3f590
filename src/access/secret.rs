//! Fetching a secret from where its reference points, at the moment it is used; and keeping what was fetched out of what is told.
//!
//! Promises: a text that went through [`blotted`] holds no secret that this process has fetched, as it is.
//! Not handled: a secret that comes back in another form (escaped, encoded), and one so short that it is a part of ordinary words.

use crate::model::{Secret, SecretRef};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What stands for a secret in whatever is shown.
const HIDDEN: &str = "(secret)";
/// A shorter secret is a part of ordinary words, and blotting those out would tell what it is.
const TELLS: usize = 6;

/// What this process has fetched: whatever it tells of a host or a file may hold it, whether the action that looked knows of it or not.
static FETCHED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A text without the secrets that this process has fetched, and without any line of them that tells something.
#[must_use]
pub fn blotted(text: &str) -> String {
    let fetched = FETCHED.lock().unwrap_or_else(PoisonError::into_inner);
    without(text, fetched.iter().map(String::as_str))
}

/// A text without these.
#[must_use]
pub fn without<'s>(text: &str, secrets: impl Iterator<Item = &'s str>) -> String {
    let mut hidden: Vec<&str> = secrets.filter(|it| !it.is_empty()).collect();
    // What holds another is taken first.
    hidden.sort_by_key(|it| std::cmp::Reverse(it.len()));
    hidden.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
}

fn remember(secret: &str) {
    let lines = secret.lines().map(str::trim).chain([secret.trim()]);
    let telling = lines.filter(|line| line.len() >= TELLS).map(str::to_owned);
    FETCHED.lock().unwrap_or_else(PoisonError::into_inner).extend(telling);
}

/// Why a secret could not be had. Never contains any part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set or empty.
    #[error("environment variable `{0}` is not set")]
    NotSet(String),
    /// The command could not be run.
    #[error("cannot run `{program}`: {error}")]
    Run {
        /// The program.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// The command failed, took longer than 30 s, or printed nothing usable.
    #[error("`{program}` {why}")]
    Command {
        /// The program.
        program: String,
        /// What it did.
        why: String,
    },
}

/// The secret that `reference` points at.
///
/// # Errors
/// When it is not there.
pub async fn reveal(reference: &SecretRef) -> Result<Secret, SecretError> {
    let secret = fetch(reference).await?;
    remember(secret.expose());
    Ok(secret)
}

async fn fetch(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) => match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
            _ => Err(SecretError::NotSet(name.clone())),
        },
        SecretRef::Command(argv) => {
            let program = argv.first().cloned().unwrap_or_default();
            let failed = |why: String| SecretError::Command { program: program.clone(), why };
            let cannot_run = |error| SecretError::Run { program: program.clone(), error };
            let child = tokio::process::Command::new(&program)
                .args(argv.iter().skip(1))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                // Its own words go to the operator: why a vault is locked, or a login has ended.
                .stderr(Stdio::inherit())
                .kill_on_drop(true)
                .spawn()
                .map_err(cannot_run)?;
            let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output())
                .await
                .map_err(|_| failed("did not answer within 30 s".into()))?
                .map_err(cannot_run)?;
            if !output.status.success() {
                return Err(failed(format!("failed ({})", output.status)));
            }
            let text = String::from_utf8(output.stdout).map_err(|_| failed("printed no text".into()))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            if text.is_empty() { Err(failed("printed nothing".into())) } else { Ok(Secret::new(text.to_owned())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_blotted_out_wherever_it_stands() {
        remember("-----KEY-----\nc0ffee-c0ffee\n}\n");
        remember("pw-4711-x");
        remember("abc");
        assert_eq!(blotted("a = pw-4711-x\n-c0ffee-c0ffee\n abc }"), "a = (secret)\n-(secret)\n abc }");
        assert_eq!(blotted("nothing of it"), "nothing of it");
    }
}
