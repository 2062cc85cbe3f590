//! What the region did and when, in its log; and what went wrong, kept for whoever asks.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::rehearsal::error::RehearsalError;

/// More than this is the same trouble again and again.
const TROUBLES_KEPT: usize = 50;

/// The region's diary.
#[derive(Debug)]
pub(in crate::rehearsal) struct Diary {
    started: Instant,
    file: Mutex<std::fs::File>,
    troubles: Mutex<Vec<String>>,
}

impl Diary {
    pub(in crate::rehearsal) fn open(path: &Path) -> Result<Self, RehearsalError> {
        let file = std::fs::File::create(path).map_err(RehearsalError::file("create", path))?;
        Ok(Self { started: Instant::now(), file: Mutex::new(file), troubles: Mutex::default() })
    }

    pub(in crate::rehearsal) fn note(&self, what: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk is no reason to end a rehearsal: the diary is for reading later.
        let _ = writeln!(file, "{:9.3} {what}", self.started.elapsed().as_secs_f64());
    }

    /// Notes something that should not have happened; the same thing again and again is noted once.
    pub(in crate::rehearsal) fn trouble(&self, what: &str) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.iter().any(|known| known == what) || troubles.len() >= TROUBLES_KEPT {
            return;
        }
        troubles.push(what.to_owned());
        drop(troubles);
        self.note(&format!("trouble: {what}"));
    }

    pub(in crate::rehearsal) fn troubles(&self) -> Vec<String> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
