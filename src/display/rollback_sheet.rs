//! A rollback plan as a reader judges it, before it has a form: what is undone and how long that takes, what is down
//! meanwhile and afterwards, and the ways back to service with how long each takes.

use super::commands::{ToService, service};
use super::plan_text::{Sentences, first_sentence, undo};
use super::site::Site;
use super::stays_stopped::stopped;
use super::table::count;
use super::usual::{self, Usual};
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, Step, StepAction};
use crate::plan::Plan;

/// A rollback plan, ready to be given a form.
pub(super) struct RollbackSheet<'a> {
    /// What has to be undone, in order.
    pub(super) undone: Vec<Undo<'a>>,
    /// How long all of it usually takes: one undo after the other.
    pub(super) usual: Usual,
    /// How long the site is down in it.
    pub(super) down: Usual,
    /// The site afterwards.
    pub(super) site: Site,
    /// When the site is down then: the actions that stay done and have stopped something, and what they do.
    pub(super) stopped: Vec<(&'a ActionPath, String)>,
    /// When the site is down then: how it comes back.
    pub(super) ways: Vec<Way>,
    /// The steps that stay done.
    pub(super) kept: Vec<&'a Step>,
}

/// An undo.
pub(super) struct Undo<'a> {
    pub(super) action: &'a ActionPath,
    /// What it does, or why it does nothing.
    pub(super) does: String,
    pub(super) usual: Usual,
}

/// A way back to service.
pub(super) struct Way {
    pub(super) command: String,
    /// What it does.
    pub(super) why: String,
    /// How long it usually takes until the site is up.
    pub(super) usual: Usual,
}

impl<'a> RollbackSheet<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        state: &RunState,
        to: &RollbackTo,
        queue: &'a [ActionPath],
        sentences: Sentences<'_>,
    ) -> Self {
        let undone: Vec<Undo<'a>> = queue
            .iter()
            .map(|action| Undo {
                action,
                does: undo_of(plan, state, action, sentences),
                usual: usual_of(plan, state, action),
            })
            .collect();
        let is_down = |undo: &&Undo<'_>| is_down_while(plan, plan.number(undo.action.step()));
        let down = undone.iter().filter(is_down).map(|undo| undo.usual.clone()).collect();
        let site = match to {
            RollbackTo::Start => Site::Up,
            RollbackTo::Step(step) => Site::after(plan, Some(step)),
        };
        let kept: Vec<&Step> = plan.runbook.steps.iter().filter(|s| s.number <= number(plan, to)).collect();
        let stopped = match site {
            Site::Up => Vec::new(),
            Site::Down | Site::MayBeDown => stopped(plan, state, kept.iter().flat_map(|step| &step.actions)),
        };
        let stopped = stopped.into_iter().map(|action| (&action.path, does(action, sentences))).collect();
        let ways = service(plan, state, to).map(|way| vec![forward(plan, state, to), back(plan, state, to, way)]);
        let usual = undone.iter().map(|undo| undo.usual.clone()).collect();
        Self { undone, usual, down, site, stopped, ways: ways.unwrap_or_default(), kept }
    }

    /// `3 actions are undone, which usually takes 2 min (default)`.
    pub(super) fn size(&self) -> String {
        let number = self.undone.len();
        let are = if number == 1 { "is" } else { "are" };
        format!("{} {are} undone, which usually takes {}", count(number, "action"), self.usual.told())
    }

    /// What becomes of the site meanwhile; nothing when it is up all the time.
    pub(super) fn meanwhile(&self) -> Option<String> {
        let stays = if self.site == Site::Up { "then it is up" } else { "and it stays down" };
        (self.down.seconds > 0 || self.site != Site::Up)
            .then(|| format!("the site is down for {} of it, {stays}", self.down.told()))
    }
}

/// Whether the site is down while a step is undone: before it or after it.
fn is_down_while(plan: &Plan, number: usize) -> bool {
    plan.runbook.steps.iter().any(|s| s.site_down && (s.number == number || s.number + 1 == number))
}

fn number(plan: &Plan, to: &RollbackTo) -> usize {
    match to {
        RollbackTo::Start => 0,
        RollbackTo::Step(step) => plan.number(step),
    }
}

/// What undoing an action that was begun means.
fn undo_of(plan: &Plan, state: &RunState, action: &ActionPath, sentences: Sentences<'_>) -> String {
    let Some(definition) = plan.definition(action) else { return "?".into() };
    match stays(state, definition) {
        Some(why) => why.into(),
        None => undo(&definition.kind.spec(), sentences(action).and_then(|told| told.undo)),
    }
}

fn usual_of(plan: &Plan, state: &RunState, action: &ActionPath) -> Usual {
    match plan.definition(action) {
        Some(definition) if stays(state, definition).is_none() => usual::of_undo(plan, definition),
        _ => Usual::default(),
    }
}

/// Why an action that is undone leaves the world as it is, when it does.
fn stays(state: &RunState, definition: &StepAction) -> Option<&'static str> {
    state.action(&definition.path).stays(&definition.kind.spec().reversibility)
}

/// What an action does, in a sentence.
fn does(action: &StepAction, sentences: Sentences<'_>) -> String {
    let told = sentences(&action.path).map(|told| told.does);
    told.or_else(|| action.title.clone()).unwrap_or_else(|| first_sentence(&action.kind.spec().about))
}

fn forward(plan: &Plan, state: &RunState, to: &RollbackTo) -> Way {
    let later = || plan.runbook.steps.iter().filter(|s| s.number > number(plan, to));
    let back = later().find(|s| !s.site_down);
    let why = match back {
        Some(step) => format!("goes forward again; the site is up after step {}, {}", step.number, step.id),
        None => "goes forward again".into(),
    };
    let last = back.map_or(usize::MAX, |step| step.number);
    let usual = later().take_while(|s| s.number <= last).map(|step| usual::of_step(plan, step)).collect();
    Way { command: format!("runbook resume {}", state.run), why, usual }
}

/// The further rollback to where the site served.
fn back(plan: &Plan, state: &RunState, from: &RollbackTo, way: ToService<'_>) -> Way {
    let from = number(plan, from);
    let served = way.served.map_or(0, |step| step.number);
    let begun = |action: &&StepAction| !state.action(&action.path).is_pending();
    let between = plan.runbook.steps.iter().filter(|s| s.number > served && s.number <= from);
    let actions = between.flat_map(|step| &step.actions).filter(begun);
    let usual = actions.map(|action| usual_of(plan, state, &action.path)).collect();
    Way { command: way.command.command, why: way.command.why, usual }
}
