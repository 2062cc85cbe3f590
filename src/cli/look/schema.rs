//! `runbook schema`: the JSON Schema of runbooks.

use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit};
use crate::validate;

pub(in crate::cli) fn schema() -> Result<Exit, CommandFailure> {
    out(&format!("{:#}\n", validate::schema()))?;
    Ok(Exit::Done)
}
