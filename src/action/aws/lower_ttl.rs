//! `dns.lower-ttl`: caches keep what a name leads to for a short time only, so that a change of it is known soon.
//!
//! The before-image is the record sets at the name, whole; undo brings their TTLs back, while they lead where they led. An alias has
//! no TTL of its own and stays. Where DNS is kept elsewhere a person is asked, and the resolver afterwards.

use super::answers::outputs;
use super::dns_change::{RecordEdit, change, changing, in_sync};
use super::dns_external::{ask, ask_back};
use super::dns_records::{RecordSet, facts, lead_alike, simple_at, told};
use super::preview::{request, words};
use crate::access::Aws;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, DnsLowerTtl, Failure, Finding, Found, Text, tell};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How it was before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Before {
    /// The record sets in the hosted zone.
    #[serde(default)]
    sets: Vec<RecordSet>,
    /// The TTL that the resolver tells, where DNS is kept elsewhere.
    #[serde(default)]
    ttl: Option<i64>,
}

impl Before {
    /// For how long a cache may still have the old answer, in seconds.
    fn longest(&self) -> u64 {
        let all = self.sets.iter().filter_map(|set| set.ttl).chain(self.ttl);
        all.max().and_then(|ttl| u64::try_from(ttl).ok()).unwrap_or_default()
    }
}

/// Waits until no cache may have an answer any more that was good for so many seconds.
pub(super) async fn until_forgotten(cx: &Context<'_>, name: &str, seconds: u64) -> Result<(), Failure> {
    let looks = cx.looks(Duration::from_secs(seconds));
    for look in 1..=looks {
        cx.beat()
            .beat(format!("caches may have the old answer for `{name}` for {seconds} s ({look} of {looks} looks)"))?;
        cx.pause().await;
    }
    Ok(())
}

impl DnsLowerTtl {
    fn wanted(&self, there: &[RecordSet]) -> Vec<RecordSet> {
        let most = i64::from(self.ttl);
        there.iter().map(|set| RecordSet { ttl: set.ttl.map(|ttl| ttl.min(most)), ..set.clone() }).collect()
    }

    async fn there(&self, aws: &Aws, zone: &str) -> Result<Vec<RecordSet>, Failure> {
        simple_at(aws, zone, self.fqdn.as_str()).await
    }

    async fn put(&self, cx: &Context<'_>, aws: &Aws, zone: &str, sets: Vec<RecordSet>) -> Result<String, Failure> {
        let edits: Vec<RecordEdit> = sets.into_iter().map(RecordEdit::Put).collect();
        change(cx, aws, zone, &edits, "the TTL").await
    }

    async fn observe_hosted(&self, cx: &Context<'_>, zone: &str) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let sets = self.there(&aws, zone).await?;
        let wanted = self.wanted(&sets);
        let found = if wanted == sets { Found::Holds } else { Found::Otherwise };
        let held: Vec<String> = sets.iter().map(RecordSet::held).collect();
        let facts = facts(self.fqdn.as_str(), zone, &sets);
        let changed: Vec<RecordEdit> =
            wanted.into_iter().filter(|set| !sets.contains(set)).map(RecordEdit::Put).collect();
        let changes = if changed.is_empty() { Vec::new() } else { vec![changing(zone, &changed)] };
        let evidence = format!("zone `{zone}` has {}", held.join("; "));
        let before = json!(Before { sets, ttl: None });
        Ok(Finding { before, changes, facts, ..Finding::new(found, false, evidence) })
    }

    async fn observe_external(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let ttl = cx.access().dns().ttl(self.fqdn.as_str()).await?;
        let (found, evidence) = match ttl {
            Some(ttl) if ttl <= self.ttl => (Found::Holds, format!("`{}` has a TTL of {ttl} s", self.fqdn)),
            Some(ttl) => (Found::Otherwise, format!("`{}` has a TTL of {ttl} s", self.fqdn)),
            None => (Found::Absent, format!("`{}` does not resolve", self.fqdn)),
        };
        let before = json!(Before { sets: Vec::new(), ttl: ttl.map(i64::from) });
        Ok(Finding { before, ..Finding::new(found, false, evidence) })
    }
}

