//! `runbook approve`: a person's answer to a gate. It is recorded beside a running executor, which reads it.

use crate::cli::args::{ApproveArgs, Common, Format, run_and};
use crate::cli::out::out;
use crate::cli::people::append::append;
use crate::cli::{CommandFailure, Exit, open, operator};
use crate::display;
use crate::display::Typed;
use crate::journal::{Gate, RecordKind, RunState};

pub(in crate::cli) fn approve(args: &ApproveArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let mut journal = open::journal(common)?;
    let (run, gate) = run_and(&args.names);
    let state = open::going(&journal, run)?;
    if !state.open_gates().contains_key(gate) {
        let names: Vec<&str> = state.open_gates().into_keys().collect();
        let failure = CommandFailure::usage(format!("no gate `{}` of run `{}` waits for an answer", gate, state.run));
        return Err(if names.is_empty() { failure } else { failure.hint(format!("waiting: {}", names.join(", "))) });
    }
    let plan = open::plan(&state)?;
    let answer = RecordKind::GateAnswered { gate: gate.to_owned(), approved: !args.reject, by: operator::name() };
    let shown = state.clone();
    let state = append(&mut journal, None, state, &answer, |now| as_judged(gate, &shown, now))?;
    let executed = state.rest.is_none() && journal.holder(&state.run)?.is_some();
    out(&if format.is_json() {
        format!("{}\n", display::answer_json(&plan, &state, gate, executed))
    } else {
        display::answer_text(&plan, &state, gate, executed)
    })?;
    Ok(Exit::Done)
}

/// Refuses what was not judged: somebody else has answered the gate in the same moment, or it asks no more.
fn as_judged(gate: &str, shown: &RunState, now: &RunState) -> Result<(), CommandFailure> {
    let run = &now.run;
    let unchanged =
        |failure: CommandFailure| Err(failure.hint(format!("`{}` shows where it stands now", Typed::of(run).status())));
    match (shown.gates.get(gate), now.open_gate(gate)) {
        (Some(shown), Some(now)) if shown == now => Ok(()),
        (_, Some(Gate { answer: Some((false, by)), .. })) => unchanged(
            CommandFailure::refused(format!(
                "nothing was changed: gate `{gate}` was refused by {by} in the same moment"
            ))
            .hint(format!("`{}` allows it after all", Typed::of(run).approve(gate))),
        ),
        (_, Some(_)) => {
            unchanged(CommandFailure::refused(format!("nothing was changed: gate `{gate}` asks something else now")))
        }
        (_, None) => {
            let answer = now.gates.get(gate).and_then(|gate| gate.answer.as_ref());
            let by = answer.map_or_else(String::new, |(_, by)| format!(": it was answered by {by}"));
            unchanged(CommandFailure::refused(format!("nothing was changed: gate `{gate}` waits no more{by}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::opened_test::opened;
    use crate::journal::Journal;
    use crate::model::{RunId, Value};

    /// A run whose gate `kim` waits.
    fn asked(journal: &mut Journal) -> RunState {
        let run: RunId = "r1".parse().unwrap();
        let opened = opened(Value::Null);
        let state = journal.open_run(&run, 1, opened).unwrap();
        let action = || "first/kim".parse().unwrap();
        let (token, before, evidence) = (String::new(), Value::Null, String::new());
        let started = RecordKind::Started { action: action(), attempt: 1, token, before, evidence };
        let (_, state) = journal.append(&state, None, 1, started).unwrap();
        let open = RecordKind::GateOpened { action: action(), gate: "kim".into(), prompt: "is it?".into() };
        journal.append(&state, None, 1, open).unwrap().1
    }

    fn answer(approved: bool, by: &str) -> RecordKind {
        RecordKind::GateAnswered { gate: "kim".into(), approved, by: by.into() }
    }

    /// Two answer at once: the second is told, and overrides nobody.
    #[test]
    fn of_two_answers_at_once_the_second_overrides_nobody() {
        for (first, second, told) in
            [(false, true, "was refused by otto"), (true, false, "waits no more: it was answered by otto")]
        {
            let folder = tempfile::tempdir().unwrap();
            let mut journal = Journal::open(folder.path()).unwrap();
            let shown = asked(&mut journal);
            journal.append(&shown, None, 1, answer(first, "otto")).unwrap();
            let still = |now: &RunState| as_judged("kim", &shown, now);
            let refused = append(&mut journal, None, shown.clone(), &answer(second, "kim"), still).unwrap_err();
            assert!(refused.message().contains(told), "{refused:?}");
            let state = journal.state(&shown.run).unwrap();
            assert_eq!(state.gates["kim"].answer, Some((first, "otto".to_owned())));
        }
    }

    /// Whatever else is recorded meanwhile is in nobody's way.
    #[test]
    fn an_answer_follows_what_others_record() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let shown = asked(&mut journal);
        let (token, before, evidence) = (String::new(), Value::Null, String::new());
        let other = RecordKind::Started { action: "first/two".parse().unwrap(), attempt: 1, token, before, evidence };
        journal.append(&shown, None, 1, other).unwrap();
        let still = |now: &RunState| as_judged("kim", &shown, now);
        let state = append(&mut journal, None, shown.clone(), &answer(true, "kim"), still).unwrap();
        assert_eq!((state.seq, state.open_gates().len()), (shown.seq + 2, 0));
    }
}
