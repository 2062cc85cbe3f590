//! What happened to a run, in spans of time: who was at it, what was done to each action, who was asked and answered.
//!
//! A run's state keeps the present; this keeps the past. Promises: a pure fold over records that judges nothing, so that any
//! journal that can be read has one; time in which nobody was at the run belongs to nothing, and an executor that died was at
//! it until its last record.
//!
//! Not handled: what is not recorded. Looking before an attempt has no record, so it has no time of its own.

use super::intervals::Intervals;
use super::{ExecutorId, Record, RecordKind, Rest};
use crate::model::{ActionPath, Failure, Millis, Phase};
use std::collections::BTreeMap;

/// The history of one run.
#[derive(Debug, Clone, Default)]
pub struct History {
    executions: Vec<Execution>,
    works: BTreeMap<ActionPath, Vec<Work>>,
    questions: Vec<Question>,
    replans: Vec<Replan>,
    last: Millis,
}

/// A time in which one executor was at the run.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Who.
    pub by: ExecutorId,
    /// When it began.
    pub begun: Millis,
    /// When it came to its rest, or recorded something for the last time before another one took over; nothing while it may be
    /// at it.
    pub ended: Option<Millis>,
    /// Why it rested; nothing while it is at it, and when it died.
    pub rest: Option<Rest>,
}

/// Which way an action goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is done.
    Forward,
    /// It is taken back.
    Back,
}

/// All that was done to an action to bring it one way, in one generation.
#[derive(Debug, Clone)]
pub struct Work {
    /// Which way.
    pub way: Way,
    /// How often the action had been undone before.
    pub generation: u32,
    /// The times in which an executor was at it, in order. None of what was found as wanted, or decided by a person.
    pub spells: Vec<Spell>,
    /// When it was done, or taken back: by an executor, or in the eyes of a person.
    pub ended: Option<Millis>,
}

/// A time in which an executor was at an action: from an attempt's start, or from where a later executor took it up, to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// The executor: its place among [`History::executions`].
    pub executor: usize,
    /// When it began.
    pub begun: Millis,
    /// Whether an attempt started here; otherwise what an executor before had begun was taken up.
    pub is_whole: bool,
    /// When the effect was made and the wait for its completion began.
    pub applied: Option<Millis>,
    /// Whether a person was asked in it.
    pub asked: bool,
    /// How it ended; nothing while it goes on.
    pub end: Option<(Millis, Ending)>,
}

/// How a spell ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The action was done, or taken back.
    Complete,
    /// A phase failed.
    Failed {
        /// Which.
        phase: Phase,
        /// Why.
        failure: Failure,
        /// Whether it is tried again by itself.
        is_tried_again: bool,
    },
    /// It could not be told whether the effect was made.
    Doubted,
    /// A person decided.
    Resolved,
    /// The executor came to its rest, or died.
    LeftOff,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The gate's name.
    pub gate: String,
    /// The action that asked.
    pub action: ActionPath,
    /// On which way.
    pub way: Way,
    /// How often the action had been undone before.
    pub generation: u32,
    /// When.
    pub asked: Millis,
    /// The last answer: when, whether it was approved, by whom.
    pub answer: Option<(Millis, bool, String)>,
}

/// What had not run was planned anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replan {
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: String,
}

