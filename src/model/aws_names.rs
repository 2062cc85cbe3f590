//! Names that an operator chooses and AWS judges: each has the form that AWS's own reference gives for the call in which it
//! is sent, so that what AWS would refuse in the middle of a run is refused before it begins.
//!
//! Promise: AWS takes whatever fits here. Where AWS counts characters and does not say how, those of UTF-16 are counted,
//! which are never fewer than any other count. A test holds these forms against the service models that botocore ships and,
//! where the models say nothing, against the sentence of the API reference.
//!
//! Not handled: whether a name is taken (`names.free` asks).

use super::decode::known;
use super::text::{Fqdn, TextError, plain, shown};
use super::{Decode, Foretold, Tell, Text, tags};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the names of security groups and their descriptions are made of, beside letters and digits (EC2 API reference,
/// CreateSecurityGroup, `GroupName` and `Description`).
const GROUP_CHARACTERS: &str = " ._-:/()#,@[]+=&;{}!$*";

/// What image names are made of, beside letters and digits (EC2 API reference, CreateImage, `Name`).
const IMAGE_CHARACTERS: &str = "()[] ./-'@_";

/// Letters, digits and hyphens, at most 32, none of the hyphens at an end: what Elastic Load Balancing takes for a name (API
/// reference, CreateLoadBalancer and CreateTargetGroup, `Name`).
fn balancing_name(text: &str) -> bool {
    plain(text, "-", 32) && !text.starts_with('-') && !text.ends_with('-')
}

checked_texts! {
    /// The name of an Application Load Balancer.
    BalancerName: "a balancer's name: at most 32 letters, digits and hyphens, no hyphen at either end, not beginning with \
                   `internal-` (ELB API reference, CreateLoadBalancer)",
        |t| balancing_name(t) && !t.starts_with("internal-");
    /// The name of a target group.
    TargetGroupName: "a target group's name: at most 32 letters, digits and hyphens, no hyphen at either end (ELB API \
                      reference, CreateTargetGroup)",
        balancing_name;
    /// The name of a security group. `default` is every VPC's own; spaces at the end are cut off when it is kept (EC2 user
    /// guide, "Security groups"), so that it would not be found by its name.
    GroupName: "a security group's name: at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, not beginning with \
                `sg-`, and not `default` (EC2 API reference, CreateSecurityGroup)",
        |t| plain(t, GROUP_CHARACTERS, 255) && !t.to_ascii_lowercase().starts_with("sg-") && !t.eq_ignore_ascii_case("default")
            && t.trim() == t;
    /// The description of a security group.
    GroupDescription: "a security group's description: at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* (EC2 API \
                       reference, CreateSecurityGroup)",
        |t| plain(t, GROUP_CHARACTERS, 255);
    /// The name of an image.
    ImageName: "an image's name: 3 to 128 letters, digits, spaces and ()[]./-'@_ (EC2 API reference, CreateImage)",
        |t| t.len() >= 3 && plain(t, IMAGE_CHARACTERS, 128);
    /// The name of a manual DB snapshot.
    SnapshotName: "a DB snapshot's name: at most 255 letters, digits and hyphens, beginning with a letter, no hyphen at the end \
                   and no two in a row (RDS API reference, CreateDBSnapshot)",
        |t| plain(t, "-", 255) && t.starts_with(|c: char| c.is_ascii_alphabetic()) && !t.ends_with('-') && !t.contains("--");
    /// The value of an instance's Name tag. EC2 takes any character; a file name or a shell may not, and control characters
    /// are nobody's name.
    InstanceName: "an instance's name: at most 256 characters (EC2 API reference, Tag)",
        |t| !t.is_empty() && t.encode_utf16().count() <= 256 && !t.contains(char::is_control);
    /// The value of a tag that every service takes.
    TagValue: "a tag's value: at most 256 letters, digits, spaces and _.:/=+-@ (ELB and ACM API references, Tag)",
        tags::is_value;
    /// The name of a header that a listener's rule asks for.
    HeaderName: "the name of an HTTP header: 1 to 40 letters, digits and hyphens (ELBv2 API reference, HttpHeaderConditionConfig)",
        |t| (1..=40).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    /// The value of such a header.
    HeaderText: "the value of an HTTP header, without wildcards: 1 to 128 letters, digits and _-.$/~'@:+ (ELBv2 API reference, \
                 HttpHeaderConditionConfig)",
        |t| (1..=128).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.$/~'@:+".contains(&b));
    /// A domain name that a certificate may be for.
    CertificateName: "a domain name that ACM issues for: at most 64 characters, letters, digits and hyphens between its dots, no \
                      dot at the end (ACM API reference, RequestCertificate)",
        |t| Fqdn::fits(t) && t.len() <= 64 && !t.contains('_') && t.rsplit('.').next().is_some_and(|last| last.len() >= 2);
}

impl From<CertificateName> for Fqdn {
    /// Every name that a certificate may be for is a domain name.
    fn from(name: CertificateName) -> Self {
        Fqdn(name.0)
    }
}

/// A whole number within AWS's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Within<const LEAST: u32, const MOST: u32>(u32);

/// How long a balancer lets a connection be idle: 1 to 4000 s (Application Load Balancer user guide, "Connection idle
/// timeout").
pub type IdleTimeout = Within<1, 4000>;

/// How long a target is drained: 0 to 3600 s (Application Load Balancer user guide, "Deregistration delay").
pub type DrainTime = Within<0, 3600>;

/// For how long a visitor stays with a target group: a second to seven days (ELBv2 API reference, `TargetGroupStickinessConfig`).
pub type StickyTime = Within<1, 604_800>;

/// So many of a hundred.
pub type Percent = Within<0, 100>;

/// A rule's place among those of its listener (ELBv2 API reference, `CreateRule`).
pub type RulePriority = Within<1, 50_000>;

impl<const LEAST: u32, const MOST: u32> Decode for Within<LEAST, MOST> {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        known(given)
    }
}

