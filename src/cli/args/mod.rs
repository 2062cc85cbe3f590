//! What can be typed.

mod lab;
mod policy;
mod runs;
mod value;

pub(super) use lab::*;
pub(super) use policy::*;
pub(super) use runs::*;

use super::{CommandFailure, Exit};
use crate::display::CalledWith;
use crate::model::Pace;
use crate::notify::Receiver;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
pub(super) use value::{Lifted, POLL_INTERVALS};
use value::{faster, poll_interval};

/// A step engine for cutovers that must not go wrong.
///
/// Runs a procedure over SSH and AWS step by step, records every effect before it is made, resumes after a failure, a
/// kill or a lost connection, and rolls back to any step.
#[derive(Debug, Parser)]
#[command(name = "runbook", bin_name = "runbook", version, propagate_version = true, after_help = AFTER)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = "Options of every command")]
    pub(super) format: Format,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What the settings file may have: written as text, for rustdoc would take an indented block for code to try.
const SETTINGS: &str = "Show the settings, where each comes from, and who is told of what

The settings file is TOML. What is typed counts before the environment, and that before the file:

    state = \"/srv/runbook\"
    ssh_config = \"~/.ssh/cutover\"
    trust_ca = \"our-ca.pem\"
    poll_interval = \"5s\"
    probe = false

    [[notify]]
    on = [\"rest\", \"gate\", \"failure\", \"downtime-begun\", \"downtime-ended\", \"finished\"]
    command = [\"/usr/local/bin/page\", \"--team\", \"web\"]

    [[notify]]
    on = [\"finished\"]
    webhook = { env = \"HOOK_URL\" }";

const AFTER: &str = "Exit codes: 0 done, 1 failed and resumable, 2 wrong usage or bad document, 3 refused before \
anything was changed (lock, preflight), 4 waits for a person (a gate, a doubt, ended credentials), 130 interrupted and resumable.";

/// What this process was called with, and which options of it the next command needs again: those that were typed and not
/// taken from the environment, which the next command has too.
pub(super) fn parse() -> Result<(Cli, CalledWith), clap::Error> {
    let matches = Cli::command().try_get_matches()?;
    Ok((Cli::from_arg_matches(&matches)?, typed(&matches)))
}

fn typed(matches: &ArgMatches) -> CalledWith {
    let again = |id: &str, flag: &str| {
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        let value = matches.get_one::<PathBuf>(id).filter(|_| given);
        // The next command may be typed in another folder.
        let whole = value.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        whole.map(|path| [flag.to_owned(), path.display().to_string()]).into_iter().flatten().collect::<Vec<_>>()
    };
    CalledWith {
        everywhere: [again("settings", "--settings"), again("state", "--state")].concat(),
        outside: [again("ssh_config", "--ssh-config"), again("trust_ca", "--trust-ca")].concat(),
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs: one JSON value, or one event a line
    Json,
    /// For a pull request or a ticket; only plans have it
    Markdown,
}

impl Format {
    pub(super) fn is_json(self) -> bool {
        self == Format::Json
    }
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Common {
    /// Folder of the journal [default: $XDG_STATE_HOME/runbook]
    #[arg(long, global = true, env = "RUNBOOK_STATE", hide_env_values = true, value_name = "FOLDER")]
    pub(super) state: Option<PathBuf>,
    /// ssh configuration to use instead of ~/.ssh/config
    #[arg(long, global = true, env = "RUNBOOK_SSH_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub(super) ssh_config: Option<PathBuf>,
    /// Certificates (PEM) to trust beside the system's when a site is checked
    #[arg(long, global = true, env = "RUNBOOK_TRUST_CA", hide_env_values = true, value_name = "FILE")]
    pub(super) trust_ca: Option<PathBuf>,
    /// Time between two looks at something that changes by itself, like 10s or 500ms [default: 10s]
    #[arg(long, global = true, env = "RUNBOOK_POLL_INTERVAL", hide_env_values = true, value_name = "TIME", value_parser = poll_interval)]
    pub(super) poll_interval: Option<Duration>,
    /// The settings file [default: $XDG_CONFIG_HOME/runbook/runbook.toml]
    #[arg(long, global = true, env = "RUNBOOK_SETTINGS", hide_env_values = true, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// Do not ask the runbook's site all the time while a run is under way
    #[arg(long, global = true, env = "RUNBOOK_NO_PROBE", hide_env_values = true)]
    pub(super) no_probe: bool,
    /// How many times faster than meant all waits go: for rehearsals and tests
    #[arg(long, global = true, env = "RUNBOOK_PACE", hide = true, value_name = "TIMES", value_parser = faster)]
    pub(super) faster: Option<Pace>,
    /// Who is told of what, as the settings file says
    #[arg(skip)]
    pub(super) notify: Vec<Receiver>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the runbooks that come with the tool
    List,
    /// Check a runbook, and say everything that is wrong with it
    Validate(ValidateArgs),
    /// Write a first runbook, to be changed
    Init(InitArgs),
    /// List the actions and checks that a runbook can be made of, or tell all of one
    Actions(ActionsArgs),
    /// Print the JSON Schema of runbooks, for an editor
    Schema,
    /// Say what would be done, reading only
    Plan(RunArgs),
    /// Show a saved plan without touching the world
    Show(ShowArgs),
    /// Say yes to a saved plan, by name
    Sign(SignArgs),
    /// Run a runbook
    Run(RunArgs),
    /// Go on with a run that rests, failed or was killed
    Resume(ResumeArgs),
    /// Undo a run's steps, back to a step
    Rollback(RollbackArgs),
    /// Show where a run stands
    Status(RunRef),
    /// List all runs
    Runs,
    /// Show a run's journal
    Log(LogArgs),
    /// Tell what became of a run: what was planned and what was, what cost the downtime, what is left
    Report(ReportArgs),
    /// Follow a run in a browser, live: for those who do not sit before its terminal
    Watch(WatchArgs),
    /// Answer a gate of a run
    Approve(ApproveArgs),
    /// Decide what cannot be told by looking: whether an action is done
    Resolve(ResolveArgs),
    /// End a run that will not be gone on with, as it stands
    Abandon(AbandonArgs),
    /// Print the IAM policy that a plan, a run and a rollback need, and no more
    IamPolicy(IamPolicyArgs),
    /// Rehearse a runbook in the lab: real hosts, an emulated AWS, nothing outside this machine
    Rehearse(RehearseArgs),
    /// Say what a rehearsal needs and whether it is there
    Doctor(DoctorArgs),
    /// Be the lab's region (started by `rehearse`)
    #[command(hide = true)]
    Region(RegionArgs),
    /// Be a command inside a rehearsal
    #[command(hide = true)]
    Rehearsed(RehearsedArgs),
    /// Show the settings, where each comes from, and who is told of what
    #[command(long_about = SETTINGS)]
    Settings(SettingsArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, CommandFailure> {
    clap_complete::generate(shell, &mut Cli::command(), "runbook", &mut std::io::stdout());
    Ok(Exit::Done)
}

pub(super) fn man() -> Result<Exit, CommandFailure> {
    clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout()).map_err(|e| CommandFailure::output(&e))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_needed_again() {
        let with = |line: &str| typed(&Cli::command().try_get_matches_from(line.split(' ')).expect("a command line"));
        for line in ["runbook --state /a status r1", "runbook status r1 --state /a", "runbook status --state=/a r1"] {
            assert_eq!(with(line).everywhere, ["--state", "/a"], "{line}");
        }
        assert_eq!(
            with("runbook resume --ssh-config /c --trust-ca /d").outside,
            ["--ssh-config", "/c", "--trust-ca", "/d"]
        );
        assert_eq!(with("runbook resume"), CalledWith::default());
    }
}
