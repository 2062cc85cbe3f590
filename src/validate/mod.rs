//! From a document to a runbook that can be planned, or to *all* that is wrong with it.
//!
//! A [`Runbook`] that comes from here keeps what its types promise: every reference points at an input or at an output
//! of an action that comes earlier, every value has the type its place asks for, every action is of the closed set and has
//! its parameters, needs form no cycle and agree with the order written, and what cannot be undone says why. Problems are
//! collected, not only the first: each has its place, what was found and expected, and a suggestion where there is one.
//! A text that stands where a secret's reference belongs is never shown, not even as a line of source.
//!
//! Not handled: whether the things named exist. That is for the actions to find out.

mod actions;
mod checks;
mod choice;
mod data;
mod downtime;
mod duration;
mod expression;
mod fields;
mod formula;
mod gates;
mod groups;
mod guards;
mod include;
mod inputs;
mod known_inputs;
mod literal;
mod loops;
mod needs;
mod on_failure;
mod problem;
mod reader;
mod render;
mod runbook;
mod schema;
mod scope;
mod site;
mod steps;
mod targets;
mod trial;
mod ways;
mod words;

pub use data::{Data, Remark};
pub use include::wanted as wanted_pieces;
pub use inputs::{inputs, inputs_under};
pub use problem::{Problem, Problems, Where};
pub use runbook::runbook;
pub use schema::schema;
pub use words::meant;

use crate::document;
use crate::model::{Runbook, Values, sha256};

/// Reads and validates a runbook's text; `name` is what the operator calls the file.
///
/// # Errors
/// All problems found.
pub fn parse_runbook(name: &str, text: &str) -> Result<Runbook, Problems> {
    runbook(&document::parse(name, text).map_err(Problems::from)?, None)
}

/// The same with values for its inputs: what they decide is decided (`when`, lists for loops and groups of targets). Without them it is
/// judged by examples, and is not what a run would be.
///
/// # Errors
/// All problems found.
pub fn parse_runbook_with(name: &str, text: &str, inputs: &Values) -> Result<Runbook, Problems> {
    runbook(&document::parse(name, text).map_err(Problems::from)?, Some(inputs))
}

/// Reads an inputs file, if there is one, and validates it together with what `--set` gave.
///
/// # Errors
/// All problems found. No line of a file that cannot be read is shown: it may hold a secret.
pub fn parse_inputs(
    runbook: &Runbook,
    file: Option<(&str, &str)>,
    sets: &[(String, String)],
) -> Result<Values, Problems> {
    let document = file.map(|(name, text)| document::parse(name, text)).transpose();
    inputs(runbook, document.map_err(|e| Problems::from(e).without_lines())?.as_ref(), sets)
}

/// The fingerprint of a document: SHA-256 of its text, in hexadecimal. A run remembers it, and notices a runbook that
/// changed under it.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    sha256(text)
}
