//! `dns.put-cname`: a CNAME record, such as the one by which ACM validates a domain.
//!
//! Records carry no tag, so what was there before decides: the same record is found and stays after an undo, another one at
//! the name is never replaced. Undo also leaves a validation record that another certificate needs: without it that one
//! could not be renewed.
//!
//! A record that was put and of which no change is known to wait for (the answer was lost, or the process died) is put
//! again: that changes nothing, and tells which change the name servers must know.

use super::acm::another_that_needs;
use super::answers::outputs;
use super::dns_change::{RecordEdit, change, changing, in_sync};
use super::dns_external::{ask, ask_back};
use super::dns_records::{RecordName, RecordSet, at_name};
use super::preview::{fact, record_of};
use crate::access::Aws;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, DnsPutCname, Failure, Finding, Found, Text, Value, tell};
use std::time::Duration;

/// The TTL when the runbook says nothing, in seconds: what ACM's console uses.
const TTL_S: u32 = 300;

/// How long after the name servers are in sync the resolver may not see a record.
const SEEN_WITHIN: Duration = Duration::from_secs(300);

/// Where ACM's validation records lead to.
const ACM_VALIDATIONS: &str = ".acm-validations.aws";

/// Whether there was a record before this run. The before-image is that record set (`true` where DNS is kept elsewhere), and
/// `false` where there was nothing; null, as long as nothing was looked at.
fn was_there(before: &Value) -> bool {
    !matches!(before, Value::Null | Value::Bool(false))
}

impl DnsPutCname {
    fn wanted(&self) -> RecordSet {
        RecordSet::cname(
            &RecordName::of(self.name.as_str()),
            &RecordName::of(self.value.as_str()),
            i64::from(self.ttl.unwrap_or(TTL_S)),
        )
    }

    fn told(&self) -> Text {
        let name =
            |text: &Text| text.known().map_or_else(|| text.clone(), |known| RecordName::of(known).as_str().into());
        tell!("`{}` CNAME `{}`", name(&self.name), name(&self.value))
    }

    /// The CNAME set at the name in a hosted zone.
    async fn hosted(&self, aws: &Aws, zone: &str) -> Result<Option<RecordSet>, Failure> {
        let found = at_name(aws, zone, &RecordName::of(self.name.as_str()), &["CNAME"]).await?;
        match found.special.first() {
            Some(special) => Err(Failure::refused(format!("the zone has {special}")).advise(Advice::then_resume(
                "records with a routing policy are not changed: publish the CNAME by hand",
            ))),
            None => Ok(found.simple.into_iter().next()),
        }
    }

    /// Refuses when the zone has another CNAME at the name.
    fn refuse_other(&self, zone: &str, there: Option<&RecordSet>) -> Result<(), Failure> {
        match there {
            Some(other) if !other.leads_as(&self.wanted()) => Err(Failure::refused(format!(
                "zone `{zone}` has another record at that name: {other}"
            ))
            .advise(Advice::then_resume("it may serve something else: find out, remove it when nobody needs it"))),
            _ => Ok(()),
        }
    }

    async fn resolves(&self, cx: &Context<'_>) -> Result<bool, Failure> {
        let found = cx.access().dns().cname(RecordName::of(self.name.as_str()).as_str()).await?;
        Ok(found.is_some_and(|value| RecordName::of(&value) == RecordName::of(self.value.as_str())))
    }

    /// Waits until this machine's resolver sees what the zone has. A zone that the world does not ask is told after minutes: ACM
    /// would wait for three days.
    async fn wait_seen(&self, cx: &Context<'_>, zone: &str) -> Result<(), Failure> {
        let most = cx.looks(SEEN_WITHIN).clamp(20, 100);
        let mut looks = 0;
        wait_until(cx, &format!("`{}` in DNS", RecordName::of(self.name.as_str())), async || {
            if self.resolves(cx).await? {
                return Ok(Glance::Done(()));
            }
            looks += 1;
            if looks < most {
                return Ok(Glance::NotYet(format!("the name servers have {}, the resolver does not show it yet", self.told())));
            }
            Err(Failure::permanent(format!("{} is in zone `{zone}`, and nobody sees it", self.told()))
                .cause("the resolver gives no such record although the zone's name servers are in sync")
                .advise(Advice::then_resume(format!(
                    "is `{zone}` the zone that the world asks? Compare `aws route53 get-hosted-zone --id {zone}` with the domain's \
                     NS records; delegate the domain to it"
                ))))
        })
        .await
    }

    /// Why the record must stay although this run made it.
    async fn needed_by(&self, cx: &Context<'_>) -> Result<Option<String>, Failure> {
        if !RecordName::of(self.value.as_str()).as_str().ends_with(ACM_VALIDATIONS) {
            return Ok(None);
        }
        let other = another_that_needs(cx, &*cx.aws().await?, RecordName::of(self.name.as_str()).as_str()).await?;
        Ok(other.map(|arn| format!("{} stays: certificate `{arn}` needs it too", self.told())))
    }

