//! What a reader must not overlook although nothing refuses.

use crate::display::plan::sheet::back::Back;
use crate::model::{ActionPath, Found, StepAction};
use crate::plan::{Look, Plan};

/// What undos leave, each told once: many commands lose the same.
fn losses<'a>(backs: impl Iterator<Item = (&'a StepAction, &'a Back)>) -> Vec<String> {
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for (action, back) in backs {
        let Back::Loss(what) = back else { continue };
        match all.iter_mut().find(|(known, _)| *known == what.as_str()) {
            Some((_, actions)) => actions.push(format!("`{}`", action.path)),
            None => all.push((what, vec![format!("`{}`", action.path)])),
        }
    }
    let told = |(what, actions): (&str, Vec<String>)| match actions.as_slice() {
        [first, second, third, _, ..] => {
            let more = actions.len() - 3;
            format!("the undo of {first}, {second}, {third} and {more} more is not complete: {what}")
        }
        few => format!("the undo of {} is not complete: {what}", few.join(", ")),
    };
    all.into_iter().map(told).collect()
}

/// The warnings, the gravest first; `rows` are those of the checks, where they do not stand beside it.
pub(in crate::display) fn all<'a>(
    plan: &Plan,
    backs: impl Iterator<Item = (&'a StepAction, &'a Back)> + Clone,
    (rows, preflight): (Vec<String>, &[(ActionPath, Look)]),
) -> Vec<String> {
    let mut warnings = Vec::new();
    for (action, back) in backs.clone() {
        if let Back::Never(why) = back {
            let number = plan.number(action.path.step());
            warnings.push(format!(
                "`{}` cannot be undone: {why}. Once step {number} is done, no rollback reaches the time before it.",
                action.path
            ));
        }
    }
    warnings.extend(losses(backs.clone()));
    warnings.extend(rows);
    for (path, line) in preflight {
        if let Some(finding) = line.finding()
            && finding.found == Found::Unknown
        {
            warnings.push(format!("`{path}` cannot be judged: {}", finding.evidence));
        }
        if let Some(brought_by) = line.finding().and_then(|finding| finding.brought_by.as_ref())
            && !brought_by.is_sure
        {
            warnings.push(format!(
                "`{path}` works on what is not there yet. Whether `{}`, a command that comes before, brings it is not known: if it does \
                 not, the run rests there. What it brings it can say: `touches`",
                brought_by.action
            ));
        }
    }
    for (action, _) in backs {
        if action.may_ask(&plan.inputs) {
            let number = plan.number(action.path.step());
            warnings.push(format!(
                "step {number} waits for a person (`{}`), and the plan cannot know for how long",
                action.path
            ));
        }
    }
    if plan.runbook.windows().last().is_some_and(|window| window.ends.is_none())
        && let Some(last) = plan.runbook.steps.last()
    {
        warnings.push(format!("the site is still down when the last step, `{}`, is done", last.id));
    }
    warnings
}
