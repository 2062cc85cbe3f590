//! The world file of a runbook of one's own.

use crate::cli::args::RehearseArgs;
use crate::cli::library::{self, FoundRunbook};
use crate::cli::{CommandFailure, Exit};
use crate::model::{Runbook, Values};
use crate::rehearsal::{World, parse_world};
use std::path::{Path, PathBuf};

/// The world that a runbook is rehearsed on; nothing for one that comes with the tool.
pub(in crate::cli) fn find(args: &RehearseArgs, found: &FoundRunbook) -> Result<Option<World>, CommandFailure> {
    let Some(source) = found.source.as_deref() else {
        let shipped = library::WORLDS.iter().find(|(name, _)| *name == args.runbook);
        return match &args.world {
            None => shipped.map(|(name, text)| read(&format!("{name}.world.yaml"), text)).transpose(),
            Some(_) => Err(CommandFailure::usage(format!("`{}` has its world in the tool", args.runbook))
                .hint("`--world` is for a runbook of your own, a file")),
        };
    };
    let path = args.world.clone().unwrap_or_else(|| beside(Path::new(source)));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        CommandFailure::usage(format!("`{}` cannot be rehearsed without a world", args.runbook))
            .cause(format!("`{}` cannot be read: {error}", path.display()))
            .hint("write one beside it, or name it with `--world FILE`: at least `hosts: { web-1: {} }`, and the runbook's `inputs`")
            .hint("docs/rehearsal.md leads through one, under \"A runbook of your own\"")
    })?;
    read(&path.display().to_string(), &text).map(Some)
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
    let text = stand_ins(&text, world);
    let given: Values = crate::validate::parse_inputs(&found.runbook, Some(("inputs of the world", &text)), &[])
        .map_err(|problems| library::problems(&problems))?;
    found.with(&given)
}

/// The same with values of the right form where the lab puts its own.
fn stand_ins(text: &str, world: &World) -> String {
    let text = text.replace("${home}", "/home").replace("${region}", "us-east-1");
    let text = world.hosts.keys().fold(text, |text, name| {
        text.replace(&format!("${{host.{name}.address}}"), "10.77.1.200")
            .replace(&format!("${{host.{name}.instance}}"), "i-0123456789abcdef0")
    });
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";
    world.balancers.keys().fold(text, |text, name| {
        text.replace(&format!("${{balancer.{name}.arn}}"), arn)
            .replace(&format!("${{balancer.{name}.target_group}}"), arn)
            .replace(&format!("${{balancer.{name}.dns_name}}"), "web.us-east-1.elb.amazonaws.com")
    })
}
