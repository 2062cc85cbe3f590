//! What an executor promises of a run's limits: nothing new begins from which the way back would not keep within them.

use super::contract::{Table, absent, applied, verified};
use crate::support::fake::{plan, planned};
use runbook::engine::{Executor, Intent};
use runbook::journal::{RecordKind, Rest, RollbackTo, SiteAsked};
use runbook::model::{Limits, OnOverrun, Overrun, Pace, Phase, SiteSeen, WindowSpan};
use runbook::plan::{Order, Plan};
use std::sync::Arc;

const FORWARD: Intent = Intent::Forward { until: None };
const ENDS: i64 = 1_000_000;

fn within(plan: Plan, limits: Limits, down_since: Option<i64>) -> Table {
    let mut table = Table::of(plan);
    let mut state = table.executor.state().clone();
    state.limits = Some(limits);
    state.site =
        down_since.map(|since| SiteAsked::after(None, &SiteSeen { up: false, since, seen: "no answer".into() }));
    table.executor = Executor::new(Arc::clone(table.executor.plan()), state);
    table.begins(FORWARD);
    table
}

fn window() -> Limits {
    Limits { window: Some(WindowSpan { begins: 0, ends: ENDS }), max_downtime_s: None }
}

/// How long an effect is expected to take, and the way back after it.
fn expected(table: &Table, next: &str) -> (u64, u64) {
    let (plan, state) = (table.executor.plan(), table.executor.state());
    let next = next.parse().unwrap();
    let takes = plan.expected.of_action(plan.definition(&next).unwrap()).seconds;
    (takes, plan.way_back_time(state, Some(&next)).whole_s)
}

/// The last moment in which an effect may begin: the way back after it still keeps within the window.
fn latest(table: &Table, next: &str) -> i64 {
    let (next_s, back_s) = expected(table, next);
    ENDS - i64::try_from(next_s + back_s).unwrap() * 1_000
}

fn began(table: &Table, action: &str) -> bool {
    let is_it = |kind: &RecordKind| matches!(kind, RecordKind::Started { action: it, .. } if it.to_string() == action);
    table.records.iter().any(|record| is_it(&record.kind))
}

#[test]
fn it_goes_on_until_the_way_back_would_not_fit_any_more() {
    for order in [Order::Article, Order::Overlap, Order::LeastDowntime] {
        let mut table = within(plan("diamond", order), window(), None);
        table.does("first/one");
        let (next_s, back_s) = expected(&table, "first/two");
        let one_s = table.executor.plan().way_back_time(table.executor.state(), None).whole_s;
        assert!(next_s > 0 && back_s > one_s && one_s > 0, "what is done takes its time to be taken back");
        // The look is under way when it is still early, and its answer comes in the last moment.
        table.now = latest(&table, "first/two");
        table.ends("first/two", Phase::Observe, absent());
        assert!(began(&table, "first/two"), "{order:?}");
        // It is too late from here on, and what has begun is brought to its end.
        table.now = ENDS + 5;
        table.ends("first/two", Phase::Apply, applied());
        assert!(table.rest_now().is_none());
        table.ends("first/two", Phase::Verify, verified());
        let Some(Rest::Overrun { overrun }) = table.rest_now() else { panic!("{order:?}: {:?}", table.wanted) };
        let (next_s, back_s) = expected(&table, "left/one");
        assert_eq!(overrun, Overrun::Window { ends: ENDS, next_s, back_s }, "{order:?}");
        assert!(table.calls.is_empty(), "{:?}", table.calls);
    }
}

#[test]
fn what_was_only_looked_at_does_not_begin_when_it_is_late_by_then() {
    let mut table = within(plan("diamond", Order::Article), window(), None);
    table.does("first/one");
    table.now = latest(&table, "first/two") + 1;
    table.ends("first/two", Phase::Observe, absent());
    assert!(!began(&table, "first/two"));
    assert!(matches!(table.rest_now(), Some(Rest::Overrun { .. })));
    // Who resumes it is told again; in another window it goes on where it was.
    let state = table.executor.state().clone();
    table.executor = Executor::new(Arc::clone(table.executor.plan()), state.clone());
    table.begins(FORWARD);
    assert!(matches!(table.rest_now(), Some(Rest::Overrun { .. })) && table.calls.is_empty());
    for limits in
        [Limits { window: Some(WindowSpan { begins: 0, ends: 2 * ENDS }), max_downtime_s: None }, Limits::default()]
    {
        let mut state = state.clone();
        state.limits = Some(limits);
        table.executor = Executor::new(Arc::clone(table.executor.plan()), state);
        table.calls.clear();
        table.begins(FORWARD);
        table.does("first/two");
    }
}

