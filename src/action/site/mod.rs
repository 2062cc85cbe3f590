//! Checks of a site, made as its users make them.

mod dav;
mod expect;
mod nextcloud;
mod through;
mod web;

pub(super) use web::causes;
