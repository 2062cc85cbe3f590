//! The hosted zone's part of `dns.point-at-balancer`: which record sets are to be there, and the batch that makes them so.

use super::dns_change::{RecordEdit, change, changing, in_sync};
use super::dns_records::{RecordName, RecordSet, facts, lead_alike, simple_at, told};
use super::lower_ttl::until_forgotten;
use super::point_at_balancer::{Before, readdressed};
use crate::access::Aws;
use crate::action::{Context, Stop};
use crate::model::{Advice, DnsPointAtBalancer, Failure, Finding, Found};
use std::net::IpAddr;

/// For how long caches keep an alias of a balancer (Route 53 developer guide, "Choosing between alias and non-alias records").
const ALIAS_TTL_S: u64 = 60;

/// What turns `from` into `to` in one batch: what has no successor of its type goes, what differs is put.
fn edits(from: &[RecordSet], to: &[RecordSet]) -> Vec<RecordEdit> {
    let gone = from.iter().filter(|old| to.iter().all(|new| new.kind != old.kind)).cloned().map(RecordEdit::Remove);
    let put = to.iter().filter(|new| !from.contains(new)).cloned().map(RecordEdit::Put);
    gone.chain(put).collect()
}

/// The old sets with the instance's address of then replaced by its address of now.
fn restored(before: &Before, now: Option<IpAddr>) -> Vec<RecordSet> {
    let value = |value: &String| match value.parse() {
        Ok(old) => readdressed(old, before.instance_address, now).to_string(),
        Err(_) => value.clone(),
    };
    let set = |set: &RecordSet| RecordSet { values: set.values.iter().map(value).collect(), ..set.clone() };
    before.sets.iter().map(set).collect()
}

impl DnsPointAtBalancer {
    /// The sets that are to be at the name, given what was there: a CNAME stays a CNAME, everything else becomes one alias A.
    /// An AAAA goes: an IPv4 balancer has no such address, and clients would prefer it.
    fn wanted(&self, there: &[RecordSet]) -> Vec<RecordSet> {
        let (name, target) = (RecordName::of(self.fqdn.as_str()), RecordName::of(self.dns_name.as_str()));
        match there.iter().find(|set| set.kind == "CNAME") {
            Some(cname) => vec![RecordSet::cname(&name, &target, cname.ttl.unwrap_or(60))],
            None => vec![RecordSet::alias_a(&name, self.dns_zone.as_str(), &target)],
        }
    }

    /// The sets at the name.
    async fn there(&self, aws: &Aws, zone: &str) -> Result<Vec<RecordSet>, Failure> {
        simple_at(aws, zone, self.fqdn.as_str()).await
    }

    pub(super) async fn observe_hosted(&self, cx: &Context<'_>, aws: &Aws, zone: &str) -> Result<Finding, Failure> {
        let sets = self.there(aws, zone).await?;
        let wanted = self.wanted(&sets);
        // Changed by this run, and the change's id was lost: it is put again, for an id to wait for.
        let lost = !cx.call().before.is_null() && cx.output("change").is_none();
        let (found, unsure) = match lead_alike(&sets, &wanted) {
            true if lost => (Found::Otherwise, "; whether all its name servers know that is not known"),
            true => (Found::Holds, ""),
            false if sets.is_empty() => (Found::Absent, ""),
            false => (Found::Otherwise, ""),
        };
        let instance_address = self.instance_address_then(aws).await?;
        let evidence = format!("zone `{zone}` has {}{unsure}", told(&sets));
        let changes = if found == Found::Holds { Vec::new() } else { vec![changing(zone, &edits(&sets, &wanted))] };
        let facts = facts(self.fqdn.as_str(), zone, &sets);
        let before = Before { sets, instance_address, ..Before::default() };
        Ok(Finding { before: before.to_value(), changes, facts, ..Finding::new(found, false, evidence) })
    }

    /// One batch from what is there to what is wanted; answers its id.
    pub(super) async fn apply_hosted(&self, cx: &Context<'_>, aws: &Aws, zone: &str) -> Result<String, Failure> {
        let before: Before = cx.before()?;
        let there = self.there(aws, zone).await?;
        let wanted = self.wanted(&before.sets);
        // A lost answer: the batch was carried out. Putting it again gives an id to wait for, and changes nothing.
        let again = lead_alike(&there, &wanted);
        if !again && !lead_alike(&there, &before.sets) {
            return Err(Failure::refused(format!("the records of `{}` changed since they were looked at", self.fqdn))
                .cause(format!("found {}, then {}", told(&before.sets), told(&there)))
                .advise(Advice::then_resume(format!("find out who changed them; put back {}", told(&before.sets)))));
        }
        let batch = if again { there.into_iter().map(RecordEdit::Put).collect() } else { edits(&there, &wanted) };
        change(cx, aws, zone, &batch, "point at the balancer").await
    }

