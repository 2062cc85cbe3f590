//! Rows of `dns.name` about the zone: whether what is changed in a hosted zone is what the world sees.
//!
//! Route 53 carries out changes of any zone that the account owns, delegated or not, public or not, and says INSYNC. Only the
//! world's name servers tell which zone they ask: the top of a zone is the nearest name on the way up that has NS records, and
//! those must be the zone's own (Route 53 developer guide, "Making Route 53 the DNS service for a domain").

use super::Seen;
use crate::access::{Aws, AwsError, Dns};
use crate::action::aws::failed;
use crate::model::{DnsZone, Failure};
use aws_sdk_route53::types::VpcRegion;
use std::collections::BTreeSet;

/// A name in its one comparable form.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn listed(all: &BTreeSet<String>) -> String {
    all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The zone that the world asks for a name: its own name, and its name servers.
async fn of_the_world(dns: Dns, fqdn: &str) -> Result<Option<(String, BTreeSet<String>)>, Failure> {
    let mut name = plain(fqdn);
    loop {
        let servers = dns.name_servers(&name).await?;
        if !servers.is_empty() {
            return Ok(Some((name, servers)));
        }
        match name.split_once('.') {
            Some((_, parent)) if parent.contains('.') => name = parent.to_owned(),
            _ => return Ok(None),
        }
    }
}

/// Row `zone`.
pub(super) async fn asked(aws: &Aws, dns: Dns, fqdn: &str, zone: &DnsZone) -> Result<Seen, Failure> {
    const ROW: &str = "zone";
    let Some(id) = zone.hosted() else {
        return Ok(Seen::pass(ROW, "the records are kept elsewhere"));
    };
    let answer = match aws.read.route53.get_hosted_zone().id(id).send().await.map_err(AwsError::from) {
        Ok(answer) => answer,
        Err(e) if e.is(&["NoSuchHostedZone"]) => {
            return Ok(Seen::refuse(ROW, format!("there is no hosted zone `{id}` in this account"))
                .advise("`aws route53 list-hosted-zones` shows the account's zones"));
        }
        Err(e) => return Err(e.failure(format!("cannot look at hosted zone `{id}`"))),
    };
    let found = answer.hosted_zone().filter(|found| !found.name().is_empty());
    let Some(found) = found else {
        return Ok(Seen::not_checkable(ROW, format!("Route 53's answer does not say what hosted zone `{id}` is")));
    };
    let own = plain(found.name());
    if found.config().is_some_and(|config| config.private_zone()) {
        return Ok(Seen::refuse(ROW, format!("hosted zone `{id}` (`{own}`) is private: only VPCs see it"))
            .advise("give the public zone of the name: neither ACM nor visitors would see the records"));
    }
    let servers: BTreeSet<String> =
        answer.delegation_set().map(|set| set.name_servers()).unwrap_or_default().iter().map(|n| plain(n)).collect();
    if servers.is_empty() {
        return Ok(Seen::not_checkable(ROW, format!("Route 53 does not tell the name servers of `{id}` (`{own}`)")));
    }
    Ok(judged(fqdn, id, &own, &servers, of_the_world(dns, fqdn).await?))
}

fn judged(
    fqdn: &str,
    id: &str,
    own: &str,
    servers: &BTreeSet<String>,
    world: Option<(String, BTreeSet<String>)>,
) -> Seen {
    const ROW: &str = "zone";
    let fqdn = plain(fqdn);
    if fqdn != own && !fqdn.ends_with(&format!(".{own}")) {
        return Seen::refuse(ROW, format!("hosted zone `{id}` is `{own}`, and `{fqdn}` is not in it"))
            .advise("give the zone of the name");
    }
    let Some((top, asked)) = world else {
        return Seen::refuse(ROW, format!("the world knows no name servers for `{fqdn}` or a domain above it"))
            .advise(format!("delegate `{own}` to {} at the domain's registrar or in the zone above", listed(servers)));
    };
    if top != own {
        return Seen::refuse(ROW, format!("the world asks zone `{top}` for `{fqdn}`; hosted zone `{id}` is `{own}`"))
            .advise(format!("give the hosted zone `{top}`: what is changed in `{own}` nobody would see"));
    }
    match asked.is_subset(servers) {
        true => Seen::pass(ROW, format!("`{own}` (`{id}`) is the zone that the world asks for `{fqdn}`")),
        false => Seen::refuse(
            ROW,
            format!("the world asks {} for `{own}`; hosted zone `{id}` has {}", listed(&asked), listed(servers)),
        )
        .advise(
            "give the zone with those name servers (there may be two of one name), or delegate the domain to this one",
        ),
    }
}

