//! Grants: one IAM action on some resources under a condition; and the ARNs and conditions they are made of.

use super::deed::PolicySurroundings;
use crate::action::RUN_TAG;
use crate::model::Value;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Under which statement, with which condition (as JSON text), an action may be used on which resources.
type Bag = BTreeMap<(&'static str, String), BTreeMap<&'static str, BTreeSet<String>>>;

/// All grants of a policy, and what had to be left wide.
pub(super) struct Grants<'a> {
    pub(super) around: &'a PolicySurroundings,
    pub(super) bag: Bag,
    pub(super) notes: BTreeSet<String>,
}

impl<'a> Grants<'a> {
    pub(super) fn new(around: &'a PolicySurroundings) -> Self {
        let mut notes = BTreeSet::new();
        if around.account.is_none() {
            notes.insert("the account is not given (`--account`): resources of any account are meant".to_owned());
        }
        Self { around, bag: Bag::new(), notes }
    }

    pub(super) fn add(
        &mut self,
        sid: &'static str,
        action: &'static str,
        resources: impl IntoIterator<Item = String>,
        condition: Option<Value>,
    ) {
        let condition = condition.map_or_else(String::new, |c| c.to_string());
        self.bag.entry((sid, condition)).or_default().entry(action).or_default().extend(resources);
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.insert(note.into());
    }

    /// A call that knows no resource types: the region is all that bounds it.
    pub(super) fn look(&mut self, action: &'static str) {
        let here = json!({"StringEquals": {"aws:RequestedRegion": self.around.region}});
        self.add("Look", action, ["*".to_owned()], Some(here));
    }

    /// AWS allows it to everybody; listed so that the list of calls is whole.
    pub(super) fn add_who_am_i(&mut self) {
        self.add("WhoAmI", "sts:GetCallerIdentity", ["*".to_owned()], None);
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`
    pub(super) fn regional(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.around.region, self.account())
    }

    /// Images and snapshots: their ARNs name no account.
    pub(super) fn unowned(&self, resource: &str) -> String {
        format!("arn:{}:ec2:{}::{resource}", self.partition(), self.around.region)
    }

    /// `arn:aws:SERVICE::ACCOUNT:RESOURCE`, or without an account.
    pub(super) fn global(&self, service: &str, resource: &str) -> String {
        let account = if service == "route53" { "" } else { self.account() };
        format!("arn:{}:{service}::{account}:{resource}", self.partition())
    }

    fn account(&self) -> &str {
        self.around.account.as_deref().unwrap_or("*")
    }

    /// Which of AWS's separate worlds a region is in (botocore's partitions.json: the regular expressions of regions).
    fn partition(&self) -> &'static str {
        let region = &self.around.region;
        match region {
            _ if region.starts_with("cn-") => "aws-cn",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ if region.starts_with("us-iso-") => "aws-iso",
            _ if region.starts_with("us-isob-") => "aws-iso-b",
            _ if region.starts_with("eu-isoe-") => "aws-iso-e",
            _ if region.starts_with("us-isof-") || region.starts_with("eu-isof-") => "aws-iso-f",
            _ if region.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        }
    }
}

/// The resource bears a run's tag: a run made it.
pub(super) fn made_by_a_run() -> Option<Value> {
    Some(json!({"Null": {format!("aws:ResourceTag/{RUN_TAG}"): "false"}}))
}

/// The call gives what it creates a run's tag.
pub(super) fn tags_for_a_run() -> Option<Value> {
    Some(json!({"Null": {format!("aws:RequestTag/{RUN_TAG}"): "false"}}))
}
