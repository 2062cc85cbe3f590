//! The end of a command: waiting for it, ending it at the deadline, what it gives, and how a bad end is told.

use super::errand::{SHOWN, STATUS};
use super::{Errand, Given, KeptCommand, Stands, Trace};
use crate::access::RemoteOutput;
use crate::action::{Context, Glance, wait_until};
use crate::model::{Advice, Failure, FailureKind, Value, Values};
use std::time::Duration;

/// How much a command may print that is given on as `stdout`: outputs go into the journal.
const GIVEN_ON: usize = 64 << 10;
/// The pauses before the first looks at a command, for most are short; as long as they are shorter than between all others.
const FIRST_LOOKS: [Duration; 9] = {
    let ms = Duration::from_millis;
    [Duration::ZERO, ms(40), ms(80), ms(160), ms(320), ms(640), ms(1280), ms(2560), ms(5120)]
};
/// From which of them on it is told that it runs.
const TOLD_FROM: Duration = Duration::from_millis(320);
/// How long a beginning may take until it is made void: it is a matter of a process or two.
const BEGINS_WITHIN: Duration = Duration::from_secs(15);

/// What is to be thought of how a command stands.
pub(super) enum CommandEnd {
    /// It came to a good end: what it gives, and what shows it.
    Good(Values, String),
    /// It came to a bad one; where the status does not say why, this does.
    Bad(Option<String>),
    /// It did not end, or nobody knows how.
    NotEnded,
}

impl CommandEnd {
    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::Good(..))
    }
}

