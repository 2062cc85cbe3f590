//! What several tests need.

/// The outer half of each of a module's tests; the inner halves are in its `inside`.
macro_rules! both_halves {
    ($path:literal: $($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            $crate::support::emulator::beside_an_emulator(concat!($path, "::inside::", stringify!($name))).await;
        }
    )+};
}

pub(crate) mod browser;
pub(crate) mod desk;
pub(crate) mod emulator;
pub mod fake;
mod golden;
pub(crate) mod names;
pub(crate) mod region;
pub(crate) mod sent;
pub(crate) mod sshd;
pub(crate) mod stage;
pub(crate) mod world;

pub(crate) use golden::golden;

/// What a failure of run `r1` advises, in words.
pub fn told(failure: &runbook::model::Failure) -> Vec<String> {
    let run = "r1".parse().expect("an id");
    failure.advice.iter().map(|advice| runbook::display::Typed::of(&run).advice(advice)).collect()
}
