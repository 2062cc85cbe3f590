"""Route 53: a batch is judged as a whole, and is PENDING before it is INSYNC.

moto judges a change by a journal of earlier ones instead of by what is in the zone: CREATE after DELETE of the same
record is refused, CREATE of an existing name with another value makes a second set, DELETE compares with history, a
CNAME may stand beside an A. Every change has one constant id and is in sync at once, unknown ids too. So the batch is
carried out here.

Not covered: the other routing policies than by set identifier, health checks, private zones' resolution, DNSSEC.
"""

import hashlib
import ipaddress
import random

import moto.route53.models as models
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.responses import Route53
from moto.route53.utils import validate_domain_name

from elbv2 import canonical_zone
from state import DNS_CHANGES, Wait, paced, refuse, ticks

Backend = models.Route53Backend
_moto_change_response = Route53.change_resource_record_sets
_moto_create_zone_response = Route53.create_hosted_zone
_moto_zones_by_vpc = Route53.list_hosted_zones_by_vpc
_moto_create_zone = Backend.create_hosted_zone


def canonical(name):
    return name.rstrip(".").lower() + "."


def key_of(record):
    return record.name, record.type, record.set_identifier


def content_of(record):
    """What DELETE must name exactly."""
    alias = record.alias_target or {}
    ttl = int(record.ttl) if record.ttl is not None else None
    return ttl, sorted(record.records or []), alias.get("DNSName"), alias.get("HostedZoneId")


def parsed(record_set):
    """A record from the request's, as Route 53 keeps it: lower case, with the dot at the end, values as strings."""
    kept = dict(record_set, Name=canonical(record_set["Name"]))
    values = record_set.get("ResourceRecords")
    if values:
        kept["ResourceRecords"] = [str(v["Value"] if isinstance(v, dict) else v) for v in values]
    if record_set.get("AliasTarget"):
        alias = record_set["AliasTarget"]
        kept["AliasTarget"] = dict(alias, DNSName=canonical(alias["DNSName"]))
    return models.RecordSet(kept)


def invalid(message):
    refuse("InvalidChangeBatch", f"[{message}]")


def change_resource_record_sets(self, zoneid, change_list):
    zone = self.get_hosted_zone(zoneid)
    records = {key_of(record): record for record in zone.rrsets}
    for change in change_list:
        validate_domain_name(change["ResourceRecordSet"]["Name"], code="InvalidChangeBatch")
        record, action = parsed(change["ResourceRecordSet"]), change["Action"]
        described = f"[name='{record.name}', type='{record.type}']"
        if action == "DELETE":
            delete(zone, records, record, described)
            continue
        if action == "CREATE" and key_of(record) in records:
            invalid(f"Tried to create resource record set {described} but it already exists")
        check_record(zone, record)
        check_neighbours(zone, records, record)
        records[key_of(record)] = record
    zone.rrsets = list(records.values())


def delete(zone, records, record, described):
    existing = records.get(key_of(record))
    if existing is None:
        invalid(f"Tried to delete resource record set {described} but it was not found")
    if content_of(existing) != content_of(record):
        invalid(
            f"Tried to delete resource record set {described} but the values provided do not match the current values"
        )
    if record.name == canonical(zone.name) and record.type in ("SOA", "NS"):
        invalid(f"A HostedZone must contain its {record.type} record")
    del records[key_of(record)]


def check_record(zone, record):
    zone_name = canonical(zone.name)
    if record.name != zone_name and not record.name.endswith(f".{zone_name}"):
        invalid(f"RRSet with DNS name {record.name} is not permitted in zone {zone_name}")
    parse = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(record.type)
    for value in record.records or []:
        try:
            if parse is not None:
                parse(value)
        except ValueError:
            invalid(f"Invalid Resource Record: 'FATAL problem: invalid address' (Value is not valid) in '{value}'")
    alias = record.alias_target
    if alias and ".elb." in alias["DNSName"]:
        region = alias["DNSName"].split(".")[-5]
        if alias["HostedZoneId"] != canonical_zone(region):
            invalid(
                f"Tried to create an alias that targets {alias['DNSName']}, type {record.type} in zone "
                f"{alias['HostedZoneId']}, but the alias target name does not lie within the target zone"
            )


