//! A run as it went, before it has a form: what text, Markdown, page and JSON all show.

use super::trouble::{Trouble, troubles};
use crate::display::plan::sheet::{Back, Timing};
use crate::display::plan::usual;
use crate::display::run::tally::far;
use crate::display::run::took::{Took, Until};
use crate::display::wording::{action_word, evidence, rest_sentence};
use crate::journal::{Execution, History, Holder, Question, Record, RecordKind, Rest, RollbackTo, RunState, Verdict};
use crate::model::{ActionPath, Millis, Step, StepAction, Value};
use crate::plan::{Plan, SiteOutage, outages, taken_away};

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Reported<'a> {
    /// The plan of the run, as it is now.
    pub plan: &'a Plan,
    /// Where it stands.
    pub state: &'a RunState,
    /// All its records.
    pub records: &'a [Record],
    /// Who executes it now.
    pub holder: Option<&'a Holder>,
    /// Whether the journal is as it was written.
    pub verdict: &'a Verdict,
    /// Now.
    pub now: Millis,
    /// The version of the tool.
    pub tool: &'a str,
}

/// A run, ready to be given a form.
pub(in crate::display) struct ReportSheet<'a> {
    pub(in crate::display) of: Reported<'a>,
    pub(in crate::display) history: History,
    pub(in crate::display) timing: Timing<'a>,
    /// When somebody first went at it; nothing while nobody has.
    pub(in crate::display) begun: Option<Millis>,
    pub(in crate::display) outages: Vec<SiteOutage>,
    /// The times in which the site's answers showed it down; nothing where nobody asked it.
    pub(in crate::display) seen: Option<Vec<SeenOutage>>,
    pub(in crate::display) steps: Vec<ReportedStep<'a>>,
    pub(in crate::display) troubles: Vec<Trouble>,
    pub(in crate::display) decisions: Vec<Decision>,
}

/// A step as it went.
pub(in crate::display) struct ReportedStep<'a> {
    pub(in crate::display) step: &'a Step,
    pub(in crate::display) actions: Vec<ReportedAction<'a>>,
}

/// An action as it went.
pub(in crate::display) struct ReportedAction<'a> {
    pub(in crate::display) action: &'a StepAction,
    /// Its state in a word.
    pub(in crate::display) word: &'static str,
    /// The times in which somebody was at it last, in milliseconds of the journal.
    pub(in crate::display) spells: Vec<(Millis, Millis)>,
    pub(in crate::display) took: Option<Took>,
    /// How long it was expected to take, in seconds.
    pub(in crate::display) usual_s: u64,
    pub(in crate::display) evidence: String,
    /// What it has given, names and values.
    pub(in crate::display) outputs: Vec<(String, Value)>,
}

/// A time in which the site's answers showed it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::display) struct SeenOutage {
    pub(in crate::display) begun: Millis,
    /// When it answered again; nothing where it was not seen to.
    pub(in crate::display) ended: Option<Millis>,
    /// What was seen at its beginning.
    pub(in crate::display) seen: String,
    /// The actions that were under way when it began.
    pub(in crate::display) under_way: Vec<ActionPath>,
}

impl SeenOutage {
    /// How long it was, until `now` where it is not over.
    pub(in crate::display) fn length(&self, now: Millis) -> Millis {
        self.ended.unwrap_or(now).saturating_sub(self.begun).max(0)
    }
}

/// What a person decided.
pub(in crate::display) struct Decision {
    pub(in crate::display) at: Millis,
    pub(in crate::display) by: String,
    /// What, in words.
    pub(in crate::display) what: String,
    /// How long it was waited for, in milliseconds; nothing where nobody waited.
    pub(in crate::display) waited: Option<Millis>,
}

