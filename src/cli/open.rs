//! Opening the journal, and finding the run that is meant.

use crate::cli::args::Common;
use crate::cli::{CommandFailure, network_folder, settings};
use crate::display;
use crate::display::Typed;
use crate::journal::{Journal, Rest, RollbackTo, RunState};
use crate::model::RunId;
use crate::plan::Plan;

/// The journal of the state folder. Where that is another machine's it is used all the same: a run that is under way there has
/// no other.
pub(in crate::cli) fn journal(common: &Common) -> Result<Journal, CommandFailure> {
    let folder = settings::state_folder(common)?;
    if let Some(kind) = network_folder::kind(&folder) {
        display::to_stderr(&format!(
            "warning: the journal's folder `{}` is on a network file system ({kind}), where its locks are not sure to hold; begin \
             new runs with `--state FOLDER` (or RUNBOOK_STATE), a folder of a disk of this machine\n",
            folder.display()
        ));
    }
    Ok(Journal::open(&folder)?)
}

/// The run that is named, or the only one that has not come to an end.
pub(in crate::cli) fn run(journal: &Journal, named: Option<&str>) -> Result<RunState, CommandFailure> {
    if let Some(name) = named {
        return Ok(journal.state(&id(journal, name)?)?);
    }
    let (mut open, mut unreadable) = (Vec::new(), Vec::new());
    let runs = journal.runs()?;
    for summary in &runs {
        match journal.state(&summary.run) {
            Ok(state) if state.rest.as_ref().is_some_and(Rest::is_over) => {}
            Ok(state) => open.push(state),
            // Nobody knows whether it has come to an end: that it is not the one meant, a person must say.
            Err(error) if error.is_of_one_run() => unreadable.push(format!("{} (it cannot be read)", summary.run)),
            Err(error) => return Err(error.into()),
        }
    }
    let names = |open: &[RunState]| {
        let open = open.iter().map(|state| format!("{} ({})", state.run, state.opened.runbook));
        format!("name the one you mean: {}", open.chain(unreadable.iter().cloned()).collect::<Vec<_>>().join(", "))
    };
    match (open.as_slice(), runs.as_slice()) {
        (_, _) if !unreadable.is_empty() => {
            Err(CommandFailure::usage("of some runs it cannot be told whether they have come to an end")
                .hint(names(&open))
                .hint("`runbook runs` says what is wrong with those that cannot be read"))
        }
        ([only], _) => Ok(only.clone()),
        ([], []) => Err(CommandFailure::usage("there is no run yet").hint("`runbook run NAME` begins one")),
        ([], [only]) => Ok(journal.state(&only.run)?),
        ([], many) => {
            let names: Vec<String> = many.iter().take(5).map(|r| r.run.to_string()).collect();
            Err(CommandFailure::usage("every run has come to an end").hint(format!("name one: {}", names.join(", "))))
        }
        (several, _) => Err(CommandFailure::usage(format!("{} runs have not come to an end", several.len()))
            .hint(names(several))
            .hint("`runbook abandon RUN` ends one that will not be gone on with")),
    }
}

/// The same for who only looks: when all have come to an end, the newest is meant.
pub(in crate::cli) fn shown(journal: &Journal, named: Option<&str>) -> Result<RunState, CommandFailure> {
    let mut newest = None;
    for summary in journal.runs()?.iter().filter(|_| named.is_none()) {
        match journal.state(&summary.run) {
            Ok(state) if state.rest.as_ref().is_some_and(Rest::is_over) => newest = newest.or(Some(state)),
            _ => return run(journal, None),
        }
    }
    newest.map_or_else(|| run(journal, named), Ok)
}

/// The run of this name, or the only one whose name ends in it after a dash.
pub(in crate::cli) fn id(journal: &Journal, name: &str) -> Result<RunId, CommandFailure> {
    let end = format!("-{name}");
    let runs = journal.runs()?;
    let ending: Vec<&RunId> = runs.iter().map(|run| &run.run).filter(|run| run.as_str().ends_with(&end)).collect();
    let whole =
        name.parse::<RunId>().ok().filter(|whole| runs.iter().any(|run| run.run == *whole) || ending.is_empty());
    match (whole, ending.as_slice()) {
        (Some(whole), _) => Ok(whole),
        (None, [only]) => Ok((*only).clone()),
        (None, []) => {
            Err(CommandFailure::usage(format!("there is no run `{name}`")).hint("`runbook runs` lists all runs"))
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|run| run.as_str()).collect();
            Err(CommandFailure::usage(format!("several runs end in `{name}`"))
                .hint(format!("name one: {}", names.join(", "))))
        }
    }
}

/// The same for who would move it: refused when it was abandoned.
pub(in crate::cli) fn going(journal: &Journal, named: Option<&str>) -> Result<RunState, CommandFailure> {
    let state = run(journal, named)?;
    match &state.rest {
        Some(Rest::Abandoned { why, by }) => {
            Err(CommandFailure::refused(format!("run `{}` was abandoned by {by}: {why}", state.run))
                .cause("it neither goes on nor back, and nothing of it is answered or decided any more")
                .hint(format!("`{}` says what it has left in the world", Typed::of(&state.run).status()))
                .hint("`runbook run NAME` begins a new run: what is there as it is wanted stays"))
        }
        _ => Ok(state),
    }
}

/// The same for who would go on with it: without a name, no run is meant that a person has ended.
pub(in crate::cli) fn to_resume(journal: &Journal, named: Option<&str>) -> Result<RunState, CommandFailure> {
    let state = run(journal, named)?;
    let ended = CommandFailure::usage("every run has come to an end").hint("`runbook run NAME` begins a new one");
    match (named, &state.rest) {
        (None, Some(Rest::Abandoned { .. })) => Err(ended),
        (None, Some(Rest::RolledBack { to: RollbackTo::Start })) => Err(ended.hint(format!(
            "`{}` shows the plan of the one that was taken back, looks at the world and asks",
            Typed::of(&state.run).resume()
        ))),
        _ => going(journal, Some(state.run.as_str())),
    }
}

/// The plan a run was opened with.
pub(in crate::cli) fn plan(state: &RunState) -> Result<Plan, CommandFailure> {
    Plan::read(&state.opened.plan)
        .map_err(|e| CommandFailure::refused(format!("run `{}` cannot be executed", state.run)).cause(e.to_string()))
}
