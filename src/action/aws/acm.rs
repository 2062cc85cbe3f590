//! What the certificate actions and the validation record share: which certificates there are, whose, and for which record.

use super::answers::{failed, said};
use super::dns_records::{RecordName, same_name};
use crate::access::{Aws, AwsError};
use crate::action::Context;
use crate::model::{Advice, Failure};
use aws_sdk_acm::types::{
    CertificateDetail, CertificateStatus, CertificateSummary, FailureReason, Filters, KeyAlgorithm, ResourceRecord,
};

/// Every kind of key: ListCertificates shows RSA-2048 (and 1024) only unless it is asked for the others.
const KEY_TYPES: [KeyAlgorithm; 7] = [
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

/// Whether a certificate will never be issued any more, or is no longer good.
///
/// # Errors
/// When ACM's answer does not say.
pub(super) fn is_dead(status: Option<&CertificateStatus>) -> Result<bool, Failure> {
    let status = said(status, "the status of a certificate")?;
    Ok(!matches!(status, CertificateStatus::PendingValidation | CertificateStatus::Issued))
}

/// All certificates that `wanted` accepts.
pub(super) async fn certificates(
    aws: &Aws,
    wanted: impl Fn(&CertificateSummary) -> Result<bool, Failure>,
) -> Result<Vec<CertificateSummary>, Failure> {
    let filters = Filters::builder().set_key_types(Some(KEY_TYPES.to_vec())).build();
    let mut pages = aws.read.acm.list_certificates().includes(filters).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("cannot list the certificates of ACM"))?;
        for certificate in page.certificate_summary_list() {
            if wanted(certificate)? {
                found.push(certificate.clone());
            }
        }
    }
    Ok(found)
}

/// Whether this run requested the certificate: what this very action gave out before is its own, also while its tags lag
/// behind; otherwise the tag decides.
pub(super) async fn is_ours(cx: &Context<'_>, aws: &Aws, arn: &str) -> Result<bool, Failure> {
    if cx.output("certificate") == Some(arn) {
        return Ok(true);
    }
    match aws.read.acm.list_tags_for_certificate().certificate_arn(arn).send().await.map_err(AwsError::from) {
        Ok(answer) => {
            let tag = |t: &aws_sdk_acm::types::Tag| {
                Ok((t.key().to_owned(), said(t.value(), "the value of a tag")?.to_owned()))
            };
            let tags = answer.tags().iter().map(tag).collect::<Result<Vec<_>, Failure>>()?;
            Ok(cx.is_ours(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))))
        }
        Err(e) if e.is(&["ResourceNotFoundException"]) => Ok(false),
        Err(e) => Err(e.failure(format!("cannot read the tags of certificate `{arn}`"))),
    }
}

/// What ACM knows of a certificate; nothing when there is none.
pub(super) async fn certificate(aws: &Aws, arn: &str) -> Result<Option<CertificateDetail>, Failure> {
    match aws.read.acm.describe_certificate().certificate_arn(arn).send().await.map_err(AwsError::from) {
        Ok(answer) => Ok(answer.certificate().cloned()),
        Err(e) if e.is(&["ResourceNotFoundException"]) => Ok(None),
        Err(e) => Err(e.failure(format!("cannot look up certificate `{arn}`"))),
    }
}

/// The validation records that ACM asks for, as far as it has named them.
pub(super) fn records(certificate: &CertificateDetail) -> impl Iterator<Item = &ResourceRecord> {
    certificate.domain_validation_options().iter().filter_map(|option| option.resource_record())
}

/// A certificate that is not this run's and needs the validation record of this name: for its issue, or each renewal.
pub(super) async fn another_that_needs(cx: &Context<'_>, aws: &Aws, record: &str) -> Result<Option<String>, Failure> {
    // ACM's records are `_token.DOMAIN`, the same for DOMAIN and *.DOMAIN.
    let Some((_, domain)) = record.split_once('.') else { return Ok(None) };
    let is_for = |name: &str| same_name(name.strip_prefix("*.").unwrap_or(name), domain);
    let candidates = certificates(aws, |c| {
        let name = said(c.domain_name(), "the name of a certificate")?;
        let mut names = std::iter::once(name).chain(c.subject_alternative_name_summaries().iter().map(String::as_str));
        // More names than are listed may be on it: then the certificate itself is looked at.
        let more = c.has_additional_subject_alternative_names().unwrap_or(true);
        Ok(!is_dead(c.status())? && (names.any(is_for) || more))
    })
    .await?;
    for candidate in &candidates {
        let arn = said(candidate.certificate_arn(), "which certificate it lists")?;
        let Some(found) = certificate(aws, arn).await? else { continue };
        let needs = records(&found).any(|r| RecordName::of(r.name()) == RecordName::of(record));
        if needs && !is_ours(cx, aws, arn).await? {
            return Ok(Some(arn.to_owned()));
        }
    }
    Ok(None)
}

/// A certificate that will not be issued, with what can be done about it.
pub(super) fn dead(arn: &str, certificate: &CertificateDetail) -> Failure {
    let status = certificate.status().map_or("in an unknown state", CertificateStatus::as_str);
    let domain = certificate.domain_name().unwrap_or("?");
    let mut failure = Failure::permanent(format!("the certificate for `{domain}` is {status}")).cause(arn.to_owned());
    if let Some(reason) = certificate.failure_reason() {
        failure = failure.cause(format!("ACM's reason: {reason}"));
    }
    match (certificate.status(), certificate.failure_reason()) {
        (_, Some(FailureReason::CaaError)) => failure.advise(Advice::then_resume(format!(
            "the CAA records of `{domain}` or a domain above it must allow `amazon.com`: add that, roll back the step \
             that requested the certificate"
        ))),
        (_, Some(FailureReason::AdditionalVerificationRequired | FailureReason::DomainNotAllowed)) => failure.advise(
            "AWS wants to verify the domain itself or does not allow it: ask AWS support, then request it anew",
        ),
        (_, Some(FailureReason::InvalidPublicDomain)) => {
            failure.advise(format!("`{domain}` is under no public top-level domain: no public certificate can be had"))
        }
        (Some(CertificateStatus::ValidationTimedOut), _) => failure.advise(Advice::then_resume(
            "ACM did not find the validation record within 72 hours: is the zone the publicly delegated one? Roll back \
             the step that requested the certificate",
        )),
        _ => failure
            .advise(Advice::then_resume("roll back the step that requested the certificate").which("requests it anew")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_certificate_says_why_and_what_to_do() {
        let failed = CertificateDetail::builder().domain_name("cloud.example.org").status(CertificateStatus::Failed);
        let caa = dead("arn", &failed.clone().failure_reason(FailureReason::CaaError).build());
        assert_eq!(caa.message, "the certificate for `cloud.example.org` is FAILED");
        assert_eq!(caa.causes, ["arn", "ACM's reason: CAA_ERROR"]);
        assert!(caa.by_hand()[0].contains("allow `amazon.com`"), "{caa:?}");
        let late = failed.status(CertificateStatus::ValidationTimedOut).build();
        assert!(dead("arn", &late).by_hand()[0].contains("72 hours"));
        assert!(is_dead(late.status()).unwrap() && !is_dead(Some(&CertificateStatus::Issued)).unwrap());
        assert!(is_dead(None).unwrap_err().message.contains("does not say the status"));
    }
}
