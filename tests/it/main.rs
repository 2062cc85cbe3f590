//! The one test binary: each module proves one thing.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "what a test says while it prepares goes to its captured output")]
#![allow(unreachable_pub, reason = "a test binary has no outside")]

#[macro_use]
mod support;

mod architecture;
mod authors;
mod aws_checks;
mod aws_compute;
mod aws_names;
mod aws_network;
mod brought;
mod budgets;
mod checks;
mod choice;
mod costs;
mod display;
mod documents;
mod drift;
mod edits;
mod engine;
mod engine_stops;
mod engine_worlds;
mod examples;
mod executor;
mod failures;
mod field;
mod format;
mod formulas;
mod guards;
mod host_actions;
mod iam;
mod journal;
mod lab;
mod local_commands;
mod loops;
mod notify;
mod orders;
mod own_worlds;
mod packages;
mod people;
mod pieces;
mod plan_files;
mod plan_page;
mod rehearsals;
mod requests;
mod resumes;
mod secrets;
mod terminals;
mod undo_order;
mod unrolled;
mod values;
mod watching;
mod worlds;
