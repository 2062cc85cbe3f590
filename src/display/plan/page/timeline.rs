//! The timeline: a list of the steps, each with its bar. The words say all that the bars show.

use crate::display::plan::page::markup::{Element, Html, el, titled};
use crate::display::plan::page::sections::pace;
use crate::display::plan::sheet::{Sheet, SheetStep, SiteDuring, Slot};
use crate::display::time::rough;
use crate::plan::Order;

/// How wide a bar's drawing is, in its own units.
const WIDTH: u64 = 10_000;

/// The least that a bar takes of it: one second in an hour must be seen.
const THIN: u64 = 40;

/// Distances between the marks of the axis, in seconds.
const TICKS: &[u64] = &[10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];

pub(in crate::display) fn section(sheet: &Sheet<'_>) -> Element {
    let axis = Axis::of(sheet.timing.usual.seconds);
    let legend = el("p").class("legend").child(pace(sheet.plan.order)).text(" ").child(key(sheet));
    let marks = (0..axis.count).map(|n| el("span").text(&if n == 0 { "0".into() } else { rough(n * axis.tick) }));
    let scale = el("div").class("axis").attr("aria-hidden", "true").child(el("div").children(marks));
    titled("timeline", "Timeline")
        .child(legend)
        .child(scale)
        .child(el("ol").class("bars").children(sheet.steps.iter().map(|step| row(sheet, step, &axis))))
}

/// What else than a full bar is drawn.
fn key(sheet: &Sheet<'_>) -> Option<Element> {
    match (sheet.timing.down_usual.seconds, sheet.plan.order) {
        (1.., _) => Some(el("span").class("key down").text("shaded: the site is down")),
        (_, Order::Overlap | Order::LeastDowntime) => {
            Some(el("span").class("key slack").text("dashed: could end later"))
        }
        _ => None,
    }
}

/// The axis: how far it goes, and its marks.
struct Axis {
    tick: u64,
    count: u64,
}

impl Axis {
    fn of(seconds: u64) -> Self {
        let tick = TICKS.iter().copied().find(|tick| seconds <= tick * 6).unwrap_or(seconds.div_ceil(6).max(1));
        Self { tick, count: seconds.div_ceil(tick).max(1) }
    }

    fn at(&self, seconds: u64) -> u64 {
        seconds.saturating_mul(WIDTH) / (self.tick * self.count)
    }
}

fn row(sheet: &Sheet<'_>, step: &SheetStep<'_>, axis: &Axis) -> Element {
    let slot = step.slot;
    let name = el("a")
        .class("name")
        .link(format_args!("step-{}", step.step.number))
        .child(el("span").class("number").text(&step.step.number.to_string()))
        .text(" ")
        .child(el("span").rich(&step.step.title));
    let begins = if step.done { "done".to_owned() } else { format!("after {}", rough(slot.begin_s)) };
    let mut words = format!("{begins}, usually {}", step.usual.told());
    match (sheet.plan.order, slot.slack_s) {
        _ if step.done => {}
        (Order::Article, _) => {}
        (_, 0) => words.push_str(", on the critical path"),
        (_, slack) => words.push_str(&format!(", could end {} later", rough(slack))),
    }
    let site = (step.site != SiteDuring::Up).then(|| el("span").class("tag down").text(step.site.words()));
    let back = step.no_return.then(|| el("span").class("tag never").text("point of no return"));
    el("li")
        .child(
            el("div").class("label").child(name).child(el("span").class("when").text(&words)).child(site).child(back),
        )
        .child(el("div").class("track").child(bar(sheet, slot, axis)))
}

fn bar(sheet: &Sheet<'_>, slot: Slot, axis: &Axis) -> Html {
    let told = format!("from {} to {}", rough(slot.begin_s), rough(slot.end_s));
    let rect = |class: &'static str, begin: u64, end: u64, y: u64, height: u64| {
        el("rect")
            .class(class)
            .attr("x", begin.min(WIDTH - THIN))
            .attr("y", y)
            .attr("width", end.saturating_sub(begin).max(THIN))
            .attr("height", height)
    };
    let down = sheet.timing.down.iter().map(|s| rect("shade", axis.at(s.begin_s), axis.at(s.end_s), 0, 28));
    let marks = (1..axis.count).map(|n| {
        let x = axis.at(n * axis.tick);
        el("line").attr("x1", x).attr("x2", x).attr("y1", 0).attr("y2", 28).attr("vector-effect", "non-scaling-stroke")
    });
    let class = if slot.slack_s == 0 { "critical" } else { "slack" };
    let own = rect(class, axis.at(slot.begin_s), axis.at(slot.end_s), 6, 16);
    el("svg")
        .attr("viewBox", format_args!("0 0 {WIDTH} 28"))
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", told)
        .children(down)
        .children(marks)
        .child(own.attr("vector-effect", "non-scaling-stroke"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_few_marks_and_room_for_all() {
        for seconds in [0, 1, 59, 61, 599, 3_601, 86_399, 700_000, 10_000_000] {
            let axis = Axis::of(seconds);
            assert!((1..=6).contains(&axis.count), "{seconds}: {}", axis.count);
            assert!(axis.at(seconds) <= WIDTH, "{seconds}");
        }
    }
}
