//! Asking the person at the terminal.

use crate::cli::CommandFailure;
use crate::display;
use std::io::IsTerminal;

/// How often a yes that is none is asked for again.
const TRIES: u32 = 3;

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
    for more in (0..TRIES).rev() {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|e| CommandFailure::output(&e))?;
        match answer.trim() {
            "yes" => return Ok(()),
            // What might have been meant as a yes is asked for once more, in full.
            "y" | "Y" | "YES" | "Yes" | "ja" | "ok" if more > 0 => {
                display::to_stderr("Please type `yes` in full, or anything else to leave it: ");
            }
            _ => break,
        }
    }
    Err(CommandFailure::refused("nothing was changed: not confirmed"))
}
