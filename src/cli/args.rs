//! What can be typed.

use super::{Exit, Failure};
use crate::model::Acceptance;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

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
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    #[command(subcommand)]
    pub(super) command: Command,
}

const AFTER: &str = "Exit codes: 0 done, 1 failed and resumable, 2 wrong usage or bad document, 3 refused before \
anything was changed (lock, preflight), 4 waits for a person, 130 interrupted and resumable.";

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
    #[arg(long, global = true, env = "RUNBOOK_POLL_INTERVAL", hide_env_values = true, value_name = "TIME", value_parser = duration)]
    pub(super) poll_interval: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the runbooks that come with the tool
    List,
    /// Check a runbook, and say everything that is wrong with it
    Validate(ValidateArgs),
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
    /// Answer a gate of a run
    Approve(ApproveArgs),
    /// Decide what cannot be told by looking: whether an action is done
    Resolve(ResolveArgs),
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
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    pub(super) runbook: String,
    /// Check these inputs too
    #[arg(long, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,
    /// Check this input too
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) sets: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    #[arg(required_unless_present = "file")]
    pub(super) runbook: Option<String>,
    /// A file with inputs
    #[arg(long, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,
    /// One input
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) sets: Vec<(String, String)>,
    /// Rest when this step is done
    #[arg(long, value_name = "STEP")]
    pub(super) until: Option<String>,
    /// In which order actions run [default: article]
    #[arg(long, value_enum)]
    pub(super) order: Option<OrderArg>,
    /// Accept that a check refuses, and say why; the reason is kept with the run. The plan names the checks that may be
    /// accepted
    #[arg(long, value_name = "CHECK=\"REASON\"", value_parser = acceptance)]
    pub(super) accept: Vec<Acceptance>,
    /// Only say what would be done (the same as `plan`)
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write the plan as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Save the plan to this file (`plan` only), to be signed by others and run later, exactly
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Run exactly this saved plan (`run` only)
    #[arg(long = "plan", id = "file", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Run the saved plan only when somebody else than its maker signed it
    #[arg(long, requires = "file")]
    pub(super) require_signed: bool,
    /// How old the saved plan may be, like 90m, 36h or 7d [default: 24h]
    #[arg(long, requires = "file", value_name = "TIME", value_parser = age)]
    pub(super) max_age: Option<Duration>,
    /// Do not ask before beginning
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The saved plan
    pub(super) plan: PathBuf,
    /// Write the plan as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The saved plan
    pub(super) plan: PathBuf,
    /// Do not ask before signing
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrderArg {
    /// One at a time, as written
    Article,
    /// What does not need each other runs at the same time
    Overlap,
}

#[derive(Debug, Args)]
pub(super) struct RunRef {
    /// The run [default: the one that is not finished]
    pub(super) run: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    pub(super) run: RunRef,
    /// Show what is done and what would be done, and go no further
    #[arg(long, conflicts_with = "replan")]
    pub(super) dry_run: bool,
    /// Rest when this step is done
    #[arg(long, value_name = "STEP")]
    pub(super) until: Option<String>,
    /// Plan anew what has not run: on the runbook, the inputs and the world as they are now
    #[arg(long)]
    pub(super) replan: bool,
    /// A file with inputs, to be compared with those of the run, or to plan anew with
    #[arg(long, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,
    /// One input, the same way
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) sets: Vec<(String, String)>,
    /// Do not ask before going on with a new plan
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    pub(super) run: RunRef,
    /// The step that stays done (`step-5` or its id), or `start`
    #[arg(long, value_name = "STEP")]
    pub(super) to: String,
    /// Only say what would be undone
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write what would be undone as a page, too: one HTML file, to be sent to those who decide
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Do not ask before beginning
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) run: RunRef,
    /// Check that no record was changed or removed
    #[arg(long)]
    pub(super) verify: bool,
}

#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The run
    pub(super) run: String,
    /// The gate
    pub(super) gate: String,
    /// Refuse instead
    #[arg(long)]
    pub(super) reject: bool,
}

#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    /// The run
    pub(super) run: String,
    /// The action, `step/action`
    pub(super) action: String,
    /// What it is
    #[arg(long = "as", value_enum)]
    pub(super) resolution: ResolutionArg,
    /// Why you know
    #[arg(long)]
    pub(super) reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ResolutionArg {
    /// Its effect is there, or what is there is accepted in its place
    Done,
    /// Its effect is not there
    NotDone,
    /// It is taken back
    Undone,
}

