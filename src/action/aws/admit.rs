//! `security-group.admit`: ingress rules for one TCP port.
//!
//! Each wanted source is a rule of its own, and each new rule carries the run's tag and, as its Name, the action. So a rule
//! that was there before is told from ours at any time, and undo revokes ours by id and nothing else.
//!
//! Only the very same rule counts as there: a wider one (all ports, a larger range) is left alone and not relied on.

use super::answers::failed;
use super::patience::{NOT_KNOWN_YET, Passing, YOUNG, patiently};
use super::preview::{fact, list, request, rules_of, shown, words};
use super::tags::{filter, pairs, specification};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, Failure, Finding, Found, SecurityGroupAdmit, Text, tell};
use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroupRule, UserIdGroupPair};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A policy that allows what a run made by its tag denies it while the tag is not known everywhere yet. Met with another try only
/// where this run has made one of the two groups.
const TAG_NOT_KNOWN_YET: Passing = Passing {
    codes: &["UnauthorizedOperation"],
    because: "the group is new, and its tag may not be known to IAM yet",
    within: YOUNG,
};

/// What was there before: sources as ranges or group ids.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Before {
    /// Rules that were there already: they stay.
    present: BTreeSet<String>,
    /// Rules that were not: undo revokes them.
    missing: BTreeSet<String>,
}

/// A rule that is there for a wanted source.
struct Rule {
    id: String,
    ours: bool,
}

/// A range in its one canonical form, so that `2001:DB8::/32` and `2001:db8::/32` are the same.
fn canonical(range: &str) -> String {
    match range.split_once('/').map(|(address, bits)| (address.parse::<IpAddr>(), bits)) {
        Some((Ok(address), bits)) => format!("{address}/{bits}"),
        _ => range.to_owned(),
    }
}

impl SecurityGroupAdmit {
    fn wanted(&self) -> Result<BTreeSet<String>, Failure> {
        let ranges = self.ranges.iter().flatten().map(|range| canonical(range.as_str()));
        let wanted: BTreeSet<String> = ranges.chain(self.source.iter().map(ToString::to_string)).collect();
        if wanted.is_empty() {
            return Err(Failure::refused(format!("nobody to admit to port {} of `{}`", self.port, self.group))
                .advise("give `ranges`, or `source`, or both"));
        }
        Ok(wanted)
    }

    fn who(&self) -> Text {
        let ranges = self.ranges.iter().flatten().map(|range| match range.text().known() {
            Some(known) => canonical(known).into(),
            None => range.text().clone(),
        });
        let all: BTreeSet<Text> = ranges.chain(self.source.iter().map(|group| group.text().clone())).collect();
        if all.is_empty() { "nobody".into() } else { Text::joined(all, ", ") }
    }

    /// The source of a rule, when the rule is TCP to exactly our port.
    fn source_of(&self, rule: &SecurityGroupRule) -> Option<String> {
        let port = Some(i32::from(self.port));
        let fits = rule.is_egress() == Some(false)
            && rule.ip_protocol() == Some("tcp")
            && rule.from_port() == port
            && rule.to_port() == port;
        let range = rule.cidr_ipv4().or(rule.cidr_ipv6()).map(canonical);
        let group = || rule.referenced_group_info().and_then(|g| g.group_id()).map(str::to_owned);
        if fits { range.or_else(group) } else { None }
    }

    /// The rules there are for the wanted sources.
    async fn look(&self, cx: &Context<'_>, aws: &Aws) -> Result<BTreeMap<String, Rule>, Failure> {
        let wanted = self.wanted()?;
        Ok(self.all(cx, aws).await?.into_iter().filter(|(source, _)| wanted.contains(source)).collect())
    }

