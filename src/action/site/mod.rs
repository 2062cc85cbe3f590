//! Checks of a site, made as its users make them.

mod browser;
mod dav;
mod expect;
#[cfg(test)]
mod little_site;
mod nextcloud;
mod page;
mod refusal;
mod through;
mod web;

pub(super) use browser::{BrowsedSite, open, who};
pub(super) use dav::DavFiles;
pub(super) use through::CLIENT_REFUSED;