impl History {
    /// What these records of one run, in their order, tell.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut history = Self::default();
        records.into_iter().for_each(|record| history.note(record));
        history
    }

    /// Takes the next record in.
    pub fn note(&mut self, record: &Record) {
        use RecordKind as K;
        let at = record.at;
        match &record.kind {
            K::RunOpened { .. } => {}
            // They are about no action's time.
            K::GuardBroke { .. } | K::GuardMended { .. } => {}
            K::Replanned { by, .. } => self.replans.push(Replan { at, by: by.clone() }),
            K::ForwardBegan { executor, .. } | K::RollbackBegan { executor, .. } => {
                self.leave_off(self.last, None);
                let by = executor.clone();
                self.executions.push(Execution { by, begun: at, ended: None, rest: None });
            }
            K::Rested { rest } => self.leave_off(at, Some(rest)),
            K::GateAnswered { gate, approved, by } => {
                let asked = self.questions.iter_mut().rev().find(|question| question.gate == *gate);
                if let Some(question) = asked {
                    question.answer = Some((at, *approved, by.clone()));
                }
            }
            kind => {
                if let Some(action) = kind.action() {
                    self.note_of(action, kind, at);
                }
            }
        }
        self.last = at;
    }

    fn note_of(&mut self, action: &ActionPath, kind: &RecordKind, at: Millis) {
        use RecordKind as K;
        let executor = self.executions.len().saturating_sub(1);
        let back = matches!(kind, K::UndoStarted { .. } | K::Undone { .. } | K::UndoFailed { .. });
        let resolved_back = matches!(kind, K::Resolved { resolution: crate::model::Resolution::Undone, .. });
        let going = self.works.get(action).and_then(|works| works.last()).map(|work| work.way);
        let way = match kind {
            _ if back || resolved_back => Way::Back,
            K::GateOpened { .. } | K::Resolved { .. } => going.unwrap_or(Way::Forward),
            _ => Way::Forward,
        };
        let work = work_of(self.works.entry(action.clone()).or_default(), way, at);
        match kind {
            K::Started { .. } | K::UndoStarted { .. } => {
                work.end_spell(at, Ending::LeftOff);
                work.spells.push(Spell::begun(executor, at, true));
            }
            K::Applied { .. } => work.spell(executor, at).applied = Some(at),
            K::GateOpened { gate, .. } => {
                work.spell(executor, at).asked = true;
                let (gate, action, generation) = (gate.clone(), action.clone(), work.generation);
                self.questions.push(Question { gate, action, way, generation, asked: at, answer: None });
            }
            K::Done { .. } | K::Undone { .. } | K::Adopted { .. } => {
                // What was found as wanted, or only noted as taken back, took nobody any time.
                work.end_spell(at, Ending::Complete);
                work.ended = Some(at);
            }
            K::Failed { phase, failure, retry_at, .. } => {
                let (phase, failure) = (*phase, failure.clone());
                work.spell(executor, at);
                work.end_spell(at, Ending::Failed { phase, failure, is_tried_again: retry_at.is_some() });
            }
            K::UndoFailed { failure, retry_at, .. } => {
                let (phase, failure) = (Phase::Undo, failure.clone());
                work.spell(executor, at);
                work.end_spell(at, Ending::Failed { phase, failure, is_tried_again: retry_at.is_some() });
            }
            K::Doubted { .. } => {
                work.spell(executor, at);
                work.end_spell(at, Ending::Doubted);
            }
            K::Resolved { resolution, .. } => {
                work.end_spell(at, Ending::Resolved);
                if *resolution != crate::model::Resolution::NotDone {
                    work.ended = Some(at);
                }
            }
            _ => {}
        }
    }

    /// Nobody is at the run from here on.
    fn leave_off(&mut self, at: Millis, rest: Option<&Rest>) {
        for work in self.works.values_mut().filter_map(|works| works.last_mut()) {
            work.end_spell(at, Ending::LeftOff);
        }
        if let Some(execution) = self.executions.last_mut().filter(|execution| execution.ended.is_none()) {
            execution.ended = Some(at);
            execution.rest = rest.cloned();
        }
    }

    /// Who was at the run and when, in order.
    #[must_use]
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// Who was asked what, in order.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// When what had not run was planned anew, in order.
    #[must_use]
    pub fn replans(&self) -> &[Replan] {
        &self.replans
    }

    /// All that was done to an action, in order: there and back, and there again.
    #[must_use]
    pub fn works(&self, action: &ActionPath) -> &[Work] {
        self.works.get(action).map_or(&[], Vec::as_slice)
    }

    /// What is being done to an action, or was done to it last.
    #[must_use]
    pub fn latest(&self, action: &ActionPath) -> Option<&Work> {
        self.works(action).last()
    }

    /// The same, but nothing of an action that was taken back.
    #[must_use]
    pub fn standing(&self, action: &ActionPath) -> Option<&Work> {
        self.latest(action).filter(|work| work.way == Way::Forward || work.ended.is_none())
    }

    /// How long executors were at these works in all, in milliseconds; what is not over, until `now` where somebody `executes`
    /// the run, and until the last record where nobody does. For each executor from the first begin to the last end, so that what
    /// is between two attempts counts; without the time in which nothing of it went on but waiting for a person.
    #[must_use]
    pub fn length<'a>(
        &self,
        works: impl IntoIterator<Item = (&'a ActionPath, &'a Work)>,
        now: Option<Millis>,
    ) -> Millis {
        let until = now.unwrap_or(self.last);
        let (mut hulls, mut asked, mut at_work) = (BTreeMap::new(), Intervals::default(), Intervals::default());
        for (action, work) in works {
            let waits = self.waits(action, work, until);
            for spell in &work.spells {
                let (begun, ended) = (spell.begun, spell.end.as_ref().map_or(until, |(at, _)| *at));
                let hull = hulls.entry(spell.executor).or_insert((begun, ended));
                *hull = (hull.0.min(begun), hull.1.max(ended));
                let span = Intervals::of(begun, ended);
                at_work = at_work.with(&span.without(&waits));
            }
            asked = asked.with(&waits);
        }
        let all = hulls
            .into_values()
            .fold(Intervals::default(), |all, (begun, ended)| all.with(&Intervals::of(begun, ended)));
        all.without(&asked.without(&at_work)).length()
    }

    /// How long a person was waited for in these works in all, in milliseconds; where a question is open, until `now`.
    #[must_use]
    pub fn waited<'a>(&self, works: impl IntoIterator<Item = (&'a ActionPath, &'a Work)>, now: Millis) -> Millis {
        let waits = works.into_iter().map(|(action, work)| self.waits(action, work, now));
        waits.fold(Intervals::default(), |all, one| all.with(&one)).length()
    }

    /// When a person was waited for in a work.
    fn waits(&self, action: &ActionPath, work: &Work, until: Millis) -> Intervals {
        let own = |question: &&Question| {
            question.action == *action && question.way == work.way && question.generation == work.generation
        };
        self.questions.iter().filter(own).fold(Intervals::default(), |all, question| {
            let answered = question.answer.as_ref().map(|(at, _, _)| *at);
            all.with(&Intervals::of(question.asked, answered.or(work.ended).unwrap_or(until)))
        })
    }
}

