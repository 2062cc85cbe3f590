//! What became of a run, for those who were not there: as text, Markdown, one HTML page and JSON.
//!
//! Promises: all four say the same ([`sheet`]), told from plan and records alone; nothing that a runbook, an input or the world says is
//! markup. Times are UTC and those of the journal; whether the site was down is what the run's own actions did to it.
//!
//! Not handled: what the site's users saw; requests and answers of AWS.

pub(in crate::display) mod json;
pub(in crate::display) mod markdown;
pub(in crate::display) mod page;
pub(in crate::display) mod sheet;
pub(in crate::display) mod strip;
pub(in crate::display) mod text;
pub(in crate::display) mod trouble;
pub(in crate::display) mod words;
