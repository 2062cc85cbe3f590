//! The world file of a runbook of one's own.

use crate::cli::CommandFailure;
use crate::cli::args::RehearseArgs;
use crate::cli::library::{self, FoundRunbook};
use crate::model::Runbook;
use crate::rehearsal::{ReadWorld, World, parse_world, parse_world_like, world_likeness};
use crate::validate::Problems;
use std::path::{Path, PathBuf};

/// The world that a runbook is rehearsed on: the one that is named, the one that comes with it, or the one beside it; and the
/// runbook that it is with the world's inputs.
pub(in crate::cli) fn find(args: &RehearseArgs, found: &FoundRunbook) -> Result<(World, Runbook), CommandFailure> {
    let shipped = library::WORLDS.iter().find(|(name, _)| found.source.is_none() && *name == args.runbook);
    let read = match (&args.world, shipped) {
        (None, Some((name, text))) => read(&format!("{name}.world.yaml"), text)?,
        (named, _) => {
            let path =
                named.clone().unwrap_or_else(|| beside(Path::new(found.source.as_deref().unwrap_or(&args.runbook))));
            let text = std::fs::read_to_string(&path).map_err(|error| without(args, &path, &error))?;
            read(&path.display().to_string(), &text)?
        }
    };
    let problems = |problems: Problems| library::problems(&problems);
    let inputs = read.inputs(&found.runbook).map_err(problems)?;
    let decided = found.with(&inputs)?;
    read.fits(&found.runbook, &decided, &inputs).map_err(problems)?;
    Ok((read.world, decided))
}

fn without(args: &RehearseArgs, path: &Path, error: &std::io::Error) -> CommandFailure {
    CommandFailure::usage(format!("`{}` cannot be rehearsed without a world", args.runbook))
        .cause(format!("`{}` cannot be read: {error}", path.display()))
        .hint("write one beside it, or name it with `--world FILE`: at least `hosts: { web-1: {} }`, and the runbook's `inputs`")
        .hint("docs/rehearsal.md leads through one, under \"A world file\"")
}

/// The worlds that come with the tool.
pub(in crate::cli) fn shipped() -> Result<Vec<World>, CommandFailure> {
    let world = |(name, text): &(&str, &str)| read(&format!("{name}.world.yaml"), text).map(|read| read.world);
    library::WORLDS.iter().map(world).collect()
}

/// Reads a world file, and the one that it is like: one that comes with the tool, or a file beside it.
fn read(name: &str, text: &str) -> Result<ReadWorld, CommandFailure> {
    let problems = |problems: Problems| library::problems(&problems);
    let Some(like) = world_likeness(name, text).map_err(problems)? else {
        return parse_world(name, text).map_err(problems);
    };
    let shipped = library::WORLDS.iter().find(|(shipped, _)| *shipped == like);
    let base = match shipped {
        Some((shipped, text)) => parse_world(&format!("{shipped}.world.yaml"), text),
        None => {
            let path = Path::new(name).with_file_name(&like);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                let names: Vec<&str> = library::WORLDS.iter().map(|(name, _)| *name).collect();
                CommandFailure::usage(format!("`{name}` is like `{like}`, which cannot be read"))
                    .cause(error.to_string())
                    .hint(format!(
                        "name a file beside it, or one of those that come with the tool: {}",
                        names.join(", ")
                    ))
            })?;
            parse_world(&path.display().to_string(), &text)
        }
    };
    parse_world_like(name, text, &base.map_err(problems)?).map_err(problems)
}

/// `move.world.yaml` beside `move.yaml`.
fn beside(runbook: &Path) -> PathBuf {
    let stem = runbook.file_stem().unwrap_or_default().to_string_lossy();
    runbook.with_file_name(format!("{stem}.world.yaml"))
}
