//! A plan: what it holds ([`sheet`]), and the forms it is given: text, page, Markdown, JSON.

pub(in crate::display) mod asked_site;
pub(in crate::display) mod changes;
pub(in crate::display) mod changes_text;
pub(in crate::display) mod checks;
pub(in crate::display) mod file;
pub(in crate::display) mod guards;
pub(in crate::display) mod json;
pub(in crate::display) mod looks;
pub(in crate::display) mod markdown;
pub(in crate::display) mod order_of_work;
pub(in crate::display) mod origin;
pub(in crate::display) mod page;
pub(in crate::display) mod permission;
pub(in crate::display) mod sheet;
pub(in crate::display) mod spoken;
pub(in crate::display) mod text;
pub(in crate::display) mod usual;