#[test]
fn the_first_effect_begins_only_where_it_can_be_taken_back_in_time() {
    for (late, begins) in [(0, true), (1, false)] {
        let mut table = within(plan("diamond", Order::Article), window(), None);
        let at = latest(&table, "first/one") + late;
        table.now = at;
        table.ends("first/one", Phase::Observe, absent());
        assert_eq!(began(&table, "first/one"), begins);
        assert_eq!(matches!(table.rest_now(), Some(Rest::Overrun { .. })), !begins);
    }
}

#[test]
fn where_the_runbook_says_so_it_goes_back_by_itself_and_that_has_no_limit() {
    for order in [Order::Article, Order::Overlap] {
        let mut plan = plan("diamond", order);
        plan.runbook.on_overrun = OnOverrun::RollBack;
        let mut table = within(plan, window(), None);
        table.does("first/one");
        table.now = ENDS + 1;
        table.ends("first/two", Phase::Observe, absent());
        let late = table.records.iter().find_map(|record| match &record.kind {
            RecordKind::RollbackBegan { to: RollbackTo::Start, late, failed, .. } if failed.is_empty() => *late,
            _ => None,
        });
        assert!(matches!(late, Some(Overrun::Window { ends: ENDS, .. })), "{:?}", table.records);
        table.ends("first/one", Phase::Undo, runbook::model::Outcome::Undone { evidence: "it is gone".into() });
        assert_eq!(table.rest_now(), Some(Rest::RolledBack { to: RollbackTo::Start }));
        assert!(table.executor.state().turned_back_late.is_some());
    }
}

const MIXED: &str = "runbook: mixed\ntitle: t\nabout: a\ntargets:\n  host: { host: localhost }\non_overrun: rollback\nsteps:\n  \
    - id: one\n    title: t\n    why: w\n    actions:\n      \
    - { id: stop, do: service.stop, with: { on: host, service: one } }\n      \
    - { id: tell, do: ssh.run, irreversible: it is sent, with: { on: host, argv: [tell] } }\n      \
    - { id: look, do: ssh.run, with: { on: host, argv: [look], reads: true } }\n      \
    - { id: more, do: service.stop, with: { on: host, service: two } }\n";

/// What cannot be taken back wholly is a person's; and what only looks or waits is held up too, for it takes its time.
#[test]
fn over_what_cannot_be_undone_it_does_not_go_back() {
    let runbook = runbook::validate::parse_runbook("mixed", MIXED).unwrap();
    let mut table = within(planned(runbook, Order::Article), window(), None);
    table.does("one/stop");
    table.does("one/tell");
    table.now = ENDS + 1;
    table.ends("one/look", Phase::Observe, absent());
    assert!(table.calls.is_empty() && !began(&table, "one/look"), "{:?}", table.calls);
    assert!(matches!(table.rest_now(), Some(Rest::Overrun { .. })), "{:?}", table.wanted);
}

#[test]
fn the_downtime_counts_while_the_site_is_seen_to_be_down() {
    let most = |s| Limits { window: None, max_downtime_s: Some(s) };
    let mut table = within(plan("diamond", Order::Article), most(600), Some(1_000));
    table.does("first/one");
    let back = i64::try_from(table.executor.plan().way_back_time(table.executor.state(), None).site_s).unwrap() * 1_000;
    let by = |pace| table.executor.plan().turn_back_by(table.executor.state(), pace, 5_000).unwrap();
    // So much faster as waits go, the way back is shorter, and what the site may be down is what was said.
    assert_eq!((by(Pace::USUAL), by(Pace::times(10).unwrap())), (601_000 - back, 601_000 - back / 10));
    table.now = by(Pace::USUAL);
    table.ends("first/two", Phase::Observe, absent());
    assert!(!began(&table, "first/two"));
    let Some(Rest::Overrun { overrun: Overrun::Downtime { since: 1_000, most_s: 600, .. } }) = table.rest_now() else {
        panic!("{:?}", table.wanted)
    };
    // Nobody has seen it down: there is nothing to turn back for.
    let mut table = within(plan("diamond", Order::Article), most(1), None);
    table.now = ENDS;
    table.does("first/one");
    table.does("first/two");
}

impl Table {
    fn rest_now(&self) -> Option<Rest> {
        self.wanted.iter().find_map(|it| match it {
            runbook::engine::Effect::Rest { rest } => Some(rest.clone()),
            _ => None,
        })
    }
}
