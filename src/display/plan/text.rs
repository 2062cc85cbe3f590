//! The plan for people: all that will happen, in order, and why; what undoes it; how long it usually takes.

use crate::display::pending_value::{input, parameter, value};
use crate::display::plan::changes::Shown;
use crate::display::plan::changes_text::{changes_text, script_lines};
use crate::display::plan::looks::Looks;
use crate::display::plan::order_of_work::{WorkOrder, order_of_work, with_site};
use crate::display::plan::sheet::back::{Back, tally_text};
use crate::display::plan::sheet::warning;
use crate::display::plan::spoken::{Sentences, too_early, undo};
use crate::display::plan::{asked_site, checks, guards, usual};
use crate::display::run::failure::reasons_text;
use crate::display::table::{columns, count, hanging, prose, wrapped};
use crate::display::terminal::one_line;
use crate::display::wording::{first_sentence, order_sentence, site_sentence};
use crate::model::{ActionPath, Expr, Found, Property, Step, StepAction, Value, tell};
use crate::plan::{Look, Plan};

/// The plan as a person reviews it. `preflight` may be empty: then nothing was looked at.
#[must_use]
pub fn plan_text(plan: &Plan, sentences: Sentences<'_>, preflight: &[(ActionPath, Look)]) -> String {
    sheet(plan, &plan.runbook.steps, sentences, preflight)
}

/// The same without what is done: a person reviews what is still to come. `plan` is whole all the same, for what is done
/// decides how long the rest takes and whether the site is down meanwhile.
#[must_use]
pub fn left_text(plan: &Plan, sentences: Sentences<'_>, preflight: &[(ActionPath, Look)]) -> String {
    let done = usual::done(preflight);
    let mut left = plan.runbook.steps.clone();
    for step in &mut left {
        step.actions.retain(|action| !done.contains(&action.path));
    }
    left.retain(|step| !step.actions.is_empty());
    sheet(plan, &left, sentences, preflight)
}

fn sheet(plan: &Plan, steps: &[Step], sentences: Sentences<'_>, preflight: &[(ActionPath, Look)]) -> String {
    let back = |action| (action, Back::of(action, sentences(&action.path).and_then(|told| told.undo).as_ref()));
    let backs: Vec<(&StepAction, Back)> = plan.runbook.actions().map(back).collect();
    let mut text = header(plan, preflight, &backs);
    text.push_str(&warnings(&warning::all(
        plan,
        backs.iter().map(|(action, back)| (*action, back)),
        (Vec::new(), preflight),
    )));
    text.push_str(&checks::text(plan));
    text.push_str(&guards::text(plan));
    text.push_str(&asked_site::text(plan));
    let (looks, sites) = (Looks::of(preflight), plan.sites());
    let never = |(_, back): &&(&StepAction, Back)| matches!(back, Back::Never(_));
    let no_return = backs.iter().find(never).map(|(action, _)| action.path.step());
    for step in steps {
        let is_it = no_return == Some(&step.id);
        text.push_str(&one_step(plan, (step, is_it), sentences, &looks));
        if let Some(told) = sites.told_after(&step.id).map(site_sentence) {
            text.push_str(&format!("  afterwards {told}\n"));
        }
    }
    text.push_str(&work(plan, preflight));
    text.push_str(&looked(plan, preflight));
    text
}

/// Who works when, where that is not told by the order of the steps.
fn work(plan: &Plan, preflight: &[(ActionPath, Look)]) -> String {
    let all = order_of_work(plan, preflight);
    if all.is_empty() {
        return String::new();
    }
    let row = |work: &WorkOrder<'_>| {
        let after = work.after.map_or_else(|| "at once".to_owned(), |after| format!("after {after}"));
        let cells = vec![work.span(), work.site().to_owned(), work.action.to_string(), after];
        with_site(!plan.runbook.windows().is_empty(), 1, cells)
    };
    format!("\nwhen, if everything takes as long as usual\n{}", columns(2, &all.iter().map(row).collect::<Vec<_>>()))
}

