//! The policy turned into questions: what a caller must be allowed to do, one action on one resource in one context, and
//! which action of the runbook needs it.
//!
//! A question is asked about what the real call will name. What the run creates has no id yet: an id of the right form
//! stands for it, together with the tag that it will bear. What exists and is only found out by looking is asked about as
//! soon as looking has told it; until then the question is not sure, and a denial of it proves nothing.

use super::deed::{Deed, InstanceRole, PolicySurroundings, Purpose};
use super::grant::Grants;
use super::{narrow, needs};
use crate::action::{RUN_TAG, STEP_TAG};
use crate::model::{ActionKind, ActionPath, Need, NeedFor, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a call's conditions see, by the name of the condition key.
pub(crate) type Entries = BTreeMap<String, AskedEntry>;

/// The value of a condition key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AskedEntry {
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Yes or no.
    Flag(bool),
}

/// One thing that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IamQuestion {
    /// The IAM action.
    pub(crate) permission: &'static str,
    /// An ARN, or `*` for an action that knows no resources.
    pub(crate) resource: String,
    /// The resource is the one, or of the kind, that the call will name.
    pub(crate) sure: bool,
    /// The resource exists already.
    pub(crate) exists: bool,
    /// What the call's conditions see.
    pub(crate) context: Entries,
    /// What needs it.
    pub(crate) needed_by: BTreeSet<Need>,
}

/// What a clone takes over from its original: it decides what launching needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OriginalServer {
    /// The key pair's name.
    pub(crate) key_pair: Option<String>,
    /// Ids of its security groups.
    pub(crate) groups: Vec<String>,
    /// The role of its instance profile.
    pub(crate) role: InstanceRole,
    /// What conditions see of the new instance beside its type (Service Authorization Reference, EC2, `RunInstances`).
    pub(crate) launch: Entries,
}

/// What conditions see of an instance, being launched or there: a call on an instance that is there has them too, though nobody
/// gave them for it.
pub(crate) const OF_INSTANCES: [&str; 6] = [
    "ec2:InstanceType",
    "ec2:InstanceProfile",
    "ec2:MetadataHttpEndpoint",
    "ec2:MetadataHttpTokens",
    "ec2:Tenancy",
    "ec2:EbsOptimized",
];

