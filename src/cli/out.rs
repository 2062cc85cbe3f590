//! Writing results.

use crate::cli::args::Format;
use crate::cli::{CommandFailure, Exit};
use crate::display;
use std::io::ErrorKind;

/// Writes a result to standard output. A reader that has gone away (`| head`) is no failure.
pub(in crate::cli) fn out(text: &str) -> Result<(), CommandFailure> {
    match display::to_stdout(text) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(CommandFailure::new(Exit::Failed, "cannot write the result").cause(e.to_string()))
        }
        _ => Ok(()),
    }
}

/// Says something beside a result without spoiling one that a program reads.
pub(in crate::cli) fn tell(format: Format, text: &str) -> Result<(), CommandFailure> {
    if format == Format::Text {
        return out(text);
    }
    display::to_stderr(text);
    Ok(())
}
