//! Bars on a terminal: finished things as lines that scroll away, below them one line for the step and one for each
//! running action.
//!
//! Every line is cut to the terminal's width, so that nothing wraps and redrawing touches a few lines only.

use super::look::{Look, Mark, one_line};
use super::narrator::{About, Narrator, Said};
use super::time::duration;
use crate::event::Event;
use crate::journal::RecordKind;
use crate::model::{ActionPath, Millis, Phase, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How often the terminal is drawn at most, a second; a cutover's waits last minutes.
const DRAWS: u8 = 10;
/// How often spinners turn and elapsed times move on.
const TICK: Duration = Duration::from_millis(250);
/// The width that is assumed where the terminal does not tell it.
const USUAL_WIDTH: usize = 80;

pub(super) struct Bars {
    look: Look,
    multi: MultiProgress,
    overall: Option<ProgressBar>,
    running: BTreeMap<ActionPath, ProgressBar>,
    begun: BTreeMap<ActionPath, Millis>,
}

impl Bars {
    pub(super) fn new(look: Look) -> Self {
        let multi = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS));
        Self { look, multi, overall: None, running: BTreeMap::new(), begun: BTreeMap::new() }
    }

    pub(super) fn show(&mut self, narrator: &mut Narrator, event: &Event) {
        for said in narrator.hear(event) {
            self.tell(narrator, &said);
        }
        match event {
            Event::Progress { action, note, .. } => self.run(action, note),
            Event::Working { action, phase: Phase::Observe, .. } => self.run(action, "looking"),
            Event::Working { action, .. } => self.run(action, "waiting until it is complete"),
            Event::Stopping { .. } => {}
            Event::Recorded(record) => match &record.kind {
                RecordKind::Started { action, .. } => {
                    self.begun.insert(action.clone(), record.at);
                    let does = narrator.does(action);
                    self.run(action, &does);
                }
                RecordKind::UndoStarted { action, .. } => {
                    self.begun.insert(action.clone(), record.at);
                    self.run(action, "undoing");
                }
                RecordKind::Failed { action, retry_at: Some(_), failure, .. }
                | RecordKind::UndoFailed { action, retry_at: Some(_), failure, .. } => {
                    self.run(action, &format!("to be tried again: {}", failure.message));
                }
                RecordKind::Applied { .. } => {}
                RecordKind::Rested { .. } => self.finish(),
                kind => {
                    if let Some(bar) = kind.action().and_then(|action| self.running.remove(action)) {
                        bar.finish_and_clear();
                        self.multi.remove(&bar);
                    }
                }
            },
        }
    }

    pub(super) fn finish(&mut self) {
        for (_, bar) in std::mem::take(&mut self.running) {
            bar.finish_and_clear();
        }
        if let Some(bar) = self.overall.take() {
            bar.finish_and_clear();
        }
        let _ = self.multi.clear();
    }

    fn tell(&mut self, narrator: &Narrator, said: &Said) {
        match &said.about {
            About::Run => self.above(said.mark, "", &said.text),
            About::StepBegins(step) => self.overall(narrator, step, said.mark),
            About::StepEnds(step) => {
                let title = narrator.step(step).map_or("", |s| s.title.as_str());
                let text = format!("step {}  {step}  {title}  {}", narrator.number(step), said.text);
                self.above(said.mark, "", &text);
            }
            About::Action(action) => {
                let quiet = said.mark == Mark::Plain || said.text.starts_with("undo started");
                if !quiet {
                    let took = self.begun.get(action).map(|at| duration(said.at.saturating_sub(*at)));
                    let took = took.map_or_else(String::new, |t| format!("  {t}"));
                    let (first, more) = said.text.split_once('\n').unwrap_or((&said.text, ""));
                    let first = first.strip_prefix("done: ").unwrap_or(first);
                    self.above(said.mark, "  ", &format!("{}{took}  {first}\n{more}", action.name()));
                }
            }
        }
    }

    /// The line for the whole run: the step it is at.
    fn overall(&mut self, narrator: &Narrator, step: &StepId, mark: Mark) {
        let title = narrator.step(step).map_or("", |s| s.title.as_str());
        let text = format!("step {}  {step}  {title}", narrator.number(step));
        let text = format!("{} {}", self.look.mark(mark), self.look.cut(&text, self.columns().saturating_sub(3)));
        let bar = self.overall.get_or_insert_with(|| {
            let bar = self.multi.insert(0, ProgressBar::new_spinner());
            bar.set_style(style("{wide_msg}"));
            bar
        });
        bar.set_message(text);
        bar.tick();
    }

    /// The line of a running action.
    fn run(&mut self, action: &ActionPath, note: &str) {
        let note = one_line(note);
        if let Some(bar) = self.running.get(action) {
            bar.set_message(note);
            return;
        }
        let bar = self.multi.add(ProgressBar::new_spinner());
        let ticks = if self.look.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
        let elapsed = |state: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&duration(i64::try_from(state.elapsed().as_millis()).unwrap_or(i64::MAX)));
        };
        bar.set_style(style("  {spinner} {prefix}  {took}  {wide_msg}").tick_chars(ticks).with_key("took", elapsed));
        bar.set_prefix(action.name().to_owned());
        bar.set_message(note);
        bar.enable_steady_tick(TICK);
        self.running.insert(action.clone(), bar);
    }

    /// A line above the bars, for good; further lines of the text below it.
    fn above(&self, mark: Mark, indent: &str, text: &str) {
        let wide = self.columns().saturating_sub(indent.len() + 3);
        let mut lines = text.lines();
        let first = self.look.cut(lines.next().unwrap_or_default(), wide);
        let symbol = self.look.paint(mark, self.look.mark(mark));
        let _ = self.multi.println(format!("{indent}{symbol} {first}"));
        for line in lines.filter(|l| !l.trim().is_empty()) {
            let _ = self.multi.println(format!("{indent}    {line}"));
        }
    }

    fn columns(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stderr());
        size.ok().map(|s| usize::from(s.ws_col)).filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH)
    }
}

/// A bar's style; the templates are constants of this file, and a wrong one leaves a plain spinner.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
