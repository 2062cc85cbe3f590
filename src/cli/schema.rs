//! `runbook schema`: the JSON Schema of runbooks.

use super::out::out;
use super::{Exit, Failure};
use crate::validate;

pub(super) fn schema() -> Result<Exit, Failure> {
    out(&format!("{:#}\n", validate::schema()))?;
    Ok(Exit::Done)
}
