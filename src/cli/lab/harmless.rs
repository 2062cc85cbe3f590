//! What a rehearsal runs outside the lab's hosts: it is listed, and run only where somebody allows it.
//!
//! The lab's hosts are its own; whoever types there is not: `local.run`, and the `operator` commands of a world file, run as the user who
//! rehearses, on this machine's own files. Those of somebody else's runbook may do anything.

use crate::cli::CommandFailure;
use crate::cli::args::RehearseArgs;
use crate::cli::library::FoundRunbook;
use crate::cli::plan::commands::asked;
use crate::model::{Property, Runbook};
use crate::rehearsal::World;

/// Refuses what runs here and nobody allowed. What comes with the tool was read.
pub(super) fn ask(
    args: &RehearseArgs,
    found: &FoundRunbook,
    runbook: &Runbook,
    world: &World,
) -> Result<(), CommandFailure> {
    let own_runbook = found.source.is_some();
    let own_world = own_runbook || args.world.is_some();
    let runs_here = runbook.actions().filter(|action| {
        let kind = action.kind;
        own_runbook
            && kind.properties().contains(&Property::RunsByItself)
            && !kind.spec().params.iter().any(|param| param.value_type.is_target())
    });
    let by_runbook = runs_here.map(|action| format!("  action {} (`{}`)\n", action.path, action.kind));
    let one_line = |command: &String| command.split_whitespace().collect::<Vec<_>>().join(" ");
    let by_world = world.operator.iter().filter(|_| own_world);
    let by_world = by_world.map(|command| format!("  the world's `operator`: {}\n", one_line(command)));
    let list: Vec<String> = by_runbook.chain(by_world).collect();
    if list.is_empty() || args.allow_commands || asked(&list)? {
        return Ok(());
    }
    let failure = CommandFailure::refused(
        "nothing was run: a part of this would run on this machine, and not on a host of the lab",
    );
    let failure = list.iter().fold(failure, |failure, line| failure.cause(line.trim().to_owned()));
    Err(failure.hint("read the runbook and its world; then say `--allow-commands`"))
}
