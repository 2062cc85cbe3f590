//! What is known of the region's bodies at this moment: written by the loops that follow the account, read by
//! whoever looks into the region.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

use super::balancer_health::TargetCheck;

/// One host.
#[derive(Debug, Clone)]
pub(super) struct HostView {
    pub(super) hostname: String,
    pub(super) address: Ipv4Addr,
    pub(super) root: PathBuf,
    /// Its pid 1 while it is up.
    pub(super) init: Option<Pid>,
}

/// The latest picture.
#[derive(Debug, Default)]
pub(super) struct View {
    hosts: Mutex<BTreeMap<String, HostView>>,
    checks: Mutex<Vec<TargetCheck>>,
    balancers: Mutex<BTreeMap<String, Vec<Ipv4Addr>>>,
}

impl View {
    pub(super) fn set_hosts(&self, hosts: BTreeMap<String, HostView>) {
        *self.hosts.lock().unwrap_or_else(PoisonError::into_inner) = hosts;
    }

    pub(super) fn host(&self, id: &str) -> Option<HostView> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The addresses of each balancer, by ARN.
    pub(super) fn set_balancers(&self, balancers: BTreeMap<String, Vec<Ipv4Addr>>) {
        *self.balancers.lock().unwrap_or_else(PoisonError::into_inner) = balancers;
    }

    pub(super) fn balancers(&self) -> BTreeMap<String, Vec<Ipv4Addr>> {
        self.balancers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_checks(&self, checks: Vec<TargetCheck>) {
        *self.checks.lock().unwrap_or_else(PoisonError::into_inner) = checks;
    }

    pub(super) fn checks(&self) -> Vec<TargetCheck> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
