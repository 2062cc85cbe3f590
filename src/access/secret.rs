//! Fetching a secret from where its reference points, at the moment it is used.

use crate::model::{Secret, SecretRef};
use std::process::Stdio;
use std::time::Duration;

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
