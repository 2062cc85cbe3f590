//! A run: where it stands, why it rests, what it has recorded, what to type next.

pub(in crate::display) mod answer;
pub(in crate::display) mod commands;
pub(in crate::display) mod drift;
pub(in crate::display) mod failure;
pub(in crate::display) mod guards;
pub(in crate::display) mod leaves;
pub(in crate::display) mod limits;
pub(in crate::display) mod log;
pub(in crate::display) mod notice;
pub(in crate::display) mod rest;
pub(in crate::display) mod runs;
pub(in crate::display) mod site;
pub(in crate::display) mod status;
pub(in crate::display) mod status_json;
pub(in crate::display) mod tally;
pub(in crate::display) mod took;
