//! The times in which the site is down, one after the other.

use super::{ActionPath, Downtime, Runbook, StepAction, WayBack};

/// A time without the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window<'a> {
    /// The action that takes the site down.
    pub begins: &'a ActionPath,
    /// The one that brings it back; nothing when the runbook leaves it down.
    pub ends: Option<&'a ActionPath>,
}

impl Runbook {
    /// Whether its way back brings the site back first, and cleans up afterwards: only where it may be down. Where it never is, what is
    /// taken back serves somebody until then, and each undo waits for all that stands on it.
    #[must_use]
    pub fn hurries_back(&self) -> bool {
        !self.windows().is_empty()
    }

    /// What the undo of an action is to the way back.
    #[must_use]
    pub fn way_back(&self, action: &StepAction) -> WayBack {
        action.way_back_where(self.hurries_back())
    }

    /// The times without the site, in the document's order. Where only steps say that the site is down after them, the first
    /// action of the first such step takes it down, and the last one of the first other step brings it back.
    #[must_use]
    pub fn windows(&self) -> Vec<Window<'_>> {
        let mut windows: Vec<Window<'_>> = Vec::new();
        let mut mark = |path, downtime| match (downtime, windows.last_mut()) {
            (Downtime::Begins, None | Some(Window { ends: Some(_), .. })) => {
                windows.push(Window { begins: path, ends: None });
            }
            (Downtime::Ends, Some(open @ Window { ends: None, .. })) => open.ends = Some(path),
            _ => {}
        };
        if self.actions().any(|action| action.downtime.is_some()) {
            self.actions().for_each(|action| action.downtime.into_iter().for_each(|it| mark(&action.path, it)));
        } else {
            for step in &self.steps {
                let (first, last) = (step.actions.first(), step.actions.last());
                match step.site_down {
                    true => first.into_iter().for_each(|action| mark(&action.path, Downtime::Begins)),
                    false => last.into_iter().for_each(|action| mark(&action.path, Downtime::Ends)),
                }
            }
        }
        windows
    }

    /// Says of each step whether the site is down after it, as the actions tell it in the order written.
    #[must_use]
    pub fn with_downtime_by_step(mut self) -> Self {
        if self.actions().any(|action| action.downtime.is_some()) {
            let mut down = false;
            for step in &mut self.steps {
                for downtime in step.actions.iter().filter_map(|action| action.downtime) {
                    down = downtime == Downtime::Begins;
                }
                step.site_down = down;
            }
        }
        self
    }
}
