//! The operator's place in the region: a home with an SSH key and configuration, and the environment in which
//! `runbook` under test runs, as it would in an operator's shell.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;

use crate::rehearsal::emulator::client::API_PORT;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::machine::tool::{PATH, Tool};
use crate::rehearsal::region::network::REGION_ADDRESS;
use crate::rehearsal::region::spec::RegionPlaces;

/// The account on the hosts the operator logs in to.
pub const OPERATOR_ACCOUNT: &str = "ubuntu";
/// What stands for credentials; the emulator knows no others, and nothing else would.
pub(in crate::rehearsal) const ACCESS_KEY: &str = "AKIAREHEARSALLAB0000";
pub(in crate::rehearsal) const SECRET_KEY: &str = "rehearsal-lab-secret-key-not-for-aws";

/// Makes the operator's key and ssh configuration; answers the public key.
pub(in crate::rehearsal) async fn settle(places: &RegionPlaces) -> Result<String, RehearsalError> {
    let key = places.ssh_key();
    let _ = std::fs::remove_file(&key); // of a region that was in this folder before
    Tool::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "operator@lab", "-f"]).arg(&key).run().await?;
    let home = places.home().join(".ssh");
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700))
        .map_err(RehearsalError::file("change the mode of", &home))?;
    // ssh takes the home from the user database, not from HOME: every path is written out.
    write(
        &places.ssh_config(),
        format!(
            "Host *\n  User {OPERATOR_ACCOUNT}\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  \
             GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  UpdateHostKeys no\n  ConnectTimeout 5\n",
            key.display(),
            places.known_hosts().display()
        ),
    )?;
    write(&places.known_hosts(), "")?;
    let public = key.with_extension("pub");
    std::fs::read_to_string(&public).map_err(RehearsalError::file("read", public))
}

/// Makes the operator know a host under an address.
pub(in crate::rehearsal) fn know_host(
    places: &RegionPlaces,
    address: Ipv4Addr,
    keys: &[String],
) -> Result<(), RehearsalError> {
    let path = places.known_hosts();
    let mut known = std::fs::read_to_string(&path).map_err(RehearsalError::file("read", &path))?;
    for key in keys {
        let words: Vec<&str> = key.split_whitespace().take(2).collect();
        known.push_str(&format!("{address} {}\n", words.join(" ")));
    }
    write(&path, known)
}

/// The variables of an operator's shell in the region, where all waits go so many times faster than on AWS, with the world's own, and nothing of the
/// machine's own but the terminal's.
pub(in crate::rehearsal) fn environment(
    places: &RegionPlaces,
    region: &str,
    own: impl Iterator<Item = (String, String)>,
    pace: u32,
) -> BTreeMap<String, String> {
    let path = |path: std::path::PathBuf| path.display().to_string();
    let own_folder =
        std::env::current_exe().ok().and_then(|own| Some(path(own.parent()?.to_owned()))).unwrap_or_default();
    let mut variables: BTreeMap<String, String> = [
        ("PATH", format!("{own_folder}:{PATH}")),
        ("HOME", path(places.home())),
        ("USER", "root".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{REGION_ADDRESS}:{API_PORT}")),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("RUNBOOK_STATE", path(places.state())),
        ("RUNBOOK_TRUST_CA", path(places.authority().join("ca.pem"))),
        ("RUNBOOK_SSH_CONFIG", path(places.ssh_config())),
        ("RUNBOOK_PACE", pace.to_string()),
        ("CURL_CA_BUNDLE", path(places.authority().join("ca.pem"))),
        ("LC_ALL", "C.UTF-8".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    variables.extend(own);
    for name in ["TERM", "COLUMNS", "LINES", "NO_COLOR", "RUST_BACKTRACE", "RUST_LOG"] {
        if let Ok(value) = std::env::var(name) {
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}
