//! Which Rust types can be parameters and outputs of an action, and what a runbook's author calls them.

use super::{Arn, Cidr, DbId, DnsZone, Fqdn, GroupId, HostPath, ImageId, InstanceId, InstanceType};
use super::{Region, SecretRef, Service, SubnetId, Target, Url, Value, ValueType, VpcId};

/// A Rust type that can be an action's parameter or output.
pub trait Param {
    /// The type a runbook's author sees.
    fn value_type() -> ValueType;
    /// Whether the parameter must be given.
    const REQUIRED: bool = true;
}

macro_rules! params {
    ($($rust:ty => $type:ident),+ $(,)?) => {$(
        impl Param for $rust {
            fn value_type() -> ValueType { ValueType::$type }
        }
    )+};
}

params! {
    String => String, i64 => Int, u16 => Int, u32 => Int, bool => Bool, InstanceId => InstanceId, ImageId => ImageId,
    SubnetId => SubnetId, VpcId => VpcId, GroupId => GroupId, Arn => Arn, InstanceType => InstanceType, DbId => DbId,
    DnsZone => DnsZone, Region => Region, Fqdn => Fqdn, Cidr => Cidr, HostPath => Path, Url => Url, Service => Service,
    SecretRef => Secret, Target => Target, super::Values => Map, Value => Any,
}

impl<T: Param> Param for Vec<T> {
    fn value_type() -> ValueType {
        ValueType::List(Box::new(T::value_type()))
    }
}

impl<T: Param> Param for Option<T> {
    fn value_type() -> ValueType {
        T::value_type()
    }
    const REQUIRED: bool = false;
}
