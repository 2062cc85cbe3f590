//! Looks at guards that the embedded driver has under way, a task each.

use super::exchange::LookId;
use crate::model::Sighting;
use std::collections::{BTreeMap, HashMap};
use tokio::task::{AbortHandle, Id, JoinSet};

/// The looks under way.
#[derive(Default)]
pub(super) struct GuardLooks {
    tasks: JoinSet<Sighting>,
    names: HashMap<Id, LookId>,
    handles: BTreeMap<LookId, AbortHandle>,
}

impl GuardLooks {
    pub(super) fn begin(&mut self, id: LookId, work: impl Future<Output = Sighting> + 'static) {
        let handle = self.tasks.spawn_local(work);
        self.names.insert(handle.id(), id.clone());
        self.handles.insert(id, handle);
    }

    pub(super) fn forget(&mut self, id: &LookId) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// What the next look has seen; nothing when none is under way. A task that broke has seen nothing, which is bad.
    pub(super) async fn next(&mut self) -> Option<(LookId, Sighting)> {
        loop {
            let (task, sighting) = match self.tasks.join_next_with_id().await? {
                Ok((task, sighting)) => (task, sighting),
                Err(error) => {
                    (error.id(), Sighting::bad("the code of this look broke off, which is a defect of `runbook`"))
                }
            };
            let name = self.names.remove(&task);
            if let Some(id) = name.filter(|id| self.handles.remove(id).is_some()) {
                return Some((id, sighting));
            }
        }
    }
}
