//! What is known of the region's bodies at this moment: written by the loops that follow the account, read by
//! whoever looks into the region.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

use crate::rehearsal::balancer::health::TargetCheck;

/// One host.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct HostView {
    pub(in crate::rehearsal) hostname: String,
    pub(in crate::rehearsal) address: Ipv4Addr,
    pub(in crate::rehearsal) root: PathBuf,
    /// Its pid 1 while it is up.
    pub(in crate::rehearsal) init: Option<Pid>,
}

/// The latest picture.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct View {
    hosts: Mutex<BTreeMap<String, HostView>>,
    checks: Mutex<Vec<TargetCheck>>,
    balancers: Mutex<BTreeMap<String, Vec<Ipv4Addr>>>,
    resets: Mutex<BTreeSet<String>>,
}

impl View {
    pub(in crate::rehearsal) fn set_hosts(&self, hosts: BTreeMap<String, HostView>) {
        *self.hosts.lock().unwrap_or_else(PoisonError::into_inner) = hosts;
    }

    pub(in crate::rehearsal) fn host(&self, id: &str) -> Option<HostView> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(in crate::rehearsal) fn hosts(&self) -> BTreeMap<String, HostView> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that a host which ends is to come up again.
    pub(in crate::rehearsal) fn reset(&self, id: &str) {
        self.resets.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    /// Whether that was said; asked once.
    pub(in crate::rehearsal) fn was_reset(&self, id: &str) -> bool {
        self.resets.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    /// The addresses of each balancer, by ARN.
    pub(in crate::rehearsal) fn set_balancers(&self, balancers: BTreeMap<String, Vec<Ipv4Addr>>) {
        *self.balancers.lock().unwrap_or_else(PoisonError::into_inner) = balancers;
    }

    pub(in crate::rehearsal) fn balancers(&self) -> BTreeMap<String, Vec<Ipv4Addr>> {
        self.balancers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::rehearsal) fn set_checks(&self, checks: Vec<TargetCheck>) {
        *self.checks.lock().unwrap_or_else(PoisonError::into_inner) = checks;
    }

    pub(in crate::rehearsal) fn checks(&self) -> Vec<TargetCheck> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