/// A question but for who needs it: IAM action, resource, whether it is sure and exists, context.
type Asked = (&'static str, String, (bool, bool), Entries);

/// All questions of a run and its rollback. `servers`: the originals of clones, as far as they were looked at, by id.
pub(crate) fn questions(
    deeds: &[Deed],
    around: &PolicySurroundings,
    servers: &BTreeMap<String, OriginalServer>,
) -> Vec<IamQuestion> {
    let mut asked: BTreeMap<Asked, BTreeSet<Need>> = BTreeMap::new();
    for deed in deeds {
        let Ok(action) = ActionPath::try_from(deed.path.clone()) else { continue };
        let server =
            deed.text("like").filter(|_| deed.kind == ActionKind::InstanceClone).and_then(|id| servers.get(id));
        let mut around = around.clone();
        if let Some(server) = server {
            around.instance_role = server.role.clone();
        }
        let look = needs(deed, Purpose::Plan);
        for (purpose, needed) in [(NeedFor::Forward, Purpose::Run), (NeedFor::Back, Purpose::Rollback)] {
            for permission in needs(deed, needed) {
                let purpose = if look.contains(permission) { NeedFor::Look } else { purpose };
                let mut grants = Grants::new(&around);
                narrow(permission, deed, &mut grants);
                let need = Need { action: action.clone(), purpose };
                for ((_, condition), by_permission) in &grants.bag {
                    // The condition was JSON before it became a key.
                    let condition: Value = serde_json::from_str(condition).unwrap_or_default();
                    for (permission, patterns) in by_permission {
                        for pattern in patterns.iter().flat_map(|pattern| named(permission, pattern, server, &grants)) {
                            let sure = is_sure(&pattern, &condition, &around);
                            let certainty = (sure, !pattern.contains('*'));
                            let resource = concrete(&pattern);
                            let mut context = context(permission, &condition, &around.region);
                            if let Some(server) = server.filter(|_| launches(permission, &pattern)) {
                                context.extend(server.launch.clone());
                            }
                            asked.entry((permission, resource, certainty, context)).or_default().insert(need.clone());
                        }
                    }
                }
            }
        }
    }
    asked
        .into_iter()
        .map(|((permission, resource, (sure, exists), context), needed_by)| IamQuestion {
            permission,
            resource,
            sure,
            exists,
            context,
            needed_by,
        })
        .collect()
}

/// Whether it is asked for the instance that a launch makes.
fn launches(permission: &str, pattern: &str) -> bool {
    permission == "ec2:RunInstances" && pattern.ends_with(":instance/*")
}

/// The resources a launch will name in place of a pattern, where its original was looked at.
fn named(permission: &str, pattern: &str, server: Option<&OriginalServer>, grants: &Grants<'_>) -> Vec<String> {
    let kind = pattern.rsplit(':').next().unwrap_or_default();
    match (permission, kind, server) {
        ("ec2:RunInstances", "key-pair/*", Some(server)) => {
            server.key_pair.iter().map(|name| grants.regional("ec2", &format!("key-pair/{name}"))).collect()
        }
        ("ec2:RunInstances", "security-group/*", Some(server)) => {
            server.groups.iter().map(|id| grants.regional("ec2", &format!("security-group/{id}"))).collect()
        }
        _ => vec![pattern.to_owned()],
    }
}

/// What is created has any id, and so has what AWS makes; what exists already has one that a policy may name.
fn is_sure(pattern: &str, condition: &Value, around: &PolicySurroundings) -> bool {
    if pattern == "*" || !pattern.contains('*') {
        return true;
    }
    let condition = condition.to_string();
    let created = condition.contains(RUN_TAG) || condition.contains(":CreateAction");
    let any = [":certificate/*", ":change/*", ":network-interface/*"].iter().any(|kind| pattern.ends_with(kind));
    (created || any) && around.account.is_some()
}

/// An ARN in which an id of the right form stands for each one that is not known.
fn concrete(pattern: &str) -> String {
    if pattern == "*" {
        return pattern.to_owned();
    }
    let kind = pattern.rsplit(':').next().and_then(|resource| resource.split('/').next()).unwrap_or_default();
    let prefix = match kind {
        "image" => "ami-",
        "instance" => "i-",
        "network-interface" => "eni-",
        "security-group" => "sg-",
        "security-group-rule" => "sgr-",
        "snapshot" => "snap-",
        "volume" => "vol-",
        "vpc" => "vpc-",
        _ => "",
    };
    let id = if prefix.is_empty() { "0123456789abcdef".to_owned() } else { format!("{prefix}0123456789abcdef0") };
    pattern.replace(":*:", ":000000000000:").replace('*', &id)
}

/// What a real call shows to conditions: what the policy's own condition asks for, and what every such call has.
fn context(permission: &str, condition: &Value, region: &str) -> Entries {
    let mut entries = Entries::new();
    entries.insert("aws:RequestedRegion".into(), AskedEntry::Text(home(permission, region).to_owned()));
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        for (key, value) in keys.as_object().into_iter().flatten() {
            let texts = || -> Vec<String> {
                let one = |v: &Value| v.as_str().map(|text| text.replace('*', "0123456789abcdef"));
                value
                    .as_array()
                    .map_or_else(|| one(value).into_iter().collect(), |all| all.iter().filter_map(one).collect())
            };
            match operator.as_str() {
                // Asked to be there at all: the run's tag, or a list that another operator gives.
                "Null" if key == "aws:TagKeys" => {}
                "Null" => {
                    entries.insert(key.clone(), AskedEntry::Text("run-id".into()));
                    if key.starts_with("aws:RequestTag/") {
                        let step = format!("aws:RequestTag/{STEP_TAG}");
                        entries.insert(step, AskedEntry::Text("step".into()));
                        let tags = vec![RUN_TAG.to_owned(), STEP_TAG.to_owned()];
                        entries.insert("aws:TagKeys".into(), AskedEntry::Texts(tags));
                    }
                }
                "Bool" => {
                    entries.insert(key.clone(), AskedEntry::Flag(value == "true"));
                }
                _ if operator.starts_with("ForAllValues:") => {
                    entries.insert(key.clone(), AskedEntry::Texts(texts()));
                }
                _ => {
                    entries.extend(texts().pop().map(|text| (key.clone(), AskedEntry::Text(text))));
                }
            }
        }
    }
    entries
}

