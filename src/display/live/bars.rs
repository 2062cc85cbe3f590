//! Bars on a terminal: what has ended as lines that scroll away; below them one line for the step, and one for each
//! running action.
//!
//! The lines that are redrawn are cut to the terminal's width, so that nothing wraps and a redraw touches a few lines
//! only. What a person must read (failures, questions) is wrapped instead and stays.

use crate::display::live::narrator::{About, Narrator, Said};
use crate::display::run::tally::Tally;
use crate::display::run::took::{Took, Until};
use crate::display::table::{hanging_within, list};
use crate::display::terminal::{Symbol, Terminal, one_line, width};
use crate::display::time::duration;
use crate::event::Event;
use crate::journal::RecordKind;
use crate::model::{ActionPath, Millis, Phase, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

/// How often the terminal is drawn at most, a second; a cutover's waits last minutes.
const DRAWS: u8 = 10;
/// How often spinners turn and elapsed times move on.
const TICK: Duration = Duration::from_millis(250);
/// The width that is assumed where the terminal does not tell it.
const USUAL_WIDTH: usize = 80;
/// Columns of a running action's line beside its name and its note: spinner, elapsed time, spaces.
const TAKEN: usize = 2 + 2 + 2 + 7 + 2;

pub(in crate::display) struct Bars {
    look: Terminal,
    multi: MultiProgress,
    /// Tells the terminal's width, in columns, at this moment.
    columns: fn() -> usize,
    overall: Option<ProgressBar>,
    last_step: Option<StepId>,
    running: BTreeMap<ActionPath, ProgressBar>,
}

impl Bars {
    /// Bars on standard error.
    pub(in crate::display) fn new(look: Terminal) -> Self {
        Self::on(look, ProgressDrawTarget::stderr_with_hz(DRAWS), columns_of_stderr)
    }

    pub(in crate::display) fn on(look: Terminal, target: ProgressDrawTarget, columns: fn() -> usize) -> Self {
        let multi = MultiProgress::with_draw_target(target);
        Self { look, multi, columns, overall: None, last_step: None, running: BTreeMap::new() }
    }

    pub(in crate::display) fn show(&mut self, narrator: &mut Narrator, event: &Event) {
        for said in narrator.hear(event) {
            self.tell(narrator, &said);
        }
        match event {
            Event::Progress { action, note, .. } => self.run(narrator, action, note),
            Event::Working { action, phase: Phase::Observe, .. } => self.run(narrator, action, "looking"),
            Event::Working { action, .. } => self.run(narrator, action, "waiting until it is complete"),
            Event::Stopping { .. } => {}
            Event::Recorded(record) => self.recorded(narrator, &record.kind, record.at),
        }
    }

    pub(in crate::display) fn finish(&mut self) {
        let bars = std::mem::take(&mut self.running).into_values().chain(self.overall.take());
        for bar in bars {
            bar.finish_and_clear();
        }
        self.last_step = None;
        // A terminal that is gone cannot be cleared, and the run goes on.
        let _ = self.multi.clear();
    }

    fn recorded(&mut self, narrator: &Narrator, kind: &RecordKind, at: Millis) {
        match kind {
            RecordKind::Started { action, .. } => {
                let does = narrator.does(action);
                self.run(narrator, action, &does);
            }
            RecordKind::UndoStarted { action, .. } => self.run(narrator, action, "undoing"),
            RecordKind::Failed { action, retry_at: Some(again), failure, .. }
            | RecordKind::UndoFailed { action, retry_at: Some(again), failure, .. } => {
                let wait = duration(again.saturating_sub(at));
                self.run(narrator, action, &format!("waiting {wait} to try again: {}", failure.message));
            }
            RecordKind::Applied { .. } => {}
            RecordKind::Rested { .. } => self.finish(),
            kind => {
                if let Some(action) = kind.action() {
                    self.ended(narrator, action);
                }
            }
        }
    }

    fn tell(&mut self, narrator: &Narrator, said: &Said) {
        match &said.about {
            About::Run => self.above(said.mark, "", &said.text, false),
            About::StepBegins(step) => {
                self.last_step = Some(step.clone());
                self.overall(narrator);
            }
            About::StepEnds(step) => {
                let title = narrator.step(step).map_or_else(String::new, |s| one_line(&s.title));
                let text = format!("step {}  {step}  {title}  {}", narrator.number(step), said.text);
                self.above(said.mark, "", &text, true);
            }
            About::Action(action) => self.tell_action(narrator, action, said),
        }
    }

    fn tell_action(&mut self, narrator: &Narrator, action: &ActionPath, said: &Said) {
        let name = narrator.name(action);
        match said.mark {
            Symbol::Done | Symbol::Back if said.text.starts_with("undo started") => {}
            Symbol::Done | Symbol::Back => {
                let until = Until { now: said.at, executed: true };
                // What was only found took nobody any time.
                let took = Took::last_of_action(&narrator.history, action, until).filter(|took| !took.is_none());
                let took = took.map_or_else(String::new, |took| format!("  {}", took.text()));
                let text = said.text.strip_prefix("done: ").unwrap_or(&said.text);
                self.above(said.mark, "  ", &format!("{name}{took}  {}", one_line(text)), true);
            }
            // What begins is shown by its bar.
            Symbol::Plain | Symbol::Here => {}
            Symbol::Failed | Symbol::Doubt | Symbol::Person => {
                self.above(said.mark, "  ", &format!("{name}: {}", said.text), false);
            }
        }
    }

    /// The line for the whole run: the step it is at, or the steps.
    fn overall(&mut self, narrator: &Narrator) {
        let mut at: BTreeSet<usize> = self.running.keys().map(|a| narrator.plan.number(a.step())).collect();
        if at.is_empty() {
            at.extend(self.last_step.as_ref().map(|step| narrator.plan.number(step)));
        }
        let steps: Vec<_> = narrator.plan.runbook.steps.iter().filter(|s| at.contains(&s.number)).collect();
        let tally = Tally::of(&narrator.plan, &narrator.state);
        let what = match steps.as_slice() {
            [] => return,
            [step] => format!("step {}  {}  {}", narrator.number(&step.id), step.id, one_line(&step.title)),
            steps => {
                let numbers: Vec<usize> = steps.iter().map(|s| s.number).collect();
                let names: Vec<&StepId> = steps.iter().map(|s| &s.id).collect();
                format!("steps {} of {}  {}", list(&numbers), tally.steps, list(&names))
            }
        };
        let undo = if narrator.rolls_back() { "undo of " } else { "" };
        let done = format!("  {} of {} actions done", tally.actions_done, tally.actions);
        let room = (self.columns)().saturating_sub(3);
        let text = self.look.cut(&format!("{undo}{what}"), room);
        let rest = self.look.cut(&done, room.saturating_sub(width(&text)));
        let mark = if narrator.rolls_back() { Symbol::Back } else { Symbol::Here };
        let text = format!("{} {}{rest}", self.look.mark(mark), self.look.strong(&text));
        let bar = self.overall.get_or_insert_with(|| {
            let bar = self.multi.insert(0, ProgressBar::new_spinner());
            bar.set_style(style("{wide_msg}"));
            bar
        });
        if bar.message() != text {
            bar.set_message(text);
        }
    }

    /// The line of a running action.
    fn run(&mut self, narrator: &Narrator, action: &ActionPath, note: &str) {
        let name = self.look.cut(&narrator.name(action), (self.columns)() / 2);
        let room = (self.columns)().saturating_sub(width(&name) + TAKEN);
        let note = self.look.cut(&one_line(note), room);
        if let Some(bar) = self.running.get(action) {
            bar.set_message(note);
            return self.overall(narrator);
        }
        let ticks = if self.look.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
        let took = |state: &ProgressState, out: &mut dyn Write| {
            let elapsed = i64::try_from(state.elapsed().as_secs()).unwrap_or(i64::MAX / 1_000);
            // A text that cannot be written is left out.
            let _ = out.write_str(&duration(elapsed.saturating_mul(1_000)));
        };
        let bar = self.multi.add(ProgressBar::new_spinner());
        bar.set_style(style("  {spinner} {prefix}  {took}  {wide_msg}").tick_chars(ticks).with_key("took", took));
        bar.set_prefix(name);
        bar.set_message(note);
        bar.enable_steady_tick(TICK);
        self.running.insert(action.clone(), bar);
        self.overall(narrator);
    }

    fn ended(&mut self, narrator: &Narrator, action: &ActionPath) {
        if let Some(bar) = self.running.remove(action) {
            bar.finish_and_clear();
            self.multi.remove(&bar);
            self.overall(narrator);
        }
    }

    /// A text above the bars, for good: cut to one line, or wrapped.
    fn above(&self, mark: Symbol, indent: &str, text: &str, cut: bool) {
        let wide = (self.columns)().saturating_sub(1);
        let symbol = self.look.mark(mark);
        let inner = indent.len() + 2;
        let text = if cut {
            format!("{}\n", self.look.cut(text, wide.saturating_sub(inner)))
        } else {
            let (first, more) = text.split_once('\n').unwrap_or((text, ""));
            let first = hanging_within(wide.saturating_sub(inner), "", 2, first);
            let more = more.lines().map(|line| hanging_within(wide.saturating_sub(inner), "  ", 6, line));
            more.fold(first, |all, line| all + &line)
        };
        for (n, line) in text.lines().enumerate() {
            let start = if n == 0 { self.look.paint(mark, symbol) } else { " ".into() };
            // A terminal that is gone shows nothing, and the run goes on.
            let _ = self.multi.println(format!("{indent}{start} {line}"));
        }
    }
}

fn columns_of_stderr() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.ok().map(|s| usize::from(s.ws_col)).filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH)
}

/// A bar's style; the templates are constants of this file, and a wrong one leaves a plain spinner.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
