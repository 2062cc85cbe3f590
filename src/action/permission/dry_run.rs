//! Asking EC2 by dry runs: each request here has `DryRun` set, so that EC2 judges it and does nothing.
//!
//! `DryRunOperation` means allowed, `UnauthorizedOperation` means not. Only what exists can be named in a dry run: whether
//! the run may terminate, delete or launch what it has yet to make is left open, and so is every other service.

use super::super::policy::Question;
use super::{Answer, names};
use crate::access::{Aws, AwsError};
use crate::action::aws::CLAIM_TAG;
use crate::action::{RUN_TAG, STEP_TAG};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    AttributeValue, InstanceAttributeName, IpPermission, IpRange, ResourceType, Tag, TagSpecification,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests at a time.
const AT_ONCE: usize = 6;

/// Answers in the order of the questions. An answer is about an IAM action as a whole.
pub(super) async fn ask(aws: &Aws, questions: &[Question]) -> Vec<Answer> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    for permission in names(questions).into_iter().filter(|name| name.starts_with("ec2:")) {
        let ids = existing(questions, permission);
        let (client, places) = (aws.read.ec2.clone(), Arc::clone(&places));
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            (permission, dry_run(&client, permission, &ids).await)
        });
    }
    let mut answers: BTreeMap<&str, Answer> = BTreeMap::new();
    while let Some(done) = under_way.join_next().await {
        if let Ok((permission, Some(answer))) = done {
            answers.insert(permission, answer);
        }
    }
    let open = |question: &Question| {
        Answer::Open(match question.permission.starts_with("ec2:") {
            true => "a dry run can be made only of what exists".to_owned(),
            false => "only EC2 knows dry runs".to_owned(),
        })
    };
    questions.iter().map(|q| answers.get(q.permission).cloned().unwrap_or_else(|| open(q))).collect()
}

/// Ids of what exists among the resources an IAM action is asked about, by kind: `instance`, `vpc`.
fn existing(questions: &[Question], permission: &str) -> BTreeMap<String, String> {
    let of = questions.iter().filter(|q| q.permission == permission && q.exists);
    let named = of.filter_map(|q| q.resource.rsplit(':').next().and_then(|resource| resource.split_once('/')));
    named.map(|(kind, id)| (kind.to_owned(), id.to_owned())).collect()
}

/// One dry run; nothing where none can be made. Every request sets `dry_run(true)`, and a test holds the emulator's log of
/// calls against that.
async fn dry_run(ec2: &Client, permission: &str, ids: &BTreeMap<String, String>) -> Option<Answer> {
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
                .instance_type(AttributeValue::builder().value("t3.small").build())
        ),
        "CreateTags" => told!(ec2.create_tags().resources(id("instance")?).tags(tag(CLAIM_TAG))),
        "DeleteTags" => told!(ec2.delete_tags().resources(id("instance")?).tags(Tag::builder().key(CLAIM_TAG).build())),
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
    Some(match end {
        Ok(()) => Answer::Open("EC2 answered a dry run as if it were none".to_owned()),
        Err(error) if error.is(&["DryRunOperation"]) => Answer::Allowed,
        Err(error) if error.is(&["UnauthorizedOperation"]) => {
            Answer::Denied("a dry run of it is not authorized".to_owned())
        }
        Err(error) => Answer::Open(match &error.code {
            Some(code) => format!("a dry run ended in `{code}`: {}", error.message),
            None => format!("a dry run did not reach EC2: {}", error.message),
        }),
    })
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
