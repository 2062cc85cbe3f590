//! The process's own output and error streams.

use crate::display::table::fit;
use std::io::{self, IsTerminal, Write};

/// Writes a text to standard output.
///
/// # Errors
/// When nobody reads it any more, or it is a file on a full disk.
pub fn to_stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a text to standard error. Where even that cannot be written there is nobody left to tell.
pub fn to_stderr(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Wraps texts from now on for the terminal that standard output is; where it is none, as for a file. Call it once, before
/// anything is written.
pub fn fit_to_terminal() {
    let out = io::stdout();
    if !out.is_terminal() {
        return;
    }
    if let Ok(size) = rustix::termios::tcgetwinsize(&out)
        && size.ws_col > 0
    {
        fit(usize::from(size.ws_col));
    }
}
