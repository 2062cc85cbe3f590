//! The report's time line: for each step what was planned and what was, on one axis of time at work. Pauses, in which nobody was at
//! the run, are left out of it. The words say all that the bars show.

use super::sheet::{ReportSheet, ReportedStep};
use crate::display::plan::page::markup::{Element, Html, el, titled};
use crate::display::time::{duration, rough};
use crate::journal::{Execution, Rest};
use crate::model::Millis;

/// How wide a bar's drawing is, in its own units.
const WIDTH: i64 = 10_000;

/// The least that a bar takes of it.
const THIN: i64 = 40;

/// Time at work: moments of the journal, without those in which nobody was at the run.
pub(in crate::display) struct AtWork {
    spans: Vec<(Millis, Millis)>,
}

impl AtWork {
    pub(in crate::display) fn of(executions: &[Execution], now: Millis) -> Self {
        Self { spans: executions.iter().map(|it| (it.begun, it.ended.unwrap_or(now).max(it.begun))).collect() }
    }

    /// How much work lay before a moment, in milliseconds.
    pub(in crate::display) fn before(&self, at: Millis) -> Millis {
        self.spans.iter().map(|(begun, ended)| at.clamp(*begun, *ended) - begun).sum()
    }

    /// All of it.
    pub(in crate::display) fn all(&self) -> Millis {
        self.spans.iter().map(|(begun, ended)| ended - begun).sum()
    }
}

pub(in crate::display) fn section(sheet: &ReportSheet<'_>) -> Element {
    let work = AtWork::of(sheet.history.executions(), sheet.of.now);
    let planned = i64::try_from(sheet.timing.usual.seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
    let whole = work.all().max(planned).max(1);
    let key = match (&sheet.seen, shaded(sheet).is_empty()) {
        (_, true) => None,
        (Some(_), false) => Some("shaded: the site did not answer"),
        (None, false) => Some("shaded: the site was down"),
    };
    let key = key.map(|told| el("span").class("key down").text(told));
    let legend = el("p")
        .class("legend")
        .text("Of each step dashed what was planned, full what was, by time at work; pauses are left out. ")
        .child(key);
    let ends = el("div")
        .class("axis")
        .attr("aria-hidden", "true")
        .child(el("div").child(el("span").text("0")).child(el("span").text(&duration(whole / 2))));
    let rows = sheet.steps.iter().map(|step| row(sheet, step, &work, whole));
    titled("timeline", "Time line").child(legend).child(ends).child(el("ol").class("bars").children(rows))
}

/// When the site was down: as its answers showed, where it was asked, else as the run's actions tell.
fn shaded(sheet: &ReportSheet<'_>) -> Vec<(Millis, Millis)> {
    let now = sheet.of.now;
    match &sheet.seen {
        Some(seen) => seen.iter().map(|it| (it.begun, it.ended.unwrap_or(now))).collect(),
        None => sheet.outages.iter().map(|it| (it.begun, it.ended.unwrap_or(now))).collect(),
    }
}

fn row(sheet: &ReportSheet<'_>, step: &ReportedStep<'_>, work: &AtWork, whole: Millis) -> Element {
    let slot = sheet.timing.of_step(step.step);
    let spells = || step.actions.iter().flat_map(|action| action.spells.iter().copied());
    let took: Millis = step.actions.iter().filter_map(|action| action.took).map(|took| took.work).sum();
    let words = match spells().map(|(begun, _)| begun).min() {
        None => {
            let is_over = sheet.of.state.rest.as_ref().is_some_and(Rest::is_over);
            let so_far = if is_over { "did not run" } else { "has not run yet" };
            format!("planned for {}, {so_far}", rough(slot.end_s.saturating_sub(slot.begin_s)))
        }
        Some(begun) => format!(
            "after {}, worked at for {}; planned after {} for {}",
            duration(work.before(begun)),
            duration(took),
            rough(slot.begin_s),
            rough(slot.end_s.saturating_sub(slot.begin_s)),
        ),
    };
    let name = el("a")
        .class("name")
        .link(format_args!("step-{}", step.step.number))
        .child(el("span").class("number").text(&step.step.number.to_string()))
        .text(" ")
        .child(el("span").rich(&step.step.title));
    el("li")
        .child(el("div").class("label").child(name).child(el("span").class("when").text(&words)))
        .child(el("div").class("track").child(bars(sheet, (slot.begin_s, slot.end_s), spells(), (work, whole), &words)))
}

fn bars(
    sheet: &ReportSheet<'_>,
    planned: (u64, u64),
    spells: impl Iterator<Item = (Millis, Millis)>,
    (work, whole): (&AtWork, Millis),
    told: &str,
) -> Html {
    let at = |ms: Millis| ms.clamp(0, whole).saturating_mul(WIDTH) / whole;
    let rect = |class: &'static str, begin: i64, end: i64, (y, height): (i64, i64)| {
        el("rect")
            .class(class)
            .attr("x", begin.min(WIDTH - THIN))
            .attr("y", y)
            .attr("width", (end - begin).max(THIN))
            .attr("height", height)
            .attr("vector-effect", "non-scaling-stroke")
    };
    let seconds = |s: u64| i64::try_from(s).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
    let shades = shaded(sheet)
        .into_iter()
        .map(|(begun, ended)| rect("shade", at(work.before(begun)), at(work.before(ended)), (0, 28)));
    let slot = rect("slack", at(seconds(planned.0)), at(seconds(planned.1)), (3, 9));
    let actual =
        spells.map(|(begun, ended)| rect("critical", at(work.before(begun)), at(work.before(ended)), (15, 10)));
    el("svg")
        .attr("viewBox", format_args!("0 0 {WIDTH} 28"))
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-label", told)
        .children(shades)
        .child(slot)
        .children(actual)
        .into()
}

#[cfg(test)]
mod tests {
    use super::AtWork;

    #[test]
    fn pauses_are_no_work() {
        let work = AtWork { spans: vec![(100, 200), (1_000, 1_050)] };
        assert_eq!(work.all(), 150);
        let before: Vec<i64> = [0, 100, 150, 200, 600, 1_000, 1_020, 9_999].map(|at| work.before(at)).into();
        assert_eq!(before, [0, 0, 50, 100, 100, 100, 120, 150]);
    }
}
