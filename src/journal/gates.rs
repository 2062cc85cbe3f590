//! The gates of a run: which wait, which were answered, by the action that asks.

use super::{Gate, RunState};
use crate::model::ActionPath;
use std::collections::BTreeMap;

impl RunState {
    /// Gates of an action's current generation that a person approved.
    #[must_use]
    pub fn approved(&self, action: &ActionPath) -> Vec<String> {
        let generation = self.action(action).generation();
        let is_approved = |gate: &Gate| gate.generation == generation && gate.is_approved();
        self.gates_of(action).filter(|(_, gate)| is_approved(gate)).map(|(name, _)| name.to_owned()).collect()
    }

    /// Gates that wait for an answer, or were refused, and hold their action up.
    #[must_use]
    pub fn open_gates(&self) -> BTreeMap<&str, &Gate> {
        self.gates.iter().filter(|(_, gate)| self.holds(gate)).map(|(name, gate)| (name.as_str(), gate)).collect()
    }

    /// The names of those of one action.
    #[must_use]
    pub fn open_gates_of(&self, action: &ActionPath) -> Vec<String> {
        self.gates_of(action).filter(|(_, gate)| self.holds(gate)).map(|(name, _)| name.to_owned()).collect()
    }

    /// The gate of this name, when it holds its action up.
    #[must_use]
    pub fn open_gate(&self, name: &str) -> Option<&Gate> {
        self.gates.get(name).filter(|gate| self.holds(gate))
    }

    fn holds(&self, gate: &Gate) -> bool {
        let asking = self.action(&gate.action);
        !gate.is_approved() && gate.generation == asking.generation() && !asking.is_done()
    }

    fn gates_of(&self, action: &ActionPath) -> impl Iterator<Item = (&str, &Gate)> {
        let names = self.asked.get(action).into_iter().flatten();
        names.filter_map(|name| Some((name.as_str(), self.gates.get(name)?)))
    }

    pub(super) fn open_a_gate(&mut self, name: &str, gate: Gate) {
        let action = gate.action.clone();
        if let Some(before) = self.gates.insert(name.to_owned(), gate) {
            self.asked.entry(before.action).or_default().remove(name);
        }
        self.asked.entry(action).or_default().insert(name.to_owned());
    }

    /// Forgets gates of an action; those that were approved only when all are meant.
    pub(super) fn drop_gates(&mut self, action: &ActionPath, approved_too: bool) {
        let Some(names) = self.asked.get_mut(action) else { return };
        names.retain(|name| {
            let stays = !approved_too && self.gates.get(name).is_some_and(Gate::is_approved);
            if !stays {
                self.gates.remove(name);
            }
            stays
        });
    }
}