impl<'a> ReportSheet<'a> {
    pub(in crate::display) fn new(of: Reported<'a>) -> Self {
        let history = History::of(of.records);
        let until = Until { now: of.now, executed: of.holder.is_some() };
        let action = |action: &'a StepAction| reported(&of, &history, until, action);
        let steps = of.plan.runbook.steps.iter();
        let steps = steps.map(|step| ReportedStep { step, actions: step.actions.iter().map(action).collect() });
        Self {
            timing: Timing::of(of.plan, &usual::Done::default()),
            begun: history.executions().first().map(|first| first.begun),
            outages: outages(of.plan, of.records),
            seen: seen_outages(&of, &history),
            steps: steps.collect(),
            troubles: troubles(of.plan, of.records, &history),
            decisions: decisions(of.records, &history),
            history,
            of,
        }
    }

    /// Where the run stands, in one sentence.
    pub(in crate::display) fn headline(&self) -> String {
        let Reported { plan, state, holder, .. } = self.of;
        match (holder, &state.rest) {
            (Some(_), _) => "is under way".to_owned(),
            (None, Some(rest)) => rest_sentence(plan, state, rest),
            (None, None) if self.begun.is_none() => "has not begun".to_owned(),
            (None, None) => "stands still: it was killed, or its machine went down".to_owned(),
        }
    }

    /// Whether it came to a good end.
    pub(in crate::display) fn is_good(&self) -> bool {
        matches!(self.of.state.rest, Some(Rest::Finished | Rest::RolledBack { .. } | Rest::UntilReached { .. }))
    }

    /// How far it came, and whether the site is up.
    pub(in crate::display) fn far(&self) -> String {
        far(self.of.plan, self.of.state).trim().replace('\n', " ")
    }

    /// From the first moment that somebody was at it to the last, without the pauses between, in milliseconds.
    pub(in crate::display) fn at_work(&self) -> Millis {
        let length = |it: &Execution| it.ended.unwrap_or(self.of.now).saturating_sub(it.begun).max(0);
        self.history.executions().iter().map(length).sum()
    }

    /// How long people were waited for, in milliseconds.
    pub(in crate::display) fn waited(&self) -> Millis {
        let length = |it: &Question| {
            let end = it.answer.as_ref().map(|(at, _, _)| *at);
            end.unwrap_or(self.of.now).saturating_sub(it.asked).max(0)
        };
        self.history.questions().iter().map(length).sum()
    }

    /// How long the site was down in all, in milliseconds.
    pub(in crate::display) fn down(&self) -> Millis {
        self.outages.iter().map(|it| it.length(self.of.now)).sum()
    }

    /// How long the site's answers showed it down in all, in milliseconds; nothing where nobody asked it.
    pub(in crate::display) fn seen_down(&self) -> Option<Millis> {
        Some(self.seen.as_ref()?.iter().map(|it| it.length(self.of.state.at)).sum())
    }

    /// Whether the runbook takes a site down at some time.
    pub(in crate::display) fn takes_a_site_down(&self) -> bool {
        !self.of.plan.runbook.windows().is_empty()
    }

    /// How much a rollback to the start would still take back, in words.
    pub(in crate::display) fn way_back(&self) -> Vec<String> {
        let Reported { plan, state, .. } = self.of;
        let queue = plan.undo_queue(state, &RollbackTo::Start);
        let backs: Vec<Back> =
            queue.iter().filter_map(|path| plan.definition(path)).map(|action| Back::of(action, None)).collect();
        crate::display::plan::sheet::tally_text(backs.iter())
    }

    /// What the run has made or changed and not taken back: the actions that are done and gave something, or left something.
    pub(in crate::display) fn standing(&self) -> impl Iterator<Item = &ReportedAction<'a>> {
        let state = self.of.state;
        let gone = taken_away(self.of.plan, |path| state.action(path).is_done());
        let ours = move |it: &&ReportedAction<'a>| {
            let current = state.action(&it.action.path);
            let started = current.traces().is_some_and(|traces| traces.is_started());
            let leaves = !matches!(Back::of(it.action, None), Back::Nothing(_));
            current.is_done() && started && leaves && !it.action.kind.takes_away() && !gone.contains(&it.action.path)
        };
        self.steps.iter().flat_map(|step| &step.actions).filter(ours)
    }

    /// The hash of the journal's last record, and whether all before it is as it was written.
    pub(in crate::display) fn seal(&self) -> (bool, String) {
        match self.of.verdict {
            Verdict::Intact { records, head } => (true, format!("{records} records, the last one's hash is {head}")),
            Verdict::Broken(broken) => (false, broken.to_string()),
        }
    }
}

