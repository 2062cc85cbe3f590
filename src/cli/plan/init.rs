//! `runbook init`: a first runbook, commented, valid as it is, for the hosts that are named or asked for.

use crate::cli::args::{Format, InitArgs};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit};
use crate::display;
use crate::model::{HostName, is_id, quoted};
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

/// The longest name of a host that leaves room for what is written before it in ids.
const LONGEST: usize = 30;

pub(in crate::cli) fn init(args: &InitArgs, format: Format) -> Result<Exit, CommandFailure> {
    let path = &args.file;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if path.extension().is_none_or(|it| it != "yaml") || !is_id(stem) {
        return Err(CommandFailure::usage(format!("`{}` cannot be the name of a runbook", path.display())).hint(
            "a name like `move-database.yaml`: at most 40 lower-case letters, digits and single dashes, a letter first",
        ));
    }
    let hosts = if args.hosts.is_empty() { asked()? } else { args.hosts.clone() };
    if let Some(wrong) = hosts.iter().find(|host| !HostName::fits(host)) {
        return Err(
            CommandFailure::usage(format!("`{wrong}` is no host")).hint(format!("it takes {}", HostName::EXPECTED))
        );
    }
    let targets = targets(&hosts);
    let beside = path.with_extension("world.yaml");
    // Neither is written where one of them is there.
    let files = [(path, first(stem, &targets)), (&beside, world(stem, &targets))];
    if let Some((there, _)) = files.iter().find(|(path, _)| path.try_exists().unwrap_or(false)) {
        return Err(CommandFailure::usage(format!("`{}` is there already", there.display()))
            .hint("give another name; nothing is overwritten"));
    }
    for (path, text) in &files {
        write(path, text)?;
    }
    let (named, world) = (path.display(), beside.display());
    out(&if format.is_json() {
        format!("{}\n", serde_json::json!({ "file": path, "world": beside, "runbook": stem }))
    } else {
        format!(
            "`{named}` is a first runbook, to be changed; `{world}` is what it is rehearsed on\n\n  runbook validate {named}\n      \
             says what is wrong with it\n  runbook plan {named}\n      looks at the hosts and says what would be done; changes \
             nothing\n  runbook rehearse {named} --rollback-to start\n      does it, and takes it back, on hosts of the lab on this \
             machine\n"
        )
    })?;
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str) -> Result<(), CommandFailure> {
    let failed = |error: std::io::Error| {
        let failure = CommandFailure::usage(format!("cannot write `{}`", path.display())).cause(error.to_string());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match (error.kind(), folder) {
            (ErrorKind::AlreadyExists, _) => CommandFailure::usage(format!("`{}` is there already", path.display()))
                .hint("give another name; nothing is overwritten"),
            (ErrorKind::NotFound, Some(folder)) => {
                failure.hint(format!("`mkdir -p {}`, and again", quoted(&folder.display().to_string())))
            }
            _ => failure,
        }
    };
    File::create_new(path).map_err(failed)?.write_all(text.as_bytes()).map_err(failed)
}

/// The hosts, from the person at the terminal.
fn asked() -> Result<Vec<String>, CommandFailure> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandFailure::usage("which hosts is it about?")
            .hint("name them: `--host web-1.example.org`, as often as there are hosts"));
    }
    display::to_stderr(
        "Which hosts is it about? Names or addresses as your ssh configuration knows them, with blanks between: ",
    );
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|e| CommandFailure::output(&e))?;
    let hosts: Vec<String> = answer.split_whitespace().map(str::to_owned).collect();
    if hosts.is_empty() { Err(CommandFailure::usage("a runbook without hosts is not begun here")) } else { Ok(hosts) }
}

/// A name for each host: what comes before the first dot where that is one, no two alike.
fn targets(hosts: &[String]) -> Vec<(String, &str)> {
    let mut all: Vec<(String, &str)> = Vec::new();
    for (number, host) in (1..).zip(hosts) {
        let label = host.split('.').next().unwrap_or_default().to_lowercase();
        let fits = is_id(&label) && label.len() <= LONGEST && all.iter().all(|(name, _)| *name != label);
        all.push((if fits { label } else { format!("host-{number}") }, host));
    }
    all
}

