//! What an executor waits for, and until when: its calls, and looks at guards.

use super::call::guard_call;
use super::exchange::{CallId, Effect};
use super::executor::{Executor, GRACE};
use super::flight::UnderWay;
use crate::model::{ActionCall, Failure, FailureKind, Millis, Outcome, Sighting};
use std::time::Duration;

impl Executor {
    pub(super) fn begin(&mut self, call: ActionCall, now: Millis, effects: &mut Vec<Effect>) {
        let executor = self.flight.began.unwrap_or_default();
        let id = CallId { action: call.action.clone(), executor, number: self.flight.made };
        self.flight.made += 1;
        let deadline = self.pace.limit(Duration::from_secs(call.deadline_s));
        let deadline = i64::try_from(deadline.as_millis()).unwrap_or(i64::MAX);
        let until = now.saturating_add(deadline).saturating_add(GRACE);
        effects.push(Effect::Perform { id: id.clone(), call: Box::new(call.clone()) });
        self.flight.running.insert(call.action.clone(), UnderWay { id, call, until });
    }

    /// Begins a look at a guard; whether it could be asked.
    pub(super) fn look(&mut self, guard: &str, now: Millis, effects: &mut Vec<Effect>) -> bool {
        match guard_call(&self.plan, &self.state, guard) {
            Ok(call) => {
                effects.push(self.flight.begin_look(call, self.pace, now));
                true
            }
            Err(why) => {
                self.flight.note_look(guard, Sighting::bad(format!("it cannot be asked: {why}")), now);
                false
            }
        }
    }

    /// Ends what is no longer waited for; whether anything was.
    pub(super) fn end_overdue(&mut self, now: Millis, effects: &mut Vec<Effect>) -> bool {
        let over = self.flight.last_words.is_some_and(|at| at <= now);
        let overdue = |it: &UnderWay| over || it.until <= now;
        let ended: Vec<UnderWay> = self.flight.running.values().filter(|it| overdue(it)).cloned().collect();
        for UnderWay { id, call, .. } in &ended {
            self.flight.running.remove(&id.action);
            effects.push(Effect::Forget { id: id.clone() });
            // What has no end recorded because nobody waited is in doubt, and no failure.
            if !over {
                self.ended(call, silence(call), now);
            }
        }
        if over {
            self.flight.last_words = None;
            self.flight.cleared.clear();
        }
        !ended.is_empty()
    }

    /// When something is due by itself.
    pub(super) fn wake(&self, retry: Option<Millis>) -> Option<Millis> {
        let calls = self.flight.running.values().map(|it| it.until);
        let looks = self.flight.looking.values().map(|it| it.until);
        retry.into_iter().chain(self.flight.last_words).chain(calls).chain(looks).min()
    }
}

fn silence(call: &ActionCall) -> Outcome {
    Failure::new(
        FailureKind::Lost,
        format!("`{}` gave no answer within {} s and a minute", call.action, call.deadline_s),
    )
    .advise("what it did is looked for before it is tried again")
    .into()
}
