//! Getting a machine ready for rehearsals: packages, the hosts' base image, the emulator's environment.

use std::time::Duration;

use super::Machine;
use crate::rehearsal::emulator::venv;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::cache::Cache;
use crate::rehearsal::machine::doctor::{self, FindingState};
use crate::rehearsal::machine::image;
use crate::rehearsal::machine::recipe::Image;
use crate::rehearsal::machine::tool::Tool;

const APT_DEADLINE: Duration = Duration::from_secs(1200);

/// What hosts are to carry beside the base system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carry {
    /// Whether a Nextcloud release is installed, which takes more of PHP's extensions.
    pub nextcloud: bool,
    /// Debian packages.
    pub packages: Vec<String>,
}

/// Makes the machine ready. With `install`, missing packages are installed by apt, through `sudo` when this is not
/// root; without, they are an error that names them. `say` hears what is being done.
///
/// # Errors
/// When something is missing and may not or cannot be installed or made.
pub async fn ensure(
    cache: &Cache,
    install: bool,
    carry: Carry,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Machine, RehearsalError> {
    let missing = doctor::missing_packages().await;
    if !missing.is_empty() {
        let list = missing.join(" ");
        if !install {
            return Err(RehearsalError::Unsupported(format!(
                "the rehearsal lab needs packages that are not installed; type `apt-get install {list}`"
            )));
        }
        say(&format!("installing packages: {list}"));
        install_programs(&missing).await?;
    }
    if let Some(finding) = doctor::obstacle().await
        && let FindingState::Missing { why, remedy } = finding.state
    {
        return Err(RehearsalError::Unsupported(format!("{}: {why}; {remedy}", finding.what)));
    }
    let rootless = doctor::is_rootless();
    let web = match (carry.nextcloud, carry.packages.is_empty()) {
        (nextcloud, false) => Image::World { nextcloud, packages: carry.packages },
        (true, true) => Image::Nextcloud,
        (false, true) => Image::Web,
    };
    let (image, database, venv) = tokio::join!(
        image::ensure(cache, &web, rootless, say),
        image::ensure(cache, &Image::Database, rootless, say),
        venv::ensure(cache, say)
    );
    Ok(Machine { image: image?, database: database?, venv: venv?, rootless })
}

/// How packages are installed: as programs, none of them as a service of this machine.
const INSTALL: &str = include_str!("install.sh");

async fn install_programs(packages: &[&str]) -> Result<(), RehearsalError> {
    let sh = if doctor::is_rootless() { Tool::new("sudo").args(["-n", "sh"]) } else { Tool::new("sh") };
    sh.args(["-c", INSTALL, "install"]).args(packages).deadline(APT_DEADLINE).run().await.map(drop)
}
