//! Files of the hosts, seen from outside.

use crate::model::sha256;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;

/// What is to be the same after everything was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct FileFact {
    pub(in crate::rehearsal) sha256: String,
    pub(in crate::rehearsal) owner: (u32, u32),
    pub(in crate::rehearsal) mode: u32,
    pub(in crate::rehearsal) mtime: (i64, i64),
}

impl FileFact {
    /// What differs, in words; nothing when nothing does.
    pub(in crate::rehearsal) fn differs(&self, now: &FileFact) -> Vec<&'static str> {
        let mut differs = Vec::new();
        for (word, same) in [
            ("content", self.sha256 == now.sha256),
            ("owner", self.owner == now.owner),
            ("mode", self.mode == now.mode),
            ("mtime", self.mtime == now.mtime),
        ] {
            if !same {
                differs.push(word);
            }
        }
        differs
    }
}

pub(in crate::rehearsal) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

/// A file of a host.
pub(in crate::rehearsal) fn fact(region: &Region, instance: &str, path: &str) -> Result<FileFact, RehearsalError> {
    let real = place(region, instance, path)?;
    let bytes = std::fs::read(&real).map_err(RehearsalError::file("read", &real))?;
    let meta = std::fs::metadata(&real).map_err(RehearsalError::file("look at", &real))?;
    Ok(FileFact {
        sha256: sha256(&bytes),
        owner: (meta.uid(), meta.gid()),
        mode: meta.mode() & 0o7777,
        mtime: (meta.mtime(), meta.mtime_nsec()),
    })
}

/// A file's text.
pub(in crate::rehearsal) fn text(region: &Region, instance: &str, path: &str) -> Result<String, RehearsalError> {
    let real = place(region, instance, path)?;
    std::fs::read_to_string(&real).map_err(RehearsalError::file("read", real))
}

/// The names in a folder of a host.
pub(in crate::rehearsal) fn names(
    region: &Region,
    instance: &str,
    folder: &str,
) -> Result<BTreeSet<String>, RehearsalError> {
    let real = place(region, instance, folder)?;
    let entries = std::fs::read_dir(&real).map_err(RehearsalError::file("list", &real))?;
    Ok(entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect())
}

/// Whether a file of a host is there.
pub(in crate::rehearsal) fn there(region: &Region, instance: &str, path: &str) -> bool {
    place(region, instance, path).is_ok_and(|real| real.symlink_metadata().is_ok())
}

/// The copy a run keeps beside a file: the one name in its folder that was not there before.
pub(in crate::rehearsal) fn copy_of(
    region: &Region,
    instance: &str,
    path: &str,
) -> Result<Option<String>, RehearsalError> {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let copies = names(region, instance, folder(path))?;
    let copy = copies.into_iter().find(|n| n.contains(name) && n.contains("runbook-"));
    Ok(copy.map(|copy| format!("{}/{copy}", folder(path))))
}

/// The hunks of `diff OLD NEW`, like `10,23d9`.
pub(in crate::rehearsal) async fn hunks(
    region: &Region,
    instance: &str,
    old: &str,
    new: &str,
) -> Result<Vec<String>, RehearsalError> {
    let (old, new) = (place(region, instance, old)?, place(region, instance, new)?);
    let output = tokio::process::Command::new("diff").arg(old).arg(new).output().await;
    let output = output.map_err(|source| RehearsalError::ProgramUnstartable { program: "diff".into(), source })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect())
}

/// The keys that differ between two configuration files, as php reads them on the host.
pub(in crate::rehearsal) async fn changed_keys(
    region: &Region,
    instance: &str,
    old: &str,
    new: &str,
) -> Result<Vec<String>, RehearsalError> {
    const SCRIPT: &str = "function read($f){include $f; return $CONFIG;} $a=read($argv[1]); $b=read($argv[2]); \
        foreach(array_keys($a+$b) as $k) if(($a[$k]??null)!==($b[$k]??null)) echo $k,\"\\n\";";
    Ok(inside(region, instance, &["php", "-r", SCRIPT, "--", old, new]).await.lines().map(str::to_owned).collect())
}

/// As whom the site on a host is let in by its database: with the values of its own config.php, by the endpoint's name.
pub(in crate::rehearsal) async fn let_in(region: &Region, instance: &str) -> String {
    const SCRIPT: &str = "include $argv[1]; try { $db = new mysqli($CONFIG['dbhost'], $CONFIG['dbuser'], $CONFIG['dbpassword'], $CONFIG['dbname']); \
        echo $db->query('SELECT CURRENT_USER()')->fetch_row()[0]; } catch (mysqli_sql_exception $e) { echo $e->getMessage(); }";
    let config = region.before().site.config_file.as_str();
    inside(region, instance, &["php", "-r", SCRIPT, "--", config]).await
}

/// What certbot's timer is, as its host says.
pub(in crate::rehearsal) async fn timer(region: &Region, instance: &str) -> String {
    let timer = region.before().site.renewal_timer.as_str();
    let enabled = inside(region, instance, &["systemctl", "is-enabled", timer]).await;
    let active = inside(region, instance, &["systemctl", "is-active", timer]).await;
    format!("{} {}", enabled.trim(), active.trim())
}

/// What a program prints inside a host; empty when the host is off.
pub(in crate::rehearsal) async fn inside(region: &Region, instance: &str, argv: &[&str]) -> String {
    let Some(mut command) = region.host(instance).and_then(|host| host.command(argv)) else { return String::new() };
    command.output().await.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).into_owned())
}

fn place(region: &Region, instance: &str, path: &str) -> Result<std::path::PathBuf, RehearsalError> {
    let host = region.host(instance);
    host.map(|h| h.disk(path)).ok_or_else(|| RehearsalError::Unsupported(format!("there is no host `{instance}`")))
}
