//! Why the file of a journal cannot be used, as far as a person must know to do the right thing about it.

use rusqlite::ErrorCode;
use std::path::Path;

/// Why the file of a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file or its folder cannot be made or read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// SQLite cannot open it.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// It is somebody else's.
    #[error("it is an SQLite database of something else")]
    Foreign,
    /// A newer tool wrote it.
    #[error("it is of version {found}, and this `runbook` knows versions up to {known}")]
    Newer {
        /// The version found.
        found: usize,
        /// The newest known.
        known: usize,
    },
}

impl Unusable {
    /// What makes the journal usable again. Another folder is another journal, which knows nothing of the runs in this one: it
    /// is advised only where none of ours can be in this one.
    pub(super) fn remedy(&self, path: &Path) -> Option<String> {
        match self {
            Unusable::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                of_code(ErrorCode::DiskFull).map(str::to_owned)
            }
            Unusable::Io(_) => Some(
                "make its folder writable; or, if no run was begun in it yet, choose another one with `--state FOLDER`"
                    .into(),
            ),
            Unusable::Foreign => Some("choose another folder with `--state FOLDER`".into()),
            Unusable::Newer { .. } => Some(
                "use the `runbook` that wrote it, or a newer one; another journal knows nothing of its runs".into(),
            ),
            Unusable::Sqlite(error) => match error.sqlite_error_code()? {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(format!(
                    "take a copy of its folder before anything else; `sqlite3 {} .recover` prints what can still be read of it",
                    path.display()
                )),
                code => of_code(code).map(str::to_owned),
            },
        }
    }
}

pub(super) fn of_code(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::DiskFull => "make room on the disk of the journal's folder",
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            "make the journal's folder and its files writable"
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "end the program that holds the journal (`fuser journal.db` names it)"
        }
        ErrorCode::SystemIoFailure => "look after the disk of the journal's folder (`dmesg`)",
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            "take a copy before anything else; `runbook log --verify` tells how far the journal is intact"
        }
        _ => return None,
    })
}
