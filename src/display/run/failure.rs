//! The one shape of an error: what failed, why (each cause once), what to do.

use crate::display::run::drift::drift_text;
use crate::display::table::{hanging, wrapped};
use crate::display::typed::Typed;
use crate::model::{Drift, Failure, RunId, Value};
use serde_json::json;

/// An error at the edge: `error: message`, the three-way view when the world has drifted, `  because: cause` lines,
/// `  try: hint` lines.
#[must_use]
pub fn failure_text(message: &str, drift: &[Drift], causes: &[String], hints: &[String]) -> String {
    format!("{}{}{}", wrapped("error: ", message), drift_text(2, drift), reasons_text(2, message, causes, hints))
}

/// A failure of an action of a run.
pub(in crate::display) fn told(indent: usize, run: &RunId, failure: &Failure) -> String {
    let message = wrapped(&" ".repeat(indent), &failure.message);
    let drift = drift_text(indent + 2, &failure.drift);
    format!("{message}{drift}{}", reasons_text(indent + 2, &failure.message, &failure.causes, &advice(run, failure)))
}

/// What helps, in words, with what is typed for the run.
pub(in crate::display) fn advice(run: &RunId, failure: &Failure) -> Vec<String> {
    failure.advice.iter().map(|advice| Typed::of(run).advice(advice)).collect()
}

/// A failure for programs: its fields as in the journal, the advice in words.
pub(in crate::display) fn failure_json(failure: &Failure, advice: &[impl AsRef<str>]) -> Value {
    let mut told = json!(failure);
    told["advice"] = advice.iter().map(AsRef::as_ref).collect();
    told
}

/// What is said below a message in every form: `because` and `try`, each with a line. A line that only says the message
/// again, or one said before, is left out.
pub(in crate::display) fn reasons<'a>(
    message: &'a str,
    causes: &'a [String],
    hints: &'a [impl AsRef<str>],
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let all = causes
        .iter()
        .map(|line| ("because", line.trim()))
        .chain(hints.iter().map(|line| ("try", line.as_ref().trim())));
    let mut said: Vec<&str> = vec!["", message.trim()];
    all.filter(move |(_, line)| {
        let is_new = !said.contains(line);
        said.push(line);
        is_new
    })
}

/// The lines below the message.
pub(in crate::display) fn reasons_text(
    indent: usize,
    message: &str,
    causes: &[String],
    hints: &[impl AsRef<str>],
) -> String {
    let indent = " ".repeat(indent);
    let line = |(word, line)| hanging(&format!("{indent}{word}: "), indent.len() + 4, line);
    reasons(message, causes, hints).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let causes = ["it broke".to_owned(), "disk full".to_owned(), "disk full".to_owned()];
        let text = failure_text("it broke", &[], &causes, &["make room".into()]);
        assert_eq!(text, "error: it broke\n  because: disk full\n  try: make room\n");
    }
}
