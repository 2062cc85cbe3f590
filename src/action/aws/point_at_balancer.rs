//! `dns.point-at-balancer`: the name of a site leads to its balancer, and back again on undo.
//!
//! The before-image is every address-bearing record set at the name, whole. Undo puts just that back, in one batch, and only
//! while the name still is as this run left it or as it was before: what somebody changed later is not overwritten. An
//! instance without an Elastic IP has another public address after a stop: then the current one is published, for the old one
//! may be a stranger's. Whether the old record was the instance's is known only by the address it had before the run stopped
//! it, which the runbook gives (`instance_address`).

use super::answers::outputs;
use super::dns_external::{ask, ask_back, is_apex, wanted, will_not_last};
use super::dns_records::RecordSet;
use super::instance_state::{find, unknown};
use super::preview::{request, words};
use crate::access::Aws;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, DnsPointAtBalancer, Failure, Finding, Found, Text, Value, tell};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How it was before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Before {
    /// The record sets in the hosted zone.
    #[serde(default)]
    pub(super) sets: Vec<RecordSet>,
    /// What the name resolved to, where DNS is kept elsewhere.
    #[serde(default)]
    pub(super) addresses: BTreeSet<IpAddr>,
    /// The name it was an alias of, where DNS is kept elsewhere.
    #[serde(default)]
    pub(super) cname: Option<String>,
    /// The public address that the instance had when the name led to it.
    #[serde(default)]
    pub(super) instance_address: Option<IpAddr>,
    /// The TTL that the resolver told, where DNS is kept elsewhere.
    #[serde(default)]
    pub(super) ttl: Option<u32>,
}

