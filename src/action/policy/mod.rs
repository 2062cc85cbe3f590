//! IAM policy documents for a runbook: what a plan, a run and a rollback of it must be allowed to do, and nothing else.
//!
//! Pure: from the actions with their parameters, as far as they are known beforehand, to documents. What each kind needs is
//! declared beside its code ([`observe_permissions`], [`permissions`]); here is only how far each of those IAM actions
//! can be narrowed by resource and condition (AWS's Service Authorization Reference). Whatever is not narrowed because
//! the inputs do not tell enough is said in a note, never left out.
//!
//! Two ideas carry the narrowing: what exists before the run is named by its ARN; what the run creates has no name yet, but
//! bears the tag `runbook:run` from its first moment, which the conditions ask for.
//!
//! Not handled: service control policies, permission boundaries, resource policies (KMS key policies among them).

mod acm;
mod check;
mod deed;
mod document;
mod ec2;
mod elb;
mod grant;
mod network;
mod question;
mod rds;
mod route53;
mod self_check;

pub use check::CheckDeed;
pub use deed::{Deed, InstanceRole, Origin, PolicySurroundings, Purpose};
pub use document::{Policy, PolicyDocument, SIZE_LIMIT, Statement};
pub(super) use question::{AskedEntry, Entries, IamQuestion, OF_INSTANCES, OriginalServer, questions};

use super::{observe_permissions, permissions};
use crate::model::ActionKind;
use grant::Grants;
use std::collections::BTreeSet;

/// The policy for this purpose, of a plan without checks.
#[must_use]
pub fn policy(deeds: &[Deed], around: &PolicySurroundings, purpose: Purpose) -> Policy {
    policy_with_checks(deeds, &[], around, purpose)
}

/// The policy for this purpose. Checks are made before a run begins, so that a rollback does not need what they need.
#[must_use]
pub fn policy_with_checks(
    deeds: &[Deed],
    checks: &[CheckDeed],
    around: &PolicySurroundings,
    purpose: Purpose,
) -> Policy {
    let mut grants = Grants::new(around);
    if purpose != Purpose::Rollback {
        checks.iter().for_each(|check| check.grant(&mut grants));
    }
    let uses_aws = deeds.iter().any(|deed| !needs(deed, Purpose::All).is_empty());
    if uses_aws {
        grants.add_who_am_i();
        self_check::grant(deeds, purpose, &mut grants);
    }
    for deed in deeds {
        for action in needs(deed, purpose) {
            narrow(action, deed, &mut grants);
        }
    }
    document::build(grants)
}

/// The IAM actions a deed needs for this purpose: what its kind declares, less what its parameters rule out.
fn needs(deed: &Deed, purpose: Purpose) -> BTreeSet<&'static str> {
    let (forward, undo) = permissions(deed.kind);
    let mut all: BTreeSet<&'static str> = observe_permissions(deed.kind).iter().copied().collect();
    if matches!(purpose, Purpose::Run | Purpose::All) {
        all.extend(forward);
    }
    if matches!(purpose, Purpose::Rollback | Purpose::All) {
        all.extend(undo);
    }
    if deed.text("zone") == Some("external") {
        all.retain(|action| !action.starts_with("route53:"));
    }
    match deed.kind {
        ActionKind::SshPinHostKey if matches!(deed.text("by"), Some("known-hosts" | "approve")) => {
            all.remove("ec2:GetConsoleOutput");
        }
        ActionKind::DnsPointAtBalancer if deed.parameters.get("instance").is_none() => {
            all.remove("ec2:DescribeInstances");
        }
        ActionKind::WaitFor if deed.parameters.get("target_health").is_none() => all.clear(),
        // It asks EC2 for the server that it starts, and for nothing else.
        ActionKind::NextcloudCheck if deed.parameters.get("start_if_it_fails").is_none() => all.clear(),
        _ => {}
    }
    if deed.reaches_an_instance() {
        all.insert("ec2:DescribeInstances");
    }
    all
}

/// Grants one IAM action as narrowly as the deed's parameters allow.
fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) {
    let narrowed = match action.split(':').next() {
        Some("acm") => acm::narrow(action, deed, grants),
        Some("ec2") => ec2::narrow(action, deed, grants) || network::narrow(action, deed, grants),
        Some("elasticloadbalancing") => elb::narrow(action, deed, grants),
        Some("iam") => ec2::pass_role(action, grants) || elb::linked_role(action, grants),
        Some("rds") => rds::narrow(action, deed, grants),
        Some("route53") => route53::narrow(action, deed, grants),
        _ => false,
    };
    if narrowed {
        return;
    }
    if !is_read(action) {
        grants.note(format!("`{action}` (for `{}`) cannot be narrowed to a resource", deed.path));
    }
    grants.look(action);
}

/// Whether an IAM action only reads; to simulate is to read policies.
#[must_use]
pub fn is_read(action: &str) -> bool {
    let name = action.split(':').next_back().unwrap_or_default();
    ["Describe", "Get", "List", "Simulate"].iter().any(|verb| name.starts_with(verb))
}
