//! `instance.volume-keys`: whether an instance whose volumes are encrypted can be started again, and cloned.
//!
//! A guest is shut down without any right on a key. StartInstances and RunInstances ask KMS in the caller's name
//! (`kms:CreateGrant` among others): where that is denied, EC2 accepts the start, and the instance falls back to `stopped` with
//! `Client.InternalError` ("Required permissions for users", Amazon EBS encryption, EBS User Guide). So this is asked before.
//!
//! Not seen: the key's own policy. It may shut the account's policies out, or let the caller in without them; the row says what
//! it must have.

use super::{Examine, Seen};
use crate::access::{Aws, Principal};
use crate::action::Lines;
use crate::action::aws::{failed, filter, live};
use crate::model::{Failure, InstanceVolumeKeys};
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType as Decision};
use aws_sdk_kms::types::{KeyManagerType, KeyState};
use std::collections::{BTreeMap, BTreeSet};

/// What EC2 asks of a key in the caller's name to start, image and launch ("Required permissions for users", EBS User Guide).
const ASKED: &[&str] = &[
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
];

/// A key with the volumes it encrypts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    arn: String,
    volumes: BTreeSet<String>,
    /// Whether the account manages it itself; AWS's own is usable by whoever may use EBS.
    own: bool,
    state: String,
}

/// What the caller's policies say of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Use {
    Allowed,
    Denied(BTreeSet<String>),
    Open(String),
}

impl Examine for InstanceVolumeKeys {
    /// IAM is asked too, by `iam:SimulatePrincipalPolicy`: that is granted with the check of permissions, which needs it anyway.
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances", "ec2:DescribeVolumes", "kms:DescribeKey"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let id = self.instance.as_str();
        live(&aws, id).await?;
        let used = keys_of(&aws, id).await?;
        if used.is_empty() {
            let none = format!("no volume of `{id}` is encrypted");
            return Ok(vec![Seen::pass("enabled", none.clone()), Seen::pass("usable", none)]);
        }
        let mut keys = Vec::new();
        for (arn, volumes) in used {
            match describe(&aws, arn, volumes).await {
                Ok(key) => keys.push(key),
                Err(failure) => {
                    let told = |row| {
                        Seen::failed(row, &failure).advise(
                            "where it is a key of your own, starting needs rights on it: `runbook iam-policy ... --kms-key ARN` writes \
                             them",
                        )
                    };
                    return Ok(vec![told("enabled"), told("usable")]);
                }
            }
        }
        let mut uses = Vec::new();
        for key in keys.iter().filter(|key| key.own) {
            uses.push((key, may_use(lines, &aws, &key.arn).await));
        }
        Ok(vec![enabled(&keys), usable(&keys, &uses)])
    }
}

/// The keys of an instance's volumes.
async fn keys_of(aws: &Aws, id: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let asked = aws.read.ec2.describe_volumes().filters(filter("attachment.instance-id", &[id]));
    let pages = asked.into_paginator().items().send();
    let volumes: Vec<_> =
        pages.collect::<Result<_, _>>().await.map_err(failed(format!("cannot look at the volumes of `{id}`")))?;
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for volume in volumes {
        let (Some(key), Some(volume)) = (volume.kms_key_id, volume.volume_id) else { continue };
        keys.entry(key).or_default().insert(volume);
    }
    Ok(keys)
}

async fn describe(aws: &Aws, arn: String, volumes: BTreeSet<String>) -> Result<Key, Failure> {
    let what = format!("cannot look at the key `{arn}` of {}", list(&volumes));
    let answer = aws.read.kms.describe_key().key_id(&arn).send().await.map_err(failed(what.clone()))?;
    let told = answer.key_metadata().ok_or_else(|| Failure::permanent(what).cause("KMS answered without a key"))?;
    let own = told.key_manager() != Some(&KeyManagerType::Aws);
    let state = told.key_state().map_or("unknown", KeyState::as_str).to_owned();
    Ok(Key { arn, volumes, own, state })
}

