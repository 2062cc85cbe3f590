//! A rollback plan as a reader judges it, before it has a form: what is undone and how long that takes, when the site is back and what
//! is cleaned up after that, and the ways back to service with how long each takes.

use crate::display::plan::spoken::{Sentences, undo};
use crate::display::plan::usual::{self, Usual};
use crate::display::rollback::stays_stopped::stopped;
use crate::display::run::commands::{ToService, service};
use crate::display::table::count;
use crate::display::typed::Typed;
use crate::display::wording::{first_sentence, site_clause};
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, Step, StepAction, Text, WayBack};
use crate::plan::{Plan, Site};
use std::collections::BTreeMap;

/// A rollback plan, ready to be given a form.
pub(in crate::display) struct RollbackSheet<'a> {
    /// What has to be undone, in the order in which it is begun.
    pub(in crate::display) undone: Vec<Undo<'a>>,
    /// How long all of it usually takes.
    pub(in crate::display) usual: Usual,
    /// How long the site is down in it.
    pub(in crate::display) down: Usual,
    /// The undo that brings the site back, and how long it usually takes to its end; nothing when the site is up all the time, or
    /// stays down.
    pub(in crate::display) up_again: Option<(&'a ActionPath, Usual)>,
    /// The site afterwards.
    pub(in crate::display) site: Site,
    /// What is said of that.
    pub(in crate::display) afterwards: &'static str,
    /// When the site is down then: the actions that stay done and have stopped something, and what they do.
    pub(in crate::display) stopped: Vec<(&'a ActionPath, Text)>,
    /// When the site is down then: how it comes back.
    pub(in crate::display) ways: Vec<SheetWay>,
    /// The steps that stay done, wholly.
    pub(in crate::display) kept: Vec<&'a Step>,
}

/// An undo.
pub(in crate::display) struct Undo<'a> {
    pub(in crate::display) action: &'a ActionPath,
    /// What it does, or why it does nothing.
    pub(in crate::display) does: Text,
    pub(in crate::display) usual: Usual,
    /// It only cleans up: the site does not need it.
    pub(in crate::display) cleans_up: bool,
}

/// A way back to service.
pub(in crate::display) struct SheetWay {
    pub(in crate::display) command: String,
    /// What it does.
    pub(in crate::display) why: String,
    /// How long it usually takes until the site is up.
    pub(in crate::display) usual: Usual,
}

impl<'a> RollbackSheet<'a> {
    pub(in crate::display) fn new(
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
                cleans_up: plan.way_back(action) == WayBack::CleansUp,
            })
            .collect();
        let spans = spans(plan, state, queue);
        let site = plan.site_at(to);
        let keeps = plan.kept(to);
        let kept: Vec<&Step> =
            plan.runbook.steps.iter().filter(|step| step.actions.iter().all(|it| keeps.contains(&it.path))).collect();
        let stopped = match site {
            Site::Up => Vec::new(),
            Site::Down | Site::MayBeDown => {
                stopped(plan, state, plan.definitions().filter(|it| keeps.contains(&it.path)))
            }
        };
        let stopped = stopped.into_iter().map(|action| (&action.path, does(action, sentences))).collect();
        let ways = service(plan, state, to).map(|way| vec![forward(plan, state, to), back(plan, state, to, way)]);
        let usual = whole(&spans);
        let up_again = up_again(plan, state, &spans, queue).filter(|_| site == Site::Up);
        let down = down(plan, state, &spans, up_again.as_ref().map_or(&usual, |(_, usual)| usual));
        let afterwards = site_clause(plan, site).unwrap_or("nothing of it is left to undo");
        Self { undone, usual, down, up_again, site, afterwards, stopped, ways: ways.unwrap_or_default(), kept }
    }

    /// `3 actions are undone, which usually takes 2 min (default)`.
    pub(in crate::display) fn size(&self) -> String {
        let number = self.undone.len();
        let are = if number == 1 { "is" } else { "are" };
        format!("{} {are} undone, which usually takes {}", count(number, "action"), self.usual.told())
    }

    /// What becomes of the site meanwhile; nothing when it is up all the time.
    pub(in crate::display) fn meanwhile(&self) -> Option<String> {
        if self.site != Site::Up {
            return Some(format!("the site is down for {} of it, and it stays down", self.down.told()));
        }
        let (action, after) = self.up_again.as_ref()?;
        let cleaned = self.undone.iter().filter(|undo| undo.cleans_up).count();
        let rest = match cleaned {
            0 => String::new(),
            n => format!("; {} only cleaned up, which the site does not wait for", are(n)),
        };
        let down = self.down.told();
        Some(format!(
            "the site is down for {down} of it, and up again after {}, when `{action}` is undone{rest}",
            after.told()
        ))
    }
}

