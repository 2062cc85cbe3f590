//! How to add a driver: feed an executor with what happens, and carry out what it wants. This one keeps records in a list and
//! performs calls in a world of memory.

use crate::support::fake::{opened, plan};
use runbook::engine::{Effect, Executor, Input, Intent};
use runbook::journal::{ExecutorId, Record, Rest, RollbackTo, RunState};
use runbook::model::{ActionCall, ActionPath, Finding, Found, Outcome, Phase, Sighting, Values};
use runbook::plan::Order;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Drives a run until it rests; `records` are its journal.
fn drive(executor: &mut Executor, intent: Intent, records: &mut Vec<Record>, world: &mut World) -> Rest {
    let by = ExecutorId { fence: 1, by: "hana".into(), host: "desk".into(), pid: 1 };
    let mut inputs = VecDeque::from([Input::Began { intent, by }]);
    let mut now = 0;
    loop {
        for effect in executor.on(inputs.pop_front().unwrap_or(Input::Tick), now).unwrap() {
            match effect {
                Effect::Append { record } => {
                    records.push(*record);
                    inputs.push_front(Input::Appended);
                }
                Effect::Perform { id, call } => {
                    inputs.push_back(Input::Outcome { call: id, outcome: world.perform(&call) });
                }
                Effect::Look { id, .. } => inputs.push_back(Input::Looked { look: id, sighting: world.look() }),
                Effect::Wake { at } if inputs.is_empty() => now = at,
                // Nothing is performed for longer than it takes to ask.
                Effect::Wake { .. } | Effect::Cancel { .. } | Effect::Forget { .. } | Effect::ForgetLook { .. } => {}
                Effect::Rest { rest } => return rest,
            }
        }
    }
}

/// What is there.
#[derive(Default)]
struct World(BTreeSet<ActionPath>);

impl World {
    fn look(&self) -> Sighting {
        Sighting { holds: true, seen: "all is well".into(), advice: Vec::new() }
    }

    fn perform(&mut self, call: &ActionCall) -> Outcome {
        let (outputs, evidence) = (Values::new(), "it is as wanted".to_owned());
        match call.phase {
            Phase::Observe if self.0.contains(&call.action) => {
                Outcome::Observed(Finding::new(Found::Holds, true, evidence))
            }
            Phase::Observe => Outcome::Observed(Finding::new(Found::Absent, false, "it is not there")),
            Phase::Apply => {
                self.0.insert(call.action.clone());
                Outcome::Applied { outputs }
            }
            Phase::Verify => Outcome::Verified { outputs, evidence },
            Phase::Undo => {
                self.0.remove(&call.action);
                Outcome::Undone { evidence: "it is gone".into() }
            }
        }
    }
}

#[test]
fn a_driver_is_thirty_lines() {
    let plan = Arc::new(plan("diamond", Order::Overlap));
    let mut records = vec![opened(&plan)];
    let mut executor = Executor::new(Arc::clone(&plan), RunState::open(&records[0]).unwrap());
    let mut world = World::default();

    let rest = drive(&mut executor, Intent::Forward { until: None }, &mut records, &mut world);
    assert_eq!(rest, Rest::Finished);
    assert_eq!(world.0.len(), plan.actions.len());
    assert_eq!(RunState::fold(&records).unwrap().as_ref(), Some(executor.state()), "the journal is all there is");

    let mut executor = Executor::new(plan, executor.state().clone());
    let to = RollbackTo::Start;
    let rest =
        drive(&mut executor, Intent::Rollback { to: to.clone(), leave: BTreeSet::new() }, &mut records, &mut world);
    assert_eq!(rest, Rest::RolledBack { to });
    assert!(world.0.is_empty());
}
