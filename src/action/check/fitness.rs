//! Whether an instance can be of another type, as far as EC2's answers tell. Pure.
//!
//! EC2 takes a type at ModifyInstanceAttribute and refuses it at StartInstances, with the instance stopped, so all of it is looked
//! at before ("Compatibility for changing the instance type", EC2 User Guide: architecture, virtualization type, network cards,
//! enhanced networking, NVMe, Dedicated Hosts, Marketplace products). What a guest has installed is looked at by
//! `instance.guest`.
//!
//! Not told by any call, and so not looked at: which types a Marketplace product allows; Capacity Reservations.

use super::Seen;
use crate::model::Failure;
use aws_sdk_ec2::types::{
    AttachmentLimitType, BootModeType, BootModeValues, EnaSupport, Instance, InstanceBootModeValues, InstanceTypeInfo,
    ProductCodeValues, Tenancy,
};
use std::fmt::Display;

/// Whether the type runs what the instance is: architecture, virtualization, boot mode, network driver, host.
pub(super) fn fits(instance: &Instance, kind: &str, info: &InstanceTypeInfo) -> Seen {
    const ROW: &str = "fits";
    let has = instance.architecture().map_or("unknown", |a| a.as_str());
    let can: Vec<&str> = info
        .processor_info()
        .map(|p| p.supported_architectures())
        .unwrap_or_default()
        .iter()
        .map(|a| a.as_str())
        .collect();
    if can.is_empty() {
        return Seen::not_checkable(ROW, format!("EC2 does not say which architectures `{kind}` has"));
    }
    let mut wrong = Wrong::default();
    if !can.contains(&has) {
        let what = format!("the instance is {has}, `{kind}` is {}", can.join(" or "));
        wrong.add(what, format!("choose a type for {has}: nothing installed would run on the other"));
    }
    let types = info.supported_virtualization_types();
    if let Some(own) = instance.virtualization_type()
        && !types.is_empty()
        && !types.iter().any(|t| t.as_str() == own.as_str())
    {
        let what = format!("the instance is `{}`, which `{kind}` does not run", own.as_str());
        wrong.add(what, "a paravirtual server must be installed anew from an HVM image first");
    }
    if let Some(boots) = boots(instance)
        && !info.supported_boot_modes().is_empty()
        && !info.supported_boot_modes().contains(&boots)
    {
        let what = format!("the instance boots by `{}`, which `{kind}` does not", boots.as_str());
        wrong.add(what, "choose a type that boots so (`aws ec2 describe-instance-types`, SupportedBootModes)");
    }
    if instance.placement().and_then(|p| p.tenancy()) == Some(&Tenancy::Host) && kind.starts_with("t3") {
        let what =
            format!("the instance is on a Dedicated Host, where EC2 refuses a `{kind}` with unlimited CPU credits");
        wrong.add(what, "choose another type, or move the server off its host first");
    }
    let network = info.network_info();
    let mut cannot_tell = None;
    if network.and_then(|n| n.ena_support()) == Some(&EnaSupport::Required) {
        let id = instance.instance_id().unwrap_or_default();
        match instance.ena_support() {
            Some(true) => {}
            Some(false) => wrong.add(
                format!("`{kind}` needs the network driver ENA, for which the instance is not set up"),
                format!(
                    "install the driver, then, with the server stopped: `aws ec2 modify-instance-attribute --instance-id {id} \
                     --ena-support`; or choose a type of the same generation"
                ),
            ),
            None => cannot_tell = Some(format!("whether the instance is set up for ENA, which `{kind}` needs, EC2 does not say")),
        }
    }
    let memory =
        info.memory_info().and_then(|m| m.size_in_mib()).map(|m| format!(", {m} MiB of memory")).unwrap_or_default();
    match (wrong.is_none(), cannot_tell) {
        (false, _) => wrong.refused(ROW),
        (true, Some(what)) => Seen::not_checkable(ROW, what),
        (true, None) => Seen::pass(ROW, format!("the instance is {has}, and so is `{kind}`{memory}")),
    }
}

/// How an instance boots now; nothing where EC2 does not say or either way is fine.
fn boots(instance: &Instance) -> Option<BootModeType> {
    match (instance.current_instance_boot_mode(), instance.boot_mode()) {
        (Some(InstanceBootModeValues::Uefi), _) | (None, Some(BootModeValues::Uefi)) => Some(BootModeType::Uefi),
        (Some(InstanceBootModeValues::LegacyBios), _) | (None, Some(BootModeValues::LegacyBios)) => {
            Some(BootModeType::LegacyBios)
        }
        _ => None,
    }
}

