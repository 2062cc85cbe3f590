//! A plan as a reader judges it, before it has a form: what the page and the Markdown document both show.
//!
//! Promises: it decides nothing about looks and everything about content, so that two forms of one plan cannot say
//! different things. Texts may hold names in backticks ([`crate::display::rich`]); values are given as they are, and nothing here is
//! escaped. Secrets are references already, as everywhere in `display`.
//!
//! Not handled: which of several durations of one kind of action fits best; the median is taken, and it says from where.

pub(in crate::display) mod back;
pub(in crate::display) mod schedule;
pub(in crate::display) mod step;
pub(in crate::display) mod timing;
pub(in crate::display) mod warning;

pub(in crate::display) use back::{Back, tally_text};
pub(in crate::display) use schedule::Slot;
pub(in crate::display) use step::{Parameter, SheetAction, SheetStep};
pub(in crate::display) use timing::{SiteDuring, Timing};

use crate::display::pending_value::{input, parameter, value};
use crate::display::plan::changes::Shown;
use crate::display::plan::looks::Looks;
use crate::display::plan::order_of_work::{WorkOrder, order_of_work};
use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::permission::{self, permission_warnings};
use crate::display::plan::spoken::{Sentences, undo_sentence};
use crate::display::plan::{asked_site, checks, usual};
use crate::display::table::count;
use crate::display::wording::{first_sentence, order_sentence, site_sentence};
use crate::model::{ActionPath, CheckRow, Expr, Failure, Reference, StepAction, Value, ValueType};
use crate::plan::{Look, Plan};

/// A plan, ready to be given a form.
pub(in crate::display) struct Sheet<'a> {
    pub(in crate::display) plan: &'a Plan,
    pub(in crate::display) origin: &'a PlanOrigin,
    pub(in crate::display) verdict: SheetVerdict<'a>,
    pub(in crate::display) warnings: Vec<String>,
    pub(in crate::display) timing: Timing<'a>,
    pub(in crate::display) steps: Vec<SheetStep<'a>>,
    /// Who works when; nothing where the steps tell it.
    pub(in crate::display) work: Vec<WorkOrder<'a>>,
}

/// Whether the run may begin.
pub(in crate::display) enum SheetVerdict<'a> {
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

/// An input.
pub(in crate::display) struct SheetInput {
    pub(in crate::display) name: String,
    pub(in crate::display) value: String,
    /// What it is for.
    pub(in crate::display) about: String,
    /// The value is told in words, with names in backticks: the reference to a secret.
    pub(in crate::display) in_words: bool,
}

impl<'a> Sheet<'a> {
    pub(in crate::display) fn new(
        plan: &'a Plan,
        origin: &'a PlanOrigin,
        sentences: Sentences<'_>,
        preflight: &'a [(ActionPath, Look)],
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
                after: sites.told_after(&step.id).map(site_sentence),
                no_return: final_one && !no_return_passed,
                done: step.actions.iter().all(|action| done.contains(&action.path)),
                actions,
            });
            no_return_passed |= final_one;
        }
        let verdict = SheetVerdict::of(plan, preflight);
        let mut warnings = origin.permissions.as_ref().map(permission_warnings).unwrap_or_default();
        let backs = steps.iter().flat_map(|step| &step.actions).map(|it| (it.action, &it.back));
        warnings.extend(warning::all(plan, backs, (checks::warnings(plan), preflight)));
        let work = order_of_work(plan, preflight);
        Self { plan, origin, verdict, warnings, timing, steps, work }
    }

    /// What the plan is for and who made it: name and value.
    pub(in crate::display) fn facts(&self) -> Vec<(&'static str, String)> {
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
        facts.extend(
            plan.runbook.left_out.iter().map(|it| ("left out", format!("{}: {}", it.name(), it.why.replace('`', "")))),
        );
        if !plan.tags.is_empty() {
            let tags: Vec<String> = plan.tags.iter().map(|(name, text)| format!("{name}={text}")).collect();
            facts.push(("tags", tags.join(", ")));
        }
        facts.extend(asked_site::told(plan).map(|told| ("site", told)));
        facts.extend(
            self.origin.permissions.as_ref().map(|told| ("permissions", permission::summary(told).replace('`', ""))),
        );
        facts.push(("made", format!("{} UTC", crate::display::time::date_time(self.origin.at))));
        facts.push(("made by", self.origin.by.clone()));
        facts.push(("tool", format!("runbook {}", self.origin.tool)));
        facts.push(("runbook text, SHA-256", self.origin.fingerprint.clone()));
        facts.extend(crate::display::plan::file::file_rows(self.origin));
        facts
    }

    /// Whether a site is down at some time: of a runbook that takes none down nothing is said of one.
    pub(in crate::display) fn takes_a_site_down(&self) -> bool {
        !self.plan.runbook.windows().is_empty()
    }

    /// The inputs, by name.
    pub(in crate::display) fn inputs(&self) -> Vec<SheetInput> {
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
    pub(in crate::display) fn ways_back(&self) -> Vec<String> {
        tally_text(self.steps.iter().flat_map(|s| &s.actions).map(|a| &a.back))
    }
}

