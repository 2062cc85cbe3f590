//! The types a value may have in a runbook, and the check of a value against one.

use super::{
    Account, Arn, BalancerName, CertificateName, Cidr, DbId, DnsZone, FileMode, Fqdn, GroupDescription, GroupId,
    GroupName, HeaderName, HeaderText, HostPath, ImageId, ImageName, InstanceId, InstanceName, InstanceType, LocalFile,
    PhpProgram, Region, SecretRef, Service, SnapshotName, SubnetId, TagValue, TargetGroupName, TimeSpan, Url, Value,
    VpcId, tags,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of an input, a parameter or an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ValueType {
    /// Any text.
    String,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// An EC2 instance's id.
    InstanceId,
    /// An AMI's id.
    ImageId,
    /// A subnet's id.
    SubnetId,
    /// A VPC's id.
    VpcId,
    /// A security group's id.
    GroupId,
    /// An ARN.
    Arn,
    /// An EC2 instance type.
    InstanceType,
    /// A DB instance identifier.
    DbId,
    /// A hosted zone's id or `external`.
    DnsZone,
    /// An AWS region.
    Region,
    /// A domain name.
    Fqdn,
    /// An address range.
    Cidr,
    /// An absolute path on a host.
    Path,
    /// A user or a group of a host.
    Account,
    /// A host's php.
    Php,
    /// A file's permissions.
    FileMode,
    /// An http(s) address.
    Url,
    /// A service's name.
    Service,
    /// A balancer's name.
    BalancerName,
    /// A target group's name.
    TargetGroupName,
    /// A security group's name.
    GroupName,
    /// A security group's description.
    GroupDescription,
    /// An image's name.
    ImageName,
    /// The name of a DB snapshot.
    SnapshotName,
    /// An instance's Name tag.
    InstanceName,
    /// The name of a header that a listener's rule asks for.
    HeaderName,
    /// What it asks it to be.
    HeaderText,
    /// A tag's value.
    TagValue,
    /// A domain name that a certificate may be for.
    CertificateName,
    /// A reference to a secret, never the secret: `{ env: NAME }` or `{ command: [..] }`.
    Secret,
    /// A target of the runbook, by name.
    Target,
    /// A duration, like `30s`.
    Duration,
    /// A file on the machine where the tool runs.
    File,
    /// An argument of a command: a text, a number or a boolean.
    Word,
    /// A command: program and arguments, or a text for a shell.
    Command,
    /// A text, or a reference to a secret.
    TextOrSecret,
    /// Environment variables of a command, texts or secrets by name.
    Environment,
    /// Headers of a request, texts or secrets by name.
    Headers,
    /// Named values of any type.
    Map,
    /// Tags: texts by name, such as every service takes.
    Tags,
    /// Anything.
    Any,
    /// A list of values of one type.
    List(Box<ValueType>),
}

/// A value that is not of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected {expected}")]
pub struct Mismatch {
    /// The value, described.
    pub found: String,
    /// The type, described.
    pub expected: String,
}

const NAMES: &[(&str, ValueType)] = &[
    ("string", ValueType::String),
    ("int", ValueType::Int),
    ("bool", ValueType::Bool),
    ("instance-id", ValueType::InstanceId),
    ("image-id", ValueType::ImageId),
    ("subnet-id", ValueType::SubnetId),
    ("vpc-id", ValueType::VpcId),
    ("group-id", ValueType::GroupId),
    ("arn", ValueType::Arn),
    ("instance-type", ValueType::InstanceType),
    ("db-id", ValueType::DbId),
    ("dns-zone", ValueType::DnsZone),
    ("region", ValueType::Region),
    ("fqdn", ValueType::Fqdn),
    ("cidr", ValueType::Cidr),
    ("path", ValueType::Path),
    ("account", ValueType::Account),
    ("php", ValueType::Php),
    ("file-mode", ValueType::FileMode),
    ("url", ValueType::Url),
    ("service", ValueType::Service),
    ("balancer-name", ValueType::BalancerName),
    ("target-group-name", ValueType::TargetGroupName),
    ("group-name", ValueType::GroupName),
    ("group-description", ValueType::GroupDescription),
    ("image-name", ValueType::ImageName),
    ("snapshot-name", ValueType::SnapshotName),
    ("instance-name", ValueType::InstanceName),
    ("header-name", ValueType::HeaderName),
    ("header-text", ValueType::HeaderText),
    ("tag-value", ValueType::TagValue),
    ("certificate-name", ValueType::CertificateName),
    ("secret", ValueType::Secret),
    ("target", ValueType::Target),
    ("duration", ValueType::Duration),
    ("file", ValueType::File),
    ("argument", ValueType::Word),
    ("command", ValueType::Command),
    ("text-or-secret", ValueType::TextOrSecret),
    ("environment", ValueType::Environment),
    ("headers", ValueType::Headers),
    ("map", ValueType::Map),
    ("tags", ValueType::Tags),
    ("any", ValueType::Any),
];

impl ValueType {
    /// The plain types' names, as a document writes them; a list is `list(NAME)`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether a value of type `given` may stand where this type is asked for. A secret only where a secret is asked for:
    /// elsewhere its reference would be written down as if it were the value.
    #[must_use]
    pub fn accepts(&self, given: &ValueType) -> bool {
        match (self, given) {
            (a, b) if a == b => true,
            (ValueType::Any, b) => !b.is_secret(),
            (ValueType::String, b) => b.is_text(),
            // Tags are named values, and named values may be tags: that is judged when they are known.
            (ValueType::Map | ValueType::Environment | ValueType::Headers, ValueType::Map | ValueType::Tags)
            | (ValueType::Tags, ValueType::Map) => true,
            (ValueType::Word, b) => b.is_text() || matches!(b, ValueType::Int | ValueType::Bool),
            (ValueType::TextOrSecret, b) => ValueType::Word.accepts(b) || *b == ValueType::Secret,
            (ValueType::Command, ValueType::List(item)) => ValueType::Word.accepts(item),
            (wider, narrower) => wider.holds().contains(narrower) || wider.holds_items_of(narrower),
        }
    }

    /// Other types all of whose values are of this type too.
    fn holds(&self) -> &'static [ValueType] {
        use ValueType as T;
        match self {
            T::Fqdn => &[T::CertificateName],
            T::TargetGroupName => &[T::BalancerName],
            T::TagValue | T::InstanceName => {
                &[T::Fqdn, T::CertificateName, T::BalancerName, T::TargetGroupName, T::DbId, T::Region, T::InstanceId]
            }
            _ => &[],
        }
    }

    fn holds_items_of(&self, given: &ValueType) -> bool {
        matches!((self, given), (ValueType::List(a), ValueType::List(b)) if a.accepts(b))
    }

    /// Whether values of this type are references to secrets, or lists of such.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            ValueType::List(item) => item.is_secret(),
            other => *other == ValueType::Secret,
        }
    }

    /// Whether values of this type name targets.
    #[must_use]
    pub fn is_target(&self) -> bool {
        match self {
            ValueType::List(item) => item.is_target(),
            other => *other == ValueType::Target,
        }
    }

    /// Whether values of this type are written as a text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        use ValueType as T;
        !matches!(
            self,
            T::Int | T::Bool | T::Secret | T::Target | T::Map | T::Tags | T::Any | T::List(_)
            // More than texts.
            | T::Word | T::Command | T::TextOrSecret | T::Environment | T::Headers
        )
    }

    /// Whether a text with references in it may stand where this type is asked for.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        self.is_text() || matches!(self, ValueType::Any | ValueType::Word | ValueType::TextOrSecret)
    }

    /// Whether an input can be of this type: what is only a form of writing commands, and targets, stand in the runbook.
    #[must_use]
    pub fn is_for_inputs(&self) -> bool {
        use ValueType as T;
        match self {
            T::List(item) => item.is_for_inputs(),
            other => !matches!(other, T::Target | T::Word | T::Command | T::TextOrSecret | T::Environment | T::Headers),
        }
    }

    /// Checks a value that is known.
    ///
    /// # Errors
    /// What was found and what was expected, when it is not of this type.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        let fits = match (self, value) {
            (ValueType::Any, _) => true,
            (ValueType::List(item), Value::Array(items)) => {
                for (at, it) in items.iter().enumerate() {
                    item.check(it).map_err(|e| Mismatch { found: format!("{} as item {}", e.found, at + 1), ..e })?;
                }
                true
            }
            (ValueType::Tags, Value::Object(given)) => match tags::fault(given) {
                Some(fault) => return Err(Mismatch { found: fault.found, expected: fault.expected.into() }),
                None => true,
            },
            (ValueType::Int, Value::Number(n)) => n.is_i64(),
            (ValueType::Bool, Value::Bool(_)) | (ValueType::Map, Value::Object(_)) => true,
            (ValueType::Secret, v) => serde_json::from_value::<SecretRef>(v.clone()).is_ok(),
            (ValueType::Target, Value::Object(_)) => true,
            (ValueType::Word | ValueType::TextOrSecret, Value::String(_) | Value::Bool(_)) => true,
            (ValueType::Word | ValueType::TextOrSecret, Value::Number(n)) => n.is_i64(),
            (ValueType::TextOrSecret, Value::Object(_)) => ValueType::Secret.check(value).is_ok(),
            (ValueType::Command, Value::String(text)) => !text.trim().is_empty(),
            (ValueType::Command, Value::Array(words)) => words.iter().all(|word| ValueType::Word.check(word).is_ok()),
            (ValueType::Environment | ValueType::Headers, Value::Object(_)) => true,
            (_, Value::String(text)) => self.fits(text),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Mismatch { found: self.describe(value), expected: self.expected() }) }
    }

    /// Reads a value from a command line's `--set name=value`.
    ///
    /// # Errors
    /// When the text is not of this type. Lists and maps are written as JSON, lists of texts also with commas.
    pub fn from_text(&self, text: &str) -> Result<Value, Mismatch> {
        let json = || serde_json::from_str::<Value>(text).ok();
        let value = match self {
            ValueType::List(_) if !text.trim_start().starts_with('[') => {
                Value::Array(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Value::from).collect())
            }
            t if t.is_text() => Value::from(text),
            _ => json().unwrap_or_else(|| Value::from(text)),
        };
        self.check(&value).map(|()| value)
    }

    /// What is accepted, as an error message says it.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            ValueType::String => "a text".into(),
            ValueType::Int => "a whole number".into(),
            ValueType::Bool => "`true` or `false`".into(),
            ValueType::InstanceId => InstanceId::EXPECTED.into(),
            ValueType::ImageId => ImageId::EXPECTED.into(),
            ValueType::SubnetId => SubnetId::EXPECTED.into(),
            ValueType::VpcId => VpcId::EXPECTED.into(),
            ValueType::GroupId => GroupId::EXPECTED.into(),
            ValueType::Arn => Arn::EXPECTED.into(),
            ValueType::InstanceType => InstanceType::EXPECTED.into(),
            ValueType::DbId => DbId::EXPECTED.into(),
            ValueType::DnsZone => DnsZone::EXPECTED.into(),
            ValueType::Region => Region::EXPECTED.into(),
            ValueType::Fqdn => Fqdn::EXPECTED.into(),
            ValueType::Cidr => Cidr::EXPECTED.into(),
            ValueType::Path => HostPath::EXPECTED.into(),
            ValueType::Account => Account::EXPECTED.into(),
            ValueType::Php => PhpProgram::EXPECTED.into(),
            ValueType::FileMode => FileMode::EXPECTED.into(),
            ValueType::Url => Url::EXPECTED.into(),
            ValueType::Service => Service::EXPECTED.into(),
            ValueType::BalancerName => BalancerName::EXPECTED.into(),
            ValueType::TargetGroupName => TargetGroupName::EXPECTED.into(),
            ValueType::GroupName => GroupName::EXPECTED.into(),
            ValueType::GroupDescription => GroupDescription::EXPECTED.into(),
            ValueType::ImageName => ImageName::EXPECTED.into(),
            ValueType::SnapshotName => SnapshotName::EXPECTED.into(),
            ValueType::InstanceName => InstanceName::EXPECTED.into(),
            ValueType::HeaderName => HeaderName::EXPECTED.into(),
            ValueType::HeaderText => HeaderText::EXPECTED.into(),
            ValueType::TagValue => TagValue::EXPECTED.into(),
            ValueType::CertificateName => CertificateName::EXPECTED.into(),
            ValueType::Secret => {
                "a reference to a secret, `{ env: NAME }` or `{ command: [program, argument] }`".into()
            }
            ValueType::Target => "the name of a target".into(),
            ValueType::Map => "named values".into(),
            ValueType::Duration => TimeSpan::EXPECTED.into(),
            ValueType::File => LocalFile::EXPECTED.into(),
            ValueType::Word => "a text, a number or a boolean".into(),
            ValueType::Command => "a list, program and arguments, or a text for `sh -eu`".into(),
            ValueType::TextOrSecret => "a text, or a reference to a secret".into(),
            ValueType::Headers => "texts and references to secrets by name, as headers of a request".into(),
            ValueType::Environment => "texts and references to secrets by name, as environment variables".into(),
            ValueType::Tags => tags::EXPECTED.into(),
            ValueType::Any => "a value".into(),
            ValueType::List(item) => format!("a list, each item {}", item.expected()),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            ValueType::String => true,
            ValueType::InstanceId => InstanceId::fits(text),
            ValueType::ImageId => ImageId::fits(text),
            ValueType::SubnetId => SubnetId::fits(text),
            ValueType::VpcId => VpcId::fits(text),
            ValueType::GroupId => GroupId::fits(text),
            ValueType::Arn => Arn::fits(text),
            ValueType::InstanceType => InstanceType::fits(text),
            ValueType::DbId => DbId::fits(text),
            ValueType::DnsZone => DnsZone::fits(text),
            ValueType::Region => Region::fits(text),
            ValueType::Fqdn => Fqdn::fits(text),
            ValueType::Cidr => Cidr::fits(text),
            ValueType::Path => HostPath::fits(text),
            ValueType::Account => Account::fits(text),
            ValueType::Php => PhpProgram::fits(text),
            ValueType::FileMode => FileMode::fits(text),
            ValueType::Url => Url::fits(text),
            ValueType::Service => Service::fits(text),
            ValueType::Duration => TimeSpan::parse(text).is_some(),
            ValueType::File => LocalFile::fits(text),
            ValueType::BalancerName => BalancerName::fits(text),
            ValueType::TargetGroupName => TargetGroupName::fits(text),
            ValueType::GroupName => GroupName::fits(text),
            ValueType::GroupDescription => GroupDescription::fits(text),
            ValueType::ImageName => ImageName::fits(text),
            ValueType::SnapshotName => SnapshotName::fits(text),
            ValueType::InstanceName => InstanceName::fits(text),
            ValueType::HeaderName => HeaderName::fits(text),
            ValueType::HeaderText => HeaderText::fits(text),
            ValueType::TagValue => TagValue::fits(text),
            ValueType::CertificateName => CertificateName::fits(text),
            _ => false,
        }
    }

    /// A value as an error message shows it; a text where a secret's reference belongs is never shown.
    fn describe(&self, value: &Value) -> String {
        match value {
            Value::Null => "nothing".into(),
            Value::Array(_) => "a list".into(),
            Value::Object(_) => "named values".into(),
            _ if *self == ValueType::Secret => "a value (not shown: it may be the secret itself)".into(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueType::List(item) => write!(f, "list({item})"),
            plain => {
                let name = NAMES.iter().find(|(_, t)| t == plain).map_or("any", |(name, _)| name);
                f.pad(name)
            }
        }
    }
}

