//! The limits of a run in words: until when it may go on, and why it does not any more.

use crate::display::table::wrapped;
use crate::display::time::{clock, date_time, rfc3339, rough};
use crate::journal::RunState;
use crate::model::{Limits, Millis, Overrun, Pace, Value};
use crate::plan::Plan;
use serde_json::json;

/// Lines on what a run must keep within, and when it must turn back for that; nothing where nobody has said.
pub(in crate::display) fn lines(plan: &Plan, state: &RunState, now: Millis) -> String {
    let Some(Limits { window, max_downtime_s }) = state.limits else { return String::new() };
    let window = window.map(|it| format!("its window is {} to {} UTC", date_time(it.begins), date_time(it.ends)));
    let downtime = max_downtime_s.map(|most_s| format!("the site may be down for {}", rough(most_s)));
    let said: Vec<String> = window.into_iter().chain(downtime).collect();
    if said.is_empty() {
        return String::new();
    }
    let by = plan.turn_back_by(state, Pace::USUAL, now).map(|at| format!("; {}", by(at))).unwrap_or_default();
    wrapped("  ", &format!("{}{by}", said.join(", ")))
}

/// Until when a run can turn back.
pub(in crate::display) fn by(at: Millis) -> String {
    format!("latest time to turn back {} UTC", clock(at))
}

/// The same for programs: `window` (`begins`, `ends`), `max_downtime_s`, `turn_back_by`; null where nobody has said.
pub(in crate::display) fn limits_json(plan: &Plan, state: &RunState, now: Millis) -> Value {
    state.limits.map_or(Value::Null, |Limits { window, max_downtime_s }| {
        json!({
            "window": window.map(|it| json!({ "begins": rfc3339(it.begins), "ends": rfc3339(it.ends) })),
            "max_downtime_s": max_downtime_s,
            "turn_back_by": plan.turn_back_by(state, Pace::USUAL, now).map(rfc3339),
        })
    })
}

/// Why the next effect is not begun, as a clause.
pub(in crate::display) fn overrun(overrun: &Overrun) -> String {
    match overrun {
        Overrun::Window { ends, next_s, back_s } => format!(
            "its window ends {} UTC, and what comes next usually takes {}, the way back after it {}",
            date_time(*ends),
            rough(*next_s),
            rough(*back_s)
        ),
        Overrun::Downtime { since, most_s, back_s, forward_s } => {
            let forward = forward_s.map_or_else(String::new, |s| format!(", on the way forward after {}", rough(s)));
            format!(
                "the site is down since {} UTC and may be for {} in all; on the way back it usually is up after {}{forward}",
                clock(*since),
                rough(*most_s),
                rough(*back_s)
            )
        }
    }
}

/// What it must keep within, as it is recorded.
pub(in crate::display) fn recorded(limits: &Limits) -> String {
    let window = match limits.window {
        Some(it) => format!("window {} to {} UTC", date_time(it.begins), date_time(it.ends)),
        None => "no window".to_owned(),
    };
    let downtime = match limits.max_downtime_s {
        Some(most_s) => format!("at most {} without the site", rough(most_s)),
        None => "any downtime".to_owned(),
    };
    format!("{window}, {downtime}")
}