    pub(super) async fn verify_hosted(&self, cx: &Context<'_>, aws: &Aws, zone: &str) -> Result<(), Failure> {
        if let Some(id) = cx.output("change") {
            in_sync(cx, aws, id).await?;
        }
        let there = self.there(aws, zone).await?;
        if lead_alike(&there, &self.wanted(&there)) {
            return Ok(());
        }
        Err(Failure::permanent(format!("zone `{zone}` does not point `{}` at the balancer", self.fqdn))
            .cause(format!("it has {}", told(&there)))
            .advise(Advice::then_resume("somebody changed it meanwhile: find out who")))
    }

    /// Waits, where that is wanted, until no cache may have an answer any more that was good for so long; an alias is for a minute.
    pub(super) async fn until_forgotten(&self, cx: &Context<'_>, ttl: Option<i64>) -> Result<(), Failure> {
        if self.wait_for_caches != Some(true) {
            return Ok(());
        }
        let seconds = ttl.and_then(|ttl| u64::try_from(ttl).ok()).unwrap_or(ALIAS_TTL_S);
        until_forgotten(cx, self.fqdn.as_str(), seconds).await
    }

    pub(super) async fn undo_hosted(&self, cx: &Context<'_>, aws: &Aws, zone: &str) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        let there = self.there(aws, zone).await?;
        let old = restored(&before, self.address_now(aws, &before).await?);
        // Where it is so already nothing is sent: an undo before this one did it, or the run never came to change it, for want of
        // the permission perhaps. Whether the name servers know is then asked of the resolver.
        if there != old {
            let left = self.wanted(&before.sets);
            if ![&left, &before.sets, &old].into_iter().any(|known| lead_alike(&there, known)) {
                return Err(Failure::refused(format!("the records of `{}` were changed since", self.fqdn))
                    .cause(format!("this run left {}, now there is {}", told(&left), told(&there)))
                    .advise(Advice::then_resume(format!(
                        "put back by hand what is right ({} was there before)",
                        told(&old)
                    )))
                    .into());
            }
            let id = change(cx, aws, zone, &edits(&there, &old), "undo").await?;
            in_sync(cx, aws, &id).await?;
        }
        let seen = self.wait_away(cx).await?;
        let left = self.wanted(&before.sets);
        self.until_forgotten(cx, left.iter().filter_map(|set| set.ttl).max()).await?;
        Ok(format!("zone `{zone}` has {} again; {seen}", told(&old)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    fn action() -> DnsPointAtBalancer {
        DnsPointAtBalancer::decode(&json!({
            "zone": "Z0123456789", "fqdn": "cloud.example.org", "dns_name": "x.elb.amazonaws.com", "dns_zone": "Z35SX",
        }).into())
        .unwrap()
    }

    fn set(kind: &str, value: &str) -> RecordSet {
        RecordSet {
            kind: kind.into(),
            values: vec![value.into()],
            ..RecordSet::cname(&RecordName::of("cloud.example.org"), &RecordName::of("x"), 60)
        }
    }

    #[test]
    fn an_address_becomes_an_alias_and_aaaa_goes_and_both_come_back() {
        let old = vec![set("A", "198.51.100.7"), set("AAAA", "2001:db8::7")];
        let new = action().wanted(&old);
        assert_eq!(edits(&old, &new), [RecordEdit::Remove(old[1].clone()), RecordEdit::Put(new[0].clone())]);
        assert_eq!(edits(&new, &old), [RecordEdit::Put(old[0].clone()), RecordEdit::Put(old[1].clone())]);
        assert_eq!(edits(&new, &[]), [RecordEdit::Remove(new[0].clone())]);
    }

    #[test]
    fn a_cname_stays_a_cname_with_its_ttl() {
        let old = vec![set("CNAME", "old.example.org.")];
        let new = action().wanted(&old);
        assert_eq!((new[0].kind.as_str(), new[0].ttl), ("CNAME", Some(60)));
        assert!(lead_alike(&new, &[set("CNAME", "X.elb.amazonaws.com.")]));
    }

    #[test]
    fn an_instances_address_is_brought_up_to_date() {
        let then = "198.51.100.7".parse().ok();
        let before = Before { sets: vec![set("A", "198.51.100.7")], instance_address: then, ..Before::default() };
        assert_eq!(restored(&before, "198.51.100.9".parse().ok())[0].values, ["198.51.100.9"]);
        assert_eq!(restored(&before, None)[0].values, ["198.51.100.7"]);
        let other = Before { instance_address: "198.51.100.1".parse().ok(), ..before };
        assert_eq!(restored(&other, "198.51.100.9".parse().ok())[0].values, ["198.51.100.7"]);
    }
}
