//! A runbook or inputs that changed under a run: noticed on `resume`, told step by step, and planned anew when asked.
//!
//! What has begun stays as it was planned. Only what has not may be planned anew, and the journal refuses anything else.

use crate::cli::args::{Common, Format, ResumeArgs};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::out::out;
use crate::cli::people::append::append;
use crate::cli::plan::permission::{self, Asking};
use crate::cli::plan::refusal::{self, refusals};
use crate::cli::plan::{commands, shown};
use crate::cli::run::executor::block_on;
use crate::cli::run::kept::kept;
use crate::cli::run::{again, inputs_now, remaining};
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, Exit, account, history, library, operator, secrets};
use crate::display::Typed;
use crate::engine::{Clock, Worker, look_ahead};
use crate::journal::{InputsFrom, Journal, Lease, RecordKind, ReplanError, RollbackTo, RunState};
use crate::model::{ActionPath, Runbook, StepId, Values};
use crate::plan::{Look, Plan, Sequence};
use crate::{display, validate};
use std::path::Path;
use std::rc::Rc;

/// The runbook and the inputs as they are now.
#[derive(Debug)]
pub(in crate::cli) struct Now {
    text: String,
    /// How the operator knows the runbook.
    place: String,
    runbook: Runbook,
    inputs: Values,
    inputs_from: Option<InputsFrom>,
    /// What was given beside the run, as it is typed.
    given: String,
}

impl Now {
    /// The runbook.
    pub(in crate::cli) fn runbook(&self) -> &Runbook {
        &self.runbook
    }
}

/// Reads runbook and inputs again: from where the run had them, or as they are given.
pub(in crate::cli) fn now(state: &RunState, plan: &Plan, args: &ResumeArgs) -> Result<Now, CommandFailure> {
    let opened = &state.opened;
    // The journal has the whole document: a file that is gone says nothing about what to do.
    let (place, text) = match &opened.source {
        Some(path) => (path.clone(), library::whole(Path::new(path)).unwrap_or_else(|_| opened.document.clone())),
        None => match library::SHIPPED.iter().find(|(name, _)| *name == opened.runbook) {
            Some((name, text)) => ((*name).to_owned(), (*text).to_owned()),
            None => (opened.runbook.clone(), opened.document.clone()),
        },
    };
    let same = validate::fingerprint(&text) == opened.fingerprint;
    let runbook = if same {
        plan.runbook.clone()
    } else {
        validate::parse_runbook(&place, &text).map_err(|problems| {
            changed(state, &place, &text).cause(format!("and it is not valid now: {}", problems.render(false).trim()))
        })?
    };
    let (inputs, inputs_from) = inputs_now::read(state, plan, &runbook, args)?;
    let runbook = if same && inputs == plan.inputs {
        runbook
    } else {
        validate::parse_runbook_with(&place, &text, &inputs).map_err(|problems| library::problems(&problems))?
    };
    Ok(Now { text, place, runbook, inputs, inputs_from, given: inputs_now::given(args) })
}

/// Refuses when the runbook or the inputs are others now.
pub(in crate::cli) fn unchanged(state: &RunState, plan: &Plan, now: &Now) -> Result<(), CommandFailure> {
    let differ = inputs_now::differing(&plan.inputs, &now.inputs);
    let same_text = validate::fingerprint(&now.text) == state.opened.fingerprint;
    if same_text && differ.is_empty() {
        return Ok(());
    }
    let mut failure = if same_text {
        CommandFailure::refused(format!("the inputs have changed since run `{}` was opened", state.run))
    } else {
        changed(state, &now.place, &now.text)
    };
    failure = differ.into_iter().fold(failure, CommandFailure::cause);
    let new = Plan::make(now.runbook.clone(), now.inputs.clone(), plan.account.clone(), plan.order)
        .and_then(|new| new.to_value());
    let verdict = new.map(|new| state.may_go_on_with(&new));
    let begun = match &verdict {
        Ok(Err(ReplanError::Begun(actions))) => actions.as_slice(),
        _ => &[],
    };
    failure = steps(state, plan, begun).into_iter().fold(failure, CommandFailure::cause);
    failure = match (&state.opened.source, same_text) {
        (_, true) if now.given.is_empty() => failure.hint("bring the inputs back as they were, and `resume` again"),
        (_, true) => failure.hint(format!("bring the inputs back as they were, and `resume` without `{}`", now.given)),
        (Some(path), false) => failure.hint(format!("bring `{path}` back as it was, and `resume` again")),
        (None, false) => failure.hint("use the version of `runbook` that opened the run"),
    };
    Err(match verdict {
        Ok(Ok(())) => failure.hint(format!(
            "or plan anew what has not run: `{}` shows the new plan and asks",
            Typed::of(&state.run).resume_with(format!("--replan {}", now.given).trim())
        )),
        _ => failure,
    }
    .hint(format!("or roll back: `{}`", Typed::of(&state.run).rollback(&RollbackTo::Start))))
}

