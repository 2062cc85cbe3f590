//! What may be recorded, what records add up to, and where they are kept.
//!
//! Promises (docs/journal.md has them with their proofs):
//! - records are append-only, numbered without gaps per run, each with the hash of the one before it;
//! - an append that returns is durable (SQLite, WAL, `synchronous=FULL`); one that fails recorded nothing;
//! - [`RunState`] is a fold over the records by [`RunState::apply`], the only place where a state changes; a record that
//!   cannot follow is an error value and is never stored;
//! - one executor a run: a lease with a fencing number, live as long as its holder's process holds the lock file.
//!
//! Not handled: secrets. Nothing that reaches a record may contain one; records hold references only.

mod action_state;
mod bound;
mod chain;
mod error;
mod gate;
mod gates;
mod held;
mod history;
mod intervals;
mod lease;
mod migrations;
mod plan_file;
mod record;
mod remedy;
mod replan;
mod rest;
mod rollback_to;
mod run_state;
mod site_asked;
mod store;
mod taking;
mod transition;
mod unusable;
mod verify;

pub use action_state::{ActionState, Completion, Traces};
pub use error::JournalError;
pub use gate::Gate;
pub use held::{Held, Store};
pub use history::{Ending, Execution, History, Question, Replan, Spell, Way, Work};
pub use lease::{Holder, Lease};
pub use plan_file::{InputsFrom, PlanFile, Signature};
pub use record::{ExecutorId, Record, RecordKind};
pub use replan::ReplanError;
pub use rest::Rest;
pub use rollback_to::RollbackTo;
pub use run_state::{IllegalRecord, Mode, Opened, RunState};
pub use site_asked::SiteAsked;
pub use store::{Journal, RunSummary};
pub use taking::LeaseError;
pub use unusable::Unusable;
pub use verify::{Broken, Verdict};
