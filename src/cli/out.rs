//! Writing results.

use super::{Exit, Failure};
use crate::display;
use std::io::ErrorKind;

/// Writes a result to standard output. A reader that has gone away (`| head`) is no failure.
pub(super) fn out(text: &str) -> Result<(), Failure> {
    match display::to_stdout(text) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, "cannot write the result").cause(e.to_string()))
        }
        _ => Ok(()),
    }
}
