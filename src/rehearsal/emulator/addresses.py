"""Public addresses and network interfaces: TEST-NET-2, kept or changed over a stop as AWS does.

moto draws public addresses at random from ranges that belong to somebody (54.214/16) or to the loopback (127/8), twice
the same one now and then, and *loses an Elastic IP when its instance stops*. On AWS an Elastic IP stays with the
interface; an auto-assigned address is given up at each stop and another one drawn at each start. The last point is
what makes remembering an address a mistake, so a freed address is the last to be drawn again.
"""

import ipaddress

import moto.ec2.models.elastic_ip_addresses as elastic
import moto.ec2.models.elastic_network_interfaces as interfaces
from moto.ec2.models import ec2_backends

from state import refuse

#: RFC 5737 TEST-NET-2: routed nowhere. The first ten are left for the lab's own use.
POOL = [str(host) for host in ipaddress.ip_network("198.51.100.0/24").hosts()][10:]
_cursor = 0

NetworkInterface = interfaces.NetworkInterface
_moto_stop = NetworkInterface.stop
_moto_check_auto = NetworkInterface.check_auto_public_ip
_moto_filter_value = NetworkInterface.get_filter_value


def _in_use():
    for regions in ec2_backends.values():
        for backend in regions.values():
            yield from (interface.public_ip for interface in backend.enis.values())
            yield from (address.public_ip for address in backend.addresses)


def draw():
    """The next free public address, round robin."""
    global _cursor
    taken = set(_in_use())
    for _ in POOL:
        address = POOL[_cursor % len(POOL)]
        _cursor += 1
        if address not in taken:
            return address
    return refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")


def reset():
    global _cursor
    _cursor = 0


def elastic_ip_of(interface):
    """The Elastic IP associated with the interface, or None."""
    return next((a for a in interface.ec2_backend.addresses if a.eni is interface), None)


def stop(self):
    if elastic_ip_of(self) is None:
        _moto_stop(self)


def check_auto_public_ip(self):
    address = elastic_ip_of(self)
    if address is None:
        _moto_check_auto(self)
    else:
        self.public_ip = address.public_ip


def give_up(interface):
    """The end of an interface: its Elastic IP stays allocated without it, its private address is free again."""
    address = elastic_ip_of(interface)
    if address is not None:
        address.instance = address.eni = address.association_id = None
    interface.public_ip = None
    interface.ec2_backend.enis.pop(interface.id, None)
    interface.subnet.del_subnet_ip(interface.private_ip_address)


def filter_value(self, filter_name, method_name=None):
    """Filters an operator uses to find who holds a security group, and that moto answers with HTTP 500 or in part."""
    if filter_name == "group-id":
        return [group.id for group in self.group_set]
    simple = {
        "status": self.status,
        "interface-type": self.interface_type,
        "requester-id": self.requester_id,
        "requester-managed": str(self.requester_managed).lower(),
        "association.public-ip": self.public_ip,
    }
    if filter_name in simple:
        return simple[filter_name]
    return _moto_filter_value(self, filter_name, method_name)


def install():
    elastic.random_ip = draw
    interfaces.random_public_ip = draw
    NetworkInterface.stop = stop
    NetworkInterface.check_auto_public_ip = check_auto_public_ip
    NetworkInterface.get_filter_value = filter_value