/// Whether the type carries the instance's interfaces, addresses and volumes.
pub(super) fn attachments(instance: &Instance, kind: &str, info: &InstanceTypeInfo) -> Seen {
    const ROW: &str = "attachments";
    let (network, ebs) = (info.network_info(), info.ebs_info());
    let interfaces = instance.network_interfaces();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let mut wrong = Wrong::default();
    let mut limit = |what: &str, has: i32, most: Option<i32>, help: &str| {
        if let Some(most) = most.filter(|most| has > *most) {
            wrong.add(format!("it has {has} {what}, a `{kind}` at most {most}"), help);
        }
    };
    let others = "detach what is not needed, or choose a bigger type";
    limit("network interfaces", count(interfaces.len()), network.and_then(|n| n.maximum_network_interfaces()), others);
    for interface in interfaces {
        let (v4, v6) = (interface.private_ip_addresses().len(), interface.ipv6_addresses().len());
        let id = interface.network_interface_id().unwrap_or("an interface");
        let most = network.and_then(|n| n.ipv4_addresses_per_interface());
        limit(&format!("IPv4 addresses on `{id}`"), count(v4), most, others);
        let most = network.and_then(|n| n.ipv6_addresses_per_interface());
        limit(&format!("IPv6 addresses on `{id}`"), count(v6), most, others);
    }
    let volumes = instance.block_device_mappings().len();
    // Where the limit is shared, further interfaces take places of volumes ("Amazon EBS volume limits", EC2 User Guide).
    let shared = ebs.and_then(|e| e.attachment_limit_type()) == Some(&AttachmentLimitType::Shared);
    let beside = if shared { interfaces.len().saturating_sub(1) } else { 0 };
    let what = if beside > 0 { "volumes and further interfaces" } else { "volumes" };
    limit(what, count(volumes + beside), ebs.and_then(|e| e.maximum_ebs_attachments()), others);
    match wrong.is_none() {
        true => Seen::pass(ROW, format!("{} interface(s) and {volumes} volume(s) are not too many", interfaces.len())),
        false => wrong.refused(ROW),
    }
}

/// Whether its seller has a say.
pub(super) fn marketplace(instance: &Instance, kind: &str) -> Seen {
    const ROW: &str = "marketplace";
    let sold = instance.product_codes().iter().filter(|p| p.product_code_type() != Some(&ProductCodeValues::Devpay));
    let codes: Vec<&str> = sold.filter_map(|p| p.product_code_id()).collect();
    if codes.is_empty() {
        return Seen::pass(ROW, "it is no product of the AWS Marketplace");
    }
    let told = format!(
        "it is a product of the AWS Marketplace ({}), whose seller says which types it may have",
        codes.join(", ")
    );
    Seen::warn(ROW, told).advise(format!(
        "see on the product's page whether `{kind}` is among them: no call tells, and EC2 refuses another only when the server is \
         started (it then starts again with its old type); a clone of it is refused too"
    ))
}

/// What does not fit, and what helps.
#[derive(Default)]
struct Wrong(Vec<(String, String)>);

impl Wrong {
    fn add(&mut self, what: impl Display, help: impl Display) {
        self.0.push((what.to_string(), help.to_string()));
    }

    fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn refused(self, row: &'static str) -> Seen {
        let what: Vec<String> = self.0.iter().map(|(what, _)| what.clone()).collect();
        self.0.into_iter().fold(Seen::refuse(row, what.join("; ")), |seen, (_, help)| seen.advise(help))
    }
}

