//! A saved plan's own facts: which file it is, who made it, who signed it.

use crate::display::plan::json::plan_json;
use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::spoken::Sentences;
use crate::display::table::{columns, count, wrapped};
use crate::display::terminal::one_line;
use crate::display::time::{date_time, rfc3339};
use crate::model::{ActionPath, Value};
use crate::plan::{Look, Plan};
use serde_json::json;

/// The end of a saved plan's text: hash, maker, signatures.
#[must_use]
pub fn plan_file_text(origin: &PlanOrigin) -> String {
    format!("\nthis plan\n{}", columns(2, &rows(origin)))
}

/// A saved plan in a few lines, for somebody who has read it and is about to sign it.
#[must_use]
pub fn plan_summary_text(plan: &Plan, origin: &PlanOrigin) -> String {
    let runbook = &plan.runbook;
    let mut text = wrapped("", &format!("plan of `{}`: {}", runbook.name, one_line(&runbook.title)));
    let looked = plan.actions.iter().filter(|p| p.previewed.is_some()).count();
    let changes = plan.actions.iter().filter(|p| p.previewed.as_ref().is_some_and(|it| !it.changes.is_empty())).count();
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, it: String| all.push(vec![name.to_owned(), it]);
    if let Some(account) = &plan.account {
        row("account", account.clone());
    }
    if let Some(region) = &plan.region {
        row("region", region.clone());
    }
    let size = [count(runbook.steps.len(), "step"), count(plan.actions.len(), "action")];
    row("size", size.join(" with "));
    row("looked at", format!("{}, {changes} with a change to show", count(looked, "action")));
    if let Some(until) = &origin.until {
        row("rests after", format!("step {}, {until}", plan.number(until)));
    }
    all.extend(rows(origin));
    text.push_str(&columns(2, &all));
    text.push_str("`runbook show` shows all of it\n");
    text
}

/// A saved plan for programs: the fields of a plan, and `saved` (`sha256`, `made_at` and each signature's `at` in RFC 3339,
/// `made_by`, `tool`, `fingerprint` of the runbook's text, `until`, `signatures`, each with `by`, `at`, `sha256`).
#[must_use]
pub fn saved_plan_json(
    plan: &Plan,
    origin: &PlanOrigin,
    sentences: Sentences<'_>,
    preflight: &[(ActionPath, Look)],
) -> Value {
    let mut value = plan_json(plan, sentences, preflight);
    let file = origin.file.as_ref();
    let signatures: Vec<Value> = file
        .into_iter()
        .flat_map(|file| &file.signatures)
        .map(|s| json!({ "by": s.by, "at": rfc3339(s.at), "sha256": s.sha256 }))
        .collect();
    value["saved"] = json!({
        "sha256": file.map(|file| &file.sha256),
        "made_at": rfc3339(origin.at),
        "made_by": origin.by,
        "tool": origin.tool,
        "fingerprint": origin.fingerprint,
        "until": origin.until,
        "signatures": signatures,
    });
    value
}

fn rows(origin: &PlanOrigin) -> Vec<Vec<String>> {
    let mut rows = vec![vec![
        "made".to_owned(),
        format!("{} UTC by {}, runbook {}", date_time(origin.at), origin.by, origin.tool),
    ]];
    rows.extend(file_rows(origin).into_iter().map(|(name, it)| vec![name.to_owned(), it]));
    rows
}

/// Hash and signatures, name and value; nothing for a plan that is in no file.
pub(in crate::display) fn file_rows(origin: &PlanOrigin) -> Vec<(&'static str, String)> {
    let Some(file) = &origin.file else { return Vec::new() };
    let mut rows = vec![("plan file, SHA-256", file.sha256.clone())];
    if file.signatures.is_empty() {
        rows.push(("signed", "by nobody".to_owned()));
    }
    let signed = file.signatures.iter().map(|signature| {
        let maker = if signature.by == file.made_by { " (who made it)" } else { "" };
        ("signed", format!("{} UTC by {}{maker}", date_time(signature.at), signature.by))
    });
    rows.extend(signed);
    rows
}
