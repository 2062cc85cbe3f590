//! What somebody should know of.

use crate::journal::{RecordKind, Rest};
use crate::model::{ActionPath, Window};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An occasion to tell somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// The run rests before its end: paused, in doubt, interrupted, waiting, or where it was to.
    Rest,
    /// Somebody is asked.
    Gate,
    /// An action failed for good, or it cannot be told how it stands; or a guard is broken.
    Failure,
    /// The site goes down.
    DowntimeBegun,
    /// It is up again.
    DowntimeEnded,
    /// The run has come to its end.
    Finished,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Rest, Self::Gate, Self::Failure, Self::DowntimeBegun, Self::DowntimeEnded, Self::Finished];

    /// Its name in a settings file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Gate => "gate",
            Self::Failure => "failure",
            Self::DowntimeBegun => "downtime-begun",
            Self::DowntimeEnded => "downtime-ended",
            Self::Finished => "finished",
        }
    }

    /// What a record is an occasion for, in a runbook with these times without its site. A rollback goes through them backwards.
    #[must_use]
    pub fn of(record: &RecordKind, windows: &[Window<'_>]) -> Option<Self> {
        use RecordKind as K;
        let takes_down = |action: &ActionPath| windows.iter().any(|window| window.begins == action);
        let brings_back = |action: &ActionPath| windows.iter().any(|window| window.ends == Some(action));
        match record {
            K::Started { action, attempt: 1, .. } if takes_down(action) => Some(Self::DowntimeBegun),
            K::UndoStarted { action, attempt: 1 } if brings_back(action) => Some(Self::DowntimeBegun),
            K::Done { action, .. } | K::Adopted { action, .. } if brings_back(action) => Some(Self::DowntimeEnded),
            K::Undone { action, .. } if takes_down(action) => Some(Self::DowntimeEnded),
            K::Failed { retry_at: None, .. } | K::UndoFailed { retry_at: None, .. } | K::Doubted { .. } => {
                Some(Self::Failure)
            }
            K::GuardBroke { .. } => Some(Self::Failure),
            K::GateOpened { .. } => Some(Self::Gate),
            K::Rested { rest: Rest::Finished | Rest::FinishedWithFailures { .. } } => Some(Self::Finished),
            K::Rested { .. } => Some(Self::Rest),
            _ => None,
        }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, Value, Values};

    #[test]
    fn the_site_goes_down_and_up_on_both_ways() {
        let [begins, ends, other]: [ActionPath; 3] = ["a/stop", "c/start", "b/work"].map(|it| it.parse().unwrap());
        let windows = [Window { begins: &begins, ends: Some(&ends) }];
        let of = |record| Occasion::of(&record, &windows);
        let started = |action: &ActionPath, attempt| RecordKind::Started {
            action: action.clone(),
            attempt,
            token: String::new(),
            before: Value::Null,
            evidence: String::new(),
        };
        let done = |action: &ActionPath| RecordKind::Done {
            action: action.clone(),
            outputs: Values::new(),
            evidence: String::new(),
        };
        let undone = |action: &ActionPath| RecordKind::Undone { action: action.clone(), evidence: String::new() };
        assert_eq!(of(started(&begins, 1)), Some(Occasion::DowntimeBegun));
        assert_eq!((of(started(&begins, 2)), of(started(&other, 1)), of(done(&begins))), (None, None, None));
        assert_eq!(of(done(&ends)), Some(Occasion::DowntimeEnded));
        assert_eq!(of(RecordKind::UndoStarted { action: ends.clone(), attempt: 1 }), Some(Occasion::DowntimeBegun));
        assert_eq!((of(undone(&begins)), of(undone(&ends))), (Some(Occasion::DowntimeEnded), None));
    }

    #[test]
    fn what_is_tried_again_disturbs_nobody() {
        let failed = |retry_at| RecordKind::Failed {
            action: "a/b".parse().unwrap(),
            phase: Phase::Apply,
            failure: crate::model::Failure::transient("no"),
            retry_at,
        };
        assert_eq!(
            (Occasion::of(&failed(Some(1)), &[]), Occasion::of(&failed(None), &[])),
            (None, Some(Occasion::Failure))
        );
        assert_eq!(Occasion::of(&RecordKind::Rested { rest: Rest::Finished }, &[]), Some(Occasion::Finished));
        let rest = Rest::Paused { actions: Vec::new() };
        assert_eq!(Occasion::of(&RecordKind::Rested { rest }, &[]), Some(Occasion::Rest));
    }

    #[test]
    fn names_are_those_of_the_settings_file() {
        for it in Occasion::ALL {
            assert_eq!(serde_json::to_value(it).unwrap(), it.as_str());
        }
    }
}
