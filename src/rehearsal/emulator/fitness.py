"""What an instance is, and which types it can be: ENA, hypervisor, virtualization, boot mode, interfaces, volumes.

moto gives every instance any type. AWS looks at what the instance was launched from and has attached. It accepts much of it
at ModifyInstanceAttribute and refuses only at StartInstances, with the instance stopped: "Enhanced networking with the
Elastic Network Adapter (ENA) is required for the 't3.small' instance type" (InvalidParameterCombination; the EC2 User
Guide, "Compatibility for changing the instance type"; hashicorp/terraform#19763).

``POST /plus/instance {"id": ..., "ena_support": false}`` makes a server an old one; see SETTABLE.

Not covered: placement groups, Capacity Reservations, Dedicated Hosts that support one type only.
"""

from moto.ec2.models.instance_types import INSTANCE_TYPES

import state
from state import refuse

#: What may be set of an instance, as DescribeInstances names it in moto's spelling. ``product_codes``: a list of
#: {"ProductCodeId", "ProductCodeType"}. ``marketplace_types``: the only types its Marketplace product allows, which no
#: call tells. ``tenancy``: of its placement.
SETTABLE = (
    "ena_support", "hypervisor", "virtualization_type", "boot_mode", "current_instance_boot_mode", "architecture",
    "product_codes", "marketplace_types", "tenancy", "instance_type",
)


def set_up(instance, wanted):
    """What the instance is from now on."""
    if unknown := set(wanted) - {"id", *SETTABLE}:
        raise state.BadRequest(400, f"nothing to set: {', '.join(sorted(unknown))}; there are {', '.join(SETTABLE)}")
    for name, value in wanted.items():
        if name == "tenancy":
            instance.placement.tenancy = value
        elif name != "id":
            setattr(instance, name, value)


def as_launched(instance):
    """An image of today: ENA, HVM, and a nitro hypervisor (which AWS tells as ``xen`` for all but metal and old ones)."""
    instance.ena_support = True
    if instance.virtualization_type == "paravirtual":
        instance.virtualization_type = "hvm"
    instance.current_instance_boot_mode = "legacy-bios"


def check_start(instance):
    """What StartInstances says of an instance whose type does not suit it."""
    kind = INSTANCE_TYPES.get(instance.instance_type)
    if kind is None:
        return
    name, network, volumes = instance.instance_type, kind["NetworkInfo"], kind.get("EbsInfo", {})
    if network.get("EnaSupport") == "required" and not getattr(instance, "ena_support", True):
        refuse(
            "InvalidParameterCombination",
            f"Enhanced networking with the Elastic Network Adapter (ENA) is required for the '{name}' instance type. "
            "Ensure that you are using an AMI that is enabled for ENA.",
        )
    if instance.virtualization_type not in kind.get("SupportedVirtualizationTypes", ["hvm"]):
        refuse(
            "InvalidParameterCombination",
            f"Virtualization type '{instance.virtualization_type}' is not supported for instances of type '{name}'.",
        )
    boot = getattr(instance, "boot_mode", None) or getattr(instance, "current_instance_boot_mode", None)
    supported = kind.get("SupportedBootModes", [])
    if boot in ("legacy-bios", "uefi") and supported and boot not in supported:
        refuse("InvalidParameterCombination", f"Instance type '{name}' does not support the boot mode '{boot}'.")
    allowed = getattr(instance, "marketplace_types", None)
    if allowed is not None and name not in allowed:
        refuse(
            "UnsupportedOperation",
            "The instance configuration for this AWS Marketplace product is not supported. Please see "
            "https://aws.amazon.com/marketplace/ for more details about supported instance types, regions, and operating "
            "systems.",
        )
    if len(instance.nics) > network.get("MaximumNetworkInterfaces", len(instance.nics)):
        refuse(
            "AttachmentLimitExceeded",
            f"Interface count {len(instance.nics)} exceeds the limit for {name}",
        )
    most = network.get("Ipv4AddressesPerInterface", 1000)
    if any(len(getattr(nic, "private_ip_addresses", [])) > most for nic in instance.nics.values()):
        refuse(
            "InvalidInterface.IpAddressLimitExceeded",
            f"The number of private IPv4 addresses of an interface exceeds the limit for {name}",
        )
    if len(instance.block_device_mapping) > volumes.get("MaximumEbsAttachments", 1000):
        refuse("AttachmentLimitExceeded", f"The number of volumes exceeds the limit for {name}")
    if instance.placement.tenancy == "host" and name.startswith("t3"):
        refuse("UnsupportedTenancy", f"The tenancy 'host' is not supported for the instance type '{name}'.")
