//! What a plan costs by its size: time and memory of each part, in memory. README.md says how to run it and what it shows.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![allow(unreachable_pub, reason = "a bench has no outside")]

mod plans;

use divan::{AllocProfiler, Bencher};
use plans::{Run, STEPS};
use runbook::display;
use runbook::journal::RunState;
use runbook::model::Values;
use runbook::plan::{Order, Plan};
use runbook::validate;
use std::sync::Arc;

/// Counts what is allocated, for the column `max alloc`: the most that is held at one time.
#[global_allocator]
static MEMORY: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// From a document's text to a runbook.
#[divan::bench(args = STEPS, max_time = 10, sample_count = 20, sample_size = 1)]
fn validate(bencher: Bencher<'_, '_>, steps: usize) {
    let text = plans::document(steps, "web");
    bencher.bench(|| validate::parse_runbook("costs", &text).unwrap());
}

/// From a runbook to a plan, in each order.
#[divan::bench_group(max_time = 10, sample_count = 20, sample_size = 1)]
mod plan {
    use super::*;

    fn make(bencher: Bencher<'_, '_>, steps: usize, order: Order) {
        let runbook = plans::runbook(steps);
        let runbook = || runbook.clone();
        bencher.with_inputs(runbook).bench_values(|it| Plan::make(it, Values::new(), None, order).unwrap());
    }

    #[divan::bench(args = STEPS)]
    fn article(bencher: Bencher<'_, '_>, steps: usize) {
        make(bencher, steps, Order::Article);
    }

    #[divan::bench(args = STEPS)]
    fn overlap(bencher: Bencher<'_, '_>, steps: usize) {
        make(bencher, steps, Order::Overlap);
    }

    #[divan::bench(args = STEPS)]
    fn least_downtime(bencher: Bencher<'_, '_>, steps: usize) {
        make(bencher, steps, Order::LeastDowntime);
    }

    /// From the stored form, as each command that is about a run reads it.
    #[divan::bench(args = STEPS)]
    fn read(bencher: Bencher<'_, '_>, steps: usize) {
        let stored = plans::plan(steps, Order::Article).to_value().unwrap();
        bencher.bench(|| Plan::read(&stored).unwrap());
    }
}

/// One event in the middle of a run: the executor takes it in, and says what is to be done.
#[divan::bench_group(max_time = 10, sample_count = 50, sample_size = 1)]
mod decide {
    use super::*;

    /// The event that comes after the middle of the run and `calls` more.
    fn event(bencher: Bencher<'_, '_>, steps: usize, calls: usize) {
        let plan = Arc::new(plans::plan(steps, Order::Article));
        let run = Run::after(&plan, steps / 2 * 3 + calls);
        let ready = || {
            let mut run = run.clone();
            let input = run.next_outcome().unwrap();
            (run, input)
        };
        bencher.with_inputs(ready).bench_values(|(mut run, input)| {
            run.executor.on(input, 1).unwrap();
            run
        });
    }

    #[divan::bench(args = STEPS)]
    fn observed(bencher: Bencher<'_, '_>, steps: usize) {
        event(bencher, steps, 0);
    }

    #[divan::bench(args = STEPS)]
    fn applied(bencher: Bencher<'_, '_>, steps: usize) {
        event(bencher, steps, 1);
    }

    #[divan::bench(args = STEPS)]
    fn verified(bencher: Bencher<'_, '_>, steps: usize) {
        event(bencher, steps, 2);
    }
}

/// A whole run without its calls and without a disk: all events, and all records folded as they are made.
#[divan::bench(args = STEPS, max_time = 20, sample_count = 5, sample_size = 1)]
fn run(bencher: Bencher<'_, '_>, steps: usize) {
    let plan = Arc::new(plans::plan(steps, Order::Article));
    bencher.bench(|| Run::begun(&plan).ended());
}

/// From all records of a finished run to its state.
#[divan::bench(args = STEPS, max_time = 10, sample_count = 20, sample_size = 1)]
fn fold(bencher: Bencher<'_, '_>, steps: usize) {
    let records = Run::begun(&Arc::new(plans::plan(steps, Order::Article))).ended().records;
    bencher.bench(|| RunState::fold(&records).unwrap());
}

/// What `runbook status` prints of a run that stands in its middle.
#[divan::bench(args = STEPS, max_time = 10, sample_count = 20, sample_size = 1)]
fn status(bencher: Bencher<'_, '_>, steps: usize) {
    let plan = Arc::new(plans::plan(steps, Order::Article));
    let run = Run::after(&plan, steps / 2 * 3);
    let state = run.executor.state();
    bencher.bench(|| display::status_text(&plan, state, &run.records, None, 1));
}
