//! What the actions of a run wait for, as its executor heard last: a file beside the run's connections, for who looks from outside.
//!
//! It is no record: it may be lost, is overwritten, and counts only while who wrote it executes the run. Nothing secret is in it, for what
//! is in it was to be shown.

use crate::display::Waits;
use crate::event::{Event, Listener};
use crate::journal::Holder;
use crate::model::ActionPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const NAME: &str = "waits.json";

#[derive(Debug, Serialize, Deserialize)]
struct Board {
    by: Holder,
    waits: BTreeMap<ActionPath, String>,
}

/// Writes what is told to the file, on a thread of its own, until nothing more is.
pub(in crate::cli) fn keep(heard: Listener, folder: PathBuf, by: Holder) {
    std::thread::spawn(move || {
        let mut board = Board { by, waits: BTreeMap::new() };
        for event in heard {
            let is_other = match event {
                Event::Progress { action, note, .. } => board.waits.insert(action, note.clone()) != Some(note),
                Event::Recorded(record) => {
                    record.kind.action().is_some_and(|action| board.waits.remove(action).is_some())
                }
                _ => false,
            };
            if is_other {
                // Whoever looks sees less then; the run is not held up.
                let _ = write(&folder, &board);
            }
        }
        let _ = std::fs::remove_file(folder.join(NAME));
    });
}

fn write(folder: &Path, board: &Board) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let (path, new) = (folder.join(NAME), folder.join(format!("{NAME}.new")));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(board)?)?;
    std::fs::rename(new, path)
}

/// What the executor of a run has heard last that its actions wait for; nothing where that is not known.
pub(in crate::cli) fn read(folder: &Path, holder: &Holder) -> Waits {
    let text = std::fs::read_to_string(folder.join(NAME)).unwrap_or_default();
    let board: Option<Board> = serde_json::from_str(&text).ok();
    board.filter(|board| board.by == *holder).map(|board| board.waits).unwrap_or_default()
}
