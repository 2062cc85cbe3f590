//! `certificate.wait-issued`: waits until ACM has seen the validation record and issued the certificate.
//!
//! It takes minutes as a rule and up to 72 hours. Failures are told at once, with ACM's reason; the SDK's own waiter ends
//! after five minutes and does not know all of them.

use super::acm::{certificate, dead, is_dead, records};
use super::dns_records::RecordName;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{CertificateWaitIssued, Failure, Finding, Found, Text};
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus};

fn is_issued(certificate: &CertificateDetail) -> bool {
    certificate.status() == Some(&CertificateStatus::Issued)
}

/// E.g. "waiting for ACM to find `_x.cloud.example` CNAME `_y.acm-validations.aws`".
fn told(certificate: &CertificateDetail) -> String {
    let record = |(name, value): (&str, &str)| format!("`{}` CNAME `{}`", RecordName::of(name), RecordName::of(value));
    let wanted: Vec<String> = records(certificate).map(|r| record((r.name(), r.value()))).collect();
    let domain = certificate.domain_name().unwrap_or("?");
    if wanted.is_empty() {
        format!("the certificate for `{domain}` is not issued yet")
    } else {
        format!("the certificate for `{domain}` is not issued yet: ACM looks for {}", wanted.join(" and "))
    }
}

impl Perform for CertificateWaitIssued {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["acm:DescribeCertificate"];
    const PERMISSIONS: &'static [&'static str] = &["acm:DescribeCertificate"];

    fn sentence(&self) -> Text {
        "wait until the certificate is issued".into()
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        Ok(match certificate(&*cx.aws().await?, self.certificate.as_str()).await? {
            Some(found) if is_issued(&found) => {
                let domain = found.domain_name().unwrap_or("?");
                Finding::new(Found::Holds, false, format!("the certificate for `{domain}` is issued"))
            }
            Some(found) => Finding::new(Found::Absent, false, told(&found)),
            None => Finding::new(Found::Absent, false, format!("ACM does not know `{}`", self.certificate)),
        })
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let aws = cx.aws().await?;
        let domain = wait_until(cx, "issuing the certificate", async || {
            match certificate(&aws, self.certificate.as_str()).await? {
                None => Err(Failure::permanent(format!("ACM has no certificate `{}`", self.certificate))),
                Some(found) if is_issued(&found) => Ok(Glance::Done(found.domain_name().unwrap_or("?").to_owned())),
                Some(found) if is_dead(found.status())? => Err(dead(self.certificate.as_str(), &found)),
                Some(found) => Ok(Glance::NotYet(told(&found))),
            }
        })
        .await?;
        Ok(Verified::by(format!("the certificate for `{domain}` is issued")))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waited".to_owned())
    }
}
