//! The state of a run: what its records add up to.

use super::{ActionState, Gate, InputsFrom, PlanFile, Record, RecordKind, Rest, RollbackTo, SiteAsked, Traces};
use crate::model::{
    ActionPath, BrokenGuard, Limits, Millis, Overrun, Renamed, Resolution, RunId, StepId, Value, Values,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a run was opened with, and is executed from; a replan puts a new runbook and plan in the place of the old.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The runbook's name.
    pub runbook: String,
    /// The document's text.
    pub document: String,
    /// Its SHA-256.
    pub fingerprint: String,
    /// The frozen plan.
    pub plan: Value,
    /// Who opened it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// The file the document was read from; nothing for a runbook that comes with the tool.
    pub source: Option<String>,
    /// What the inputs were read from.
    pub inputs_from: Option<InputsFrom>,
    /// The saved plan it was opened from.
    pub plan_file: Option<PlanFile>,
    /// Who last planned anew what had not run, and when; then `plan_file` speaks of what had run before.
    pub replanned: Option<(String, Millis)>,
}

/// The direction a run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Towards the end, or the end of this step.
    Forward {
        /// Rest when this step is done.
        until: Option<StepId>,
    },
    /// Back to this point.
    Rollback {
        /// The step that stays done.
        to: RollbackTo,
        /// The actions that stay done; nothing in a run of a version that left that to the plan.
        keeps: Option<Arc<BTreeSet<ActionPath>>>,
    },
}

/// The state of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    /// The run.
    pub run: RunId,
    /// What it was opened with: large, and the same after every record.
    pub opened: Arc<Opened>,
    /// The direction it goes.
    pub mode: Mode,
    /// The step it was given to rest after when it was opened, or planned anew: whatever one executor is told beside it, it holds
    /// until all up to it is done.
    pub given: Option<StepId>,
    /// Why it rests; nothing while an executor is at it (or died at it).
    pub rest: Option<Rest>,
    /// The actions for whose failure it goes back, or has gone back, by itself.
    pub turned_back_for: Vec<ActionPath>,
    /// Actions that have left `pending` at some time.
    pub actions: BTreeMap<ActionPath, ActionState>,
    /// Actions that this run has started at some time and taken back, wholly. What was only found or refused is not here,
    /// although a rollback has passed it; and what was planned anew since is not.
    pub taken_back: BTreeSet<ActionPath>,
    /// The guards that do not hold, by id, as far as somebody asks them: not on the way back.
    pub broken: BTreeMap<String, BrokenGuard>,
    /// What its site's answers showed; nothing where nobody asked it.
    pub site: Option<SiteAsked>,
    /// What it must keep within, as was said last; nothing in a run for which nobody has said.
    pub limits: Option<Limits>,
    /// The limit for whose sake it goes back, or has gone back, by itself.
    pub turned_back_late: Option<Overrun>,
    /// Gates, by name.
    pub gates: BTreeMap<String, Gate>,
    /// The names of each action's gates.
    pub(super) asked: BTreeMap<ActionPath, BTreeSet<String>>,
    /// The last record's number.
    pub seq: u64,
    /// When the last record was made.
    pub at: Millis,
}

/// A record that cannot follow what was recorded before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} (`{record}`{about}) cannot follow: {why}")]
pub struct IllegalRecord {
    /// Its number.
    pub seq: u64,
    /// Its name.
    pub record: &'static str,
    /// The action it is about, written ` about x/y`, or nothing.
    pub about: String,
    /// Why.
    pub why: String,
}

impl RunState {
    /// The state after the first record.
    ///
    /// # Errors
    /// When it is not `run_opened` with number 1.
    pub fn open(record: &Record) -> Result<Self, IllegalRecord> {
        match &record.kind {
            RecordKind::RunOpened {
                runbook,
                document,
                fingerprint,
                plan,
                by,
                source,
                inputs_from,
                plan_file,
                until,
                ..
            } if record.seq == 1 => Ok(Self {
                run: record.run.clone(),
                opened: Arc::new(Opened {
                    runbook: runbook.clone(),
                    document: document.clone(),
                    fingerprint: fingerprint.clone(),
                    plan: plan.clone(),
                    by: by.clone(),
                    at: record.at,
                    source: source.clone(),
                    inputs_from: inputs_from.clone(),
                    plan_file: plan_file.clone(),
                    replanned: None,
                }),
                mode: Mode::Forward { until: until.clone() },
                given: until.clone(),
                rest: None,
                turned_back_for: Vec::new(),
                actions: BTreeMap::new(),
                taken_back: BTreeSet::new(),
                broken: BTreeMap::new(),
                site: None,
                limits: None,
                turned_back_late: None,
                gates: BTreeMap::new(),
                asked: BTreeMap::new(),
                seq: 1,
                at: record.at,
            }),
            _ => Err(illegal(record, "a run begins with `run_opened`, number 1")),
        }
    }

