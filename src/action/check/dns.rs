//! `dns.name`: whether a site's name can be moved from an instance to a balancer.
//!
//! Asked of this machine's resolver, as everywhere; the TTL is that of the zone where the zone is in Route 53, else what is
//! left of it in the resolver's answer, which is a lower bound. CAA records are climbed to as RFC 8659 says.

use super::{Examine, Seen, zone};
use crate::access::{Aws, Dns, Issuers};
use crate::action::Lines;
use crate::action::aws::{failed, filter, is_apex, live, ttl_at};
use crate::model::{DnsName, Failure};
use aws_sdk_ec2::types::Instance;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The longest TTL that is not warned of, in seconds.
const LONG: i64 = 300;
/// The names by which CAA records let ACM issue certificates (ACM user guide, "CAA records").
const AMAZON: &[&str] = &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

impl Examine for DnsName {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeAddresses",
        "ec2:DescribeInstances",
        // Route 53 looks the VPC up in the caller's name (Service Authorization Reference, ListHostedZonesByVPC).
        "ec2:DescribeVpcs",
        "route53:GetHostedZone",
        "route53:ListHostedZonesByVPC",
        "route53:ListResourceRecordSets",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let dns = lines.access().dns();
        let instance = live(&aws, self.instance.as_str()).await;
        let addresses = dns.addresses(self.fqdn.as_str()).await;
        let points = match (&instance, &addresses) {
            (Err(failure), _) | (_, Err(failure)) => Seen::failed("points-here", failure),
            (Ok(instance), Ok(addresses)) => points(self.fqdn.as_str(), instance, addresses),
        };
        let elastic = match &instance {
            Err(failure) => Seen::failed("elastic-ip", failure),
            Ok(instance) => Seen::of("elastic-ip", elastic(&aws, instance).await),
        };
        let private = match &instance {
            Err(failure) => Seen::failed("private-zone", failure),
            Ok(instance) => Seen::of("private-zone", zone::private(&aws, self.fqdn.as_str(), instance.vpc_id()).await),
        };
        Ok(vec![
            points,
            Seen::of("zone", zone::asked(&aws, dns, self.fqdn.as_str(), &self.zone).await),
            private,
            Seen::of("https-record", zone::https_record(dns, self.fqdn.as_str()).await),
            elastic,
            Seen::of("ttl", self.ttl(&aws, dns).await),
            Seen::of("caa", caa(dns, self.fqdn.as_str()).await),
            Seen::of("external", self.external(dns).await),
        ])
    }
}

