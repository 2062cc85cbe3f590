//! What an executor promises of guards, one by one.

use super::contract::{Table, absent, applied, verified};
use crate::support::fake::{guard, plan};
use runbook::engine::{Effect, Executor, Input, Intent, LookId, Stopping};
use runbook::journal::{RecordKind, Rest, RollbackTo};
use runbook::model::{Failure, Phase, Sighting};
use runbook::plan::Order;
use std::collections::BTreeSet;
use std::sync::Arc;

const FORWARD: Intent = Intent::Forward { until: None };

fn guarded(order: Order, from: Option<&str>, until: Option<&str>) -> Table {
    let mut plan = plan("diamond", order);
    plan.runbook.guards.push(guard("up", from, until));
    let mut table = Table::of(plan);
    table.begins(FORWARD);
    table
}

fn sighting(holds: bool) -> Sighting {
    Sighting { holds, seen: if holds { "it answers" } else { "no answer" }.into(), advice: Vec::new() }
}

impl Table {
    /// The look that is on the table sees this.
    #[track_caller]
    fn sees(&mut self, holds: bool) -> LookId {
        let (look, _) = self.looks.pop().expect("a guard is asked");
        self.says(Input::Looked { look: look.clone(), sighting: sighting(holds) });
        look
    }

    /// Time goes on until the executor wanted to be woken.
    #[track_caller]
    fn wakes(&mut self) {
        let at = self.wanted.iter().rev().find_map(|it| if let Effect::Wake { at } = it { Some(*at) } else { None });
        self.now = at.expect("it wants to be woken");
        self.says(Input::Tick);
    }

    /// The next executor, of what is recorded.
    fn dies(&mut self) {
        let (plan, state) = (Arc::clone(self.executor.plan()), self.executor.state().clone());
        self.executor = Executor::new(plan, state);
        self.calls.clear();
        self.looks.clear();
    }

    #[track_caller]
    fn rest(&self) -> Rest {
        let rest =
            self.wanted.iter().find_map(|it| if let Effect::Rest { rest } = it { Some(rest.clone()) } else { None });
        rest.unwrap_or_else(|| panic!("{:?}", self.wanted))
    }

    fn began(&self, action: &str) -> bool {
        let is_it =
            |kind: &RecordKind| matches!(kind, RecordKind::Started { action: it, .. } if it.to_string() == action);
        self.records.iter().any(|record| is_it(&record.kind))
    }
}

#[test]
fn an_effect_begins_after_a_good_look_and_not_before() {
    for look_first in [true, false] {
        let mut table = guarded(Order::Article, None, None);
        assert_eq!((table.looks.len(), table.calls.len()), (1, 1), "the guard is asked beside the first look");
        if look_first {
            table.sees(true);
            assert!(!table.began("first/one"));
            table.ends("first/one", Phase::Observe, absent());
        } else {
            table.ends("first/one", Phase::Observe, absent());
            assert!(!table.began("first/one") && table.calls.is_empty());
            table.sees(true);
        }
        assert!(table.began("first/one"));
        table.call("first/one", Phase::Apply);
        assert_eq!(table.names()[1..], ["forward_began", "started"], "a good look is no record");
    }
}

#[test]
fn a_look_that_is_fresh_is_enough_and_an_old_one_is_not() {
    let mut table = guarded(Order::Article, None, None);
    table.sees(true);
    table.does("first/one");
    table.now += 10_000;
    table.ends("first/two", Phase::Observe, absent());
    assert!(table.began("first/two"), "it is ten seconds old");
    table.ends("first/two", Phase::Apply, applied());
    table.now += 1;
    table.ends("first/two", Phase::Verify, verified());
    table.ends("left/one", Phase::Observe, absent());
    assert!(!table.began("left/one"), "it is older");
    table.sees(true);
    assert!(table.began("left/one"));
}

