//! What a reader must not overlook although nothing refuses.

use crate::display::plan::sheet::back::Back;
use crate::model::{ActionPath, Found, StepAction};
use crate::plan::{Look, Plan};

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
    for (action, back) in backs.clone() {
        if let Back::Loss(what) = back {
            warnings.push(format!("the undo of `{}` is not complete: {what}", action.path));
        }
    }
    warnings.extend(rows);
    for (path, line) in preflight {
        if let Some(finding) = line.finding()
            && finding.found == Found::Unknown
        {
            warnings.push(format!("`{path}` cannot be judged: {}", finding.evidence));
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
