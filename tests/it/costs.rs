//! What is to cost as much as there is to do costs no more, counted and not timed; tests/bench measures it.

use crate::support::fake::{opened, planned};
use runbook::engine::{CallId, Effect, Executor, Input, Intent};
use runbook::journal::{ExecutorId, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{ActionCall, Finding, Found, Outcome, Phase, Values};
use runbook::plan::{Order, Plan};
use runbook::validate::parse_runbook;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// A plan of so many steps, each with one command; each needs the one `apart` before it.
fn long(steps: usize, apart: usize, order: Order) -> Plan {
    let mut text = "runbook: long\ntitle: long\nabout: long\ntargets:\n".to_owned();
    (0..apart).for_each(|n| writeln!(text, "  web-{n}: {{ host: web-{n} }}").unwrap());
    text.push_str("steps:\n");
    for n in 0..steps {
        let needs = n.checked_sub(apart).map(|before| format!("s{before}")).unwrap_or_default();
        writeln!(text, "  - {{ id: s{n}, title: s, why: s, needs: [{needs}], actions: [{{ id: a, do: ssh.run, with: {{ on: web-{}, argv: [up], undo: [down] }} }}] }}", n % apart).unwrap();
    }
    planned(parse_runbook("long", &text).unwrap(), order)
}

/// Goes this way until the run rests, all going well; answers why, how many calls were made, and the most actions that a
/// decision looked at.
fn go(plan: &Arc<Plan>, state: &mut RunState, intent: Intent) -> (Rest, usize, usize) {
    let mut executor = Executor::new(Arc::clone(plan), state.clone());
    let by = ExecutorId { fence: 1, by: "hana".into(), host: "desk".into(), pid: 1 };
    let mut inputs = vec![Input::Began { intent, by }];
    let mut calls: Vec<(CallId, ActionCall)> = Vec::new();
    let (mut made, mut most) = (0, 0);
    loop {
        let input = inputs.pop().or_else(|| {
            let (call, asked) = if calls.is_empty() { return None } else { calls.remove(0) };
            made += 1;
            Some(Input::Outcome { call, outcome: well(asked.phase) })
        });
        for effect in executor.on(input.expect("it waits for nothing"), 1).unwrap() {
            match effect {
                Effect::Append { .. } => inputs.push(Input::Appended),
                Effect::Perform { id, call } => calls.push((id, *call)),
                Effect::Rest { rest } => {
                    *state = executor.state().clone();
                    return (rest, made, most);
                }
                _ => {}
            }
        }
        most = most.max(executor.within_reach());
        if made % 97 == 0 {
            assert!(executor.is_as_made_anew());
        }
    }
}

fn well(phase: Phase) -> Outcome {
    let (outputs, evidence) = (Values::new(), "looked".to_owned());
    match phase {
        Phase::Observe => Outcome::Observed(Finding::new(Found::Absent, false, evidence)),
        Phase::Apply => Outcome::Applied { outputs },
        Phase::Verify => Outcome::Verified { outputs, evidence },
        Phase::Undo => Outcome::Undone { evidence },
    }
}

/// Of a plan of any length a decision looks at as many actions as are at work.
#[test]
fn a_decision_looks_at_what_is_at_work() {
    for (steps, apart, order) in [(20, 1, Order::Article), (600, 1, Order::Article), (600, 4, Order::Overlap)] {
        let plan = Arc::new(long(steps, apart, order));
        let mut state = RunState::open(&opened(&plan)).unwrap();
        let (rest, made, most) = go(&plan, &mut state, Intent::Forward { until: None });
        assert_eq!((rest, made), (Rest::Finished, 3 * steps));
        assert!(most <= apart, "{most} of {steps}");
        let back = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };
        let (rest, made, most) = go(&plan, &mut state, back);
        assert_eq!((rest, made), (Rest::RolledBack { to: RollbackTo::Start }, steps));
        assert!(most <= apart, "{most} of {steps}");
    }
}

/// The bound of a document lets a runbook through that a program has written.
#[test]
fn a_long_runbook_is_read() {
    let plan = long(2_500, 1, Order::Article);
    assert_eq!(plan.actions.len(), 2_500);
    assert_eq!(plan.number(&"s2499".parse().unwrap()), 2_500);
}

/// A record costs no copy of the state: what is not about it stays where it is.
#[test]
fn a_refused_record_changes_nothing() {
    let plan = Arc::new(long(3, 1, Order::Article));
    let mut state = RunState::open(&opened(&plan)).unwrap();
    let (_, _, _) = go(&plan, &mut state, Intent::Forward { until: None });
    let before = state.clone();
    let action = plan.actions[0].action.clone();
    let kind = RecordKind::Applied { action, outputs: Values::new() };
    let mut record = state.record_of(RecordKind::Rested { rest: Rest::Finished }, 1).unwrap();
    record.kind = kind;
    state.add(&record).unwrap_err();
    assert_eq!(state, before);
}

/// Where things stand in a plan is looked at before it is believed.
#[test]
fn a_plan_that_was_changed_is_not_taken_for_what_it_was() {
    let mut plan = long(3, 1, Order::Article);
    let path = |name: &str| name.parse().unwrap();
    assert_eq!(plan.definition(&path("s0/a")).unwrap().path, path("s0/a"));
    plan.runbook.steps.reverse();
    plan.actions.reverse();
    for name in ["s0/a", "s1/a", "s2/a"] {
        assert_eq!(plan.definition(&path(name)).unwrap().path, path(name));
        assert_eq!(plan.planned(&path(name)).unwrap().action, path(name));
    }
    let gone = plan.runbook.steps.remove(0);
    assert!(plan.step(&gone.id).is_none() && plan.definition(&gone.actions[0].path).is_none());
    plan.runbook.steps[0].id = "other".parse().unwrap();
    assert_eq!((plan.number(&"s1".parse().unwrap()), plan.number(&"other".parse().unwrap())), (0, 2));
}