/// The times in which the site was seen down, by the records; nothing where nobody asked it.
fn seen_outages(of: &Reported<'_>, history: &History) -> Option<Vec<SeenOutage>> {
    let under_way = |at: Millis| {
        let is = |action: &&ActionPath| {
            let spells = history.works(action).iter().flat_map(|work| &work.spells);
            spells.into_iter().any(|it| it.begun <= at && it.end.as_ref().is_none_or(|(end, _)| *end >= at))
        };
        of.plan.actions.iter().map(|planned| &planned.action).filter(is).cloned().collect()
    };
    let mut asked = false;
    let mut all: Vec<SeenOutage> = Vec::new();
    for record in of.records {
        let RecordKind::SiteSeen { site } = &record.kind else { continue };
        asked = true;
        match all.last_mut() {
            Some(open @ SeenOutage { ended: None, .. }) if site.up => open.ended = Some(site.since),
            Some(SeenOutage { ended: None, .. }) => {}
            _ if !site.up => all.push(SeenOutage {
                begun: site.since,
                ended: None,
                seen: site.seen.clone(),
                under_way: under_way(site.since),
            }),
            _ => {}
        }
    }
    asked.then_some(all)
}

fn reported<'a>(of: &Reported<'a>, history: &History, until: Until, action: &'a StepAction) -> ReportedAction<'a> {
    let current = of.state.action(&action.path);
    let last = history.latest(&action.path);
    let spells = last.into_iter().flat_map(|work| &work.spells).map(|spell| {
        let ended = spell.end.as_ref().map_or(until.now, |(at, _)| *at);
        (spell.begun, ended)
    });
    ReportedAction {
        action,
        word: action_word(of.state, &action.path, until.executed),
        spells: spells.collect(),
        took: Took::last_of_action(history, &action.path, until),
        usual_s: usual::of_action(of.plan, action).seconds,
        evidence: evidence(current),
        outputs: current
            .traces()
            .map(|traces| traces.outputs.iter().map(|(name, it)| (name.clone(), it.clone())).collect())
            .unwrap_or_default(),
    }
}

/// What people decided, in the order of time.
fn decisions(records: &[Record], history: &History) -> Vec<Decision> {
    let answered = |gate: &str, at: Millis| {
        let asked = |it: &&Question| it.gate == gate && it.answer.as_ref().is_some_and(|(when, _, _)| *when == at);
        history.questions().iter().find(asked).map(|it| at.saturating_sub(it.asked).max(0))
    };
    records
        .iter()
        .filter_map(|record| {
            let (by, what, waited) = match &record.kind {
                RecordKind::GateAnswered { gate, approved, by } => {
                    let word = if *approved { "approved" } else { "refused" };
                    (by, format!("{word} gate {gate}"), answered(gate, record.at))
                }
                RecordKind::Resolved { action, resolution, by, reason, .. } => {
                    (by, format!("said that {action} is {resolution}: {reason}"), None)
                }
                RecordKind::Replanned { by, .. } => (by, "planned anew what had not run".to_owned(), None),
                RecordKind::Rested { rest: Rest::Abandoned { why, by } } => {
                    (by, format!("abandoned the run: {why}"), None)
                }
                _ => return None,
            };
            Some(Decision { at: record.at, by: by.clone(), what, waited })
        })
        .collect()
}

/// An action of a plan by its path, as people read it.
pub(in crate::display) fn numbered(plan: &Plan, path: &ActionPath) -> String {
    format!("step {}, {path}", plan.number(path.step()))
}
