//! Short forms for what the network actions answer.

use crate::access::AwsError;
use crate::model::{Advice, Failure, FailureKind, Value, Values};
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

/// What AWS's answer must say for anything to be decided by it. Absent it is neither yes nor no, whatever the SDK's type
/// would give for it: the answer may have been cut off. Of members that AWS's model calls required the SDK makes up an empty
/// text, nought or `false` where they are missing; an empty text is to be filtered out before.
pub(in crate::action) fn said<T>(value: Option<T>, what: impl std::fmt::Display) -> Result<T, Failure> {
    value.ok_or_else(|| {
        Failure::transient(format!("AWS's answer does not say {what}")).cause(CUT_OFF).advise(look_again())
    })
}

/// What the answer to a change must say for the change to be known by it: without it the change may have been made.
pub(super) fn answered<T>(value: Option<T>, what: impl std::fmt::Display) -> Result<T, Failure> {
    let failure = || Failure::new(FailureKind::Lost, format!("AWS's answer does not say {what}"));
    value.ok_or_else(|| failure().cause(CUT_OFF).advise(look_again()))
}

const CUT_OFF: &str = "the answer was cut off on its way, or is of a form that this program does not know";

fn look_again() -> Advice {
    Advice::resume("looks again; where it stays so, look at what stands between here and AWS (a proxy)")
}

/// The failure of a request that cannot even be built: a required field is missing, which is a mistake of this program.
pub(super) fn unbuilt(error: impl std::fmt::Display) -> Failure {
    Failure::permanent("cannot build a request to AWS").cause(error.to_string())
}

/// A resource of the wanted name that another run or person made.
pub(super) fn not_ours(what: &str, name: &str, place: &str) -> Failure {
    Failure::refused(format!("{what} `{name}` is already there{place} and is not this run's"))
        .advise(Advice::then_resume(format!("choose another name, or remove that {what} when nobody needs it")))
}
