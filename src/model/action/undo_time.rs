//! How long undoing usually takes: shipped middle figures, as in the vocabulary, which says how long doing takes.

use super::{ActionKind, Reversibility};

impl ActionKind {
    /// How long the undo of this kind usually takes, in seconds. Where nothing is said here, as long as the deed.
    #[must_use]
    pub fn usual_undo_s(self) -> u64 {
        let spec = self.spec();
        match self {
            _ if matches!(spec.reversibility, Reversibility::NothingToUndo(_)) => 0,
            // Started again, and both status checks waited for.
            ActionKind::InstanceShutDown | ActionKind::InstanceStop => ActionKind::InstanceStart.spec().usual_s,
            // Stopped, and given its old type back.
            ActionKind::InstanceStartAs => 40,
            ActionKind::ImageCreate => 5,
            ActionKind::InstanceClone => 45,
            // Refused with DependencyViolation until the balancer's interfaces are gone, which takes minutes.
            ActionKind::SecurityGroupCreate => 120,
            // The balancer lets connections end: the deregistration delay.
            ActionKind::TargetGroupRegister => 40,
            ActionKind::TargetGroupDeregister => 20,
            ActionKind::LoadBalancerCreate => 10,
            // Refused with ResourceInUseException for a while after its listener is gone.
            ActionKind::CertificateRequest => 60,
            _ => spec.usual_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_nothing_takes_no_time_to_undo() {
        assert_eq!(ActionKind::NextcloudCheck.usual_undo_s(), 0);
        assert_eq!(ActionKind::InstanceShutDown.usual_undo_s(), 200);
        assert_eq!(ActionKind::RdsSetMultiAz.usual_undo_s(), ActionKind::RdsSetMultiAz.spec().usual_s);
    }
}
