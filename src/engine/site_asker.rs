//! Asking the site, beside all that a run does.
//!
//! Promises: a question does not wait for the answer of the one before, so that a site which answers nothing is asked as often as one that
//! does; one without an answer in its time has a bad one.

use super::Performer;
use super::call::site_call;
use super::clock::Clock;
use crate::model::{GuardCall, Millis, Pace, Sighting, SiteProbe};
use crate::plan::Plan;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

/// The shortest time between two questions at any pace: they take their own time.
const LEAST: Duration = Duration::from_millis(100);

/// Who asks; nobody where a runbook names no site.
pub(super) struct SiteAsker {
    asking: Option<(GuardCall, Interval)>,
    answers: JoinSet<(Millis, Sighting)>,
}

impl SiteAsker {
    /// One that asks what the plan says, at this pace. What the plan cannot tell nobody asks: it is known from the beginning on.
    pub(super) fn of(plan: &Plan, pace: Pace) -> Self {
        let asking = site_call(plan).ok().flatten().map(|(call, every_ms)| {
            let mut interval = tokio::time::interval(pace.wait(Duration::from_millis(every_ms)).max(LEAST));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            (call, interval)
        });
        Self { asking, answers: JoinSet::new() }
    }

    /// One that asks nobody.
    pub(super) fn silent() -> Self {
        Self { asking: None, answers: JoinSet::new() }
    }

    /// The next answer, and when it was asked for; nothing where nobody asks.
    pub(super) async fn next<P: Performer + 'static>(
        &mut self,
        performer: &Rc<P>,
        clock: &dyn Clock,
    ) -> Option<(Millis, Sighting)> {
        let (call, interval) = self.asking.as_mut()?;
        loop {
            tokio::select! {
                _ = interval.tick() => {
                    let (performer, call, asked) = (Rc::clone(performer), call.clone(), clock.now());
                    self.answers.spawn_local(async move {
                        let patience = Duration::from_secs(SiteProbe::PATIENCE_S);
                        let answer = tokio::time::timeout(patience, performer.look(call)).await;
                        let silence = || Sighting::bad(format!("no answer within {} s", SiteProbe::PATIENCE_S));
                        (asked, answer.unwrap_or_else(|_| silence()))
                    });
                }
                Some(answer) = self.answers.join_next() => {
                    // One that broke off has seen nothing.
                    if let Ok(answer) = answer {
                        return Some(answer);
                    }
                }
            }
        }
    }
}