/// The work that a record is about: the last one where that goes on, else a new one.
fn work_of(works: &mut Vec<Work>, way: Way, at: Millis) -> &mut Work {
    let undone = works.iter().filter(|work| work.way == Way::Back && work.ended.is_some()).count();
    let generation = u32::try_from(undone).unwrap_or(u32::MAX);
    if works.last().is_none_or(|work| work.way != way || work.ended.is_some()) {
        if let Some(work) = works.last_mut() {
            work.end_spell(at, Ending::LeftOff);
        }
        works.push(Work { way, generation, spells: Vec::new(), ended: None });
    }
    let last = works.len().saturating_sub(1);
    &mut works[last]
}

impl Work {
    /// The spell that goes on; one that begins here where none does: a later executor has taken it up.
    fn spell(&mut self, executor: usize, at: Millis) -> &mut Spell {
        if self.spells.last().is_none_or(|spell| spell.end.is_some()) {
            self.spells.push(Spell::begun(executor, at, false));
        }
        let last = self.spells.len().saturating_sub(1);
        &mut self.spells[last]
    }

    fn end_spell(&mut self, at: Millis, ending: Ending) {
        if let Some(spell) = self.spells.last_mut().filter(|spell| spell.end.is_none()) {
            spell.end = Some((at, ending));
        }
    }

    /// Whether its end is not recorded: it goes on, or whoever was at it came to his rest, or died.
    #[must_use]
    pub fn was_cut_off(&self) -> bool {
        let is_open = |spell: &Spell| matches!(spell.end, None | Some((_, Ending::LeftOff)));
        self.ended.is_none() && self.spells.last().is_some_and(is_open)
    }

    /// How long the attempt took that brought it to its end, in milliseconds: begun and ended by one executor, with nobody asked.
    /// Nothing of what was interrupted and resumed, found as wanted, or decided by a person.
    #[must_use]
    pub fn undisturbed(&self) -> Option<Millis> {
        let last = self.spells.last().filter(|spell| spell.is_whole && !spell.asked)?;
        match last.end {
            Some((at, Ending::Complete)) => Some(at.saturating_sub(last.begun)),
            _ => None,
        }
    }
}

impl Spell {
    fn begun(executor: usize, begun: Millis, is_whole: bool) -> Self {
        Self { executor, begun, is_whole, applied: None, asked: false, end: None }
    }
}
