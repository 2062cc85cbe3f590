//! The engine: `decide` (pure) and `drive` (the one loop that carries decisions out).
//!
//! `decide` is a reducer: the plan, the run's state and what is in flight go in; records to append, calls to make or a
//! reason to rest come out. No clock, no input or output, iteration in plan order only. A driver appends records durably
//! (that *is* the checkpoint) and has calls performed by a [`Performer`]; another driver over the same reducer may hand
//! them to workers elsewhere.

mod call;
mod checks;
mod decide;
mod deeds;
mod drift;
mod drive;
mod fill;
mod flight;
mod outcome;
mod performer;
mod preflight;
mod rollback;

pub use call::{outputs_of, preview_check, preview_parameters};
pub use checks::{Examiner, preflight_with_checks};
pub use decide::{Next, next};
pub use deeds::deeds;
pub use drift::{drift, ways_on};
pub use drive::{Clock, DriveError, Driver, Intent};
pub use flight::{Flight, Stopping};
pub use outcome::records_of;
pub use performer::{Performer, Worker};
pub use preflight::{Look, drifts, drifts_ahead, look_ahead, preflight};
pub use rollback::undo_queue;
