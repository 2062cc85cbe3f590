//! A plan as a reader judges it, before it has a form: what the page and the Markdown document both show.
//!
//! Promises: it decides nothing about looks and everything about content, so that two forms of one plan cannot say
//! different things. Texts may hold names in backticks ([`super::rich`]); values are given as they are, and nothing here is
//! escaped. Secrets are references already, as everywhere in `display`.
//!
//! Not handled: which of several durations of one kind of action fits best; the median is taken, and it says from where.

mod back;
mod schedule;
mod timing;
mod warning;

pub(super) use back::{Back, tally_text};
pub(super) use schedule::Slot;
pub(super) use timing::{SiteDuring, Timing};

use super::changes::Shown;
use super::looks::Looks;
use super::order_of_work::{Work, order_of_work};
use super::pending_value::{input, parameter, value};
use super::permission::{self, permission_warnings};
use super::plan_checks;
use super::plan_text::{PreflightLine, Sentences, first_sentence, undo_sentence};
use super::table::count;
use super::usual::{self, Usual};
use super::wording::order_sentence;
use crate::journal::PlanFile;
use crate::model::{
    ActionPath, CheckRow, Expr, Failure, Millis, Permissions, Reference, Step, StepAction, StepId, Value, ValueType,
};
use crate::plan::{Plan, Site};

/// Where a plan comes from: what makes two printed plans comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOrigin {
    /// When it was made, UTC.
    pub at: Millis,
    /// Who made it.
    pub by: String,
    /// SHA-256 of the runbook's text, in hexadecimal.
    pub fingerprint: String,
    /// The version of the tool.
    pub tool: String,
    /// The step after which the run would rest, when not all steps are to run.
    pub until: Option<StepId>,
    /// What the caller may do; nothing when AWS is not used or was not asked.
    pub permissions: Option<Permissions>,
    /// The file it was saved in, with its signatures; nothing for a plan that is made now.
    pub file: Option<PlanFile>,
}

/// A plan, ready to be given a form.
pub(super) struct Sheet<'a> {
    pub(super) plan: &'a Plan,
    pub(super) origin: &'a PlanOrigin,
    pub(super) verdict: Verdict<'a>,
    pub(super) warnings: Vec<String>,
    pub(super) timing: Timing<'a>,
    pub(super) steps: Vec<SheetStep<'a>>,
    /// Who works when; nothing where the steps tell it.
    pub(super) work: Vec<Work<'a>>,
}

/// Whether the run may begin.
pub(super) enum Verdict<'a> {
    /// Nobody looked at the world.
    NotLooked,
    /// Looking found no reason against it.
    Clear {
        /// Actions that were looked at.
        seen: usize,
        /// Actions that can be looked at only later.
        later: usize,
    },
    /// These refuse.
    Refused(Vec<(&'a ActionPath, &'a Failure)>, Vec<&'a CheckRow>),
}

/// A step.
pub(super) struct SheetStep<'a> {
    pub(super) step: &'a Step,
    pub(super) slot: Slot,
    pub(super) usual: Usual,
    pub(super) site: SiteDuring,
    /// The site once it is done.
    pub(super) after: Site,
    /// Nothing before it can be brought back once it is done.
    pub(super) no_return: bool,
    /// The run has done all of it.
    pub(super) done: bool,
    pub(super) actions: Vec<SheetAction<'a>>,
}

/// An action.
pub(super) struct SheetAction<'a> {
    pub(super) action: &'a StepAction,
    pub(super) slot: Slot,
    pub(super) usual: Usual,
    /// What it does, in a sentence.
    pub(super) does: String,
    /// The author's title, when `does` says something else.
    pub(super) title: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) shown: Shown,
    pub(super) undo: String,
    pub(super) back: Back,
    /// What was seen of it; nothing when nobody looked.
    pub(super) look: Option<&'a PreflightLine>,
}

