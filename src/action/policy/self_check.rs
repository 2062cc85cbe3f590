//! What the check of the caller's permissions, before a run, needs itself: to ask IAM about this one principal.

use super::deed::{Deed, InstanceRole, Purpose};
use super::elb;
use super::grant::Grants;
use crate::model::ActionKind;

/// Grants it to who plans and who runs; a rollback does not ask.
pub(super) fn grant(deeds: &[Deed], purpose: Purpose, grants: &mut Grants<'_>) {
    if purpose == Purpose::Rollback {
        return;
    }
    let simulate = "iam:SimulatePrincipalPolicy";
    match grants.around.principal.clone() {
        Some(principal) => {
            // STS tells a role without its path, without which IAM does not find it.
            if principal.split_once(":role/").is_some_and(|(_, role)| role.contains('/')) {
                grants.add("OwnPermissions", "iam:GetRole", [principal.clone()], None);
            }
            grants.add("OwnPermissions", simulate, [principal], None);
        }
        None => {
            // `aws:username` is without the user's path.
            let users = ["user/${aws:username}", "user/*/${aws:username}", "role/*"];
            let own = users.map(|resource| grants.global("iam", resource));
            grants.add("OwnPermissions", simulate, own, None);
            grants.note(
                "who will run is not among the inputs: a user may ask IAM about its own permissions and those of any role; \
                 give the user's or role's ARN by `--principal ARN`",
            );
        }
    }
    let balancing = [ActionKind::LoadBalancerCreate, ActionKind::TargetGroupCreate];
    if deeds.iter().any(|deed| balancing.contains(&deed.kind)) {
        grants.add("BalancingRoleKnown", "iam:GetRole", [elb::own_role(grants)], None);
    }
    let clones = deeds.iter().any(|deed| deed.kind == ActionKind::InstanceClone);
    if clones && grants.around.instance_role != InstanceRole::None {
        let profiles = grants.global("iam", "instance-profile/*");
        grants.add("InstanceProfileRole", "iam:GetInstanceProfile", [profiles], None);
    }
}