    /// The rules there are for exactly this port, by source.
    async fn all(&self, cx: &Context<'_>, aws: &Aws) -> Result<BTreeMap<String, Rule>, Failure> {
        let mut rules = BTreeMap::new();
        let request = aws.read.ec2.describe_security_group_rules().filters(filter("group-id", &[self.group.as_str()]));
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(format!("cannot read the rules of security group `{}`", self.group)))?;
            for rule in page.security_group_rules() {
                let Some(source) = self.source_of(rule) else { continue };
                let named = pairs(rule.tags()).any(|(k, v)| k == "Name" && v == cx.call().action.to_string());
                let ours = named && cx.is_ours(pairs(rule.tags()));
                rules.insert(source, Rule { id: rule.security_group_rule_id().unwrap_or_default().to_owned(), ours });
            }
        }
        Ok(rules)
    }

    fn permission<'s>(&self, sources: impl IntoIterator<Item = &'s String>) -> IpPermission {
        let mut permission =
            IpPermission::builder().ip_protocol("tcp").from_port(i32::from(self.port)).to_port(i32::from(self.port));
        for source in sources {
            permission = match source.as_str() {
                group if group.starts_with("sg-") => {
                    permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(group).build())
                }
                v6 if v6.contains(':') => permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(v6).build()),
                v4 => permission.ip_ranges(IpRange::builder().cidr_ip(v4).build()),
            };
        }
        permission.build()
    }

    /// Authorises these sources, also of groups that this run made a moment ago and EC2 does not know everywhere yet.
    async fn authorise(
        &self,
        cx: &Context<'_>,
        aws: &Aws,
        sources: &BTreeSet<String>,
    ) -> Result<Result<(), AwsError>, Failure> {
        let doing = format!("admitting to port {} of `{}`", self.port, self.group);
        let first = patiently(cx, &doing, &[NOT_KNOWN_YET], async || self.ask(cx, aws, sources).await).await?;
        match first {
            Err(e) if e.is(TAG_NOT_KNOWN_YET.codes) && self.is_young(cx, aws).await => {
                let reasons = [NOT_KNOWN_YET, TAG_NOT_KNOWN_YET];
                patiently(cx, &doing, &reasons, async || self.ask(cx, aws, sources).await).await
            }
            answer => Ok(answer),
        }
    }

    /// Whether this run made the group, or EC2 does not show yet who did.
    async fn is_young(&self, cx: &Context<'_>, aws: &Aws) -> bool {
        match aws.read.ec2.describe_security_groups().group_ids(self.group.as_str()).send().await {
            Ok(answer) => answer.security_groups().iter().all(|group| cx.is_ours(pairs(group.tags()))),
            Err(_) => true,
        }
    }

    /// One call, which EC2 carries out as a whole or not at all.
    async fn ask(&self, cx: &Context<'_>, aws: &Aws, sources: &BTreeSet<String>) -> Result<(), AwsError> {
        let name = cx.call().action.to_string();
        let request = aws.write.ec2.authorize_security_group_ingress().group_id(self.group.as_str());
        request
            .ip_permissions(self.permission(sources))
            .tag_specifications(specification(ResourceType::SecurityGroupRule, &cx.tags(Some(&name))))
            .send()
            .await
            .map(drop)
            .map_err(AwsError::from)
    }

    /// The call that admits these sources.
    fn admitting<'s>(&self, sources: impl IntoIterator<Item = &'s String>) -> Change {
        let (mut groups, mut v4, mut v6) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources {
            match source.as_str() {
                group if self.source.as_ref().is_some_and(|g| g.as_str() == group) => {
                    groups.push(json!({"GroupId": group}));
                }
                range if range.contains(':') => v6.push(json!({"CidrIpv6": range})),
                range => v4.push(json!({"CidrIp": range})),
            }
        }
        let mut permission = json!({"IpProtocol": "tcp", "FromPort": self.port, "ToPort": self.port});
        for (name, sources) in [("IpRanges", v4), ("Ipv6Ranges", v6), ("UserIdGroupPairs", groups)] {
            if !sources.is_empty() {
                permission[name] = json!(sources);
            }
        }
        let with = [
            ("GroupId", shown(&self.group)),
            ("IpPermissions", json!([permission]).into()),
            ("TagSpecifications", words("Name=the action, your own tags, and the run's").into()),
        ];
        request("ec2:AuthorizeSecurityGroupIngress", with)
    }

    fn refused(&self, error: &AwsError) -> Failure {
        let failure = error.failure(format!("cannot admit {} to port {} of `{}`", self.who(), self.port, self.group));
        if error.is(&["RulesPerSecurityGroupLimitExceeded"]) {
            return failure
                .advise(Advice::then_resume("remove rules that are not needed, or ask AWS for a higher quota"));
        }
        failure
    }
}