    /// The record of this fact that follows, made at `at` or at the time of the one before.
    ///
    /// # Errors
    /// When it cannot follow.
    pub fn record_of(&self, kind: RecordKind, at: Millis) -> Result<Record, IllegalRecord> {
        let record = Record { run: self.run.clone(), seq: self.seq + 1, at: at.max(self.at), kind };
        // Judged once, when it is made: what is stored was judged by the version that stored it.
        if let RecordKind::Replanned { plan, .. } = &record.kind {
            self.may_go_on_with(plan).map_err(|e| illegal(&record, e.to_string()))?;
        }
        self.judge(&record)?;
        Ok(record)
    }

    /// The same, and the state after it.
    ///
    /// # Errors
    /// When it cannot follow.
    pub fn follow(&self, kind: RecordKind, at: Millis) -> Result<(Record, Self), IllegalRecord> {
        let record = self.record_of(kind, at)?;
        let next = self.apply(&record)?;
        Ok((record, next))
    }

    /// The state after one more record.
    ///
    /// # Errors
    /// When the record cannot follow.
    pub fn apply(&self, record: &Record) -> Result<Self, IllegalRecord> {
        let mut next = self.clone();
        next.add(record)?;
        Ok(next)
    }

    /// Takes one more record in: the only place where a run's state changes. What it costs does not grow with the run, but for
    /// records by which an executor begins.
    ///
    /// # Errors
    /// When the record cannot follow; the state is unchanged then.
    pub fn add(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        let changed = self.judge(record)?;
        self.seq = record.seq;
        self.at = record.at;
        match &record.kind {
            RecordKind::Replanned { document, fingerprint, plan, by, source, inputs_from, until } => {
                let opened = Opened {
                    document: document.clone(),
                    fingerprint: fingerprint.clone(),
                    plan: plan.clone(),
                    source: source.clone(),
                    inputs_from: inputs_from.clone(),
                    replanned: Some((by.clone(), record.at)),
                    ..Opened::clone(&self.opened)
                };
                self.opened = Arc::new(opened);
                self.given = until.clone().or(self.given.take());
                // What was just seen of the world is what they are held to, whatever they did to the one before.
                self.taken_back.clear();
                self.broken.clear();
            }
            RecordKind::ForwardBegan { until, .. } => {
                self.turned_back_for.clear();
                self.turned_back_late = None;
                self.mode = Mode::Forward { until: until.clone() };
                self.begin();
            }
            RecordKind::RollbackBegan { to, keeps, failed, late, .. } => {
                let goes_on = matches!(&self.mode, Mode::Rollback { to: same, .. } if same == to);
                if !(failed.is_empty() && late.is_none() && goes_on) {
                    self.turned_back_for.clone_from(failed);
                    self.turned_back_late = *late;
                }
                self.broken.clear();
                self.mode = Mode::Rollback { to: to.clone(), keeps: keeps.clone().map(Arc::new) };
                self.begin();
            }
            RecordKind::GuardBroke { broken } => {
                self.broken.insert(broken.guard.clone(), broken.clone());
            }
            RecordKind::GuardMended { guard, .. } => {
                self.broken.remove(guard);
            }
            RecordKind::LimitsSet { limits, .. } => self.limits = Some(*limits),
            RecordKind::SiteSeen { site } => self.site = Some(SiteAsked::after(self.site.as_ref(), site)),
            RecordKind::Rested { rest } => self.rest = Some(rest.clone()),
            RecordKind::GateAnswered { gate, approved, by } => {
                if let Some(gate) = self.gates.get_mut(gate) {
                    gate.answer = Some((*approved, by.clone()));
                }
            }
            kind => {
                if let (Some(action), Some(changed)) = (kind.action(), changed) {
                    self.change(kind, action, changed);
                }
            }
        }
        Ok(())
    }

