"""The account as one JSON document, for the body: what hosts, balancers, names and certificates there should be.

It is read ten times a second, so it goes through moto's models directly: no call is counted and nothing ticks. It spans
all regions that were used, of one account, and leaves out what is not the account's own: moto's default images and
default VPC do not appear but for its default security group.
"""

import json

from moto.acm.models import acm_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends

import rds
import targets
from images import snapshots_of
from state import TROUBLES

_version, _last = 0, ""


def render():
    """The document as text. ``version`` grows by one whenever anything else in it differs from the last rendering."""
    global _version, _last
    text = json.dumps(document())
    if text != _last:
        _version, _last = _version + 1, text
    return f'{{"version": {_version}, {text[1:]}'


def document():
    account = DEFAULT_ACCOUNT_ID
    computes = list(ec2_backends[account].values())
    balancing = list(elbv2_backends[account].values())
    return {
        "instances": [instance(b, i) for b in computes for r in b.reservations.values() for i in r.instances],
        "images": [image(b, i) for b in computes for i in b.amis.values() if i.owner_id == account],
        "snapshots": [
            {"id": s.id, "tags": tags_of(b, s.id)}
            for b in computes
            for s in b.snapshots.values()
            if s.owner_id == account
        ],
        "addresses": [address(a) for b in computes for a in b.addresses],
        "security_groups": [group(b, g) for b in computes for gs in b.groups.values() for g in gs.values()],
        "db_instances": [database(d) for b in rds_backends[account].values() for d in b.databases.values()],
        "db_snapshots": [
            snapshot(s)
            for b in rds_backends[account].values()
            for s in b.database_snapshots.values()
            if s.snapshot_type == "manual"
        ],
        "load_balancers": [balancer(b, x) for b in balancing for x in b.load_balancers.values()],
        "target_groups": [target_group(b, g) for b in balancing for g in b.target_groups.values()],
        "certificates": [certificate(c) for b in acm_backends[account].values() for c in b._certificates.values()],
        "zones": [zone(z) for b in route53_backends[account].values() for z in b.zones.values()],
        "troubles": list(TROUBLES),
    }


def tags_of(backend, resource_id):
    return dict(backend.tags.get(resource_id, {}))


def instance(backend, i):
    tags = tags_of(backend, i.id)
    profile = backend.iam_instance_profile_associations.get(i.id)
    return {
        "id": i.id,
        "state": i.state,
        "state_reason": i.state_reason.code or None,
        "image_id": i.image_id,
        "type": i.instance_type,
        "subnet_id": i.subnet_id,
        "az": i.availability_zone,
        "private_ip": i.private_ip,
        "public_ip": i.public_ip,
        "name": tags.get("Name"),
        "tags": tags,
        "launched_from": i.image_id,
        "key_name": i.key_name,
        "profile": profile.iam_instance_profile.name if profile else None,
        "security_groups": sorted({group.id for interface in i.nics.values() for group in interface.group_set}),
    }


def image(backend, i):
    return {
        "id": i.id,
        "name": i.name,
        "state": i.state,
        "source_instance": i.instance_id,
        "snapshot_ids": [snapshot.id for snapshot in snapshots_of(i).values()],
        "tags": tags_of(backend, i.id),
    }


def address(a):
    return {"public_ip": a.public_ip, "allocation_id": a.allocation_id, "instance_id": a.instance_id or None}


def group(backend, g):
    return {
        "id": g.id,
        "name": g.name,
        "vpc_id": g.vpc_id,
        "tags": tags_of(backend, g.id),
        "ingress": [
            {
                "protocol": rule.ip_protocol,
                "from": None if rule.from_port is None else int(rule.from_port),
                "to": None if rule.to_port is None else int(rule.to_port),
                "cidrs": [c for c in (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6")) if c],
                "groups": [rule.source_group["GroupId"]] if rule.source_group.get("GroupId") else [],
            }
            for rule in g.ingress_rules
        ],
    }


def database(d):
    return {
        "id": d.db_instance_identifier,
        "status": d.status,
        "class": d.db_instance_class,
        "endpoint": d.address,
        "address": rds.address_of(d),
        "boots": rds.boots_of(d),
        "security_groups": list(d.vpc_security_group_ids or []),
        "multi_az": bool(d.multi_az),
        "secondary_az": getattr(d, "secondary_availability_zone", None),
        "pending": dict(getattr(d, "pending_modified_values", None) or {}),
    }


def snapshot(s):
    return {
        "id": s.db_snapshot_identifier,
        "db": s.db_instance_identifier,
        "status": s.status,
        "tags": {tag["Key"]: tag["Value"] for tag in s.tags},
    }


def tags_of_arn(backend, arn):
    return backend.tagging_service.get_tag_dict_for_resource(arn)


def balancer(backend, b):
    return {
        "arn": b.arn,
        "name": b.name,
        "dns_name": b.dns_name,
        "state": b.state,
        "subnets": [subnet.id for subnet in b.subnets],
        "security_groups": list(b.security_groups or []),
        "tags": tags_of_arn(backend, b.arn),
        "attributes": {key: str(value) for key, value in b.attrs.items()},
        "listeners": [
            {
                "arn": listener.arn,
                "port": int(listener.port),
                "protocol": listener.protocol,
                "certificates": list(listener.certificates),
                "default_actions": [action.data for action in listener.default_actions],
                "rules": [
                    {
                        "priority": int(rule.priority),
                        "conditions": rule.conditions,
                        "actions": [action.data for action in rule.actions],
                    }
                    for rule in sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
                ],
            }
            for listener in b.listeners.values()
        ],
    }


def target_group(backend, g):
    matcher = getattr(g, "matcher", None) or {}
    return {
        "arn": g.arn,
        "name": g.name,
        "protocol": g.protocol,
        "port": int(g.port) if g.port else None,
        "vpc_id": g.vpc_id,
        "tags": tags_of_arn(backend, g.arn),
        "health_check": {
            "path": g.health_check_path,
            "port": str(g.health_check_port),
            "protocol": g.health_check_protocol,
            "interval": int(g.health_check_interval_seconds),
            "timeout": int(g.health_check_timeout_seconds),
            "healthy": int(g.healthy_threshold_count),
            "unhealthy": int(g.unhealthy_threshold_count),
            "matcher": matcher.get("HttpCode"),
        },
        "attributes": {key: str(value) for key, value in g.attributes.items()},
        "targets": [
            {"id": t["Id"], "port": int(t["Port"]), "registration": targets.registrations(g).get(t["Id"], 1)}
            for t in g.targets.values()
        ],
    }


def certificate(c):
    return {
        "arn": c.arn,
        "domain": c.common_name,
        "status": c.status,
        "in_use_by": c.in_use_by,
        "tags": dict(c.tags),
    }


def zone(z):
    return {"id": z.resource_id, "name": z.name, "private": z.private_zone, "records": [record(r) for r in z.rrsets]}


def record(r):
    alias = r.alias_target
    return {
        "name": r.name,
        "type": r.type,
        "ttl": int(r.ttl) if r.ttl is not None else None,
        "values": list(r.records or []),
        "alias": {"dns_name": alias["DNSName"], "zone_id": alias["HostedZoneId"]} if alias else None,
        "set_identifier": r.set_identifier,
    }
