//! The kinds of actions that are commands.

use super::{Errand, Station, station_user};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Failure, Finding, LocalRun, SshRun, Text};

macro_rules! commands {
    ($($kind:ident: $place:expr;)+) => {$(
        impl $kind {
            fn errand(&self) -> Result<Errand<'_>, Failure> {
                let place: fn(&$kind) -> Result<Station<'_>, Failure> = $place;
                Errand::new(place(self)?, self.argv.as_deref(), self.shell.as_deref()).map(|errand| Errand {
                    reads: self.reads.is_some_and(|reads| *reads),
                    cwd: self.cwd.as_ref(),
                    env: self.env.as_ref(),
                    stdin: self.stdin.as_ref(),
                    expect: self.expect.clone().unwrap_or_default(),
                    outputs: self.outputs.as_deref().cloned().unwrap_or_default(),
                    check: self.check.as_ref(),
                    every: self.every,
                    undo: self.undo.as_ref(),
                    repeatable: self.repeatable == Some(true),
                    retry_on: self.retry_on.as_deref().unwrap_or_default(),
                    ..errand
                })
            }
        }

        impl Perform for $kind {
            fn sentence(&self) -> Text {
                self.errand().map_or_else(|refusal| refusal.message.into(), |errand| errand.sentence())
            }

            fn undo_sentence(&self) -> Option<Text> {
                self.errand().ok()?.undo_sentence()
            }

            fn changes(&self) -> Vec<Change> {
                self.errand().map_or_else(|_| Vec::new(), |errand| errand.changes())
            }

            async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
                self.errand()?.observe(cx).await
            }

            async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
                self.errand()?.apply(cx).await
            }

            async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
                self.errand()?.verify(cx).await
            }

            async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
                self.errand()?.take_back(cx).await
            }

            async fn give_up(&self, cx: &Context<'_>) -> Result<Option<String>, Failure> {
                self.errand()?.give_up(cx).await.map(Some)
            }

            async fn clear(&self, cx: &Context<'_>) -> Result<(), Failure> {
                self.errand()?.clear(cx).await
            }
        }
    )+};
}

commands! {
    SshRun: |it| Ok(Station { host: Some(&it.on), user: station_user(it.sudo == Some(true), it.user.as_ref())? });
    LocalRun: |it| Ok(Station { host: None, user: station_user(it.sudo == Some(true), it.user.as_ref())? });
}
