//! From events to what is said about them: the one account of a run that lines and bars both tell.
//!
//! It folds records into the run's state itself. A record that cannot follow (a display that was started late) is told
//! and not folded.

use crate::display::run::failure::{advice, reasons_text};
use crate::display::run::tally::step_word;
use crate::display::run::took::{Took, Until};
use crate::display::run::{limits, site};
use crate::display::terminal::Symbol;
use crate::display::time::duration;
use crate::display::typed::Typed;
use crate::display::wording::{phase, rest_sentence};
use crate::event::Event;
use crate::journal::{ActionState, ExecutorId, History, Mode, Record, RecordKind, RunState, SiteAsked};
use crate::model::{ActionPath, Failure, Millis, Pace, Phase, Property, Resolution, Step, StepId};
use crate::plan::{Order, Plan, Site};
use std::collections::BTreeSet;

/// What an action will do, in words; asked with the run's state, so that values known by now can be in it.
pub type Sentence = Box<dyn Fn(&RunState, &ActionPath) -> Option<String> + Send>;

/// One thing that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::display) struct Said {
    pub(in crate::display) at: Millis,
    pub(in crate::display) about: About,
    pub(in crate::display) mark: Symbol,
    /// One line, or several when a person is asked or told why.
    pub(in crate::display) text: String,
}

/// What something is said about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::display) enum About {
    Run,
    StepBegins(StepId),
    StepEnds(StepId),
    Action(ActionPath),
}

pub(in crate::display) struct Narrator {
    pub(in crate::display) plan: Plan,
    pub(in crate::display) state: RunState,
    pub(in crate::display) history: History,
    begun: BTreeSet<StepId>,
    started_here: BTreeSet<ActionPath>,
    pub(in crate::display) sentence: Option<Sentence>,
    pub(in crate::display) pace: Pace,
}

impl Narrator {
    /// Of a run that stands at `state`, after what its history tells.
    pub(in crate::display) fn new(plan: &Plan, state: &RunState, history: History) -> Self {
        Self {
            plan: plan.clone(),
            state: state.clone(),
            history,
            begun: BTreeSet::new(),
            started_here: BTreeSet::new(),
            sentence: None,
            pace: Pace::USUAL,
        }
    }

    /// What an event says. Notes of progress say nothing here: how often they are told is each display's own matter.
    pub(in crate::display) fn hear(&mut self, event: &Event) -> Vec<Said> {
        match event {
            Event::Recorded(record) => self.recorded(record),
            Event::Working { action, at, .. } => self.begin_step(action, *at).into_iter().collect(),
            Event::Progress { .. } => Vec::new(),
            Event::Stopping { at_once } => {
                let text = if *at_once {
                    "stopping at once: what is running is no longer waited for"
                } else {
                    "stopping: what is running is finished first; Ctrl-C again stops waiting for it"
                };
                vec![Said { at: self.state.at, about: About::Run, mark: Symbol::Person, text: text.into() }]
            }
        }
    }

    /// `step 6 of 11`.
    pub(in crate::display) fn number(&self, step: &StepId) -> String {
        format!("{} of {}", self.plan.number(step), self.plan.runbook.last_number())
    }

    pub(in crate::display) fn step(&self, id: &StepId) -> Option<&Step> {
        self.plan.step(id)
    }

    pub(in crate::display) fn rolls_back(&self) -> bool {
        matches!(self.state.mode, Mode::Rollback { .. })
    }

    fn recorded(&mut self, record: &Record) -> Vec<Said> {
        let before = record.kind.action().map(|a| self.state.action(a).clone());
        let site_before = self.state.site.clone();
        // What cannot follow is not this display's to judge: it stays as it was.
        let _ = self.state.add(record);
        self.history.note(record);
        let mut said = Vec::new();
        if let Some(action) = record.kind.action() {
            said.extend(self.begin_step(action, record.at));
        } else if matches!(record.kind, RecordKind::ForwardBegan { .. } | RecordKind::RollbackBegan { .. }) {
            self.begun.clear();
            self.started_here.clear();
        }
        said.extend(self.say(record, (before.as_ref(), site_before.as_ref())).map(|(mark, text)| Said {
            at: record.at,
            about: record.kind.action().map_or(About::Run, |a| About::Action(a.clone())),
            mark,
            text,
        }));
        if let Some(action) = record.kind.action() {
            said.extend(self.end_step(action.step(), record));
        }
        said
    }

