//! Arguments of the commands that plan, make, show and answer runs.

use super::value::{Lifted, acceptance, age, lifted_time_span, lifted_window, pair, time_span, window};
use crate::model::{Acceptance, ChangeWindow};
use crate::plan::Order;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct ValidateArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    pub(in crate::cli) runbook: String,
    /// Check these inputs too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) inputs: Option<PathBuf>,
    /// Check this input too
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) sets: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// The file to write, like `move-database.yaml`; its name without `.yaml` is the runbook's
    pub(in crate::cli) file: PathBuf,
    /// A host it is about, by a name or address that your ssh configuration knows; may be given several times [default: asks]
    #[arg(long = "host", value_name = "HOST")]
    pub(in crate::cli) hosts: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SettingsArgs {
    /// Tell each receiver something, to see whether it arrives
    #[arg(long)]
    pub(in crate::cli) try_notify: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ActionsArgs {
    /// The name of an action or a check, like `file.rename`; or what else a runbook has, like `loops`, `guards` or `for_each`
    pub(in crate::cli) name: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    #[arg(required_unless_present = "file")]
    pub(in crate::cli) runbook: Option<String>,
    /// A file with inputs
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) inputs: Option<PathBuf>,
    /// One input
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) sets: Vec<(String, String)>,
    /// Rest when this step is done
    #[arg(long, value_name = "STEP")]
    pub(in crate::cli) until: Option<String>,
    /// In which order actions run [default: article]
    #[arg(long, value_enum)]
    pub(in crate::cli) order: Option<OrderArg>,
    /// How long the site may be down, like 10m or 1h30m: refused when it is expected to be down for longer
    #[arg(long, value_name = "TIME", value_parser = time_span, conflicts_with = "file")]
    pub(in crate::cli) max_downtime: Option<Duration>,
    /// The part of the day in which anything may be changed, like 02:00-04:00 or "02:00-04:00 Europe/Berlin": refused when the run is
    /// not expected to fit, and rests before its next effect when the way back would not any more
    #[arg(long, value_name = "FROM-TO", value_parser = window, conflicts_with = "file")]
    pub(in crate::cli) window: Option<ChangeWindow>,
    /// Accept that a check refuses, and say why; the reason is kept with the run. The plan names the checks that may be
    /// accepted
    #[arg(long, value_name = "CHECK=\"REASON\"", value_parser = acceptance)]
    pub(in crate::cli) accept: Vec<Acceptance>,
    /// Only say what would be done (the same as `plan`)
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Write the plan as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
    /// Save the plan to this file (`plan` only), to be signed by others and run later, exactly
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Run exactly this saved plan (`run` only)
    #[arg(long = "plan", id = "file", value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Run the saved plan only when somebody else than its maker signed it
    #[arg(long, requires = "file")]
    pub(in crate::cli) require_signed: bool,
    /// How old the saved plan may be, like 90m, 36h or 7d [default: 24h]
    #[arg(long, requires = "file", value_name = "TIME", value_parser = age)]
    pub(in crate::cli) max_age: Option<Duration>,
    /// Run the runbook's own commands that only look (`reads`, `check`), and programs that its defaults name for secrets, while
    /// the plan is made: read them first
    #[arg(long)]
    pub(in crate::cli) allow_commands: bool,
    /// Do not ask before beginning
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The saved plan
    pub(in crate::cli) plan: PathBuf,
    /// Write the plan as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SignArgs {
    /// The saved plan
    pub(in crate::cli) plan: PathBuf,
    /// Do not ask before signing
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OrderArg {
    /// One at a time, as written
    Article,
    /// What does not need each other runs at the same time
    Overlap,
    /// The same; what can be done before the site goes down is done before, what can wait until it is back waits
    LeastDowntime,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Article => Self::Article,
            OrderArg::Overlap => Self::Overlap,
            OrderArg::LeastDowntime => Self::LeastDowntime,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RunRef {
    /// The run [default: the one that is not finished]
    pub(in crate::cli) run: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunRef,
    /// Show what is done and what would be done, and go no further
    #[arg(long, conflicts_with = "replan")]
    pub(in crate::cli) dry_run: bool,
    /// Rest when this step is done [default: the step the run was to rest after, if it has not come there]
    #[arg(long, value_name = "STEP")]
    pub(in crate::cli) until: Option<String>,
    /// Another window than before, or `none`
    #[arg(long, value_name = "FROM-TO", value_parser = lifted_window)]
    pub(in crate::cli) window: Option<Lifted<ChangeWindow>>,
    /// How long the site may be down in all from now on, or `none`
    #[arg(long, value_name = "TIME", value_parser = lifted_time_span)]
    pub(in crate::cli) max_downtime: Option<Lifted<Duration>>,
    /// Plan anew what has not run: on the runbook, the inputs and the world as they are now
    #[arg(long)]
    pub(in crate::cli) replan: bool,
    /// A file with inputs, to be compared with those of the run, or to plan anew with
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) inputs: Option<PathBuf>,
    /// One input, the same way
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) sets: Vec<(String, String)>,
    /// Do not ask before going on with a new plan, or beginning again what was taken back wholly
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunRef,
    /// The step that stays done (`step-5` or its id), or `start`
    #[arg(long, value_name = "STEP")]
    pub(in crate::cli) to: String,
    /// Leave this action as it is, though it came after that; may be given several times
    #[arg(long, value_name = "ACTION")]
    pub(in crate::cli) leave: Vec<String>,
    /// Only say what would be undone
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Write what would be undone as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
    /// Do not ask before beginning
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunRef,
    /// Check that no record was changed or removed
    #[arg(long)]
    pub(in crate::cli) verify: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunRef,
    /// Write the report as a page, too: one HTML file, to be sent to those who were not there
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunRef,
    /// Where the page is served; another address than this machine's own lets others look, unencrypted
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(in crate::cli) listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
#[command(override_usage = "runbook approve [OPTIONS] [RUN] <GATE>")]
pub(in crate::cli) struct ApproveArgs {
    /// The gate, and before it the run [default: the one that is not finished]
    #[arg(value_name = "[RUN] GATE", num_args = 1..=2, required = true)]
    pub(in crate::cli) names: Vec<String>,
    /// Refuse instead
    #[arg(long)]
    pub(in crate::cli) reject: bool,
}

