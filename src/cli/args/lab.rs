//! Arguments of the rehearsal's commands.

use super::value::time_span;
use super::{OrderArg, ResumeArgs, RollbackArgs, RunArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct RehearseArgs {
    /// The runbook
    pub(in crate::cli) runbook: String,
    /// Kill the tool (SIGKILL) just before or just after this action's effect, then resume; may be given several times, in
    /// the order in which they are reached. An undo's points are ACTION:before-undo and ACTION:after-undo
    #[arg(long, value_name = "ACTION:before|after")]
    pub(in crate::cli) kill: Vec<String>,
    /// In which order actions run [default: article]
    #[arg(long, value_enum)]
    pub(in crate::cli) order: Option<OrderArg>,
    /// Kill the tool (SIGKILL) at its appends to the journal, by turns just after one and just before one, one process after the
    /// other until the run has come to its end; with `--rollback-to` on the way back, too
    #[arg(long, conflicts_with_all = ["kill", "fail", "fault", "shell"])]
    pub(in crate::cli) kill_at_appends: bool,
    /// Let the first try of this action fail, before its effect or after it (its answer is lost)
    #[arg(long, value_name = "ACTION:before|after", hide = true)]
    pub(in crate::cli) fail: Vec<String>,
    /// List what `--kill` takes, one a line; with `--rollback-to` also the points of the undos
    #[arg(long)]
    pub(in crate::cli) list_kill_points: bool,
    /// After the run, roll back to this step, look, and resume
    #[arg(long, value_name = "STEP")]
    pub(in crate::cli) rollback_to: Option<String>,
    /// How long things take: `aws` (as long as on AWS) or `aws:N` (N times faster, in their true proportions); as fast as it goes
    /// when nothing is said
    #[arg(long, value_name = "PACE")]
    pub(in crate::cli) pace: Option<String>,
    /// Run in a window that is so long, like 40m (as on AWS: the pace counts), and ends before the run does: it is to rest in time, and its
    /// way back to the start to end in the window
    #[arg(long, value_name = "TIME", value_parser = time_span, requires = "pace",
          conflicts_with_all = ["kill", "kill_at_appends", "fail", "rollback_to", "fault", "shell"])]
    pub(in crate::cli) window: Option<Duration>,
    /// Let something go wrong that the world knows; of `single-to-ha`: `no-capacity` (EC2 refuses the smaller type when the
    /// original is started, and has it again when the run is resumed), `no-capacity:accept` (it never has it; the operator goes
    /// on with the old type) or `no-room` (it has no room for the clone for a quarter of an hour; the run waits for it)
    #[arg(long, value_name = "FAULT")]
    pub(in crate::cli) fault: Option<String>,
    /// Where the world has a Nextcloud, rehearse with this one, the release that you run: its archive (.tar.bz2, .tar.gz, .zip) or
    /// the folder it unpacks to. Without, it is a small stand-in
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) nextcloud: Option<PathBuf>,
    /// Open a shell inside the lab, to type `runbook ...` oneself
    #[arg(long)]
    pub(in crate::cli) shell: bool,
    /// Run what a runbook or a world of somebody's runs on this machine itself, not on a host of the lab: read it first
    #[arg(long)]
    pub(in crate::cli) allow_commands: bool,
    /// What it is rehearsed on: hosts, inputs, what must hold afterwards [default: NAME.world.yaml beside it, or the one that comes
    /// with the tool]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) world: Option<PathBuf>,
    /// Keep the lab's files
    #[arg(long)]
    pub(in crate::cli) keep: bool,
    /// Install what is missing first (asks for nothing)
    #[arg(long)]
    pub(in crate::cli) setup: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Install what is missing
    #[arg(long)]
    pub(in crate::cli) setup: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RegionArgs {
    /// What to do in it
    pub(in crate::cli) spec: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RehearsedArgs {
    /// Where to kill this process
    #[arg(long, value_name = "ACTION:before|after")]
    pub(in crate::cli) kill: Vec<String>,
    /// At which of its appends to kill this process
    #[arg(long, value_name = "N:before|after")]
    pub(in crate::cli) kill_at_append: Option<String>,
    /// Where to write at which point it was killed
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) told_in: Option<PathBuf>,
    /// What to let fail once
    #[arg(long, value_name = "ACTION:before|after")]
    pub(in crate::cli) fail: Vec<String>,
    /// The command
    #[command(subcommand)]
    pub(in crate::cli) command: RehearsedCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RehearsedCommand {
    /// `runbook run`
    Run(RunArgs),
    /// `runbook resume`
    Resume(ResumeArgs),
    /// `runbook rollback`
    Rollback(RollbackArgs),
    /// Whether the effects of a run's actions are there still
    Look {
        /// The run
        run: String,
    },
}
