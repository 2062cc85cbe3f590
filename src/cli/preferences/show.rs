//! `runbook settings`: what counts, where it comes from, and a try of who is told.

use super::{complete, place};
use crate::access::Settings;
use crate::cli::args::{Common, Format, SettingsArgs};
use crate::cli::clock::SystemClock;
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::settings::{connections, state_folder};
use crate::cli::{CommandFailure, Exit, operator};
use crate::display;
use crate::engine::Clock;
use crate::notify::{Notice, Occasion, deliver};
use serde_json::json;

/// A setting, what it is, and where that comes from.
struct Setting {
    name: &'static str,
    value: String,
    from: &'static str,
}

/// Shows the settings; `typed` is what was typed or exported, before the file.
pub(in crate::cli) fn settings(args: &SettingsArgs, typed: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let all = complete(typed.clone())?;
    let file = place::usual(typed);
    let from = |typed: bool, now: bool| match (typed, now) {
        (true, _) => "typed, or the environment",
        (false, true) => "the settings file",
        (false, false) => "comes with the tool",
    };
    let path = |path: &Option<std::path::PathBuf>, else_: &str| {
        path.as_ref().map_or_else(|| else_.to_owned(), |path| path.display().to_string())
    };
    let poll = all.poll_interval.unwrap_or(Settings::POLL);
    let list = [
        Setting {
            name: "state",
            value: state_folder(&all)?.display().to_string(),
            from: from(typed.state.is_some(), all.state.is_some()),
        },
        Setting {
            name: "ssh_config",
            value: path(&all.ssh_config, "~/.ssh/config"),
            from: from(typed.ssh_config.is_some(), all.ssh_config.is_some()),
        },
        Setting {
            name: "trust_ca",
            value: path(&all.trust_ca, "the system's"),
            from: from(typed.trust_ca.is_some(), all.trust_ca.is_some()),
        },
        Setting {
            name: "poll_interval",
            value: display::duration(i64::try_from(poll.as_millis()).unwrap_or(i64::MAX)),
            from: from(typed.poll_interval.is_some(), all.poll_interval.is_some()),
        },
        Setting { name: "probe", value: (!all.no_probe).to_string(), from: from(typed.no_probe, all.no_probe) },
    ];
    let there = place::find(typed)?.is_some();
    let told = |on: &[Occasion]| on.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    if format.is_json() {
        let settings = list.iter().map(|it| (it.name.to_owned(), json!({ "value": it.value, "from": it.from })));
        let notify: Vec<_> = all.notify.iter().map(|it| json!({ "on": it.on, "way": it.way.to_string() })).collect();
        let settings: serde_json::Map<String, serde_json::Value> = settings.collect();
        out(&format!("{}\n", json!({ "file": file, "there": there, "settings": settings, "notify": notify })))?;
    } else {
        let mut text = match (&file, there) {
            (Some(file), true) => format!("settings file: {}\n\n", file.display()),
            (Some(file), false) => format!("settings file: {} (there is none)\n\n", file.display()),
            (None, _) => "settings file: none, for no home is known\n\n".to_owned(),
        };
        for it in &list {
            text.push_str(&format!("  {:<14} {}  ({})\n", it.name, it.value, it.from));
        }
        match all.notify.as_slice() {
            [] => text.push_str("\nnobody is told of anything (`[[notify]]` in the settings file)\n"),
            receivers => {
                text.push_str("\nwho is told\n");
                for it in receivers {
                    text.push_str(&format!("  {}: {}\n", it.way, told(&it.on)));
                }
            }
        }
        out(&text)?;
    }
    if args.try_notify { try_all(&all, format) } else { Ok(Exit::Done) }
}

/// Tells each receiver something, to see whether that arrives.
fn try_all(common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    if common.notify.is_empty() {
        return Err(CommandFailure::usage("there is nobody to tell")
            .hint("name somebody under `[[notify]]` in the settings file"));
    }
    let holder = operator::holder();
    let run = "r20000101-000000-test".parse().map_err(|_| CommandFailure::refused("no run's id"))?;
    let notice = Notice {
        event: Occasion::Rest,
        text: "this is a try of `runbook settings --try-notify`: no run rests".to_owned(),
        run,
        runbook: "none".to_owned(),
        record: 0,
        at: jiff::Timestamp::from_millisecond(SystemClock.now()).unwrap_or_default().to_string(),
        host: holder.host,
        by: holder.by,
    };
    let settings = connections(common, "settings")?;
    let failed: Vec<String> = block_on(async {
        let mut failed = Vec::new();
        for receiver in &common.notify {
            match deliver(&notice, &receiver.way, &settings).await {
                Ok(()) if format.is_json() => {}
                Ok(()) => out(&format!("told: {}\n", receiver.way))?,
                Err(why) => failed.push(format!("{}: {why}", receiver.way)),
            }
        }
        Ok::<_, CommandFailure>(failed)
    })??;
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    let failure = CommandFailure::new(Exit::Failed, "not everybody could be told");
    Err(failed.into_iter().fold(failure, CommandFailure::cause))
}
