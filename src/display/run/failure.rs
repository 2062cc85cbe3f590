//! The one shape of an error: what failed, why (each cause once), what to do.

use crate::display::run::drift::drift_text;
use crate::display::table::{hanging, wrapped};
use crate::model::{Drift, Failure};

/// An error at the edge: `error: message`, the three-way view when the world has drifted, `  because: cause` lines,
/// `  try: hint` lines.
#[must_use]
pub fn failure_text(message: &str, drift: &[Drift], causes: &[String], hints: &[String]) -> String {
    format!("{}{}{}", wrapped("error: ", message), drift_text(2, drift), reasons_text(2, message, causes, hints))
}

/// A failure of an action under a heading like `clone-server/create-image: `.
pub(in crate::display) fn told(indent: usize, heading: &str, failure: &Failure) -> String {
    // A long heading must not push the message to the right edge.
    let message = wrapped(&" ".repeat(indent), &format!("{heading}{}", failure.message));
    let drift = drift_text(indent + 2, &failure.drift);
    format!("{message}{drift}{}", reasons_text(indent + 2, &failure.message, &failure.causes, &failure.advice))
}

/// What is said below a message in every form: `because` and `try`, each with a line. A line that only says the message
/// again, or one said before, is left out.
pub(in crate::display) fn reasons<'a>(
    message: &'a str,
    causes: &'a [String],
    hints: &'a [String],
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let all = causes.iter().map(|line| ("because", line.trim())).chain(hints.iter().map(|line| ("try", line.trim())));
    let mut said: Vec<&str> = vec!["", message.trim()];
    all.filter(move |(_, line)| {
        let is_new = !said.contains(line);
        said.push(line);
        is_new
    })
}

/// The lines below the message.
pub(in crate::display) fn reasons_text(indent: usize, message: &str, causes: &[String], hints: &[String]) -> String {
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
