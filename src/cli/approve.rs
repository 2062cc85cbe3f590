//! `runbook approve`: a person's answer to a gate. It is recorded beside a running executor, which reads it.

use super::args::{ApproveArgs, Common, Format};
use super::clock::SystemClock;
use super::out::out;
use super::{Exit, Failure, open, operator};
use crate::display;
use crate::engine::Clock;
use crate::journal::{Journal, JournalError, RecordKind, RunState};

pub(super) fn approve(args: &ApproveArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::going(&journal, Some(&args.run))?;
    if !state.open_gates().contains_key(args.gate.as_str()) {
        let names: Vec<&str> = state.open_gates().into_keys().collect();
        let failure = Failure::usage(format!("no gate `{}` of run `{}` waits for an answer", args.gate, state.run));
        return Err(if names.is_empty() { failure } else { failure.hint(format!("waiting: {}", names.join(", "))) });
    }
    let plan = open::plan(&state)?;
    let answer = RecordKind::GateAnswered { gate: args.gate.clone(), approved: !args.reject, by: operator::name() };
    let state = append(&mut journal, state, &answer)?;
    let executed = state.rest.is_none() && journal.holder(&state.run)?.is_some();
    out(&if format.is_json() {
        format!("{}\n", display::answer_json(&plan, &state, &args.gate, executed))
    } else {
        display::answer_text(&plan, &state, &args.gate, executed)
    })?;
    Ok(Exit::Done)
}

/// Appends a person's record, after whatever others have appended in the meantime.
pub(super) fn append(journal: &mut Journal, mut state: RunState, kind: &RecordKind) -> Result<RunState, Failure> {
    loop {
        match journal.append(&state, None, SystemClock.now(), kind.clone()) {
            Ok((_, next)) => return Ok(next),
            Err(JournalError::Moved(run)) => state = journal.state(&run)?,
            Err(error) => return Err(error.into()),
        }
    }
}
