//! The executor: what happens goes in, what is to be done comes out. No clock, no input or output, no task, no journal.
//!
//! Promises:
//! - it asks for one record at a time, and goes on only when that is durable; so every effect has its `started` before it;
//! - an outcome counts once, and only for the call that is in flight: what comes twice, late, or from the call of another
//!   executor changes nothing;
//! - what others append in between is folded in before anything of its own: what it wanted to record is judged again;
//! - where guards hold, an effect begins only after a good look at each of them that is fresh (`guards.rs` says how fresh);
//! - a call that gives no answer within its deadline and [`GRACE`] is no longer waited for, and counts as lost.
//!
//! Not handled: two executors of one run. Whoever keeps the records refuses the elder one (`journal::Lease`).

use super::exchange::{Effect, Input, Intent, Stopping};
use super::flight::Flight;
use super::frontier::Frontier;
use super::moment::{Moment, Next};
use super::outcome::{Standing, records_of};
use crate::journal::{IllegalRecord, Mode, Record, RecordKind, RollbackTo, RunState};
use crate::model::{ActionCall, ActionPath, Millis, Outcome, Pace};
use crate::plan::{Plan, Sequence, Site};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How much longer than its deadline a call is waited for, in milliseconds: an action knows its deadline, and what it says
/// when that is over tells more than silence.
pub const GRACE: Millis = 60_000;

/// How long an action may take to notice that waiting is over, once the operator has asked twice, in milliseconds.
pub const LAST_WORDS: Millis = 3_000;

/// Executes one run.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(super) plan: Arc<Plan>,
    sequence: Arc<Sequence>,
    pub(super) state: RunState,
    frontier: Frontier,
    pub(super) flight: Flight,
    pub(super) pace: Pace,
}

impl Executor {
    /// An executor of a run that stands at `state`. It does nothing until it is told to begin.
    #[must_use]
    pub fn new(plan: Arc<Plan>, state: RunState) -> Self {
        Self::with_flight(plan, state, Flight::default())
    }

    /// An executor that goes on where it was, with what was in flight.
    #[must_use]
    pub fn with_flight(plan: Arc<Plan>, state: RunState, flight: Flight) -> Self {
        let sequence = Arc::new(Sequence::of(&plan));
        let frontier = Frontier::of(&plan, &sequence, &state);
        Self { frontier, sequence, plan, state, flight, pace: Pace::USUAL }
    }

