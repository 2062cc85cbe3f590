//! Whether a file is there, and what is in it; nothing of that is ever shown.

use super::probed::Probed;
use crate::access::{RemoteCommand, run_here};
use crate::action::Lines;
use crate::model::{Failure, FileProbe, Target, Text, is_found, tell};

/// Prints a file that is there: exit status 3 when it is not, 4 when it cannot be read.
const SCRIPT: &str =
    r#"[ -e "$1" ] || [ -L "$1" ] || exit 3; [ -z "$2" ] || { [ -f "$1" ] && head -c "$2" -- "$1"; } || exit 4"#;
/// How much of a file is looked at.
const MOST: &str = "1048576";

pub(super) fn wanted(file: &FileProbe, place: &str) -> Text {
    let mut all = match file.exists {
        true => tell!("`{}` is there on {}", file.path, place),
        false => tell!("`{}` is not there on {}", file.path, place),
    };
    if let Some(expression) = &file.contains {
        all.push(&tell!(", and something in it matches `{}`", *expression));
    }
    if let Some(expression) = &file.not_contains {
        all.push(&tell!(", and nothing in it matches `{}`", *expression));
    }
    all
}

pub(super) async fn look(
    lines: &Lines<'_>,
    on: Option<&Target>,
    as_root: bool,
    file: &FileProbe,
) -> Result<Probed, Failure> {
    let reads = file.contains.is_some() || file.not_contains.is_some();
    let argv = ["sh", "-c", SCRIPT, "file", file.path.as_str(), if reads { MOST } else { "" }];
    let command = if as_root { RemoteCommand::sudo(argv) } else { RemoteCommand::new(argv) };
    let output = match on {
        Some(host) => lines.run(host, command).await?,
        None => run_here(&command).await.map_err(|error| {
            Failure::transient(format!("`{}` cannot be looked at", file.path)).cause(error.to_string())
        })?,
    };
    let is = |told: &str| format!("`{}` {told}", file.path);
    Ok(match output.status {
        3 => Probed::new(!file.exists, is("is not there")),
        0 if !file.exists => Probed::new(false, is("is there")),
        0 => {
            let text = String::from_utf8_lossy(&output.stdout);
            if let Some(expression) = file.contains.as_ref().filter(|it| !is_found(it, &text)) {
                Probed::new(false, is(&format!("is there, and nothing in it matches `{expression}`")))
            } else if let Some(expression) = file.not_contains.as_ref().filter(|it| is_found(it, &text)) {
                Probed::new(false, is(&format!("is there, and something in it matches `{expression}`")))
            } else {
                Probed::new(true, is(if reads { "is there, with what is wanted in it" } else { "is there" }))
            }
        }
        _ => {
            let place = on.map_or_else(|| "this machine".to_owned(), ToString::to_string);
            return Err(Failure::permanent(format!("`{}` cannot be read on {place}", file.path)).cause(output.stderr));
        }
    })
}
