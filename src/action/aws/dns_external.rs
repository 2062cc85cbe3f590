//! DNS that a person keeps elsewhere: what is to be done is shown at a gate, and afterwards DNS itself is asked until it is
//! so.

use crate::action::{Context, Stop};

/// Stops at the gate `dns-<action>` (or `dns-undo-<action>`) until a person has approved it, with what is to be done as its
/// prompt.
pub(super) fn ask(cx: &Context<'_>, prefix: &str, prompt: impl FnOnce() -> String) -> Result<(), Stop> {
    let gate = gate(prefix, cx.call().action.name());
    if cx.call().approved.contains(&gate) { Ok(()) } else { Err(Stop::Waiting { gate, prompt: prompt() }) }
}

/// An id: 40 letters at most, and no dash at the end.
fn gate(prefix: &str, action: &str) -> String {
    let full = format!("{prefix}-{action}");
    full.get(..40).unwrap_or(&full).trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_id;

    #[test]
    fn gates_are_ids() {
        assert_eq!(gate("dns", "validation-record"), "dns-validation-record");
        assert!(is_id(&gate("dns-undo", "a-very-long-name-of-an-action-that-goes-on")));
        assert!(is_id(&gate("dns-undo", "abcdefghij-abcdefghij-abcdefghi-abcdefg")));
    }
}
