//! The guards of a plan, worded the same for every form: what must hold, where, how it is asked, and what is a break.

use crate::display::pending_value::parameter;
use crate::display::table::{count, wrapped};
use crate::display::terminal::one_line;
use crate::display::time::duration;
use crate::display::wording::first_sentence;
use crate::model::{Guard, Millis, Value};
use crate::plan::Plan;
use serde_json::{Map, json};

/// What all guards are for, as a sentence.
pub(in crate::display) const WHAT_FOR: &str =
    "A guard that is broken keeps the run from its next effect, never in the middle of one.";

/// A guard as a reader judges it. Texts may hold names in backticks.
pub(in crate::display) struct GuardShown<'a> {
    pub(in crate::display) id: &'a str,
    /// What must hold.
    pub(in crate::display) what: String,
    /// Where, and for how many effects.
    pub(in crate::display) holds: String,
    /// The probe with its parameters.
    pub(in crate::display) asks: String,
    /// How often, and what is a break.
    pub(in crate::display) looks: String,
}

/// The guards, in the runbook's order.
pub(in crate::display) fn shown(plan: &Plan) -> Vec<GuardShown<'_>> {
    plan.guarded().into_iter().map(|(guard, effects)| one(plan, guard, effects)).collect()
}

fn one<'a>(plan: &'a Plan, guard: &'a Guard, effects: usize) -> GuardShown<'a> {
    let spec = guard.kind.spec();
    let given = guard.with.iter().map(|(name, given)| format!("{name}: {}", parameter(plan, None, name, given)));
    let asks: Vec<String> = [format!("`{}`", guard.kind)].into_iter().chain(given).collect();
    let times = match guard.times {
        1 => "one bad look is a break".to_owned(),
        times => format!("{times} bad looks in a row are a break"),
    };
    GuardShown {
        id: &guard.id,
        what: guard.title.as_deref().map_or_else(|| first_sentence(&spec.about), one_line),
        holds: format!("{}: before {}", guard.told_range(), count(effects, "effect")),
        asks: asks.join(", "),
        looks: format!("a look is at most {} old, and {times}", every(guard)),
    }
}

fn every(guard: &Guard) -> String {
    duration(Millis::try_from(guard.every_ms).unwrap_or(Millis::MAX))
}

/// The section of the plan for people.
pub(in crate::display) fn text(plan: &Plan) -> String {
    let all = shown(plan);
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}", wrapped("guards: ", WHAT_FOR));
    for guard in all {
        out.push_str(&wrapped(&format!("  {}: ", guard.id), &guard.what));
        out.push_str(&wrapped("      holds ", &guard.holds));
        out.push_str(&wrapped("      asks ", &guard.asks));
        out.push_str(&wrapped("      ", &guard.looks));
    }
    out
}

/// The same for programs.
pub(in crate::display) fn json(plan: &Plan) -> Vec<Value> {
    let of = |(guard, effects): (&Guard, usize)| {
        let with = guard.with.iter();
        let with = with.map(|(name, given)| (name.clone(), parameter(plan, None, name, given).as_str().into()));
        json!({
            "id": guard.id,
            "kind": guard.kind,
            "title": guard.title,
            "from": guard.from,
            "until": guard.until,
            "with": with.collect::<Map<String, Value>>(),
            "every_ms": guard.every_ms,
            "times": guard.times,
            "effects": effects,
        })
    };
    plan.guarded().into_iter().map(of).collect()
}
