//! What stands for the id of a run that does not exist yet, in names that are made of it.
//!
//! Looking before a run needs names (``is there an image `nextcloud-…` already?``) that hold the id; a plan must not show one
//! that was made up. So the id to look with is one that nothing else can have, for it is drawn anew by each process, and
//! what looking tells has `(the run's id)` in its place. What parameters tell never holds it: there the id is not known.

use crate::model::{Failure, Finding, RunId, sha256};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::OnceLock;

const SHOWN: &str = "(the run's id)";

/// The id to look with. As long as an id, for names have a longest length.
pub(in crate::cli) fn planned_run_id() -> RunId {
    static DRAWN: OnceLock<RunId> = OnceLock::new();
    let draw = || {
        let unique = jiff::Timestamp::now().as_nanosecond();
        let drawn = sha256(format!("{unique} {} {:p}", std::process::id(), &DRAWN));
        format!("r{}", &drawn[..20]).parse().expect("digits and letters after an `r` form an id")
    };
    DRAWN.get_or_init(draw).clone()
}

/// The id of a run that exists, or is about to; nothing for the one to look with.
pub(in crate::cli) fn begun(run: &RunId) -> Option<&RunId> {
    (*run != planned_run_id()).then_some(run)
}

/// A value as it is shown: what stands in is a text in a text, and so is what is shown.
fn value<T: Serialize + DeserializeOwned + Clone>(it: &T) -> T {
    let id = planned_run_id();
    let shown = serde_json::to_string(it).ok().filter(|json| json.contains(id.as_str()));
    shown.and_then(|json| serde_json::from_str(&json.replace(id.as_str(), SHOWN)).ok()).unwrap_or_else(|| it.clone())
}

/// What was found, as it is shown.
pub(in crate::cli) fn finding(it: &Finding) -> Finding {
    value(it)
}

/// What refuses, as it is shown.
pub(in crate::cli) fn failure(it: &Failure) -> Failure {
    value(it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Found};

    #[test]
    fn no_id_is_made_up() {
        let id = planned_run_id();
        assert_eq!((begun(&id), planned_run_id()), (None, id.clone()));
        let seen = Finding {
            changes: vec![Change::Command { on: "web-1".into(), argv: vec![format!("/f.{id}\"")] }],
            ..Finding::new(Found::Absent, false, format!("there is no image `nc-{id}`"))
        };
        let shown = finding(&seen);
        assert_eq!(shown.evidence, "there is no image `nc-(the run's id)`");
        assert!(!format!("{shown:?}").contains(id.as_str()));
        assert_eq!(failure(&Failure::refused(id.as_str())).message, SHOWN);
        let real: RunId = "r20261123-212521-t8ux".parse().unwrap();
        assert_eq!(begun(&real), Some(&real));
        assert_eq!(failure(&Failure::refused(real.as_str())).message, real.as_str());
    }
}
