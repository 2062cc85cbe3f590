//! Instances, images, snapshots, volumes.

use super::deed::{Deed, InstanceRole, Subject};
use super::grant::{Grants, made_by_a_run, tags_for_a_run};
use crate::action::aws::CLAIM_TAG;
use crate::model::ActionKind;
use serde_json::json;

/// The sid of what bears a run's tag.
const OWN: &str = "OwnEc2";

/// Grants it when it concerns an instance, an image or a disk.
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    match action {
        "ec2:DescribeInstanceAttribute"
        | "ec2:GetConsoleOutput"
        | "ec2:ModifyInstanceAttribute"
        | "ec2:StartInstances"
        | "ec2:StopInstances" => {
            on_instance("Servers", action, deed, grants);
            if action == "ec2:StartInstances" {
                with_key("kms:CreateGrant", grants);
            }
        }
        "ec2:CreateImage" => {
            on_instance("ImageOf", action, deed, grants);
            let made = [grants.unowned("image/*"), grants.unowned("snapshot/*")];
            grants.add("NewImages", action, made, tags_for_a_run());
        }
        "ec2:DeregisterImage" => grants.add(OWN, action, [grants.unowned("image/*")], made_by_a_run()),
        "ec2:DeleteSnapshot" => grants.add(OWN, action, [grants.unowned("snapshot/*")], made_by_a_run()),
        "ec2:TerminateInstances" => grants.add(OWN, action, [grants.regional("ec2", "instance/*")], made_by_a_run()),
        "ec2:DeleteVolume" => grants.add(OWN, action, [grants.regional("ec2", "volume/*")], made_by_a_run()),
        "ec2:RunInstances" => run_instances(action, deed, grants),
        "ec2:CreateTags" => return create_tags(action, deed, grants),
        "ec2:DeleteTags" => claim(action, deed, grants),
        _ => return false,
    }
    true
}

fn on_instance(sid: &'static str, action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    match deed.instance() {
        Subject::Known(id) => {
            let arn = grants.regional("ec2", &format!("instance/{id}"));
            grants.add(sid, action, [arn], None);
        }
        Subject::Made(_) => grants.add(OWN, action, [grants.regional("ec2", "instance/*")], made_by_a_run()),
        Subject::Unknown => {
            grants.note(format!("the instance of `{}` is not known beforehand: any one is allowed", deed.path));
            grants.add(sid, action, [grants.regional("ec2", "instance/*")], None);
        }
    }
}

/// RunInstances is judged once for each thing it creates or uses.
fn run_instances(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    let mut instance = json!({"Null": tags_for_a_run().unwrap_or_default()["Null"]});
    if let Some(kind) = deed.text("instance_type") {
        instance["StringEquals"] = json!({"ec2:InstanceType": kind});
    }
    grants.add("Launch", action, [grants.regional("ec2", "instance/*")], Some(instance));
    grants.add("LaunchVolumes", action, [grants.regional("ec2", "volume/*")], tags_for_a_run());
    match deed.subject("image") {
        Subject::Known(id) => grants.add("LaunchFrom", action, [grants.unowned(&format!("image/{id}"))], None),
        Subject::Made(_) => grants.add("LaunchFrom", action, [grants.unowned("image/*")], made_by_a_run()),
        Subject::Unknown => grants.add("LaunchFrom", action, [grants.unowned("image/*")], None),
    }
    let subnet = format!("subnet/{}", deed.text("subnet").unwrap_or("*"));
    let with = ["key-pair/*", "network-interface/*", "security-group/*", &subnet];
    let with = with.map(|resource| grants.regional("ec2", resource));
    grants.add("LaunchWith", action, with, None);
    grants.note(
        "key pair and security groups of the clone are the original's and not among the inputs: `ec2:RunInstances` may use \
         any of the account",
    );
    for action in ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"] {
        with_key(action, grants);
    }
    for action in ["kms:ReEncryptFrom", "kms:ReEncryptTo"] {
        with_key(action, grants);
    }
    if grants.around.kms_key.is_none() {
        grants.note(
            "where the server's volumes are encrypted with a key of your own, give it by `--kms-key ARN`: launching and \
             starting need rights on it (with AWS's own key they do not)",
        );
    }
}

/// EC2 uses the key in the caller's name, for its own resources only.
fn with_key(action: &'static str, grants: &mut Grants<'_>) {
    let Some(key) = grants.around.kms_key.clone() else { return };
    let via = json!({"kms:ViaService": format!("ec2.{}.amazonaws.com", grants.around.region)});
    let condition = match action {
        "kms:CreateGrant" => json!({"StringEquals": via, "Bool": {"kms:GrantIsForAWSResource": "true"}}),
        _ => json!({"StringEquals": via}),
    };
    grants.add("VolumeKey", action, [key], Some(condition));
}

/// Tags given at a creation, which is asked for by the creating call's name; or the claim's own tag.
fn create_tags(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    let (sid, creating, resources) = match deed.kind {
        ActionKind::InstanceClaim | ActionKind::InstanceRelease => {
            claim(action, deed, grants);
            // The lock: a group that bears the run's tag from its first moment, as all that a run makes.
            ("TagNewGroups", "CreateSecurityGroup", vec![grants.regional("ec2", "security-group/*")])
        }
        ActionKind::ImageCreate => {
            ("TagNewImages", "CreateImage", vec![grants.unowned("image/*"), grants.unowned("snapshot/*")])
        }
        ActionKind::InstanceClone => {
            let launched = vec![grants.regional("ec2", "instance/*"), grants.regional("ec2", "volume/*")];
            ("TagLaunched", "RunInstances", launched)
        }
        _ => return false,
    };
    grants.add(sid, action, resources, Some(json!({"StringEquals": {"ec2:CreateAction": creating}})));
    true
}

/// Only the claim's tag may be put on and taken off what exists: with the run's tag on it, it would pass for the run's own.
fn claim(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    let resource = match deed.instance() {
        Subject::Known(id) => format!("instance/{id}"),
        _ => "instance/*".to_owned(),
    };
    let condition = json!({
        "ForAllValues:StringEquals": {"aws:TagKeys": [CLAIM_TAG]}, "Null": {"aws:TagKeys": "false"},
    });
    grants.add("Claim", action, [grants.regional("ec2", &resource)], Some(condition));
}

/// Giving the clone the original's instance profile.
pub(super) fn pass_role(action: &'static str, grants: &mut Grants<'_>) -> bool {
    if action != "iam:PassRole" {
        return false;
    }
    let role = match &grants.around.instance_role {
        InstanceRole::None => return true,
        InstanceRole::Named(role) => role.trim_start_matches('/').to_owned(),
        InstanceRole::Unknown => {
            grants.note(
                "the role of the server's instance profile is not among the inputs: any role may be passed to EC2; give \
                 it by `--instance-role NAME`, or `none` where the server has no profile",
            );
            "*".to_owned()
        }
    };
    let service = if grants.around.region.starts_with("cn-") { "ec2.amazonaws.com.cn" } else { "ec2.amazonaws.com" };
    let condition = json!({"StringEquals": {"iam:PassedToService": service}});
    grants.add("InstanceProfile", action, [grants.global("iam", &format!("role/{role}"))], Some(condition));
    true
}