/// How much it is and how long it takes; of a run that has begun, how long the rest takes.
fn size(plan: &Plan, preflight: &[(ActionPath, Look)]) -> String {
    let done = usual::done(preflight);
    let all = [count(plan.runbook.steps.len(), "step"), count(plan.actions.len(), "action")].join(" with ");
    let takes = usual::of_plan(plan, &done).told();
    let mut size = match done.len() {
        0 => format!("{all}, usually takes {takes}"),
        done => format!("{all}, {done} done; the rest usually takes {takes}"),
    };
    let down = usual::of_downtime(plan, &done);
    if down.seconds > 0 {
        size.push_str(&format!(", the site is down for {} of it", down.told()));
    }
    size
}

/// What must not be overlooked although nothing refuses.
fn warnings(all: &[String]) -> String {
    let lines: String = all.iter().map(|warning| hanging("  - ", 4, warning)).collect();
    if all.is_empty() { lines } else { format!("\nwarnings\n{lines}") }
}

fn header(plan: &Plan, preflight: &[(ActionPath, Look)], backs: &[(&StepAction, Back)]) -> String {
    let runbook = &plan.runbook;
    let mut text = wrapped("", &format!("plan of `{}`: {}", runbook.name, one_line(&runbook.title)));
    if !runbook.about.trim().is_empty() {
        text.push_str(&prose("  ", &runbook.about));
    }
    text.push('\n');
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(plan.account.as_ref().map(|account| ("account", account.clone())));
    rows.extend(plan.region.as_ref().map(|region| ("region", region.clone())));
    rows.push(("order", order_sentence(plan.order).to_owned()));
    rows.push(("size", size(plan, preflight)));
    rows.push(("way back", tally_text(backs.iter().map(|(_, back)| back)).join(", ")));
    rows.extend(plan.runbook.left_out.iter().map(|it| ("left out", format!("{}: {}", it.name(), it.why))));
    if !plan.tags.is_empty() {
        let tags: Vec<String> = plan.tags.iter().map(|(name, text)| format!("{name}={text}")).collect();
        rows.push(("tags", tags.join(", ")));
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, it)| vec![name.to_owned(), it]).collect();
    text.push_str(&columns(2, &rows));
    text.push_str(&inputs(plan));
    text
}

fn inputs(plan: &Plan) -> String {
    let spec = |name: &str| plan.runbook.inputs.iter().find(|i| i.name == name);
    let rows: Vec<Vec<String>> = plan
        .inputs
        .iter()
        .map(|(name, it)| vec![name.clone(), spec(name).map_or_else(|| value(it), |s| input(&s.value_type, it))])
        .collect();
    if rows.is_empty() { String::new() } else { format!("\ninputs\n{}", columns(2, &rows)) }
}

fn one_step(plan: &Plan, (step, is_no_return): (&Step, bool), sentences: Sentences<'_>, looks: &Looks<'_>) -> String {
    let of = plan.runbook.last_number();
    let usual = usual::of_step(plan, step).told();
    let mut text =
        format!("\nstep {} of {of}  {}  {}\n", step.number, step.id, with_usual(&one_line(&step.title), &usual));
    if is_no_return {
        text.push_str("  POINT OF NO RETURN: once it is done, no rollback reaches the time before it\n");
    }
    if !step.why.trim().is_empty() {
        text.push_str(&prose("  why: ", &step.why));
    }
    if let Some(told) = step.on_failure.told() {
        text.push_str(&prose("  if it fails: ", &told));
    }
    for action in &step.actions {
        text.push_str(&one_action(plan, action, sentences, looks));
    }
    text
}

/// How long something usually takes, behind what it is: after a question or a full stop no comma can follow.
fn with_usual(what: &str, usual: &str) -> String {
    match what.ends_with(['?', '.', '!', ':', ';']) {
        true => format!("{what} Usually {usual}"),
        false => format!("{what}, usually {usual}"),
    }
}

