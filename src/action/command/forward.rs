//! A command, forward: looked for, begun, waited for, judged.
//!
//! It is kept under the action's token, and its `undo` under another name: so each is begun once, whatever becomes of the connection
//! and of the executor, and is found again as long as it runs and when it has ended. It is begun a second time only when the first
//! does not run any more and its `check` says that it is not done, or the runbook says `reads`, `repeatable` or `retry_on`, or a person has
//! said that it is not done; an undo also when somebody resumes after being told that it failed.

use super::end::CommandEnd;
use super::errand::{SHOWN, STATUS};
use super::{Errand, Stands, Trace};
use crate::access::this_machine;
use crate::action::{Applied, Context, Glance, Stop, Verified, wait_until};
use crate::model::{Failure, FailureKind, Finding, Foresight, Found, Value};
use serde_json::json;
use std::time::Duration;

/// How long a look may take at least, however near the deadline is.
const LOOK_LIMIT: Duration = Duration::from_secs(10);
/// How long a command that only looks may take while a plan is made.
const AHEAD_LIMIT: Duration = Duration::from_secs(60);
/// What is said of a command that a plan did not run.
pub(super) const HELD: &str =
    "commands of the runbook are run for a plan only where that is allowed (`--allow-commands`)";

/// What has become of a command.
enum Fate {
    /// It is to be begun, for this time.
    Begin(u32, String),
    /// It runs, or its end counts.
    Stands(String),
    /// It is done, as its check says.
    Done(String),
    /// A person must say.
    Doubt(String),
}

