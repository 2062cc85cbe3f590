//! What the operator of a world has and may type.

/// The inputs file in the operator's home.
pub(in crate::rehearsal) const INPUTS: &str = "inputs.yaml";

/// What an operator may type in the lab's shell.
pub(in crate::rehearsal) fn commands(runbook: &str) -> String {
    [
        (format!("plan {runbook} --inputs {INPUTS}"), "say what would be done"),
        (format!("run {runbook} --inputs {INPUTS}"), "do it; Ctrl-C once: it rests"),
        ("status, resume, rollback --to start".to_owned(), "where it stands, go on, go back"),
        ("runs, log".to_owned(), "all runs, the journal of one"),
    ]
    .map(|(words, what)| format!("  runbook {words:<38}  {what}\n"))
    .concat()
}