#[test]
fn one_bad_look_is_no_break_and_so_many_in_a_row_are() {
    let mut table = guarded(Order::Article, None, None);
    table.ends("first/one", Phase::Observe, absent());
    table.sees(false);
    assert!(table.looks.is_empty() && !table.began("first/one"));
    table.wakes();
    assert_eq!(table.now, 6_000, "after a bad look the next is made in five seconds");
    table.sees(true);
    assert!(table.began("first/one"));
    table.ends("first/one", Phase::Apply, applied());
    table.ends("first/one", Phase::Verify, verified());
    table.ends("first/two", Phase::Observe, absent());
    // Begun within ten seconds of the good look; the one after it is not.
    table.ends("first/two", Phase::Apply, applied());
    table.now += 20_000;
    table.ends("first/two", Phase::Verify, verified());
    table.ends("left/one", Phase::Observe, absent());
    let first_bad = table.now;
    table.sees(false);
    table.wakes();
    table.sees(false);
    let Rest::GuardBroken { guards } = table.rest() else { panic!("{:?}", table.rest()) };
    assert_eq!((guards.len(), guards[0].guard.as_str(), guards[0].seen.as_str()), (1, "up", "no answer"));
    assert_eq!(guards[0].since, first_bad);
    assert!(!table.began("left/one"));
    assert_eq!(table.names()[table.records.len() - 2..], ["guard_broke", "rested"]);
}

/// What is under way when it breaks is not disturbed; nothing comes after it.
#[test]
fn it_breaks_in_the_middle_of_an_effect_which_ends_and_is_the_last() {
    for order in [Order::Article, Order::Overlap] {
        let mut table = guarded(order, None, None);
        table.sees(true);
        table.does("first/one");
        table.does("first/two");
        let other = if order == Order::Overlap { Some("right/one") } else { None };
        table.ends("left/one", Phase::Observe, absent());
        table.wakes();
        table.sees(false);
        table.wakes();
        table.sees(false);
        assert_eq!(table.names().last(), Some(&"guard_broke"), "{order:?}");
        assert!(!table.wanted.iter().any(|it| matches!(it, Effect::Cancel { .. } | Effect::Forget { .. })));
        // The other half is only looked at.
        other.into_iter().for_each(|action| _ = table.ends(action, Phase::Observe, absent()));
        table.ends("left/one", Phase::Apply, applied());
        table.ends("left/one", Phase::Verify, verified());
        assert!(matches!(table.rest(), Rest::GuardBroken { .. }), "{order:?}: {:?}", table.rest());
        assert!(table.executor.state().action(&"left/one".parse().unwrap()).is_done());
        assert!(!table.began("right/one") && !table.began("left/two"));
    }
}

#[test]
fn it_holds_again_before_anything_would_have_begun_and_the_run_goes_on() {
    let mut table = guarded(Order::Article, None, None);
    table.sees(true);
    table.ends("first/one", Phase::Observe, absent());
    table.wakes();
    table.sees(false);
    table.wakes();
    table.sees(false);
    table.wakes();
    table.sees(true);
    assert_eq!(table.names()[table.records.len() - 2..], ["guard_broke", "guard_mended"]);
    table.ends("first/one", Phase::Apply, applied());
    table.ends("first/one", Phase::Verify, verified());
    table.ends("first/two", Phase::Observe, absent());
    assert!(table.began("first/two"));
}

#[test]
fn a_resume_looks_first_and_goes_on_only_when_it_holds() {
    let mut table = guarded(Order::Article, None, None);
    table.ends("first/one", Phase::Observe, absent());
    table.sees(false);
    table.wakes();
    table.sees(false);
    assert!(matches!(table.rest(), Rest::GuardBroken { .. }));
    table.dies();
    table.begins(FORWARD);
    assert_eq!((table.looks.len(), table.calls.len()), (1, 0), "the guard is looked at before anything else");
    table.sees(false);
    assert!(matches!(table.rest(), Rest::GuardBroken { .. }), "one look says that nothing has changed");
    table.dies();
    table.begins(FORWARD);
    table.sees(true);
    assert_eq!(table.names().last(), Some(&"guard_mended"));
    table.does("first/one");
}