impl Errand<'_> {
    /// Whether the deed is done, as the check says; nothing without a check.
    async fn is_done(&self, cx: &Context<'_>) -> Result<Option<bool>, Failure> {
        let Some(check) = self.check else { return Ok(None) };
        check.is_one().map_err(Failure::refused)?;
        let given = self.given_beside().await?;
        let output = self.place.look(&cx.lines(), (&check.argv(), &given), cx.time_left().max(LOOK_LIMIT)).await?;
        if output.answers() {
            return Ok(Some(output.ok()));
        }
        // Neither yes nor no: what is in doubt must not be run again for that.
        let program = check.program();
        let failure = self.place.did_not_work(&format!("the check `{program}`"), program, output);
        Err(given.veil().over_failure(failure))
    }

    /// What is to become of a command that stands like this, of which so many beginnings are settled.
    async fn fate(&self, cx: &Context<'_>, trace: &Trace, settled: Option<u32>) -> Result<Fate, Failure> {
        let next = trace.last + 1;
        let begun = trace.has_begun(settled.unwrap_or(0));
        let told = format!("`{}` on {}: {}", self.line.program(), self.place.name(), trace.ended());
        if begun && (trace.goes_on() || self.judge(cx, &self.kept(cx), trace).await?.is_good()) {
            return Ok(Fate::Stands(told));
        }
        Ok(match self.is_done(cx).await? {
            Some(true) => Fate::Done(format!("{told}; its check says that it is done")),
            Some(false) => Fate::Begin(next, format!("{told}; its check says that it is not done")),
            None if self.reads => Fate::Begin(next, format!("{told}; it only looks")),
            // A run of an earlier version kept nothing on the host.
            None if !begun && settled.is_none() => {
                Fate::Doubt("it has no check: it cannot be told whether it ran".into())
            }
            None if !begun => Fate::Begin(next, format!("{told}; it has no check")),
            None if self.repeatable || self.is_to_be_retried(cx, trace).await => {
                Fate::Begin(next, format!("{told}; it may be repeated"))
            }
            None => Fate::Doubt(format!("{told}; it has no check, and the runbook does not call it `repeatable`")),
        })
    }

    /// Whether it came to an end after which it is run again.
    async fn is_to_be_retried(&self, cx: &Context<'_>, trace: &Trace) -> bool {
        let Stands::Ended(status) = trace.stands else { return false };
        if trace.stopped.is_some() || self.retry_on.is_empty() {
            return false;
        }
        let said = self.kept(cx).last_words(cx, SHOWN).await.unwrap_or_default();
        self.retry_on.iter().any(|retried| retried.is(status, &said))
    }

    pub(super) async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        if let (Some(ahead), true) = (cx.call().ahead, self.reads) {
            return self.look_ahead(cx, ahead).await;
        }
        if let Some(other) = self.elsewhere(cx) {
            return Ok(Finding::new(Found::Unknown, false, other).with_before(cx.call().before.clone()));
        }
        let trace = self.kept(cx).look(cx).await?;
        if cx.call().before.is_null() {
            return self.first_look(cx, &trace).await;
        }
        let settled = settled(cx);
        let finding = |found, evidence: String| Finding::new(found, found != Found::Absent, evidence);
        let finding = match self.fate(cx, &trace, settled).await? {
            Fate::Begin(_, evidence) => finding(Found::Absent, evidence),
            Fate::Stands(evidence) if trace.goes_on() => finding(Found::InProgress, evidence),
            Fate::Stands(evidence) => finding(Found::Holds, evidence),
            // It is done although it ended otherwise: `verify` shall know that this was judged.
            Fate::Done(evidence) => {
                let status = if let Stands::Ended(status) = trace.stands { Some(status) } else { None };
                let outputs = status.map(|status| (STATUS.to_owned(), Value::from(status))).into_iter().collect();
                Finding { outputs, ..finding(Found::Holds, evidence) }
            }
            Fate::Doubt(evidence) => Finding::new(Found::Unknown, false, evidence),
        };
        Ok(finding.with_before(cx.call().before.clone()))
    }

    /// Runs a command that only looks, for a plan: what it says now is shown, and what it gives is what it gives at its turn.
    async fn look_ahead(&self, cx: &Context<'_>, ahead: Foresight) -> Result<Finding, Failure> {
        let told = match ahead {
            Foresight::WithoutCommands => format!("not run: {HELD}"),
            Foresight::WithCommands => {
                let given = self.given().await?;
                let limit = cx.time_left().clamp(LOOK_LIMIT, AHEAD_LIMIT);
                let output = self.place.look(&cx.lines(), (&self.line.argv(), given), limit).await?;
                given.veil().over_end(&output)
            }
        };
        Ok(Finding::new(Found::Absent, false, told))
    }

    /// The look at a command of which this run knows no beginning: there is none, or a person has said that it is not done.
    async fn first_look(&self, cx: &Context<'_>, trace: &Trace) -> Result<Finding, Failure> {
        let before = |settled: u32| match self.place.host {
            Some(_) => json!({ "settled": settled }),
            None => json!({ "settled": settled, "machine": this_machine() }),
        };
        if trace.goes_on() {
            let told = format!("`{}` runs on {}", self.line.program(), self.place.name());
            return Ok(Finding::new(Found::InProgress, true, told).with_before(before(trace.last - 1)));
        }
        let held = cx.call().ahead == Some(Foresight::WithoutCommands);
        let (found, evidence) = match self.check {
            Some(_) if held => (Found::Absent, format!("its check was not run: {HELD}")),
            _ => match self.is_done(cx).await? {
                Some(true) => (Found::Holds, "its check says that it is done".to_owned()),
                Some(false) => (Found::Absent, "its check says that it is not done".to_owned()),
                None => (Found::Absent, "it has not been run, and has no check".to_owned()),
            },
        };
        Ok(Finding::new(found, false, evidence).with_before(before(trace.last)))
    }

    /// Why nothing can be said of it here: it was begun on another machine.
    pub(super) fn elsewhere(&self, cx: &Context<'_>) -> Option<String> {
        let begun = cx.call().before.get("machine")?.as_str()?;
        (begun != this_machine()).then(|| {
            format!("`{}` was begun on the machine `{begun}`, and can be looked for only there", self.line.program())
        })
    }

    pub(super) async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        self.must_be_here(cx)?;
        let kept = self.kept(cx);
        let trace = kept.look(cx).await?;
        // What was observed may have been overtaken by a beginning that was on its way: it is judged again.
        let number = if trace.has_begun(settled(cx).unwrap_or(0)) {
            match self.fate(cx, &trace, settled(cx)).await? {
                Fate::Begin(number, _) => number,
                Fate::Stands(_) | Fate::Done(_) | Fate::Doubt(_) => return Ok(Applied::new()),
            }
        } else {
            trace.last + 1
        };
        kept.begin(cx, number, (&self.line.argv(), self.given().await?)).await?;
        Ok(Applied::new())
    }

    pub(super) async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        self.must_be_here(cx)?;
        let kept = self.kept(cx);
        let trace = self.end_of(cx, &kept, self.line.program()).await?;
        let judged = cx.call().outputs.contains_key(STATUS);
        let by_check = format!("the check of `{}` says that it is done", self.line.program());
        match self.judge(cx, &kept, &trace).await? {
            CommandEnd::Good(outputs, told) => {
                if self.check.is_none() {
                    return Ok(Verified { outputs, evidence: told });
                }
                if let Err(late) = self.wait_for_check(cx).await {
                    // What comes of that changes nothing of why it failed.
                    let has_left =
                        late.kind == FailureKind::Deadline && kept.look(cx).await.is_ok_and(|trace| trace.left);
                    let is_ended = has_left && kept.end(cx, "its deadline").await.is_ok_and(|trace| !trace.left);
                    return Err(match (has_left, is_ended) {
                        (false, _) => late,
                        (true, true) => late.cause("what it had left behind still ran and was ended"),
                        (true, false) => late.cause("what it had left behind may still run"),
                    }
                    .into());
                }
                Ok(Verified { outputs, evidence: format!("{told}; {by_check}") })
            }
            CommandEnd::Bad(_) if judged => Ok(Verified::by(by_check)),
            CommandEnd::Bad(why) => {
                let mut failure = self.failed(cx, &kept, self.line.program(), &trace).await;
                if let Some(why) = why {
                    failure.message = format!("`{}` ended {}, but {why}", self.line.program(), self.place.on());
                }
                if self.reads || self.is_to_be_retried(cx, &trace).await {
                    failure.kind = FailureKind::Transient;
                }
                Err(failure.into())
            }
            CommandEnd::NotEnded if self.is_done(cx).await? == Some(true) => Ok(Verified::by(by_check)),
            CommandEnd::NotEnded => {
                let told = format!("`{}` {} is {}", self.line.program(), self.place.on(), trace.ended());
                Err(Failure::new(FailureKind::Lost, told)
                    .cause("the host went down, or all its processes were killed, before its end was written down")
                    .into())
            }
        }
    }

    pub(super) fn must_be_here(&self, cx: &Context<'_>) -> Result<(), Failure> {
        self.elsewhere(cx).map_or(Ok(()), |other| Err(Failure::refused(other).advise("go on with the run there")))
    }

    async fn wait_for_check(&self, cx: &Context<'_>) -> Result<(), Failure> {
        let what =
            format!("`{}` has ended {}, and its check says that it is done", self.line.program(), self.place.on());
        wait_until(&cx.every(self.every), &what, async || {
            Ok(match self.is_done(cx).await? {
                Some(false) => Glance::NotYet("its check says that it is not done".into()),
                Some(true) | None => Glance::Done(()),
            })
        })
        .await
    }
}

/// How many beginnings were settled when this one was first looked at: what came before, a person has said is not done. Nothing of
/// an action that a version began which kept nothing on hosts.
pub(super) fn settled(cx: &Context<'_>) -> Option<u32> {
    let settled = cx.call().before.get("settled")?.as_u64()?;
    u32::try_from(settled).ok()
}