impl<'a> SheetVerdict<'a> {
    fn of(plan: &'a Plan, preflight: &'a [(ActionPath, Look)]) -> Self {
        let refused: Vec<_> = preflight
            .iter()
            .filter_map(|(path, line)| match line {
                Look::Refused(failure) => Some((path, failure)),
                _ => None,
            })
            .collect();
        let later = preflight.iter().filter(|(_, line)| matches!(line, Look::NotYet)).count();
        let checks = checks::refusing(plan);
        match (refused.is_empty() && checks.is_empty(), preflight.is_empty()) {
            (false, _) => SheetVerdict::Refused(refused, checks),
            (true, true) => SheetVerdict::NotLooked,
            (true, false) => {
                let seen = preflight.iter().filter(|(_, line)| matches!(line, Look::Seen(_))).count();
                SheetVerdict::Clear { seen, later }
            }
        }
    }

    /// The verdict in a few words.
    pub(in crate::display) fn headline(&self) -> String {
        match self {
            SheetVerdict::NotLooked => "Nothing was looked at yet".into(),
            SheetVerdict::Clear { .. } => "Nothing speaks against beginning".into(),
            SheetVerdict::Refused(all, checks) => {
                format!("{}: the run must not begin", checks::who_refuses(all.len(), checks.len()))
            }
        }
    }

    /// What it rests on.
    pub(in crate::display) fn evidence(&self) -> String {
        match self {
            SheetVerdict::NotLooked => {
                "This plan says what would be done. Whether the world is ready for it was not asked.".into()
            }
            SheetVerdict::Clear { seen, later: 0 } => {
                format!("{} looked at, by reading only.", all_looked(*seen))
            }
            SheetVerdict::Clear { seen, later } => format!(
                "{} looked at, by reading only; {} can be looked at only after earlier ones have run. Each is looked at \
                 again before it acts.",
                all_looked(*seen),
                count(*later, "action"),
            ),
            SheetVerdict::Refused(..) => {
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
    let secret = |reference: &&Reference| {
        let is_secret = |name| plan.runbook.inputs.iter().any(|i| i.name == name && i.value_type == ValueType::Secret);
        reference.input().is_some_and(is_secret)
    };
    let given = |(name, given): (&String, &Expr)| {
        let value = parameter(plan, told.as_ref(), name, given);
        let in_words = value.waits() || given.references().iter().any(secret);
        Parameter { name: name.clone(), value, in_words }
    };
    let parameters = action.with.iter().map(given).collect();
    let (does, undo) = told.map_or((None, None), |told| (Some(told.does), told.undo));
    let title = action.title.clone();
    let titled = || title.clone().unwrap_or_else(|| first_sentence(&spec.about)).into();
    let does = does.unwrap_or_else(titled);
    SheetAction {
        action,
        slot: timing.of_action(&action.path),
        usual: usual::of_action(plan, action),
        shown,
        title: title.filter(|title| *title != does.as_str()),
        does,
        parameters,
        back: Back::of(action, undo.as_ref()),
        undo: undo_sentence(&spec, undo),
        look: looks.line(&action.path),
    }
}
