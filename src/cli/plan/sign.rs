//! `runbook sign`: a person's yes to a saved plan, recorded beside it.

use crate::cli::args::{Format, SignArgs};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::out::out;
use crate::cli::plan::{file, show};
use crate::cli::{CommandFailure, Exit, operator};
use crate::display;
use crate::engine::Clock;
use crate::journal::Signature;

pub(in crate::cli) fn sign(args: &SignArgs, format: Format) -> Result<Exit, CommandFailure> {
    let read = file::read(&args.plan)?;
    let by = operator::name();
    if let Some(signed) = read.file.signatures.iter().find(|signature| signature.by == by) {
        let when = display::date_time(signed.at);
        return Err(CommandFailure::refused(format!("{by} signed `{}` already, {when} UTC", args.plan.display()))
            .hint("a second signature is another person's"));
    }
    if !format.is_json() {
        out(&display::plan_summary_text(&read.plan, &show::origin(&read)))?;
    }
    confirm(args.yes, &format!("Sign this plan as {by}?"))?;
    let signature = Signature { by, at: SystemClock.now(), sha256: read.file.sha256.clone() };
    file::add(&args.plan, &signature)?;
    let beside = file::beside(&args.plan);
    out(&if format.is_json() {
        format!("{}\n", serde_json::json!({ "signature": signature, "file": beside.display().to_string() }))
    } else {
        let mut text = format!("signed by {}: {}\n", signature.by, beside.display());
        if signature.by == read.file.made_by {
            text.push_str(
                "  who made a plan does not count for `run --require-signed`: somebody else has to sign, too\n",
            );
        }
        text
    })?;
    Ok(Exit::Done)
}