impl Errand<'_> {
    /// Waits until a command that was begun has ended; at the deadline it is ended.
    pub(super) async fn end_of(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        program: &str,
    ) -> Result<Trace, Failure> {
        let slower = cx.every(self.every);
        for pause in FIRST_LOOKS.into_iter().take_while(|pause| *pause < slower.between_looks()) {
            if pause >= cx.time_left() {
                break;
            }
            tokio::time::sleep(pause).await;
            match kept.look(cx).await {
                Ok(trace) if trace.goes_on() && pause < TOLD_FROM => {}
                Ok(trace) if trace.goes_on() => {
                    cx.beat().beat(running(program, &veiled(self.veil_if_any().await, &trace.says)))?;
                }
                Ok(trace) => return Ok(trace),
                Err(failure) if failure.kind.may_pass() => break,
                Err(failure) => return Err(failure),
            }
        }
        let what = format!("`{program}` ends {}", self.place.on());
        let given = self.veil_if_any().await;
        let mut patience = cx.looks(BEGINS_WITHIN);
        let waited = wait_until(&slower, &what, async || {
            let trace = kept.look(cx).await?;
            match trace.stands {
                Stands::Running => return Ok(Glance::NotYet(running(program, &veiled(given, &trace.says)))),
                Stands::Starting if patience > 0 => patience -= 1,
                Stands::Starting => return kept.void(cx, trace.last).await.map(Glance::Done),
                _ => return Ok(Glance::Done(trace)),
            }
            Ok(Glance::NotYet(format!("`{program}` is about to begin")))
        });
        match waited.await {
            Err(late) if late.kind == FailureKind::Deadline => self.ended_late(cx, kept, program, late).await,
            waited => waited,
        }
    }

    async fn ended_late(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        program: &str,
        late: Failure,
    ) -> Result<Trace, Failure> {
        let limit = cx.call().deadline_s;
        let failure = |how: &str| {
            Failure::new(
                FailureKind::Deadline,
                format!("`{program}` did not end within {limit} s {}, {how}", self.place.on()),
            )
        };
        match kept.end(cx, "its deadline").await {
            Ok(trace) if trace.stopped.is_none() && !trace.goes_on() => Ok(trace),
            Ok(trace) if trace.goes_on() => Err(failure("and does not let itself be ended: it still runs")
                .advise(Advice::then_resume(format!("see {} there", trace.folder)).which("waits for it again"))),
            Ok(trace) => Err(failure("and was ended with all its processes")
                .cause(trace.ended())
                .cause(self.last_words(cx, kept).await)
                .advise("where it only needs more time, give the action a longer `deadline`")),
            Err(why) => Err(failure("and could not be ended: it may still run")
                .cause(late.causes.first().cloned().unwrap_or_default())
                .cause(format!("{}: {}", why.message, why.causes.first().map_or("", String::as_str)))
                .advise(Advice::resume("finds it again, and waits for it as long"))),
        }
    }

    /// The failure of a command that came to a bad end.
    pub(super) async fn failed(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        program: &str,
        trace: &Trace,
    ) -> Failure {
        let said = self.last_words(cx, kept).await;
        let status = if let Stands::Ended(status) = trace.stands { status } else { RemoteOutput::BY_SIGNAL };
        let output = RemoteOutput { status, stdout: Vec::new(), stderr: said };
        let mut failure = self.place.did_not_work(&format!("`{program}`"), program, output);
        failure.message = format!("`{program}` failed {} ({})", self.place.on(), trace.ended());
        failure.causes.retain(|cause| !cause.is_empty());
        failure
    }

    /// The last that it said, for people.
    async fn last_words(&self, cx: &Context<'_>, kept: &KeptCommand<'_>) -> String {
        let said = kept.last_words(cx, SHOWN).await.unwrap_or_default();
        veiled(self.veil_if_any().await, &said)
    }

    /// What it was given, to know its secrets again; nothing when they cannot be had now.
    async fn veil_if_any(&self) -> Option<&Given> {
        self.given().await.ok()
    }

    /// What is to be thought of how it stands, by what the runbook expects.
    pub(super) async fn judge(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        trace: &Trace,
    ) -> Result<CommandEnd, Failure> {
        let Stands::Ended(status) = trace.stands else { return Ok(CommandEnd::NotEnded) };
        if !self.expect.takes(status) || trace.stopped.is_some() {
            return Ok(CommandEnd::Bad(None));
        }
        let mut outputs = Values::from([(STATUS.to_owned(), Value::from(status))]);
        let exited = format!("`{}` exited with {status}", self.line.program());
        let is_read = self.expect.reads_output() || !self.outputs.0.is_empty();
        let text = match self.printed(cx, kept, trace).await? {
            Ok(text) => text,
            Err(why) if is_read => return Ok(CommandEnd::Bad(Some(why))),
            Err(why) => return Ok(CommandEnd::Good(outputs, format!("{exited}; {why}"))),
        };
        if let Some(why) = self.expect.misses(&text) {
            return Ok(CommandEnd::Bad(Some(why)));
        }
        let declared = match self.outputs.read(&text) {
            Ok(declared) => declared,
            Err(not_there) => return Ok(CommandEnd::Bad(Some(not_there.to_string()))),
        };
        let given = declared_told(&declared);
        outputs.extend(declared);
        let last = text.trim().lines().last().map_or_else(String::new, |line| format!(": {line}"));
        outputs.insert("stdout".to_owned(), Value::from(text.trim()));
        Ok(CommandEnd::Good(outputs, format!("{exited}{}", given.unwrap_or(last))))
    }

    /// What it printed, where that can be given on; else why not.
    async fn printed(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        trace: &Trace,
    ) -> Result<Result<String, String>, Failure> {
        if trace.printed > GIVEN_ON as u64 {
            return Ok(Err(format!(
                "it printed {} bytes, which is too much to be given on as `stdout`: see {}/out on {}",
                trace.printed,
                trace.folder,
                self.place.name()
            )));
        }
        let printed = kept.printed(cx, GIVEN_ON).await?;
        // Here the secrets must be had: what is given on is written down.
        let given = self.given().await?;
        Ok(match String::from_utf8(printed) {
            Ok(text) => Ok(given.veil().over(&text)),
            Err(_) => Err("what it printed is no text, and is not given on as `stdout`".to_owned()),
        })
    }
}

/// A text without secrets: nothing of it where it cannot be told what they are.
fn veiled(given: Option<&Given>, text: &str) -> String {
    match given {
        Some(given) => given.veil().over(text),
        None if text.is_empty() => String::new(),
        None => "(what it said is not shown: it was given a secret that cannot be had now to blot it out)".to_owned(),
    }
}

fn running(program: &str, says: &str) -> String {
    if says.trim().is_empty() { format!("`{program}` runs") } else { format!("`{program}`: {}", says.trim()) }
}

/// What a command gives, by name: ": keys 1160, users 12"; none where it declares nothing.
fn declared_told(declared: &Values) -> Option<String> {
    let one = |(name, value): (&String, &Value)| match value.as_str() {
        Some(text) => format!("{name} {}", text.lines().next().unwrap_or_default()),
        None => format!("{name} {value}"),
    };
    let all: Vec<String> = declared.iter().map(one).collect();
    (!all.is_empty()).then(|| format!(": {}", all.join(", ")))
}
