//! Asking the person at the terminal.

use crate::cli::CommandFailure;
use crate::display;
use std::io::IsTerminal;

/// Asks the person at the terminal; without a terminal only `--yes` answers.
pub(in crate::cli) fn confirm(yes: bool, question: &str) -> Result<(), CommandFailure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CommandFailure::refused("nothing was changed: there is nobody to ask")
            .hint("say `--yes` to go ahead without being asked"));
    }
    display::to_stderr(&format!("{question} Type `yes` to go ahead: "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|e| CommandFailure::output(&e))?;
    if answer.trim() == "yes" { Ok(()) } else { Err(CommandFailure::refused("nothing was changed: not confirmed")) }
}
