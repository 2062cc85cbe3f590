//! Where a run stands: who is at it, every step with its actions, what to type next.

use crate::display::plan::checks::accepted_text;
use crate::display::run::commands::{self, next_commands, while_executed};
use crate::display::run::leaves::of_abandoned;
use crate::display::run::rest::{question, why};
use crate::display::run::tally::{far, step_word_now};
use crate::display::run::took::{Took, Until};
use crate::display::run::{guards, limits, site};
use crate::display::table::{columns, hanging, wrapped};
use crate::display::terminal::one_line;
use crate::display::time::{date_time, duration};
use crate::display::typed::Typed;
use crate::display::wording::{action_word, evidence, executed_by, plan_file_words, rest_sentence};
use crate::journal::{History, Holder, Record, RunState};
use crate::model::{Millis, Step};
use crate::plan::Plan;

/// The text for people. `records` are all records of the run (for durations), `holder` is who executes it now.
#[must_use]
pub fn status_text(plan: &Plan, state: &RunState, records: &[Record], holder: Option<&Holder>, now: Millis) -> String {
    let opened = &state.opened;
    let head =
        format!("run {} of `{}`, opened {} UTC by {}", state.run, opened.runbook, date_time(opened.at), opened.by);
    let mut text = hanging("", 4, &head);
    if let Some(file) = &opened.plan_file {
        text.push_str(&wrapped("  ", &plan_file_words(file)));
    }
    if let Some((by, at)) = &opened.replanned {
        text.push_str(&wrapped("  ", &format!("what had not run was planned anew, {} UTC by {by}", date_time(*at))));
    }
    text.push_str(&wrapped("  ", &who(plan, state, holder, now)));
    text.push_str(&far(plan, state));
    text.push_str(&site::answers(state, if holder.is_some() { now } else { state.at }));
    text.push_str(&limits::lines(plan, state, if holder.is_some() { now } else { state.at }));
    text.push_str(&accepted_text(plan));
    text.push('\n');
    let (history, until) = (History::of(records), Until { now, executed: holder.is_some() });
    let mut rows = Vec::new();
    for step in &plan.runbook.steps {
        rows.extend(step_rows(step, state, &history, until));
    }
    text.push_str(&columns(0, &rows));
    text.push_str(&guards::beside_the_rest(plan, state));
    let next = if holder.is_some() {
        for gate in state.open_gates().keys() {
            text.push_str(&question(state, gate));
        }
        while_executed(state)
    } else {
        text.push_str(&state.rest.as_ref().map_or_else(String::new, |rest| why(state, rest)));
        text.push_str(&of_abandoned(plan, state, &[]));
        next_commands(plan, state, state.rest.as_ref())
    };
    text.push_str(&commands::block(&next));
    text
}

fn who(plan: &Plan, state: &RunState, holder: Option<&Holder>, now: Millis) -> String {
    let ago = duration(now.saturating_sub(state.at));
    match (holder, &state.rest) {
        (Some(holder), _) => format!("executed now by {}, last record {ago} ago", executed_by(holder)),
        (None, Some(rest)) => format!("{}, {ago} ago", rest_sentence(plan, state, rest)),
        (None, None) if state.seq <= 1 => {
            format!("nobody executes it, and it has not begun; `{}`", Typed::of(&state.run).resume())
        }
        (None, None) => format!(
            "nobody executes it: it was killed or its machine went down, {ago} ago; `{}`",
            Typed::of(&state.run).resume()
        ),
    }
}

fn step_rows(step: &Step, state: &RunState, history: &History, until: Until) -> Vec<Vec<String>> {
    let took = |took: Option<Took>| took.map_or_else(String::new, Took::text);
    let word = step_word_now(step, state, until.executed);
    let title = vec![
        format!("step {:>2}", step.number),
        step.id.to_string(),
        word.to_owned(),
        took(Took::step(history, step, until)),
        step.title.clone(),
    ];
    let mut rows = vec![title];
    if word == "pending" {
        return rows;
    }
    for action in &step.actions {
        let current = state.action(&action.path);
        rows.push(vec![
            String::new(),
            format!("  {}", action.path.name()),
            action_word(state, &action.path, until.executed).to_owned(),
            took(Took::action(history, &action.path, until)),
            one_line(&evidence(current)),
        ]);
    }
    rows
}
