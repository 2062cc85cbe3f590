//! Which command can give its result in which form.

use crate::cli::CommandFailure;
use crate::cli::args::{Command, Format};

/// Refuses a form that the command does not have.
pub(in crate::cli) fn check(command: &Command, format: Format) -> Result<(), CommandFailure> {
    let (name, plans, page) = match command {
        Command::Plan(args) => ("`plan`", true, args.html.is_some()),
        Command::Run(args) => ("`run`", args.dry_run, args.html.is_some()),
        Command::Show(args) => ("`show`", true, args.html.is_some()),
        Command::Resume(args) => ("`resume`", args.dry_run, false),
        Command::Report(args) => ("`report`", true, args.html.is_some()),
        Command::Rollback(args) => ("`rollback`", args.dry_run, args.html.is_some()),
        _ => ("this command", false, false),
    };
    saved(command)?;
    if plans {
        return Ok(());
    }
    let only = "only plans and reports have it: `report`, `plan`, `show`, `run --dry-run`, `resume --dry-run` and `rollback --dry-run`";
    if format == Format::Markdown {
        return Err(CommandFailure::usage(format!("`--format markdown` is not for {name}")).hint(only));
    }
    if page {
        return Err(CommandFailure::usage(format!("`--html` is not for {name} without `--dry-run`")).hint(only));
    }
    Ok(())
}

/// Refuses to save what is not planned now, and to plan what is saved.
fn saved(command: &Command) -> Result<(), CommandFailure> {
    match command {
        Command::Plan(args) if args.file.is_some() => Err(CommandFailure::usage("`--plan` is not for `plan`").hint(
            "`runbook show FILE` shows a saved plan; `runbook run --dry-run --plan FILE` looks at the world, too",
        )),
        Command::Run(args) if args.out.is_some() && (args.file.is_some() || !args.dry_run) => {
            Err(CommandFailure::usage("`--out` is not for `run`").hint("`runbook plan ... --out FILE` saves a plan"))
        }
        _ => Ok(()),
    }
}
