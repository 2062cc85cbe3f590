//! The guards of a played run: looks that lie on the table, what was seen, and what must never happen because of it.
//!
//! What a guard holds for is told here once more, from the steps of the plan alone.

use runbook::engine::{Executor, LookId};
use runbook::journal::{ActionState, Mode, RunState};
use runbook::model::{ActionPath, BrokenGuard, Found, GuardCall, Outcome, Sighting, StepId};
use runbook::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
struct Held {
    id: String,
    every: i64,
    holds_for: BTreeSet<ActionPath>,
}

/// The guards of one run, and what this executor was told of them.
#[derive(Debug, Clone)]
pub(super) struct Guarding {
    guards: Vec<Held>,
    pub(super) looks: Vec<(LookId, GuardCall)>,
    pub(super) told: Vec<(LookId, Sighting)>,
    /// What was seen last, and when.
    seen: BTreeMap<String, (bool, i64)>,
    /// When an action was last seen not to be there.
    absent: BTreeMap<ActionPath, i64>,
}

impl Guarding {
    pub(super) fn of(plan: &Plan) -> Self {
        let places = |step: &StepId| -> Vec<usize> {
            plan.actions.iter().enumerate().filter(|(_, it)| it.action.step() == step).map(|(at, _)| at).collect()
        };
        let guards = plan.runbook.guards.iter().map(|guard| {
            let ends: Vec<usize> = guard.from.iter().chain(&guard.until).flat_map(places).collect();
            let first = guard.from.as_ref().and_then(|_| ends.iter().min().copied()).unwrap_or(0);
            let last = guard.until.as_ref().and_then(|_| ends.iter().max().copied()).unwrap_or(plan.actions.len() - 1);
            let holds_for = plan.actions[first..=last].iter().map(|it| it.action.clone()).collect();
            Held { id: guard.id.clone(), every: i64::try_from(guard.every_ms).unwrap(), holds_for }
        });
        let guards = guards.collect();
        Self { guards, looks: Vec::new(), told: Vec::new(), seen: BTreeMap::new(), absent: BTreeMap::new() }
    }

    /// An executor begins, which has seen nothing.
    pub(super) fn begin(&mut self) {
        self.seen.clear();
        self.absent.clear();
    }

    /// The answers of its looks go nowhere, or to the next one, which does not know them.
    pub(super) fn die(&mut self) {
        let dead = std::mem::take(&mut self.looks).into_iter();
        self.told.extend(dead.map(|(id, _)| (id, sighting(true))));
    }

    pub(super) fn lay_out(&mut self, id: LookId, call: GuardCall) -> bool {
        let alone = self.looks.iter().all(|(_, other)| other.guard != call.guard);
        self.looks.push((id, call));
        alone
    }

    /// A look that is no longer waited for has seen nothing good, unless the run rests.
    pub(super) fn forget(&mut self, id: &LookId, now: i64) -> bool {
        let before = self.looks.len();
        self.looks.retain(|(other, _)| other != id);
        self.seen.insert(id.guard.clone(), (false, now));
        self.looks.len() < before
    }

    pub(super) fn see(&mut self, at: usize, holds: bool, now: i64) -> (LookId, Sighting) {
        let (id, _) = self.looks.remove(at);
        self.seen.insert(id.guard.clone(), (holds, now));
        let told = (id, sighting(holds));
        self.told.push(told.clone());
        told
    }

    pub(super) fn observed(&mut self, action: &ActionPath, outcome: &Outcome, now: i64) {
        if matches!(outcome, Outcome::Observed(finding) if finding.found == Found::Absent) {
            self.absent.insert(action.clone(), now);
        }
    }

    /// What the beginning of an effect is against.
    pub(super) fn against(&self, state: &RunState, action: &ActionPath, now: i64) -> Option<&'static str> {
        for guard in self.guards.iter().filter(|guard| guard.holds_for.contains(action)) {
            if state.broken.contains_key(&guard.id) {
                return Some("no effect begins where a guard is broken");
            }
            let since = self.absent.get(action).copied().unwrap_or(i64::MAX);
            match self.seen.get(&guard.id) {
                Some((true, at)) if now - at <= guard.every || *at >= since => {}
                Some((true, _)) => return Some("no effect begins after an old look at a guard"),
                Some((false, _)) => return Some("no effect begins after a bad look at a guard"),
                None => return Some("no effect begins before its guards were looked at"),
            }
        }
        let is_new = state.action(action).traces().is_none();
        let is_under_way =
            |path: &ActionPath| !matches!(state.action(path), ActionState::Pending { .. } | ActionState::Done { .. });
        let in_force = |guard: &&Held| guard.holds_for.iter().any(is_under_way);
        let broken = self.guards.iter().filter(in_force).any(|guard| state.broken.contains_key(&guard.id));
        let to_the_end = state.mode == Mode::Forward { until: None };
        (is_new && to_the_end && broken).then_some("nothing new is begun beside what a broken guard holds for")
    }

    /// Whether it is true that these are broken.
    pub(super) fn are_broken(&self, state: &RunState, told: &[BrokenGuard]) -> bool {
        let was_seen = |it: &BrokenGuard| self.seen.get(&it.guard).is_some_and(|(holds, _)| !holds);
        !told.is_empty() && told.iter().all(|it| state.broken.contains_key(&it.guard) && was_seen(it))
    }

    /// What decides of it what can happen next.
    pub(super) fn signature(&self, state: &RunState, executor: Option<&Executor>, now: i64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for guard in &self.guards {
            bytes.push(u8::from(state.broken.contains_key(&guard.id)));
            let Some(flight) = executor.map(Executor::flight) else { continue };
            bytes.push(u8::from(flight.looking.contains_key(&guard.id)));
            bytes.push(u8::from(self.looks.iter().any(|(id, _)| id.guard == guard.id)));
            let Some(watched) = flight.watched.get(&guard.id) else { continue };
            let is_old = now - watched.at > guard.every;
            bytes.extend([
                2 + u8::from(watched.last.holds),
                u8::try_from(watched.bad.min(2)).unwrap(),
                u8::from(is_old),
            ]);
            bytes.extend(flight.withheld.values().map(|it| u8::from(watched.at >= it.since)));
        }
        bytes
    }
}

fn sighting(holds: bool) -> Sighting {
    Sighting { holds, seen: if holds { "it answers" } else { "no answer" }.into(), advice: Vec::new() }
}
