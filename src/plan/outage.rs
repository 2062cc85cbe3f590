//! When a run had its site down, and which actions that time went by in, as its records tell it.
//!
//! Promises: pure; the site is down from the moment the action that takes it down has begun until the one that ends the downtime is
//! done, on either way, whatever happened between. The time is given to the actions of the chain that brought the site back:
//! from the last one backwards, each time to that of what it waits for which ended last.
//! Not handled: what the site itself says; that is a probe's to see.

use super::{Plan, Sequence, Site};
use crate::journal::{History, Record, RunState, Way};
use crate::model::{ActionPath, Millis};

/// What took less is nothing that a downtime went by in, in milliseconds.
const WORTH_TELLING: Millis = 50;

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
    let mut state: Option<RunState> = None;
    for record in records {
        let next = match &state {
            None => RunState::fold(std::slice::from_ref(record)).ok().flatten(),
            Some(state) => state.apply(record).ok(),
        };
        // What does not fold is told by `log --verify`; here it says nothing of the site.
        let Some(next) = next else { continue };
        let is_down = Site::now(plan, &next) != Site::Up;
        match spans.last_mut() {
            Some((_, ended @ None)) if !is_down => *ended = Some(record.at),
            Some((_, None)) => {}
            _ if is_down => spans.push((record.at, None)),
            _ => {}
        }
        state = Some(next);
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
    let deeds: Vec<Deed<'_>> = plan
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
    let mut chain: Vec<OutageCost> = Vec::new();
    let mut at = until;
    let mut later: Option<&Deed<'_>> = None;
    // The last that was at work; before it, the last of those that it waited for, else the last of all.
    while at > begun {
        let before = |deed: &&Deed<'_>| deed.begun < at && later.is_none_or(|later| !std::ptr::eq(*deed, later));
        let led_to = |deed: &&Deed<'_>| match later {
            None => true,
            Some(next) if next.way == Way::Forward => sequence.leads_to(deed.place, next.place),
            Some(next) => sequence.leads_to(next.place, deed.place),
        };
        let pick = |only_led: bool| {
            deeds
                .iter()
                .filter(|deed| before(deed) && (!only_led || led_to(deed)))
                .max_by_key(|deed| (deed.ended.min(at), deed.begun))
        };
        let Some(deed) = pick(true).or_else(|| pick(false)) else { break };
        chain.push(OutageCost {
            action: deed.action.clone(),
            way: deed.way,
            begun: deed.begun,
            ended: deed.ended.min(at),
        });
        at = deed.begun;
        later = Some(deed);
    }
    chain.retain(|cost| cost.ended.saturating_sub(cost.begun) >= WORTH_TELLING);
    chain.reverse();
    chain
}