fn changed(state: &RunState, place: &str, text: &str) -> CommandFailure {
    CommandFailure::refused(format!("`{place}` has changed since run `{}` was opened", state.run))
        .cause(shown::changes(&state.opened.document, text))
}

/// Which steps that have begun still match, and which differ.
fn steps(state: &RunState, plan: &Plan, differ: &[ActionPath]) -> Vec<String> {
    let begun: Vec<&StepId> = plan
        .runbook
        .steps
        .iter()
        .filter(|step| step.actions.iter().any(|a| state.action(&a.path).traces().is_some()))
        .map(|step| &step.id)
        .collect();
    let (other, same): (Vec<&StepId>, Vec<&StepId>) =
        begun.into_iter().partition(|step| differ.iter().any(|action| action.step() == *step));
    let list = |steps: Vec<&StepId>| {
        let names: Vec<String> = steps.iter().map(|step| format!("step {} {step}", plan.number(step))).collect();
        names.join(", ")
    };
    let mut lines = Vec::new();
    if !same.is_empty() {
        lines.push(format!("of what has begun these still match: {}", list(same)));
    }
    if !other.is_empty() {
        lines.push(format!("of what has begun these differ: {}", list(other)));
    }
    lines
}

/// Who asks for a new plan of what, and how.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Replanning<'a> {
    pub(in crate::cli) state: &'a RunState,
    pub(in crate::cli) old: &'a Plan,
    /// Where the run is to rest.
    pub(in crate::cli) until: Option<&'a StepId>,
    pub(in crate::cli) args: &'a ResumeArgs,
    pub(in crate::cli) common: &'a Common,
    pub(in crate::cli) format: Format,
}

/// Plans anew what has not run, shows it, asks, and records it.
pub(in crate::cli) fn replan(
    journal: &mut Journal,
    lease: &Lease,
    asked: Replanning<'_>,
    now: Now,
) -> Result<(Plan, RunState), CommandFailure> {
    let Replanning { state, old, until, args, common, format } = asked;
    let mut plan =
        Plan::make(now.runbook, now.inputs, old.account.clone(), old.order).map_err(|e| refusal::no_plan(&e))?;
    let as_value = |plan: &Plan| plan.to_value().map_err(|e| CommandFailure::refused(e.to_string()));
    plan.folder.clone_from(&old.folder);
    // Allowed were the commands of the old plan, and no others.
    let (allowed, asked) = (commands::of_actions(old), commands::of_actions(&plan));
    plan.commands_allowed = old.commands_allowed && asked.iter().all(|command| allowed.contains(command));
    state.may_go_on_with(&as_value(&plan)?).map_err(|error| may_not(state, old, &error))?;
    plan.preview(kept(state, old, &plan));
    plan.checks.clone_from(&old.checks);
    plan.names.clone_from(&old.names);
    plan.expected = history::of(journal, &plan)?;
    let looks = look(&mut plan, state, until, common)?;
    let looks = remaining::excused(&plan, state, looks);
    // In the middle of a run the world is not as before it: its checks are asked where it begins again.
    let checks = if again::begins(state) { plan.checks.as_slice() } else { &[] };
    if let Some(failure) = refusals(&looks, checks, "nothing was changed: the world is not ready for the new plan") {
        return Err(failure.hint("then type the same command again: nothing was recorded"));
    }
    let outputs = shown::outputs_with(state.outputs(), &looks);
    let seen = shown::previews(&plan, Some(&state.run), &outputs, &looks);
    plan.preview(seen);
    if !format.is_json() {
        let sentences = shown::sentences(&plan, Some(&state.run), &outputs);
        out(&format!(
            "what has not run of {}, planned anew\n\n{}",
            state.run,
            display::left_text(&plan, &sentences, &remaining::lines(&plan, state, &looks))
        ))?;
        if let Some(file) = &state.opened.plan_file {
            out(&format!("\nwhat {} and others signed was another plan: nobody has signed this one\n", file.made_by))?;
        }
    }
    confirm(args.yes, "Go on with this plan?")?;
    let kind = RecordKind::Replanned {
        fingerprint: validate::fingerprint(&now.text),
        document: now.text,
        plan: as_value(&plan)?,
        by: operator::name(),
        source: state.opened.source.clone(),
        inputs_from: now.inputs_from,
        until: state.given.as_ref().filter(|step| plan.runbook.step(step.as_str()).is_none()).and(until).cloned(),
    };
    // Beside the lease only answers come: they are to what was asked, and stand.
    let (run, shown) = (&state.run, &state.actions);
    let still = |now: &RunState| match now.actions == *shown {
        true => Ok(()),
        false => {
            Err(CommandFailure::refused(format!("nothing was changed: run `{run}` has gone on since this was shown"))
                .hint("type the same command again: it shows the new plan as it is now, and asks"))
        }
    };
    let state = append(journal, Some(lease), state.clone(), &kind, still)?;
    Ok((plan, state))
}