impl Perform for DnsLowerTtl {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["route53:ListResourceRecordSets"];
    const PERMISSIONS: &'static [&'static str] =
        &["route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets", "route53:GetChange"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["route53:ChangeResourceRecordSets", "route53:GetChange"];

    fn sentence(&self) -> Text {
        match self.zone.hosted() {
            Some(zone) => tell!(
                "lower the TTL of `{}` in zone `{}` to {} s, and wait until no cache has the old one",
                self.fqdn,
                zone,
                self.ttl
            ),
            None => tell!(
                "ask the operator to lower the TTL of `{}` to {} s, and wait until no cache has the old one",
                self.fqdn,
                self.ttl
            ),
        }
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(match self.zone.hosted() {
            Some(zone) => tell!("bring the old TTL of `{}` back in zone `{}`", self.fqdn, zone),
            None => tell!("ask the operator to bring the old TTL of `{}` back", self.fqdn),
        })
    }

    fn changes(&self) -> Vec<Change> {
        let Some(zone) = self.zone.hosted() else { return Vec::new() };
        let batch = format_args!("{} as it is, with a TTL of {} s", self.fqdn, self.ttl);
        vec![request(
            "route53:ChangeResourceRecordSets",
            [("HostedZoneId", zone.into()), ("ChangeBatch", words(batch))],
        )]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        match self.zone.hosted() {
            Some(zone) => self.observe_hosted(cx, zone).await,
            None => self.observe_external(cx).await,
        }
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let Some(zone) = self.zone.hosted() else {
            ask(cx, || format!("at your DNS provider, set the TTL of `{}` to {} s or less", self.fqdn, self.ttl))?;
            return Ok(outputs([("change", "external")]));
        };
        let before: Before = cx.before()?;
        let aws = cx.aws().await?;
        let there = self.there(&aws, zone).await?;
        if !lead_alike(&there, &before.sets) {
            return Err(Failure::refused(format!("the records of `{}` changed since they were looked at", self.fqdn))
                .cause(format!("found {}, then {}", told(&before.sets), told(&there)))
                .advise(Advice::then_resume("find out who changed them"))
                .into());
        }
        let id = self.put(cx, &aws, zone, self.wanted(&there)).await?;
        Ok(outputs([("change", &id)]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let before = cx.before_if_any::<Before>()?.unwrap_or_default();
        match (self.zone.hosted(), cx.output("change")) {
            (Some(_), Some(id)) => in_sync(cx, &*cx.aws().await?, id).await?,
            (Some(_), None) => {}
            (None, _) => {
                wait_until(cx, &format!("the TTL of `{}`", self.fqdn), async || {
                    Ok(match cx.access().dns().ttl(self.fqdn.as_str()).await? {
                        Some(ttl) if ttl <= self.ttl => Glance::Done(()),
                        Some(ttl) => Glance::NotYet(format!("`{}` has a TTL of {ttl} s", self.fqdn)),
                        None => Glance::NotYet(format!("`{}` does not resolve", self.fqdn)),
                    })
                })
                .await?;
            }
        }
        until_forgotten(cx, self.fqdn.as_str(), before.longest()).await?;
        Ok(Verified::by(format!("no cache keeps what `{}` leads to for longer than {} s", self.fqdn, self.ttl)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let Some(before) = cx.before_if_any::<Before>()? else {
            return Ok(format!("the TTL of `{}` was not changed", self.fqdn));
        };
        let Some(zone) = self.zone.hosted() else {
            let old = before.ttl.map_or_else(|| "as it was".to_owned(), |ttl| format!("to {ttl} s, or as it was"));
            ask_back(cx, || format!("at your DNS provider, set the TTL of `{}` back {old}", self.fqdn))?;
            return Ok(format!("a person has set the TTL of `{}` back", self.fqdn));
        };
        let aws = cx.aws().await?;
        let there = self.there(&aws, zone).await?;
        if there == before.sets {
            return Ok(format!("zone `{zone}` has {}", told(&there)));
        }
        if !lead_alike(&there, &before.sets) {
            return Err(Failure::refused(format!("the records of `{}` were changed since", self.fqdn))
                .cause(format!("there was {}, now there is {}", told(&before.sets), told(&there)))
                .advise(Advice::then_resume("put back by hand what is right"))
                .into());
        }
        let id = self.put(cx, &aws, zone, before.sets.clone()).await?;
        in_sync(cx, &aws, &id).await?;
        Ok(format!("zone `{zone}` has {} again", told(&before.sets)))
    }
}