/// Row `private-zone`: inside a VPC a private zone of the name or of a domain above it is asked before the public one.
pub(super) async fn private(aws: &Aws, fqdn: &str, vpc: Option<&str>) -> Result<Seen, Failure> {
    const ROW: &str = "private-zone";
    let Some(vpc) = vpc else { return Ok(Seen::not_checkable(ROW, "EC2 does not tell the server's VPC")) };
    let (mut zones, mut token) = (Vec::new(), None::<String>);
    loop {
        let asked =
            aws.read.route53.list_hosted_zones_by_vpc().vpc_id(vpc).vpc_region(VpcRegion::from(aws.region.as_str()));
        let page = asked.set_next_token(token).send().await;
        let page = page.map_err(failed(format!("cannot list the private hosted zones of `{vpc}`")))?;
        zones.extend(page.hosted_zone_summaries().iter().map(|z| (z.hosted_zone_id().to_owned(), plain(z.name()))));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let fqdn = plain(fqdn);
    let hides = |(_, name): &&(String, String)| fqdn == *name || fqdn.ends_with(&format!(".{name}"));
    let hiding: Vec<String> = zones.iter().filter(hides).map(|(id, name)| format!("`{name}` (`{id}`)")).collect();
    Ok(match hiding.is_empty() {
        true => Seen::pass(ROW, format!("no private zone of `{vpc}` is above `{fqdn}`")),
        false => Seen::warn(ROW, format!("in `{vpc}` the name is asked of {}", hiding.join(", "))).advise(format!(
            "whoever asks from inside `{vpc}` (monitoring, an office suite) goes on to the old address: change `{fqdn}` there too \
             when the site has moved"
        )),
    })
}

/// Row `https-record`: a browser that finds an HTTPS record uses the addresses in it before those of A and AAAA.
pub(super) async fn https_record(dns: Dns, fqdn: &str) -> Result<Seen, Failure> {
    const ROW: &str = "https-record";
    let records = dns.https(fqdn).await?;
    if records.is_empty() {
        return Ok(Seen::pass(ROW, format!("`{fqdn}` has no HTTPS record")));
    }
    let evidence = format!("`{fqdn}` has the HTTPS record {}", records.join("; "));
    Ok(match records.iter().any(|record| record.contains("ipv4hint") || record.contains("ipv6hint")) {
        true => Seen::refuse(ROW, evidence).advise(
            "take its address hints out first: browsers follow them, also when the name's address has changed (RFC 9460, 7.3)",
        ),
        false => Seen::warn(ROW, evidence).advise("see that it holds for the balancer too, its port and its protocols"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse};

    #[test]
    fn only_the_zone_that_the_world_asks_will_do() {
        let set = |all: &[&str]| -> BTreeSet<String> { all.iter().map(|n| (*n).to_owned()).collect() };
        let own = set(&["ns-1.awsdns-01.com", "ns-2.awsdns-02.net"]);
        let judge = |own_name: &str, world: Option<(&str, &[&str])>| {
            let world = world.map(|(top, servers)| (top.to_owned(), set(servers)));
            judged("cloud.example.org", "Z1", own_name, &own, world)
        };
        let right = &["ns-1.awsdns-01.com", "ns-2.awsdns-02.net"][..];
        assert_eq!(judge("example.org", Some(("example.org", right))).verdict, Pass);
        assert_eq!(judge("example.org", Some(("example.org", &right[..1]))).verdict, Pass, "the others may be hidden");
        assert_eq!(judge("example.net", Some(("example.org", right))).verdict, Refuse);
        let two = judge("example.org", Some(("example.org", &["ns-9.awsdns-09.org"])));
        assert!(two.verdict == Refuse && two.advice[0].contains("two of one name"), "{two:?}");
        let sub = judge("example.org", Some(("cloud.example.org", right)));
        assert!(sub.verdict == Refuse && sub.evidence.contains("asks zone `cloud.example.org`"), "{sub:?}");
        assert_eq!(judge("cloud.example.org", Some(("example.org", right))).verdict, Refuse, "not delegated");
        assert_eq!(judge("example.org", None).verdict, Refuse);
    }
}
