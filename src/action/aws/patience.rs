//! Refusals that pass: what EC2 refuses only for now is asked for again, for as long as its reason deserves.
//!
//! Only a definite refusal is met with the same call again: nothing was done. A lost answer never is; it goes back to the
//! engine, which looks first. Each wait shows in the operator's line what it waits for, and ends at the phase's deadline.

use crate::access::AwsError;
use crate::action::Context;
use crate::model::Failure;

/// How many looks a minute are, at the poll interval for AWS. A shorter interval is a wish for shorter waits of all kinds.
const A_MINUTE: u32 = 6;

/// A kind of refusal that passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    /// EC2's codes for it.
    pub(super) codes: &'static [&'static str],
    /// What is told of it.
    pub(super) because: &'static str,
    /// How often it is met with another try, one poll interval apart.
    pub(super) tries: u32,
}

/// How often something is looked for that EC2 may not show yet: two minutes. AWS names no limit for its eventual consistency
/// and advises to retry "up to several minutes" ("Eventual consistency in the Amazon EC2 API", EC2 Developer Guide).
pub(super) const YOUNG_LOOKS: u32 = 2 * A_MINUTE;

/// How often an undo that does not know what was made looks for it before it believes that nothing was: one minute. A call whose
/// answer was lost a moment ago may not show at once; one that was refused never will, and the site may be down meanwhile.
pub(super) const LATE_LOOKS: u32 = A_MINUTE;

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
    tries: YOUNG_LOOKS,
};

/// Somebody else is tagging the same resource (`ConcurrentTagAccess`, error codes of the EC2 API Reference).
pub(super) const TAGS_BUSY: Passing =
    Passing { codes: &["ConcurrentTagAccess"], because: "somebody else is changing its tags", tries: YOUNG_LOOKS };

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
    tries: 10 * A_MINUTE,
};

/// There is no room for a launch now. EC2's advice is to wait a few minutes and ask again (`InsufficientInstanceCapacity`,
/// "Troubleshoot instance launch issues", EC2 User Guide).
/// The account's own limits are not among them: those do not pass by themselves.
pub(super) const NO_ROOM: Passing = Passing {
    codes: &[
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "ReservationCapacityExceeded",
    ],
    because: "no capacity",
    tries: 15 * A_MINUTE,
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
        let Some((reason, tried)) = known.filter(|(reason, tried)| !error.lost && **tried < reason.tries) else {
            return Ok(Err(error));
        };
        if cx.time_left().is_zero() {
            return Ok(Err(error));
        }
        *tried += 1;
        let code = error.code.as_deref().unwrap_or_default();
        cx.beat().beat(format!("{what}: {} ({code}), trying again ({tried}/{})", reason.because, reason.tries))?;
        tokio::time::sleep(cx.poll().min(cx.time_left())).await;
    }
}
