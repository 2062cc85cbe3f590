//! Making a world's hosts what the file says, and the operator know them.

use super::{World, WorldFile, WorldHost};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::region::Region;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

/// How long a host may take until it is up.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long one command of a world may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(120);
/// `$1` path, `$2` owner, `$3` mode.
const PUT: &str = r#"mkdir -p "${1%/*}"; cat >"$1"; chown "$2" "$1"; chmod "$3" "$1""#;

/// Makes all hosts what they are to be.
pub(in crate::rehearsal) async fn settle(
    region: &Region,
    world: &World,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(), RehearsalError> {
    for (name, wanted) in &world.hosts {
        let host = up(region, name).await?;
        let own = region.account().hosts.iter().map(|(name, host)| format!("{} {name}\n", host.address));
        let own: String = own.collect();
        done(name, &host, &["sh", "-c", "cat >>/etc/hosts"], own.as_bytes()).await?;
        settle_one(name, &host, wanted).await?;
        if let Some(known) = region.account().hosts.get(name) {
            region.introduce(&known.instance, known.address)?;
        }
        say(&format!("host {name} is as the world file says"));
    }
    for command in &world.operator {
        let mut shell = region.command(&["sh", "-euc", command]);
        let unstartable = |source| RehearsalError::ProgramUnstartable { program: "sh".to_owned(), source };
        let output = shell.stdin(Stdio::null()).output().await.map_err(unstartable)?;
        if !output.status.success() {
            return Err(RehearsalError::ProgramFailed {
                command: format!("`{command}` of the world's operator"),
                status: output.status.to_string(),
                said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
    }
    region.name_hosts()
}

async fn settle_one(name: &str, host: &HostHandle, wanted: &WorldHost) -> Result<(), RehearsalError> {
    for (path, file) in &wanted.files {
        let (content, mode, owner) = match file {
            WorldFile::Text(text) => (text.as_str(), "0644", "root:root"),
            WorldFile::Whole { content, mode, owner } => {
                (content.as_str(), mode.as_deref().unwrap_or("0644"), owner.as_deref().unwrap_or("root:root"))
            }
        };
        // An owner may be made by a command: those come later, and so does who they are for.
        let now = if owner == "root:root" { owner } else { "root:root" };
        done(name, host, &["sh", "-euc", PUT, "put", path, now, mode], content.as_bytes()).await?;
    }
    for (unit, text) in &wanted.units {
        let path = format!("/etc/systemd/system/{unit}");
        done(name, host, &["sh", "-euc", PUT, "put", &path, "root:root", "0644"], text.as_bytes()).await?;
    }
    if !wanted.units.is_empty() {
        done(name, host, &["systemctl", "daemon-reload"], b"").await?;
    }
    for command in &wanted.run {
        done(name, host, &["sh", "-euc", command], b"").await?;
    }
    for (path, file) in &wanted.files {
        if let WorldFile::Whole { owner: Some(owner), mode, .. } = file {
            let mode = mode.as_deref().unwrap_or("0644");
            let script = r#"chown "$2" "$1"; chmod "$3" "$1""#;
            done(name, host, &["sh", "-euc", script, "owned", path, owner, mode], b"").await?;
        }
    }
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
            return Err(RehearsalError::TooLate { what, after: UP_WITHIN, said: String::new() });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a command on a host as root; it must end well.
async fn done(name: &str, host: &HostHandle, argv: &[&str], input: &[u8]) -> Result<(), RehearsalError> {
    let said = argv.last().copied().unwrap_or_default();
    let failed = |status: String, why: String| RehearsalError::ProgramFailed {
        command: format!("`{said}` on the world's host {name}"),
        status,
        said: why,
    };
    let off = || RehearsalError::Unsupported(format!("the world's host `{name}` went away"));
    let mut command = host.command(argv).ok_or_else(off)?;
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "nsenter".to_owned(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(unstartable)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing closes it; its status tells.
        let _ = stdin.write_all(input).await;
    }
    let ended = tokio::time::timeout(COMMAND_WITHIN, child.wait_with_output()).await;
    let output = match ended {
        Ok(output) => output.map_err(unstartable)?,
        Err(_) => return Err(failed(format!("no end within {} s", COMMAND_WITHIN.as_secs()), String::new())),
    };
    if output.status.success() {
        return Ok(());
    }
    Err(failed(output.status.to_string(), String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// The inputs file of a world.
pub(in crate::rehearsal) fn inputs(region: &Region, world: &World) -> String {
    let filled: serde_json::Map<String, Value> =
        world.inputs.iter().map(|(name, value)| (name.clone(), filled(region, value))).collect();
    // JSON is YAML.
    Value::Object(filled).to_string()
}

fn filled(region: &Region, value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.replace("${home}", &region.folder().join("home").display().to_string());
            for (name, host) in &region.account().hosts {
                text = text.replace(&format!("${{host.{name}.address}}"), &host.address.to_string());
                text = text.replace(&format!("${{host.{name}.instance}}"), &host.instance);
            }
            Value::String(text)
        }
        Value::Array(items) => items.iter().map(|item| filled(region, item)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, it)| (name.clone(), filled(region, it))).collect())
        }
        other => other.clone(),
    }
}