impl From<ValueType> for String {
    fn from(it: ValueType) -> String {
        it.to_string()
    }
}

impl TryFrom<String> for ValueType {
    type Error = Mismatch;

    fn try_from(text: String) -> Result<Self, Mismatch> {
        if let Some(item) = text.strip_prefix("list(").and_then(|t| t.strip_suffix(')')) {
            return Self::try_from(item.to_owned()).map(|item| ValueType::List(Box::new(item)));
        }
        NAMES.iter().find(|(name, _)| *name == text).map(|(_, t)| t.clone()).ok_or_else(|| Mismatch {
            found: format!("`{text}`"),
            expected: "a type: `string`, `int`, `bool`, `instance-id`, `list(cidr)` and the like".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_name_reads_back() {
        for name in ValueType::names() {
            assert_eq!(ValueType::try_from(name.to_owned()).unwrap().to_string(), name);
        }
        assert_eq!(ValueType::try_from("list(cidr)".to_owned()).unwrap().to_string(), "list(cidr)");
    }

    #[test]
    fn a_text_in_place_of_a_secret_is_not_shown() {
        let told = ValueType::Secret.check(&json!("hunter2")).unwrap_err().to_string();
        assert!(!told.contains("hunter2"), "{told}");
        let told = ValueType::Secret.from_text("20261123").unwrap_err().to_string();
        assert!(!told.contains("20261123"), "{told}");
        assert!(ValueType::Secret.check(&json!({"env": "PASSWORD"})).is_ok());
    }

    #[test]
    fn values_from_the_command_line() {
        let cidrs = ValueType::List(Box::new(ValueType::Cidr));
        assert_eq!(cidrs.from_text("10.0.0.0/8, 192.168.0.0/16").unwrap(), json!(["10.0.0.0/8", "192.168.0.0/16"]));
        assert_eq!(ValueType::Int.from_text("22").unwrap(), json!(22));
        assert_eq!(ValueType::String.from_text("22").unwrap(), json!("22"));
        assert!(ValueType::Int.from_text("x").is_err());
        assert!(cidrs.from_text("10.0.0.0").unwrap_err().found.contains("item 1"));
    }
}
