//! From grants to documents: statements as few as they can be without allowing more, and documents no longer than IAM takes.

use super::grant::Grants;
use crate::model::Value;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The longest managed policy, in characters that are no white space (IAM's quota).
pub const SIZE_LIMIT: usize = 6144;

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The documents; more than one only when one would be too long for a managed policy.
    pub documents: Vec<PolicyDocument>,
    /// What could not be known or narrowed, one sentence each.
    pub notes: Vec<String>,
}

/// A policy document, in the form IAM takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    statement: Vec<Statement>,
}

/// One statement; all of them allow.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name within the document.
    pub sid: String,
    effect: &'static str,
    /// The IAM actions.
    pub action: BTreeSet<String>,
    /// ARNs, or `*`.
    pub resource: BTreeSet<String>,
    /// When it applies.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub condition: Value,
}

impl Policy {
    /// Every IAM action in it.
    #[must_use]
    pub fn actions(&self) -> BTreeSet<&str> {
        let statements = self.documents.iter().flat_map(|d| &d.statement);
        statements.flat_map(|s| &s.action).map(String::as_str).collect()
    }
}

impl PolicyDocument {
    fn of(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }

    /// Its statements.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statement
    }

    /// Its length as IAM counts it.
    #[must_use]
    pub fn size(&self) -> usize {
        let text = serde_json::to_string(self).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).count()
    }
}

/// Makes documents of grants.
pub(super) fn build(grants: Grants<'_>) -> Policy {
    let mut notes: Vec<String> = grants.notes.into_iter().collect();
    let mut statements = Vec::new();
    for ((sid, condition), by_action) in grants.bag {
        for (actions, resources) in groups(by_action) {
            // The condition was JSON before it became a key.
            let condition = serde_json::from_str(&condition).unwrap_or_default();
            statements.push((sid, actions, resources, condition));
        }
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let statements: Vec<Statement> = statements
        .into_iter()
        .map(|(sid, action, resource, condition)| {
            let number = seen.entry(sid).and_modify(|n| *n += 1).or_insert(1);
            let sid = if *number == 1 { sid.to_owned() } else { format!("{sid}{number}") };
            let action = action.into_iter().map(str::to_owned).collect();
            Statement { sid, effect: "Allow", action, resource, condition }
        })
        .collect();
    let documents = split(statements);
    if documents.len() > 1 {
        notes.push(format!(
            "one document would be longer than the {SIZE_LIMIT} characters of a managed policy: it is split into {}, \
             attach all of them",
            documents.len()
        ));
    }
    Policy { documents, notes }
}

type Group = (BTreeSet<&'static str>, BTreeSet<String>);

/// Actions that are judged on things of several types; the others know one.
const KNOW_SEVERAL_TYPES: &[&str] = &[
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateImage",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:RunInstances",
    "elasticloadbalancing:AddTags",
];

/// Actions that may share a statement: those with the same resources, and those that know one type each and not the same
/// one, for an action is never judged on a type that it does not know.
fn groups(by_action: BTreeMap<&'static str, BTreeSet<String>>) -> Vec<Group> {
    let mut by_resources: BTreeMap<BTreeSet<String>, BTreeSet<&'static str>> = BTreeMap::new();
    for (action, resources) in by_action {
        by_resources.entry(resources).or_default().insert(action);
    }
    let mut groups: Vec<Group> = Vec::new();
    for (resources, actions) in by_resources {
        let types = types(&resources);
        let simple = |actions: &BTreeSet<&str>| !actions.iter().any(|a| KNOW_SEVERAL_TYPES.contains(a));
        let fits = |(there, of): &&mut Group| simple(there) && types.is_disjoint(&self::types(of));
        match groups.iter_mut().find(fits) {
            Some((more, there)) if simple(&actions) => {
                more.extend(actions);
                there.extend(resources);
            }
            _ => groups.push((actions, resources)),
        }
    }
    groups
}

/// `ec2 instance` of `arn:aws:ec2:eu-west-1:111122223333:instance/i-1`.
fn types(resources: &BTreeSet<String>) -> BTreeSet<String> {
    let of = |arn: &String| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let resource = parts.get(5).map(|r| r.split(['/', ':']).next().unwrap_or_default()).unwrap_or_default();
        format!("{} {resource}", parts.get(2).unwrap_or(&""))
    };
    resources.iter().map(of).collect()
}

/// As few documents as fit, in the order of the statements.
fn split(statements: Vec<Statement>) -> Vec<PolicyDocument> {
    let mut documents: Vec<PolicyDocument> = Vec::new();
    for statement in statements {
        match documents.last_mut() {
            Some(last) => {
                let mut longer = last.clone();
                longer.statement.push(statement.clone());
                if longer.size() <= SIZE_LIMIT {
                    *last = longer;
                } else {
                    documents.push(PolicyDocument::of(vec![statement]));
                }
            }
            None => documents.push(PolicyDocument::of(vec![statement])),
        }
    }
    documents
}
