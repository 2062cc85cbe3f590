//! What stands now: where the run is, what is under way and waits for what, the site, the time that is left, who is waited for.

use crate::display::plan::page::markup::{Element, Html, el, prose, titled};
use crate::display::plan::sheet::schedule::limit;
use crate::display::plan::spoken::Sentences;
use crate::display::plan::usual;
use crate::display::report::sheet::{ReportSheet, Reported};
use crate::display::run::commands::{NextCommand, next_commands, while_executed};
use crate::display::run::site;
use crate::display::run::tally::first_open;
use crate::display::run::took::{Took, Until};
use crate::display::time::{clock, duration, rough, whole};
use crate::display::wording::{executed_by, first_sentence};
use crate::journal::{ActionState, Gate, Mode};
use crate::model::{ActionPath, Limits, Pace, StepAction};
use crate::plan::Site;
use std::collections::BTreeMap;

/// What actions under way have said last that they wait for.
pub type Waits = BTreeMap<ActionPath, String>;

/// A run that is watched.
#[derive(Clone, Copy)]
pub struct WatchedRun<'a> {
    /// As a report has it.
    pub of: Reported<'a>,
    /// What is waited for.
    pub waits: &'a Waits,
    /// What actions do, in words.
    pub sentences: Sentences<'a>,
}

/// Where the run stands, in one sentence: what changes without time going by.
pub(in crate::display) fn headline(sheet: &ReportSheet<'_>) -> String {
    let state = sheet.of.state;
    let open = state.open_gates().len();
    match (&sheet.of.holder, &state.mode) {
        (Some(_), _) if open > 0 && under_way(sheet).iter().all(|it| asks(sheet, it)) => {
            "waits for a person".to_owned()
        }
        (Some(_), Mode::Rollback { .. }) => "goes back".to_owned(),
        _ => sheet.headline(),
    }
}

/// The panel.
pub(in crate::display) fn panel(watched: WatchedRun<'_>, sheet: &ReportSheet<'_>) -> Html {
    Html::from_iter([
        Html::from(verdict(sheet)),
        Html::from(cards(sheet)),
        doing(watched, sheet),
        questions(sheet),
        next(sheet),
    ])
}

fn verdict(sheet: &ReportSheet<'_>) -> Element {
    let Reported { state, holder, .. } = sheet.of;
    let (mood, sign) = match (holder.is_some(), sheet.is_good()) {
        (true, _) if state.open_gates().is_empty() => ("verdict plain", "▶"),
        (false, true) => ("verdict clear", "✓"),
        (true, _) | (false, false) => ("verdict open", "!"),
    };
    let heading = el("h2")
        .id("now-heading")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .text(&format!("Run {} {}", state.run, headline(sheet)));
    el("div").class(mood).child(heading).child(el("p").text(&format!("{}.", sheet.far())))
}

/// A figure: what it is, how it stands, and what is to be said of it.
type Card = (&'static str, String, String);

fn cards(sheet: &ReportSheet<'_>) -> Element {
    let cards: Vec<Card> = [step(sheet), asked_site(sheet), turn_back(sheet), gone(sheet), executor(sheet)]
        .into_iter()
        .flatten()
        .collect();
    let card = |(what, value, more): Card| {
        el("div").child(el("dt").text(what)).child(el("dd").class("value").text(&value)).child(el("dd").rich(&more))
    };
    el("dl").class("cards").children(cards.into_iter().map(card))
}

fn step(sheet: &ReportSheet<'_>) -> Option<Card> {
    let Reported { plan, state, .. } = sheet.of;
    let first = under_way(sheet).first().and_then(|it| plan.runbook.step(it.action.path.step().as_str()));
    let (what, step) = match first {
        Some(step) => ("Step", step),
        None => ("Next step", first_open(plan, state)?),
    };
    Some((what, format!("{} of {}", step.number, plan.runbook.last_number()), format!("`{}`: {}", step.id, step.title)))
}

fn asked_site(sheet: &ReportSheet<'_>) -> Option<Card> {
    let Reported { plan, state, holder, now, .. } = sheet.of;
    // Of one that nobody asks any more nothing is known of now.
    let until = if holder.is_some() { now } else { state.at };
    let limit = state.limits.and_then(|limits| limits.max_downtime_s);
    let may = limit.map_or_else(String::new, |most_s| format!(" It may be down for {} in all.", rough(most_s)));
    match &state.site {
        Some(asked) if asked.last.up => {
            Some(("Site", "up".to_owned(), format!("It {}.{may}", site::answers_clause(asked, until))))
        }
        Some(asked) => {
            let gone = duration(whole(until.saturating_sub(asked.last.since).max(0)));
            Some(("Site", format!("down {gone}"), format!("It {}.{may}", site::answers_clause(asked, until))))
        }
        None if sheet.takes_a_site_down() => {
            let told = match Site::now(plan, state) {
                Site::Up => "up",
                Site::Down => "down",
                Site::MayBeDown => "may be down",
            };
            Some(("Site", told.to_owned(), format!("By what is done; nobody asks it.{may}")))
        }
        None => None,
    }
}

/// The time that is left to turn back in.
fn turn_back(sheet: &ReportSheet<'_>) -> Option<Card> {
    let Reported { plan, state, now, .. } = sheet.of;
    let Limits { window, .. } = state.limits?;
    let by = plan.turn_back_by(state, Pace::USUAL, now)?;
    let left = by.saturating_sub(now);
    let told = if left > 0 { duration(whole(left)) } else { "none".to_owned() };
    let window = window.map_or_else(String::new, |it| format!(" Its window ends {} UTC.", clock(it.ends)));
    Some(("Left to turn back", told, format!("Latest time {} UTC.{window}", clock(by))))
}

fn gone(sheet: &ReportSheet<'_>) -> Option<Card> {
    let work = sheet.at_work();
    sheet.begun?;
    let usual = usual::of_plan(sheet.of.plan, &usual::Done::default());
    Some(("At work for", duration(whole(work)), format!("All of it usually takes {}.", usual.told())))
}

fn executor(sheet: &ReportSheet<'_>) -> Option<Card> {
    let Reported { state, holder, now, .. } = sheet.of;
    let ago = duration(whole(now.saturating_sub(state.at).max(0)));
    match holder {
        Some(holder) => {
            Some(("Executed by", holder.by.clone(), format!("{}; last record {ago} ago.", executed_by(holder))))
        }
        None if state.rest.is_none() && sheet.begun.is_some() => Some((
            "Executed by",
            "nobody".to_owned(),
            format!("It was killed, or its machine went down. Last record {ago} ago."),
        )),
        None => Some(("Executed by", "nobody".to_owned(), format!("Last record {ago} ago."))),
    }
}

/// An action that somebody is at, or was when he died.
struct UnderWay<'a> {
    action: &'a StepAction,
    is_undone: bool,
}

