//! A person's record, appended beside whoever else appends.

use crate::cli::CommandFailure;
use crate::cli::clock::SystemClock;
use crate::engine::Clock;
use crate::journal::{Journal, JournalError, Lease, RecordKind, RunState};

/// Appends a record after whatever others have appended in the meantime. What they have is read first, and `still` judges
/// whether the person means it all the same.
///
/// # Errors
/// When it cannot be written or cannot follow, or `still` refuses; nothing is recorded then.
pub(in crate::cli) fn append(
    journal: &mut Journal,
    lease: Option<&Lease>,
    mut state: RunState,
    kind: &RecordKind,
    still: impl Fn(&RunState) -> Result<(), CommandFailure>,
) -> Result<RunState, CommandFailure> {
    loop {
        match journal.append(&state, lease, SystemClock.now(), kind.clone()) {
            Ok((_, next)) => return Ok(next),
            Err(JournalError::Moved(run)) => {
                state = journal.state(&run)?;
                still(&state)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
