//! All states that small runs can come to: every input in each of them, equal states once.
//!
//! Two states are equal when nothing differs but numbers that only grow (records, calls, attempts, generations, times): what an
//! executor does next does not depend on them, except for the order in which things were done, which counts.
//!
//! How far it goes, for a minute of one core: one action with all that can become of a call; two and three with what is grave; four side
//! by side and six one after the other where calls go well, the executor dies in each state, and goes on, or back to each step.

use super::game::{Fate, Game, Move};
use crate::support::fake::{guard, shaped};
use runbook::engine::Stopping;
use runbook::journal::{Rest, RollbackTo};
use runbook::plan::{Order, Plan};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// All that can become of a call.
const ALL: &[Fate] = &[
    Fate::Well,
    Fate::Transient,
    Fate::Permanent,
    Fate::InVain,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Unclear,
    Fate::Asks,
];
/// What differs for the order of two actions.
const GRAVE: &[Fate] = &[Fate::Well, Fate::Permanent, Fate::LostAfter];

/// What is left where nothing fails but the executor: it can die in each state, and go on or back from there.
const CALM: &[Fate] = &[Fate::Well];

/// Every move that a state allows, each with what is to happen at the append that it leads to.
fn moves(game: &Game, fates: &[Fate]) -> Vec<Vec<Move>> {
    let steps = game.plan.runbook.steps.len();
    let mut all: Vec<Move> = Vec::new();
    if fates != CALM {
        all.extend([Move::Answer(0, true), Move::Answer(0, false)]);
    }
    if game.is_executed() {
        all.extend((0..game.on_the_table()).flat_map(|n| fates.iter().map(move |fate| Move::Perform(n, *fate))));
        all.extend((0..game.looks()).flat_map(|n| [true, false].map(|holds| Move::Look(n, holds))));
        if !game.plan.runbook.guards.is_empty() {
            all.extend([Move::Time(None), Move::LookAgain(0)]);
        }
        all.extend([Move::Die(true), Move::Die(false)]);
        if fates != CALM {
            all.extend([Move::Time(None), Move::TellAgain(0)]);
            all.extend([Stopping::Soon, Stopping::Now].map(Move::Stop));
        }
    } else {
        all.extend((0..steps).map(|n| Move::Forward(Some(n))).chain([Move::Forward(None)]));
        all.extend((0..steps).map(|n| Move::Back(Some(n))).chain([Move::Back(None)]));
        all.extend((0..2).map(Move::Resolve));
    }
    let appends = |it: &Move| matches!(it, Move::Perform(_, Fate::Well) | Move::Look(..));
    let deadly: Vec<Vec<Move>> = all
        .iter()
        .filter(|it| appends(it))
        .flat_map(|it| [true, false].map(|after| vec![Move::DieAtAppend(after), *it]))
        .collect();
    all.into_iter().map(|it| vec![it]).chain(deadly).collect()
}

/// Goes through all states; answers how many there are.
fn all_states(plan: &Plan, before: &[usize], fates: &[Fate]) -> usize {
    let plan = Arc::new(plan.clone());
    let there = before.iter().map(|n| plan.actions[*n].action.clone()).collect();
    let first = Game::new(&plan, there);
    let mut seen = HashSet::from([first.signature()]);
    let mut open = VecDeque::from([first]);
    while let Some(game) = open.pop_front() {
        for way in moves(&game, fates) {
            let mut next = game.clone();
            way.iter().for_each(|it| next.make(*it));
            next.forget_what_was_told();
            assert!(next.broken.is_empty(), "{:?} by {way:?} after {}", next.broken, game.story());
            if seen.insert(next.signature()) {
                if seen.len() % 499 == 0 {
                    comes_to_both_ends(next.clone());
                }
                open.push_back(next);
            }
        }
    }
    seen.len()
}

/// From wherever it is, a run comes to its end and back to its start once all goes well.
fn comes_to_both_ends(mut game: Game) {
    game.make(Move::Die(false));
    let at = game.story();
    let to = RollbackTo::Start;
    let back = game.goes_well(Move::Back(None), |rest| *rest == Rest::RolledBack { to: to.clone() });
    assert_eq!((back, &game.broken), (Ok(()), &Vec::new()), "back from {at}");
    let forward = game.goes_well(Move::Forward(None), |rest| *rest == Rest::Finished);
    assert_eq!((forward, &game.broken), (Ok(()), &Vec::new()), "forward from {at}");
}

