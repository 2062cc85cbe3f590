//! Whether a port takes connections.

use super::probed::Probed;
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Failure, PortProbe, Target};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

const SCRIPT: &str = include_str!("port.sh");
/// How long a connection is waited for.
const LIMIT: Duration = Duration::from_secs(5);
/// How long the host may take to try it.
const HOST_LIMIT: Duration = Duration::from_secs(20);
/// The script's word for a host that has no program with which to try.
const CANNOT_TRY: i32 = 70;

pub(super) async fn look(lines: &Lines<'_>, on: Option<&Target>, port: &PortProbe) -> Result<Probed, Failure> {
    let at = format!("{}:{}", port.host.as_str(), port.port);
    let refused = match on {
        Some(host) => from_host(lines, host, port).await?,
        None => match from_here(port).await {
            Ok(refused) => refused,
            Err(why) => return Ok(Probed::new(false, why)),
        },
    };
    Ok(match refused {
        None => Probed::new(port.open, format!("{at} takes connections")),
        Some(why) => Probed::new(!port.open, format!("{at} takes no connection: {why}")),
    })
}

/// Why there is no connection from this machine, nothing when there is one; or why it cannot be tried, whatever is wanted of it.
async fn from_here(port: &PortProbe) -> Result<Option<String>, String> {
    let host = port.host.as_str();
    let addresses: Vec<_> = match timeout(LIMIT, lookup_host((host, port.port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    if addresses.is_empty() {
        return Err(format!(
            "this machine cannot look up the name `{host}` (names that only ssh knows are none): give an address, or an `on` to try \
             it from there"
        ));
    }
    Ok(match timeout(LIMIT, TcpStream::connect(&addresses[..])).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", LIMIT.as_secs())),
    })
}

/// Why there is no connection from a host; nothing when there is one.
async fn from_host(lines: &Lines<'_>, host: &Target, port: &PortProbe) -> Result<Option<String>, Failure> {
    let (number, seconds) = (port.port.to_string(), LIMIT.as_secs().to_string());
    let argv = ["sh", "-c", SCRIPT, "port", port.host.as_str(), number.as_str(), seconds.as_str()];
    let output = lines.run(host, RemoteCommand::new(argv).limit(HOST_LIMIT)).await?;
    match output.status {
        0 => Ok(None),
        CANNOT_TRY => Err(Failure::refused(format!("a port cannot be tried from {host}")).cause(output.stderr)),
        _ => Ok(Some(output.stderr.lines().last().unwrap_or("no connection").trim().to_owned())),
    }
}
