//! The page's section on the checks before the run.

use crate::display::plan::checks::{CheckStanding, ordered, tally, way_to_accept};
use crate::display::plan::page::markup::{Element, Html, el, titled};
use crate::display::plan::sheet::Sheet;
use crate::model::CheckRow;

pub(in crate::display) fn section(sheet: &Sheet<'_>) -> Html {
    if sheet.plan.checks.is_empty() {
        return Html::default();
    }
    let rows = ordered(sheet.plan).into_iter().map(|(standing, row)| {
        el("tr")
            .id(format_args!("check-{}", row.id))
            .child(el("th").attr("scope", "row").child(el("code").text(&row.id)))
            .child(el("td").child(word(standing)))
            .child(el("td").child(told(standing, row)))
    });
    let heads = ["Check", "Verdict", "What was seen"].map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("Asked by reading only, all of it, before anything is changed"))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    titled("checks", "Checks before the run")
        .child(el("p").text(&format!("{}.", tally(sheet.plan))))
        .child(table)
        .into()
}

fn word(standing: CheckStanding) -> Element {
    match standing {
        CheckStanding::Refuses => el("span").class("tag refused").text(standing.word()),
        CheckStanding::Accepted => el("span").class("tag loss").text(standing.word()),
        CheckStanding::Warns => el("span").class("tag down").text(standing.word()),
        CheckStanding::NotCheckable | CheckStanding::Passes => el("span").text(standing.word()),
    }
}

fn told(standing: CheckStanding, row: &CheckRow) -> Html {
    let mut html = Html::default();
    html.add(el("div").rich(&row.evidence));
    if let Some(reason) = &row.accepted {
        html.add(el("div").child(el("b").text("accepted")).text(": ").text(reason));
    }
    if standing != CheckStanding::Passes {
        for advice in &row.advice {
            html.add(el("div").child(el("b").text("try")).text(": ").rich(advice));
        }
    }
    if let Some(way) = way_to_accept(row) {
        html.add(el("div").child(el("b").text("or")).text(": ").rich(&way));
    }
    html
}

/// The refusals in the verdict: each with a link to its row.
pub(in crate::display) fn refusals(rows: &[&CheckRow]) -> Html {
    rows.iter()
        .map(|row| {
            let link = el("a").link(format_args!("check-{}", row.id)).child(el("code").text(&row.id));
            el("li").child(el("p").class("what").text("check ").child(link).text(": ").rich(&row.evidence))
        })
        .collect()
}
