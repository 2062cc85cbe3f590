//! What must be so afterwards, by looking at the world: the rows of a rehearsal's verdict.

pub(super) mod expected;
pub(super) mod facts;
mod files;
pub(super) mod injected;
pub(super) mod judgements;
pub(super) mod node;
pub(super) mod rows;
mod site;
mod witness;

pub use witness::Witness;
