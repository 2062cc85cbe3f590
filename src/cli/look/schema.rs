//! `runbook schema`: the JSON Schema of runbooks.

use crate::cli::out::out;
use crate::cli::{Exit, Failure};
use crate::validate;

pub(in crate::cli) fn schema() -> Result<Exit, Failure> {
    out(&format!("{:#}\n", validate::schema()))?;
    Ok(Exit::Done)
}
