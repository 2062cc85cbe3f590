//! Where a run can go on: the few actions that a decision has to look at.
//!
//! Promises: kept record by record, at the cost of what changes, it is as if it had been made anew from plan and state; so nothing
//! is in it that a fold could not rebuild, and it is not stored.

use crate::journal::{Mode, Record, RecordKind, RollbackTo, RunState};
use crate::model::{ActionPath, StepId};
use crate::plan::{Left, Plan, Sequence, Settled};
use std::collections::BTreeSet;

/// Where a run can go on, in the direction it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frontier {
    /// Towards the end.
    Forward(Ahead),
    /// Back to this point.
    Rollback(RollbackTo, Left),
}

/// What is to be looked at on the way forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ahead {
    /// The step after which the run is to rest.
    pub(super) until: Option<StepId>,
    /// Up to there: so many actions of the sequence.
    end: usize,
    /// Open where all that leads to a place is done. Being done says nothing of what came before it: a new plan may put something there.
    done: Settled,
    /// How many actions up to the end are not done.
    left: usize,
    is_left: Vec<bool>,
    /// Up to the end, those that are not done and have begun, ask somebody, or can begin.
    within_reach: BTreeSet<usize>,
}

impl Frontier {
    /// The frontier of a run that stands at `state`.
    pub(super) fn of(plan: &Plan, sequence: &Sequence, state: &RunState) -> Self {
        match &state.mode {
            Mode::Forward { until } => Self::Forward(Ahead::of(plan, sequence, state, until.as_ref())),
            Mode::Rollback { to, keeps } => {
                let left = |keeps: &BTreeSet<ActionPath>| Left::of(plan, sequence, state, keeps);
                let left = keeps.as_ref().map_or_else(|| left(&plan.keeping(state, to)), |keeps| left(keeps));
                Self::Rollback(to.clone(), left)
            }
        }
    }

    /// How many actions a decision looks at.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Forward(ahead) => ahead.within_reach.len(),
            Self::Rollback(_, left) => left.ready().count(),
        }
    }

    /// Takes in what a record has changed; `state` is the one after it.
    pub(super) fn follow(&mut self, plan: &Plan, sequence: &Sequence, state: &RunState, record: &Record) {
        let action = match &record.kind {
            RecordKind::Rested { .. } | RecordKind::GuardBroke { .. } | RecordKind::GuardMended { .. } => return,
            RecordKind::GateAnswered { gate, .. } => state.gates.get(gate).map(|gate| &gate.action),
            kind => kind.action(),
        };
        match (action.and_then(|action| sequence.place(action)), self) {
            (Some(place), Self::Forward(ahead)) => ahead.look_again(plan, sequence, state, place),
            (Some(place), Self::Rollback(_, left)) => left.look_again(plan, sequence, state, place),
            // It is about the whole run.
            (None, it) => *it = Self::of(plan, sequence, state),
        }
    }
}

impl Ahead {
    fn of(plan: &Plan, sequence: &Sequence, state: &RunState, until: Option<&StepId>) -> Self {
        let count = sequence.len();
        let end = until.map_or(count, |step| sequence.end(step).map_or(0, |end| end + 1));
        let mut ahead = Self {
            until: until.cloned(),
            end,
            done: Settled::none((0..count).map(|place| sequence.waits_for(place).count())),
            left: end,
            is_left: vec![true; count],
            within_reach: BTreeSet::new(),
        };
        (0..count).for_each(|place| ahead.look_again(plan, sequence, state, place));
        ahead
    }

    fn look_again(&mut self, plan: &Plan, sequence: &Sequence, state: &RunState, place: usize) {
        let Some(planned) = plan.actions.get(place) else { return };
        let is_done = state.action(&planned.action).is_done();
        if let Some(was_left) = self.is_left.get_mut(place)
            && std::mem::replace(was_left, !is_done) == is_done
            && place < self.end
        {
            self.left = if is_done { self.left.saturating_sub(1) } else { self.left + 1 };
        }
        let mut turned = vec![place];
        self.done.say(place, is_done, |from| sequence.waited_for_by(from), |other| turned.push(other));
        for place in turned.into_iter().filter(|place| *place < self.end) {
            let Some(planned) = plan.actions.get(place) else { continue };
            let current = state.action(&planned.action);
            let reached = !current.is_done()
                && (!current.is_pending() || self.is_open(place) || !state.open_gates_of(&planned.action).is_empty());
            if reached {
                self.within_reach.insert(place);
            } else {
                self.within_reach.remove(&place);
            }
        }
    }

    /// Whether all up to the end is done.
    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Whether all that leads to the action at a place is done.
    pub(super) fn is_open(&self, place: usize) -> bool {
        self.done.is_open(place)
    }

    /// The actions that a decision has to look at, in sequence, each with its place.
    pub(super) fn within_reach<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = (usize, &'p ActionPath)> {
        self.within_reach.iter().filter_map(|place| Some((*place, &plan.actions.get(*place)?.action)))
    }
}
