//! What did not go smoothly in a run, and how it was settled.

use crate::journal::{Ending, History, Record, RecordKind, Way};
use crate::model::{ActionPath, Millis};
use crate::plan::Plan;

/// Something that did not go smoothly.
#[derive(Debug, Clone)]
pub(in crate::display) struct Trouble {
    pub(in crate::display) at: Millis,
    /// The action, or the guard.
    pub(in crate::display) of: String,
    /// What it was.
    pub(in crate::display) what: String,
    /// How it went on.
    pub(in crate::display) then: &'static str,
}

/// All of them, in the order of time.
pub(in crate::display) fn troubles(plan: &Plan, records: &[Record], history: &History) -> Vec<Trouble> {
    let decided = |action: &ActionPath| {
        let is = |it: &Record| matches!(&it.kind, RecordKind::Resolved { action: of, .. } if of == action);
        records.iter().any(is)
    };
    let mut all = Vec::new();
    for planned in &plan.actions {
        let works = history.works(&planned.action);
        for (nth, work) in works.iter().enumerate() {
            for (n, spell) in work.spells.iter().enumerate() {
                let Some((at, ending)) = &spell.end else { continue };
                let back = if work.way == Way::Back { "its undo " } else { "" };
                let what = match ending {
                    Ending::Failed { failure, .. } => format!("{back}failed: {}", failure.message),
                    Ending::Doubted => format!("{back}was in doubt: it could not be told whether the effect was made"),
                    Ending::LeftOff => format!("{back}was left off: its executor came to its rest, or died"),
                    Ending::Complete | Ending::Resolved => continue,
                };
                let next = work.spells.get(n + 1);
                let then = match (ending, next, work.ended) {
                    (Ending::Failed { is_tried_again: true, .. }, Some(_), Some(_)) => {
                        "tried again by itself, and then done"
                    }
                    (_, Some(_), Some(_)) => "gone on with, and then done",
                    (_, None, Some(_)) if decided(&planned.action) => "decided by a person",
                    (_, None, Some(_)) => "gone on with, and then done",
                    _ if works.get(nth + 1).is_some_and(|later| later.way != work.way) => "then taken back",
                    (Ending::Failed { is_tried_again: true, .. }, Some(_), None) => "tried again by itself, in vain",
                    _ => "not settled",
                };
                all.push(Trouble { at: *at, of: planned.action.to_string(), what, then });
            }
        }
    }
    all.extend(guards(records));
    all.sort_by_key(|it| it.at);
    all
}

/// Guards that broke, and whether they held again.
fn guards(records: &[Record]) -> Vec<Trouble> {
    let mut all = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let RecordKind::GuardBroke { broken } = &record.kind else { continue };
        let later = records.iter().skip(place).any(|it| match &it.kind {
            RecordKind::GuardMended { guard, .. } => *guard == broken.guard,
            _ => false,
        });
        let then = if later { "held again later" } else { "not settled" };
        all.push(Trouble {
            at: record.at,
            of: format!("guard {}", broken.guard),
            what: format!("broke: {}", broken.seen),
            then,
        });
    }
    all
}
