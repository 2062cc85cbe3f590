//! The world file of a runbook of one's own.

use crate::cli::args::RehearseArgs;
use crate::cli::library::{self, FoundRunbook};
use crate::cli::{CommandFailure, Exit};
use crate::model::{Runbook, Values};
use crate::rehearsal::{World, WorldNames, parse_world, world_fits};
use std::path::{Path, PathBuf};

/// The world that a runbook is rehearsed on: the one that is named, the one that comes with it, or the one beside it.
pub(in crate::cli) fn find(args: &RehearseArgs, found: &FoundRunbook) -> Result<World, CommandFailure> {
    let shipped = library::WORLDS.iter().find(|(name, _)| found.source.is_none() && *name == args.runbook);
    let world = match (&args.world, shipped) {
        (None, Some((name, text))) => read(&format!("{name}.world.yaml"), text)?,
        (named, _) => {
            let path =
                named.clone().unwrap_or_else(|| beside(Path::new(found.source.as_deref().unwrap_or(&args.runbook))));
            let text = std::fs::read_to_string(&path).map_err(|error| without(args, &path, &error))?;
            read(&path.display().to_string(), &text)?
        }
    };
    world_fits(&world, &found.runbook)
        .map_err(|why| CommandFailure::new(Exit::Usage, "the world does not fit the runbook".to_owned()).cause(why))?;
    Ok(world)
}

fn without(args: &RehearseArgs, path: &Path, error: &std::io::Error) -> CommandFailure {
    CommandFailure::usage(format!("`{}` cannot be rehearsed without a world", args.runbook))
        .cause(format!("`{}` cannot be read: {error}", path.display()))
        .hint("write one beside it, or name it with `--world FILE`: at least `hosts: { web-1: {} }`, and the runbook's `inputs`")
        .hint("docs/rehearsal.md leads through one, under \"A world file\"")
}

/// The worlds that come with the tool.
pub(in crate::cli) fn shipped() -> Result<Vec<World>, CommandFailure> {
    library::WORLDS.iter().map(|(name, text)| read(&format!("{name}.world.yaml"), text)).collect()
}

fn read(name: &str, text: &str) -> Result<World, CommandFailure> {
    parse_world(text)
        .map_err(|why| CommandFailure::new(Exit::Usage, format!("world `{name}` cannot be used")).cause(why))
}

/// `move.world.yaml` beside `move.yaml`.
fn beside(runbook: &Path) -> PathBuf {
    let stem = runbook.file_stem().unwrap_or_default().to_string_lossy();
    runbook.with_file_name(format!("{stem}.world.yaml"))
}

/// The runbook that it is with the world's inputs, judged as an inputs file would be. What the lab gives the hosts is not known yet.
pub(in crate::cli) fn decided(found: &FoundRunbook, world: &World) -> Result<Runbook, CommandFailure> {
    let text = serde_json::to_string(&world.inputs).unwrap_or_default();
    let text = WorldNames::stand_ins(world).fill(&text);
    let given: Values = crate::validate::parse_inputs(&found.runbook, Some(("inputs of the world", &text)), &[])
        .map_err(|problems| library::problems(&problems))?;
    found.with(&given)
}
