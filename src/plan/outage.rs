//! When a run had its site down, and which actions that time went by in, as its records tell it.
//!
//! Promises: pure; the site is down from the moment the action that takes it down has begun until the one that ends the downtime is
//! done, on either way, whatever happened between. The time is given to the actions of the chain that brought the site back:
//! from the last one backwards, each time to that of what it waits for which ended last.
//! Not handled: what the site itself says; that is a probe's to see.

use super::{Plan, Sequence, Site};
use crate::journal::{ActionState, History, Record, Way};
use crate::model::{ActionPath, Millis};
use std::collections::HashMap;

/// What took less is nothing that a downtime went by in, in milliseconds.
const WORTH_TELLING: Millis = 50;

/// Among how many that ended last the one is sought that the next has waited for.
const NEAR: usize = 32;

/// A time in which the site was down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteOutage {
    /// When it went down.
    pub begun: Millis,
    /// When it was back; nothing while it is down.
    pub ended: Option<Millis>,
    /// What the time went by in, in the order of time.
    pub costs: Vec<OutageCost>,
}

/// What an action cost of a downtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutageCost {
    /// The action.
    pub action: ActionPath,
    /// Whether it was done or taken back then.
    pub way: Way,
    /// From when.
    pub begun: Millis,
    /// Until when.
    pub ended: Millis,
}

impl SiteOutage {
    /// How much of it went by in none of those: nobody was at the run, or what was done has no record.
    #[must_use]
    pub fn beside(&self, now: Millis) -> Millis {
        let told: Millis = self.costs.iter().map(|cost| cost.ended.saturating_sub(cost.begun)).sum();
        self.length(now).saturating_sub(told).max(0)
    }

    /// How long it was, until now where it is not over.
    #[must_use]
    pub fn length(&self, now: Millis) -> Millis {
        self.ended.unwrap_or(now).saturating_sub(self.begun).max(0)
    }
}

/// All times in which the site was down, by the records of one run.
#[must_use]
pub fn outages(plan: &Plan, records: &[Record]) -> Vec<SiteOutage> {
    let mut spans: Vec<(Millis, Option<Millis>)> = Vec::new();
    // Only what takes a site down or brings it back is followed: a run may have many actions.
    let windows = plan.runbook.windows();
    let ends = windows.iter().flat_map(|window| [Some(window.begins), window.ends]).flatten();
    let mut states: HashMap<&ActionPath, ActionState> = ends.map(|path| (path, ActionState::UNTOUCHED)).collect();
    for record in records {
        let Some(state) = record.kind.action().and_then(|action| states.get_mut(action)) else { continue };
        // What cannot follow is told by `log --verify`; here it says nothing of the site.
        let Some(next) = state.next(&record.kind, record.seq) else { continue };
        *state = next;
        let is_down = Site::by(plan, |action| states.get(action).unwrap_or(&ActionState::UNTOUCHED)) != Site::Up;
        match spans.last_mut() {
            Some((_, ended @ None)) if !is_down => *ended = Some(record.at),
            Some((_, None)) => {}
            _ if is_down => spans.push((record.at, None)),
            _ => {}
        }
    }
    let history = History::of(records);
    let last = records.last().map_or(0, |record| record.at);
    spans
        .into_iter()
        .map(|(begun, ended)| SiteOutage { begun, ended, costs: costs(plan, &history, begun, ended.unwrap_or(last)) })
        .collect()
}

/// A time in which an executor was at an action.
struct Deed<'a> {
    place: usize,
    action: &'a ActionPath,
    way: Way,
    begun: Millis,
    ended: Millis,
}

fn costs(plan: &Plan, history: &History, begun: Millis, until: Millis) -> Vec<OutageCost> {
    let sequence = Sequence::of(plan);
    let mut deeds: Vec<Deed<'_>> = plan
        .actions
        .iter()
        .enumerate()
        .flat_map(|(place, planned)| {
            let action = &planned.action;
            history.works(action).iter().flat_map(move |work| {
                let way = work.way;
                work.spells.iter().map(move |spell| {
                    let ended = spell.end.as_ref().map_or(until, |(at, _)| *at);
                    Deed { place, action, way, begun: spell.begun.max(begun), ended: ended.min(until) }
                })
            })
        })
        .filter(|deed| deed.begun < deed.ended)
        .collect();
    deeds.sort_by_key(|deed| (deed.ended, deed.begun));
    let mut chain: Vec<OutageCost> = Vec::new();
    let mut at = until;
    let mut later: Option<(usize, Way)> = None;
    while at > begun {
        // What had not begun by then led to nothing from here on.
        while deeds.last().is_some_and(|deed| deed.begun >= at) {
            deeds.pop();
        }
        let waited_for = |deed: &&Deed<'_>| match later {
            None => true,
            Some((next, Way::Forward)) => sequence.waits_for(next).any(|it| it == deed.place),
            Some((next, Way::Back)) => sequence.waits_for(deed.place).any(|it| it == next),
        };
        let near = || deeds.iter().rev().take(NEAR).filter(|deed| deed.begun < at);
        let Some(deed) = near().find(waited_for).or_else(|| near().next()) else { break };
        chain.push(OutageCost {
            action: deed.action.clone(),
            way: deed.way,
            begun: deed.begun,
            ended: deed.ended.min(at),
        });
        (at, later) = (deed.begun, Some((deed.place, deed.way)));
    }
    chain.retain(|cost| cost.ended.saturating_sub(cost.begun) >= WORTH_TELLING);
    chain.reverse();
    chain
}