fn are(number: usize) -> String {
    format!("{} {}", count(number, "action"), if number == 1 { "is" } else { "are" })
}

/// When each undo usually begins and ends.
type Spans<'a> = BTreeMap<&'a ActionPath, (Usual, Usual)>;

fn spans<'a>(plan: &Plan, state: &RunState, queue: &'a [ActionPath]) -> Spans<'a> {
    let after = |begin: Usual, action: &StepAction| begin.and(usual_of(plan, state, &action.path));
    plan.along_undos(queue, after, |end: &Usual| end.seconds)
}

fn whole(spans: &Spans<'_>) -> Usual {
    spans.values().map(|(_, end)| end.clone()).fold(Usual::default(), Usual::longest)
}

/// The last undo that brings the site back, and when it usually ends.
fn up_again<'a>(
    plan: &Plan,
    state: &RunState,
    spans: &Spans<'a>,
    queue: &'a [ActionPath],
) -> Option<(&'a ActionPath, Usual)> {
    let windows = plan.runbook.windows();
    let goes_down = |window: &&crate::model::Window<'_>| {
        Site::now(plan, state) != Site::Up || window.ends.is_some_and(|end| spans.contains_key(end))
    };
    let backs = windows.iter().filter(goes_down).filter_map(|window| {
        let action = queue.iter().find(|action| *action == window.begins)?;
        Some((action, spans.get(action)?.1.clone()))
    });
    backs.max_by_key(|(_, end)| end.seconds)
}

/// How long the site is down until then.
fn down(plan: &Plan, state: &RunState, spans: &Spans<'_>, until: &Usual) -> Usual {
    let since = match Site::now(plan, state) {
        Site::Down | Site::MayBeDown => Some(0),
        Site::Up => {
            let ends = plan.runbook.windows().into_iter().filter_map(|window| spans.get(window.ends?));
            ends.map(|(begin, _)| begin.seconds).min()
        }
    };
    since.map_or_else(Usual::default, |since| until.clone().less(since))
}

/// What undoing an action that was begun means.
fn undo_of(plan: &Plan, state: &RunState, action: &ActionPath, sentences: Sentences<'_>) -> Text {
    let Some(definition) = plan.definition(action) else { return "?".into() };
    match stays(state, definition) {
        Some(why) => why.into(),
        None => undo(definition, sentences(action).and_then(|told| told.undo)),
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
    state.action(&definition.path).stays(&definition.reversibility())
}

/// What an action does, in a sentence.
fn does(action: &StepAction, sentences: Sentences<'_>) -> Text {
    let titled = || action.title.clone().unwrap_or_else(|| first_sentence(&action.kind.spec().about)).into();
    sentences(&action.path).map_or_else(titled, |told| told.does)
}

fn forward(plan: &Plan, state: &RunState, to: &RollbackTo) -> SheetWay {
    let keeps = plan.kept(to);
    let done: usual::Done<'_> = keeps.iter().collect();
    let open = usual::stretches(plan, &done).into_iter().find(|stretch| done.contains(stretch.window.begins));
    let back = open.and_then(|stretch| Some((plan.runbook.step(stretch.window.ends?.step().as_str())?, stretch.end_s)));
    let (why, usual) = match back {
        Some((step, end_s)) => {
            let why = format!("goes forward again; the site is up in step {}, {}", step.number, step.id);
            (why, usual::of_downtime(plan, &done).lasting(end_s))
        }
        None => ("goes forward again".into(), usual::of_plan(plan, &done)),
    };
    SheetWay { command: Typed::of(&state.run).resume(), why, usual }
}

/// The further rollback to where the site served.
fn back(plan: &Plan, state: &RunState, from: &RollbackTo, way: ToService) -> SheetWay {
    let keeps = plan.kept(from);
    let queue = plan.undo_queue(state, &way.to);
    let queue: Vec<ActionPath> = queue.into_iter().filter(|action| keeps.contains(action)).collect();
    let spans = spans(plan, state, &queue);
    let usual = plan.runbook.windows().into_iter().filter_map(|window| spans.get(window.begins));
    let usual = usual.map(|(_, end)| end.clone()).fold(Usual::default(), Usual::longest);
    SheetWay { command: way.command.command, why: way.command.why, usual }
}
