//! Refusals that pass: what EC2 refuses only for now is asked for again, for as long as its reason deserves.
//!
//! Only a definite refusal is met with the same call again: nothing was done. A lost answer never is; it goes back to the
//! engine, which looks first. Each wait shows in the operator's line what it waits for, and ends at the phase's deadline.

use crate::access::AwsError;
use crate::action::Context;
use crate::model::Failure;
use std::time::Duration;

const A_MINUTE: Duration = Duration::from_secs(60);

/// A kind of refusal that passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    /// EC2's codes for it.
    pub(super) codes: &'static [&'static str],
    /// What is told of it.
    pub(super) because: &'static str,
    /// For how long it is met with another try, a pause apart.
    pub(super) within: Duration,
}

/// For how long something is looked for that EC2 may not show yet. AWS names no limit for its eventual consistency
/// and advises to retry "up to several minutes" ("Eventual consistency in the Amazon EC2 API", EC2 Developer Guide).
pub(super) const YOUNG: Duration = Duration::from_secs(120);

/// For how long an undo that does not know what was made looks for it before it believes that nothing was. A call whose
/// answer was lost a moment ago may not show at once; one that was refused never will, and the site may be down meanwhile.
pub(super) const LATE: Duration = A_MINUTE;

/// What a run has just made is not known everywhere yet. "This error can occur because the ID of a recently created security
/// group has not propagated through the system" (`InvalidGroup.NotFound`; the same is said of the others: error codes of the
/// EC2 API Reference).
pub(super) const NOT_KNOWN_YET: Passing = Passing {
    codes: &[
        "InvalidAMIID.NotFound",
        "InvalidAMIID.Unavailable",
        "InvalidGroup.NotFound",
        "InvalidGroupId.NotFound",
        "InvalidInstanceID.NotFound",
        "InvalidSecurityGroupID.NotFound",
        "InvalidSnapshot.NotFound",
    ],
    because: "EC2 does not know yet what was just made",
    within: YOUNG,
};

/// Somebody else is tagging the same resource (`ConcurrentTagAccess`, error codes of the EC2 API Reference).
pub(super) const TAGS_BUSY: Passing =
    Passing { codes: &["ConcurrentTagAccess"], because: "somebody else is changing its tags", within: YOUNG };

/// A backup makes snapshots of the same volumes (error codes of the EC2 API Reference: "wait at least 15 seconds between
/// concurrent CreateSnapshot requests on a single volume", and limits on how many may be pending).
pub(super) const SNAPSHOTS_BUSY: Passing = Passing {
    codes: &[
        "ConcurrentCreateImageNoRebootLimitExceeded",
        "ConcurrentSnapshotLimitExceeded",
        "IncorrectState",
        "PendingSnapshotLimitExceeded",
        "SnapshotCreationPerVolumeRateExceeded",
    ],
    because: "other snapshots of its volumes are being made",
    within: Duration::from_secs(600),
};

/// Calls until it is carried out, refused for another reason than these, or one of these has lasted too long: then the
/// refusal is answered. `what` begins the operator's line, e.g. "launching `web-2`".
///
/// # Errors
/// When the operator cancels.
pub(super) async fn patiently<T>(
    cx: &Context<'_>,
    what: &str,
    reasons: &[Passing],
    mut call: impl AsyncFnMut() -> Result<T, AwsError>,
) -> Result<Result<T, AwsError>, Failure> {
    let mut tries = vec![0; reasons.len()];
    loop {
        let error = match call().await {
            Ok(done) => return Ok(Ok(done)),
            Err(error) => error,
        };
        let known = reasons.iter().zip(&mut tries).find(|(reason, _)| error.is(reason.codes));
        let Some((reason, tried)) = known.filter(|(reason, tried)| !error.lost && **tried < cx.looks(reason.within))
        else {
            return Ok(Err(error));
        };
        if cx.time_left().is_zero() {
            return Ok(Err(error));
        }
        *tried += 1;
        let code = error.code.as_deref().unwrap_or_default();
        cx.beat().beat(format!(
            "{what}: {} ({code}), trying again ({tried}/{})",
            reason.because,
            cx.looks(reason.within)
        ))?;
        cx.pause().await;
    }
}
