//! The one test binary: each module proves one thing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod architecture;
mod edits;
mod lab;
mod documents;
mod aws_network;
mod support;
mod host_actions;
