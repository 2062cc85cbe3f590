//! `runbook doctor`: what a rehearsal needs, and whether it is there.

use crate::cli::args::{DoctorArgs, Format};
use crate::cli::lab::rehearse::{lab_failure, say};
use crate::cli::lab::verdict::look;
use crate::cli::lab::world::shipped;
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::{CommandFailure, Exit};
use crate::display::{self, Row};
use crate::rehearsal::{Cache, doctor as lab, doctor::FindingState, setup};
use std::time::Instant;

pub(in crate::cli) fn doctor(args: &DoctorArgs, format: Format) -> Result<Exit, CommandFailure> {
    block_on(async {
        let cache = Cache::of_account().map_err(|e| lab_failure(&e))?;
        let began = Instant::now();
        if args.setup {
            let json = format.is_json();
            let say = move |text: &str| say(json, began, text);
            let worlds = shipped()?
                .into_iter()
                .map(|world| setup::Carry { packages: world.packages, ..setup::Carry::default() });
            for carry in [setup::Carry::default()].into_iter().chain(worlds) {
                setup::ensure(&cache, true, carry, &say).await.map_err(|e| lab_failure(&e))?;
            }
        }
        let findings = lab::examine(&cache).await;
        let rows: Vec<Row> = findings.iter().map(row_of).collect();
        let missing = rows.iter().any(|row| !row.ok);
        if format.is_json() {
            let rows = rows.iter().map(|r| serde_json::json!({ "what": r.what, "found": r.found, "ok": r.ok }));
            out(&format!("{}\n", serde_json::Value::from_iter(rows)))?;
        } else {
            out(&display::rows_table(&rows, look()))?;
            let told = if missing {
                "something is missing: `runbook doctor --setup` installs it"
            } else {
                "ready to rehearse"
            };
            out(&format!("{told}\n"))?;
        }
        Ok(if missing { Exit::Failed } else { Exit::Done })
    })?
}

fn row_of(finding: &lab::MachineFinding) -> Row {
    let (found, ok) = match &finding.state {
        FindingState::Ok(detail) => (detail.clone(), true),
        FindingState::Later(detail) => (format!("not yet: {detail}"), true),
        FindingState::Without(detail) => (format!("not here: {detail}"), true),
        FindingState::Missing { why, remedy } => (format!("{why}; {remedy}"), false),
    };
    Row { what: finding.what.clone(), found, ok }
}