fn points(fqdn: &str, instance: &Instance, found: &BTreeSet<IpAddr>) -> Seen {
    const ROW: &str = "points-here";
    let id = instance.instance_id().unwrap_or_default();
    let v6 = instance.network_interfaces().iter().flat_map(|n| n.ipv6_addresses()).filter_map(|a| a.ipv6_address());
    let own: BTreeSet<IpAddr> =
        instance.public_ip_address().into_iter().chain(v6).filter_map(|a| a.parse().ok()).collect();
    let told = |all: &BTreeSet<IpAddr>| match all.is_empty() {
        true => "nothing".to_owned(),
        false => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let evidence = format!("`{fqdn}` resolves to {}; `{id}` has {}", told(found), told(&own));
    match !found.is_empty() && found.is_subset(&own) {
        true => Seen::pass(ROW, evidence),
        false => Seen::refuse(ROW, evidence).advise(
            "make sure that the name, the zone and the instance are those of one site; a proxy or CDN in front of it must be \
             thought of first",
        ),
    }
}

async fn elastic(aws: &Aws, instance: &Instance) -> Result<Seen, Failure> {
    const ROW: &str = "elastic-ip";
    let id = instance.instance_id().unwrap_or_default();
    let filter = filter("instance-id", &[id]);
    let asked = aws.read.ec2.describe_addresses().filters(filter).send().await;
    let answer = asked.map_err(failed(format!("cannot look for an Elastic IP of `{id}`")))?;
    let public = instance.public_ip_address().unwrap_or("none");
    let elastic = answer.addresses().iter().find(|a| a.public_ip() == Some(public));
    Ok(match elastic {
        Some(address) => {
            let allocation = address.allocation_id().unwrap_or("an allocation without an id");
            Seen::pass(ROW, format!("{public} of `{id}` is an Elastic IP (`{allocation}`)"))
        }
        None => Seen::refuse(ROW, format!("the public address of `{id}`, {public}, is no Elastic IP")).advise(
            "when it stops, the address goes to a stranger while the name still points there: give it an Elastic IP first, or \
             accept that visitors may meet a stranger until the name is moved",
        ),
    })
}

impl DnsName {
    async fn ttl(&self, aws: &Aws, dns: Dns) -> Result<Seen, Failure> {
        const ROW: &str = "ttl";
        let fqdn = self.fqdn.as_str();
        let (ttl, of) = if self.zone.hosted().is_none() {
            (dns.ttl(fqdn).await?.map(i64::from), "at least")
        } else {
            (ttl_at(aws, self.zone.as_str(), fqdn).await?, "of its record:")
        };
        Ok(match ttl {
            None => Seen::pass(ROW, format!("the record of `{fqdn}` has no TTL of its own")),
            Some(ttl) if ttl <= LONG => Seen::pass(ROW, format!("TTL of `{fqdn}`, {of} {ttl} s")),
            Some(ttl) => {
                Seen::warn(ROW, format!("TTL of `{fqdn}`, {of} {ttl} s: visitors are sent to the old address so long"))
                    .advise(format!("lower it to 60 s, and wait {ttl} s before you begin"))
            }
        })
    }

    async fn external(&self, dns: Dns) -> Result<Seen, Failure> {
        const ROW: &str = "external";
        if self.zone.hosted().is_some() {
            return Ok(Seen::pass(
                ROW,
                format!("the records are in hosted zone `{}`: nobody is waited for", self.zone),
            ));
        }
        let warned = Seen::warn(
            ROW,
            format!(
                "the records of `{}` are changed by hand, and the run waits for that WHILE THE SITE IS DOWN: for the \
                 certificate's validation record, then for the name itself",
                self.fqdn
            ),
        )
        .advise(
            "have somebody who can change the records ready before you begin; both records are shown when they are due",
        );
        if !is_apex(dns, self.fqdn.as_str()).await? {
            return Ok(warned);
        }
        Ok(warned.advise(format!(
            "`{}` is its zone's own name, where no CNAME may stand: see that the provider has an ALIAS, ANAME or flattened CNAME \
             record for it; with A records of the balancer's addresses the site is lost when AWS changes them",
            self.fqdn
        )))
    }
}

async fn caa(dns: Dns, fqdn: &str) -> Result<Seen, Failure> {
    const ROW: &str = "caa";
    let mut name = fqdn;
    loop {
        let issuers = dns.caa(name).await?;
        if let Some(Issuers::Any) = issuers {
            return Ok(Seen::pass(ROW, format!("CAA of `{name}` names no authority: any may issue")));
        }
        if let Some(Issuers::Only(issuers)) = issuers {
            let told: Vec<String> = issuers.iter().map(|i| format!("`{i}`")).collect();
            let evidence =
                format!("CAA of `{name}` allows {}", if told.is_empty() { "nobody".into() } else { told.join(", ") });
            return Ok(match issuers.iter().any(|i| AMAZON.contains(&i.as_str())) {
                true => Seen::pass(ROW, evidence),
                false => Seen::refuse(ROW, evidence).advise(format!(
                    "add the record `{name}. CAA 0 issue \"amazon.com\"`: ACM would issue no certificate"
                )),
            });
        }
        match name.split_once('.') {
            Some((_, parent)) if parent.contains('.') => name = parent,
            _ => return Ok(Seen::pass(ROW, format!("no CAA records at `{fqdn}` or above: any authority may issue"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse};

    #[test]
    fn a_name_points_here_only_when_all_its_addresses_are_the_instances() {
        let instance = Instance::builder().instance_id("i-1").public_ip_address("203.0.113.7").build();
        let found = |all: &[&str]| all.iter().map(|a| a.parse().unwrap()).collect();
        assert_eq!(points("c.example", &instance, &found(&["203.0.113.7"])).verdict, Pass);
        for other in [&["203.0.113.8"][..], &["203.0.113.7", "2001:db8::1"], &[]] {
            assert_eq!(points("c.example", &instance, &found(other)).verdict, Refuse, "{other:?}");
        }
    }
}
