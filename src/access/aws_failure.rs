//! What an AWS call's error means: which code, whether it may have happened all the same, what the operator can do.

use crate::model::{Advice, Failure, FailureKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The service has no room for what was asked, and has not begun it. EC2 sends its own ones with HTTP 500 ("Server error
/// codes" of the EC2 API Reference), RDS with HTTP 400.
const NO_CAPACITY: &[&str] = &[
    "InsufficientAddressCapacity",
    "InsufficientCapacity",
    "InsufficientCapacityOnHost",
    "InsufficientDBInstanceCapacity",
    "InsufficientDBInstanceCapacityFault",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientVolumeCapacity",
];

/// The service turned the call away before doing anything: too many of them. EC2 does so with HTTP 503.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The service has a trouble of its own.
const BUSY: &[&str] = &["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"];

/// The credentials have run out, or the clock is wrong.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// The service does not know whose credentials these are.
const UNKNOWN_CALLER: &[&str] =
    &["AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "OptInRequired"];

/// How what is told of a call that only reads begins: losing its answer loses nothing.
const READS: &[&str] = &["look ", "read ", "ask "];

/// The error of an AWS call, reduced to what decisions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// The service's error code, e.g. `InvalidInstanceID.NotFound`.
    pub code: Option<String>,
    /// The service's message, or what happened to the connection.
    pub message: String,
    /// Whether the call may have been carried out although no good answer came.
    pub lost: bool,
}

/// The service's error code, when the service answered.
pub fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

impl<E> From<SdkError<E, HttpResponse>> for AwsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|r| r.status().as_u16());
        match &error {
            SdkError::ServiceError(context) => {
                let meta = context.err();
                Self::answered(status.unwrap_or_default(), meta.code(), meta.message())
            }
            SdkError::DispatchFailure(failure) => {
                let lost = !failure.is_user() && !before_sending(failure.as_connector_error().map(|e| e as _));
                let said = chain(failure.as_connector_error().map(|e| e as &dyn std::error::Error));
                let message = match lost {
                    true if failure.is_timeout() => no_answer_in_time(),
                    true => format!("the connection ended before the answer came ({})", last_of(&said)),
                    false => said,
                };
                Self { code: None, message, lost }
            }
            SdkError::ConstructionFailure(_) => {
                Self { code: None, message: chain(std::error::Error::source(&error)), lost: false }
            }
            SdkError::TimeoutError(_) => Self { code: None, message: no_answer_in_time(), lost: true },
            _ => Self {
                code: None,
                message: format!("an answer came that cannot be read ({})", last_of(&chain(Some(&error)))),
                lost: true,
            },
        }
    }
}

