//! `certificate.request`: a public certificate with DNS validation.
//!
//! ACM honours an idempotency token for one hour only, and only while everything else is the same; so a certificate of this
//! run is looked for by domain and tag first. One that failed does not count: the next request has another token.

use super::acm::{certificate, certificates, dead, is_dead, is_ours, records};
use super::answers::{answered, outputs, said, unbuilt};
use super::dns_records::{RecordName, same_name};
use super::preview::{request, run_tags, shown};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, CertificateRequest, Change, Failure, Finding, Found, Text, Values, tell};
use aws_sdk_acm::types::{CertificateDetail, Tag, ValidationMethod};
use serde_json::json;

/// This run's certificates for the domain.
#[derive(Default)]
struct Own {
    /// One that is issued or may still be.
    alive: Option<String>,
    /// Those that failed, expired or were revoked.
    dead: Vec<String>,
}

impl CertificateRequest {
    async fn own(&self, cx: &Context<'_>, aws: &Aws) -> Result<Own, Failure> {
        let mut own = Own::default();
        let same = certificates(aws, |c| {
            Ok(same_name(said(c.domain_name(), "the name of a certificate")?, self.fqdn.as_str()))
        })
        .await?;
        for found in same {
            let arn = said(found.certificate_arn(), "which certificate it lists")?;
            if !is_ours(cx, aws, arn).await? {
                continue;
            }
            if is_dead(found.status())? {
                own.dead.push(arn.to_owned());
            } else {
                own.alive = Some(arn.to_owned());
            }
        }
        // A list may lag behind: what was given out before is asked for by its ARN.
        if let Some(arn) = cx.output("certificate").filter(|_| own.alive.is_none()) {
            let alive = match certificate(aws, arn).await? {
                Some(known) => !is_dead(known.status())?,
                None => false,
            };
            if alive && is_ours(cx, aws, arn).await? {
                own.alive = Some(arn.to_owned());
            }
        }
        Ok(own)
    }

    /// The token of the request. A token stands for the certificate it made even when that one failed.
    fn token(cx: &Context<'_>, dead: usize) -> String {
        let token = cx.call().token();
        if dead == 0 { token } else { format!("{}{dead:02x}", token.get(..30).unwrap_or(&token)) }
    }

    /// The record to publish, as outputs, when ACM has named it.
    fn record(&self, certificate: &CertificateDetail) -> Option<Values> {
        let record = records(certificate).next()?;
        Some(outputs([
            ("record_name", RecordName::of(record.name()).as_str()),
            ("record_value", RecordName::of(record.value()).as_str()),
        ]))
    }
}

