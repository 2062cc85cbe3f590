//! The end of a command of `ssh.run`: waiting for it, ending it at the deadline, what it gives, and how a bad end is told.

use super::command::{KeptCommand, Stands, Trace};
use crate::access::RemoteOutput;
use crate::action::lines::did_not_work;
use crate::action::{Context, Glance, wait_until};
use crate::model::{Advice, Failure, FailureKind, SshRun, Text, Value, Values};
use std::time::Duration;

/// How much a command may print that is given on as `stdout`: outputs go into the journal.
const GIVEN_ON: usize = 64 << 10;
/// How much of the end of what it said is shown of a command that failed.
const SHOWN: usize = 4096;
/// The first looks at a command, for most are short.
const FIRST_LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
];
/// How long a beginning may take until it is made void: it is a matter of a process or two.
const BEGINS_WITHIN: Duration = Duration::from_secs(15);
/// The output by which a command that came to its end is known.
pub(super) const STATUS: &str = "status";

impl SshRun {
    /// Waits until a command that was begun has ended; at the deadline it is ended.
    pub(super) async fn end_of(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        program: &str,
    ) -> Result<Trace, Failure> {
        for pause in FIRST_LOOKS {
            tokio::time::sleep(pause).await;
            match kept.look(cx).await {
                Ok(trace) if trace.goes_on() => {}
                Ok(trace) => return Ok(trace),
                Err(failure) if failure.kind.may_pass() => break,
                Err(failure) => return Err(failure),
            }
        }
        let what = format!("`{program}` ends on {}", self.on);
        let mut patience = cx.looks(BEGINS_WITHIN);
        let waited = wait_until(cx, &what, async || {
            let trace = kept.look(cx).await?;
            match trace.stands {
                Stands::Running => return Ok(Glance::NotYet(running(program, &trace))),
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
                format!("`{program}` did not end within {limit} s on {}, {how}", self.on),
            )
        };
        match kept.end(cx, "its deadline").await {
            Ok(trace) if trace.stopped.is_none() && !trace.goes_on() => Ok(trace),
            Ok(trace) if trace.goes_on() => Err(failure("and does not let itself be ended: it still runs")
                .advise(Advice::then_resume(format!("see {} there", trace.folder)).which("waits for it again"))),
            Ok(trace) => Err(failure("and was ended with all its processes")
                .cause(trace.ended())
                .cause(kept.last_words(cx, SHOWN).await.unwrap_or_default())
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
        argv: &[Text],
        trace: &Trace,
    ) -> Failure {
        let program = argv.first().map_or("", Text::as_str);
        let said = kept.last_words(cx, SHOWN).await.unwrap_or_default();
        let status = if let Stands::Ended(status) = trace.stands { status } else { RemoteOutput::BY_SIGNAL };
        let output = RemoteOutput { status, stdout: Vec::new(), stderr: said };
        let mut failure = did_not_work(&format!("`{program}`"), &self.on, program, output);
        failure.message = format!("`{program}` failed on {} ({})", self.on, trace.ended());
        failure.causes.retain(|cause| !cause.is_empty());
        failure
    }

    /// What a command that came to its end gives.
    pub(super) async fn given(
        &self,
        cx: &Context<'_>,
        kept: &KeptCommand<'_>,
        trace: &Trace,
        status: i32,
    ) -> Result<(Values, String), Failure> {
        let mut given = Values::from([(STATUS.to_owned(), Value::from(status))]);
        let program = self.program();
        if trace.printed > GIVEN_ON as u64 {
            let told = format!(
                "`{program}` exited with {status}; it printed {} bytes, which is too much to be given on as `stdout`: see {}/out \
                 on {}",
                trace.printed, trace.folder, self.on.name
            );
            return Ok((given, told));
        }
        match String::from_utf8(kept.printed(cx, GIVEN_ON).await?) {
            Ok(text) => {
                let last = text.trim().lines().last().map_or_else(String::new, |line| format!(": {line}"));
                given.insert("stdout".to_owned(), Value::from(text.trim()));
                Ok((given, format!("`{program}` exited with {status}{last}")))
            }
            Err(_) => {
                let told = format!(
                    "`{program}` exited with {status}; what it printed is no text, and is not given on as `stdout`"
                );
                Ok((given, told))
            }
        }
    }
}

fn running(program: &str, trace: &Trace) -> String {
    if trace.says.trim().is_empty() {
        format!("`{program}` runs")
    } else {
        format!("`{program}`: {}", trace.says.trim())
    }
}