/// Whether an error chain says that the connection was never made.
fn before_sending(error: Option<&(dyn std::error::Error + 'static)>) -> bool {
    let text = chain_of(error);
    ["refused", "dns error", "failed to lookup", "unreachable", "credential", "connect timeout", "tcp connect"]
        .iter()
        .any(|sign| text.to_lowercase().contains(sign))
}

fn no_answer_in_time() -> String {
    format!("no answer within {} s", super::aws::ANSWER_WITHIN.as_secs())
}

/// The innermost of an error's causes: what the SDK puts around it tells an operator nothing.
fn last_of(chain: &str) -> &str {
    chain.rsplit(": ").next().unwrap_or(chain)
}

fn chain(error: Option<&dyn std::error::Error>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error;
    while let Some(e) = next {
        let text = e.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        next = e.source();
    }
    if parts.is_empty() { "the call could not be made".into() } else { parts.join(": ") }
}

fn chain_of(error: Option<&(dyn std::error::Error + 'static)>) -> String {
    chain(error.map(|e| e as &dyn std::error::Error))
}

impl AwsError {
    /// The error of a call that the service answered. A 5xx leaves open whether the call was carried out, unless its code
    /// says that it was not.
    #[must_use]
    pub fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let message = message.map_or_else(|| format!("the service answered HTTP {status}"), str::to_owned);
        let mut it = Self { code: code.map(str::to_owned), message, lost: false };
        it.lost = status >= 500 && !it.is(NO_CAPACITY) && !it.is(THROTTLED);
        it
    }

    /// Whether the code is one of these.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|c| codes.contains(&c))
    }

    /// Whether the service asked to slow down.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        self.is(THROTTLED)
    }

    /// Whether the service answered that it does not do this, and will not when it is asked again: neither a lost answer, nor
    /// too many calls, nor an error of its own.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.code.is_some() && !self.lost && !self.is_throttle() && !self.is(BUSY)
    }

    /// Whether it is the caller's credentials that are refused, whatever was asked for.
    #[must_use]
    pub fn refuses_credentials(&self) -> bool {
        self.is(EXPIRED) || self.is(UNKNOWN_CALLER)
    }

    /// The failure an action reports: `what` says which call on which resource, e.g. "cannot stop instance `i-0ab`".
    #[must_use]
    pub fn failure(&self, what: impl Into<String>) -> Failure {
        let denied =
            self.is(&["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"]) || self.is(UNKNOWN_CALLER);
        let expired = self.is(EXPIRED);
        let none = self.message.contains("no credentials found");
        // EC2 says `AuthFailure` of keys that it does not know, and of things that are not the caller's. Without a code it was
        // the SDK that had no credentials to sign with: none are set, a log-in has ended, a program for them failed.
        let renew = expired
            || self.is(&["InvalidClientTokenId", "UnrecognizedClientException"])
            || (self.is(&["AuthFailure"]) && self.message.contains("credentials"))
            || (self.code.is_none() && self.message.contains("credential"));
        let kind = if self.lost {
            FailureKind::Lost
        } else if renew {
            FailureKind::Credentials
        } else if self.is_throttle() {
            FailureKind::Throttled
        } else if self.is(BUSY) {
            FailureKind::Busy
        } else if self.code.is_none() {
            FailureKind::Transient
        } else {
            FailureKind::Permanent
        };
        let cause = match &self.code {
            Some(code) => format!("{code}: {}", self.message),
            // The SDK lists everything it looked at, in words of its own.
            None if none => {
                "no credentials are set: not in the environment, not in a profile, not by a role".to_owned()
            }
            None => self.message.clone(),
        };
        // A lost answer is no "cannot": it may be done, and whoever is told so must not do it again by hand unseen.
        let what = what.into();
        let deed = what.strip_prefix("cannot ").filter(|deed| !READS.iter().any(|verb| deed.starts_with(verb)));
        let (message, cause) = match (kind, deed) {
            (FailureKind::Lost, Some(deed)) => (
                format!("no answer was had to: {deed}"),
                format!("{cause}; it may have been carried out, and is looked for before anything is sent again"),
            ),
            _ => (what, cause),
        };
        let failure = Failure::new(kind, message).cause(cause);
        if denied {
            failure
                .advise("check the credentials and their permissions: `aws sts get-caller-identity` shows who you are")
        } else if none {
            failure
                .advise("set `AWS_PROFILE`, or log in (`aws sso login`), until `aws sts get-caller-identity` answers")
        } else if renew {
            failure
                .advise(Advice::then_resume("the credentials have expired: log in again, check this machine's clock"))
        } else {
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: &str) -> FailureKind {
        AwsError::answered(status, Some(code), Some("why")).failure("cannot do it").kind
    }

    /// Statuses and codes as the services send them.
    #[test]
    fn a_refusal_is_known_whatever_its_status() {
        for (status, code) in [
            (500, "InsufficientInstanceCapacity"),
            (500, "InsufficientHostCapacity"),
            (500, "InsufficientReservedInstanceCapacity"),
            (500, "InsufficientAddressCapacity"),
            (500, "InsufficientVolumeCapacity"),
            (400, "InsufficientDBInstanceCapacity"),
            (400, "VcpuLimitExceeded"),
            (400, "InvalidAMIName.Duplicate"),
            (403, "UnauthorizedOperation"),
        ] {
            assert_eq!(kind(status, code), FailureKind::Permanent, "{status} {code}");
        }
    }

    #[test]
    fn credentials_that_are_none_are_told_from_what_is_refused_to_them() {
        for code in ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"] {
            assert_eq!(kind(400, code), FailureKind::Credentials, "{code}");
            assert_eq!(kind(403, code), FailureKind::Credentials, "{code}");
        }
        assert_eq!(kind(403, "AccessDenied"), FailureKind::Permanent);
        let refused = |why| AwsError::answered(401, Some("AuthFailure"), Some(why)).failure("cannot do it").kind;
        let keys = "AWS was not able to validate the provided access credentials";
        assert_eq!(refused(keys), FailureKind::Credentials);
        assert_eq!(refused("Not authorized for images: [ami-0]"), FailureKind::Permanent);
        let none = AwsError { code: None, message: "no credentials found in the chain".into(), lost: false };
        assert_eq!(none.failure("cannot do it").kind, FailureKind::Credentials);
        let why = "an error occurred while loading credentials: the SSO token has expired and cannot be refreshed";
        let ended = AwsError { code: None, message: why.into(), lost: false }.failure("cannot do it");
        assert!(
            ended.kind == FailureKind::Credentials && ended.by_hand().concat().contains("log in again"),
            "{ended:?}"
        );
    }

    #[test]
    fn a_call_that_was_turned_away_is_tried_again_and_was_not_done() {
        for (status, code) in [
            (503, "RequestLimitExceeded"),
            (400, "Throttling"),
            (400, "ThrottlingException"),
            (429, "TooManyRequestsException"),
            (400, "PriorRequestNotComplete"),
            (503, "SlowDown"),
        ] {
            let error = AwsError::answered(status, Some(code), None);
            assert!(error.is_throttle() && !error.lost, "{status} {code}");
            assert_eq!(kind(status, code), FailureKind::Throttled, "{status} {code}");
        }
    }

    #[test]
    fn any_other_5xx_may_have_been_done() {
        for (status, code) in [
            (500, Some("InternalError")),
            (500, Some("InternalFailure")),
            (503, Some("ServiceUnavailable")),
            (503, Some("Unavailable")),
            (502, None),
            (504, None),
        ] {
            let error = AwsError::answered(status, code, None);
            assert!(error.lost, "{status} {code:?}");
            assert_eq!(error.failure("cannot do it").kind, FailureKind::Lost);
            assert!(error.message.contains(&status.to_string()));
        }
    }
}
