//! The base image of every host: a small Debian with the real servers of a web node, made once by mmdebstrap from
//! the machine's own package source and cached as a directory tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache::Cache;
use super::error::RehearsalError;
use super::tool::Tool;

/// Debian 12: PHP 8.2 and nginx as packaged, like the systems the procedure is written for.
const SUITE: &str = "bookworm";
const PACKAGES: &str =
    "openssh-server,nginx-light,php8.2-fpm,php8.2-cli,sudo,cron,systemd,iproute2,procps,curl,ca-certificates,openssl";
/// What is done inside the tree after the packages are in: the operator's account as cloud images have it, php-fpm
/// on the port the site's nginx file names, no SSH host keys (a host's first boot makes them), nginx's own site out of the way.
const CUSTOMIZE: &str = r#"set -e
useradd -m -s /bin/bash -u 1000 ubuntu
echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers.d/90-cloud-init-users
printf 'PasswordAuthentication no\nUseDNS no\nMaxStartups 60:30:120\n' >/etc/ssh/sshd_config.d/lab.conf
sed -i '/pam_systemd/d' /etc/pam.d/common-session
sed -i 's#^listen = .*#listen = 127.0.0.1:9000#; s/^pm = .*/pm = ondemand/' /etc/php/8.2/fpm/pool.d/www.conf
rm -f /etc/ssh/ssh_host_* /etc/nginx/sites-enabled/default /etc/resolv.conf /etc/hostname /etc/hosts
: >/etc/machine-id
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man /usr/share/locale
"#;
/// A slow mirror may take minutes; an hour means that nothing moves.
const BUILD_DEADLINE: Duration = Duration::from_secs(1800);

/// Where the base image is in a cache, whether it has been made or not.
pub(super) fn entry(cache: &Cache, rootless: bool) -> PathBuf {
    let kind = if rootless { "image-rootless" } else { "image" };
    cache.entry(kind, &format!("{SUITE}\n{PACKAGES}\n{CUSTOMIZE}"))
}

/// The base image's tree, made first when it is missing.
pub(super) async fn ensure(
    cache: &Cache,
    rootless: bool,
    say: &(dyn Fn(&str) + Sync),
) -> Result<PathBuf, RehearsalError> {
    let entry = entry(cache, rootless);
    if entry.is_dir() {
        return Ok(entry);
    }
    let _lock = cache.lock(&entry, say).await?;
    if entry.is_dir() {
        return Ok(entry);
    }
    say("making the hosts' base image with mmdebstrap (once, about a minute)");
    let workshop = Cache::workshop(&entry)?;
    let archive = entry.with_extension("tar");
    let mut bootstrap = Tool::new("mmdebstrap")
        .args(["--variant=minbase", "--quiet", &format!("--include={PACKAGES}"), "--dpkgopt=force-unsafe-io"])
        .arg(format!("--mode={}", if rootless { "unshare" } else { "root" }))
        .arg(format!("--customize-hook=chroot \"$1\" bash -c {}", quoted(CUSTOMIZE)))
        .arg(SUITE)
        .arg(&archive);
    if let Some(sources) = own_package_source() {
        bootstrap = bootstrap.arg(sources);
    }
    bootstrap.deadline(BUILD_DEADLINE).run().await?;
    let tree = workshop.join("tree");
    fs::create_dir_all(&tree).map_err(RehearsalError::file("create", &tree))?;
    unpack(&archive, &tree, rootless).await?;
    fs::remove_file(&archive).map_err(RehearsalError::file("remove", &archive))?;
    Cache::publish(&tree, &entry)?;
    let _ = fs::remove_dir(&workshop);
    Ok(entry)
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
        .deadline(Duration::from_secs(300))
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

/// One word for the shell that runs mmdebstrap's hook.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_script_with_quotes_is_one_shell_word() {
        assert_eq!(quoted("echo 'a' b"), r"'echo '\''a'\'' b'");
    }
}
