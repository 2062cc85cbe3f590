//! `runbook watch`: a page in the browser that follows a run, for those who do not sit before its terminal.
//!
//! Promises: it only reads, and lives as long as it is wanted: an executor that dies is shown, another that goes on is followed. Who
//! has not the page's address, in which a word is that nobody can guess, sees nothing. It listens on this machine alone unless it is told
//! otherwise.
//!
//! Not handled: encryption, and who may look: whoever has the address may.

mod follow;
mod serve;
mod token;

use crate::cli::args::{Common, Format, WatchArgs};
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::run::signals;
use crate::cli::{CommandFailure, Exit, open, settings};
use crate::display;
use follow::Follower;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(in crate::cli) fn watch(args: &WatchArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let journal = open::journal(common)?;
    let run = open::shown(&journal, args.run.run.as_deref())?.run;
    let work = settings::connections(common, run.as_str())?.work_dir;
    let token =
        token::new().map_err(|e| CommandFailure::new(Exit::Failed, "no word can be made up").cause(e.to_string()))?;
    let mut follower = Follower::new(journal, run.clone(), work);
    let first = follower.look()?.ok_or_else(|| CommandFailure::new(Exit::Failed, "nothing is to be shown"))?;
    block_on(async move {
        let mut stop = signals::listen()
            .map_err(|e| CommandFailure::new(Exit::Failed, "cannot listen for signals").cause(e.to_string()))?;
        let listener = TcpListener::bind(args.listen).await.map_err(|e| in_use(args.listen, &e))?;
        let at = listener.local_addr().unwrap_or(args.listen);
        if !at.ip().is_loopback() {
            display::to_stderr(&format!(
                "warning: {at} can be reached from other machines; what is shown is not encrypted, and whoever has the address sees it\n"
            ));
        }
        let url = format!("http://{at}/{token}/");
        out(&if format.is_json() {
            format!("{}\n", serde_json::json!({ "event": "watching", "run": run, "url": url }))
        } else {
            format!(
                "run {run} is shown at\n  {url}\nuntil Ctrl-C; whoever has the address can look, and change nothing\n"
            )
        })?;
        let (tell, shown) = tokio::sync::watch::channel(first);
        tokio::select! {
            served = serve::serve(listener, token, shown) => served
                .map(|()| Exit::Done)
                .map_err(|e| CommandFailure::new(Exit::Failed, "the page is not served any more").cause(e.to_string())),
            () = follower.follow(tell) => Ok(Exit::Done),
            _ = stop.changed() => Ok(Exit::Done),
        }
    })?
}

fn in_use(at: SocketAddr, error: &std::io::Error) -> CommandFailure {
    CommandFailure::usage(format!("cannot listen on {at}"))
        .cause(error.to_string())
        .hint("give another port, or `--listen 127.0.0.1:0` for any that is free")
}