fn may_not(state: &RunState, old: &Plan, error: &ReplanError) -> CommandFailure {
    let differ = match error {
        ReplanError::Begun(actions) => actions.clone(),
        _ => Vec::new(),
    };
    let failure =
        CommandFailure::refused(format!("run `{}` cannot go on with the new plan", state.run)).cause(error.to_string());
    let failure = steps(state, old, &differ).into_iter().fold(failure, CommandFailure::cause);
    let sequence = Sequence::of(old);
    let first = differ.iter().filter_map(|action| sequence.place(action)).min().unwrap_or_default();
    let before =
        sequence.steps().into_iter().take_while(|step| sequence.end(step).is_some_and(|end| end < first)).last();
    match before {
        Some(step) => failure.hint(format!(
            "roll back what differs, then plan anew: `{}`",
            Typed::of(&state.run).rollback_with(format_args!("--to step-{}", old.number(step)))
        )),
        None => failure.hint(format!("roll back: `{}`", Typed::of(&state.run).rollback(&RollbackTo::Start))),
    }
}

fn look(
    plan: &mut Plan,
    state: &RunState,
    until: Option<&StepId>,
    common: &Common,
) -> Result<Vec<(ActionPath, Look)>, CommandFailure> {
    let looking = Looking::new(common)?;
    if again::begins(state) {
        return Ok(block_on(again::look(plan, state, &looking))??.0);
    }
    let access = Rc::new(looking.access());
    block_on(async {
        let caller = match &plan.region {
            Some(region) => Some(account::of(&access, region).await?),
            None => None,
        };
        if let Some(caller) = &caller {
            account::agree(plan, &caller.account)?;
        }
        secrets::of_rest(plan, state, until).await?;
        let mut looks = look_ahead(plan, state, &Worker::new(Rc::clone(&access)), SystemClock.now()).await;
        plan.names.extend(access.names().all());
        // What is new in the plan may need what the caller may not do: that is told before anything goes on.
        if let (Some(region), Some(caller)) = (&plan.region, &caller) {
            let asking = Asking { access: &access, caller, region };
            let outputs = shown::outputs_with(state.outputs(), &looks);
            let told = permission::check(plan, Some(&state.run), &asking, &outputs).await;
            permission::refuse(plan, &told, &mut looks);
        }
        Ok(looks)
    })?
}

/// Refuses what is for the way forward when a run is on its way back.
pub(in crate::cli) fn only_forward(run: &crate::model::RunId, option: &str) -> CommandFailure {
    CommandFailure::new(Exit::Usage, format!("`{option}` is for the way forward, and this run is on its way back"))
        .hint(format!("`{}` finishes the rollback first", Typed::of(run).resume()))
}
