//! The closed vocabulary of actions: their names, parameters, outputs and how far they can be undone.
//!
//! Adding one: a row in `vocabulary.rs`, then the compiler names every place that must know it (docs/architecture.md).

mod property;
mod spec;
mod undo_time;
mod vocabulary;
mod way_back;

pub use property::{ASKS_AWS, EVIDENCE, Property};
pub use spec::{ParamSpec, Reversibility, Spec};
pub use vocabulary::*;
pub use way_back::WayBack;
