//! Making a world's hosts what the file says, and the operator know them.

use super::command::{by_operator, on_host, well};
use super::{World, WorldHost};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::region::Region;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long a host may take until it is up.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// The operator's ssh, which would take the home from the machine's accounts.
const SSH: &str = "ssh() { command ssh -F \"$RUNBOOK_SSH_CONFIG\" \"$@\"; }\n";
/// `$1` path, `$2` mode.
const PUT: &str = r#"mkdir -p "${1%/*}"; cat >"$1"; chmod "$2" "$1""#;

/// Makes all hosts what they are to be.
pub(in crate::rehearsal) async fn settle(
    region: &Region,
    world: &World,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(), RehearsalError> {
    let own = |region: &Region| -> String {
        region.account().hosts.iter().map(|(name, host)| format!("{} {name}\n", host.address)).collect()
    };
    for name in world.hosts.keys() {
        up(region, name).await?;
        let names = on_host(region, name, &["sh", "-c", "cat >>/etc/hosts"], own(region).as_bytes()).await?;
        well(&names, &format!("writing the hosts' names on {name}"))?;
    }
    for (name, wanted) in &world.hosts {
        settle_one(region, name, wanted).await?;
        if let Some(known) = region.account().hosts.get(name) {
            region.introduce(&known.instance, known.address)?;
        }
        say(&format!("host {name} is as the world file says"));
    }
    region.name_hosts()?;
    for command in &world.operator {
        let output = by_operator(region, &["sh", "-euc", &format!("{SSH}{}", named(region, command))]).await?;
        well(&output, &format!("`{command}` of the world's operator"))?;
    }
    Ok(())
}

async fn settle_one(region: &Region, name: &str, wanted: &WorldHost) -> Result<(), RehearsalError> {
    let put = async |path: &str, text: &str, mode: &str| {
        let argv = ["sh", "-euc", PUT, "put", path, mode];
        well(
            &on_host(region, name, &argv, text.as_bytes()).await?,
            &format!("putting `{path}` on the world's host {name}"),
        )
    };
    let run = async |argv: &[&str]| {
        let said = argv.last().copied().unwrap_or_default();
        well(&on_host(region, name, argv, b"").await?, &format!("`{said}` on the world's host {name}"))
    };
    for (path, file) in &wanted.files {
        put(path, &named(region, file.content()), file.mode()).await?;
    }
    for (unit, text) in &wanted.units {
        put(&format!("/etc/systemd/system/{unit}"), text, "0644").await?;
    }
    if !wanted.units.is_empty() {
        run(&["systemctl", "daemon-reload"]).await?;
    }
    for command in &wanted.run {
        run(&["sh", "-euc", &named(region, command)]).await?;
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
            Value::String(named(region, text).replace("${home}", &region.folder().join("home").display().to_string()))
        }
        Value::Array(items) => items.iter().map(|item| filled(region, item)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, it)| (name.clone(), filled(region, it))).collect())
        }
        other => other.clone(),
    }
}

/// A text with what the lab gave hosts and balancers in the place of their names.
pub(super) fn named(region: &Region, text: &str) -> String {
    let account = region.account();
    let hosts = account.hosts.iter().flat_map(|(name, host)| {
        [
            (format!("${{host.{name}.address}}"), host.address.to_string()),
            (format!("${{host.{name}.instance}}"), host.instance.clone()),
        ]
    });
    let balancers = account.balancers.iter().flat_map(|(name, balancer)| {
        [
            (format!("${{balancer.{name}.arn}}"), balancer.arn.clone()),
            (format!("${{balancer.{name}.dns_name}}"), balancer.dns_name.clone()),
            (format!("${{balancer.{name}.target_group}}"), balancer.target_group.clone()),
        ]
    });
    let all = hosts.chain(balancers).chain([("${region}".to_owned(), account.region.clone())]);
    all.fold(text.to_owned(), |text, (name, value)| text.replace(&name, &value))
}
