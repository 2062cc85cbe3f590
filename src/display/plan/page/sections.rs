//! The page's sections around the steps: verdict, totals, warnings, inputs, and where the plan comes from.

use crate::display::plan::guards;
use crate::display::plan::order_of_work::with_site;
use crate::display::plan::page::checks;
use crate::display::plan::page::markup::{Element, Html, el, prose, rich, text, titled};
use crate::display::plan::sheet::{Sheet, SheetVerdict};
use crate::display::plan::usual::Stretch;
use crate::display::run::failure;
use crate::display::table::count;
use crate::display::time::rough;
use crate::model::{ActionPath, CheckRow, Failure};
use crate::plan::Order;

/// What the words after each duration mean.
pub(in crate::display) const DURATIONS: &str = "Durations: (default) is what comes with the tool for each kind of action; (from 3 \
                                    runs here) is the median of what this journal has of 3 runs in this account and \
                                    region. A person who is waited for takes as long as it takes.";

pub(in crate::display) fn verdict(sheet: &Sheet<'_>) -> Element {
    let (mood, sign) = match &sheet.verdict {
        SheetVerdict::Clear { .. } => ("verdict clear", "✓"),
        SheetVerdict::NotLooked => ("verdict open", "?"),
        SheetVerdict::Refused(..) => ("verdict refused", "✗"),
    };
    let heading = el("h2")
        .id("verdict-heading")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .text(&sheet.verdict.headline());
    let warned = (!sheet.warnings.is_empty()).then(|| {
        el("p").child(el("a").link("warnings").text(&count(sheet.warnings.len(), "warning"))).text(" to read first.")
    });
    let refusals = match &sheet.verdict {
        SheetVerdict::Refused(all, rows) => refusals(all, rows),
        _ => Html::default(),
    };
    let section = el("section").id("verdict").class(mood).attr("aria-labelledby", "verdict-heading");
    section.child(heading).child(el("p").text(&sheet.verdict.evidence())).child(refusals).child(warned)
}

/// All that refuses, each with its causes; then what helps, for one cure often helps several.
fn refusals(all: &[(&ActionPath, &Failure)], rows: &[&CheckRow]) -> Html {
    let mut html = Html::from(el("ul").class("refusals").child(checks::refusals(rows)).children(all.iter().map(
        |(path, failure)| {
            let message = el("p").class("what").child(anchor(path)).text(": ").rich(&failure.message);
            el("li").child(message).child(causes(failure))
        },
    )));
    let mut cures: Vec<&str> = Vec::new();
    for cure in rows
        .iter()
        .flat_map(|row| row.advice.iter().map(String::as_str))
        .chain(all.iter().flat_map(|(_, failure)| failure.by_hand()))
    {
        if !cures.contains(&cure) {
            cures.push(cure);
        }
    }
    if !cures.is_empty() {
        html.add(el("p").child(el("b").text("What helps")));
        html.add(el("ul").class("refusals").children(cures.into_iter().map(|cure| el("li").rich(cure))));
    }
    html
}

/// Why something refuses and what helps.
pub(in crate::display) fn reasons(failure: &Failure) -> Html {
    failure::reasons(&failure.message, &failure.causes, &failure.by_hand()).map(reason).collect()
}

/// Why something refuses.
fn causes(failure: &Failure) -> Html {
    failure::reasons(&failure.message, &failure.causes, &[""; 0]).map(reason).collect()
}

