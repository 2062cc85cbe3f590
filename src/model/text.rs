//! Checked texts: ids and names as AWS, DNS and hosts write them.
//!
//! Promise: a value of one of these types has the right form, or is not known yet where an action is described beforehand;
//! whether the thing exists is for an action to find out.
//! Forms are those of the AWS API references; where AWS allows more than one length (short and long ids), both pass.

use super::decode::known;
use super::{Decode, Foretold, Tell, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that does not have the form its type asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected {expected}")]
pub struct TextError {
    /// What was given.
    pub found: String,
    /// What the type expects.
    pub expected: &'static str,
}

macro_rules! checked_texts {
    ($($(#[doc = $doc:literal])+ $name:ident: $expected:literal, $check:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub(in crate::model) Text);

        impl $name {
            /// What is accepted, as an error message says it.
            pub const EXPECTED: &'static str = $expected;

            /// The text, as it is shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The same, which tells what of it is not known yet.
            #[must_use]
            pub fn text(&self) -> &Text {
                &self.0
            }

            /// Whether `text` has the form.
            #[must_use]
            pub fn fits(text: &str) -> bool {
                let check: fn(&str) -> bool = $check;
                check(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                if Self::fits(&text) { Ok(Self(text.into())) } else { Err(TextError { found: shown(&text), expected: $expected }) }
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> String {
                it.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Decode for $name {
            fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
                match given {
                    Foretold::Text(text) => Ok(Self(text.clone())),
                    given => known(given),
                }
            }
        }

        impl Tell for $name {
            fn tell(&self, into: &mut Text) {
                into.push(&self.0);
            }
        }
    )+};
}

/// A text as an error message shows it: on one line, and not all of a long one.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.chars().count() > MOST { plain.chars().take(MOST).chain(['…']).collect() } else { plain }
}

fn hex_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (rest.len() == 8 || rest.len() == 17) && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(v4)) => bits <= 32 && (bits == 32 || u32::from(v4) << bits == 0),
        Ok(std::net::IpAddr::V6(v6)) => bits <= 128 && (bits == 128 || u128::from(v6) << bits == 0),
        Err(_) => false,
    }
}

pub(super) fn plain(text: &str, extra: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

checked_texts! {
    /// An EC2 instance's id.
    InstanceId: "an instance id, like `i-0123456789abcdef0`", |t| hex_id(t, "i-");
    /// An AMI's id.
    ImageId: "an image id, like `ami-0123456789abcdef0`", |t| hex_id(t, "ami-");
    /// A subnet's id.
    SubnetId: "a subnet id, like `subnet-0123456789abcdef0`", |t| hex_id(t, "subnet-");
    /// A VPC's id.
    VpcId: "a VPC id, like `vpc-0123456789abcdef0`", |t| hex_id(t, "vpc-");
    /// A security group's id.
    GroupId: "a security group id, like `sg-0123456789abcdef0`", |t| hex_id(t, "sg-");
    /// An Amazon resource name.
    Arn: "an ARN, like `arn:aws:acm:eu-west-1:123456789012:certificate/...`",
        |t| t.starts_with("arn:") && t.split(':').count() >= 6 && !t.contains(char::is_whitespace);
    /// An EC2 instance type.
    InstanceType: "an instance type, like `t3.small`",
        |t| t.split_once('.').is_some_and(|(a, b)| plain(a, "-", 20) && plain(b, "-", 20));
    /// An RDS DB instance identifier.
    DbId: "a DB instance identifier: letters, digits and dashes, starting with a letter",
        |t| plain(t, "-", 63) && t.starts_with(|c: char| c.is_ascii_alphabetic()) && !t.ends_with('-') && !t.contains("--");
    /// A Route 53 hosted zone's id, or the word `external` for DNS that the operator changes by hand.
    DnsZone: "a hosted zone id, like `Z0123456789ABCDEFGHIJ`, or `external`",
        |t| t == "external" || (t.starts_with('Z') && plain(t, "", 32) && t.len() > 5);
    /// A region's name.
    Region: "a region, like `eu-west-1`",
        |t| plain(t, "-", 25) && t.split('-').count() >= 3 && t.ends_with(|c: char| c.is_ascii_digit());
    /// A fully qualified domain name, without the final dot.
    Fqdn: "a fully qualified domain name, like `cloud.example.org`, without a dot at the end",
        |t| t.len() <= 253 && t.contains('.') && t.split('.').all(label) && !t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    /// A range of addresses.
    Cidr: "an address range, like `10.0.0.0/16`, with no host bits set", cidr;
    /// An absolute path on a host, in its plainest form.
    HostPath: "an absolute path without `..`, `//` or a control character",
        |t| t.starts_with('/') && t.len() > 1 && !t.ends_with('/') && !t.contains("//") && !t.contains(char::is_control)
            && t.split('/').all(|part| part != ".." && part != ".");
    /// An http or https address.
    Url: "a URL that starts with `http://` or `https://`",
        |t| (t.starts_with("http://") || t.starts_with("https://")) && !t.contains(char::is_whitespace) && t.len() > 8;
    /// A host as the operator's ssh configuration knows it: one word of that file, without its wildcards, and nothing that ssh
    /// takes for an option or for `user@host` (ssh(1), ssh_config(5) PATTERNS).
    HostName: "a host's name or address of letters, digits and `.-_:%+`, without a user",
        |t| plain(t, ".-_:%+", 253) && !t.starts_with('-');
    /// The name of an account on a host, as one word of an ssh configuration; a directory's too, like `CORP\anna`.
    LoginName: "the name of an account, of letters, digits and `.-_+@\\`",
        |t| plain(t, ".-_+@\\", 100) && !t.starts_with(['-', '\\']) && !t.ends_with('\\') && !t.contains("\\\\");
    /// The name of a service as systemd knows it.
    Service: "a service's name, like `nginx` or `certbot.timer`", |t| plain(t, "-_.@:", 100) && !t.starts_with('-');
}

impl DnsZone {
    /// The hosted zone's id; nothing when the operator keeps DNS elsewhere.
    #[must_use]
    pub fn hosted(&self) -> Option<&str> {
        (self.as_str() != "external").then_some(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert!(InstanceId::fits("i-0123456789abcdef0") && InstanceId::fits("i-01234567"));
        assert!(
            !InstanceId::fits("i-0123456789ABCDEF0") && !InstanceId::fits("i-01") && !InstanceId::fits("ami-01234567")
        );
        assert!(
            Cidr::fits("10.77.0.0/16")
                && Cidr::fits("0.0.0.0/0")
                && Cidr::fits("fd00::/8")
                && Cidr::fits("10.0.0.1/32")
        );
        assert!(!Cidr::fits("10.77.0.1/16") && !Cidr::fits("10.77.0.0") && !Cidr::fits("10.0.0.0/33"));
        assert!(
            Fqdn::fits("cloud.nextcloud.example")
                && !Fqdn::fits("cloud")
                && !Fqdn::fits("a..b")
                && !Fqdn::fits("10.0.0.1")
        );
        assert!(
            HostPath::fits("/etc/cron.d/.hidden")
                && !HostPath::fits("etc")
                && !HostPath::fits("/a/../b")
                && !HostPath::fits("/a//b")
        );
        assert!(Region::fits("ap-northeast-1") && !Region::fits("tokyo"));
        assert!(DnsZone::fits("external") && DnsZone::fits("Z04ABCDEF123") && !DnsZone::fits("example.org"));
    }
}
