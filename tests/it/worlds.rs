//! The real program, as an operator types it, in a region where something is wrong.
//!
//! What is looked at is the exit code, the words, and the world: calls that the account got, files on the web server.

mod beside;
mod commands;
mod credentials;
mod doctored;
mod documents;
mod drift;
mod failover;
mod gates;
mod journals;
mod leases;
mod lost_answers;
mod operator;
mod plans;
mod refusals;
mod rollbacks;
mod signals;

/// The outer half of each test: it runs the one of the same name in `inside` as a region.
macro_rules! in_regions {
    ($module:literal: $($name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let name = concat!("worlds::", $module, "::inside::", stringify!($name));
            crate::support::region::in_a_region(name, crate::support::region::LIMIT).await;
        }
    )+};
}
use in_regions;
