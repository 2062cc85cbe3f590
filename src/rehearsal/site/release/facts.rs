//! What a Nextcloud release says of itself, and whether it is whole and can run on the lab's PHP. Its files are read as
//! text, not run: they are somebody else's code.

use std::path::{Path, PathBuf};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::recipe::PHP;

/// What is read of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct ReleaseFacts {
    /// `$OC_VersionString` of version.php.
    pub(in crate::rehearsal) version: String,
}

/// Files without which nothing of Nextcloud runs. A clone of its repository has no `3rdparty`: that is a submodule.
const NEEDED: [&str; 7] =
    ["version.php", "status.php", "index.php", "remote.php", "occ", "lib/base.php", "3rdparty/autoload.php"];

/// The folder of the release in what an archive unpacked to: archives hold one folder, `nextcloud`.
pub(in crate::rehearsal) fn top(unpacked: &Path) -> PathBuf {
    let here = unpacked.join("version.php");
    let folders: Vec<PathBuf> = std::fs::read_dir(unpacked)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    match folders.as_slice() {
        [only] if !here.is_file() => only.clone(),
        _ => unpacked.to_owned(),
    }
}

/// Reads them; `given` is what the operator calls it.
///
/// # Errors
/// When it is no whole release, or one for another PHP.
pub(in crate::rehearsal) fn of(release: &Path, given: &Path) -> Result<ReleaseFacts, RehearsalError> {
    let refuse = |why: String| RehearsalError::Unsupported(format!("`{}` {why}", given.display()));
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !release.join(name).is_file()).collect();
    if missing.len() == NEEDED.len() {
        return Err(refuse("is no Nextcloud: it has no version.php, status.php, occ".to_owned()));
    }
    if !missing.is_empty() {
        return Err(refuse(format!(
            "is no whole Nextcloud: it lacks {}; give a release as it is published (a clone of the repository lacks 3rdparty)",
            missing.join(", ")
        )));
    }
    let read = |name: &str| std::fs::read_to_string(release.join(name)).unwrap_or_default();
    let version = version_string(&read("version.php"))
        .ok_or_else(|| refuse("is no Nextcloud: its version.php names no `$OC_VersionString`".to_owned()))?;
    if let Some(bound) = refused_by(&read("lib/versioncheck.php")) {
        return Err(refuse(format!(
            "is Nextcloud {version}, which does not run on the lab's PHP {}: its lib/versioncheck.php wants {bound}; \
             rehearse with a release for PHP {}",
            php(PHP),
            php(PHP)
        )));
    }
    Ok(ReleaseFacts { version })
}

fn version_string(php: &str) -> Option<String> {
    let after = php.split("$OC_VersionString").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let version = after[1..].split(quote).next()?;
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ' ' | '-');
    (!version.is_empty() && version.len() < 40 && version.chars().all(fit)).then(|| version.to_owned())
}

/// The bound that the lab's PHP does not keep, in words. Nextcloud's lib/versioncheck.php compares `PHP_VERSION_ID` with
/// the lowest version it takes and with the first it does not; a file that says it otherwise is left to the
/// installation, which runs it.
fn refused_by(check: &str) -> Option<String> {
    check.split("PHP_VERSION_ID").skip(1).find_map(|rest| {
        let rest = rest.trim_start();
        let below = !rest.starts_with(">=");
        let number = rest.strip_prefix(">=").or_else(|| rest.strip_prefix('<'))?.trim_start();
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        let bound: u32 = digits.parse().ok()?;
        match below {
            true if PHP < bound => Some(format!("PHP {} or later", php(bound))),
            false if PHP >= bound => Some(format!("one before PHP {}", php(bound))),
            _ => None,
        }
    })
}

/// `80200` as people write it.
fn php(id: u32) -> String {
    format!("{}.{}", id / 10_000, id / 100 % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_however_it_is_written() {
        assert_eq!(version_string("<?php\n$OC_VersionString = '29.0.6';"), Some("29.0.6".into()));
        assert_eq!(version_string("$OC_Version = [1];\n$OC_VersionString=\"30.0.0 RC1\";"), Some("30.0.0 RC1".into()));
        for none in [
            "",
            "$OC_VersionString",
            "$OC_VersionString = $x;",
            "$OC_VersionString = '';",
            "$OC_VersionString = '<b>';",
        ] {
            assert_eq!(version_string(none), None, "{none}");
        }
    }

    #[test]
    fn bounds_of_php_are_read_from_its_own_check() {
        let bounds = |least: u32, first_refused: u32| {
            format!(
                "<?php\nif (PHP_VERSION_ID < {least}) {{\n exit(1);\n}}\nif (PHP_VERSION_ID >= {first_refused}) {{ exit(1); }}"
            )
        };
        assert_eq!(refused_by(&bounds(80_000, 80_400)), None);
        assert_eq!(refused_by(&bounds(70_400, 80_200)), Some("one before PHP 8.2".into()));
        assert_eq!(refused_by(&bounds(80_300, 80_600)), Some("PHP 8.3 or later".into()));
        assert_eq!(refused_by("<?php // says it otherwise"), None);
    }
}