    fn begin_step(&mut self, action: &ActionPath, at: Millis) -> Option<Said> {
        let step = action.step();
        if !self.begun.insert(step.clone()) {
            return None;
        }
        let title = self.step(step).map_or_else(String::new, |s| s.title.clone());
        let (mark, text) = match self.plan.turn_back_by(&self.state, self.pace, at) {
            _ if self.rolls_back() => (Symbol::Back, format!("undo: {title}")),
            Some(by) => (Symbol::Plain, format!("{title}; {}", limits::by(by))),
            None => (Symbol::Plain, title),
        };
        Some(Said { at, about: About::StepBegins(step.clone()), mark, text })
    }

    fn end_step(&self, id: &StepId, record: &Record) -> Option<Said> {
        let step = self.step(id)?;
        let word = step_word(step, &self.state);
        let took = Took::last_of_step(&self.history, step, Until { now: record.at, executed: true });
        let took = took.map(Took::phrase).unwrap_or_default();
        let (mark, text) = match (&record.kind, word) {
            (RecordKind::Done { .. } | RecordKind::Adopted { .. } | RecordKind::Resolved { .. }, "done") => {
                (Symbol::Done, format!("done{took}"))
            }
            (RecordKind::Undone { .. } | RecordKind::Resolved { .. }, "undone" | "pending") => {
                (Symbol::Back, format!("undone{took}"))
            }
            _ => return None,
        };
        Some(Said { at: record.at, about: About::StepEnds(id.clone()), mark, text })
    }

