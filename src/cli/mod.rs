//! The command line: arguments, wiring, printing errors, exit codes. One file per command, in the folder of what people do.

mod account;
mod args;
mod clock;
mod confirm;
mod exit;
mod failure;
mod form;
mod history;
mod library;
mod network_folder;
mod open;
#[cfg(test)]
mod opened_test;
mod operator;
mod out;
mod place;
mod preferences;
mod secrets;
mod settings;

mod lab;
mod look;
mod people;
mod plan;
mod run;
mod watch;

pub use exit::Exit;

use args::{Cli, Command};
use failure::CommandFailure;
use lab::harm::Harm;
use lab::{doctor, rehearse};
use look::{actions, list, log, report, runs, schema, status, validate};
use people::{abandon, approve, resolve};
use plan::{iam_policy, init, show, sign};
use run::{resume, rollback};
use std::process::ExitCode;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok((cli, options)) => {
            crate::display::called_with(options);
            cli
        }
        Err(error) => {
            // Help and version are answers, not errors; printing can only fail when nobody reads.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    crate::display::fit_to_terminal();
    let json = cli.format.is_json();
    match perform(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print(json);
            failure.exit().into()
        }
    }
}

fn perform(cli: Cli) -> Result<Exit, CommandFailure> {
    let format = cli.format;
    form::check(&cli.command, format)?;
    if let Command::Settings(args) = &cli.command {
        return preferences::settings(args, &cli.common, format);
    }
    let common = if reads_settings(&cli.command) { preferences::complete(cli.common)? } else { cli.common };
    match cli.command {
        Command::List => list::list(format),
        Command::Validate(args) => validate::validate(&args, format),
        Command::Schema => schema::schema(),
        Command::Init(args) => init::init(&args, format),
        Command::Actions(args) => actions::actions(&args, format),
        Command::Plan(args) => plan::plan(&args, &common, format),
        Command::Show(args) => show::show(&args, format),
        Command::Sign(args) => sign::sign(&args, format),
        Command::Run(args) => run::run(&args, &common, format, &Harm::none()),
        Command::Resume(args) => resume::resume(&args, &common, format, &Harm::none()),
        Command::Rollback(args) => rollback::rollback(&args, &common, format, &Harm::none()),
        Command::Status(args) => status::status(&args, &common, format),
        Command::Runs => runs::runs(&common, format),
        Command::Log(args) => log::log(&args, &common, format),
        Command::Report(args) => report::report(&args, &common, format),
        Command::Watch(args) => watch::watch(&args, &common, format),
        Command::Abandon(args) => abandon::abandon(&args, &common, format),
        Command::Approve(args) => approve::approve(&args, &common, format),
        Command::Resolve(args) => resolve::resolve(&args, &common, format),
        Command::IamPolicy(args) => iam_policy::iam_policy(&args, format),
        Command::Rehearse(args) => rehearse::rehearse(&args, format),
        Command::Doctor(args) => doctor::doctor(&args, format),
        Command::Region(args) => rehearse::region(&args, format),
        Command::Rehearsed(args) => rehearse::rehearsed(args, &common, format),
        // Above: it shows what was typed apart from what is in the file.
        Command::Settings(args) => preferences::settings(&args, &common, format),
        Command::Completions { shell } => args::completions(shell),
        Command::Man => args::man(),
    }
}

/// Whether a command uses what a settings file may say: one that cannot be read must not keep anybody from asking for help.
fn reads_settings(command: &Command) -> bool {
    !matches!(
        command,
        Command::List
            | Command::Validate(_)
            | Command::Schema
            | Command::Init(_)
            | Command::Actions(_)
            | Command::Show(_)
            | Command::Sign(_)
            | Command::Rehearse(_)
            | Command::Doctor(_)
            | Command::Region(_)
            | Command::Rehearsed(_)
            | Command::Completions { .. }
            | Command::Man
    )
}
