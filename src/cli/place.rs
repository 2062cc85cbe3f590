//! Writing a file beside the result: a page, or a plan.
//!
//! It is written whole or not at all: beside its place first, then moved there. Mode 0644, for it is made to be given
//! away; it holds references to secrets, never a secret.

use crate::cli::{CommandFailure, Exit};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A place where a file can be written.
#[derive(Debug)]
pub(in crate::cli) struct OutputPlace {
    /// What is written there, a noun.
    what: &'static str,
    named: PathBuf,
    file: PathBuf,
}

/// Finds out before a long look at the world whether a page or a plan (`what`) can be written there.
pub(in crate::cli) fn place(what: &'static str, named: &Path) -> Result<OutputPlace, CommandFailure> {
    let example = if what == "page" { "plan.html" } else { "plan.json" };
    let refused =
        |why: &str| CommandFailure::usage(format!("no {what} can be written to `{}`: {why}", named.display()));
    let file = match fs::metadata(named) {
        Ok(found) if found.is_dir() => {
            return Err(refused("it is a directory").hint(format!("name a file in it, like `{example}`")));
        }
        Ok(found) if !found.is_file() => return Err(refused("it is not a plain file")),
        // Where a link leads, not in the link's place.
        Ok(_) => named.canonicalize().map_err(|e| refused("its place cannot be found").cause(e.to_string()))?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => named.to_owned(),
        Err(e) => return Err(refused("it cannot be looked at").cause(e.to_string())),
    };
    if file.file_name().is_none() {
        return Err(refused("it has no name").hint(format!("name a file, like `{example}`")));
    }
    if !folder(&file).is_dir() {
        return Err(refused("its directory does not exist"));
    }
    Ok(OutputPlace { what, named: named.to_owned(), file })
}

impl OutputPlace {
    /// Writes it.
    pub(in crate::cli) fn write(&self, text: &str) -> Result<(), CommandFailure> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder(&self.file).join(format!(".{name}.{}.new", std::process::id()));
        let written = put(&beside, text).and_then(|()| fs::rename(&beside, &self.file));
        if let Err(error) = written {
            // What was begun is of no use; that it cannot be removed either is told by the error itself.
            let _ = fs::remove_file(&beside);
            let message = format!("cannot write the {} `{}`", self.what, self.named.display());
            return Err(CommandFailure::new(Exit::Failed, message).cause(error.to_string()));
        }
        Ok(())
    }

    /// Where it is, for the operator.
    pub(in crate::cli) fn told(&self) -> String {
        format!("{}: {}\n", self.what, self.named.display())
    }
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn put(file: &Path, text: &str) -> io::Result<()> {
    let mut open: File = OpenOptions::new().write(true).create_new(true).open(file)?;
    open.set_permissions(Permissions::from_mode(0o644))?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}
