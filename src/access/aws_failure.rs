//! What an AWS call's error means: which code, whether it may have happened all the same, what the operator can do.

use crate::model::{Failure, FailureKind};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

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
                Self {
                    code: meta.code().map(str::to_owned),
                    message: meta.message().map_or_else(
                        || format!("the service answered HTTP {}", status.unwrap_or_default()),
                        str::to_owned,
                    ),
                    lost: status.is_some_and(|s| s >= 500),
                }
            }
            SdkError::DispatchFailure(failure) => Self {
                code: None,
                message: chain(failure.as_connector_error().map(|e| e as &dyn std::error::Error)),
                lost: !failure.is_user() && !before_sending(failure.as_connector_error().map(|e| e as _)),
            },
            SdkError::ConstructionFailure(_) => {
                Self { code: None, message: chain(std::error::Error::source(&error)), lost: false }
            }
            _ => Self { code: None, message: chain(Some(&error)), lost: true },
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
    /// Whether the code is one of these.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|c| codes.contains(&c))
    }

    /// Whether the service asked to slow down.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        self.is(&[
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "PriorRequestNotComplete",
            "RequestThrottled",
        ])
    }

    /// The failure an action reports: `what` says which call on which resource, e.g. "cannot stop instance `i-0ab`".
    #[must_use]
    pub fn failure(&self, what: impl Into<String>) -> Failure {
        let denied = self.is(&[
            "UnauthorizedOperation",
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "OptInRequired",
        ]);
        let expired = self.is(&["ExpiredToken", "ExpiredTokenException", "RequestExpired"]);
        let busy =
            self.is_throttle() || self.is(&["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"]);
        let kind = if self.lost {
            FailureKind::Lost
        } else if busy || (self.code.is_none() && !self.message.contains("credential")) {
            FailureKind::Transient
        } else {
            FailureKind::Permanent
        };
        let none = self.message.contains("no credentials found");
        let cause = match &self.code {
            Some(code) => format!("{code}: {}", self.message),
            // The SDK lists everything it looked at, in words of its own.
            None if none => {
                "no credentials are set: not in the environment, not in a profile, not by a role".to_owned()
            }
            None => self.message.clone(),
        };
        let failure = Failure::new(kind, what).cause(cause);
        if denied {
            failure
                .advise("check the credentials and their permissions: `aws sts get-caller-identity` shows who you are")
        } else if none {
            failure
                .advise("set `AWS_PROFILE`, or log in (`aws sso login`), until `aws sts get-caller-identity` answers")
        } else if expired {
            failure
                .advise("the credentials have expired: log in again, check this machine's clock, then `runbook resume`")
        } else {
            failure
        }
    }
}