impl Perform for CertificateRequest {
    const OBSERVE_PERMISSIONS: &'static [&'static str] =
        &["acm:ListCertificates", "acm:ListTagsForCertificate", "acm:DescribeCertificate"];
    const PERMISSIONS: &'static [&'static str] = &[
        "acm:ListCertificates",
        "acm:ListTagsForCertificate",
        "acm:RequestCertificate",
        "acm:AddTagsToCertificate",
        "acm:DescribeCertificate",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["acm:DeleteCertificate"];

    fn sentence(&self) -> Text {
        tell!("request a certificate for `{}`, validated by DNS", self.fqdn)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete the certificate for `{}` once nothing uses it any more", self.fqdn))
    }

    fn changes(&self) -> Vec<Change> {
        let with = [
            ("DomainName", shown(&self.fqdn)),
            ("ValidationMethod", json!("DNS").into()),
            ("Tags", run_tags(self.name.as_str()).into()),
        ];
        vec![request("acm:RequestCertificate", with)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let Some(arn) = self.own(cx, &aws).await?.alive else {
            let evidence = format!("this run has no certificate for `{}`", self.fqdn);
            return Ok(Finding::new(Found::Absent, false, evidence));
        };
        let record = certificate(&aws, &arn).await?.and_then(|c| self.record(&c));
        let found = if record.is_some() { Found::Holds } else { Found::InProgress };
        let mut known = outputs([("certificate", &arn)]);
        known.extend(record.unwrap_or_default());
        Ok(Finding { outputs: known, ..Finding::new(found, true, format!("`{arn}` is this run's")) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let own = self.own(cx, &aws).await?;
        if let Some(arn) = own.alive {
            return Ok(outputs([("certificate", &arn)]));
        }
        let tags = cx.tags(Some(self.name.as_str())).into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build());
        let tags = tags.collect::<Result<Vec<_>, _>>().map_err(unbuilt)?;
        let request = aws.write.acm.request_certificate().domain_name(self.fqdn.as_str());
        let answer = request
            .validation_method(ValidationMethod::Dns)
            .idempotency_token(Self::token(cx, own.dead.len()))
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(AwsError::from);
        match answer {
            Ok(answer) => {
                let arn = answered(answer.certificate_arn(), format_args!("which certificate is for `{}`", self.fqdn))?;
                Ok(outputs([("certificate", arn)]))
            }
            Err(e) => {
                let failure = e.failure(format!("cannot request a certificate for `{}`", self.fqdn));
                Err(if e.is(&["LimitExceededException"]) {
                    failure.advise(Advice::then_resume(
                        "delete certificates that nobody uses, or ask AWS for a higher quota",
                    ))
                } else {
                    failure
                }
                .into())
            }
        }
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let what = format!("the validation record for `{}`", self.fqdn);
        let known = wait_until(cx, &what, async || {
            let arn = match cx.output("certificate") {
                Some(arn) => Some(arn.to_owned()),
                None => self.own(cx, &aws).await?.alive,
            };
            let Some(arn) = arn else {
                return Ok(Glance::NotYet(format!("ACM does not list the certificate for `{}` yet", self.fqdn)));
            };
            match certificate(&aws, &arn).await? {
                Some(found) if is_dead(found.status())? => Err(dead(&arn, &found)),
                Some(found) => Ok(match self.record(&found) {
                    Some(mut known) => {
                        known.extend(outputs([("certificate", &arn)]));
                        Glance::Done(known)
                    }
                    None => Glance::NotYet(format!("ACM has not named the validation record for `{}` yet", self.fqdn)),
                }),
                None => Ok(Glance::NotYet(format!("ACM does not know `{arn}` yet"))),
            }
        })
        .await?;
        let text = |name: &str| known.get(name).and_then(|v| v.as_str()).unwrap_or("?").to_owned();
        let evidence = format!("ACM asks for `{}` CNAME `{}`", text("record_name"), text("record_value"));
        Ok(Verified { outputs: known, evidence })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let own = self.own(cx, &aws).await?;
        let all: Vec<String> = own.alive.into_iter().chain(own.dead).collect();
        if all.is_empty() {
            return Ok(format!("this run has no certificate for `{}`", self.fqdn));
        }
        for arn in &all {
            wait_until(cx, &format!("deleting the certificate for `{}`", self.fqdn), async || {
                let users = match certificate(&aws, arn).await? {
                    None => return Ok(Glance::Done(())),
                    Some(found) => found.in_use_by().join(", "),
                };
                match aws.write.acm.delete_certificate().certificate_arn(arn).send().await.map_err(AwsError::from) {
                    Ok(_) => Ok(Glance::Done(())),
                    Err(e) if e.is(&["ResourceNotFoundException"]) => Ok(Glance::Done(())),
                    // ACM goes on counting a use for minutes after the listener is gone.
                    Err(e) if e.is(&["ResourceInUseException"]) => {
                        Ok(Glance::NotYet(format!("the certificate is still in use by {users}")))
                    }
                    Err(e) if e.is(&["ConflictException"]) => Ok(Glance::NotYet(e.message)),
                    Err(e) => Err(e.failure(format!("cannot delete certificate `{arn}`"))),
                }
            })
            .await?;
        }
        Ok(format!("the certificate for `{}` is deleted", self.fqdn))
    }
}