/// What IAM says of the caller and a key of the account's own.
async fn may_use(lines: &Lines<'_>, aws: &Aws, key: &str) -> Use {
    let caller = match lines.access().caller(&aws.region).await {
        Ok(caller) => caller,
        Err(error) => return Use::Open(format!("whose credentials these are is not known: {}", error.message)),
    };
    let principal = match Principal::of(&caller.arn) {
        Principal::Root => return Use::Allowed,
        Principal::Named(arn) => arn,
        Principal::Nameless(why) => return Use::Open(why),
    };
    let entry = |name: &str, kind: ContextKeyTypeEnum, value: String| {
        ContextEntry::builder().context_key_name(name).context_key_type(kind).context_key_values(value).build()
    };
    let through = format!("ec2.{}.amazonaws.com", aws.region);
    let asked = aws
        .read
        .iam
        .simulate_principal_policy()
        .policy_source_arn(&principal)
        .set_action_names(Some(ASKED.iter().map(|action| (*action).to_owned()).collect()))
        .resource_arns(key)
        .context_entries(entry("kms:ViaService", ContextKeyTypeEnum::String, through))
        .context_entries(entry("kms:GrantIsForAWSResource", ContextKeyTypeEnum::Boolean, "true".to_owned()))
        .context_entries(entry("aws:RequestedRegion", ContextKeyTypeEnum::String, aws.region.clone()));
    let answer = match asked.send().await.map_err(crate::access::AwsError::from) {
        Ok(answer) => answer,
        Err(error) => {
            let code = error.code.as_deref().unwrap_or("no answer");
            return Use::Open(format!("IAM could not be asked about `{principal}` ({code}: {})", error.message));
        }
    };
    let results = answer.evaluation_results();
    let denied: BTreeSet<String> = results
        .iter()
        .filter(|r| *r.eval_decision() != Decision::Allowed && r.missing_context_values().is_empty())
        .map(|r| r.eval_action_name().to_owned())
        .collect();
    let unsure =
        results.iter().any(|r| *r.eval_decision() != Decision::Allowed && !r.missing_context_values().is_empty());
    match (denied.is_empty(), unsure || results.len() < ASKED.len()) {
        (false, _) => Use::Denied(denied),
        (true, true) => Use::Open("it depends on what only the call itself shows".to_owned()),
        (true, false) => Use::Allowed,
    }
}

fn enabled(keys: &[Key]) -> Seen {
    const ROW: &str = "enabled";
    let bad: Vec<&Key> = keys.iter().filter(|key| key.state != KeyState::Enabled.as_str()).collect();
    if bad.is_empty() {
        return Seen::pass(ROW, format!("{} key(s) of its volumes are enabled", keys.len()));
    }
    let told = bad.iter().map(|key| format!("`{}` of {} is `{}`", key.arn, list(&key.volumes), key.state));
    let seen = Seen::refuse(ROW, told.collect::<Vec<_>>().join("; "));
    seen.advise(
        "enable it (`aws kms enable-key`, `cancel-key-deletion`): once stopped, the server could not be started again",
    )
}

fn usable(keys: &[Key], uses: &[(&Key, Use)]) -> Seen {
    const ROW: &str = "usable";
    let must = "the key's own policy must let the account's policies count (its statement for the account's `root`), or name you";
    let denied: Vec<String> = uses
        .iter()
        .filter_map(|(key, what)| match what {
            Use::Denied(actions) => {
                let actions = actions.iter().cloned().collect::<Vec<_>>().join(", ");
                Some(format!(
                    "no policy of yours allows {actions} through EC2 on `{}` of {}",
                    key.arn,
                    list(&key.volumes)
                ))
            }
            _ => None,
        })
        .collect();
    if !denied.is_empty() {
        return Seen::refuse(
            ROW,
            format!("{}: once stopped, the server could not be started again", denied.join("; ")),
        )
        .advise("`runbook iam-policy ... --kms-key ARN` writes what is missing")
        .advise("where the key's own policy names you, IAM does not tell: accept it then");
    }
    let open = uses.iter().find_map(|(key, what)| match what {
        Use::Open(why) => Some(format!("`{}` of {}: {why}", key.arn, list(&key.volumes))),
        _ => None,
    });
    match (open, uses.is_empty()) {
        (Some(why), _) => Seen::not_checkable(ROW, why).advise(must),
        (None, true) => Seen::pass(ROW, format!("{} key(s) of its volumes are AWS's own", keys.len())),
        (None, false) => {
            let told = uses.iter().map(|(key, _)| format!("`{}`", key.arn)).collect::<Vec<_>>().join(", ");
            Seen::pass(ROW, format!("your policies allow what EC2 asks of {told}; {must}"))
        }
    }
}

fn list(volumes: &BTreeSet<String>) -> String {
    volumes.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse};

    fn key(own: bool, state: &str) -> Key {
        Key {
            arn: "arn:aws:kms:eu-west-1:1:key/k".into(),
            volumes: BTreeSet::from(["vol-1".into()]),
            own,
            state: state.into(),
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_before_the_stop() {
        let own = key(true, "Enabled");
        let seen = |what: Use| usable(std::slice::from_ref(&own), &[(&own, what)]);
        let denied = seen(Use::Denied(BTreeSet::from(["kms:CreateGrant".into()])));
        assert_eq!(denied.verdict, Refuse);
        assert!(denied.evidence.contains("kms:CreateGrant") && denied.advice[0].contains("--kms-key"), "{denied:?}");
        let allowed = seen(Use::Allowed);
        assert!(allowed.verdict == Pass && allowed.evidence.contains("the key's own policy"), "{allowed:?}");
        assert_eq!(seen(Use::Open("why".into())).verdict, NotCheckable);
        assert_eq!(usable(&[key(false, "Enabled")], &[]).verdict, Pass);
        for state in ["Disabled", "PendingDeletion", "Unavailable", "unknown"] {
            assert_eq!(enabled(&[key(true, state), key(false, "Enabled")]).verdict, Refuse, "{state}");
        }
        assert_eq!(enabled(std::slice::from_ref(&own)).verdict, Pass);
    }
}