    /// The same, with all its waits and deadlines at this pace.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Another executor of the same plan, of a run that stands at `state`: what follows from the plan is not made once more.
    #[must_use]
    pub fn another(&self, state: RunState) -> Self {
        let (plan, sequence) = (Arc::clone(&self.plan), Arc::clone(&self.sequence));
        Self {
            frontier: Frontier::of(&plan, &sequence, &state),
            sequence,
            plan,
            state,
            flight: Flight::default(),
            pace: self.pace,
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The run's state: all that is recorded.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// What is under way.
    #[must_use]
    pub fn flight(&self) -> &Flight {
        &self.flight
    }

    /// How many actions it looks at to decide what comes next: those that have begun, ask somebody or can begin, not all there are.
    #[must_use]
    pub fn within_reach(&self) -> usize {
        self.frontier.len()
    }

    /// Whether it is as it would be if it were made anew of its plan, state and flight: what it keeps beside them is only kept.
    #[must_use]
    pub fn is_as_made_anew(&self) -> bool {
        self.frontier == Frontier::of(&self.plan, &self.sequence, &self.state)
    }

    /// What is to be done because of this, `now`.
    ///
    /// # Errors
    /// When a record cannot follow those before it: a journal changed by hand, or a defect. The executor has come to its end.
    pub fn on(&mut self, input: Input, now: Millis) -> Result<Vec<Effect>, IllegalRecord> {
        let mut effects = Vec::new();
        match input {
            Input::Appended => self.appended(&mut effects)?,
            Input::Foreign { records } => self.foreign(&records)?,
            other => self.flight.waiting.push_back(other),
        }
        self.go_on(now, &mut effects)?;
        Ok(effects)
    }

    fn go_on(&mut self, now: Millis, effects: &mut Vec<Effect>) -> Result<(), IllegalRecord> {
        while self.flight.appending.is_none() && !self.is_over() {
            if let Some(kind) = self.flight.to_record.pop_front() {
                let record = self.state.record_of(kind, now)?;
                self.flight.appending = Some(Box::new(record.clone()));
                effects.push(Effect::Append { record: Box::new(record) });
            } else if let Some(input) = self.flight.waiting.pop_front() {
                self.take(input, now, effects);
            } else if self.flight.began.is_none() {
                return Ok(());
            } else if !self.end_overdue(now, effects) && !self.flight.end_late_looks(now, effects) {
                match self.moment(now).next() {
                    Next::Record(kinds) => self.flight.to_record.extend(kinds),
                    Next::TurnBack { to, failed, late } => {
                        let Some(executor) = self.flight.by.clone() else { return Ok(()) };
                        let keeps = self.keeps(&to, BTreeSet::new());
                        let turn = RecordKind::RollbackBegan { to, keeps, failed, late, executor };
                        self.flight.to_record.push_back(turn);
                    }
                    Next::Rest(rest) => {
                        let planned = Site::now(&self.plan, &self.state);
                        if self.flight.stop == Stopping::No
                            && let Some(at) = self.flight.site.is_awaited(planned, now, self.pace)
                        {
                            effects.push(Effect::Wake { at });
                            return Ok(());
                        }
                        self.flight.to_record.push_back(RecordKind::Rested { rest });
                    }
                    Next::Perform { calls, looks, wake } => {
                        calls.into_iter().for_each(|call| self.begin(call, now, effects));
                        let begun = looks.iter().filter(|guard| self.look(guard, now, effects)).count();
                        // What could not be asked was seen as bad, which may decide something.
                        if begun == looks.len() {
                            effects.extend(self.wake(wake).map(|at| Effect::Wake { at }));
                            return Ok(());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn moment(&self, now: Millis) -> Moment<'_> {
        let Self { plan, sequence, state, frontier, flight, pace } = self;
        Moment { plan, sequence, state, frontier, flight, now, pace: *pace }
    }

    /// What stays on the way back to a place. A rollback that a version began which left that to the plan goes on so.
    fn keeps(&self, to: &RollbackTo, mut leave: BTreeSet<ActionPath>) -> Option<BTreeSet<ActionPath>> {
        if matches!(&self.state.mode, Mode::Rollback { to: same, keeps: None } if same == to) {
            return None;
        }
        leave.extend(self.plan.keeping(&self.state, to));
        Some(leave)
    }

    /// Whether it has recorded its rest.
    fn is_over(&self) -> bool {
        self.flight.began.is_some() && self.state.rest.is_some()
    }

    fn appended(&mut self, effects: &mut Vec<Effect>) -> Result<(), IllegalRecord> {
        let Some(record) = self.flight.appending.take() else { return Ok(()) };
        self.fold(&record)?;
        match record.kind {
            RecordKind::ForwardBegan { executor, .. } | RecordKind::RollbackBegan { executor, .. } => {
                // Who turns back goes on under the name it has.
                self.flight.began.get_or_insert(record.seq);
                self.flight.by = Some(executor);
            }
            RecordKind::Rested { rest } => {
                self.flight.waiting.clear();
                self.flight.forget_looks(effects);
                effects.push(Effect::Rest { rest });
            }
            RecordKind::Started { action, .. } | RecordKind::UndoStarted { action, .. } => {
                self.flight.cleared.insert(action);
            }
            kind => {
                if let Some(action) = kind.action() {
                    self.flight.cleared.remove(action);
                }
            }
        }
        Ok(())
    }

    fn fold(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        self.state.add(record)?;
        if let Some(action) = record.kind.action() {
            self.flight.withheld.remove(action);
        }
        self.frontier.follow(&self.plan, &self.sequence, &self.state, record);
        Ok(())
    }

    fn foreign(&mut self, records: &[Record]) -> Result<(), IllegalRecord> {
        for record in records.iter().filter(|record| record.seq > self.state.seq).collect::<Vec<_>>() {
            self.fold(record)?;
        }
        match self.flight.appending.take().map(|record| record.kind) {
            // What was appended may be the reason to go on.
            None | Some(RecordKind::Rested { .. }) => {}
            Some(kind) => self.flight.to_record.push_front(kind),
        }
        Ok(())
    }

    fn take(&mut self, input: Input, now: Millis, effects: &mut Vec<Effect>) {
        match input {
            Input::Began { intent, by } => {
                if self.flight.began.is_none() {
                    self.flight.to_record.push_back(match intent {
                        Intent::Forward { until } => RecordKind::ForwardBegan { until, executor: by },
                        Intent::Rollback { to, leave } => {
                            let keeps = self.keeps(&to, leave);
                            RecordKind::RollbackBegan { keeps, to, failed: Vec::new(), late: None, executor: by }
                        }
                    });
                }
            }
            Input::Outcome { call, outcome } => {
                let awaited = self.flight.running.get(&call.action).is_some_and(|under_way| under_way.id == call);
                if awaited && let Some(ended) = self.flight.running.remove(&call.action) {
                    self.ended(&ended.call, outcome, now);
                }
            }
            Input::Looked { look, sighting } => self.flight.take_look(&look, sighting, now),
            Input::SiteAnswered { asked, sighting } => {
                let seen = self.flight.site.take(asked, sighting, now);
                // Nobody is at the run yet.
                self.flight.to_record.extend(seen.filter(|_| self.flight.began.is_some()));
            }
            Input::StopAsked { how } => self.stop(how, now, effects),
            Input::Tick | Input::Appended | Input::Foreign { .. } => {}
        }
    }

    fn stop(&mut self, how: Stopping, now: Millis, effects: &mut Vec<Effect>) {
        if how <= self.flight.stop {
            return;
        }
        self.flight.stop = how;
        if how == Stopping::Now {
            self.flight.last_words = Some(now + LAST_WORDS);
            effects.extend(self.flight.running.values().map(|it| Effect::Cancel { id: it.id.clone() }));
        }
    }

    pub(super) fn ended(&mut self, call: &ActionCall, outcome: Outcome, now: Millis) {
        let standing = Standing {
            plan: &self.plan,
            sequence: &self.sequence,
            state: &self.state,
            frontier: &self.frontier,
            now,
            pace: self.pace,
        };
        let records = records_of(&standing, &mut self.flight, call, outcome);
        self.flight.to_record.extend(records);
    }
}
