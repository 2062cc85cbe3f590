//! The site of the lab: what its web server carries at first, a Nextcloud in its place, and its users.

pub(super) mod crowd;
mod crowd_seen;
mod crowd_upload;
pub mod release;
pub(super) mod seed;
pub(super) mod visitor;

/// The version that the stand-in says it has (`SITE_VERSION` of `lib/site.php`).
pub(super) const STAND_IN_VERSION: &str = "17.0.2";
