//! The plan as Markdown, for a pull request or a ticket: headings, tables, and blocks to unfold.
//!
//! Promises: the same content as the page, and nothing given by a runbook, an input or the world is markup in it. It is
//! GitHub's Markdown; where tables or `<details>` are unknown it is still readable as text.
//!
//! Not handled: the timeline's drawing. Its numbers are in a table.

pub(in crate::display) mod changes;
pub(in crate::display) mod checks;
pub(in crate::display) mod escape;
pub(in crate::display) mod table;

use crate::display::plan::guards;
use crate::display::plan::order_of_work::with_site;
use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::sheet::{Back, Parameter, Sheet, SheetAction, SheetInput, SheetStep, SheetVerdict};
use crate::display::plan::spoken::{Sentences, too_early};
use crate::display::plan::usual::Stretch;
use crate::display::run::failure;
use crate::display::table::count;
use crate::display::time::rough;
use crate::model::{ActionPath, Failure, Found};
use crate::plan::{Look, Order, Plan};
use escape::{code, prose, rich, rich_text};
use table::table;

/// The plan as a Markdown document.
#[must_use]
pub fn plan_markdown(
    plan: &Plan,
    origin: &PlanOrigin,
    sentences: Sentences<'_>,
    preflight: &[(ActionPath, Look)],
) -> String {
    let sheet = Sheet::new(plan, origin, sentences, preflight);
    let mut out = format!("# Plan of {}: {}\n\n", code(&plan.runbook.name), rich(&plan.runbook.title));
    out.push_str(&verdict(&sheet));
    out.push_str(&prose(&plan.runbook.about));
    out.push_str(&totals(&sheet));
    if !sheet.warnings.is_empty() {
        out.push_str("## Warnings\n\n");
        for warning in &sheet.warnings {
            out.push_str(&format!("- {}\n", rich(warning)));
        }
        out.push('\n');
    }
    out.push_str(&checks::section(plan));
    out.push_str(&guards(&sheet));
    out.push_str(&timeline(&sheet));
    out.push_str(&work(&sheet));
    out.push_str("## Steps\n\n");
    for it in &sheet.steps {
        out.push_str(&step(it, sheet.takes_a_site_down()));
    }
    out.push_str(&inputs(&sheet));
    out.push_str("## This plan\n\n");
    let rows = sheet.facts().into_iter().map(|(name, value)| vec![name.to_owned(), code(&value)]);
    out.push_str(&table(&["", ""], rows));
    format!("{}\n", out.trim_end())
}

fn verdict(sheet: &Sheet<'_>) -> String {
    let mut out = match &sheet.verdict {
        SheetVerdict::Refused(..) => format!("> **REFUSED: {}**\n", sheet.verdict.headline()),
        _ => format!("> **{}**\n", sheet.verdict.headline()),
    };
    out.push_str(&format!(">\n> {}\n", sheet.verdict.evidence()));
    if let SheetVerdict::Refused(all, rows) = &sheet.verdict {
        out.push_str(">\n");
        out.push_str(&checks::refusals(rows));
        for (path, failure) in all {
            out.push_str(&format!("> - {}: **{}**\n", code(&path.to_string()), rich(&failure.message)));
            for reason in reasons(failure) {
                out.push_str(&format!(">   - {reason}\n"));
            }
        }
    }
    out.push('\n');
    out
}

/// Why something refuses and what helps, a line each.
fn reasons(failure: &Failure) -> Vec<String> {
    let by_hand = failure.by_hand();
    let all = failure::reasons(&failure.message, &failure.causes, &by_hand);
    all.map(|(word, line)| format!("{word}: {}", rich(line))).collect()
}

