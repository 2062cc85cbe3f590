//! Plain lines with a time, for logs and pipes: no colour, no line ever taken back.

use crate::display::live::narrator::{About, Narrator, Said};
use crate::display::time::clock;
use crate::event::Event;
use crate::model::{ActionPath, Millis};
use std::collections::BTreeMap;
use std::io::Write;

/// A note of progress is told when it changes, and at most this often for one action, in milliseconds.
const NOTE_EVERY: Millis = 5_000;

pub(in crate::display) struct PlainLines {
    out: Box<dyn Write + Send>,
    notes: BTreeMap<ActionPath, (String, Millis)>,
}

impl PlainLines {
    pub(in crate::display) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, notes: BTreeMap::new() }
    }

    pub(in crate::display) fn show(&mut self, narrator: &mut Narrator, event: &Event) {
        for said in narrator.hear(event) {
            self.tell(narrator, &said);
        }
        if let Event::Progress { action, note, at } = event
            && self.is_news(action, note, *at)
        {
            let name = narrator.name(action);
            self.write(*at, "  ", &format!("{name}: {note}"));
        }
    }

    fn is_news(&mut self, action: &ActionPath, note: &str, at: Millis) -> bool {
        if let Some((last, when)) = self.notes.get(action)
            && (last == note || at.saturating_sub(*when) < NOTE_EVERY)
        {
            return false;
        }
        self.notes.insert(action.clone(), (note.to_owned(), at));
        true
    }

    fn tell(&mut self, narrator: &Narrator, said: &Said) {
        match &said.about {
            About::Run => self.write(said.at, "", &said.text),
            About::StepBegins(step) | About::StepEnds(step) => {
                let number = narrator.number(step).replace(" of ", "/");
                self.write(said.at, "", &format!("step {number} {step}: {}", said.text));
            }
            About::Action(action) => {
                self.notes.remove(action);
                let name = narrator.name(action);
                self.write(said.at, "  ", &format!("{name}: {}", said.text));
            }
        }
    }

    /// Where nobody reads any more the run goes on: what is shown is a comfort, the journal is the truth.
    fn write(&mut self, at: Millis, indent: &str, text: &str) {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let mut block = format!("{}  {indent}{}\n", clock(at), plain(first));
        for line in lines {
            block.push_str(&format!("          {indent}    {}\n", plain(line)));
        }
        let _ = self.out.write_all(block.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// Without control characters: a remote command's words must not steer a terminal.
fn plain(line: &str) -> String {
    line.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
