//! Whether the caller may do all that a run and its rollback need, found out before anything is changed.
//!
//! The questions are those of the policy that `iam-policy` writes ([`super::policy`]), with its resources and what its
//! conditions look at. IAM is asked first (`iam:SimulatePrincipalPolicy`); where the caller may not ask it, EC2 is, by
//! requests marked as dry runs, and the rest is left open and said so. Nothing here can change anything.
//!
//! Not handled: session policies of an assumed role, which IAM does not tell; resource policies (KMS keys); keys that encrypt
//! the server's volumes, for only `iam-policy` is told of them.

mod answer;
mod dry_run;
mod linked_role;
mod server;
mod simulate;
mod verdict;

use super::policy::{Deed, InstanceRole, PolicySurroundings, questions};
use crate::access::{Access, Caller, Principal};
use crate::model::{Judged, Permissions};
use answer::IamAnswer;
use std::collections::BTreeMap;

/// Finds out about everything that these deeds need in this region. It takes a second or so and does not fail: what cannot
/// be told is in the result as such.
pub async fn check_permissions(access: &Access, caller: &Caller, region: &str, deeds: &[Deed]) -> Permissions {
    let around = PolicySurroundings {
        region: region.to_owned(),
        account: Some(caller.account.clone()),
        instance_role: InstanceRole::Unknown,
        kms_key: None,
        principal: None,
    };
    let aws = access.aws(region).await;
    let principal = Principal::of(&caller.arn);
    let servers = match principal {
        Principal::Root => BTreeMap::new(),
        _ => server::originals(&aws, deeds).await,
    };
    let mut asked = questions(deeds, &around, &servers);
    let (judged, mut answers) = match principal {
        Principal::Root => (Judged::Root, vec![IamAnswer::Allowed; asked.len()]),
        Principal::Named(arn) => match simulate::ask(&aws, arn, &asked).await {
            Ok(answers) => (Judged::Simulation, answers),
            Err(why) => (Judged::DryRuns { why }, dry_run::ask(&aws, &asked).await),
        },
        Principal::Nameless(why) => (Judged::DryRuns { why }, dry_run::ask(&aws, &asked).await),
    };
    linked_role::leave_out_known(&aws, &mut asked, &mut answers).await;
    verdict::of(&caller.arn, judged, &asked, answers)
}
