//! What the world file says must hold, looked at.

use crate::model::ActionPath;
use crate::rehearsal::emulator::ask;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::world::command::{by_operator_with, on_host_with};
use crate::rehearsal::world::holds::{AwsQuestion, Holds, HoldsBy, OPERATOR};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// When it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::rehearsal) struct LookedAt<'a> {
    /// The actions that are done; all of them without it.
    pub(in crate::rehearsal) done: Option<&'a BTreeSet<ActionPath>>,
    /// The fault that the run had.
    pub(in crate::rehearsal) fault: Option<&'a str>,
}

/// A row for each thing that must hold at a moment.
pub(in crate::rehearsal) async fn holds<'w>(
    region: &Region,
    wanted: impl IntoIterator<Item = &'w Holds>,
    moment: LookedAt<'_>,
) -> Result<Vec<VerdictRow>, RehearsalError> {
    let wanted: Vec<&Holds> = wanted.into_iter().filter(|it| it.applies(moment.done, moment.fault)).collect();
    // All questions at once: what answers them takes a second to start.
    let mut questions = Vec::new();
    for it in &wanted {
        match it.looked().map_err(RehearsalError::Unsupported)? {
            HoldsBy::Account { question, is } => {
                questions.push(asked(region, &question)?);
                questions.push(region.names().fill_value(is));
            }
            HoldsBy::Command { .. } => {
                for question in it.given.values() {
                    questions.push(asked(region, question)?);
                }
            }
        }
    }
    let mut answers = ask::ask(region, &questions).await?.into_iter();
    let mut rows = Vec::new();
    for it in wanted {
        let mut next = || answers.next().unwrap_or_else(|| Err("was not answered".to_owned()));
        rows.push(match it.looked().map_err(RehearsalError::Unsupported)? {
            HoldsBy::Account { .. } => answered(it, next(), next()),
            HoldsBy::Command { on, run } => {
                let given = it.given.keys().map(|name| (name.clone(), next())).collect::<Vec<_>>();
                command(region, it, (on, run), given).await?
            }
        });
    }
    Ok(rows)
}

fn asked(region: &Region, question: &AwsQuestion) -> Result<Value, RehearsalError> {
    let question = serde_json::to_value(question).map_err(|error| RehearsalError::Unsupported(error.to_string()))?;
    Ok(region.names().fill_value(&question))
}

fn answered(it: &Holds, seen: Result<Value, String>, wanted: Result<Value, String>) -> VerdictRow {
    match (seen, wanted) {
        (Ok(seen), Ok(wanted)) if seen == wanted => VerdictRow::new(it.told(), true, shown(&seen)),
        (Ok(seen), Ok(wanted)) => {
            VerdictRow::new(it.told(), false, format!("{}, not {}", shown(&seen), shown(&wanted)))
        }
        (Err(why), _) | (_, Err(why)) => VerdictRow::new(it.told(), false, why),
    }
}

/// A value as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|it| it.is_string() || it.is_number()) && !items.is_empty() => {
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

async fn command(
    region: &Region,
    it: &Holds,
    (on, run): (&str, &str),
    given: Vec<(String, Result<Value, String>)>,
) -> Result<VerdictRow, RehearsalError> {
    let mut variables = BTreeMap::new();
    for (name, answer) in given {
        match answer {
            Ok(Value::Null) => return Ok(VerdictRow::new(it.told(), false, format!("AWS has nothing for `{name}`"))),
            Ok(value) => variables.insert(name, shown(&value)),
            Err(why) => return Ok(VerdictRow::new(it.told(), false, format!("`{name}`: {why}"))),
        };
    }
    let script = region.names().fill(run);
    let argv = ["sh", "-euc", script.as_str()];
    let output = match on {
        OPERATOR => by_operator_with(region, &argv, &variables).await?,
        host => match on_host_with(region, host, &argv, &variables).await {
            Ok(output) => output,
            // What a run was to make is not there: that is what is seen.
            Err(error @ RehearsalError::Unsupported(_)) => {
                return Ok(VerdictRow::new(it.told(), false, error.to_string()));
            }
            Err(error) => return Err(error),
        },
    };
    let (status, printed) = (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned());
    let wanted = it.prints.as_ref().map(|prints| region.names().fill(prints));
    let fits = wanted.as_ref().is_none_or(|prints| prints.trim() == printed.trim());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = if printed.trim().is_empty() { said.trim() } else { printed.trim() };
    let told = lines.lines().collect::<Vec<_>>().join(" | ");
    let ok = status == it.status && fits;
    let seen = match (told.is_empty(), ok && status == 0) {
        (true, _) => format!("exit status {status}"),
        (false, true) => told,
        (false, false) => format!("exit status {status}: {told}"),
    };
    Ok(VerdictRow::new(it.told(), ok, seen))
}

/// Which of these, that are to show something after a run, hold already: those show nothing.
pub(in crate::rehearsal) async fn shows_nothing(
    region: &Region,
    wanted: &[Holds],
) -> Result<VerdictRow, RehearsalError> {
    let to_show: Vec<&Holds> =
        wanted.iter().filter(|it| it.until.is_empty() && it.under.is_empty() && !it.also_before && !it.acts).collect();
    let rows = holds(region, to_show.iter().copied(), LookedAt::default()).await?;
    let already: Vec<String> = rows.into_iter().filter(|row| row.ok).map(|row| format!("`{}`", row.what)).collect();
    let seen = match already.as_slice() {
        [] => format!("none of {}", to_show.len()),
        some => format!(
            "{}: what rightly holds before the run, too, stands under `always`, or says `also_before: true`",
            some.join(", ")
        ),
    };
    Ok(VerdictRow::new("what must hold after the run did not hold before it", already.is_empty(), seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn another_answer_than_the_wanted_one_is_told_with_both() {
        let it = Holds { what: Some("two".into()), ..Holds::default() };
        assert!(answered(&it, Ok(json!(["a", "b"])), Ok(json!(["a", "b"]))).ok);
        let row = answered(&it, Ok(json!(["a"])), Ok(json!(["a", "b"])));
        assert!(!row.ok && row.seen == "a, not a, b", "{row:?}");
        assert!(!answered(&it, Err("no such operation".into()), Ok(json!(1))).ok);
        assert!(!answered(&it, Ok(json!(null)), Ok(json!([]))).ok);
    }
}