fn reason((word, line): (&'static str, &str)) -> Element {
    el("p").class(word).child(el("b").text(word)).text(": ").rich(line)
}

pub(in crate::display) fn totals(sheet: &Sheet<'_>) -> Element {
    let timing = &sheet.timing;
    let usual = card(
        "Usually takes",
        &rough(timing.usual.seconds),
        [
            text(&sentence(&timing.usual.source())),
            text(&format!(
                "The limits of all waits add up to {}; a wait that reaches its own counts as failed.",
                rough(timing.longest_s)
            )),
        ],
    );
    let down = match timing.down_usual.seconds {
        0 => card("Site down", "not at all", [text("Every action leaves the site up.")]),
        seconds => {
            let source = std::iter::once(text(&sentence(&timing.down_usual.source())));
            card("Site down", &rough(seconds), source.chain(timing.down.iter().map(|it| stretch(sheet, it))))
        }
    };
    let back = sheet.ways_back();
    let (first, others) = back.split_first().map_or(("", [].as_slice()), |(first, others)| (first.as_str(), others));
    let back = card("Way back", first, others.iter().map(|line| text(line)));
    titled("totals", "In all")
        .child(el("dl").class("cards").child(usual).child(sheet.takes_a_site_down().then_some(down)).child(back))
        .child(el("p").class("note").text(DURATIONS))
}

/// Where a number comes from, as a sentence of its own.
fn sentence(source: &str) -> String {
    match source {
        "default" => "By default.".to_owned(),
        measured => format!("Measured {measured}."),
    }
}

fn card(name: &str, value: &str, more: impl IntoIterator<Item = Html>) -> Element {
    let more = more.into_iter().map(|line| el("dd").child(line));
    el("div").child(el("dt").text(name)).child(el("dd").class("value").text(value)).children(more)
}

fn stretch(sheet: &Sheet<'_>, stretch: &Stretch<'_>) -> Html {
    let place = |path: &ActionPath| {
        let number = sheet.plan.number(path.step());
        let link = el("a").link(format_args!("step-{number}")).text(&format!("step {number}"));
        link.text(" ").child(el("code").text(&path.to_string()))
    };
    let mut html = text("From ");
    html.add(place(stretch.window.begins));
    match stretch.window.ends {
        Some(end) => {
            html.add(text(" until "));
            html.add(place(end));
            html.add(text(" is done."));
        }
        None => html.add(text(" to the end.")),
    }
    html
}

pub(in crate::display) fn warnings(sheet: &Sheet<'_>) -> Html {
    if sheet.warnings.is_empty() {
        return Html::default();
    }
    let items = sheet.warnings.iter().map(|warning| {
        el("li").child(el("span").class("sign").attr("aria-hidden", "true").text("!")).child(el("span").rich(warning))
    });
    titled("warnings", "Warnings").child(el("ul").children(items)).into()
}

pub(in crate::display) fn about(sheet: &Sheet<'_>) -> Html {
    let about = &sheet.plan.runbook.about;
    if about.trim().is_empty() {
        return Html::default();
    }
    titled("about", "What it does").child(prose(about)).into()
}

pub(in crate::display) fn inputs(sheet: &Sheet<'_>) -> Html {
    let inputs = sheet.inputs();
    if inputs.is_empty() {
        return Html::default();
    }
    let rows = inputs.into_iter().map(|input| {
        let value = el("td").class(if input.in_words { "words" } else { "given" });
        el("tr")
            .child(el("th").attr("scope", "row").child(el("code").text(&input.name)))
            .child(if input.in_words { value.rich(&input.value) } else { value.text(&input.value) })
            .child(el("td").rich(&input.about))
    });
    let heads = ["Input", "Value", "What it is for"].map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("What the operator gave, and what stands where nothing was given"))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    titled("inputs", "Inputs").child(table).into()
}

/// What must hold between steps.
pub(in crate::display) fn guards(sheet: &Sheet<'_>) -> Html {
    let all = guards::shown(sheet.plan);
    if all.is_empty() {
        return Html::default();
    }
    let rows = all.into_iter().map(|guard| {
        let cell = |told: &str| el("td").rich(told);
        el("tr")
            .child(el("th").attr("scope", "row").child(el("code").text(guard.id)))
            .child(cell(&guard.what))
            .child(cell(&guard.holds))
            .child(cell(&guard.asks))
            .child(cell(&guard.looks))
    });
    let heads = ["Guard", "What must hold", "Where", "Asked by", "Looks"];
    let heads = heads.map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text(guards::WHAT_FOR))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    titled("guards", "Guards").child(table).into()
}

/// Who works when, where the steps do not tell it.
pub(in crate::display) fn work(sheet: &Sheet<'_>) -> Html {
    if sheet.work.is_empty() {
        return Html::default();
    }
    let rows = sheet.work.iter().map(|work| {
        let after = work.after.map_or_else(|| text("at once"), |after| anchor(after).into());
        let cells = vec![
            el("td").text(&work.span()),
            el("td").text(work.site()),
            el("th").attr("scope", "row").child(anchor(work.action)),
            el("td").child(after),
        ];
        el("tr").children(with_site(sheet.takes_a_site_down(), 1, cells))
    });
    let heads = with_site(sheet.takes_a_site_down(), 1, vec!["From and to", "Site", "Action", "Begins after"]);
    let heads = heads.into_iter().map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("If everything takes as long as usual, in hours, minutes and seconds"))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    titled("work", "Who works when").child(table).into()
}

pub(in crate::display) fn facts(sheet: &Sheet<'_>) -> Element {
    let rows = sheet
        .facts()
        .into_iter()
        .map(|(name, value)| el("div").child(el("dt").text(name)).child(el("dd").text(&value)));
    titled("origin", "This plan").child(el("dl").class("facts").children(rows))
}

/// A link to an action.
pub(in crate::display) fn anchor(path: &ActionPath) -> Element {
    el("a").link(path).child(el("code").text(&path.to_string()))
}

/// How a plan is gone through, for the timeline.
pub(in crate::display) fn pace(order: Order) -> Html {
    rich(match order {
        Order::Article => "One action at a time, as written: every step is on the critical path.",
        Order::LeastDowntime => {
            "What can be done before the site goes down is done before, what can wait until it is back waits; the critical path \
             decides how long it takes."
        }
        Order::Overlap => {
            "What does not need each other runs at the same time; the critical path decides how long it takes."
        }
    })
}
