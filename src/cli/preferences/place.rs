//! Where the settings file is, and that nobody else writes it.

use crate::cli::CommandFailure;
use crate::cli::args::Common;
use rustix::process::geteuid;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Where it would be.
pub(super) fn usual(common: &Common) -> Option<PathBuf> {
    let from = |key: &str| std::env::var_os(key).filter(|it| !it.is_empty()).map(PathBuf::from);
    let config = || from("XDG_CONFIG_HOME").or_else(|| from("HOME").map(|home| home.join(".config")));
    common.settings.clone().or_else(|| config().map(|folder| folder.join("runbook/runbook.toml")))
}

/// The settings file, where there is one. One that was named must be there.
///
/// # Errors
/// When it is not, or others can write it: what is in it is run as the operator.
pub(super) fn find(common: &Common) -> Result<Option<PathBuf>, CommandFailure> {
    let Some(path) = usual(common) else { return Ok(None) };
    let told = format!("settings file `{}`", path.display());
    let about = match std::fs::metadata(&path) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound && common.settings.is_none() => return Ok(None),
        Err(error) => return Err(CommandFailure::usage(format!("{told} cannot be read")).cause(error.to_string())),
    };
    if !about.is_file() {
        return Err(CommandFailure::usage(format!("{told} is no file")));
    }
    let (owner, mode) = (about.uid(), about.mode());
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(CommandFailure::usage(format!("{told} belongs to somebody else (user {owner})"))
            .cause("it names programs that are run as you")
            .hint("make one of your own, or have it belong to root"));
    }
    if mode & 0o022 != 0 {
        return Err(CommandFailure::usage(format!("others can write the {told} (mode {:04o})", mode & 0o7777))
            .cause("it names programs that are run as you")
            .hint(format!("`chmod go-w {}`", crate::model::quoted(&path.display().to_string()))));
    }
    Ok(Some(path))
}
