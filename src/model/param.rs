//! Which Rust types can be parameters and outputs of an action, and what a runbook's author calls them.

use super::{
    Account, Arn, BalancerName, CertificateName, Cidr, DbId, Decode, DnsZone, FileMode, Foretold, Fqdn,
    GroupDescription, GroupId, GroupName, HeaderName, HeaderText, HostPath, ImageId, ImageName, InstanceId,
    InstanceName, InstanceType, LocalFile, PhpProgram, Region, SecretRef, Service, SnapshotName, SubnetId, TagValue,
    Target, TargetGroupName, Text, TimeSpan, Url, ValueType, VpcId, Within,
};

/// A Rust type that can be an action's parameter or output.
pub trait Param: Decode {
    /// The type a runbook's author sees.
    fn value_type() -> ValueType;
    /// Whether the parameter must be given.
    const REQUIRED: bool = true;
    /// Whether it must be written out, without references.
    const FIXED: bool = false;
}

macro_rules! params {
    ($($rust:ty => $type:ident),+ $(,)?) => {$(
        impl Param for $rust {
            fn value_type() -> ValueType { ValueType::$type }
        }
    )+};
}

params! {
    String => String, Text => String, i64 => Int, u16 => Int, u32 => Int, bool => Bool, InstanceId => InstanceId, ImageId => ImageId,
    SubnetId => SubnetId, VpcId => VpcId, GroupId => GroupId, Arn => Arn, InstanceType => InstanceType, DbId => DbId,
    DnsZone => DnsZone, Region => Region, Fqdn => Fqdn, Cidr => Cidr, HostPath => Path, Account => Account, PhpProgram => Php, FileMode => FileMode, Url => Url, Service => Service,
    BalancerName => BalancerName, TargetGroupName => TargetGroupName, GroupName => GroupName, ImageName => ImageName, SnapshotName => SnapshotName,
    GroupDescription => GroupDescription, InstanceName => InstanceName, TagValue => TagValue, HeaderName => HeaderName, HeaderText => HeaderText, CertificateName => CertificateName,
    SecretRef => Secret, Target => Target, TimeSpan => Duration, LocalFile => File, std::collections::BTreeMap<String, Foretold> => Map,
}

impl<const LEAST: u32, const MOST: u32> Param for Within<LEAST, MOST> {
    fn value_type() -> ValueType {
        ValueType::Int
    }
}

impl<T: Param> Param for Vec<T> {
    fn value_type() -> ValueType {
        ValueType::List(Box::new(T::value_type()))
    }
    const FIXED: bool = T::FIXED;
}

impl<T: Param> Param for Option<T> {
    fn value_type() -> ValueType {
        T::value_type()
    }
    const REQUIRED: bool = false;
    const FIXED: bool = T::FIXED;
}
