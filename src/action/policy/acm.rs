//! Certificates.

use super::deed::{Deed, Subject};
use super::grant::{Grants, made_by_a_run, tags_for_a_run};
use crate::model::ActionKind;
use serde_json::json;

/// Grants it; listing certificates knows no resources.
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    let any = grants.regional("acm", "certificate/*");
    match action {
        // It names no resource, but its conditions know what is asked for.
        "acm:RequestCertificate" => {
            let mut condition = tags_for_a_run().unwrap_or_default();
            condition["StringEquals"] =
                json!({"acm:ValidationMethod": "DNS", "aws:RequestedRegion": grants.around.region});
            if let Some(fqdn) = deed.text("fqdn") {
                condition["ForAllValues:StringEquals"] = json!({"acm:DomainNames": [fqdn]});
            }
            grants.add("RequestCertificate", action, ["*".to_owned()], Some(condition));
        }
        "acm:AddTagsToCertificate" => grants.add("TagCertificate", action, [any], tags_for_a_run()),
        "acm:DeleteCertificate" => grants.add("OwnCertificate", action, [any], made_by_a_run()),
        // Others' certificates are looked at too: whether there is one for the name, and who else needs its record.
        "acm:DescribeCertificate" | "acm:ListTagsForCertificate" => {
            let one = match deed.subject("certificate") {
                Subject::Known(arn) if deed.kind == ActionKind::CertificateWaitIssued => arn.to_owned(),
                _ => any,
            };
            grants.add("Certificates", action, [one], None);
        }
        _ => return false,
    }
    true
}
