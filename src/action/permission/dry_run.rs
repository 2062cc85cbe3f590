//! Asking EC2 by dry runs: each request here has `DryRun` set, so that EC2 judges it and does nothing ("Checks whether you have
//! the required permissions for the action, without actually making the request": common parameters, EC2 API Reference).
//!
//! `DryRunOperation` means allowed, `UnauthorizedOperation` means not. Only what exists can be named in a dry run: whether
//! the run may terminate, delete or launch what it has yet to make is left open, and so is every other service.
//!
//! Not everything that speaks EC2's language keeps EC2's promise. So no change is sent as a dry run before a read has come
//! back with `DryRunOperation`; changes are sent one after the other, those first that would change nothing even if they were
//! carried out; and at the first that was carried out it ends.

use super::super::policy::{IamQuestion, is_read};
use super::answer::IamAnswer;
use crate::access::{Aws, AwsError};
use crate::action::aws::{CLAIM_TAG, find_instance, type_of};
use crate::action::{RUN_TAG, STEP_TAG};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    AttributeValue, InstanceAttributeName, IpPermission, IpRange, ResourceType, Tag, TagSpecification,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests at a time.
const AT_ONCE: usize = 6;

/// The read that shows whether dry runs are honoured, whether it is among the questions or not.
const CANARY: &str = "ec2:DescribeInstances";

/// Changes that are asked about, the most harmless first: to take off a tag that nobody has; to give an instance the type that
/// it has; to put on a tag without a value, which names no run; rules with an address that nobody has; what only adds; power.
const CHANGES: &[&str] = &[
    "ec2:DeleteTags",
    "ec2:ModifyInstanceAttribute",
    "ec2:CreateTags",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSecurityGroup",
    "ec2:CreateImage",
    "ec2:StartInstances",
    "ec2:StopInstances",
];

/// What came of one dry run.
enum Told {
    /// An answer about the permission.
    Answer(IamAnswer),
    /// The request was carried out.
    CarriedOut,
}

/// Answers in the order of the questions. An answer is about an IAM action as a whole.
pub(super) async fn ask(aws: &Aws, questions: &[IamQuestion]) -> Vec<IamAnswer> {
    let asked = names(questions);
    let (mut answers, honoured) = reads(aws, questions, asked.iter().copied().filter(|name| is_read(name))).await;
    let changes = CHANGES.iter().copied().filter(|name| asked.contains(name));
    match honoured {
        true => answers.extend(one_by_one(aws, questions, changes).await),
        false => answers.extend(changes.map(|name| (name, IamAnswer::Open(UNSHOWN.to_owned())))),
    }
    let open = |question: &IamQuestion| {
        IamAnswer::Open(match question.permission.starts_with("ec2:") {
            true => "a dry run can be made only of what exists".to_owned(),
            false => "only EC2 knows dry runs".to_owned(),
        })
    };
    questions.iter().map(|q| answers.get(q.permission).cloned().unwrap_or_else(|| open(q))).collect()
}

/// Why no change was asked about.
const UNSHOWN: &str =
    "no read came back as a dry run, so that no change was sent as one: it might have been carried out";

/// Dry runs of reads, some at a time; and whether one of them has shown that dry runs are honoured.
async fn reads(
    aws: &Aws,
    questions: &[IamQuestion],
    names: impl Iterator<Item = &'static str>,
) -> (BTreeMap<&'static str, IamAnswer>, bool) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    let names: BTreeSet<&'static str> = names.chain([CANARY]).collect();
    for permission in names.into_iter().filter(|name| name.starts_with("ec2:")) {
        let ids = existing(questions, permission);
        let (client, places) = (aws.read.ec2.clone(), Arc::clone(&places));
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            (permission, dry_run(&client, permission, &ids, None).await)
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(done) = under_way.join_next().await {
        match done {
            Ok((permission, Some(Told::Answer(answer)))) => {
                answers.insert(permission, answer);
            }
            Ok((permission, Some(Told::CarriedOut))) => {
                answers.insert(permission, IamAnswer::Open("EC2 answered a dry run as if it were none".to_owned()));
            }
            Ok((_, None)) | Err(_) => {}
        }
    }
    let honoured = answers.values().any(|answer| *answer == IamAnswer::Allowed);
    (answers, honoured)
}

/// Dry runs of changes, in order, up to the first that was carried out.
async fn one_by_one(
    aws: &Aws,
    questions: &[IamQuestion],
    names: impl Iterator<Item = &'static str>,
) -> BTreeMap<&'static str, IamAnswer> {
    let mut answers = BTreeMap::new();
    let mut carried_out: Option<&str> = None;
    for permission in names {
        if let Some(which) = carried_out {
            let why = format!("not asked: a dry run of `{which}` was carried out in earnest");
            answers.insert(permission, IamAnswer::Open(why));
            continue;
        }
        let ids = existing(questions, permission);
        let kind = match (permission, ids.get("instance")) {
            ("ec2:ModifyInstanceAttribute", Some(id)) => {
                let found = find_instance(aws, id).await.ok().flatten();
                found.map(|instance| type_of(&instance).to_owned())
            }
            _ => None,
        };
        match dry_run(&aws.write.ec2, permission, &ids, kind).await {
            Some(Told::Answer(answer)) => {
                answers.insert(permission, answer);
            }
            Some(Told::CarriedOut) => {
                carried_out = Some(permission);
                let why = "it was carried out in earnest although it was marked as a dry run: this endpoint does not honour them";
                answers.insert(permission, IamAnswer::Open(why.to_owned()));
            }
            None => {}
        }
    }
    answers
}

