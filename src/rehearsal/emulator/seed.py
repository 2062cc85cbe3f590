"""What the account has at first, as a world file says it: hosts, databases, balancers, certificates, zones, buckets.

It is made through moto's models, not the API: no call is counted and nothing ticks. With a body in charge instances
are ``pending`` until the body reports that their hosts run.
"""

import json
from typing import NamedTuple

from moto.acm.models import acm_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import InstanceState
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends
from moto.s3.models import s3_backends

import ec2
from state import LAGGING_TAGS, VEILS, BadRequest, completed

EVERYWHERE = "0.0.0.0/0"
INSIDE = "10.77.0.0/16"
#: What is made; each is a mapping by name but the region, the key pair, the buckets and the certificates.
PARTS = ("region", "key", "buckets", "groups", "hosts", "databases", "certificates", "balancers", "zones")
#: The groups of hosts and databases that name none.
OWN_GROUPS = {
    "hosts": [{"from": INSIDE}, {"port": 22, "from": EVERYWHERE}],
    "databases": [{"port": 3306, "from": INSIDE}],
}
#: A key whose private half was thrown away: how a host is entered is the body's business.
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0+SiC5+DESuJeK4oB13Rd2n0mq7RzJggqxe0M46Y0c operator@lab"
ASSUME_BY_EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def create(wanted):
    """Makes it all and answers the ids: ``wanted`` is PARTS, in the shapes of `world/account.rs`."""
    if unknown := set(wanted) - set(PARTS):
        raise BadRequest(400, f"the seed knows no {', '.join(sorted(unknown))}; it knows {', '.join(PARTS)}")
    region, account, key = wanted.get("region", "us-east-1"), DEFAULT_ACCOUNT_ID, wanted.get("key", "operator")
    compute = ec2_backends[account][region]
    if key in compute.key_pairs:
        raise BadRequest(409, 'the account is seeded already: POST /plus/reset {"account": true} empties it')
    vpc, subnets = network(compute, region)
    hosts, databases = wanted.get("hosts", {}), wanted.get("databases", {})
    groups = security_groups(compute, vpc.id, own_groups(hosts, databases) | wanted.get("groups", {}))
    compute.import_key_pair(key, PUBLIC_KEY, {})
    place = Place(account, region, compute, vpc.id, subnets, groups, key)
    made = {name: host_of(place, name, host) for name, host in hosts.items()}
    stores = {name: database_of(place, name, database) for name, database in databases.items()}
    certificates = {name: certificate_of(place, name) for name in wanted.get("certificates", [])}
    fronts = {
        name: balancer(place, name, front, made, certificates) for name, front in wanted.get("balancers", {}).items()
    }
    zones = {name: zone_of(place, name, records, made, fronts) for name, records in wanted.get("zones", {}).items()}
    for name in wanted.get("buckets", []):
        bucket(account, region, name)
    completed("elbv2", "acm")  # it has all been there for long
    VEILS.clear()
    LAGGING_TAGS.clear()
    return {
        "region": region,
        "account": account,
        "vpc": vpc.id,
        "subnets": {letter: subnet.id for letter, subnet in subnets.items()},
        "key_name": key,
        "groups": {name: group.id for name, group in groups.items()},
        "hosts": {name: seen_host(place, host) for name, host in made.items()},
        "databases": {name: store.address for name, store in stores.items()},
        "certificates": certificates,
        "balancers": {
            name: {"arn": front.arn, "dns_name": front.dns_name, "target_group": group.arn}
            for name, (front, group) in fronts.items()
        },
        "zones": {name: zone.resource_id for name, zone in zones.items()},
    }


class Place(NamedTuple):
    """Where things are made."""

    account: str
    region: str
    compute: object
    vpc: str
    subnets: dict
    groups: dict
    key: str


def own_groups(hosts, databases):
    """The groups of those that name none."""
    lacking = {
        "hosts": any(not host.get("groups") for host in hosts.values()),
        "databases": any(not database.get("groups") for database in databases.values()),
    }
    return {name: rules for name, rules in OWN_GROUPS.items() if lacking[name]}


