//! What the checks before a run need: reads, of the database and the zone that the inputs name, else of the region.

use super::grant::Grants;
use crate::action::permissions_of_check;
use crate::model::{CheckKind, Foretold};

/// One check of a plan, as far as it is known beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDeed {
    /// Its id, for notes.
    pub id: String,
    /// What it checks.
    pub kind: CheckKind,
    /// Its parameters, as far as they are known.
    pub parameters: Foretold,
}

impl CheckDeed {
    fn text(&self, name: &str) -> Option<&str> {
        self.parameters.known_text(&[name])
    }

    /// Whether it connects to a host whose address EC2 is asked for.
    fn reaches_an_instance(&self) -> bool {
        self.parameters
            .get("on")
            .is_some_and(|on| on.get("instance").is_some() && on.known_text(&["address"]) != Some("id"))
    }

    /// The IAM actions it needs.
    pub(super) fn needs(&self) -> Vec<&'static str> {
        let asks_balancer = self.parameters.get("target_health").is_some() || self.kind != CheckKind::ProbeHolds;
        let external = self.text("zone") == Some("external");
        let own = permissions_of_check(self.kind).iter().copied();
        let mut all: Vec<&'static str> =
            own.filter(|action| !(external && action.starts_with("route53:"))).filter(|_| asks_balancer).collect();
        if self.reaches_an_instance() {
            all.push("ec2:DescribeInstances");
        }
        all
    }

    /// Grants what it needs.
    pub(super) fn grant(&self, grants: &mut Grants<'_>) {
        for action in self.needs() {
            match action {
                "sts:GetCallerIdentity" => grants.add_who_am_i(),
                "rds:DescribeDBInstances" => {
                    let db = self.text("db").map_or_else(|| "*".to_owned(), str::to_ascii_lowercase);
                    let arn = grants.regional("rds", &format!("db:{db}"));
                    grants.add("Database", action, [arn], None);
                }
                "route53:GetHostedZone" | "route53:ListResourceRecordSets" => {
                    let zone = format!("hostedzone/{}", self.text("zone").unwrap_or("*"));
                    let arn = grants.global("route53", &zone);
                    grants.add("DnsZone", action, [arn], None);
                }
                // Route 53 is in no region, and this call knows no resources.
                "route53:ListHostedZonesByVPC" => grants.add("DnsZones", action, ["*".to_owned()], None),
                "kms:DescribeKey" => {
                    let any = || grants.regional("kms", "key/*");
                    let key = grants.around.kms_key.clone().unwrap_or_else(any);
                    grants.add("VolumeKeys", action, [key], None);
                }
                _ => grants.look(action),
            }
        }
    }
}
