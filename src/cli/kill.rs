//! Killing this very process at a named point, for rehearsals: a wrapper round the performer, in the rehearsal's child
//! process only. Engine and actions know nothing of it.

use super::Failure;
use crate::access::Beat;
use crate::engine::Performer;
use crate::model::{ActionCall, ActionPath, Outcome, Phase};
use std::fmt;
use std::str::FromStr;

/// Where to kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KillPoint {
    action: ActionPath,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// All points of one process; an undo's point is written `ACTION:before-undo` or `ACTION:after-undo`.
#[derive(Debug, Clone, Default)]
pub(super) struct Kills(Vec<(KillPoint, Phase)>);

impl Kills {
    pub(super) fn none() -> Self {
        Self::default()
    }

    pub(super) fn parse(texts: &[String]) -> Result<Self, Failure> {
        let parse = |text: &String| {
            let (plain, phase) = match text.strip_suffix("-undo") {
                Some(plain) => (plain, Phase::Undo),
                None => (text.as_str(), Phase::Apply),
            };
            plain.parse::<KillPoint>().map(|point| (point, phase)).map_err(Failure::usage)
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    fn strike(&self, call: &ActionCall, when: When) {
        let hit = |(point, phase): &(KillPoint, Phase)| {
            point.action == call.action && point.when == when && *phase == call.phase
        };
        if self.0.iter().any(hit) {
            // Nothing runs after this: that is the point.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

impl FromStr for KillPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no kill point: write ACTION:before or ACTION:after");
        let (action, when) = text.rsplit_once(':').ok_or_else(wrong)?;
        let when = match when {
            "before" => When::Before,
            "after" => When::After,
            _ => return Err(wrong()),
        };
        Ok(Self { action: action.parse().map_err(|e| format!("{e}"))?, when })
    }
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.when == When::Before { "before" } else { "after" };
        write!(f, "{}:{when}", self.action)
    }
}

/// A performer that may kill this process.
#[derive(Debug, Clone)]
pub(super) struct Killing<P> {
    pub(super) inner: P,
    pub(super) kills: Kills,
}

impl<P: Performer> Performer for Killing<P> {
    async fn perform(&self, call: ActionCall, beat: Beat) -> Outcome {
        self.kills.strike(&call, When::Before);
        let outcome = self.inner.perform(call.clone(), beat).await;
        self.kills.strike(&call, When::After);
        outcome
    }
}
