//! The journal as it stands, a line a record, and whether it is intact.

use crate::display::run::limits;
use crate::display::table::{columns, list, wrapped};
use crate::display::terminal::one_line;
use crate::display::time::{clock, date_time, rfc3339};
use crate::display::wording::{names_of, plan_file_words, rest_word};
use crate::journal::{ExecutorId, Record, RecordKind, Rest, Verdict};
use crate::model::Value;
use serde_json::json;

/// One line a record: number, time (UTC), kind, action, what it says.
#[must_use]
pub fn log_text(records: &[Record]) -> String {
    let digits = records.last().map_or(1, |r| r.seq.to_string().len());
    let mut day = String::new();
    let mut text = String::new();
    let mut rows = Vec::new();
    for record in records {
        let when = date_time(record.at);
        let today = when.split(' ').next().unwrap_or_default().to_owned();
        if today != day {
            text.push_str(&columns(0, &std::mem::take(&mut rows)));
            text.push_str(&format!("{today} (UTC)\n"));
            day = today;
        }
        let action = record.kind.action().map_or_else(String::new, ToString::to_string);
        let kind = record.kind.name().replace('_', " ");
        rows.push(vec![
            format!("{:>digits$}", record.seq),
            clock(record.at),
            kind,
            action,
            one_line(&says(&record.kind)),
        ]);
    }
    text.push_str(&columns(0, &rows));
    text
}

/// The records as the journal has them (`run`, `seq`, `at` in milliseconds, `record` and its fields), each with `time`
/// (RFC 3339) added.
#[must_use]
pub fn log_json(records: &[Record]) -> Value {
    let one = |record: &Record| {
        let mut value = serde_json::to_value(record).unwrap_or(Value::Null);
        if let Value::Object(fields) = &mut value {
            fields.insert("time".into(), Value::from(rfc3339(record.at)));
        }
        value
    };
    records.iter().map(one).collect()
}

/// What a check of the records found.
#[must_use]
pub fn verify_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Intact { records, head } => {
            format!("intact: {records} records, the last one's hash is\n  {head}\n")
        }
        Verdict::Broken(broken) => format!(
            "{}  try: trust nothing after that place; compare with a copy of the journal or with AWS's own trail\n",
            wrapped("broken: ", &broken.to_string())
        ),
    }
}

/// The same for programs: `intact`, `records` and `head` when it is, `problem` when it is not.
#[must_use]
pub fn verify_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Intact { records, head } => json!({ "intact": true, "records": records, "head": head }),
        Verdict::Broken(broken) => json!({ "intact": false, "problem": broken.to_string() }),
    }
}

fn says(kind: &RecordKind) -> String {
    use RecordKind as K;
    match kind {
        K::RunOpened { runbook, by, tool, plan_file, .. } => {
            let file = plan_file.as_ref().map_or_else(String::new, |file| format!(", {}", plan_file_words(file)));
            format!("`{runbook}` by {by}, runbook {tool}{file}")
        }
        K::Replanned { by, .. } => format!("what had not run, by {by}"),
        K::ForwardBegan { until: Some(step), executor } => format!("until {step}, {}", executed(executor)),
        K::ForwardBegan { until: None, executor } => executed(executor),
        K::RollbackBegan { to, late: Some(late), executor, .. } => {
            format!("to {to}, as its runbook says: {}, {}", limits::overrun(late), executed(executor))
        }
        K::RollbackBegan { to, failed, executor, .. } if failed.is_empty() => {
            format!("to {to}, {}", executed(executor))
        }
        K::RollbackBegan { to, failed, executor, .. } => {
            format!("to {to}, for {} failed and the plan says so, {}", list(failed), executed(executor))
        }
        K::Started { attempt, evidence, .. } => format!("attempt {attempt}; seen: {evidence}"),
        K::Applied { outputs, .. } if outputs.is_empty() => String::new(),
        K::Applied { outputs, .. } => {
            let given =
                outputs.iter().map(|(name, it)| format!("{name} = {}", crate::display::pending_value::value(it)));
            given.collect::<Vec<_>>().join(", ")
        }
        K::Done { evidence, .. }
        | K::Adopted { evidence, .. }
        | K::Doubted { evidence, .. }
        | K::Undone { evidence, .. } => evidence.clone(),
        K::Renamed { renamed, .. } => crate::display::wording::renamed(renamed),
        K::Failed { failure, retry_at, .. } | K::UndoFailed { failure, retry_at, .. } => {
            let again = retry_at.map_or_else(String::new, |at| format!("; again at {}", clock(at)));
            format!("{}{again}", failure.message)
        }
        K::GateOpened { gate, prompt, .. } => format!("{gate}: {prompt}"),
        K::GateAnswered { gate, approved: true, by } => format!("{gate}: approved by {by}"),
        K::GateAnswered { gate, approved: false, by } => format!("{gate}: refused by {by}"),
        K::Resolved { resolution, by, reason, outputs, .. } => {
            let given =
                outputs.iter().map(|(name, it)| format!("; {name} = {}", crate::display::pending_value::value(it)));
            format!("as {resolution} by {by}: {reason}{}", given.collect::<String>())
        }
        K::UndoStarted { attempt, .. } => format!("attempt {attempt}"),
        K::GuardBroke { broken } => {
            format!("{}, since {}: {}", broken.guard, clock(broken.since), broken.seen)
        }
        K::GuardMended { guard, seen } => format!("{guard}: {seen}"),
        K::SiteSeen { site } => {
            let word = if site.up { "up" } else { "down" };
            format!("{word} since {}: {}", clock(site.since), site.seen)
        }
        K::LimitsSet { limits, by } => format!("{}, by {by}", limits::recorded(limits)),
        K::Rested { rest } => rested(rest),
    }
}

pub(in crate::display) fn executed(executor: &ExecutorId) -> String {
    format!("{} on {} (process {}, lease {})", executor.by, executor.host, executor.pid, executor.fence)
}

fn rested(rest: &Rest) -> String {
    let about = match rest {
        Rest::Finished => String::new(),
        Rest::UntilReached { step } => format!("after {step}"),
        Rest::RolledBack { to } => format!("to {to}"),
        Rest::FinishedWithFailures { actions }
        | Rest::Paused { actions }
        | Rest::InDoubt { actions }
        | Rest::Interrupted { unfinished: actions } => list(actions),
        Rest::Waiting { gates } => list(gates),
        Rest::GuardBroken { guards } => list(&names_of(guards)),
        Rest::Overrun { overrun } => limits::overrun(overrun),
        Rest::Abandoned { why, by } => format!("by {by}: {}", one_line(why)),
    };
    let word = rest_word(rest);
    if about.is_empty() { word.to_owned() } else { format!("{word}: {about}") }
}
