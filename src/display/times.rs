//! When actions began and ended, from the records: a run's state does not keep it.

use crate::journal::{Record, RecordKind};
use crate::model::{ActionPath, Millis, Step};
use std::collections::BTreeMap;

/// Begin and end of what is being done to an action now, or was done to it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) begun: Millis,
    pub(super) ended: Option<Millis>,
}

/// The spans of all actions.
#[derive(Debug, Clone, Default)]
pub(super) struct Times(BTreeMap<ActionPath, Span>);

impl Times {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut times = Self::default();
        for record in records {
            times.note(record);
        }
        times
    }

    /// Takes a record in, an undo as the end of what is being done: for a display, which looks at one executor's work.
    pub(super) fn note_keeping(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Undone { action, .. } => {
                self.0.entry(action.clone()).or_insert(Span { begun: record.at, ended: None }).ended = Some(record.at);
            }
            _ => self.note(record),
        }
    }

    fn note(&mut self, record: &Record) {
        let Some(action) = record.kind.action() else { return };
        let at = record.at;
        match &record.kind {
            RecordKind::Started { .. } | RecordKind::UndoStarted { .. } => {
                let fresh = Span { begun: at, ended: None };
                let span = self.0.entry(action.clone()).or_insert(fresh);
                let begins = matches!(record.kind, RecordKind::UndoStarted { attempt: 1, .. });
                *span = if begins { fresh } else { Span { ended: None, ..*span } };
            }
            RecordKind::Undone { .. } => {
                self.0.remove(action);
            }
            RecordKind::Done { .. }
            | RecordKind::Adopted { .. }
            | RecordKind::Doubted { .. }
            | RecordKind::Resolved { .. }
            | RecordKind::Failed { .. }
            | RecordKind::UndoFailed { .. } => {
                self.0.entry(action.clone()).or_insert(Span { begun: at, ended: None }).ended = Some(at);
            }
            _ => {}
        }
    }

    pub(super) fn action(&self, action: &ActionPath) -> Option<Span> {
        self.0.get(action).copied()
    }

    /// From the first begin to the last end of a step's actions; open while one of them is.
    pub(super) fn step(&self, step: &Step) -> Option<Span> {
        let spans: Vec<Span> = step.actions.iter().filter_map(|a| self.action(&a.path)).collect();
        let begun = spans.iter().map(|s| s.begun).min()?;
        let ended =
            if spans.iter().all(|s| s.ended.is_some()) { spans.iter().filter_map(|s| s.ended).max() } else { None };
        Some(Span { begun, ended })
    }
}

impl Span {
    /// How long it took, or has taken until now.
    pub(super) fn length(self, now: Millis) -> Millis {
        self.ended.unwrap_or(now).saturating_sub(self.begun)
    }
}