    async fn undo_hosted(&self, cx: &Context<'_>, aws: &Aws, zone: &str) -> Result<String, Stop> {
        let there = match self.hosted(aws, zone).await? {
            None => return Ok(format!("{} is not there", self.told())),
            Some(other) if !other.leads_as(&self.wanted()) => {
                return Ok(format!("the record was changed since ({other}) and stays as it is"));
            }
            Some(ours) => ours,
        };
        if let Some(reason) = self.needed_by(cx).await? {
            return Ok(reason);
        }
        let id = change(cx, aws, zone, &[RecordEdit::Remove(there)], "undo").await?;
        in_sync(cx, aws, &id).await?;
        Ok(format!("{} is removed", self.told()))
    }

    async fn undo_external(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if !self.resolves(cx).await? {
            return Ok(format!("{} is not in DNS", self.told()));
        }
        if let Some(reason) = self.needed_by(cx).await? {
            return Ok(reason);
        }
        ask_back(cx, || format!("remove this record at your DNS provider:\n\n  {}", self.told()))?;
        wait_until(cx, &format!("the removal of `{}`", RecordName::of(self.name.as_str())), async || {
            Ok(if self.resolves(cx).await? {
                Glance::NotYet(format!("waiting for {} to go at your DNS provider", self.told()))
            } else {
                Glance::Done(())
            })
        })
        .await?;
        Ok(format!("{} is no longer in DNS", self.told()))
    }
}

impl Perform for DnsPutCname {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["route53:ListResourceRecordSets"];
    const PERMISSIONS: &'static [&'static str] =
        &["route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets", "route53:GetChange"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &[
        "acm:ListCertificates",
        "acm:DescribeCertificate",
        "acm:ListTagsForCertificate",
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
    ];

    fn sentence(&self) -> Text {
        match self.zone.hosted() {
            Some(_) => tell!("publish {} in zone `{}`", self.told(), self.zone),
            None => tell!("ask the operator to publish {}, and wait for it", self.told()),
        }
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(match self.zone.hosted() {
            Some(_) => tell!("remove {} from zone `{}` unless another certificate needs it", self.told(), self.zone),
            None => tell!("ask the operator to remove {}, unless another certificate needs it", self.told()),
        })
    }

    fn changes(&self) -> Vec<Change> {
        self.zone.hosted().map(|zone| changing(zone, &[RecordEdit::Put(self.wanted())])).into_iter().collect()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let Some(zone) = self.zone.hosted() else {
            let there = self.resolves(cx).await?;
            let found = if there { Found::Holds } else { Found::Absent };
            let evidence = format!("{} is {}in DNS", self.told(), if there { "" } else { "not " });
            return Ok(Finding { before: Value::Bool(there), ..Finding::new(found, false, evidence) });
        };
        match self.hosted(&*cx.aws().await?, zone).await? {
            None => {
                let name = RecordName::of(self.name.as_str());
                let facts = fact(record_of(name.as_str(), "CNAME", zone), "none");
                Ok(Finding {
                    before: Value::Bool(false),
                    facts,
                    ..Finding::new(Found::Absent, false, format!("`{zone}` has no CNAME at `{name}`"))
                })
            }
            Some(set) => {
                self.refuse_other(zone, Some(&set))?;
                if cx.call().before == Value::Bool(false) && cx.output("change").is_none() {
                    let evidence = format!("{set} is there; whether all name servers know it is not");
                    return Ok(Finding {
                        before: Value::Bool(false),
                        ..Finding::new(Found::Otherwise, true, evidence)
                    });
                }
                let before = serde_json::to_value(&set).unwrap_or_default();
                Ok(Finding { before, ..Finding::new(Found::Holds, false, format!("{set} is there")) })
            }
        }
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        match self.zone.hosted() {
            Some(zone) => {
                let aws = cx.aws().await?;
                self.refuse_other(zone, self.hosted(&aws, zone).await?.as_ref())?;
                let id = change(cx, &aws, zone, &[RecordEdit::Put(self.wanted())], "publish").await?;
                Ok(outputs([("change", &id)]))
            }
            None => {
                let ttl = self.ttl.unwrap_or(TTL_S);
                ask(cx, || format!("publish this record at your DNS provider (TTL {ttl}):\n\n  {}", self.told()))?;
                Ok(outputs([("change", "external")]))
            }
        }
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let Some(zone) = self.zone.hosted() else {
            wait_until(cx, &format!("`{}` in DNS", RecordName::of(self.name.as_str())), async || {
                Ok(if self.resolves(cx).await? {
                    Glance::Done(())
                } else {
                    Glance::NotYet(format!("waiting for the record {} at your DNS provider", self.told()))
                })
            })
            .await?;
            return Ok(Verified::by(format!("{} is in DNS", self.told())));
        };
        let aws = cx.aws().await?;
        if let Some(id) = cx.output("change") {
            in_sync(cx, &aws, id).await?;
        }
        match self.hosted(&aws, zone).await? {
            Some(set) if set.leads_as(&self.wanted()) => {
                self.wait_seen(cx, zone).await?;
                Ok(Verified::by(format!("{} is published", self.told())))
            }
            Some(other) => {
                Err(Failure::permanent(format!("zone `{zone}` has {other} in place of {}", self.told())).into())
            }
            None => Err(Failure::permanent(format!("{} is not in zone `{zone}`", self.told())).into()),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if was_there(&cx.call().before) {
            return Ok(format!("{} was there before this run and stays", self.told()));
        }
        match self.zone.hosted() {
            Some(zone) => self.undo_hosted(cx, &*cx.aws().await?, zone).await,
            None => self.undo_external(cx).await,
        }
    }
}