impl Perform for SecurityGroupAdmit {
    const MAY_BE_UNKNOWN: &'static [&'static str] = &["source"];
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["ec2:DescribeSecurityGroupRules"];
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["ec2:RevokeSecurityGroupIngress", "ec2:DescribeSecurityGroups"];

    fn sentence(&self) -> Text {
        tell!("admit {} to port {} of security group `{}`", self.who(), self.port, self.group)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("revoke the rules for port {} of `{}` that this run added", self.port, self.group))
    }

    fn changes(&self) -> Vec<Change> {
        self.wanted().map_or_else(|_| Vec::new(), |wanted| vec![self.admitting(&wanted)])
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let wanted = self.wanted()?;
        let (rules, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.all(cx, &*cx.aws().await?).await?.into_iter().partition(|(source, _)| wanted.contains(source));
        let absent: Vec<&String> = wanted.iter().filter(|source| !rules.contains_key(*source)).collect();
        let changes = if absent.is_empty() { Vec::new() } else { vec![self.admitting(absent)] };
        let strangers: BTreeSet<&String> =
            rules.iter().chain(&others).filter(|(_, rule)| !rule.ours).map(|(source, _)| source).collect();
        let facts = fact(rules_of(self.group.as_str(), self.port), list(strangers));
        // Ours count as missing before: an observe after a lost answer takes the same before-image as the one before it.
        let (present, missing) = wanted.into_iter().partition(|s| rules.get(s).is_some_and(|rule| !rule.ours));
        let before = Before { present, missing };
        let there = rules.len() == before.present.len() + before.missing.len();
        let ours = rules.values().any(|rule| rule.ours);
        let evidence = format!(
            "{} of {} rules for port {} of `{}` are there",
            rules.len(),
            before.present.len() + before.missing.len(),
            self.port,
            self.group
        );
        let before = serde_json::to_value(before).unwrap_or_default();
        let found = if there { Found::Holds } else { Found::Absent };
        Ok(Finding { before, changes, facts, ..Finding::new(found, ours, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let missing = |rules: &BTreeMap<String, Rule>| -> Result<BTreeSet<String>, Failure> {
            Ok(self.wanted()?.into_iter().filter(|source| !rules.contains_key(source)).collect())
        };
        let all = missing(&self.look(cx, &aws).await?)?;
        if all.is_empty() {
            return Ok(Applied::new());
        }
        match self.authorise(cx, &aws, &all).await? {
            Ok(()) => return Ok(Applied::new()),
            Err(e) if e.is(&["InvalidPermission.Duplicate"]) => {}
            Err(e) => return Err(self.refused(&e).into()),
        }
        // One of them came into being meanwhile, and EC2 refused them all: one by one, then.
        for source in missing(&self.look(cx, &aws).await?)? {
            match self.authorise(cx, &aws, &BTreeSet::from([source])).await? {
                Ok(()) => {}
                Err(e) if e.is(&["InvalidPermission.Duplicate"]) => {}
                Err(e) => return Err(self.refused(&e).into()),
            }
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (aws, wanted) = (cx.aws().await?, self.wanted()?);
        wait_until(cx, &format!("the rules for port {} of `{}`", self.port, self.group), async || {
            let rules = self.look(cx, &aws).await?;
            let missing: Vec<_> = wanted.iter().filter(|source| !rules.contains_key(*source)).cloned().collect();
            Ok(if missing.is_empty() {
                Glance::Done(())
            } else {
                Glance::NotYet(format!("`{}` does not admit {} yet", self.group, missing.join(", ")))
            })
        })
        .await?;
        Ok(Verified::by(format!("`{}` admits {} to port {}", self.group, self.who(), self.port)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let kept = cx.before_if_any::<Before>()?.unwrap_or_default().present;
        let mut revoked = Vec::new();
        wait_until(cx, &format!("revoking rules of `{}`", self.group), async || {
            let rules = match self.look(cx, &aws).await {
                Ok(rules) => rules,
                Err(_) if gone(&aws, self.group.as_str()).await? => return Ok(Glance::Done(())),
                Err(failure) => return Err(failure),
            };
            let ours = rules.into_iter().filter(|(source, rule)| rule.ours && !kept.contains(source));
            let (sources, ids): (Vec<String>, Vec<String>) = ours.map(|(source, rule)| (source, rule.id)).unzip();
            if ids.is_empty() {
                return Ok(Glance::Done(()));
            }
            let told = format!("the rules for {} on port {} of `{}`", sources.join(", "), self.port, self.group);
            let request = aws.write.ec2.revoke_security_group_ingress().group_id(self.group.as_str());
            match request.set_security_group_rule_ids(Some(ids)).send().await.map_err(AwsError::from) {
                Ok(_) => {
                    revoked.extend(sources);
                    Ok(Glance::Done(()))
                }
                // One of them went meanwhile, and EC2 revoked none: look again.
                Err(e) if e.is(&["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"]) => {
                    Ok(Glance::NotYet(format!("{told} changed meanwhile")))
                }
                Err(e) => Err(e.failure(format!("cannot revoke {told}"))),
            }
        })
        .await?;
        Ok(if revoked.is_empty() {
            format!("`{}` has no rule of this run for port {}", self.group, self.port)
        } else {
            format!("`{}` no longer admits {} to port {}", self.group, revoked.join(", "), self.port)
        })
    }
}

/// Whether a group does not exist.
async fn gone(aws: &Aws, group: &str) -> Result<bool, Failure> {
    match aws.read.ec2.describe_security_groups().group_ids(group).send().await.map_err(AwsError::from) {
        Ok(_) => Ok(false),
        Err(e) if e.is(&["InvalidGroup.NotFound", "InvalidGroupId.NotFound"]) => Ok(true),
        Err(e) => Err(e.failure(format!("cannot look up security group `{group}`"))),
    }
}