#[test]
fn a_look_without_an_answer_is_a_bad_one_and_a_late_answer_is_none() {
    let mut table = guarded(Order::Article, None, None);
    table.ends("first/one", Phase::Observe, absent());
    let (late, _) = table.looks[0].clone();
    table.wakes();
    assert_eq!(table.now, 31_000);
    assert!(table.wanted.contains(&Effect::ForgetLook { id: late.clone() }), "{:?}", table.wanted);
    let watched = table.executor.flight().watched["up"].clone();
    assert_eq!((watched.bad, watched.last.seen.as_str()), (1, "no answer within 30 s"));
    for _ in 0..2 {
        table.says(Input::Looked { look: late.clone(), sighting: sighting(true) });
    }
    assert!(!table.began("first/one"));
    table.wakes();
    // An answer to a look of the executor before is none either.
    let foreign = LookId { executor: 99, ..table.looks[0].0.clone() };
    table.says(Input::Looked { look: foreign, sighting: sighting(true) });
    assert!(!table.began("first/one"));
    let look = table.sees(true);
    assert!(table.began("first/one"));
    let known = table.records.len();
    table.says(Input::Looked { look, sighting: sighting(false) });
    assert_eq!((table.executor.flight().watched["up"].bad, table.records.len()), (0, known), "it counts once");
}

#[test]
fn it_holds_for_its_own_steps_and_the_others_are_free() {
    let mut table = guarded(Order::Article, Some("left"), Some("left"));
    assert!(table.looks.is_empty());
    table.does("first/one");
    table.does("first/two");
    table.ends("left/one", Phase::Observe, absent());
    assert!(!table.began("left/one"));
    table.sees(true);
    table.ends("left/one", Phase::Apply, applied());
    table.ends("left/one", Phase::Verify, verified());
    table.does("left/two");
    table.now += 60_000;
    table.does("right/one");
    assert!(table.looks.is_empty(), "behind its last step it is not asked");
}

/// Broken, it keeps back what it does not hold for, too, as long as something of its own is to be done.
#[test]
fn a_broken_one_keeps_back_what_it_does_not_hold_for() {
    let mut table = guarded(Order::Overlap, Some("left"), Some("left"));
    table.does("first/one");
    table.does("first/two");
    table.ends("left/one", Phase::Observe, absent());
    table.sees(false);
    table.wakes();
    table.sees(false);
    table.ends("right/one", Phase::Observe, absent());
    assert!(matches!(table.rest(), Rest::GuardBroken { .. }));
    assert!(!table.began("right/one"));
}

#[test]
fn the_way_back_asks_no_guard() {
    let mut table = guarded(Order::Article, None, None);
    table.sees(true);
    table.does("first/one");
    table.dies();
    table.begins(Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() });
    assert!(table.looks.is_empty());
    table.ends("first/one", Phase::Undo, runbook::model::Outcome::Undone { evidence: "gone".into() });
    assert_eq!(table.rest(), Rest::RolledBack { to: RollbackTo::Start });
}

#[test]
fn who_stops_does_not_wait_for_a_guard() {
    let mut table = guarded(Order::Article, None, None);
    table.ends("first/one", Phase::Observe, absent());
    let (look, _) = table.looks[0].clone();
    table.says(Input::StopAsked { how: Stopping::Soon });
    assert_eq!(table.rest(), Rest::Interrupted { unfinished: Vec::new() });
    assert!(table.wanted.contains(&Effect::ForgetLook { id: look }));
}

/// A retry of what has failed halfway is an effect, too; what was made and only waits for its end is none.
#[test]
fn another_attempt_waits_for_its_guard_and_a_lost_answer_does_not() {
    let mut table = guarded(Order::Article, None, None);
    table.sees(true);
    table.ends("first/one", Phase::Observe, absent());
    table.ends("first/one", Phase::Apply, Failure::transient("busy").into());
    table.now += 11_000;
    table.says(Input::Tick);
    table.sees(false);
    table.ends("first/one", Phase::Observe, absent());
    table.wakes();
    table.sees(false);
    assert!(matches!(table.rest(), Rest::GuardBroken { .. }), "{:?}", table.rest());
    let attempts = table.names().iter().filter(|name| **name == "started").count();
    assert_eq!(attempts, 1);
    // The look finds it there after all: that is taken in, however the guard is.
    table.dies();
    table.begins(FORWARD);
    let there = runbook::model::Finding::new(runbook::model::Found::Holds, true, "it is there");
    table.ends("first/one", Phase::Observe, runbook::model::Outcome::Observed(there));
    table.ends("first/one", Phase::Verify, verified());
    table.sees(false);
    assert!(matches!(table.rest(), Rest::GuardBroken { .. }));
    assert!(table.executor.state().action(&"first/one".parse().unwrap()).is_done());
}
