//! `runbook actions`: the vocabulary, for those who write a runbook.

use crate::cli::args::{ActionsArgs, Format};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit};
use crate::display;
use crate::model::{ActionKind, CheckKind};

pub(in crate::cli) fn actions(args: &ActionsArgs, format: Format) -> Result<Exit, CommandFailure> {
    let text = match (&args.name, format.is_json()) {
        (None, false) => format!("{}{}", display::kinds_text(), reference()),
        (None, true) => format!("{}\n", display::kinds_json()),
        (Some(name), false) => match (display::kind_text(name), display::section(name)) {
            (Some(text), _) => text,
            (None, Some(section)) => section.to_owned(),
            (None, None) => return Err(unknown(name)),
        },
        (Some(name), true) => format!("{}\n", display::kind_json(name).ok_or_else(|| unknown(name))?),
    };
    out(&text)?;
    Ok(Exit::Done)
}

/// What else the reference has.
fn reference() -> String {
    let sections: Vec<String> = display::sections().map(str::to_lowercase).collect();
    format!("\nthe format (`runbook actions loops` and the like):\n  {}\n", sections.join(", "))
}

fn unknown(name: &str) -> CommandFailure {
    let names = ActionKind::ALL.iter().map(|kind| kind.as_str()).chain(CheckKind::ALL.iter().map(|kind| kind.as_str()));
    let near = |a: &str| strsim::jaro(a, name);
    let failure = CommandFailure::usage(format!("there is no action, check or section of the reference `{name}`"));
    match names.max_by(|a, b| near(a).total_cmp(&near(b))).filter(|best| near(best) > 0.7) {
        Some(best) => failure.hint(format!("did you mean `{best}`?")),
        None => failure.hint("`runbook actions` lists them all"),
    }
}