def seen_host(place, host):
    address = next((a for a in place.compute.addresses if a.instance_id == host.id), None)
    return {
        "instance": host.id,
        "image": host.image_id,
        "address": host.private_ip,
        "public": host.public_ip,
        "allocation": address.allocation_id if address else None,
    }


def network(compute, region):
    """10.77.0.0/16 with a public subnet in each of two zones: the main route table leads to an internet gateway."""
    vpc = compute.create_vpc("10.77.0.0/16", tags=[{"Key": "Name", "Value": "nextcloud"}])
    gateway = compute.create_internet_gateway()
    compute.attach_internet_gateway(gateway.id, vpc.id)
    main = compute.describe_route_tables(filters={"vpc-id": [vpc.id]})[0]
    compute.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)
    first, second = sorted(zone.name for zone in RegionsAndZonesBackend.zones[region])[:2]
    subnets = {}
    for letter, zone, cidr in (("a", first, "10.77.1.0/24"), ("b", second, "10.77.2.0/24")):
        subnet = compute.create_subnet(vpc.id, cidr, availability_zone=zone)
        compute.modify_subnet_attribute(subnet.id, "map_public_ip_on_launch", True)
        compute.associate_route_table(route_table_id=main.id, subnet_id=subnet.id)
        subnet.add_tags({"Name": f"public-{letter}"})
        subnets[letter] = subnet
    return vpc, subnets


def security_groups(compute, vpc_id, wanted):
    """Groups by name, each with who may come in: on a port or on all, from a group or a range."""
    made = {
        name: compute.create_security_group(name, f"{name} of a world", vpc_id=vpc_id, tags={"Name": name})
        for name in wanted
    }
    for name, rules in wanted.items():
        for rule in rules:
            source, port = rule["from"], str(rule["port"]) if "port" in rule else None
            of_group = [{"GroupId": made[source].id, "OwnerId": compute.account_id}] if source in made else []
            ranges = [] if of_group else [{"CidrIp": source}]
            compute.authorize_security_group_ingress(
                made[name].id, "tcp" if port else "-1", port, port, ranges, source_groups=of_group
            )
    return made


def instance_profile(account, name):
    backend = iam_backends[account]["aws"]
    if name not in backend.instance_profiles:
        backend.create_role(name, ASSUME_BY_EC2, "/", None, "what hosts of a world may do", [], None)
        backend.create_instance_profile(name, "/", [name])
    return backend.instance_profiles[name]


