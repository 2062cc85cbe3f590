//! Random plans in random worlds with random deaths: whatever happens, resuming ends, every effect is made once, what
//! depends waits, and a rollback leaves what it must leave and nothing else.

use crate::support::fake::{Death, Life, StopAt, World, execute_until_asked, open, shaped, undo_waits};
use proptest::prelude::*;
use runbook::engine::Intent;
use runbook::journal::{Rest, RollbackTo, RunState};
use runbook::model::{ActionPath, Failure, FailureKind, Phase, RunId};
use runbook::plan::{Order, Plan};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

/// What is odd about one action.
#[derive(Debug, Clone)]
struct Oddity {
    there_before: bool,
    in_progress: bool,
    unclear: u32,
    failures: Vec<(usize, FailureKind)>,
    lost: Vec<usize>,
}

const PHASES: [Phase; 4] = [Phase::Observe, Phase::Apply, Phase::Verify, Phase::Undo];

fn oddity() -> impl Strategy<Value = Oddity> {
    let kind = prop_oneof![Just(FailureKind::Transient), Just(FailureKind::Lost), Just(FailureKind::Permanent)];
    let failures = prop::collection::vec((0..PHASES.len(), kind), 0..3);
    let lost = prop::collection::vec(0..PHASES.len(), 0..2);
    let there = prop::bool::weighted(0.15);
    (there, prop::bool::weighted(0.1), prop_oneof![4 => Just(0_u32), 1 => 1..3_u32], failures, lost).prop_map(
        |(there_before, in_progress, unclear, failures, lost)| Oddity {
            there_before,
            in_progress,
            unclear,
            failures,
            lost,
        },
    )
}

fn lives() -> impl Strategy<Value = Vec<(Death, StopAt)>> {
    let death =
        prop_oneof![Just(Death::Never), (0..6_usize).prop_map(Death::Before), (0..6_usize).prop_map(Death::After)];
    prop::collection::vec((death, prop::option::weighted(0.3, (0..6_usize, 1..3_u32))), 0..4)
}

fn world(plan: &Plan, oddities: &[Oddity]) -> World {
    let mut world = World::default();
    for (planned, odd) in plan.actions.iter().zip(oddities.iter().cycle()) {
        let action = &planned.action;
        world.needs.insert(action.clone(), planned.needs.clone());
        let not_waited_for = planned.needs.iter().filter(|need| !undo_waits(plan, need, action));
        world.no_barrier.extend(not_waited_for.map(|need| (need.clone(), action.clone())));
        if odd.there_before {
            world.there.insert(action.clone(), true);
        } else if odd.in_progress {
            world.in_progress.push(action.clone());
        }
        world.unclear_for.insert(action.clone(), odd.unclear);
        for (phase, kind) in &odd.failures {
            let queue = world.failures.entry((action.clone(), PHASES[*phase])).or_default();
            queue.push(Failure::new(*kind, "as scripted"));
        }
        for phase in &odd.lost {
            *world.lost.entry((action.clone(), PHASES[*phase])).or_default() += 1;
        }
    }
    world
}

/// Lives and dies as scripted, then resumes until the end is reached.
fn until_the_end(
    folder: &Path,
    run: &RunId,
    world: &Rc<RefCell<World>>,
    intent: &Intent,
    lives: &[(Death, StopAt)],
) -> RunState {
    let script = lives.iter().copied().chain(std::iter::repeat((Death::Never, None))).take(lives.len() + 60);
    for life in script {
        let (life, state) = execute_until_asked(folder, run, world, intent.clone(), life);
        match life {
            Life::Failed(error) => panic!("{error:?}"),
            Life::Died => assert_eq!(state.rest, None),
            Life::Rested(rest) => {
                assert_eq!(state.rest.as_ref(), Some(&rest));
                if rest.is_end() {
                    return state;
                }
                if let Rest::Paused { actions } | Rest::InDoubt { actions } = rest {
                    assert!(!actions.is_empty(), "a rest says what it is about");
                }
            }
        }
    }
    panic!("resumed sixty times without coming to an end");
}

/// What nobody but this run can have made.
fn ours(plan: &Plan, state: &RunState) -> Vec<ActionPath> {
    let all = plan.actions.iter().map(|planned| planned.action.clone());
    all.filter(|action| matches!(state.action(action).word(), "done" | "accepted")).collect()
}

fn made(world: &RefCell<World>) -> BTreeMap<ActionPath, u32> {
    world.borrow().made.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn everything_ends_well(
        shape in prop::collection::vec((any::<u8>(), 1..3_usize), 1..5),
        overlap in any::<bool>(),
        oddities in prop::collection::vec(oddity(), 8),
        forward in lives(),
        back in lives(),
        again in lives(),
        keep in 0..5_usize,
    ) {
        let order = if overlap { Order::Overlap } else { Order::Article };
        let plan = shaped(&shape, order);
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &plan);
        let world = Rc::new(RefCell::new(world(&plan, &oddities)));
        let there_before = world.borrow().there.clone();
        let onward = Intent::Forward { until: None };

        let state = until_the_end(folder.path(), &run, &world, &onward, &forward);
        prop_assert_eq!(state.rest.clone(), Some(Rest::Finished));
        let first = ours(&plan, &state);
        let once: BTreeMap<_, _> = first.iter().map(|action| (action.clone(), 1)).collect();
        prop_assert_eq!(made(&world), once, "every effect once, and none that was there");
        prop_assert!(plan.actions.iter().all(|p| world.borrow().there.get(&p.action) == Some(&true)));
        prop_assert!(there_before.keys().all(|action| state.action(action).word() == "found"));

        let keep = keep.min(shape.len());
        let to = match keep.checked_sub(1) {
            None => RollbackTo::Start,
            Some(step) => RollbackTo::Step(format!("s{step}").parse().unwrap()),
        };
        let rollback = Intent::Rollback { to: to.clone(), leave: BTreeSet::new() };
        let state = until_the_end(folder.path(), &run, &world, &rollback, &back);
        prop_assert_eq!(state.rest, Some(Rest::RolledBack { to }));
        for planned in &plan.actions {
            let stays = plan.number(planned.action.step()) <= keep || !first.contains(&planned.action);
            prop_assert_eq!(world.borrow().there.get(&planned.action).copied(), Some(stays), "{}", planned.action);
        }
        prop_assert!(world.borrow().unmade.values().all(|unmade| *unmade == 1));

        let state = until_the_end(folder.path(), &run, &world, &onward, &again);
        prop_assert_eq!(state.rest.clone(), Some(Rest::Finished));
        for action in &first {
            let times = if plan.number(action.step()) <= keep { 1 } else { 2 };
            prop_assert_eq!(made(&world).get(action).copied(), Some(times), "{}", action);
        }
        let world = world.borrow();
        prop_assert!(world.tokens.values().all(|made| *made == 1), "a redo has a token of its own");
        prop_assert!(world.violations.is_empty(), "{:?}", world.violations);
    }
}