impl<const LEAST: u32, const MOST: u32> TryFrom<u32> for Within<LEAST, MOST> {
    type Error = String;

    fn try_from(seconds: u32) -> Result<Self, String> {
        match (LEAST..=MOST).contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err(format!("found `{seconds}`, expected a whole number from {LEAST} to {MOST}")),
        }
    }
}

impl<const LEAST: u32, const MOST: u32> From<Within<LEAST, MOST>> for u32 {
    fn from(seconds: Within<LEAST, MOST>) -> u32 {
        seconds.0
    }
}

impl<const LEAST: u32, const MOST: u32> fmt::Display for Within<LEAST, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_aws_refuses_do_not_fit() {
        for good in ["nextcloud-alb", "a", &"x".repeat(32)] {
            assert!(BalancerName::fits(good) && TargetGroupName::fits(good), "{good}");
        }
        for bad in ["", "nextcloud_prod-alb", "-alb", "alb-", "my cloud", "wölke", &"x".repeat(33)] {
            assert!(!BalancerName::fits(bad) && !TargetGroupName::fits(bad), "{bad}");
        }
        assert!(!BalancerName::fits("internal-cloud-alb") && TargetGroupName::fits("internal-cloud-web"));
        assert!(
            GroupName::fits("nextcloud_prod (web)") && !GroupName::fits("sg-cloud") && !GroupName::fits("SG-cloud")
        );
        assert!(!GroupName::fits("default") && !GroupName::fits("it's") && !GroupName::fits(&"x".repeat(256)));
        assert!(GroupDescription::fits("load balancer of cloud.example.org") && !GroupDescription::fits("Jörg's"));
        assert!(
            ImageName::fits("nextcloud-r20261123-212521-t8ux") && !ImageName::fits("nc") && !ImageName::fits("a_b:c")
        );
        for good in ["a", "before-move-r20261123-212521-t8ux", "B4", &"x".repeat(255)] {
            assert!(SnapshotName::fits(good), "{good}");
        }
        for bad in ["", "4b", "-a", "a-", "a--b", "rds:shop", "a_b", "a b", "é", &"x".repeat(256)] {
            assert!(!SnapshotName::fits(bad), "{bad}");
        }
        assert!(InstanceName::fits("web-2 (Nextcloud & more)") && !InstanceName::fits(&"𝕏".repeat(129)));
        assert!(TagValue::fits("cloud.example.org") && TagValue::fits("") && !TagValue::fits("a, b"));
    }

    #[test]
    fn a_certificate_is_for_no_long_name() {
        let long = format!("{}.{}.example.org", "a".repeat(30), "b".repeat(30));
        assert!(CertificateName::fits("cloud.example.org") && Fqdn::fits(&long) && !CertificateName::fits(&long));
        assert!(!CertificateName::fits("my_cloud.example.org") && !CertificateName::fits("cloud.example.o"));
        assert_eq!(
            Fqdn::from(CertificateName::try_from("a.example.org".to_owned()).unwrap()).as_str(),
            "a.example.org"
        );
    }

    #[test]
    fn numbers_are_within_their_bounds() {
        assert!(
            IdleTimeout::try_from(4000).is_ok()
                && IdleTimeout::try_from(4001).is_err()
                && IdleTimeout::try_from(0).is_err()
        );
        assert_eq!(DrainTime::try_from(0).unwrap().to_string(), "0");
    }
}
