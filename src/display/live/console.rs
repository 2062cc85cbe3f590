//! The display of a run that is being executed: bars, lines or JSON.

use crate::display::live::bars::Bars;
use crate::display::live::lines::PlainLines;
use crate::display::live::narrator::Narrator;
pub use crate::display::live::narrator::Sentence;
use crate::display::terminal::{Terminal, is_dumb};
use crate::event::Event;
use crate::journal::{History, RunState};
use crate::model::Pace;
use crate::plan::Plan;
use std::io::{self, IsTerminal, Write};

/// How a run is shown while it is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleMode {
    /// Bars and spinners on standard error, which is a terminal.
    Bars,
    /// Plain lines on standard error.
    Lines,
    /// Each event as one line of JSON on standard output; fields are only ever added.
    Json,
}

impl ConsoleMode {
    /// JSON when asked for; bars when standard error is a terminal that can show them; lines otherwise.
    #[must_use]
    pub fn choose(json: bool) -> Self {
        if json {
            ConsoleMode::Json
        } else if io::stderr().is_terminal() && !is_dumb() {
            ConsoleMode::Bars
        } else {
            ConsoleMode::Lines
        }
    }
}

/// Shows what happens to a run. It never fails: where nobody reads, the run goes on.
pub struct Console {
    narrator: Narrator,
    face: Face,
}

enum Face {
    Bars(Bars),
    Lines(PlainLines),
    Json(Box<dyn Write + Send>),
}

impl Console {
    /// A display of a run that stands at `state`, after what its history tells.
    #[must_use]
    pub fn new(mode: ConsoleMode, plan: &Plan, state: &RunState, history: History) -> Self {
        let face = match mode {
            ConsoleMode::Bars => Face::Bars(Bars::new(Terminal::of_environment(true))),
            ConsoleMode::Lines => Face::Lines(PlainLines::new(Box::new(io::stderr()))),
            ConsoleMode::Json => Face::Json(Box::new(io::stdout())),
        };
        Self { narrator: Narrator::new(plan, state, history), face }
    }

    /// A display of a run from its beginning that writes elsewhere: lines, or JSON.
    #[must_use]
    pub fn to_writer(json: bool, plan: &Plan, state: &RunState, out: Box<dyn Write + Send>) -> Self {
        let face = if json { Face::Json(out) } else { Face::Lines(PlainLines::new(out)) };
        Self { narrator: Narrator::new(plan, state, History::default()), face }
    }

    /// With sentences that say what an action does; else its title, or the name of its kind, has to do.
    #[must_use]
    pub fn with_sentences(mut self, sentence: Sentence) -> Self {
        self.narrator.sentence = Some(sentence);
        self
    }

    /// With expected times at this pace.
    #[must_use]
    pub fn at_pace(mut self, pace: Pace) -> Self {
        self.narrator.pace = pace;
        self
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) {
        match &mut self.face {
            Face::Bars(bars) => bars.show(&mut self.narrator, event),
            Face::Lines(lines) => lines.show(&mut self.narrator, event),
            Face::Json(out) => {
                if let Ok(text) = serde_json::to_string(event) {
                    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
                }
            }
        }
    }

    /// Ends the display and leaves the terminal as it was. Dropping it does the same.
    pub fn finish(&mut self) {
        if let Face::Bars(bars) = &mut self.face {
            bars.finish();
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.finish();
    }
}
