//! DNS that a person keeps elsewhere: what is to be done is shown at a gate, and afterwards DNS itself is asked until it is
//! so.

use crate::action::{Context, Stop};
use crate::model::{dns_gate, dns_undo_gate};

/// Stops until a person has approved that the record is there, with what is to be done as the gate's prompt.
pub(super) fn ask(cx: &Context<'_>, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    at(cx, dns_gate(cx.call().action.name()), prompt)
}

/// The same on the way back.
pub(super) fn ask_back(cx: &Context<'_>, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    at(cx, dns_undo_gate(cx.call().action.name()), prompt)
}

fn at(cx: &Context<'_>, gate: String, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    if cx.call().approved.contains(&gate) { Ok(()) } else { Err(Stop::Waiting { gate, prompt: prompt() }) }
}