/// Global services live in one region of their partition.
fn home<'r>(permission: &str, region: &'r str) -> &'r str {
    match permission.split(':').next() {
        Some("iam" | "route53") if region.starts_with("cn-") => "cn-northwest-1",
        Some("iam" | "route53") if region.starts_with("us-gov-") => "us-gov-west-1",
        Some("iam" | "route53") => "us-east-1",
        _ => region,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn around() -> PolicySurroundings {
        PolicySurroundings {
            region: "eu-west-1".into(),
            account: Some("111122223333".into()),
            instance_role: InstanceRole::Unknown,
            kms_key: None,
            principal: None,
        }
    }

    fn deed(kind: ActionKind, parameters: Value) -> Deed {
        Deed { path: "some/action".into(), kind, parameters: parameters.into(), origins: BTreeMap::new() }
    }

    #[test]
    fn what_is_looked_at_anyway_is_needed_to_look() {
        let stop = deed(ActionKind::InstanceStop, json!({"instance": "i-0123456789abcdef9"}));
        let asked = questions(&[stop], &around(), &BTreeMap::new());
        let purposes = |name: &str| -> Vec<NeedFor> {
            let of = asked.iter().filter(|q| q.permission == name);
            of.flat_map(|q| q.needed_by.iter().map(|n| n.purpose)).collect()
        };
        assert_eq!(purposes("ec2:DescribeInstances"), [NeedFor::Look]);
        assert_eq!(purposes("ec2:StopInstances"), [NeedFor::Forward]);
        assert_eq!(purposes("ec2:StartInstances"), [NeedFor::Back]);
        let start = asked.iter().find(|q| q.permission == "ec2:StartInstances").unwrap();
        assert_eq!(start.resource, "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef9");
        assert!(start.sure);
    }

    #[test]
    fn what_a_clone_takes_over_is_asked_about_by_name() {
        let clone = deed(ActionKind::InstanceClone, json!({"like": "i-1", "instance_type": "t3.small"}));
        let launch = |servers: &BTreeMap<String, OriginalServer>| -> Vec<(String, bool)> {
            let asked = questions(std::slice::from_ref(&clone), &around(), servers);
            asked.into_iter().filter(|q| q.permission == "ec2:RunInstances").map(|q| (q.resource, q.sure)).collect()
        };
        let unsure: Vec<_> =
            launch(&BTreeMap::new()).into_iter().filter(|(_, sure)| !sure).map(|(arn, _)| arn).collect();
        assert!(
            unsure.iter().any(|arn| arn.contains(":key-pair/"))
                && unsure.iter().any(|arn| arn.contains(":security-group/"))
        );
        let server = OriginalServer {
            key_pair: None,
            groups: vec!["sg-9".into()],
            role: InstanceRole::None,
            launch: Entries::new(),
        };
        let servers = BTreeMap::from([("i-1".to_owned(), server)]);
        let known = launch(&servers);
        assert!(known.contains(&("arn:aws:ec2:eu-west-1:111122223333:security-group/sg-9".into(), true)), "{known:?}");
        assert!(!known.iter().any(|(arn, _)| arn.contains(":key-pair/")));
        let passes = questions(&[clone], &around(), &servers).into_iter().any(|q| q.permission == "iam:PassRole");
        assert!(!passes, "a server without a profile passes no role on");
    }

    #[test]
    fn the_context_meets_the_policys_own_condition() {
        let point = deed(ActionKind::DnsPointAtBalancer, json!({"zone": "Z1", "fqdn": "Cloud.Example.org"}));
        let asked = questions(&[point], &around(), &BTreeMap::new());
        let change = asked.iter().find(|q| q.permission == "route53:ChangeResourceRecordSets").unwrap();
        let names = &change.context["route53:ChangeResourceRecordSetsNormalizedRecordNames"];
        assert_eq!(*names, AskedEntry::Texts(vec!["cloud.example.org".into()]));
        assert_eq!(change.context["aws:RequestedRegion"], AskedEntry::Text("us-east-1".into()));
        let group = deed(ActionKind::SecurityGroupCreate, json!({"name": "web", "vpc": "vpc-1"}));
        let asked = questions(&[group], &around(), &BTreeMap::new());
        let tags = asked.iter().find(|q| q.permission == "ec2:CreateTags").unwrap();
        assert_eq!(tags.context["ec2:CreateAction"], AskedEntry::Text("CreateSecurityGroup".into()));
        let create =
            asked.iter().find(|q| q.permission == "ec2:CreateSecurityGroup" && q.resource.contains("group/")).unwrap();
        assert!(
            create.context.contains_key("aws:RequestTag/runbook:run") && create.context.contains_key("aws:TagKeys")
        );
    }
}