    /// Whether a record can follow; the state in which it leaves the action that it is about.
    fn judge(&self, record: &Record) -> Result<Option<ActionState>, IllegalRecord> {
        if record.seq != self.seq + 1 {
            return Err(illegal(record, format!("expected number {}", self.seq + 1)));
        }
        if let Some(Rest::Abandoned { by, .. }) = &self.rest {
            return Err(illegal(record, format!("the run was abandoned by {by}")));
        }
        match &record.kind {
            RecordKind::RunOpened { .. } => Err(illegal(record, "the run is open already")),
            RecordKind::Replanned { .. } | RecordKind::ForwardBegan { .. } | RecordKind::Rested { .. } => Ok(None),
            RecordKind::RollbackBegan { keeps, .. } => {
                match keeps.iter().flatten().find(|action| !self.action(action).is_done()) {
                    Some(missing) => Err(illegal(record, format!("`{missing}` would stay done, and is not"))),
                    None => Ok(None),
                }
            }
            RecordKind::GuardBroke { broken } if self.broken.contains_key(&broken.guard) => {
                Err(illegal(record, format!("guard `{}` is broken already", broken.guard)))
            }
            RecordKind::GuardMended { guard, .. } if !self.broken.contains_key(guard) => {
                Err(illegal(record, format!("guard `{guard}` is not broken")))
            }
            RecordKind::SiteSeen { .. } if self.rest.is_some() => {
                Err(illegal(record, "no executor is at the run, so nobody asks the site"))
            }
            RecordKind::GuardBroke { .. }
            | RecordKind::GuardMended { .. }
            | RecordKind::LimitsSet { .. }
            | RecordKind::SiteSeen { .. } => Ok(None),
            RecordKind::GateAnswered { gate, .. } => match self.open_gate(gate) {
                Some(_) => Ok(None),
                None => Err(illegal(record, format!("no gate `{gate}` waits for an answer"))),
            },
            kind => {
                let Some(action) = kind.action() else { return Err(illegal(record, "it is about no action")) };
                let state = self.action(action);
                let Some(changed) = state.next(kind, record.seq) else {
                    return Err(illegal(record, format!("the action is `{}`", state.word())));
                };
                if let RecordKind::GateOpened { gate, .. } = kind
                    && let Some(other) = self.open_gate(gate).filter(|other| other.action != *action)
                {
                    return Err(illegal(record, format!("gate `{gate}` of `{}` has the name", other.action)));
                }
                Ok(Some(changed))
            }
        }
    }

    fn change(&mut self, kind: &RecordKind, action: &ActionPath, changed: ActionState) {
        let state = self.action(action);
        let (is_undoing, is_started) = (state.is_undoing(), state.traces().is_some_and(Traces::is_started));
        if matches!(kind, RecordKind::UndoStarted { .. }) && !is_undoing {
            // What the way forward asked is moot on the way back.
            self.drop_gates(action, false);
        }
        if matches!(kind, RecordKind::Resolved { resolution: Resolution::NotDone, .. }) {
            // What was approved is not there: what is made in its stead is asked for anew.
            self.drop_gates(action, true);
        }
        if changed.is_pending() && is_started {
            self.taken_back.insert(action.clone());
        }
        if let RecordKind::GateOpened { gate: name, prompt, .. } = kind {
            let (prompt, generation) = (prompt.clone(), changed.generation());
            self.open_a_gate(name, Gate { action: action.clone(), prompt, generation, answer: None });
        }
        self.actions.insert(action.clone(), changed);
        if let RecordKind::Renamed { renamed, .. } = kind {
            self.rename(renamed);
        }
    }

    /// What actions have given is called otherwise from here on.
    fn rename(&mut self, renamed: &Renamed) {
        let is_old = |value: &Value| value.as_str().is_some_and(|text| renamed.contains_key(text));
        let with_old: Vec<ActionPath> = self
            .actions
            .iter()
            .filter(|(_, state)| state.traces().is_some_and(|traces| traces.outputs.values().any(is_old)))
            .map(|(path, _)| path.clone())
            .collect();
        for path in with_old {
            let mut state = self.action(&path).clone();
            for value in state.outputs_mut().into_iter().flat_map(|outputs| outputs.values_mut()) {
                if let Some(new) = value.as_str().and_then(|old| renamed.get(old)) {
                    *value = Value::from(new.as_str());
                }
            }
            self.actions.insert(path, state);
        }
    }

    /// The state of an action.
    #[must_use]
    pub fn action(&self, action: &ActionPath) -> &ActionState {
        self.actions.get(action).unwrap_or(&ActionState::UNTOUCHED)
    }

    /// The outputs of every action that has given some and is not undone.
    #[must_use]
    pub fn outputs(&self) -> BTreeMap<ActionPath, Values> {
        let given = |(path, state): (&ActionPath, &ActionState)| {
            state.traces().map(|traces| (path.clone(), traces.outputs.clone()))
        };
        self.actions.iter().filter_map(given).collect()
    }

    /// The outputs of these actions, as far as they have given some and are not undone.
    #[must_use]
    pub fn outputs_of<'a>(&self, actions: impl IntoIterator<Item = &'a ActionPath>) -> BTreeMap<ActionPath, Values> {
        let given = |path: &ActionPath| Some((path.clone(), self.action(path).traces()?.outputs.clone()));
        actions.into_iter().filter_map(given).collect()
    }

    /// Folds all records of a run.
    ///
    /// # Errors
    /// The first record that cannot follow; no records at all.
    pub fn fold(records: &[Record]) -> Result<Option<Self>, IllegalRecord> {
        let Some((first, rest)) = records.split_first() else { return Ok(None) };
        let mut state = Self::open(first)?;
        rest.iter().try_for_each(|record| state.add(record))?;
        Ok(Some(state))
    }

    fn begin(&mut self) {
        self.rest = None;
        self.actions.values_mut().for_each(ActionState::begin_anew);
    }
}

fn illegal(record: &Record, why: impl Into<String>) -> IllegalRecord {
    let about = record.kind.action().map_or_else(String::new, |a| format!(" about {a}"));
    IllegalRecord { seq: record.seq, record: record.kind.name(), about, why: why.into() }
}