def host_of(place, name, wanted):
    """A server, launched long ago from an image of its own."""
    compute, groups = place.compute, wanted.get("groups") or ["hosts"]
    image = compute.register_image(f"{name}-base", f"what {name} was launched from")
    image.ebs_snapshot.volume.size = wanted.get("disk_gib", 20)
    image.ebs_snapshot.volume.volume_type = "gp3"
    tags = {"Name": name, **wanted.get("tags", {})}
    reservation = compute.run_instances(
        image.id,
        1,
        None,
        [],
        instance_type=wanted.get("type", "t3.medium"),
        is_instance_type_default=False,
        placement=None,
        region_name=place.region,
        subnet_id=place.subnets[wanted.get("subnet", "a")].id,
        key_name=place.key,
        security_group_ids=[place.groups[group].id for group in groups],
        nics=[],
        associate_public_ip=None,
        tags={"instance": dict(tags), "volume": dict(tags)},
        metadata_options={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    )
    host = reservation.instances[0]
    if profile := wanted.get("profile"):
        name_of_it = instance_profile(place.account, profile).name
        compute.associate_iam_instance_profile(host.id, iam_instance_profile_name=name_of_it)
    ec2.has_long_been_up(host)
    if wanted.get("elastic_ip"):
        address = compute.allocate_address("vpc", tags={"Name": name})
        compute.associate_address(instance=host, allocation_id=address.allocation_id)
    return host


def certificate_of(place, name):
    """An issued certificate in ACM; what it is signed by is the body's business."""
    backend = acm_backends[place.account][place.region]
    arn = backend.request_certificate(name, None, [], [])
    certificate = backend._certificates[arn]
    certificate.status, certificate.validating = "ISSUED", True
    return arn


def balancer(place, name, front, hosts, certificates):
    """An internet-facing Application Load Balancer that forwards to some of the hosts: what it gets on port 80 or, where it
    has a certificate, on port 443."""
    compute, backend = place.compute, elbv2_backends[place.account][place.region]
    group = compute.create_security_group(f"{name}-balancer", "a balancer of a world", vpc_id=place.vpc)
    certificate = certificates[front["certificate"]] if front.get("certificate") else None
    port, protocol = ("443", "HTTPS") if certificate else ("80", "HTTP")
    compute.authorize_security_group_ingress(group.id, "tcp", port, port, [{"CidrIp": EVERYWHERE}])
    made = backend.create_load_balancer(name, [group.id], [subnet.id for subnet in place.subnets.values()], tags=[])
    targets = backend.create_target_group(
        name,
        protocol=front["protocol"],
        protocol_version="HTTP1",
        port=str(front["port"]),
        vpc_id=place.vpc,
        target_type="instance",
        healthcheck_enabled="true",
        healthcheck_protocol=front["protocol"],
        healthcheck_port="traffic-port",
        healthcheck_path=front["health"],
        healthcheck_interval_seconds=10,
        healthcheck_timeout_seconds=5,
        healthy_threshold_count=2,
        unhealthy_threshold_count=2,
        matcher={"HttpCode": "200"},
        tags=[],
    )
    policy = "ELBSecurityPolicy-TLS13-1-2-2021-06" if certificate else None
    forward = [{"Type": "forward", "TargetGroupArn": targets.arn}]
    backend.create_listener(made.arn, protocol, port, policy, certificate, forward)
    backend.modify_target_group_attributes(targets.arn, {"deregistration_delay.timeout_seconds": "10"})
    for host in front["hosts"]:
        # It ran when it was registered, also where its body is still to come.
        state, hosts[host]._state = hosts[host]._state, InstanceState("running", 16)
        backend.register_targets(targets.arn, [{"Id": hosts[host].id}])
        hosts[host]._state = state
    return made, targets


def database_of(place, name, wanted):
    backend = rds_backends[place.account][place.region]
    subnets = list(place.subnets.values())
    if "lab" not in backend.subnet_groups:
        backend.create_subnet_group("lab", "two zones", subnets, [])
    groups = wanted.get("groups") or ["databases"]
    return backend.create_db_instance(
        {
            "db_instance_identifier": name,
            "db_instance_class": wanted.get("class", "db.t3.medium"),
            "engine": wanted.get("engine", "mariadb"),
            "engine_version": wanted.get("version", "10.11.8"),
            "allocated_storage": wanted.get("storage_gib", 20),
            "storage_type": "gp3",
            "master_username": "admin",
            "master_user_password": "rehearsal-only",
            "multi_az": False,
            "availability_zone": subnets[0].availability_zone,
            "db_subnet_group_name": "lab",
            "vpc_security_group_ids": [place.groups[group].id for group in groups],
            "tags": [{"Key": "Name", "Value": name}],
        }
    )


def zone_of(place, name, records, hosts, fronts):
    """A public zone; a record has values, or is the public address of a host, or an alias of a balancer."""
    backend = route53_backends[place.account]["aws"]
    zone = backend.create_hosted_zone(name.rstrip(".") + ".", private_zone=False)
    for record in records:
        made = {"Name": record["name"], "Type": record.get("type", "A")}
        if "balancer" in record:
            front = fronts[record["balancer"]][0]
            target = {"HostedZoneId": front.canonical_hosted_zone_id, "DNSName": front.dns_name}
            made["AliasTarget"] = {**target, "EvaluateTargetHealth": False}
        else:
            values = [hosts[record["host"]].public_ip] if "host" in record else record["values"]
            made |= {"TTL": record.get("ttl", 60), "ResourceRecords": [{"Value": value} for value in values]}
        backend.change_resource_record_sets(zone.resource_id, [{"Action": "CREATE", "ResourceRecordSet": made}])
    return zone


def bucket(account, region, name):
    """Open to anonymous requests, as for the VPC's endpoint: the hosts keep their files here without keys."""
    backend = s3_backends[account]["aws"]
    backend.create_bucket(name, region)
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*"}
    backend.put_bucket_policy(name, json.dumps({"Version": "2012-10-17", "Statement": [anybody]}).encode())
