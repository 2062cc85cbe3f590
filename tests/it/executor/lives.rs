//! Random lives: plans, worlds and moves at random, and then everything goes well. A failure is shrunk to the moves that are
//! needed, which are printed.

use super::game::{Fate, Game, Move};
use crate::support::fake::{StepShape, guard, shaped};
use proptest::prelude::*;
use runbook::engine::Stopping;
use runbook::journal::{Rest, RollbackTo};
use runbook::plan::Order;
use std::sync::Arc;

/// How many random runs each of the four tests below plays; each has several executors' lives.
const RUNS: u32 = 1_000;

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Well),
        2 => Just(Fate::Transient),
        1 => Just(Fate::Permanent),
        1 => Just(Fate::InVain),
        1 => Just(Fate::LostBefore),
        2 => Just(Fate::LostAfter),
        1 => Just(Fate::Unclear),
        1 => Just(Fate::Asks),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    let step = || prop::option::weighted(0.5, 0..4_usize);
    prop_oneof![
        30 => (0..4_usize, fate()).prop_map(|(n, fate)| Move::Perform(n, fate)),
        6 => (0..4_usize, fate()).prop_map(|(n, fate)| Move::Delay(n, fate)),
        6 => (0..4_usize).prop_map(Move::Tell),
        3 => any::<usize>().prop_map(Move::TellAgain),
        6 => Just(Move::Time(None)),
        1 => (1..200_u8).prop_map(|minutes| Move::Time(Some(minutes))),
        3 => (0..3_usize, any::<bool>()).prop_map(|(n, yes)| Move::Answer(n, yes)),
        1 => Just(Move::Stop(Stopping::Soon)),
        1 => Just(Move::Stop(Stopping::Now)),
        2 => any::<bool>().prop_map(Move::Die),
        2 => any::<bool>().prop_map(Move::DieAtAppend),
        2 => Just(Move::MovedAtAppend),
        2 => (0..4_usize).prop_map(Move::Resolve),
        8 => (0..3_usize, prop::bool::weighted(0.7)).prop_map(|(n, holds)| Move::Look(n, holds)),
        2 => any::<usize>().prop_map(Move::LookAgain),
        8 => step().prop_map(Move::Forward),
        2 => step().prop_map(Move::Back),
    ]
}

/// Between which steps a guard holds: the first, and how many after it.
type GuardShape = (Option<usize>, Option<usize>);

/// Plays a run, and lets it go well in the end: to its own end, and back to where it began.
fn play(
    (shape, guards): (&[StepShape], &[GuardShape]),
    order: Order,
    before: &[usize],
    moves: &[Move],
) -> Result<(), TestCaseError> {
    let mut plan = shaped(shape, order);
    for (n, (from, until)) in guards.iter().enumerate() {
        let step = |at: usize| format!("s{}", at % shape.len());
        let (from, until) = (from.map(step), until.map(|more| step((from.unwrap_or(0) % shape.len()) + more)));
        plan.runbook.guards.push(guard(&format!("guard-{n}"), from.as_deref(), until.as_deref()));
    }
    let plan = Arc::new(plan);
    let there = before.iter().filter_map(|n| plan.actions.get(*n)).map(|p| p.action.clone()).collect();
    let mut game = Game::new(&plan, there);
    game.make(Move::Forward(None));
    let mut so_far = Vec::new();
    for it in moves {
        so_far.push(*it);
        game.make(*it);
        prop_assert!(game.broken.is_empty(), "{:?} after {:?}", game.broken, so_far);
        prop_assert!(game.only_keeps(), "what it keeps is not what a fold makes, after {:?}", so_far);
    }
    game.make(Move::Die(false));
    let back = Move::Back(None);
    let start = RollbackTo::Start;
    let came = game.goes_well(back, |rest| *rest == Rest::RolledBack { to: start.clone() });
    prop_assert_eq!(came, Ok(()), "back, after {:?}", moves);
    prop_assert!(game.broken.is_empty(), "{:?} on the way back after {:?}", game.broken, moves);
    let came = game.goes_well(Move::Forward(None), |rest| *rest == Rest::Finished);
    prop_assert_eq!(came, Ok(()), "forward, after {:?}", moves);
    prop_assert!(game.broken.is_empty(), "{:?} on the way forward after {:?}", game.broken, moves);
    Ok(())
}

macro_rules! lives {
    ($($name:ident: $order:expr, $most:expr;)*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: RUNS, failure_persistence: None, ..ProptestConfig::default() })]
            #[test]
            fn $name(
                shape in prop::collection::vec((any::<u8>(), 1..3_usize), 1..5),
                guards in prop::collection::vec((prop::option::of(0..4_usize), prop::option::of(0..3_usize)), 0..3),
                before in prop::collection::vec(0..8_usize, 0..2),
                moves in prop::collection::vec(a_move(), 0..$most),
            ) {
                play((&shape, &guards), $order, &before, &moves)?;
            }
        }
    )*};
}

lives! {
    one_at_a_time_and_short: Order::Article, 30;
    one_at_a_time_and_long: Order::Article, 120;
    side_by_side_and_short: Order::Overlap, 30;
    side_by_side_and_long: Order::Overlap, 120;
    round_a_downtime_and_short: Order::LeastDowntime, 30;
    round_a_downtime_and_long: Order::LeastDowntime, 120;
}