#[derive(Debug, Args)]
#[command(override_usage = "runbook resolve [OPTIONS] --as <RESOLUTION> --reason <REASON> [RUN] <ACTION>")]
pub(in crate::cli) struct ResolveArgs {
    /// The action, `step/action`, and before it the run [default: the one that is not finished]
    #[arg(value_name = "[RUN] ACTION", num_args = 1..=2, required = true)]
    pub(in crate::cli) names: Vec<String>,
    /// What it is
    #[arg(long = "as", value_enum)]
    pub(in crate::cli) resolution: ResolutionArg,
    /// Why you know
    #[arg(long)]
    pub(in crate::cli) reason: String,
    /// What it gives, where that cannot be told by looking (`--as done` only)
    #[arg(long = "output", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) outputs: Vec<(String, String)>,
}

/// Of one or two names the run, if it is named, and the other.
pub(in crate::cli) fn run_and(names: &[String]) -> (Option<&str>, &str) {
    match names {
        [run, other, ..] => (Some(run), other),
        [only] => (None, only),
        [] => (None, ""),
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AbandonArgs {
    /// The run
    pub(in crate::cli) run: String,
    /// Why it is not gone on with; kept with the run
    #[arg(long)]
    pub(in crate::cli) reason: String,
    /// Leave what it has begun and what still runs by itself: reach no host
    #[arg(long)]
    pub(in crate::cli) leave_running: bool,
    /// Do not ask before ending it
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ResolutionArg {
    /// Its effect is there, or what is there is accepted in its place
    Done,
    /// Its effect is not there
    NotDone,
    /// It is taken back
    Undone,
}
