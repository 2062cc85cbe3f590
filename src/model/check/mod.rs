//! Checks before a run: the closed vocabulary of kinds, what is said about each, the call of one, and the rows it gives.
//!
//! A check only reads, and only before a run begins: what it asks (the site answers, the name points here) is true at the
//! start and not later. Adding one: a row in `vocabulary.rs`, then the compiler names every place that must know it.

mod call;
mod probes;
mod row;
mod spec;
mod vocabulary;

pub use call::CheckCall;
pub use row::{Acceptance, AcceptanceError, CheckRow, CheckVerdict, DOWNTIME_FITS, WINDOW_FITS, accept};
pub use spec::{CheckSpec, Refusal, RowSpec};
pub use vocabulary::*;
