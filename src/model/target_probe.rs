//! What can be probed of a balancer's targets.

use super::decode::{field, only};
use super::{Arn, Decode, Foretold, InstanceId, Param, ValueType};
use serde::de::Error;

/// How the balancer is to judge targets by its own check.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetsProbe {
    /// The target group.
    pub target_group: Arn,
    /// The instances, each of which is to be so.
    pub instances: Vec<InstanceId>,
    /// The state, as AWS calls it.
    pub state: String,
}

/// The states of a target (ELB API reference, `TargetHealth`, `State`).
const STATES: &[&str] = &["healthy", "unhealthy", "unhealthy.draining", "initial", "unused", "draining", "unavailable"];

impl Decode for TargetsProbe {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["target_group", "instances", "state"])?;
        let it = Self {
            target_group: field(given, "target_group")?,
            instances: field(given, "instances")?,
            state: field::<Option<String>>(given, "state")?.unwrap_or_else(|| "healthy".to_owned()),
        };
        if it.instances.is_empty() {
            return Err(serde_json::Error::custom("`instances` names at least one"));
        }
        if !STATES.contains(&it.state.as_str()) {
            let told = format!("`{}` is no state of a target: `{}`", it.state, STATES.join("`, `"));
            return Err(serde_json::Error::custom(told));
        }
        Ok(it)
    }
}

impl Param for TargetsProbe {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn healthy_is_meant_unless_something_else_is_said() {
        let group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef";
        let read = |more: serde_json::Value| {
            let mut given = json!({ "target_group": group, "instances": ["i-0123456789abcdef0"] });
            given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            TargetsProbe::decode(&given.into())
        };
        assert_eq!(read(json!({})).unwrap().state, "healthy");
        assert_eq!(read(json!({ "state": "unused" })).unwrap().state, "unused");
        for odd in [json!({ "state": "well" }), json!({ "instances": [] }), json!({ "target_group": "web" })] {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }
}
