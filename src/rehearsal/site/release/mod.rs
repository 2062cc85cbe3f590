//! A Nextcloud release that the operator has, made ready to stand on a web server of the lab: looked at, unpacked, and
//! kept in the cache as a layer named by what is in it.
//!
//! Taken are archives as Nextcloud publishes them (`.tar.bz2`, `.tar.gz`, `.tar.xz`, `.tar`, `.zip`) and unpacked folders. Of
//! a folder in which a site lives, its configuration and its users' data stay where they are. Not verified: signatures.

mod facts;
mod installation;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::layers::Owner;
use crate::rehearsal::machine::cache::Cache;
use crate::rehearsal::machine::tool::{self, Tool};
use facts::ReleaseFacts;

pub(in crate::rehearsal) use installation::install;

/// A release has 20,000 files and 500 MB.
const UNPACK_DEADLINE: Duration = Duration::from_secs(600);

/// A release, ready to be a layer of a web server's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// As it calls itself: `29.0.6`.
    pub version: String,
    /// The layer.
    layer: PathBuf,
}

impl Release {
    /// Its config.php before it is installed: where the users' files are to be, and nothing else.
    pub(in crate::rehearsal) const CONFIG: &str = include_str!("config.php");

    /// The layer of a web server's disk in which it lies.
    pub(in crate::rehearsal) fn layer(&self) -> PathBuf {
        self.layer.clone()
    }
}

/// A way of packing, and the program it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// `tar` with a program that unpacks for it, if it takes one.
    Tar(Option<(&'static str, &'static str)>),
    Zip,
}

impl Packing {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let is = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        Some(match () {
            () if is(&[".tar.bz2", ".tbz2", ".tbz"]) => Self::Tar(Some(("bzip2", "bzip2"))),
            () if is(&[".tar.gz", ".tgz"]) => Self::Tar(Some(("gzip", "gzip"))),
            () if is(&[".tar.xz", ".txz"]) => Self::Tar(Some(("xz", "xz-utils"))),
            () if is(&[".tar"]) => Self::Tar(None),
            () if is(&[".zip"]) => Self::Zip,
            () => return None,
        })
    }

    /// The program that must be there, and its package.
    fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Tar(program) => program,
            Self::Zip => Some(("unzip", "unzip")),
        }
    }

    async fn unpack(self, archive: &Path, into: &Path) -> Result<(), RehearsalError> {
        let tool = match self {
            Self::Tar(_) => Tool::new("tar").arg("-C").arg(into).args(["--no-same-owner", "-xf"]).arg(archive),
            Self::Zip => Tool::new("unzip").args(["-q", "-d"]).arg(into).arg(archive),
        };
        tool.deadline(UNPACK_DEADLINE).run().await.map(drop)
    }
}

/// What of a folder is not taken: a site's own configuration and its users' data.
const NOT_TAKEN: &[&str] =
    &["./config/config.php", "./config/*.config.php", "./config/CAN_INSTALL", "./data", "./.git"];

/// Makes a release ready, to stand under `root` on a web server. `say` hears what takes time.
///
/// # Errors
/// When there is no whole release at the path, when the lab's PHP is none that it accepts, when a program is missing
/// that unpacks it.
pub async fn ensure(
    cache: &Cache,
    path: &Path,
    root: &str,
    rootless: bool,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Release, RehearsalError> {
    let path = std::fs::canonicalize(path).map_err(RehearsalError::file("find", path))?;
    let packing = if path.is_dir() {
        facts::of(&path, &path)?; // before it is copied
        None
    } else {
        let packing = Packing::of(&path).ok_or_else(|| no_archive(&path))?;
        if let Some((program, package)) = packing.program()
            && tool::find(program).is_none()
        {
            return Err(RehearsalError::Unsupported(format!(
                "`{}` cannot be unpacked: `{program}` is not installed; type `apt-get install {package}`",
                path.display()
            )));
        }
        Some(packing)
    };
    let owners = if rootless { "rootless" } else { "root" };
    let recipe = format!("{}\n{root}\n{owners}\n{}", fingerprint(&path).await?, NOT_TAKEN.join("\n"));
    let entry = cache.entry("nextcloud", &recipe);
    let _lock = cache.lock(&entry, say).await?;
    if !entry.is_dir() {
        say(&format!("unpacking `{}` (once)", path.display()));
        make(&entry, &path, packing, root, rootless).await?;
    }
    let ReleaseFacts { version } = facts::of(&entry.join(root.trim_start_matches('/')), &path)?;
    Ok(Release { version, layer: entry })
}

async fn make(
    entry: &Path,
    path: &Path,
    packing: Option<Packing>,
    root: &str,
    rootless: bool,
) -> Result<(), RehearsalError> {
    let workshop = Cache::workshop(entry)?;
    let (unpacked, layer) = (workshop.join("unpacked"), workshop.join("layer"));
    let site = layer.join(root.trim_start_matches('/'));
    for folder in [&unpacked, &site] {
        std::fs::create_dir_all(folder).map_err(RehearsalError::file("create", folder))?;
    }
    let from = match packing {
        None => path.to_path_buf(),
        Some(packing) => {
            packing.unpack(path, &unpacked).await?;
            facts::top(&unpacked)
        }
    };
    facts::of(&from, path)?;
    give(&from, &site, rootless).await?;
    Cache::publish(&layer, entry)?;
    std::fs::remove_dir_all(&workshop).map_err(RehearsalError::file("remove", &workshop))
}

/// Copies the release, all of it the web server's user's own: so it is where Nextcloud updates itself.
async fn give(from: &Path, to: &Path, rootless: bool) -> Result<(), RehearsalError> {
    const COPY: &str = r#"set -e; from=$1 to=$2 owner=$3; shift 3
tar -C "$from" "$@" -cf - . | tar -C "$to" --no-same-owner -xpf -
mkdir -p "$to/config" "$to/data"
chown -R "$owner:$owner" "$to"
chmod 755 "$to"; chmod 770 "$to/config" "$to/data""#;
    let users: &[&str] =
        if rootless { &["unshare", "--user", "--map-root-user", "--map-auto", "bash"] } else { &["bash"] };
    let exclude = NOT_TAKEN.iter().map(|pattern| format!("--exclude={pattern}"));
    let owner = Owner::Web.number().to_string();
    let copy = Tool::new(users[0]).args(&users[1..]).args(["-o", "pipefail", "-c", COPY, "copy"]);
    copy.arg(from).arg(to).arg(owner).args(exclude).deadline(UNPACK_DEADLINE).run().await.map(drop)
}

/// What tells one release from another: an archive's bytes; of a folder the name, size, mode and time of each file.
async fn fingerprint(path: &Path) -> Result<String, RehearsalError> {
    const FOLDER: &str =
        r#"cd "$1" && find . -path ./data -prune -o -printf '%P %y %m %s %T@ %l\n' | LC_ALL=C sort | sha256sum"#;
    let tool = if path.is_dir() {
        Tool::new("bash").args(["-o", "pipefail", "-c", FOLDER, "fingerprint"]).arg(path)
    } else {
        Tool::new("sha256sum").arg(path)
    };
    let output = tool.deadline(UNPACK_DEADLINE).run().await?;
    Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap_or_default().to_owned())
}

fn no_archive(path: &Path) -> RehearsalError {
    RehearsalError::Unsupported(format!(
        "`{}` is no Nextcloud release: neither a folder nor an archive (`.tar.bz2`, `.tar.gz`, `.tar.xz`, `.tar`, `.zip`); \
         give the archive as it is downloaded, or the folder it unpacks to",
        path.display()
    ))
}

#[cfg(test)]
mod tests;