/// The rows when there is no such type.
pub(super) fn no_such_type(kind: &str, region: &str) -> Failure {
    Failure::refused(format!("there is no instance type `{kind}` in {region}"))
        .advise("check its name, or choose another type")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
    use aws_sdk_ec2::types::builders::{InstanceBuilder, InstanceTypeInfoBuilder};
    use aws_sdk_ec2::types::{
        ArchitectureType, ArchitectureValues, EbsInfo, InstanceBlockDeviceMapping, InstanceNetworkInterface,
        InstancePrivateIpAddress, NetworkInfo, Placement, ProcessorInfo, ProductCode, VirtualizationType,
    };

    fn t3() -> InstanceTypeInfoBuilder {
        let processor = ProcessorInfo::builder().supported_architectures(ArchitectureType::X8664).build();
        let network = NetworkInfo::builder()
            .ena_support(EnaSupport::Required)
            .maximum_network_interfaces(3)
            .ipv4_addresses_per_interface(4)
            .build();
        let ebs =
            EbsInfo::builder().maximum_ebs_attachments(27).attachment_limit_type(AttachmentLimitType::Shared).build();
        InstanceTypeInfo::builder()
            .processor_info(processor)
            .network_info(network)
            .ebs_info(ebs)
            .supported_virtualization_types(VirtualizationType::Hvm)
            .supported_boot_modes(BootModeType::LegacyBios)
            .supported_boot_modes(BootModeType::Uefi)
    }

    fn web() -> InstanceBuilder {
        Instance::builder()
            .instance_id("i-1")
            .architecture(ArchitectureValues::X8664)
            .virtualization_type(VirtualizationType::Hvm)
            .ena_support(true)
    }

    #[test]
    fn what_ec2_would_refuse_at_the_start_is_refused_before() {
        let seen = |instance: InstanceBuilder| fits(&instance.build(), "t3.small", &t3().build());
        assert_eq!(seen(web()).verdict, Pass);
        let old = seen(web().ena_support(false));
        assert_eq!(old.verdict, Refuse);
        assert!(old.evidence.contains("ENA") && old.advice[0].contains("--ena-support"), "{old:?}");
        assert_eq!(seen(web().set_ena_support(None)).verdict, NotCheckable, "an absent flag is no flag");
        for (wrong, said) in [
            (web().architecture(ArchitectureValues::Arm64), "arm64"),
            (web().virtualization_type(VirtualizationType::Paravirtual), "paravirtual"),
            (web().placement(Placement::builder().tenancy(Tenancy::Host).build()), "Dedicated Host"),
        ] {
            let seen = seen(wrong);
            assert!(seen.verdict == Refuse && seen.evidence.contains(said), "{seen:?}");
        }
        let bios = t3().set_supported_boot_modes(Some(vec![BootModeType::LegacyBios])).build();
        let uefi = web().current_instance_boot_mode(InstanceBootModeValues::Uefi).build();
        assert_eq!(fits(&uefi, "t3.small", &bios).verdict, Refuse);
        let all = web().architecture(ArchitectureValues::Arm64).ena_support(false).build();
        assert_eq!(fits(&all, "t3.small", &t3().build()).advice.len(), 2, "all reasons at once");
    }

    #[test]
    fn too_much_attached_is_refused() {
        let address = InstancePrivateIpAddress::builder().private_ip_address("10.0.0.7").build();
        let interface = |addresses: usize| {
            let addresses = vec![address.clone(); addresses];
            InstanceNetworkInterface::builder()
                .network_interface_id("eni-1")
                .set_private_ip_addresses(Some(addresses))
                .build()
        };
        let seen = |interfaces: Vec<InstanceNetworkInterface>, volumes: usize| {
            let volumes = vec![InstanceBlockDeviceMapping::builder().build(); volumes];
            let instance =
                web().set_network_interfaces(Some(interfaces)).set_block_device_mappings(Some(volumes)).build();
            attachments(&instance, "t3.small", &t3().build())
        };
        assert_eq!(seen(vec![interface(4)], 27).verdict, Pass);
        assert!(seen(vec![interface(5)], 1).evidence.contains("5 IPv4 addresses on `eni-1`"));
        assert!(seen(vec![interface(1); 4], 1).evidence.contains("4 network interfaces"));
        let shared = seen(vec![interface(1); 3], 26);
        assert!(
            shared.verdict == Refuse && shared.evidence.contains("28 volumes and further interfaces"),
            "{shared:?}"
        );
        assert_eq!(seen(vec![interface(1)], 28).verdict, Refuse);
    }

    #[test]
    fn a_marketplace_product_is_told() {
        let code =
            ProductCode::builder().product_code_id("abc").product_code_type(ProductCodeValues::Marketplace).build();
        assert_eq!(marketplace(&web().product_codes(code).build(), "t3.small").verdict, Warn);
        assert_eq!(marketplace(&web().build(), "t3.small").verdict, Pass);
    }
}
