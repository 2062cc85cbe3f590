//! A command, back: ended where it still runs, then its `undo`.

use super::errand::STATUS;
use super::forward::settled;
use super::{Errand, KeptCommand, Stands};
use crate::action::{Context, Stop};
use crate::model::{Advice, CommandLine, Failure, FailureKind, Phase, Recourse, Resolution};

impl Errand<'_> {
    fn way_back(&self, cx: &Context<'_>) -> KeptCommand<'_> {
        KeptCommand::new(&self.place, format!("{}.undo", cx.call().token()))
    }

    pub(super) async fn take_back(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if !self.reads && self.undo.is_none() {
            return Err(Failure::permanent(format!("`{} {} cannot be undone", self.line.told(), self.place.on()))
                .cause("the runbook gives it no `undo` command")
                .advise(
                    Advice::by_hand("take it back by hand")
                        .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Undone)),
                )
                .into());
        }
        self.must_be_here(cx)?;
        let kept = self.kept(cx);
        let mut trace = kept.close(cx).await?;
        let mut ended = "";
        if trace.still_runs() {
            ended = match trace.goes_on() {
                true => "it still ran and was ended; ",
                false => "what it had left behind still ran and was ended; ",
            };
            trace = kept.end(cx, "its undo").await?;
        }
        if trace.still_runs() {
            let told =
                format!("`{}` {} does not let itself be ended, and still runs", self.line.program(), self.place.on());
            return Err(Failure::transient(told).advise(format!("see {} there", trace.folder)).into());
        }
        let Some(undo) = self.undo.filter(|_| !self.reads) else {
            kept.tidy(cx).await?;
            return Ok(format!("{ended}it only looks"));
        };
        undo.is_one().map_err(Failure::refused)?;
        // Half done or wholly, whatever its check says: it is taken back when it had begun, at any time. Done and its traces gone, too.
        let was_done = cx.call().outputs.contains_key(STATUS);
        if !was_done && settled(cx).is_some_and(|settled| !trace.was_begun(settled)) {
            return Ok("it had not begun".into());
        }
        let told = self.run_undo(cx, undo).await?;
        kept.tidy(cx).await?;
        Ok(format!("{ended}{told}"))
    }

    /// Ends it, and its undo, with all their processes, so that neither begins any more; takes nothing back.
    pub(super) async fn give_up(&self, cx: &Context<'_>) -> Result<String, Failure> {
        self.must_be_here(cx)?;
        let mut told = Vec::new();
        for (kept, what) in [(self.kept(cx), "it"), (self.way_back(cx), "its undo")] {
            let trace = kept.close(cx).await?;
            if !trace.still_runs() {
                continue;
            }
            if kept.end(cx, "its run was abandoned").await?.still_runs() {
                let told = format!(
                    "`{}` {} does not let itself be ended, and still runs",
                    self.line.program(),
                    self.place.on()
                );
                return Err(Failure::transient(told).advise(format!("see {} there", trace.folder)));
            }
            told.push(format!("{what} still ran, and was ended with all its processes"));
        }
        Ok(if told.is_empty() { "nothing of it runs any more".to_owned() } else { told.join("; ") })
    }

    /// Removes what it has left where it ran, and its undo, too, where that was done: its run has ended.
    pub(super) async fn clear(&self, cx: &Context<'_>) -> Result<(), Failure> {
        self.must_be_here(cx)?;
        self.kept(cx).clear(cx).await?;
        if cx.call().phase == Phase::Undo { self.way_back(cx).clear(cx).await } else { Ok(()) }
    }

    async fn run_undo(&self, cx: &Context<'_>, undo: &CommandLine) -> Result<String, Failure> {
        let back = self.way_back(cx);
        let trace = back.look(cx).await?;
        let again = trace.told || self.repeatable;
        let begin = match trace.stands {
            Stands::Never | Stands::Void => true,
            Stands::Ended(0) | Stands::Starting | Stands::Running => false,
            Stands::Ended(_) | Stands::Gone => again,
        };
        if begin {
            back.begin(cx, trace.last + 1, (&undo.argv(), &self.given_beside().await?)).await?;
        }
        let program = undo.program();
        let trace = match self.end_of(cx, &back, program).await {
            Err(late) if late.kind == FailureKind::Deadline => {
                // Where that cannot be noted, the next attempt tells it once more.
                let _ = back.told(cx).await;
                return Err(late);
            }
            trace => trace?,
        };
        match trace.stands {
            Stands::Ended(0) => {
                back.tidy(cx).await?;
                Ok(format!("`{} exited with 0", undo.told()))
            }
            Stands::Ended(_) | Stands::Gone => {
                back.told(cx).await?;
                let failure = self.failed(cx, &back, program, &trace).await;
                let by_hand = Recourse::Resolve(cx.call().action.clone(), Resolution::Undone);
                Err(failure
                    .advise(Advice::resume("runs it once more"))
                    .advise(Advice::by_hand("or take it back by hand").then(by_hand)))
            }
            _ => Err(Failure::new(FailureKind::Lost, format!("`{program}` {} did not begin", self.place.on()))),
        }
    }
}
