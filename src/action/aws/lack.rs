//! Why an instance does not get a type, as EC2's codes tell: whether another attempt at it is worth a stop.

use super::instance_state::is_lack;
use crate::access::AwsError;
use crate::model::Advice;

/// Why an instance does not get a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CapacityLack {
    /// There is none of it here and now, or the account may not have more.
    Capacity {
        /// What EC2 said.
        said: String,
        /// The zone.
        zone: String,
    },
    /// It cannot be of that type here, ever.
    Unfit {
        /// What EC2 said.
        said: String,
        /// The zone.
        zone: String,
    },
}

impl CapacityLack {
    /// Whatever EC2 refuses for another reason than want of room says that the instance does not suit the type: there is no list
    /// of those codes. ENA is `InvalidParameterCombination`, a Marketplace product `UnsupportedOperation`, addresses are
    /// `InvalidInterface.IpAddressLimitExceeded`, a zone without the type is `Unsupported`; a policy may deny a type.
    pub(super) fn of(error: &AwsError, zone: &str) -> Self {
        let said = format!("{}: {}", error.code.as_deref().unwrap_or("no code"), error.message);
        let zone = zone.to_owned();
        if is_lack(error) { CapacityLack::Capacity { said, zone } } else { CapacityLack::Unfit { said, zone } }
    }

    /// Whether an error says that this instance is not had with this type, so that the old one must come back: any definite
    /// refusal but of a state that passes, and but of the caller's credentials, which would refuse the way back too.
    pub(super) fn is_told_by(error: &AwsError) -> bool {
        let passes = error.is(&["IncorrectInstanceState"]);
        is_lack(error) || (error.refuses() && !passes && !error.refuses_credentials())
    }

    /// One line, without what became of the instance.
    pub(super) fn told(&self, id: &str, wanted: &str) -> String {
        match self {
            CapacityLack::Capacity { zone, .. } => format!("no capacity for `{wanted}` in {zone}"),
            CapacityLack::Unfit { zone, .. } => format!("`{id}` cannot be a `{wanted}` in {zone}"),
        }
    }

    /// What EC2 said.
    pub(super) fn said(self) -> String {
        match self {
            CapacityLack::Capacity { said, .. } | CapacityLack::Unfit { said, .. } => said,
        }
    }

    /// What another attempt at the type is good for, once the old one runs again.
    pub(super) fn advice(&self, id: &str, wanted: &str) -> Advice {
        match self {
            CapacityLack::Capacity { .. } => {
                Advice::resume(format!("tries `{wanted}` again (it stops `{id}` for a moment)"))
            }
            CapacityLack::Unfit { .. } => Advice::resume(format!(
                "would stop `{id}` in vain: begin a run with another `instance_type` if need be"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_definite_refusal_brings_the_old_type_back() {
        let error = |status, code: Option<&str>| AwsError::answered(status, code, Some("why"));
        for (status, code) in [
            (400, "InvalidParameterCombination"),
            (400, "UnsupportedOperation"),
            (400, "InvalidInterface.IpAddressLimitExceeded"),
            (400, "UnsupportedTenancy"),
            (400, "EncryptedVolumesNotSupported"),
            (400, "AttachmentLimitExceeded"),
            (403, "UnauthorizedOperation"),
            (400, "ACodeThatNobodyKnows"),
        ] {
            let error = error(status, Some(code));
            assert!(CapacityLack::is_told_by(&error), "{code}");
            assert!(matches!(CapacityLack::of(&error, "a"), CapacityLack::Unfit { .. }), "{code}");
        }
        for (status, code) in [(500, "InsufficientInstanceCapacity"), (400, "VcpuLimitExceeded")] {
            let error = error(status, Some(code));
            assert!(
                CapacityLack::is_told_by(&error)
                    && matches!(CapacityLack::of(&error, "a"), CapacityLack::Capacity { .. }),
                "{code}"
            );
        }
        for (status, code) in [
            (503, Some("RequestLimitExceeded")),
            (500, Some("InternalError")),
            (502, None),
            (400, Some("IncorrectInstanceState")),
            (400, Some("RequestExpired")),
            (401, Some("AuthFailure")),
        ] {
            assert!(!CapacityLack::is_told_by(&error(status, code)), "{code:?}");
        }
    }
}
