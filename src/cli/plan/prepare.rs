//! From what was typed to a plan with what was seen of the world: planned now, or saved before.

use crate::cli::args::{Common, RunArgs};
use crate::cli::library::{self, step};
use crate::cli::plan::looked::look;
use crate::cli::plan::prepared::Prepared;
use crate::cli::plan::refusal::{judge, no_plan};
use crate::cli::plan::{commands, planned_id, saved, shown};
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, history, secrets};
use crate::journal::InputsFrom;
use crate::model::{Millis, RunId};
use crate::plan::{Order, Plan};
use std::collections::BTreeMap;

/// Plans, and looks at the world; nothing is changed and nothing is recorded. `begins` is when it is to be run; nothing where it is
/// only planned.
pub(in crate::cli) fn prepare(
    args: &RunArgs,
    common: &Common,
    run: RunId,
    begins: Option<Millis>,
) -> Result<Prepared, CommandFailure> {
    if let Some(file) = &args.file {
        return saved::prepare(file, args, common, (run, begins));
    }
    let name = args.runbook.as_deref().ok_or_else(|| CommandFailure::usage("no runbook is named"))?;
    let found = library::find(name)?;
    let inputs = library::inputs(&found.runbook, args.inputs.as_deref(), &args.sets)?;
    let runbook = found.with(&inputs)?;
    judge(&runbook, &args.accept)?;
    let until = args.until.as_deref().map(|name| step(&runbook, name)).transpose()?;
    let order = args.order.map_or(Order::Article, Order::from);
    let mut plan = Plan::make(runbook, inputs, None, order).map_err(|e| no_plan(&e))?;
    plan.folder = library::folder(found.source.as_deref());
    plan.change_window.clone_from(&args.window);
    plan.max_downtime_s = args.max_downtime.map(|it| it.as_secs());
    commands::allow(&mut plan, args)?;
    let looking = Looking::new(common)?;
    let (looks, permissions) = block_on(async {
        secrets::of_plan(&plan).await?;
        look(&mut plan, &run, &looking).await
    })??;
    let outputs = shown::outputs_with(BTreeMap::new(), &looks);
    let seen = shown::previews(&plan, planned_id::begun(&run), &outputs, &looks);
    plan.preview(seen);
    plan.expected = history::expected(common, &plan)?;
    plan.judge_limits(begins, common.faster.unwrap_or_default());
    crate::model::accept(&mut plan.checks, &args.accept);
    let file = args.inputs.as_deref().and_then(|file| std::path::absolute(file).ok());
    let inputs_from = InputsFrom { file: file.map(|file| file.display().to_string()), sets: args.sets.clone() };
    let (text, source) = (found.text, found.source);
    Ok(Prepared { run, text, source, inputs_from: Some(inputs_from), plan, looks, until, permissions, plan_file: None })
}
