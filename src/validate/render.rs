//! Problems as text and as JSON.
//!
//! The text does not depend on the terminal's width, and has no colour unless asked. Control characters of the document
//! are not passed on: a terminal would obey them.

use super::problem::{Problem, Problems, Quote, Where};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Escape sequences, or nothing.
struct Ink {
    error: &'static str,
    frame: &'static str,
    help: &'static str,
    off: &'static str,
}

const PLAIN: Ink = Ink { error: "", frame: "", help: "", off: "" };
const COLOUR: Ink = Ink { error: "\x1b[1;31m", frame: "\x1b[1;34m", help: "\x1b[36m", off: "\x1b[0m" };

impl Problems {
    /// All problems as text for a person: message, place, the line with a mark under it, suggestion.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let ink = if colour { COLOUR } else { PLAIN };
        let mut text: String =
            self.list.iter().zip(&self.quotes).map(|(p, q)| self.one(p, q.as_ref(), &ink) + "\n").collect();
        let file = self.name.as_deref().map_or(String::new(), |n| format!(" in {}", clean(n)));
        match self.list.len() {
            1 => text.truncate(text.trim_end().len()),
            n => _ = write!(text, "{n} problems{file}"),
        }
        text.push('\n');
        text
    }

    /// All problems as data: `problems`, each with `message`, `place` and where there is one `suggestion`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let one = |problem: &Problem| {
            let place = match &problem.place {
                Where::At(p) => json!({ "file": self.name, "line": p.line, "column": p.column }),
                Where::In(name, p) => json!({ "file": name, "line": p.line, "column": p.column }),
                Where::Document => json!({ "file": self.name }),
                Where::Named(name) => json!({ "argument": name }),
            };
            let mut it = json!({ "message": problem.message, "place": place });
            if let Some(suggestion) = &problem.suggestion {
                it["suggestion"] = json!(suggestion);
            }
            it
        };
        json!({ "problems": self.list.iter().map(one).collect::<Vec<_>>() })
    }

    fn one(&self, problem: &Problem, quote: Option<&Quote>, ink: &Ink) -> String {
        let Ink { error, frame, help, off } = ink;
        let mut text = format!("{error}error{off}: {}\n", clean(&problem.message));
        let name = match &problem.place {
            Where::In(piece, _) => clean(piece),
            _ => clean(self.name.as_deref().unwrap_or("inputs")),
        };
        let mut margin = 1;
        match &problem.place {
            Where::Document if self.name.is_none() => {}
            Where::Document => _ = writeln!(text, " {frame}-->{off} {name}"),
            Where::Named(argument) => _ = writeln!(text, " {frame}-->{off} {}", clean(argument)),
            Where::At(place) | Where::In(_, place) => {
                margin = place.line.to_string().len();
                let pad = " ".repeat(margin);
                _ = writeln!(text, "{pad}{frame}-->{off} {name}:{}:{}", place.line, place.column);
                if let Some(Quote { line, before, width }) = quote {
                    let mark = format!("{}{}", " ".repeat(*before), "^".repeat(*width));
                    _ = writeln!(text, "{pad} {frame}|{off}");
                    _ = writeln!(text, "{frame}{} |{off} {}", place.line, clean(line).trim_end());
                    _ = writeln!(text, "{pad} {frame}|{off} {error}{mark}{off}");
                }
            }
        }
        if let Some(suggestion) = &problem.suggestion {
            let pad = " ".repeat(margin);
            _ = writeln!(text, "{pad} {frame}={off} {help}help{off}: {}", clean(suggestion));
        }
        text
    }
}

/// A text without control characters; a tab becomes one space, so that marks stay under what they mean.
fn clean(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' | '\n' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}
