//! DNS records: one zone, the names of the site and of its certificate's validation, and no other.

use super::deed::{Deed, Subject};
use super::grant::Grants;
use crate::model::{ActionKind, Value};
use serde_json::json;

const NAMES: &str = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
const TYPES: &str = "route53:ChangeResourceRecordSetsRecordTypes";

/// Grants it.
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    match action {
        "route53:GetChange" => grants.add("DnsChanges", action, [grants.global("route53", "change/*")], None),
        "route53:ListResourceRecordSets" => {
            let zone = zone(deed, grants);
            grants.add("DnsZone", action, [zone], None);
        }
        "route53:ChangeResourceRecordSets" => {
            let zone = zone(deed, grants);
            let condition = match deed.kind {
                ActionKind::DnsPointAtBalancer => site_name(deed, grants),
                _ => validation_name(deed, grants),
            };
            let sid = if deed.kind == ActionKind::DnsPointAtBalancer { "SiteName" } else { "ValidationRecord" };
            grants.add(sid, action, [zone], Some(condition));
        }
        _ => return false,
    }
    true
}

fn zone(deed: &Deed, grants: &mut Grants<'_>) -> String {
    let id = deed.text("zone");
    if id.is_none() {
        grants.note(format!("the zone of `{}` is not known beforehand: any one is allowed", deed.path));
    }
    let resource = format!("hostedzone/{}", id.unwrap_or("*"));
    grants.global("route53", &resource)
}

fn site_name(deed: &Deed, grants: &mut Grants<'_>) -> Value {
    let types = json!(["A", "AAAA", "CNAME"]);
    match deed.text("fqdn") {
        Some(fqdn) => json!({"ForAllValues:StringEquals": {NAMES: [normal(fqdn)], TYPES: types}}),
        None => {
            grants.note(format!("the name of `{}` is not known beforehand: any of the zone is allowed", deed.path));
            json!({"ForAllValues:StringEquals": {TYPES: types}})
        }
    }
}

/// ACM's validation records are `_token.NAME`; the token is ACM's.
fn validation_name(deed: &Deed, grants: &mut Grants<'_>) -> Value {
    let cname = json!(["CNAME"]);
    let of_certificate = match deed.subject("name") {
        Subject::Known(name) => return json!({"ForAllValues:StringEquals": {NAMES: [normal(name)], TYPES: cname}}),
        Subject::Made(origin) => origin.text("fqdn"),
        Subject::Unknown => None,
    };
    match of_certificate {
        Some(fqdn) => json!({
            "ForAllValues:StringEquals": {TYPES: cname},
            "ForAllValues:StringLike": {NAMES: [format!("_*.{}", normal(fqdn.trim_start_matches("*.")))]},
        }),
        None => {
            grants.note(format!("the record of `{}` is not known beforehand: any CNAME is allowed", deed.path));
            json!({"ForAllValues:StringEquals": {TYPES: cname}})
        }
    }
}

/// As Route 53 compares names: lower case, no dot at the end.
fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
