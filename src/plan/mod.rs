//! The plan: a frozen value that leaves the executor no choice.
//!
//! It holds the validated runbook, the inputs, the account and region it is for, and which action waits for which. It is
//! stored in the run's first record and read from there ever after: what was planned is what runs. Making one is a pure
//! function. What was seen of the world is put in afterwards, as previews; comparing them with the world is the engine's.

mod brought;
mod budget;
mod conflict;
mod early_guard;
mod expected;
mod foretold;
mod frozen;
mod guarded;
mod left;
mod look;
mod lookup;
mod make;
mod measured;
mod named;
mod needs;
mod order;
mod outage;
mod place;
mod planned;
mod previewed;
mod resource;
mod resources;
mod saved;
mod sequence;
mod settled;
mod site;
mod standing;
mod stretches;
mod timing;
mod turning;
mod undo;
mod unordered;

pub use brought::brought;
pub use conflict::Conflict;
pub use early_guard::EarlyGuard;
pub use expected::{Estimate, Expected, Source};
pub use frozen::{Plan, PlanError, VERSION};
pub(crate) use left::Left;
pub use look::Look;
pub use lookup::Lookup;
pub use make::sequence;
pub use order::Order;
pub use outage::{OutageCost, SiteOutage, outages};
pub use place::NoPlace;
pub use planned::PlannedAction;
pub use previewed::Previewed;
pub use resource::Resource;
pub use saved::{Saved, SavedError};
pub use sequence::Sequence;
pub(crate) use settled::Settled;
pub use site::{Site, Sites};
pub use standing::{may_run_on, standing, taken_away};
pub use timing::{Done, SiteStretch, along_needs, expected_downtime_s, site_stretches, slots};
pub use turning::WayBackTime;