/// An input.
pub(super) struct SheetInput {
    pub(super) name: String,
    pub(super) value: String,
    /// What it is for.
    pub(super) about: String,
    /// The value is told in words, with names in backticks: the reference to a secret.
    pub(super) in_words: bool,
}

/// A parameter of an action.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: String,
    /// Only the run will bring all of it.
    pub(super) later: bool,
    /// The value is told in words, with names in backticks.
    pub(super) in_words: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        origin: &'a PlanOrigin,
        sentences: Sentences<'_>,
        preflight: &'a [(ActionPath, PreflightLine)],
    ) -> Self {
        let done = usual::done(preflight);
        let (timing, looks, sites) = (Timing::of(plan, &done), Looks::of(preflight), plan.sites());
        let mut no_return_passed = false;
        let mut steps: Vec<SheetStep<'a>> = Vec::new();
        for step in &plan.runbook.steps {
            let action = |action| sheet_action(plan, action, &timing, sentences, &looks);
            let actions: Vec<SheetAction<'a>> = step.actions.iter().map(action).collect();
            let final_one = actions.iter().any(|a| matches!(a.back, Back::Never(_)));
            steps.push(SheetStep {
                step,
                slot: timing.of_step(step),
                usual: usual::of_step(plan, step),
                site: SiteDuring::of(plan, step, &timing),
                after: sites.after(&step.id),
                no_return: final_one && !no_return_passed,
                done: step.actions.iter().all(|action| done.contains(&action.path)),
                actions,
            });
            no_return_passed |= final_one;
        }
        let verdict = Verdict::of(plan, preflight);
        let mut warnings = origin.permissions.as_ref().map(permission_warnings).unwrap_or_default();
        warnings.extend(warning::all(plan, &steps, preflight));
        let work = order_of_work(plan, preflight);
        Self { plan, origin, verdict, warnings, timing, steps, work }
    }

    /// What the plan is for and who made it: name and value.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let plan = self.plan;
        let mut facts = vec![("runbook", plan.runbook.name.clone())];
        facts.extend(plan.account.iter().map(|account| ("account", account.clone())));
        facts.extend(plan.region.iter().map(|region| ("region", region.clone())));
        facts.push(("order", order_sentence(plan.order).to_owned()));
        let size = [count(plan.runbook.steps.len(), "step"), count(plan.actions.len(), "action")];
        facts.push(("size", size.join(" with ")));
        if let Some(until) = &self.origin.until {
            facts.push(("rests after", format!("step {}, {until}", plan.number(until))));
        }
        if !plan.tags.is_empty() {
            let tags: Vec<String> = plan.tags.iter().map(|(name, text)| format!("{name}={text}")).collect();
            facts.push(("tags", tags.join(", ")));
        }
        facts.extend(
            self.origin.permissions.as_ref().map(|told| ("permissions", permission::summary(told).replace('`', ""))),
        );
        facts.push(("made", format!("{} UTC", super::time::date_time(self.origin.at))));
        facts.push(("made by", self.origin.by.clone()));
        facts.push(("tool", format!("runbook {}", self.origin.tool)));
        facts.push(("runbook text, SHA-256", self.origin.fingerprint.clone()));
        facts.extend(super::plan_file::file_rows(self.origin));
        facts
    }

    /// The inputs, by name.
    pub(super) fn inputs(&self) -> Vec<SheetInput> {
        let spec = |name: &str| self.plan.runbook.inputs.iter().find(|i| i.name == name);
        let row = |(name, it): (&String, &Value)| {
            let spec = spec(name);
            SheetInput {
                name: name.clone(),
                value: spec.map_or_else(|| value(it), |s| input(&s.value_type, it)),
                about: spec.map(|s| s.about.clone()).unwrap_or_default(),
                in_words: spec.is_some_and(|s| s.value_type == ValueType::Secret),
            }
        };
        self.plan.inputs.iter().map(row).collect()
    }

    /// How many actions can be taken back, and how far.
    pub(super) fn ways_back(&self) -> Vec<String> {
        tally_text(self.steps.iter().flat_map(|s| &s.actions).map(|a| &a.back))
    }
}