fn first(name: &str, targets: &[(String, &str)]) -> String {
    let inputs: String = targets
        .iter()
        .map(|(target, host)| {
            format!("  {}: {{ type: string, about: \"the host {target}\", default: \"{host}\" }}\n", input(target))
        })
        .collect();
    let hosts: String = targets
        .iter()
        .map(|(target, _)| format!("  {target}: {{ host: \"${{{{ inputs.{} }}}}\" }}\n", input(target)))
        .collect();
    let checks: String = targets.iter().map(|(target, _)| check(target)).collect();
    let steps: String = targets.iter().map(|(target, _)| step(target)).collect();
    let all: Vec<&str> = targets.iter().map(|(target, _)| target.as_str()).collect();
    format!(
        "\
# A first runbook, to be changed. Look at it as often as you like; these change nothing on your hosts:
#   runbook validate {name}.yaml   what is wrong with it
#   runbook plan {name}.yaml       what it would do, as the hosts are now
#   runbook rehearse {name}.yaml   does it on hosts of the lab on this machine, which {name}.world.yaml describes
# `runbook actions` lists what a step can be made of, `runbook actions service.restart` tells all of one.
runbook: {name}
title: say in one line what it does
about: |
  Say what it does for an operator who never saw it: what is different afterwards, and who notices.

# What differs from one time to the next: `--set service=nginx`, or a file with `--inputs`.
inputs:
  service: {{ type: service, about: \"the service that is restarted\", default: nginx }}
{inputs}
# The hosts, by names or addresses that your ssh configuration knows. What needs root is done by `sudo -n`.
targets:
{hosts}
# What is checked before anything is done, in a plan too: a run that would not come to its end does not begin.
preflight:
{checks}
# What must hold from one step to another: a guard that is broken keeps the run from its next effect. Here is one, to be changed:
# guards:
#   - id: site
#     do: probe.holds
#     with: {{ http: {{ url: \"https://www.example.org/\" }} }}
#     every: 10s

# Each step is what an operator reads, names and goes back to (`runbook rollback --to STEP`). What its actions find and do is
# recorded one by one, so that after a failure, a kill or a lost connection `runbook resume` goes on where it stood.
steps:
  - id: agree
    title: let somebody say yes
    why: The plan says what will be done; somebody else should have read it before anything is.
    actions:
      - id: approve
        do: gate.approve
        with:
          prompt: May `${{{{ inputs.service }}}}` be restarted on {}?
{steps}",
        all.join(", ")
    )
}

/// The input that names the host of a target.
fn input(target: &str) -> String {
    let name = target.replace('-', "_");
    if name.starts_with("host") { name } else { format!("host_{name}") }
}

fn check(target: &str) -> String {
    format!(
        "  - id: {target}-has-it
    do: probe.holds
    title: {target} has the service
    with: {{ on: {target}, argv: [systemctl, cat, \"${{{{ inputs.service }}}}\"] }}
"
    )
}

fn step(target: &str) -> String {
    format!(
        "
  - id: restart-{target}
    title: restart it on {target}
    why: Say why this is right, and why now; it waits for the step before it.
    actions:
      - id: note
        title: note it on the host
        do: ssh.run
        # A command of your own is begun once, whatever happens to the connection or to this machine. `undo` takes back what it did.
        with:
          on: {target}
          sudo: true
          shell: date >/var/tmp/{name}.restarted
          undo: rm -f /var/tmp/{name}.restarted
      - id: restart
        do: service.restart
        with:
          on: {target}
          service: ${{{{ inputs.service }}}}
",
        name = "runbook"
    )
}

fn world(name: &str, targets: &[(String, &str)]) -> String {
    let hosts: String = targets.iter().map(|(target, _)| format!("  {target}: {{}}\n")).collect();
    let inputs: String = targets.iter().map(|(target, _)| format!("  {}: {target}\n", input(target))).collect();
    let after: String = targets
        .iter()
        .map(|(target, _)| {
            format!(
                "  - {{ on: {target}, what: \"it is noted on {target}\", run: \"test -s /var/tmp/runbook.restarted\", since: restart-{target}/note }}\n"
            )
        })
        .collect();
    format!(
        "\
# What `runbook rehearse {name}.yaml` makes on this machine before it runs the runbook: docs/rehearsal.md, \"A world file\".
# Each host is a Debian 12 with sshd, sudo, nginx and systemd; it can have packages, files, units, commands that are run once.
hosts:
{hosts}
# The hosts of the lab in place of yours.
inputs:
{inputs}
# What must hold afterwards. After a rollback to the start all must be as it was, without a word said here.
after:
{after}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::parse_runbook;

    #[test]
    fn what_is_written_is_valid_whatever_the_hosts_are_called() {
        let hosts = ["web-1.example.org", "web-1.example.com", "10.0.0.7", "Db_2", "x"].map(str::to_owned);
        let targets = targets(&hosts);
        let names: Vec<&str> = targets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["web-1", "host-2", "host-3", "host-4", "x"]);
        let runbook = parse_runbook("move.yaml", &first("move", &targets)).unwrap();
        assert_eq!(runbook.steps.len(), 6);
        crate::rehearsal::parse_world("move.world.yaml", &world("move", &targets)).unwrap();
        assert!(runbook.unused_inputs().is_empty() && runbook.unused_targets().is_empty());
    }
}
