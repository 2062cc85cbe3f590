//! Who uses a world's site while something is rehearsed. Coming and going is `site::crowd`.

use serde::{Deserialize, Serialize};

/// Users of a Nextcloud who log in, look at their files and upload while something is rehearsed; no request of theirs may fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsersBefore {
    /// As whom.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// How large a file is that is uploaded.
    #[serde(default = "usual_upload_mib")]
    pub upload_mib: u64,
    /// For how many seconds it is on its way.
    #[serde(default = "usual_upload_s")]
    pub upload_s: u64,
}

fn usual_upload_mib() -> u64 {
    50
}

fn usual_upload_s() -> u64 {
    8
}

impl UsersBefore {
    /// The same with all its texts filled.
    pub(in crate::rehearsal) fn filled(&self, fill: &dyn Fn(&str) -> String) -> Self {
        Self { user: fill(&self.user), password: fill(&self.password), ..self.clone() }
    }
}
