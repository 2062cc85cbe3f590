//! Which command can give its result in which form.

use super::Failure;
use super::args::{Command, Format};

/// Refuses a form that the command does not have.
pub(super) fn check(command: &Command, format: Format) -> Result<(), Failure> {
    let (name, plans, page) = match command {
        Command::Plan(args) => ("plan", true, args.html.is_some()),
        Command::Run(args) => ("run", args.dry_run, args.html.is_some()),
        Command::Rollback(args) => ("rollback", args.dry_run, args.html.is_some()),
        _ => ("this command", false, false),
    };
    if plans {
        return Ok(());
    }
    let only = "only plans have it: `plan`, `run --dry-run` and `rollback --dry-run`";
    if format == Format::Markdown {
        return Err(Failure::usage(format!("`--format markdown` is not for `{name}`")).hint(only));
    }
    if page {
        return Err(Failure::usage(format!("`--html` is not for `{name}` without `--dry-run`")).hint(only));
    }
    Ok(())
}
