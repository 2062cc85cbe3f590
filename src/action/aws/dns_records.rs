//! Record sets of a hosted zone: read at a name, kept as a before-image, and compared.
//!
//! Names are in lower case, without the final dot, and with Route 53's octal escapes (`\052` for `*`) resolved. Of routing
//! policies only the simple one is understood: sets with an identifier (weighted, latency, failover, geolocation) and those
//! of a traffic policy are reported as such and never changed.

use super::answers::{failed, said};
use super::preview::{list, record_of};
use crate::access::Aws;
use crate::model::{Facts, Failure};
use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A DNS name in its one comparable form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RecordName(String);

impl RecordName {
    pub(super) fn of(text: &str) -> Self {
        Self(unescape(text).trim_end_matches('.').to_ascii_lowercase())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether two texts name the same thing in DNS.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    RecordName::of(a) == RecordName::of(b)
}

/// Resolves `\ooo`; anything else stays.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let code = tail.get(1..4).and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = tail.get(4..).unwrap_or_default();
            }
            None => {
                out.push('\\');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// A record set with the simple routing policy, whole: what is kept here can be put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordSet {
    pub(super) name: RecordName,
    /// `A`, `AAAA`, `CNAME`, ...
    pub(super) kind: String,
    /// Seconds; an alias has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<i64>,
    /// As Route 53 keeps them; an alias has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<Alias>,
    /// A health check's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) health_check: Option<String>,
}

/// Where an alias leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alias {
    /// The target's own zone.
    pub(super) zone: String,
    pub(super) target: RecordName,
    pub(super) evaluate_health: bool,
}

impl RecordSet {
    /// A set with one CNAME value.
    pub(super) fn cname(name: &RecordName, value: &RecordName, ttl: i64) -> Self {
        let values = vec![value.to_string()];
        Self { name: name.clone(), kind: "CNAME".into(), ttl: Some(ttl), values, alias: None, health_check: None }
    }

    /// An alias of type A.
    pub(super) fn alias_a(name: &RecordName, zone: &str, target: &RecordName) -> Self {
        let alias = Some(Alias { zone: zone.to_owned(), target: target.clone(), evaluate_health: false });
        Self { name: name.clone(), kind: "A".into(), ttl: None, values: Vec::new(), alias, health_check: None }
    }

    /// What it holds, with its TTL: "203.0.113.7 TTL 300", "alias x.elb.amazonaws.com".
    pub(super) fn held(&self) -> String {
        match (&self.alias, self.ttl) {
            (Some(alias), _) => format!("alias {}", alias.target),
            (None, Some(ttl)) => format!("{} TTL {ttl}", self.values.join(" ")),
            (None, None) => self.values.join(" "),
        }
    }

    /// Whether both send a client to the same place; TTLs may differ, and so may what Route 53 thinks of the target's health.
    pub(super) fn leads_as(&self, other: &Self) -> bool {
        let target =
            |set: &Self| set.alias.as_ref().map(|a| a.target.as_str().trim_start_matches("dualstack.").to_owned());
        let values = |set: &Self| {
            let mut values: Vec<String> = match set.kind.as_str() {
                "CNAME" => set.values.iter().map(|v| RecordName::of(v).to_string()).collect(),
                _ => set.values.clone(),
            };
            values.sort();
            values
        };
        self.name == other.name
            && self.kind == other.kind
            && target(self) == target(other)
            && values(self) == values(other)
    }
}

impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{} {} alias {}", self.name, self.kind, alias.target),
            None => write!(f, "{} {} {}", self.name, self.kind, self.values.join(" ")),
        }
    }
}

/// The record sets that decide where a name leads.
pub(super) const KINDS: &[&str] = &["A", "AAAA", "CNAME"];

/// Whether two states of a name lead clients to the same places.
pub(super) fn lead_alike(one: &[RecordSet], other: &[RecordSet]) -> bool {
    one.len() == other.len() && one.iter().all(|a| other.iter().any(|b| a.leads_as(b)))
}

/// What is at a name, of every kind that leads clients: one that is added is as much a change as one that differs. Every action that
/// changes these records speaks of them.
pub(super) fn facts(fqdn: &str, zone: &str, there: &[RecordSet]) -> Facts {
    let name = RecordName::of(fqdn);
    let of = |kind: &&str| {
        let held = there.iter().filter(|set| set.kind == **kind).map(RecordSet::held);
        (record_of(name.as_str(), kind, zone), list(held))
    };
    KINDS.iter().map(of).collect()
}

