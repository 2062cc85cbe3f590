//! Security groups and their rules.

use super::deed::{Deed, Subject};
use super::grant::{Grants, made_by_a_run, tags_for_a_run};
use crate::model::ActionKind;
use serde_json::json;

/// Grants it when it concerns a security group.
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    match action {
        "ec2:CreateSecurityGroup" => {
            grants.add("NewGroups", action, [grants.regional("ec2", "security-group/*")], tags_for_a_run());
            let vpc = format!("vpc/{}", deed.text("vpc").unwrap_or("*"));
            grants.add("NewGroupsIn", action, [grants.regional("ec2", &vpc)], None);
            if vpc == "vpc/*" {
                grants.note(format!("the VPC of `{}` is looked up by the run: any one is allowed", deed.path));
            }
        }
        "ec2:DeleteSecurityGroup" => {
            grants.add("OwnGroups", action, [grants.regional("ec2", "security-group/*")], made_by_a_run());
        }
        "ec2:AuthorizeSecurityGroupIngress" | "ec2:RevokeSecurityGroupIngress" => on_group(action, deed, grants),
        "ec2:CreateTags" => {
            let (sid, creating, resource) = match deed.kind {
                ActionKind::SecurityGroupCreate => ("TagNewGroups", "CreateSecurityGroup", "security-group/*"),
                ActionKind::SecurityGroupAdmit => {
                    ("TagNewRules", "AuthorizeSecurityGroupIngress", "security-group-rule/*")
                }
                _ => return false,
            };
            let condition = json!({"StringEquals": {"ec2:CreateAction": creating}});
            grants.add(sid, action, [grants.regional("ec2", resource)], Some(condition));
        }
        _ => return false,
    }
    true
}

fn on_group(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    if action == "ec2:AuthorizeSecurityGroupIngress" {
        grants.add("NewRules", action, [grants.regional("ec2", "security-group-rule/*")], tags_for_a_run());
    }
    match deed.subject("group") {
        Subject::Known(id) => {
            let arn = grants.regional("ec2", &format!("security-group/{id}"));
            grants.add("ServerGroups", action, [arn], None);
        }
        Subject::Made(_) => {
            grants.add("OwnGroups", action, [grants.regional("ec2", "security-group/*")], made_by_a_run());
        }
        Subject::Unknown => {
            grants.note(format!(
                "the security group of `{}` is looked up by the run: rules of any one may be added and revoked; put its \
                 ARN in place of `security-group/*` in `ServerGroups`",
                deed.path
            ));
            grants.add("ServerGroups", action, [grants.regional("ec2", "security-group/*")], None);
        }
    }
}
