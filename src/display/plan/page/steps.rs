//! The steps, to fold and unfold: why, what each action does, what was seen, its parameters, the way back.

use crate::display::plan::page::changes::changes;
use crate::display::plan::page::markup::{Element, Html, el, prose, rich, rich_text, titled};
use crate::display::plan::page::sections::{anchor, reasons};
use crate::display::plan::sheet::{Back, Sheet, SheetAction, SheetStep, SiteDuring};
use crate::display::plan::spoken::too_early;
use crate::display::table::count;
use crate::display::time::rough;
use crate::model::{ActionPath, Found};
use crate::plan::Look;

pub(in crate::display) fn section(sheet: &Sheet<'_>) -> Element {
    let tool = |what: &'static str, words| el("button").attr("type", "button").attr("data-fold", what).text(words);
    let tools = el("div").class("tools").id("fold").flag("hidden", true);
    let tools = tools.child(tool("open", "Unfold all")).child(tool("shut", "Fold all"));
    titled("steps", "Steps").child(tools).children(sheet.steps.iter().map(step))
}

fn step(step: &SheetStep<'_>) -> Html {
    let refused = step.actions.iter().filter(|a| matches!(a.look, Some(Look::Refused(_)))).count();
    let lossy = step.actions.iter().filter(|a| matches!(a.back, Back::Loss(_))).count();
    let mut tags = Html::default();
    if refused > 0 {
        let verb = if refused == 1 { "refuses" } else { "refuse" };
        tags.add(el("span").class("tag refused").text(&format!("{refused} {verb}")));
    }
    if step.site != SiteDuring::Up {
        tags.add(el("span").class("tag down").text(step.site.words()));
    }
    if step.no_return {
        tags.add(el("span").class("tag never").text("point of no return"));
    }
    if lossy > 0 {
        tags.add(el("span").class("tag loss").text("undone with a loss"));
    }
    let size = format!("{}, usually {}", count(step.actions.len(), "action"), step.usual.told());
    let number = step.step.number;
    let heading = el("h3")
        .child(el("span").class("number").text(&number.to_string()))
        .text(" ")
        .child(el("span").rich(&step.step.title));
    let summary = el("summary")
        .child(heading)
        .child(el("span").class("meta").child(el("code").text(step.step.id.as_str())).text(&format!(" · {size}")))
        .child(el("span").class("tags").child(tags));
    let why = (!step.step.why.trim().is_empty())
        .then(|| el("div").class("why").child(el("h4").text("Why")).child(prose(&step.step.why)));
    let after = step.after.map(|told| el("p").class("after").text(&format!("Once step {number} is done, {told}.")));
    let no_return = step.no_return.then(|| {
        let words = format!("Point of no return: once step {number} is done, no rollback reaches the time before it.");
        el("p").class("no-return").text(&words)
    });
    let body = el("div")
        .class("body")
        .child(no_return)
        .child(why)
        .child(
            step.step.on_failure.told().map(|told| el("p").class("on-failure").rich(&format!("If it fails: {told}."))),
        )
        .children(step.actions.iter().map(action))
        .child(after);
    el("details")
        .id(format_args!("step-{number}"))
        .class("step")
        .flag("open", refused > 0)
        .child(summary)
        .child(body)
        .into()
}

fn action(action: &SheetAction<'_>) -> Html {
    let path: &ActionPath = &action.action.path;
    let heading =
        el("h4").child(el("code").text(path.name())).child(el("span").class("kind").text(action.action.kind.as_str()));
    let rows = el("dl")
        .children(action.title.as_ref().map(|title| row("What for", rich(title))))
        .child(row("Does", rich_text(&action.does)))
        .children(action.look.map(|line| look(line, action.shown.after.as_ref())))
        .child(row("Undo", undo(action)))
        .child(row("Takes", rich(&duration(action))));
    el("article")
        .id(path)
        .attr("aria-label", format_args!("action {path}"))
        .child(heading)
        .child(rows)
        .child(changes(path, &action.shown.changes))
        .child(parameters(action))
        .into()
}

fn row(name: &str, value: impl Into<Html>) -> Element {
    el("div").child(el("dt").text(name)).child(el("dd").child(value))
}

fn duration(action: &SheetAction<'_>) -> String {
    let slot = action.slot;
    format!("usually {}, at most {}", action.usual.told(), rough(slot.longest_s))
}

fn look(line: &Look, after: Option<&ActionPath>) -> Element {
    let seen = |word: &'static str, evidence: &str| {
        let word = (!word.is_empty()).then(|| el("b").text(word));
        let mut html = Html::from(word);
        html.add(rich(evidence));
        html
    };
    match line {
        Look::Seen(finding) | Look::Done(finding) if after.is_some() => {
            let early = after.map(too_early).unwrap_or_default();
            row("Seen now", seen("", &format!("{}, but {early}", finding.evidence)))
        }
        Look::Seen(finding) | Look::Done(finding) => row(
            "Seen now",
            match finding.found {
                Found::Absent | Found::Otherwise => seen("", &finding.evidence),
                Found::Holds => seen("as wanted already: ", &finding.evidence),
                Found::InProgress => seen("under way already: ", &finding.evidence),
                Found::Unknown => seen("cannot be judged: ", &finding.evidence),
            },
        ),
        Look::Refused(failure) => {
            let message = el("p").class("what").child(el("b").text("refuses: ")).rich(&failure.message);
            row("Seen now", el("div").class("refusal").child(message).child(reasons(failure)))
        }
        Look::NotYet => row("Seen now", rich("can be looked at only after earlier actions have run")),
    }
}

fn undo(action: &SheetAction<'_>) -> Html {
    let marked = |class: &'static str, mark: &str, words: &str| {
        Html::from_iter([el("span").class(class).text(mark), el("span").rich(&format!(" {words}"))])
    };
    match &action.back {
        Back::Whole => rich_text(&action.undo),
        Back::Loss(what) => {
            let mut html = rich_text(&action.undo);
            html.add(el("br"));
            html.add(marked("tag loss", "with a loss", what));
            html
        }
        Back::Nothing(told) => rich_text(told),
        Back::Never(why) => marked("tag never", "cannot be undone", why),
    }
}

fn parameters(action: &SheetAction<'_>) -> Html {
    if action.parameters.is_empty() {
        return Html::default();
    }
    let rows = action.parameters.iter().map(|parameter| {
        el("tr").child(el("th").attr("scope", "row").child(el("code").text(&parameter.name))).child(
            if parameter.in_words {
                el("td").class("words").rich_text(&parameter.value)
            } else {
                el("td").class("given").text(parameter.value.as_str())
            },
        )
    });
    let later = action.parameters.iter().filter(|p| p.value.waits()).count();
    let more = if later > 0 { format!(", {later} known only later") } else { String::new() };
    let heads = ["Parameter", "Value"].map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("Parameters of ").child(anchor(&action.action.path)))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    let summary = el("summary").text(&format!("{}{more}", count(action.parameters.len(), "parameter")));
    el("details").class("parameters").child(summary).child(table).into()
}
