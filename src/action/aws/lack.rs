//! Why an instance does not get a type, as EC2's codes tell: whether another attempt at it is worth a stop.

use crate::access::AwsError;

/// Codes by which EC2 says that this instance cannot be of that type at all, or not in this zone: no retry helps.
pub(super) const UNFIT: &[&str] =
    &["InvalidInstanceAttributeValue", "InvalidParameterCombination", "InvalidParameterValue", "Unsupported"];

/// Why an instance does not get a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// There is none of it here and now, or the account may not have more.
    Capacity(String),
    /// It cannot be of that type here, ever.
    Unfit(String),
}

impl Lack {
    pub(super) fn of(error: &AwsError) -> Self {
        let said = format!("{}: {}", error.code.as_deref().unwrap_or("no code"), error.message);
        if error.is(UNFIT) { Lack::Unfit(said) } else { Lack::Capacity(said) }
    }

    /// One line, without what became of the instance.
    pub(super) fn told(&self, id: &str, wanted: &str, zone: &str) -> String {
        match self {
            Lack::Capacity(_) => format!("no capacity for `{wanted}` in {zone}"),
            Lack::Unfit(_) => format!("`{id}` cannot be a `{wanted}` in {zone}"),
        }
    }

    /// What EC2 said.
    pub(super) fn said(self) -> String {
        match self {
            Lack::Capacity(said) | Lack::Unfit(said) => said,
        }
    }

    /// What another attempt at the type is good for, once the old one runs again.
    pub(super) fn advice(&self, id: &str, wanted: &str) -> String {
        match self {
            Lack::Capacity(_) => format!("`runbook resume` tries `{wanted}` again (it stops `{id}` for a moment)"),
            Lack::Unfit(_) => {
                format!(
                    "`runbook resume` would stop `{id}` in vain: begin a run with another `instance_type` if need be"
                )
            }
        }
    }
}
