//! Names that looking has brought along: what the operator calls the resources behind AWS's ids.
//!
//! For showing only: nothing is decided by a name, and an id without one stays as it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Ids with their names, shared by all that look.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<BTreeMap<String, String>>>);

impl Names {
    /// Notes what a resource is called; an empty name is none.
    pub fn note(&self, id: &str, name: Option<&str>) {
        if let Some(name) = name.filter(|name| !name.is_empty() && !id.is_empty()) {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(id.to_owned(), name.to_owned());
        }
    }

    /// All that were noted so far.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
