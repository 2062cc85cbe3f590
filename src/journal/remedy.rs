//! What a person can do about a journal that cannot be read or written.

use super::JournalError;
use super::unusable::of_code;

impl JournalError {
    /// What makes the journal usable again; nothing when no general advice fits.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            JournalError::Open { path, source } => source.remedy(path),
            JournalError::Gone { path } => {
                Some(format!("bring the file back as `{}`: without it nobody knows what was done", path.display()))
            }
            JournalError::Sqlite(error) => of_code(error.sqlite_error_code()?).map(str::to_owned),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_put_right_is_said() {
        let gone = JournalError::Gone { path: "/s/journal.db".into() };
        assert!(gone.remedy().unwrap().contains("`/s/journal.db`"));
        let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(13), None);
        assert!(JournalError::from(full).remedy().unwrap().contains("make room"));
        let read_only = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(8), None);
        assert!(JournalError::from(read_only).remedy().unwrap().contains("writable"));
        assert_eq!(JournalError::NoRun("r".into()).remedy(), None);
    }
}
