//! Commands of a world: on its hosts as root, and as its operator. Each ends in its time.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::region::Region;
use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long one may take.
const WITHIN: Duration = Duration::from_secs(120);

/// Runs a command on a host as root, with this on its standard input: a host of the world, or an instance by its `Name` tag. Of one
/// that is off, with its disk as the root.
pub(in crate::rehearsal) async fn on_host(
    region: &Region,
    name: &str,
    argv: &[&str],
    input: &[u8],
) -> Result<Output, RehearsalError> {
    ended(host(region, name).await?.command_or_off(argv), input, &format!("a command on {name}")).await
}

/// The same of a host at hand, without input; `what` it is.
pub(in crate::rehearsal) async fn on_handle(
    host: &HostHandle,
    argv: &[&str],
    what: &str,
) -> Result<Output, RehearsalError> {
    ended(host.command_or_off(argv), b"", what).await
}

/// As [`on_host`], with variables of its own.
pub(in crate::rehearsal) async fn on_host_with(
    region: &Region,
    name: &str,
    argv: &[&str],
    variables: &BTreeMap<String, String>,
) -> Result<Output, RehearsalError> {
    let set: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let argv: Vec<&str> =
        ["env"].into_iter().chain(set.iter().map(String::as_str)).chain(argv.iter().copied()).collect();
    on_host(region, name, &argv, b"").await
}

/// Exit status and output of a command on a host, as root.
pub(in crate::rehearsal) async fn asked(
    region: &Region,
    name: &str,
    argv: &[&str],
) -> Result<(i32, String), RehearsalError> {
    let output = on_host(region, name, argv, b"").await?;
    Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned()))
}

async fn host(region: &Region, name: &str) -> Result<HostHandle, RehearsalError> {
    let nowhere = || RehearsalError::Unsupported(format!("there is no host `{name}` in the lab"));
    let instance = match region.account().hosts.get(name) {
        Some(known) => known.instance.clone(),
        None => region.instance_named(name).await?.ok_or_else(nowhere)?,
    };
    region.host(&instance).ok_or_else(nowhere)
}

/// Runs a command as the world's operator does, in the operator's home.
pub(in crate::rehearsal) async fn by_operator(region: &Region, argv: &[&str]) -> Result<Output, RehearsalError> {
    by_operator_with(region, argv, &BTreeMap::new()).await
}

/// The same with variables of its own.
pub(in crate::rehearsal) async fn by_operator_with(
    region: &Region,
    argv: &[&str],
    variables: &BTreeMap<String, String>,
) -> Result<Output, RehearsalError> {
    let mut command = region.command(argv);
    command.envs(variables);
    ended(command, b"", "a command of the world's operator").await
}

/// Refuses an end that is no good one; `what` is what was run.
pub(in crate::rehearsal) fn well(output: &Output, what: &str) -> Result<(), RehearsalError> {
    if output.status.success() {
        return Ok(());
    }
    Err(RehearsalError::ProgramFailed {
        command: what.to_owned(),
        status: output.status.to_string(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

async fn ended(mut command: Command, input: &[u8], what: &str) -> Result<Output, RehearsalError> {
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: what.to_owned(), source };
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = piped.spawn().map_err(unstartable)?;
    let stdin = child.stdin.take();
    let fed = async move {
        if let Some(mut stdin) = stdin {
            // A program that reads nothing closes it; its status tells.
            let _ = stdin.write_all(input).await;
        }
    };
    let both = async { tokio::join!(fed, child.wait_with_output()).1 };
    match tokio::time::timeout(WITHIN, both).await {
        Ok(output) => output.map_err(unstartable),
        Err(_) => Err(RehearsalError::TooLate { what: what.to_owned(), after: WITHIN, said: String::new() }),
    }
}