fn totals(sheet: &Sheet<'_>) -> String {
    let timing = &sheet.timing;
    let down = if timing.down_usual.seconds == 0 {
        "not at all".to_owned()
    } else {
        let place = |path: &ActionPath| format!("step {}, {}", sheet.plan.number(path.step()), code(&path.to_string()));
        let stretch = |s: &Stretch<'_>| {
            let end = s.window.ends.map_or("to the end".to_owned(), |end| format!("until {} is done", place(end)));
            format!("from {} {end}", place(s.window.begins))
        };
        format!("{}: {}", timing.down_usual.told(), timing.down.iter().map(stretch).collect::<Vec<_>>().join("; "))
    };
    let rows = [
        ("Usually takes", timing.usual.told()),
        (
            "Limits of all waits",
            format!("{} in all; a wait that reaches its own counts as failed", rough(timing.longest_s)),
        ),
        ("Site down", down),
        ("Way back", sheet.ways_back().join("; ")),
        ("Durations", DURATIONS.into()),
    ];
    let rows = rows.into_iter().filter(|(name, _)| *name != "Site down" || sheet.takes_a_site_down());
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    format!("## In all\n\n{}", table(&["", ""], rows))
}

/// What the words after each duration mean.
pub(in crate::display) const DURATIONS: &str = "(default): what comes with the tool for each kind of action; (from 3 runs here): the \
                                    median of what this journal has of 3 runs in this account and region";

/// What must hold between steps.
fn guards(sheet: &Sheet<'_>) -> String {
    let all = guards::shown(sheet.plan);
    if all.is_empty() {
        return String::new();
    }
    let rows = all.iter().map(|guard| {
        vec![code(guard.id), rich(&guard.what), rich(&guard.holds), rich(&guard.asks), rich(&guard.looks)]
    });
    let heads = ["Guard", "What must hold", "Where", "Asked by", "Looks"];
    format!("## Guards\n\n{}\n\n{}", guards::WHAT_FOR, table(&heads, rows))
}

fn timeline(sheet: &Sheet<'_>) -> String {
    let path = |step: &SheetStep<'_>| match (sheet.plan.order, step.slot.slack_s) {
        _ if step.done => "done".to_owned(),
        (Order::Article, _) | (_, 0) => "critical".to_owned(),
        (_, slack) => format!("could end {} later", rough(slack)),
    };
    let rows = sheet.steps.iter().map(|step| {
        let cells = vec![
            step.step.number.to_string(),
            rich(&step.step.title),
            if step.done { String::new() } else { rough(step.slot.begin_s) },
            step.usual.told(),
            step.site.words().to_owned(),
            path(step),
        ];
        with_site(sheet.takes_a_site_down(), 4, cells)
    });
    let heads = vec!["", "Step", "Begins after", "Usually", "Site", "Path"];
    format!("## Timeline\n\n{}", table(&with_site(sheet.takes_a_site_down(), 4, heads), rows))
}

/// Who works when, where the steps do not tell it.
fn work(sheet: &Sheet<'_>) -> String {
    if sheet.work.is_empty() {
        return String::new();
    }
    let rows = sheet.work.iter().map(|work| {
        let after = work.after.map_or_else(|| "at once".to_owned(), |after| code(&after.to_string()));
        let cells = vec![work.span(), work.site().to_owned(), code(&work.action.to_string()), after];
        with_site(sheet.takes_a_site_down(), 1, cells)
    });
    let heads = with_site(sheet.takes_a_site_down(), 1, vec!["From and to", "Site", "Action", "Begins after"]);
    format!("## Who works when\n\nIf everything takes as long as usual.\n\n{}", table(&heads, rows))
}

