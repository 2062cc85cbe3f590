//! What the undo of each kind is to the way back: whether the site's return waits for it.

use super::ActionKind;

/// What an undo does to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// It brings back what was there, or looks whether it is back. It waits for nothing that is only cleaned up.
    Restores,
    /// It removes what the run has made, which no longer serves anybody once what was there is back. It waits for all that
    /// stands on it.
    CleansUp,
    /// Only its author knows: it waits for all that stands on it, and what it stands on waits for it.
    Unknown,
}

impl ActionKind {
    /// What the undo of an action of this kind is to the way back.
    #[must_use]
    pub fn way_back(self) -> WayBack {
        use ActionKind as K;
        match self {
            K::FileRename
            | K::ProcessWaitGone
            | K::ServiceStop
            | K::ServiceRestart
            | K::NginxOffloadTls
            | K::NginxDropIn
            | K::PhpSetConfig
            | K::CronVerifySingle
            | K::SshPinHostKey
            | K::GateApprove
            | K::InstanceLookUp
            | K::InstanceShutDown
            | K::InstanceStop
            | K::InstanceStart
            | K::InstanceWaitChecked
            | K::ImageWaitAvailable
            | K::InstanceStartAs
            // The mark is put back, before anything that it speaks of.
            | K::InstanceRelease
            | K::TargetGroupDeregister
            | K::TargetGroupWaitHealthy
            | K::TargetGroupWaitOut
            | K::CertificateWaitIssued
            | K::DnsPointAtBalancer
            | K::HttpExpect
            | K::NextcloudCheck => WayBack::Restores,
            // The mark says that somebody is at it: it goes when nothing is left to do.
            K::InstanceClaim
            | K::ImageCreate
            | K::InstanceClone
            | K::RdsSetMultiAz
            | K::SecurityGroupCreate
            | K::SecurityGroupAdmit
            | K::TargetGroupCreate
            | K::TargetGroupRegister
            | K::LoadBalancerCreate
            | K::ListenerCreateHttps
            | K::ListenerCreateRedirect
            | K::CertificateRequest
            | K::DnsPutCname => WayBack::CleansUp,
            K::SshRun => WayBack::Unknown,
        }
    }
}
