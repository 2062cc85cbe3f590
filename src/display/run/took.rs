//! How long something took, or has taken: executors at work, and apart from that the wait for people. Pauses count nowhere.

use crate::display::time::duration;
use crate::journal::{History, Work};
use crate::model::{ActionPath, Millis, Step};

/// The time of an action or a step, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) struct Took {
    /// How long executors were at it.
    pub(in crate::display) work: Millis,
    /// How long a person was waited for.
    pub(in crate::display) asked: Millis,
}

/// Until when what is not over is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) struct Until {
    /// Now.
    pub(in crate::display) now: Millis,
    /// Whether somebody executes the run.
    pub(in crate::display) executed: bool,
}

impl Took {
    /// What was done to an action and stands; nothing before its begin, and nothing of what was taken back.
    pub(in crate::display) fn action(history: &History, action: &ActionPath, until: Until) -> Option<Self> {
        Self::some(history, [(action, history.standing(action)?)], until)
    }

    /// What was done to an action last; of what was taken back, its undo.
    pub(in crate::display) fn last_of_action(history: &History, action: &ActionPath, until: Until) -> Option<Self> {
        Self::some(history, [(action, history.latest(action)?)], until)
    }

    /// What stands of a step: of all its actions.
    pub(in crate::display) fn step(history: &History, step: &Step, until: Until) -> Option<Self> {
        let standing = |path| history.standing(path).map(|work| (path, work));
        Self::some(history, step.actions.iter().filter_map(|action| standing(&action.path)), until)
    }

    /// What was done to a step last.
    pub(in crate::display) fn last_of_step(history: &History, step: &Step, until: Until) -> Option<Self> {
        let latest = |path| history.latest(path).map(|work| (path, work));
        Self::some(history, step.actions.iter().filter_map(|action| latest(&action.path)), until)
    }

    fn some<'a>(
        history: &History,
        works: impl IntoIterator<Item = (&'a ActionPath, &'a Work)>,
        until: Until,
    ) -> Option<Self> {
        let works: Vec<_> = works.into_iter().collect();
        if works.is_empty() {
            return None;
        }
        let asked = history.waited(works.iter().copied(), until.now);
        let took = Self { work: history.length(works.iter().copied(), until.executed.then_some(until.now)), asked };
        // Where the executor died no end is known, and "0 s" would be one.
        let is_unknown = !until.executed && took.is_none() && works.iter().any(|(_, work)| work.was_cut_off());
        (!is_unknown).then_some(took)
    }

    /// Whether nobody was at it at any time.
    pub(in crate::display) fn is_none(self) -> bool {
        self == Took { work: 0, asked: 0 }
    }

    /// After a word like "done": ` in 2:13`, `, asked 1:20:00`.
    pub(in crate::display) fn phrase(self) -> String {
        let sep = if self.asked > 0 && self.work < 1_000 { ", " } else { " in " };
        format!("{sep}{}", self.text())
    }

    /// `2:13`, `0.4 s, asked 1:20:00`, `asked 1:20:00`.
    pub(in crate::display) fn text(self) -> String {
        match self {
            Took { work, asked: 0 } => duration(work),
            Took { work, asked } if work < 1_000 => format!("asked {}", duration(asked)),
            Took { work, asked } => format!("{}, asked {}", duration(work), duration(asked)),
        }
    }
}