def check_neighbours(zone, records, record):
    """A CNAME stands alone and not at the apex; a simple set does not stand beside one with an identifier."""
    zone_name = canonical(zone.name)
    same_name = [r for r in records.values() if r.name == record.name]
    if record.type == "CNAME" and (record.name == zone_name or any(r.type != "CNAME" for r in same_name)):
        invalid(
            f"RRSet of type CNAME with DNS name {record.name} is not permitted as it conflicts with other records with "
            f"the same DNS name in zone {zone_name}"
        )
    if record.type != "CNAME" and any(r.type == "CNAME" for r in same_name):
        invalid(
            f"RRSet of type {record.type} with DNS name {record.name} is not permitted because a conflicting RRSet of "
            f"type CNAME with the same DNS name already exists in zone {zone_name}"
        )
    same_type = [r for r in same_name if r.type == record.type]
    if any((r.set_identifier is None) != (record.set_identifier is None) for r in same_type):
        invalid(
            f"RRSet with DNS name {record.name}, type {record.type} cannot be created as a non multivalue answer rrset "
            "exists with the same name and type"
        )


def name_servers(zones):
    """Four names of the form that Route 53's have, one in each of four domains, and none of another zone's; moto gives every
    zone the same."""
    taken = {server for zone in zones for server in zone.delegation_set.name_servers}
    drawn = []
    for index, domain in enumerate(("com", "net", "org", "co.uk")):
        every = [f"ns-{512 * index + n}.awsdns-{n // 8:02}.{domain}" for n in range(512)]
        drawn.append(random.choice([server for server in every if server not in taken]))
    return drawn


def create_hosted_zone(self, *args, **kwargs):
    """moto's own SOA and NS are not in the form of the other records: the SOA is listed as text of a dictionary."""
    zone = _moto_create_zone(self, *args, **kwargs)
    if not zone.delegation_set.id:
        servers = name_servers(self.zones.values())
        zone.delegation_set.name_servers = servers
        for record in zone.rrsets:
            if record.type == "NS":
                record.records = list(servers)
            else:
                record.records = [{"Value": f"{servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}]
    del self.zones[zone.resource_id]
    zone.resource_id = "Z" + zone.resource_id[1:]  # every zone's id begins so
    self.zones[zone.resource_id] = zone
    for record in zone.rrsets:
        record.name = canonical(record.name)
        record.records = [str(v["Value"] if isinstance(v, dict) else v) for v in record.records]
        if record.type == "NS":
            record.records = [canonical(value) for value in record.records]
    return zone


# --- changes -----------------------------------------------------------------------------------------------------


def change_response(self):
    answer = _moto_change_response(self)
    number = len(DNS_CHANGES) + 1
    change_id = "C" + hashlib.sha1(f"change {number}".encode()).hexdigest()[:13].upper()
    DNS_CHANGES[change_id] = Wait("dns")
    info = answer.result["ChangeInfo"]
    info["Id"] = f"/change/{change_id}"
    info["Status"] = "PENDING" if ticks("dns") or paced("dns") else "INSYNC"
    return answer


def get_change(self):
    change_id = (self._get_param("Id") or "").rpartition("/")[2]
    if change_id not in DNS_CHANGES:
        refuse("NoSuchChange", f"A change with the specified change ID does not exist: {change_id}")
    status = "PENDING" if DNS_CHANGES[change_id].goes_on() else "INSYNC"
    return ActionResult({"ChangeInfo": {"Id": f"/change/{change_id}", "Status": status, "SubmittedAt": utcnow()}})


def zones_by_vpc(self):
    """moto leaves out how many a page may hold, which AWS always says."""
    answer = _moto_zones_by_vpc(self)
    answer.result["MaxItems"] = self._get_param("MaxItems") or "100"
    return answer


def create_zone_response(self):
    """moto leaves the delegation set out of a private zone's answer, where AWS's model requires it."""
    answer = _moto_create_zone_response(self)
    if answer.result.get("DelegationSet") is None:
        answer.result["DelegationSet"] = {"NameServers": ["ns-0.awsdns-00.com"]}
    return answer


def install():
    Route53.create_hosted_zone = create_zone_response
    Route53.list_hosted_zones_by_vpc = zones_by_vpc
    Backend.change_resource_record_sets = change_resource_record_sets
    Backend.create_hosted_zone = create_hosted_zone
    Route53.change_resource_record_sets = change_response
    Route53.get_change = get_change
