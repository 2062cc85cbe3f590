//! The site of the lab: what its web server carries at first, a Nextcloud in its place, and its user.

pub mod release;
pub(super) mod seed;
pub(super) mod visitor;
