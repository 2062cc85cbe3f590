//! The engine: the [`Executor`] (no input or output) and `drive`, which carries its effects out.
//!
//! `decide` is pure: the plan, the run's state and what is in flight go in; records to append, calls to make or a reason to
//! rest come out, in plan order only. The executor is a machine round it, fed with what happens. A driver appends records
//! durably (that *is* the checkpoint) and has calls performed by a [`Performer`]; another driver of the same executor may
//! hand them to workers elsewhere.

mod call;
mod checks;
mod clear;
mod clock;
mod decide;
mod deeds;
mod drift;
mod drive;
mod exchange;
mod executor;
mod fill;
mod flight;
mod frontier;
mod give_up;
mod guards;
mod limits;
mod look_once;
mod looking;
mod looks;
mod moment;
mod outcome;
mod performer;
mod preflight;
mod rollback;
mod site;
mod site_asker;
mod waiting;

pub use call::{outputs_of, preview_check, preview_guard, preview_parameters};
pub use checks::{Examiner, preflight_with_checks};
pub use clear::clear;
pub use clock::Clock;
pub use decide::next;
pub use deeds::deeds;
pub use drift::{drift, ways_on};
pub use drive::{DriveError, Driver};
pub use exchange::{CallId, Effect, Input, Intent, LookId, Stopping};
pub use executor::{Executor, GRACE, LAST_WORDS};
pub use flight::{Flight, LookUnderWay, UnderWay, Watched, Withheld};
pub use give_up::{give_up, running_by_themselves};
pub use look_once::look_once;
pub use moment::Next;
pub use performer::{Lookout, Performer, Worker};
pub use preflight::{drifts, drifts_ahead, look_ahead, preflight};
pub use site::SiteAnswers;