/// Ids of what exists among the resources an IAM action is asked about, by kind: `instance`, `vpc`.
fn existing(questions: &[IamQuestion], permission: &str) -> BTreeMap<String, String> {
    let of = questions.iter().filter(|q| q.permission == permission && q.exists);
    let named = of.filter_map(|q| q.resource.rsplit(':').next().and_then(|resource| resource.split_once('/')));
    named.map(|(kind, id)| (kind.to_owned(), id.to_owned())).collect()
}

/// One dry run; nothing where none can be made. Every request sets `dry_run(true)`, and a test holds the emulator's log of
/// calls against that. `kind`: the type that the instance has.
async fn dry_run(ec2: &Client, permission: &str, ids: &BTreeMap<String, String>, kind: Option<String>) -> Option<Told> {
    let id = |kind: &str| ids.get(kind).cloned();
    macro_rules! told {
        ($request:expr) => {
            $request.dry_run(true).send().await.map(drop).map_err(AwsError::from)
        };
    }
    let end = match permission.trim_start_matches("ec2:") {
        "DescribeImages" => told!(ec2.describe_images().owners("self")),
        "DescribeInstanceAttribute" => told!(
            ec2.describe_instance_attribute()
                .instance_id(id("instance")?)
                .attribute(InstanceAttributeName::InstanceInitiatedShutdownBehavior)
        ),
        "DescribeInstanceCreditSpecifications" => told!(ec2.describe_instance_credit_specifications()),
        "DescribeInstanceStatus" => told!(ec2.describe_instance_status()),
        "DescribeInstances" => told!(ec2.describe_instances()),
        "DescribeKeyPairs" => told!(ec2.describe_key_pairs()),
        "DescribeNetworkInterfaces" => told!(ec2.describe_network_interfaces()),
        "DescribeSecurityGroupRules" => told!(ec2.describe_security_group_rules()),
        "DescribeSecurityGroups" => told!(ec2.describe_security_groups()),
        "DescribeSnapshots" => told!(ec2.describe_snapshots().owner_ids("self")),
        "DescribeSubnets" => told!(ec2.describe_subnets()),
        "DescribeVolumes" => told!(ec2.describe_volumes()),
        "DescribeVpcs" => told!(ec2.describe_vpcs()),
        "StartInstances" => told!(ec2.start_instances().instance_ids(id("instance")?)),
        "StopInstances" => told!(ec2.stop_instances().instance_ids(id("instance")?)),
        "ModifyInstanceAttribute" => told!(
            ec2.modify_instance_attribute()
                .instance_id(id("instance")?)
                .instance_type(AttributeValue::builder().value(kind?).build())
        ),
        "CreateTags" => {
            told!(ec2.create_tags().resources(id("instance")?).tags(Tag::builder().key(CLAIM_TAG).build()))
        }
        // EC2 deletes a tag with this key only if it has this value too, which no mark has.
        "DeleteTags" => told!(ec2.delete_tags().resources(id("instance")?).tags(tag(CLAIM_TAG))),
        "CreateImage" => told!(
            ec2.create_image()
                .instance_id(id("instance")?)
                .name("runbook-dry-run")
                .no_reboot(true)
                .tag_specifications(tags(ResourceType::Image))
                .tag_specifications(tags(ResourceType::Snapshot))
        ),
        "CreateSecurityGroup" => told!(
            ec2.create_security_group()
                .vpc_id(id("vpc")?)
                .group_name("runbook-dry-run")
                .description("dry run")
                .tag_specifications(tags(ResourceType::SecurityGroup))
        ),
        "AuthorizeSecurityGroupIngress" => told!(
            ec2.authorize_security_group_ingress()
                .group_id(id("security-group")?)
                .ip_permissions(rule())
                .tag_specifications(tags(ResourceType::SecurityGroupRule))
        ),
        "RevokeSecurityGroupIngress" => {
            told!(ec2.revoke_security_group_ingress().group_id(id("security-group")?).ip_permissions(rule()))
        }
        _ => return None,
    };
    let error = match end {
        Ok(()) => return Some(Told::CarriedOut),
        Err(error) => error,
    };
    Some(Told::Answer(match error.code.as_deref() {
        Some("DryRunOperation") => IamAnswer::Allowed,
        Some("UnauthorizedOperation") => IamAnswer::Denied("a dry run of it is not authorized".to_owned()),
        Some(code) => IamAnswer::Open(format!("a dry run ended in `{code}`: {}", error.message)),
        None => IamAnswer::Open(format!("a dry run did not reach EC2: {}", error.message)),
    }))
}

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("dry-run").build()
}

fn tags(on: ResourceType) -> TagSpecification {
    TagSpecification::builder().resource_type(on).tags(tag(RUN_TAG)).tags(tag(STEP_TAG)).build()
}

/// A rule that nobody has: an address of the range for documents.
fn rule() -> IpPermission {
    let range = IpRange::builder().cidr_ip("192.0.2.1/32").build();
    IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80).ip_ranges(range).build()
}

/// The IAM actions of some questions.
fn names(questions: &[IamQuestion]) -> BTreeSet<&'static str> {
    questions.iter().map(|q| q.permission).collect()
}