/// Record sets in words.
pub(super) fn told(sets: &[RecordSet]) -> String {
    if sets.is_empty() {
        "nothing".to_owned()
    } else {
        sets.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

/// What a zone has at a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AtName {
    /// Sets with the simple routing policy.
    pub(super) simple: Vec<RecordSet>,
    /// Others, described: not to be touched.
    pub(super) special: Vec<String>,
}

/// The record sets at exactly this name, of the types given, in the order of the types given.
pub(super) async fn at_name(aws: &Aws, zone: &str, name: &RecordName, kinds: &[&str]) -> Result<AtName, Failure> {
    let mut found = AtName::default();
    let (mut start, mut kind, mut identifier) = (name.to_string(), None::<RrType>, None::<String>);
    loop {
        let request = aws.read.route53.list_resource_record_sets().hosted_zone_id(zone).start_record_name(&start);
        let request = request.set_start_record_type(kind).set_start_record_identifier(identifier);
        let page = request.send().await;
        let page = page.map_err(failed(format!("cannot read the records of `{name}` in zone `{zone}`")))?;
        for set in page.resource_record_sets() {
            said(Some(set.name()).filter(|n| !n.is_empty()), format_args!("the name of a record of zone `{zone}`"))?;
            if RecordName::of(set.name()) != *name {
                // Names come in order, so that the first other one after ours ends it.
                if !found.simple.is_empty() || !found.special.is_empty() {
                    return Ok(sorted(found, kinds));
                }
                continue;
            }
            if kinds.contains(&set.r#type().as_str()) {
                sort_in(&mut found, set);
            }
        }
        let next = page.next_record_name().filter(|_| page.is_truncated());
        match next {
            Some(next) if RecordName::of(next) == *name => {
                start = next.to_owned();
                kind = page.next_record_type().cloned();
                identifier = page.next_record_identifier().map(str::to_owned);
            }
            _ => return Ok(sorted(found, kinds)),
        }
    }
}

/// The record sets that decide where a name leads; refused where one is not a simple one.
pub(super) async fn simple_at(aws: &Aws, zone: &str, fqdn: &str) -> Result<Vec<RecordSet>, Failure> {
    let found = at_name(aws, zone, &RecordName::of(fqdn), KINDS).await?;
    match found.special.first() {
        None => Ok(found.simple),
        Some(special) => Err(Failure::refused(format!("zone `{zone}` has {special}")).advise(
            "weighted, latency, failover and geolocation records are not changed: give `external` as the zone and \
             change them by hand, or make the name a simple record first",
        )),
    }
}

/// The TTL of the address record at a name, in seconds; nothing for an alias, or when there is no such record.
pub(in crate::action) async fn ttl_at(aws: &Aws, zone: &str, name: &str) -> Result<Option<i64>, Failure> {
    let found = at_name(aws, zone, &RecordName::of(name), &["A", "AAAA", "CNAME"]).await?;
    Ok(found.simple.iter().filter_map(|set| set.ttl).max())
}

fn sorted(mut found: AtName, kinds: &[&str]) -> AtName {
    found.simple.sort_by_key(|set| kinds.iter().position(|kind| *kind == set.kind));
    found
}

fn sort_in(found: &mut AtName, set: &ResourceRecordSet) {
    let name = RecordName::of(set.name());
    let kind = set.r#type().as_str().to_owned();
    if let Some(identifier) = set.set_identifier() {
        found.special.push(format!("{name} {kind} with the routing identifier `{identifier}`"));
    } else if set.traffic_policy_instance_id().is_some() {
        found.special.push(format!("{name} {kind} of a traffic policy"));
    } else {
        let alias = set.alias_target().map(|a| Alias {
            zone: a.hosted_zone_id().to_owned(),
            target: RecordName::of(a.dns_name()),
            evaluate_health: a.evaluate_target_health(),
        });
        let values = set.resource_records().iter().map(|r| r.value().to_owned()).collect();
        let health_check = set.health_check_id().map(str::to_owned);
        found.simple.push(RecordSet { name, kind, ttl: set.ttl(), values, alias, health_check });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_in_one_form() {
        assert!(same_name("Cloud.Example.org.", "cloud.example.ORG"));
        assert!(same_name("\\052.example.org.", "*.example.org"));
        assert!(!same_name("a.example.org", "b.example.org"));
        assert_eq!(RecordName::of("odd\\9x.example").as_str(), "odd\\9x.example");
    }

    #[test]
    fn sets_lead_to_the_same_place_whatever_their_ttl() {
        let (name, lb) = (RecordName::of("c.example.org"), RecordName::of("x.elb.amazonaws.com"));
        let a = RecordSet::cname(&name, &lb, 60);
        let shouted = RecordSet { ttl: Some(300), values: vec!["X.elb.amazonaws.com.".into()], ..a.clone() };
        assert!(a.leads_as(&shouted));
        let alias = RecordSet::alias_a(&name, "Z1", &lb);
        let console = RecordSet::alias_a(&name, "Z1", &RecordName::of("dualstack.x.elb.amazonaws.com."));
        assert!(alias.leads_as(&console) && !alias.leads_as(&a));
    }
}
