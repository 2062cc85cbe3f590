//! Short forms for what the network actions answer.

use crate::access::AwsError;
use crate::action::Context;
use crate::model::{Failure, Value, Values};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Outputs that are texts.
pub(super) fn outputs<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

/// The failure of an AWS call; `what` says which call on which resource.
pub(in crate::action) fn failed<E>(what: impl Into<String>) -> impl FnOnce(SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| AwsError::from(error).failure(what)
}

/// The failure of a request that cannot even be built: a required field is missing, which is a mistake of this program.
pub(super) fn unbuilt(error: impl std::fmt::Display) -> Failure {
    Failure::permanent("cannot build a request to AWS").cause(error.to_string())
}

/// The before-image, or nothing when none was recorded: then undo looks for its own work by its tag.
pub(super) fn before<T: serde::de::DeserializeOwned>(cx: &Context<'_>) -> Result<Option<T>, Failure> {
    if cx.call().before.is_null() { Ok(None) } else { cx.before().map(Some) }
}

/// A resource of the wanted name that another run or person made.
pub(super) fn not_ours(what: &str, name: &str, place: &str) -> Failure {
    Failure::refused(format!("{what} `{name}` is already there{place} and is not this run's"))
        .advise(format!("choose another name, or remove that {what} when nobody needs it, then resume"))
}
