//! `runbook list`: the runbooks that come with the tool.

use super::args::Format;
use super::out::out;
use super::{Exit, Failure, library};

pub(super) fn list(format: Format) -> Result<Exit, Failure> {
    let all = library::SHIPPED.iter().map(|(name, _)| library::find(name)).collect::<Result<Vec<_>, _>>()?;
    let text = if format.is_json() {
        let rows = all.iter().map(
            |f| serde_json::json!({ "name": f.runbook.name, "title": f.runbook.title, "steps": f.runbook.steps.len() }),
        );
        format!("{}\n", serde_json::Value::from_iter(rows))
    } else {
        let line = |f: &library::Found| {
            format!("{:<20} {} ({} steps)\n", f.runbook.name, f.runbook.title, f.runbook.steps.len())
        };
        all.iter().map(line).collect()
    };
    out(&text)?;
    Ok(Exit::Done)
}
