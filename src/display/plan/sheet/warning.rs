//! What a reader must not overlook although nothing refuses.

use crate::display::plan::checks;
use crate::display::plan::sheet::back::Back;
use crate::display::plan::sheet::step::SheetStep;
use crate::model::{ActionPath, Found};
use crate::plan::{Look, Plan};

/// The warnings, the gravest first.
pub(in crate::display) fn all(plan: &Plan, steps: &[SheetStep<'_>], preflight: &[(ActionPath, Look)]) -> Vec<String> {
    let mut warnings = Vec::new();
    let actions = || steps.iter().flat_map(|s| s.actions.iter().map(move |a| (s, a)));
    for (step, action) in actions() {
        if let Back::Never(why) = &action.back {
            let number = step.step.number;
            warnings.push(format!(
                "`{}` cannot be undone: {why}. Once step {number} is done, no rollback reaches the time before it.",
                action.action.path
            ));
        }
    }
    for (_, action) in actions() {
        if let Back::Loss(what) = &action.back {
            warnings.push(format!("the undo of `{}` is not complete: {what}", action.action.path));
        }
    }
    warnings.extend(checks::warnings(plan));
    for (path, line) in preflight {
        if let Some(finding) = line.finding()
            && finding.found == Found::Unknown
        {
            warnings.push(format!("`{path}` cannot be judged: {}", finding.evidence));
        }
    }
    for (step, action) in actions() {
        if action.action.may_ask(&plan.inputs) {
            let number = step.step.number;
            warnings.push(format!(
                "step {number} waits for a person (`{}`), and the plan cannot know for how long",
                action.action.path
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