impl<'a> Verdict<'a> {
    fn of(plan: &'a Plan, preflight: &'a [(ActionPath, PreflightLine)]) -> Self {
        let refused: Vec<_> = preflight
            .iter()
            .filter_map(|(path, line)| match line {
                PreflightLine::Refused(failure) => Some((path, failure)),
                _ => None,
            })
            .collect();
        let later = preflight.iter().filter(|(_, line)| matches!(line, PreflightLine::NotYet)).count();
        let checks = plan_checks::refusing(plan);
        match (refused.is_empty() && checks.is_empty(), preflight.is_empty()) {
            (false, _) => Verdict::Refused(refused, checks),
            (true, true) => Verdict::NotLooked,
            (true, false) => {
                let seen = preflight.iter().filter(|(_, line)| matches!(line, PreflightLine::Seen(_))).count();
                Verdict::Clear { seen, later }
            }
        }
    }

    /// The verdict in a few words.
    pub(super) fn headline(&self) -> String {
        match self {
            Verdict::NotLooked => "Nothing was looked at yet".into(),
            Verdict::Clear { .. } => "Nothing speaks against beginning".into(),
            Verdict::Refused(all, checks) => {
                format!("{}: the run must not begin", plan_checks::who_refuses(all.len(), checks.len()))
            }
        }
    }

    /// What it rests on.
    pub(super) fn evidence(&self) -> String {
        match self {
            Verdict::NotLooked => {
                "This plan says what would be done. Whether the world is ready for it was not asked.".into()
            }
            Verdict::Clear { seen, later: 0 } => {
                format!("{} looked at, by reading only.", all_looked(*seen))
            }
            Verdict::Clear { seen, later } => format!(
                "{} looked at, by reading only; {} can be looked at only after earlier ones have run. Each is looked at \
                 again before it acts.",
                all_looked(*seen),
                count(*later, "action"),
            ),
            Verdict::Refused(..) => {
                "Nothing was changed. What refuses must be put right first; then make a new plan.".into()
            }
        }
    }
}

fn all_looked(seen: usize) -> String {
    format!("{} {}", count(seen, "action"), if seen == 1 { "was" } else { "were" })
}

fn sheet_action<'a>(
    plan: &Plan,
    action: &'a StepAction,
    timing: &Timing<'_>,
    sentences: Sentences<'_>,
    looks: &Looks<'a>,
) -> SheetAction<'a> {
    let spec = action.kind.spec();
    let told = sentences(&action.path);
    let shown = Shown::of(plan, &action.path, told.as_ref(), looks);
    let secret = |reference: &&Reference| match reference {
        Reference::Input(name) => {
            plan.runbook.inputs.iter().any(|i| i.name == *name && i.value_type == ValueType::Secret)
        }
        Reference::Output { .. } | Reference::RunId => false,
    };
    let given = |(name, given): (&String, &Expr)| {
        let (value, later) = parameter(plan, told.as_ref(), name, given);
        Parameter { name: name.clone(), value, later, in_words: later || given.references().iter().any(secret) }
    };
    let parameters = action.with.iter().map(given).collect();
    let (does, undo) = told.map_or((None, None), |told| (Some(told.does), told.undo));
    let title = action.title.clone();
    let does = does.or_else(|| title.clone()).unwrap_or_else(|| first_sentence(&spec.about));
    SheetAction {
        action,
        slot: timing.of_action(&action.path),
        usual: usual::of_action(plan, action),
        shown,
        title: title.filter(|title| *title != does),
        does,
        parameters,
        back: Back::of(action, undo.as_deref()),
        undo: undo_sentence(&spec, undo),
        look: looks.line(&action.path),
    }
}
