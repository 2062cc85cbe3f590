//! Images: small Debians with the real servers of a web node or of a DB instance, each made once by mmdebstrap from the
//! machine's own package source and cached as a directory tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::quoted;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::cache::Cache;
use crate::rehearsal::machine::recipe::{Image, Recipe, SUITE};
use crate::rehearsal::machine::tool::Tool;

/// A slow mirror may take minutes; an hour means that nothing moves.
const BUILD_DEADLINE: Duration = Duration::from_secs(1800);
/// What needs no network.
const FINISH_DEADLINE: Duration = Duration::from_secs(300);

/// Where an image is in a cache, whether it has been made or not.
pub(in crate::rehearsal) fn entry(cache: &Cache, image: &Image, rootless: bool) -> PathBuf {
    let recipe = image.recipe();
    // Owners are other numbers in a user's namespace: what root has made is of no use there.
    let kind = if rootless { format!("{}-rootless", recipe.kind) } else { recipe.kind.to_owned() };
    cache.entry(&kind, &recipe.text())
}

/// An image's tree, made first when it is missing.
pub(in crate::rehearsal) async fn ensure(
    cache: &Cache,
    image: &Image,
    rootless: bool,
    say: &(dyn Fn(&str) + Sync),
) -> Result<PathBuf, RehearsalError> {
    let entry = entry(cache, image, rootless);
    if entry.is_dir() {
        return Ok(entry);
    }
    let _lock = cache.lock(&entry, say).await?;
    if entry.is_dir() {
        return Ok(entry);
    }
    let recipe = image.recipe();
    say(&format!("making {}", recipe.about));
    let workshop = Cache::workshop(&entry)?;
    let archive = entry.with_extension("tar");
    bootstrap(&recipe, &archive, rootless).await?;
    let tree = workshop.join("tree");
    fs::create_dir_all(&tree).map_err(RehearsalError::file("create", &tree))?;
    unpack(&archive, &tree, rootless).await?;
    fs::remove_file(&archive).map_err(RehearsalError::file("remove", &archive))?;
    if !recipe.installed {
        finish(&recipe, &tree, rootless).await?;
    }
    Cache::publish(&tree, &entry)?;
    let _ = fs::remove_dir(&workshop);
    Ok(entry)
}

async fn bootstrap(recipe: &Recipe, archive: &Path, rootless: bool) -> Result<(), RehearsalError> {
    let variant = if recipe.installed { "minbase" } else { "extract" };
    let mut bootstrap = Tool::new("mmdebstrap")
        .args([&format!("--variant={variant}"), &format!("--include={}", recipe.packages)])
        .arg("--dpkgopt=force-unsafe-io")
        .arg(format!("--mode={}", if rootless { "unshare" } else { "root" }));
    if recipe.installed {
        bootstrap = bootstrap.arg(format!("--customize-hook=chroot \"$1\" bash -c {}", quoted(recipe.finish)));
    }
    bootstrap = bootstrap.arg(SUITE).arg(archive);
    if let Some(sources) = own_package_source() {
        bootstrap = bootstrap.arg(sources);
    }
    match bootstrap.deadline(BUILD_DEADLINE).run().await {
        Err(RehearsalError::ProgramFailed { said, .. }) if !unknown(&said).is_empty() => {
            Err(RehearsalError::NoPackage { names: unknown(&said) })
        }
        done => done.map(drop),
    }
}

/// The packages that apt could not find.
fn unknown(said: &str) -> Vec<String> {
    let named = said.lines().filter_map(|line| line.trim().strip_prefix("E: Unable to locate package "));
    named.map(|name| name.trim().to_owned()).collect()
}

/// mmdebstrap runs no hook inside a tree that it only unpacked.
async fn finish(recipe: &Recipe, tree: &Path, rootless: bool) -> Result<(), RehearsalError> {
    const INSIDE: &str = r#"mount --rbind /dev "$1/dev" && exec chroot "$1" bash -c "$2""#;
    let users: &[&str] = if rootless { &["--user", "--map-root-user", "--map-auto"] } else { &[] };
    let unshare = Tool::new("unshare").args(users).args(["--mount", "bash", "-c", INSIDE, "finish"]);
    unshare.arg(tree).arg(recipe.finish).deadline(FINISH_DEADLINE).run().await.map(drop)
}

async fn unpack(archive: &Path, tree: &Path, rootless: bool) -> Result<(), RehearsalError> {
    let tar = if rootless {
        Tool::new("unshare").args(["--user", "--map-root-user", "--map-auto", "tar"])
    } else {
        Tool::new("tar")
    };
    tar.arg("-C")
        .arg(tree)
        .args(["--numeric-owner", "--exclude=./dev/*", "-xf"])
        .arg(archive)
        .deadline(FINISH_DEADLINE)
        .run()
        .await
        .map(drop)
}

/// The machine's package source, when it is one for our suite; mmdebstrap knows Debian's own otherwise.
fn own_package_source() -> Option<PathBuf> {
    ["/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"].into_iter().map(PathBuf::from).find(|path| {
        fs::read_to_string(path).is_ok_and(|text| {
            text.lines().map(|line| line.split('#').next().unwrap_or_default()).any(|line| {
                (line.starts_with("deb ") || line.starts_with("Suites:"))
                    && line.split_whitespace().any(|word| word == SUITE)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As mmdebstrap 1.3.5 says it of Debian 12's apt.
    #[test]
    fn packages_that_there_are_not_are_named() {
        let said = "Reading package lists...\nBuilding dependency tree...\nE: Unable to locate package nosuch-x\n\
                    E: Unable to locate package nosuch-y\nE: setup failed: E: apt-get --yes install nosuch-x failed\n";
        assert_eq!(unknown(said), ["nosuch-x", "nosuch-y"]);
        assert!(unknown("E: Failed to fetch http://mirror.example/x\n").is_empty());
    }
}
