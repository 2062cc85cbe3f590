//! Balancers, target groups, listeners: their ARNs hold their names, so even what is not made yet can be named.

use super::deed::{Deed, Subject};
use super::grant::{Grants, made_by_a_run, tags_for_a_run};
use crate::model::{ActionKind, Value};
use serde_json::json;

const SERVICE: &str = "elasticloadbalancing";

/// Grants it when it changes something; Describe calls know no resources.
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    match action.trim_start_matches("elasticloadbalancing:") {
        "CreateLoadBalancer" | "CreateTargetGroup" => {
            let arn = created(deed, grants);
            grants.add("CreateBalancing", action, arn, tags_for_a_run());
        }
        "CreateListener" => {
            let arn = balancer(deed, grants);
            grants.add("CreateBalancing", action, [arn], tags_for_a_run());
        }
        "AddTags" => add_tags(action, deed, grants),
        "DeleteLoadBalancer"
        | "ModifyLoadBalancerAttributes"
        | "DeleteTargetGroup"
        | "ModifyTargetGroupAttributes"
        | "DeleteListener"
        | "ModifyListener"
        | "DeleteRule" => {
            let arn = created(deed, grants);
            grants.add("OwnBalancing", action, arn, made_by_a_run());
        }
        "CreateRule" => {
            let arn = listener(deed, grants);
            grants.add("CreateBalancing", action, [arn], tags_for_a_run());
        }
        "RegisterTargets" | "DeregisterTargets" => {
            let (sid, arn, condition) = target_group(deed, grants);
            grants.add(sid, action, [arn], condition);
        }
        _ => return false,
    }
    true
}

/// The first balancer or target group of an account makes AWS create a role of its own (ELB user guide, "service-linked role").
pub(super) fn linked_role(action: &'static str, grants: &mut Grants<'_>) -> bool {
    if action != "iam:CreateServiceLinkedRole" {
        return false;
    }
    let condition = json!({"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}});
    grants.add("BalancingRole", action, [own_role(grants)], Some(condition));
    true
}

/// The role of Elastic Load Balancing in the account.
pub(super) fn own_role(grants: &Grants<'_>) -> String {
    let service = "elasticloadbalancing.amazonaws.com";
    grants.global("iam", &format!("role/aws-service-role/{service}/AWSServiceRoleForElasticLoadBalancing"))
}

/// What a deed creates, by its name.
fn created(deed: &Deed, grants: &Grants<'_>) -> Vec<String> {
    let name = deed.text("name").unwrap_or("*");
    match deed.kind {
        ActionKind::LoadBalancerCreate => vec![grants.regional(SERVICE, &format!("loadbalancer/app/{name}/*"))],
        ActionKind::TargetGroupCreate => vec![grants.regional(SERVICE, &format!("targetgroup/{name}/*"))],
        ActionKind::TargetGroupDelete => vec![made(deed, grants, "target_group", "targetgroup/{}/*")],
        ActionKind::ListenerSplit => vec![listener(deed, grants)],
        ActionKind::ListenerAddRule | ActionKind::ListenerRemoveRule => {
            vec![listener(deed, grants).replacen(":listener/", ":listener-rule/", 1) + "/*"]
        }
        _ => vec![balancer(deed, grants).replacen(":loadbalancer/", ":listener/", 1) + "/*"],
    }
}

/// What a parameter names: known, or made by another action of the run, by its name.
fn made(deed: &Deed, grants: &Grants<'_>, parameter: &str, form: &str) -> String {
    match deed.subject(parameter) {
        Subject::Known(arn) => arn.to_owned(),
        Subject::Made(origin) => grants.regional(SERVICE, &form.replacen("{}", origin.text("name").unwrap_or("*"), 1)),
        Subject::Unknown => grants.regional(SERVICE, &form.replacen("{}", "*", 1)),
    }
}

/// The listener that a deed changes. Its ARN has its balancer's name, which is not known here: any of this region's Application
/// Load Balancers, and the conditions say that it is a run's own.
fn listener(deed: &Deed, grants: &Grants<'_>) -> String {
    match deed.subject("listener") {
        Subject::Known(arn) => arn.to_owned(),
        Subject::Made(_) | Subject::Unknown => grants.regional(SERVICE, "listener/app/*/*/*"),
    }
}

/// The balancer a listener belongs to.
fn balancer(deed: &Deed, grants: &Grants<'_>) -> String {
    match deed.subject("load_balancer") {
        Subject::Known(arn) => arn.to_owned(),
        Subject::Made(origin) => {
            let name = origin.text("name").unwrap_or("*");
            grants.regional(SERVICE, &format!("loadbalancer/app/{name}/*"))
        }
        Subject::Unknown => grants.regional(SERVICE, "loadbalancer/app/*/*"),
    }
}

fn target_group(deed: &Deed, grants: &mut Grants<'_>) -> (&'static str, String, Option<Value>) {
    match deed.subject("target_group") {
        Subject::Known(arn) => ("TargetGroups", arn.to_owned(), None),
        Subject::Made(origin) => {
            let name = origin.text("name").unwrap_or("*");
            ("OwnBalancing", grants.regional(SERVICE, &format!("targetgroup/{name}/*")), made_by_a_run())
        }
        Subject::Unknown => {
            grants.note(format!("the target group of `{}` is not known beforehand: any one is allowed", deed.path));
            ("TargetGroups", grants.regional(SERVICE, "targetgroup/*/*"), None)
        }
    }
}

/// Only while they are created, and only as what they are.
fn add_tags(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    let creating = match deed.kind {
        ActionKind::LoadBalancerCreate => "CreateLoadBalancer",
        ActionKind::TargetGroupCreate | ActionKind::TargetGroupDelete => "CreateTargetGroup",
        ActionKind::ListenerAddRule | ActionKind::ListenerRemoveRule => "CreateRule",
        _ => "CreateListener",
    };
    let condition = json!({"StringEquals": {"elasticloadbalancing:CreateAction": creating}});
    let arn = created(deed, grants);
    grants.add("TagBalancing", action, arn, Some(condition));
}