impl Before {
    /// The addresses the name had before, as far as they are known.
    fn known_addresses(&self) -> BTreeSet<IpAddr> {
        let kept = self.sets.iter().flat_map(|set| &set.values).filter_map(|value| value.parse().ok());
        self.addresses.iter().copied().chain(kept).collect()
    }

    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// `old` with the instance's address of then replaced by its address of now.
pub(super) fn readdressed(old: IpAddr, then: Option<IpAddr>, now: Option<IpAddr>) -> IpAddr {
    match (then, now) {
        (Some(then), Some(now)) if then == old => now,
        _ => old,
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
}

impl DnsPointAtBalancer {
    /// The public address of the instance now.
    async fn instance_address_now(&self, aws: &Aws) -> Result<Option<IpAddr>, Failure> {
        let Some(id) = &self.instance else { return Ok(None) };
        let instance = find(aws, id.as_str()).await?.ok_or_else(|| unknown(aws, id.as_str()))?;
        Ok(instance.public_ip_address().and_then(|address| address.parse().ok()))
    }

    /// The public address that the instance had when the name led to it.
    pub(super) async fn instance_address_then(&self, aws: &Aws) -> Result<Option<IpAddr>, Failure> {
        // Not known yet, it is the one that the instance has now.
        match self.instance_address.as_ref().and_then(Text::known).filter(|given| !given.is_empty()) {
            None => self.instance_address_now(aws).await,
            Some(given) => given.parse().map(Some).map_err(|_| {
                Failure::refused(format!("`instance_address` of `{}` is no address: `{given}`", self.fqdn))
                    .advise("give `public_ip` of `instance.look-up`")
            }),
        }
    }

    /// The address to publish for the instance on undo, when the old record was its address.
    ///
    /// # Errors
    /// When the instance has no public address now: its old one may belong to a stranger.
    pub(super) async fn address_now(&self, aws: &Aws, before: &Before) -> Result<Option<IpAddr>, Failure> {
        let concerns = before.instance_address.is_some_and(|then| before.known_addresses().contains(&then));
        let (true, Some(id)) = (concerns, &self.instance) else { return Ok(None) };
        match self.instance_address_now(aws).await? {
            Some(now) => Ok(Some(now)),
            None => Err(Failure::refused(format!(
                "`{}` pointed at `{id}`, which has no public address now: there is nothing to point it back at",
                self.fqdn
            ))
            .advise(Advice::then_resume("start the instance"))),
        }
    }

    /// What the name and the balancer resolve to.
    async fn resolved(&self, cx: &Context<'_>) -> Result<(BTreeSet<IpAddr>, BTreeSet<IpAddr>), Failure> {
        let dns = cx.access().dns();
        let site = dns.addresses(self.fqdn.as_str()).await?;
        // Looked at before there is a balancer, nothing leads to it.
        let balancer = match self.dns_name.known() {
            Some(name) => dns.addresses(name).await?,
            None => BTreeSet::new(),
        };
        Ok((site, balancer))
    }

    /// Waits until this machine's resolver leads from the name to the balancer, and no longer to where it led before.
    async fn wait_to(&self, cx: &Context<'_>, before: &Before) -> Result<String, Failure> {
        let old = before.known_addresses();
        wait_until(cx, &format!("`{}` resolving to the balancer", self.fqdn), async || {
            let (site, balancer) = self.resolved(cx).await?;
            if balancer.is_empty() {
                return Ok(Glance::NotYet(format!("the balancer's name `{}` does not resolve yet", self.dns_name)));
            }
            let lingering = site.difference(&balancer).any(|address| old.contains(address));
            Ok(if site.is_disjoint(&balancer) || lingering {
                Glance::NotYet(format!(
                    "`{}` resolves to [{}], the balancer has [{}]",
                    self.fqdn,
                    list(&site),
                    list(&balancer)
                ))
            } else {
                Glance::Done(format!("`{}` resolves to the balancer: {}", self.fqdn, list(&site)))
            })
        })
        .await
    }

    /// Waits until this machine's resolver no longer leads from the name to the balancer.
    pub(super) async fn wait_away(&self, cx: &Context<'_>) -> Result<String, Failure> {
        wait_until(cx, &format!("`{}` no longer resolving to the balancer", self.fqdn), async || {
            let (site, balancer) = self.resolved(cx).await?;
            Ok(if site.is_disjoint(&balancer) {
                Glance::Done(format!("`{}` resolves to [{}]", self.fqdn, list(&site)))
            } else {
                Glance::NotYet(format!("`{}` still resolves to the balancer: [{}]", self.fqdn, list(&site)))
            })
        })
        .await
    }

    async fn observe_external(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (site, balancer) = self.resolved(cx).await?;
        let found = match site.is_disjoint(&balancer) {
            false => Found::Holds,
            true if site.is_empty() => Found::Absent,
            true => Found::Otherwise,
        };
        let cname = cx.access().dns().cname(self.fqdn.as_str()).await?;
        let instance_address = match &self.instance {
            Some(_) => self.instance_address_then(&*cx.aws().await?).await?,
            None => None,
        };
        let evidence = format!("`{}` resolves to [{}]", self.fqdn, list(&site));
        let ttl = cx.access().dns().ttl(self.fqdn.as_str()).await?;
        let before = Before { sets: Vec::new(), addresses: site, cname, instance_address, ttl };
        Ok(Finding { before: before.to_value(), ..Finding::new(found, false, evidence) })
    }

    async fn undo_external(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        let (site, balancer) = self.resolved(cx).await?;
        if site.is_disjoint(&balancer) && (!site.is_empty() || before.addresses.is_empty()) {
            return Ok(format!("`{}` does not lead to the balancer: it resolves to [{}]", self.fqdn, list(&site)));
        }
        let now = match &self.instance {
            Some(_) => self.address_now(&*cx.aws().await?, &before).await?,
            None => None,
        };
        let addresses = before.addresses.iter().map(|a| readdressed(*a, before.instance_address, now));
        let records = match &before.cname {
            Some(cname) => vec![format!("{} CNAME {cname}", self.fqdn)],
            None => {
                addresses.map(|a| format!("{} {} {a}", self.fqdn, if a.is_ipv4() { "A" } else { "AAAA" })).collect()
            }
        };
        ask_back(cx, || {
            let gone = format!("remove the record that leads `{}` to `{}`", self.fqdn, self.dns_name);
            if records.is_empty() {
                format!("at your DNS provider, {gone}: there was none before")
            } else {
                format!("at your DNS provider, {gone}, and put back:\n\n  {}", records.join("\n  "))
            }
        })?;
        let seen = self.wait_away(cx).await?;
        self.until_forgotten(cx, None).await?;
        Ok(seen)
    }
}

impl Perform for DnsPointAtBalancer {
    const MAY_BE_UNKNOWN: &'static [&'static str] = &["dns_name", "dns_zone", "instance_address"];
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["route53:ListResourceRecordSets", "ec2:DescribeInstances"];
    const PERMISSIONS: &'static [&'static str] = &[
        "route53:ListResourceRecordSets",
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
        "ec2:DescribeInstances",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["route53:ChangeResourceRecordSets", "route53:GetChange"];

    fn sentence(&self) -> Text {
        match self.zone.hosted() {
            Some(_) => tell!("point `{}` at `{}` in zone `{}`", self.fqdn, self.dns_name, self.zone),
            None => tell!("ask the operator to point `{}` at `{}`, and wait for it", self.fqdn, self.dns_name),
        }
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(match self.zone.hosted() {
            Some(_) => tell!("bring the old records of `{}` back in zone `{}`", self.fqdn, self.zone),
            None => tell!("ask the operator to bring the old records of `{}` back, and wait for it", self.fqdn),
        })
    }

    fn changes(&self) -> Vec<Change> {
        let Some(zone) = self.zone.hosted() else { return Vec::new() };
        let batch = format_args!("{} to {}: a CNAME where one is there, else an alias A", self.fqdn, self.dns_name);
        vec![request(
            "route53:ChangeResourceRecordSets",
            [("HostedZoneId", zone.into()), ("ChangeBatch", words(batch))],
        )]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        match self.zone.hosted() {
            Some(zone) => self.observe_hosted(cx, &*cx.aws().await?, zone).await,
            None => self.observe_external(cx).await,
        }
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let Some(zone) = self.zone.hosted() else {
            // A sentence more or less: nothing waits for a resolver that does not tell.
            let apex = is_apex(cx.access().dns(), self.fqdn.as_str()).await.unwrap_or(false);
            ask(cx, || wanted(self.fqdn.as_str(), self.dns_name.as_str(), apex))?;
            return Ok(outputs([("change", "external")]));
        };
        let id = self.apply_hosted(cx, &*cx.aws().await?, zone).await?;
        Ok(outputs([("change", &id)]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        if let Some(zone) = self.zone.hosted() {
            self.verify_hosted(cx, &*cx.aws().await?, zone).await?;
        }
        let before = if cx.call().before.is_null() { Before::default() } else { cx.before()? };
        let mut evidence = self.wait_to(cx, &before).await?;
        if self.zone.hosted().is_none() {
            let (site, balancer) = self.resolved(cx).await?;
            let told = will_not_last(cx.access().dns(), self.fqdn.as_str(), &site, &balancer).await;
            if let Ok(Some(why)) = told {
                evidence = format!("{evidence}; {why}");
            }
        }
        let had = before.sets.iter().filter_map(|set| set.ttl).chain(before.ttl.map(i64::from)).max();
        self.until_forgotten(cx, had).await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        match self.zone.hosted() {
            Some(zone) => self.undo_hosted(cx, &*cx.aws().await?, zone).await,
            None => self.undo_external(cx).await,
        }
    }
}