fn step(step: &SheetStep<'_>, takes_a_site_down: bool) -> String {
    let number = step.step.number;
    let mut out = format!("### {number}. {} ({})\n\n", rich(&step.step.title), code(step.step.id.as_str()));
    let size = format!("{}, usually {}", count(step.actions.len(), "action"), step.usual.told());
    let site = step.after.filter(|_| takes_a_site_down);
    let site = site.map_or_else(String::new, |_| format!(", {}", step.site.words()));
    out.push_str(&format!("{size}{site}."));
    let refused = step.actions.iter().filter(|a| matches!(a.look, Some(Look::Refused(_)))).count();
    if refused > 0 {
        out.push_str(&format!(" **REFUSED by {}.**", count(refused, "action")));
    }
    if step.no_return {
        out.push_str(" **POINT OF NO RETURN: once it is done, no rollback reaches the time before it.**");
    }
    out.push_str("\n\n");
    out.push_str(&prose(&step.step.why));
    if let Some(told) = step.step.on_failure.told() {
        out.push_str(&format!("**If it fails:** {}.\n\n", rich(&told)));
    }
    let open = if refused > 0 { " open" } else { "" };
    out.push_str(&format!("<details{open}>\n<summary>Actions of step {number}</summary>\n\n"));
    for it in &step.actions {
        out.push_str(&action(it));
    }
    out.push_str("</details>\n\n");
    if let Some(told) = step.after {
        out.push_str(&format!("Once step {number} is done, {told}.\n\n"));
    }
    out
}

fn action(action: &SheetAction<'_>) -> String {
    let path = action.action.path.to_string();
    let mut out = format!("#### {} ({})\n\n", code(&path), code(action.action.kind.as_str()));
    let mut lines: Vec<String> = action.title.iter().map(|title| format!("What for: {}", rich(title))).collect();
    lines.push(format!("Does: {}", rich_text(&action.does)));
    lines.extend(action.look.map(|line| look(line, action.shown.after.as_ref())));
    lines.push(match &action.back {
        Back::Whole => format!("Undo: {}", rich_text(&action.undo)),
        Back::Loss(what) => format!("Undo: {} (**with a loss**: {})", rich_text(&action.undo), rich(what)),
        Back::Nothing(told) => format!("Undo: {}", rich_text(told)),
        Back::Never(why) => format!("Undo: **cannot be undone**: {}", rich(why)),
    });
    lines.push(format!("Takes: usually {}, at most {}", action.usual.told(), rough(action.slot.longest_s)));
    for line in lines {
        out.push_str(&format!("- {line}\n"));
    }
    out.push('\n');
    out.push_str(&changes::changes(&action.shown.changes));
    if !action.parameters.is_empty() {
        let value = |p: &Parameter| if p.in_words { rich_text(&p.value) } else { code(p.value.as_str()) };
        let rows = action.parameters.iter().map(|p| vec![code(&p.name), value(p)]);
        out.push_str(&table(&["Parameter", "Value"], rows));
    }
    out
}

fn look(line: &Look, after: Option<&ActionPath>) -> String {
    match line {
        Look::Seen(finding) | Look::Done(finding) => {
            if let Some(after) = after {
                return format!("Seen now: {}, but {}", rich(&finding.evidence), rich(&too_early(after)));
            }
            let word = match finding.found {
                Found::Absent | Found::Otherwise => "",
                Found::Holds => "as wanted already: ",
                Found::InProgress => "under way already: ",
                Found::Unknown => "**cannot be judged**: ",
            };
            format!("Seen now: {word}{}", rich(&finding.evidence))
        }
        Look::Refused(failure) => {
            let reasons: String = reasons(failure).iter().map(|reason| format!("\n  - {reason}")).collect();
            format!("Seen now: **REFUSES: {}**{reasons}", rich(&failure.message))
        }
        Look::NotYet => "Seen now: can be looked at only after earlier actions have run".into(),
    }
}

fn inputs(sheet: &Sheet<'_>) -> String {
    let inputs = sheet.inputs();
    if inputs.is_empty() {
        return String::new();
    }
    let value = |input: &SheetInput| if input.in_words { rich(&input.value) } else { code(&input.value) };
    let rows = inputs.iter().map(|input| vec![code(&input.name), value(input), rich(&input.about)]);
    format!("## Inputs\n\n{}", table(&["Input", "Value", "What it is for"], rows))
}