/// A plan of this shape in which what fails so often fails for good.
fn impatient(shape: &[(u8, usize)], order: Order, attempts: u32) -> Plan {
    let mut plan = shaped(shape, order);
    let actions = plan.runbook.steps.iter_mut().flat_map(|step| &mut step.actions);
    actions.for_each(|action| action.retry.attempts = attempts);
    plan
}

/// The kinds of a step's actions, as `shaped` reads them: what is cleaned up, what only its author knows, what is restored.
const CLEANED: u8 = 0 << 5;
const UNKNOWN: u8 = 1 << 5;
const RESTORED: u8 = 2 << 5;

#[test]
fn of_one_action() {
    for kind in [RESTORED, CLEANED, UNKNOWN] {
        let states = all_states(&impatient(&[(kind, 1)], Order::Article, 2), &[], ALL);
        assert!(states > 600, "{states}");
    }
}

#[test]
fn of_two_one_after_the_other() {
    let plan = impatient(&[(RESTORED, 1), (1 | CLEANED, 1)], Order::Article, 1);
    let states = all_states(&plan, &[], GRAVE);
    assert!(states > 5_000, "{states}");
}

#[test]
fn of_two_side_by_side() {
    let plan = impatient(&[(RESTORED, 1), (CLEANED, 1)], Order::Overlap, 1);
    let states = all_states(&plan, &[], GRAVE);
    assert!(states > 12_000, "{states}");
}

#[test]
fn of_two_of_which_one_was_there_before() {
    let plan = impatient(&[(RESTORED, 1), (1 | UNKNOWN, 1)], Order::Overlap, 1);
    let states = all_states(&plan, &[0], GRAVE);
    assert!(states > 500, "{states}");
}

#[test]
fn of_three_one_after_the_other() {
    let plan = impatient(&[(RESTORED, 1), (1 | CLEANED, 1), (2 | UNKNOWN, 1)], Order::Article, 1);
    let states = all_states(&plan, &[], GRAVE);
    assert!(states > 16_000, "{states}");
}

#[test]
fn of_six_of_which_none_fails() {
    let shape =
        [(RESTORED, 1), (1 | CLEANED, 1), (2 | UNKNOWN, 1), (4 | RESTORED, 1), (8 | CLEANED, 1), (16 | CLEANED, 1)];
    let states = all_states(&impatient(&shape, Order::Article, 1), &[], CALM);
    assert!(states > 10_000, "{states}");
}

#[test]
fn of_four_side_by_side_of_which_none_fails() {
    let shape = [(RESTORED, 1), (1 | CLEANED, 1), (1 | UNKNOWN, 1), (2 | CLEANED, 1)];
    let states = all_states(&impatient(&shape, Order::Overlap, 1), &[], CALM);
    assert!(states > 4_000, "{states}");
}

/// The same plan with guards.
fn with_guards(mut plan: Plan, guards: &[(Option<&str>, Option<&str>)]) -> Plan {
    let named = guards.iter().enumerate().map(|(n, (from, until))| guard(&format!("guard-{n}"), *from, *until));
    plan.runbook.guards.extend(named);
    plan
}

#[test]
fn of_one_action_with_a_guard() {
    let plan = with_guards(impatient(&[(RESTORED, 1)], Order::Article, 2), &[(None, None)]);
    let states = all_states(&plan, &[], GRAVE);
    assert!(states > 1_000, "{states}");
}

#[test]
fn of_two_one_after_the_other_with_a_guard_of_the_second() {
    let plan = impatient(&[(RESTORED, 1), (1 | CLEANED, 1)], Order::Article, 1);
    let states = all_states(&with_guards(plan, &[(Some("s1"), None)]), &[], CALM);
    assert!(states > 300, "{states}");
}

#[test]
fn of_two_side_by_side_with_a_guard_of_one() {
    let plan = impatient(&[(RESTORED, 1), (CLEANED, 1)], Order::Overlap, 1);
    let states = all_states(&with_guards(plan, &[(Some("s1"), None)]), &[], CALM);
    assert!(states > 1_000, "{states}");
}
