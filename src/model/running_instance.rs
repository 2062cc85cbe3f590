//! What is done with an instance that runs when an image of it is made.

use super::decode::known;
use super::{Decode, Foretold, Param, ValueType};
use serde::Deserialize;

/// How an image is made of an instance that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunningInstance {
    /// It is not: the instance is to be stopped first.
    Refuse,
    /// EC2 shuts it down for it and starts it again.
    Reboot,
    /// Of what is on its disks at that moment.
    AsItIs,
}

impl RunningInstance {
    /// As a runbook says them.
    pub const ALL: &'static [&'static str] = &["refuse", "reboot", "as-it-is"];
}

impl Decode for RunningInstance {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        known(given)
    }
}

impl Param for RunningInstance {
    fn value_type() -> ValueType {
        ValueType::String
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_none_of_them_is_refused_with_all_of_them() {
        assert_eq!(RunningInstance::decode(&json!("as-it-is").into()).unwrap(), RunningInstance::AsItIs);
        let refused = RunningInstance::decode(&json!("asis").into()).unwrap_err().to_string();
        assert!(refused.contains("`refuse`, `reboot`, `as-it-is`"), "{refused}");
    }
}