fn one_action(plan: &Plan, action: &StepAction, sentences: Sentences<'_>, looks: &Looks<'_>) -> String {
    let spec = action.kind.spec();
    let sentence = sentences(&action.path);
    let told = sentence.as_ref().map(|told| told.does.to_string());
    let what =
        action.title.as_deref().map(one_line).or_else(|| told.clone()).unwrap_or_else(|| first_sentence(&spec.about));
    let usual = usual::of_action(plan, action).told();
    let mut text = hanging(&format!("  - {}: ", action.path.name()), 6, &with_usual(&what, &usual));
    if let (Some(_), Some(does)) = (&action.title, &told) {
        text.push_str(&wrapped("      does: ", does));
    }
    let shown = Shown::of(plan, &action.path, sentence.as_ref(), looks);
    for (name, given) in &action.with {
        if let Some(lines) = script_of(action, name, given).filter(|_| name != "shell" || shown.changes.is_empty()) {
            text.push_str(&format!("      {name}:\n{lines}"));
            continue;
        }
        // A sentence has its values in it already; only what it cannot know is added.
        let value = parameter(plan, sentence.as_ref(), name, given);
        if told.is_none() || value.waits() || !is_in_sentence(action, name) {
            text.push_str(&wrapped(&format!("      {name}: "), value.as_str()));
        }
    }
    let back = match action.cannot_be_undone() {
        Some(why) => tell!("cannot be undone: {}", why),
        None => undo(action, sentence.and_then(|told| told.undo)),
    };
    if let Some(line) = looks.line(&action.path) {
        text.push_str(&now(line, shown.after.as_ref()));
    }
    text.push_str(&changes_text(6, &shown.changes));
    text.push_str(&wrapped("      undo: ", back.as_str()));
    text
}

/// A script of several lines, which no sentence has room for: what is read here is what runs.
fn script_of(action: &StepAction, parameter: &str, given: &Expr) -> Option<String> {
    let properties = action.kind.properties();
    let runs = properties.contains(&Property::MayOnlyRead) || properties.contains(&Property::Probes);
    let Expr::Literal(Value::String(script)) = given else { return None };
    let is_one = runs && ["shell", "check", "undo"].contains(&parameter) && script.trim().contains('\n');
    is_one.then(|| script_lines(8, script))
}

/// Whether an action's sentences tell this parameter. A command has more to it than they have room for.
fn is_in_sentence(action: &StepAction, parameter: &str) -> bool {
    const TOLD: &[&str] = &[
        "on",
        "argv",
        "shell",
        "sudo",
        "user",
        "reads",
        "undo",
        "port",
        "http",
        "file",
        "url",
        "method",
        "also_after_undo",
    ];
    let properties = action.kind.properties();
    let has_more = properties.contains(&Property::MayOnlyRead) || properties.contains(&Property::Probes);
    !has_more || TOLD.contains(&parameter)
}

/// What was seen; `after` changes it before it is this one's turn.
fn now(line: &Look, after: Option<&ActionPath>) -> String {
    match line {
        Look::Seen(finding) | Look::Done(finding) => {
            if let Some(after) = after {
                return wrapped("      now: ", &format!("{} ({})", finding.evidence, too_early(after)));
            }
            let word = match finding.found {
                Found::Absent | Found::Otherwise => "now: ",
                Found::Holds => "already so: ",
                Found::InProgress => "under way already: ",
                Found::Unknown => "cannot be told: ",
            };
            wrapped(&format!("      {word}"), &finding.evidence)
        }
        Look::Refused(failure) => {
            let reasons = reasons_text(8, &failure.message, &failure.causes, &failure.by_hand());
            format!("{}{reasons}", wrapped("      REFUSED: ", &failure.message))
        }
        Look::NotYet => "      now: cannot be looked at before earlier actions have run\n".into(),
    }
}

fn looked(plan: &Plan, preflight: &[(ActionPath, Look)]) -> String {
    if preflight.is_empty() {
        return String::new();
    }
    let refused = preflight.iter().filter(|(_, line)| matches!(line, Look::Refused(_))).count();
    let later = preflight.iter().filter(|(_, line)| matches!(line, Look::NotYet)).count();
    let seen = preflight.iter().filter(|(_, line)| matches!(line, Look::Seen(_))).count();
    let checks = checks::refusing(plan).len();
    let verdict = match (refused, checks) {
        (0, 0) => "nothing speaks against beginning".to_owned(),
        (1, 0) => "1 refuses: the run must not begin".to_owned(),
        (n, 0) => format!("{n} refuse: the run must not begin"),
        (n, checks) => format!("{}: the run must not begin", checks::who_refuses(n, checks)),
    };
    let seen = count(seen + refused, "action");
    format!("\n{}", wrapped("", &format!("looked at {seen}, {later} can be looked at only later; {verdict}")))
}