#[derive(Debug, Args)]
pub(super) struct IamPolicyArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    pub(super) runbook: String,
    /// A file with inputs
    #[arg(long, value_name = "FILE")]
    pub(super) inputs: Option<PathBuf>,
    /// One input
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) sets: Vec<(String, String)>,
    /// What is to be allowed
    #[arg(long = "for", value_enum, default_value_t = PurposeArg::All)]
    pub(super) purpose: PurposeArg,
    /// The account [default: any]
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(super) account: Option<String>,
    /// The role in the server's instance profile, or `none` when the server has no profile [default: any role]
    #[arg(long, value_name = "NAME")]
    pub(super) instance_role: Option<String>,
    /// The key of your own that encrypts the server's volumes [default: none]
    #[arg(long, value_name = "ARN", value_parser = key)]
    pub(super) kms_key: Option<String>,
    /// The IAM user or role who will plan and run: it may ask IAM about its own permissions [default: any role]
    #[arg(long, value_name = "ARN", value_parser = principal)]
    pub(super) principal: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PurposeArg {
    /// `plan`: reading only
    Plan,
    /// `run` and `resume`
    Run,
    /// `rollback`
    Rollback,
    /// All of them
    All,
}

#[derive(Debug, Args)]
pub(super) struct RehearseArgs {
    /// The runbook
    pub(super) runbook: String,
    /// Kill the tool (SIGKILL) just before or just after this action's effect, then resume; may be given several times, in
    /// the order in which they are reached. An undo's points are ACTION:before-undo and ACTION:after-undo
    #[arg(long, value_name = "ACTION:before|after")]
    pub(super) kill: Vec<String>,
    /// Let the first try of this action fail, before its effect or after it (its answer is lost)
    #[arg(long, value_name = "ACTION:before|after", hide = true)]
    pub(super) fail: Vec<String>,
    /// List what `--kill` takes, one a line; with `--rollback-to` also the points of the undos
    #[arg(long)]
    pub(super) list_kill_points: bool,
    /// After the run, roll back to this step, look, and resume
    #[arg(long, value_name = "STEP")]
    pub(super) rollback_to: Option<String>,
    /// Let something go wrong: `no-capacity` (EC2 refuses the smaller type when the original is started, and has it again
    /// when the run is resumed) or `no-capacity:accept` (it never has it; the operator goes on with the old type)
    #[arg(long, value_name = "FAULT")]
    pub(super) fault: Option<String>,
    /// Open a shell inside the lab, to type `runbook ...` oneself
    #[arg(long)]
    pub(super) shell: bool,
    /// Keep the lab's files
    #[arg(long)]
    pub(super) keep: bool,
    /// Install what is missing first (asks for nothing)
    #[arg(long)]
    pub(super) setup: bool,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Install what is missing
    #[arg(long)]
    pub(super) setup: bool,
}

#[derive(Debug, Args)]
pub(super) struct RegionArgs {
    /// What to do in it
    pub(super) spec: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RehearsedArgs {
    /// Where to kill this process
    #[arg(long, value_name = "ACTION:before|after")]
    pub(super) kill: Vec<String>,
    /// What to let fail once
    #[arg(long, value_name = "ACTION:before|after")]
    pub(super) fail: Vec<String>,
    /// The command
    #[command(subcommand)]
    pub(super) command: RehearsedCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RehearsedCommand {
    /// `runbook run`
    Run(RunArgs),
    /// `runbook resume`
    Resume(ResumeArgs),
    /// `runbook rollback`
    Rollback(RollbackArgs),
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

fn acceptance(text: &str) -> Result<Acceptance, String> {
    match text.split_once('=').map(|(id, reason)| (id.trim(), reason.trim())) {
        Some(("", _)) => Err("name the check: CHECK=\"why you accept it\"".into()),
        None | Some((_, "")) => Err("say why: CHECK=\"why you accept it\"".into()),
        Some((id, reason)) => {
            let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            Ok(Acceptance { id: id.to_owned(), reason })
        }
    }
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's id has twelve digits".into()),
    }
}

fn key(text: &str) -> Result<String, String> {
    match text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/") {
        true => Ok(text.to_owned()),
        false => Err("write the key's ARN, `arn:aws:kms:REGION:ACCOUNT:key/ID` (not an alias)".into()),
    }
}

fn principal(text: &str) -> Result<String, String> {
    let resource = text.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::"));
    match resource.is_some_and(|(_, rest)| rest.contains(":user/") || rest.contains(":role/")) {
        true => Ok(text.to_owned()),
        false => Err("write the ARN of a user or role, `arn:aws:iam::ACCOUNT:role/NAME`".into()),
    }
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = "write it like 90m, 36h or 7d";
    let unit = text.chars().last().ok_or(wrong)?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong.into()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| wrong.into())
}

fn duration(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..at].parse().map_err(|_| "write it like 10s or 500ms")?;
    match &text[at..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        _ => Err("write it like 10s or 500ms".into()),
    }
}

pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    clap_complete::generate(shell, &mut Cli::command(), "runbook", &mut std::io::stdout());
    Ok(Exit::Done)
}

pub(super) fn man() -> Result<Exit, Failure> {
    clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout()).map_err(|e| Failure::output(&e))?;
    Ok(Exit::Done)
}