    fn say(
        &mut self,
        record: &Record,
        (before, site_before): (Option<&ActionState>, Option<&SiteAsked>),
    ) -> Option<(Symbol, String)> {
        use RecordKind as K;
        Some(match &record.kind {
            K::RunOpened { runbook, by, .. } => {
                (Symbol::Plain, format!("run {} of `{runbook}`, opened by {by}", record.run))
            }
            K::Replanned { by, .. } => (Symbol::Plain, format!("what had not run was planned anew by {by}")),
            K::ForwardBegan { until, executor } => {
                let until = until.as_ref().map_or_else(String::new, |s| format!(", until {s} is done"));
                (Symbol::Plain, format!("run {} goes forward{until}; {}", record.run, by(executor)))
            }
            K::RollbackBegan { to, failed, .. } if !failed.is_empty() => {
                let to = crate::display::wording::place(&self.plan, to);
                (Symbol::Back, format!("run {} rolls back to {to}, as its plan says of this failure", record.run))
            }
            K::RollbackBegan { to, executor, .. } => {
                let to = crate::display::wording::place(&self.plan, to);
                (Symbol::Back, format!("run {} rolls back to {to}; {}", record.run, by(executor)))
            }
            K::Started { action, attempt, .. } => {
                self.started_here.insert(action.clone());
                let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
                (Symbol::Plain, format!("started{again}: {}", self.does(action)))
            }
            K::Applied { action, .. } => {
                let found = matches!(before, Some(ActionState::Started { .. } | ActionState::InDoubt { .. }));
                if !found || self.started_here.contains(action) {
                    return None;
                }
                let asks =
                    self.plan.definition(action).is_some_and(|it| it.kind.properties().contains(&Property::Asks));
                let text = match asks {
                    true => "answered",
                    false => "its effect was made before the interruption; waiting until it is complete",
                };
                (Symbol::Plain, text.into())
            }
            K::Done { evidence, .. } => (Symbol::Done, format!("done: {evidence}")),
            K::Adopted { evidence, .. } => (Symbol::Done, format!("found as wanted: {evidence}")),
            K::Doubted { evidence, .. } => (Symbol::Doubt, format!("in doubt: {evidence}")),
            K::Failed { phase: at, failure, retry_at, .. } => {
                let attempt = before.map_or(0, ActionState::tries) + 1;
                let begun = before.is_some_and(|state| state.traces().is_some());
                let looking = *at == Phase::Observe;
                let what = if looking { format!("failed {}", phase(*at, begun)) } else { "failed".into() };
                let mark = if looking && begun { Symbol::Doubt } else { Symbol::Failed };
                (mark, failed(&what, attempt, failure, *retry_at, record))
            }
            K::UndoFailed { failure, retry_at, .. } => {
                let attempt = before.map_or(0, ActionState::tries) + 1;
                (Symbol::Failed, failed("undo failed", attempt, failure, *retry_at, record))
            }
            K::GateOpened { gate, prompt, .. } => {
                let answer = Typed::of(&record.run).approve(gate);
                (Symbol::Person, format!("waits for a person: {}\nwhen it is done: {answer}", prompt.trim_end()))
            }
            K::GateAnswered { gate, approved, by } => {
                let word = if *approved { "approved" } else { "refused" };
                (Symbol::Person, format!("gate {gate}: {word} by {by}"))
            }
            K::Resolved { resolution, by, reason, .. } => {
                let mark = if *resolution == Resolution::Undone { Symbol::Back } else { Symbol::Person };
                (mark, format!("resolved as {resolution} by {by}: {reason}"))
            }
            K::UndoStarted { attempt, .. } => {
                let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
                (Symbol::Back, format!("undo started{again}"))
            }
            K::Renamed { renamed, .. } => (Symbol::Back, crate::display::wording::renamed(renamed)),
            K::Undone { evidence, .. } => (Symbol::Back, format!("undone: {evidence}")),
            K::GuardBroke { broken } => {
                let seen = &broken.seen;
                let text =
                    format!("guard {} is broken: {seen}\nnothing new is begun until it holds again", broken.guard);
                (Symbol::Failed, text)
            }
            K::GuardMended { guard, seen } => (Symbol::Done, format!("guard {guard} holds again: {seen}")),
            K::SiteSeen { site } => {
                let (is_planned, text) = site::change(site_before, site, Site::now(&self.plan, &self.state))?;
                (if is_planned { Symbol::Plain } else { Symbol::Failed }, text)
            }
            K::LimitsSet { limits, by } => (Symbol::Person, format!("{}, by {by}", limits::recorded(limits))),
            K::Rested { rest } => {
                (Symbol::Plain, format!("run {} {}", record.run, rest_sentence(&self.plan, &self.state, rest)))
            }
        })
    }

    /// An action's name; with its step where several steps run at the same time.
    pub(in crate::display) fn name(&self, action: &ActionPath) -> String {
        match self.plan.order {
            Order::Article => action.name().to_owned(),
            Order::Overlap | Order::LeastDowntime => action.to_string(),
        }
    }

    /// What an action does, in words.
    pub(in crate::display) fn does(&self, action: &ActionPath) -> String {
        let definition = self.plan.definition(action);
        let title = definition.and_then(|d| d.title.clone());
        let sentence = || self.sentence.as_ref().and_then(|of| of(&self.state, action));
        title.or_else(sentence).unwrap_or_else(|| definition.map_or_else(|| "?".into(), |d| d.kind.to_string()))
    }
}

fn by(executor: &ExecutorId) -> String {
    format!("executed by {} on {} (process {})", executor.by, executor.host, executor.pid)
}

/// With a retry to come, one line; without, why and what to do.
fn failed(what: &str, attempt: u32, failure: &Failure, retry_at: Option<Millis>, record: &Record) -> String {
    let number = if attempt > 1 || retry_at.is_some() { format!(" (attempt {attempt})") } else { String::new() };
    let text = format!("{what}{number}: {}", failure.message);
    match retry_at {
        Some(at) => {
            let cause = failure.causes.iter().find(|c| **c != failure.message);
            let cause = cause.map_or_else(String::new, |c| format!(", because {c}"));
            format!("{text}{cause}; again in {}", duration(at.saturating_sub(record.at)))
        }
        None => {
            let advice = advice(&record.run, failure);
            let reasons = reasons_text(0, &failure.message, &failure.causes, &advice);
            format!("{text}\n{}", reasons.trim_end()).trim_end().to_owned()
        }
    }
}
