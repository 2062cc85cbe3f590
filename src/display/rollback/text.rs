//! What a rollback will do: what is undone, in which order and how long that takes, what stays, and where that leaves the
//! site.

use crate::display::plan::spoken::Sentences;
use crate::display::rollback::sheet::RollbackSheet;
use crate::display::table::wrapped;
use crate::display::wording::place;
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, Step, Value};
use crate::plan::Plan;
use serde_json::json;

/// The rollback plan for people. `queue` is what has to be undone, in order, as the engine has it.
#[must_use]
pub fn rollback_text(
    plan: &Plan,
    state: &RunState,
    to: &RollbackTo,
    queue: &[ActionPath],
    sentences: Sentences<'_>,
) -> String {
    let sheet = RollbackSheet::new(plan, state, to, queue, sentences);
    let mut text = format!("rollback of run {} to {}\n", state.run, place(plan, to));
    if queue.is_empty() {
        text.push_str("  nothing is to be undone\n");
    } else {
        text.push_str(&format!("  {}, in this order:\n", sheet.size()));
    }
    let digits = queue.len().to_string().len();
    for (n, undo) in sheet.undone.iter().enumerate() {
        let heading = format!("  {:>digits$}. {}: ", n + 1, undo.action);
        let usual = if undo.usual.seconds > 0 { format!(", usually {}", undo.usual.told()) } else { String::new() };
        text.push_str(&wrapped(&heading, &format!("{}{usual}", undo.does)));
    }
    if let Some(meanwhile) = sheet.meanwhile().filter(|_| !queue.is_empty()) {
        text.push_str(&wrapped("  ", &meanwhile));
    }
    text.push_str(&stays(&sheet.kept));
    for (action, does) in &sheet.stopped {
        text.push_str(&wrapped("  stays stopped: ", &format!("{does} ({action})")));
    }
    if sheet.ways.is_empty() {
        text.push_str(&format!("  afterwards {}\n", sheet.afterwards));
        return text;
    }
    text.push_str(&format!("  afterwards {}; the way back to service is one of\n", sheet.afterwards));
    for way in &sheet.ways {
        let why = format!("{}, usually in {}", way.why, way.usual.told());
        text.push_str(&format!("      {}\n{}", way.command, wrapped("          ", &why)));
    }
    text
}

fn stays(kept: &[&Step]) -> String {
    let kept: Vec<String> = kept.iter().map(|s| format!("{} {}", s.number, s.id)).collect();
    if kept.is_empty() {
        return "  nothing stays done\n".into();
    }
    wrapped("  stays done: ", &format!("step {}", kept.join(", ")))
}

/// The rollback plan for programs; docs/plan.md lists its fields. Fields are only ever added.
#[must_use]
pub fn rollback_json(
    plan: &Plan,
    state: &RunState,
    to: &RollbackTo,
    queue: &[ActionPath],
    sentences: Sentences<'_>,
) -> Value {
    let sheet = RollbackSheet::new(plan, state, to, queue, sentences);
    let actions = sheet.undone.iter().map(|undo| {
        json!({
            "action": undo.action,
            "undo": undo.does,
            "cleans_up": undo.cleans_up,
            "usual_s": undo.usual.seconds,
            "usual_from": undo.usual.source_json(),
        })
    });
    let ways = sheet.ways.iter().map(|way| {
        json!({
            "command": way.command,
            "why": way.why,
            "usual_s": way.usual.seconds,
            "usual_from": way.usual.source_json(),
        })
    });
    json!({
        "run": state.run,
        "to": to,
        "undo": queue,
        "actions": actions.collect::<Vec<_>>(),
        "usual_s": sheet.usual.seconds,
        "usual_from": sheet.usual.source_json(),
        "downtime_s": sheet.down.seconds,
        "downtime_from": sheet.down.source_json(),
        "up_again_s": sheet.up_again.as_ref().map(|(_, usual)| usual.seconds),
        "up_again_by": sheet.up_again.as_ref().map(|(action, _)| action),
        "site": sheet.site,
        "stays_done": sheet.kept.iter().map(|step| &step.id).collect::<Vec<_>>(),
        "stays_stopped": sheet.stopped.iter().map(|(action, _)| action).collect::<Vec<_>>(),
        "ways_back": ways.collect::<Vec<_>>(),
    })
}