fn under_way<'a>(sheet: &ReportSheet<'a>) -> Vec<UnderWay<'a>> {
    let Reported { plan, state, .. } = sheet.of;
    let all = plan.actions.iter().filter_map(|planned| plan.definition(&planned.action));
    all.filter_map(|action| match state.action(&action.path) {
        ActionState::Started { .. } | ActionState::Applied { .. } => Some(UnderWay { action, is_undone: false }),
        ActionState::Undoing { .. } => Some(UnderWay { action, is_undone: true }),
        _ => None,
    })
    .collect()
}

/// Whether it waits for a person's answer.
fn asks(sheet: &ReportSheet<'_>, it: &UnderWay<'_>) -> bool {
    sheet.of.state.open_gates().values().any(|gate| gate.action == it.action.path)
}

fn doing(watched: WatchedRun<'_>, sheet: &ReportSheet<'_>) -> Html {
    let holder = sheet.of.holder;
    // What only asks stands below, with its question.
    let all: Vec<UnderWay<'_>> = under_way(sheet).into_iter().filter(|it| !asks(sheet, it)).collect();
    if all.is_empty() {
        return Html::default();
    }
    let heading = if holder.is_some() { "Under way" } else { "Under way when its executor went" };
    titled("doing", heading)
        .child(el("ul").class("doing").children(all.iter().map(|it| one(watched, sheet, it))))
        .into()
}

fn one(watched: WatchedRun<'_>, sheet: &ReportSheet<'_>, it: &UnderWay<'_>) -> Element {
    let (Reported { plan, holder, now, .. }, action) = (sheet.of, it.action);
    let what = action.title.clone().unwrap_or_else(|| {
        let told = (watched.sentences)(&action.path);
        told.map_or_else(|| first_sentence(&action.kind.spec().about), |told| told.does.to_string())
    });
    let undo = if it.is_undone { "undo: " } else { "" };
    let usual = if it.is_undone { usual::of_undo(plan, action) } else { usual::of_action(plan, action) };
    let deadline = limit(action);
    let until = Until { now, executed: holder.is_some() };
    let gone = Took::last_of_action(&sheet.history, &action.path, until).map(|took| duration(whole(took.work)));
    let gone = gone.map_or_else(String::new, |gone| format!("For {gone} now. "));
    let waits = match holder {
        None => Some("nobody is at it: it is looked at first when the run goes on".to_owned()),
        Some(_) => watched.waits.get(&action.path).cloned(),
    };
    el("li")
        .child(el("p").child(el("code").text(&action.path.to_string())).rich(&format!(" {undo}{what}")))
        .child(waits.map(|waits| el("p").class("waits").rich(&waits)))
        .child(el("p").class("meta").text(&format!("{gone}Usually {}, at most {}.", usual.told(), rough(deadline))))
}

/// What people are asked, and what they type.
fn questions(sheet: &ReportSheet<'_>) -> Html {
    let open = sheet.of.state.open_gates();
    if open.is_empty() {
        return Html::default();
    }
    let commands = while_executed(sheet.of.state);
    let asked = |(name, gate): (&&str, &&Gate)| {
        let typed = commands.iter().find(|it| it.command.ends_with(&format!(" {name}")));
        let mut questions = sheet.history.questions().iter().rev();
        let question = questions.find(|it| it.gate == **name && it.answer.is_none());
        let since = question.map_or(0, |it| sheet.of.now.saturating_sub(it.asked).max(0));
        let since = duration(whole(since));
        el("li")
            .child(prose(&gate.prompt))
            .child(el("p").rich(&format!("`{}` asks since {since}. What allows it:", gate.action)))
            .child(typed.map(|it| el("p").child(el("code").text(&it.command))))
    };
    titled("asked", "Waits for a person").child(el("ul").children(open.iter().map(asked))).into()
}

/// What can be typed where nobody is at it.
fn next(sheet: &ReportSheet<'_>) -> Html {
    let Reported { plan, state, holder, .. } = sheet.of;
    let all = match holder {
        Some(_) => Vec::new(),
        None => next_commands(plan, state, state.rest.as_ref()),
    };
    if all.is_empty() {
        return Html::default();
    }
    let row =
        |it: &NextCommand| el("div").child(el("dt").child(el("code").text(&it.command))).child(el("dd").rich(&it.why));
    titled("next", "What can be typed next").child(el("dl").class("next").children(all.iter().map(row))).into()
}
