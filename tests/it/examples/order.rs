//! How to add an order: `overlap` at every place that must know it.

use super::places::{Words, told};
use crate::support::fake::plan;
use runbook::plan::{Order, Sequence};

#[test]
fn the_document_lists_every_place() {
    let words = Words::read();
    assert_eq!(&words.naming("Overlap") | &words.naming("LeastDowntime"), told("How to add an order"));
}

/// An order is what an action waits for besides its needs; the needs are the same in every order.
#[test]
fn an_order_adds_to_what_actions_need() {
    let [article, overlap, least] =
        [Order::Article, Order::Overlap, Order::LeastDowntime].map(|order| plan("diamond", order));
    let needs = |plan: &runbook::plan::Plan| {
        let mut all: Vec<_> = plan.actions.iter().map(|it| (it.action.clone(), it.needs.clone())).collect();
        all.sort();
        all
    };
    assert!(needs(&article) == needs(&overlap) && needs(&overlap) == needs(&least));
    assert!(overlap.actions.iter().all(|it| it.after.is_empty()));
    assert_eq!(Sequence::of(&article).len(), article.actions.len());
}
