"""The account of before the cutover: one web server with an Elastic IP, a single-AZ database, a name, a bucket.

It is made through moto's models, not the API: no call is counted and nothing ticks. With a body in charge the instance
is ``pending`` until the body reports that its host runs.
"""

import json

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
from state import LAGGING_TAGS, VEILS, BadRequest

DEFAULTS = {
    "region": "us-east-1",
    "fqdn": "cloud.nextcloud.example",
    "zone": "nextcloud.example",
    "ttl": 60,
    "name": "nextcloud-web-1",
    "owner": "nextcloud",
    "instance_type": "t3.medium",
    "root_gib": 20,
    "key_name": "nextcloud",
    "db": "nextcloud-db",
    "db_class": "db.t3.medium",
    "db_engine": "mariadb",
    "db_engine_version": "10.11.8",
    "bucket": "nextcloud-files",
}

PROFILE = "nextcloud-web"
EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]
#: A key whose private half was thrown away: how a host is entered is the body's business.
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0+SiC5+DESuJeK4oB13Rd2n0mq7RzJggqxe0M46Y0c nextcloud-rehearsal"
ASSUME_BY_EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def create(overrides):
    """Makes it all and answers the ids.

    ``overrides``: any of DEFAULTS, ``hosts``, names of further servers, and ``balancers`` before these, by name.
    """
    hosts, balancers = overrides.pop("hosts", []), overrides.pop("balancers", {})
    unknown = set(overrides) - set(DEFAULTS)
    if unknown:
        raise BadRequest(400, f"the seed knows no {', '.join(sorted(unknown))}; it knows {', '.join(DEFAULTS)}")
    wanted = {**DEFAULTS, **overrides}
    region, account = wanted["region"], DEFAULT_ACCOUNT_ID
    if PROFILE in iam_backends[account]["aws"].instance_profiles:
        raise BadRequest(409, 'the account is seeded already: POST /plus/reset {"account": true} empties it')
    compute = ec2_backends[account][region]
    vpc, subnets = network(compute, region)
    web, for_database = security_groups(compute, vpc.id)
    compute.import_key_pair(wanted["key_name"], PUBLIC_KEY, {})
    profile = instance_profile(account)
    instance = web_server(compute, wanted, subnets["a"], web, profile)
    ec2.has_long_been_up(instance)
    address = compute.allocate_address("vpc", tags={"Name": wanted["name"]})
    compute.associate_address(instance=instance, allocation_id=address.allocation_id)
    database = database_of(account, region, wanted, list(subnets.values()), for_database)
    zone = zone_of(account, wanted, address.public_ip)
    bucket(account, region, wanted["bucket"])
    plain = plain_hosts(compute, wanted, hosts, vpc.id, subnets["a"])
    fronts = {
        name: balancer(account, region, name, front, plain, vpc.id, list(subnets.values()))
        for name, front in balancers.items()
    }
    VEILS.clear()  # it has all been there for long
    LAGGING_TAGS.clear()
    return {
        "region": region,
        "account": account,
        "vpc": vpc.id,
        "subnets": {letter: subnet.id for letter, subnet in subnets.items()},
        "instance": instance.id,
        "private_ip": instance.private_ip,
        "public_ip": address.public_ip,
        "db": database.db_instance_identifier,
        "db_endpoint": database.address,
        "zone": zone.resource_id,
        "fqdn": wanted["fqdn"],
        "bucket": wanted["bucket"],
        "web_group": web.id,
        "key_name": wanted["key_name"],
        "allocation_id": address.allocation_id,
        "hosts": {name: {"instance": host.id, "address": host.private_ip} for name, host in plain.items()},
        "balancers": {
            name: {"arn": front.arn, "dns_name": front.dns_name, "target_group": group.arn}
            for name, (front, group) in fronts.items()
        },
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


def security_groups(compute, vpc_id):
    """The web servers' group, open for SSH and HTTP(S), and the database's, open for the web servers."""
    web = compute.create_security_group("nextcloud-web", "web servers", vpc_id=vpc_id, tags={"Name": "nextcloud-web"})
    for port in ("22", "80", "443"):
        compute.authorize_security_group_ingress(web.id, "tcp", port, port, [dict(r) for r in EVERYWHERE])
    database = compute.create_security_group("nextcloud-db", "database", vpc_id=vpc_id, tags={"Name": "nextcloud-db"})
    compute.authorize_security_group_ingress(
        database.id, "tcp", "3306", "3306", [], source_groups=[{"GroupId": web.id, "OwnerId": compute.account_id}]
    )
    return web, database


def instance_profile(account):
    backend = iam_backends[account]["aws"]
    backend.create_role(PROFILE, ASSUME_BY_EC2, "/", None, "what the web servers may do", [], None)
    return backend.create_instance_profile(PROFILE, "/", [PROFILE])


def launched(compute, wanted, image, subnet, group, tags):
    reservation = compute.run_instances(
        image.id,
        1,
        None,
        [],
        instance_type=wanted["instance_type"],
        is_instance_type_default=False,
        placement=None,
        region_name=wanted["region"],
        subnet_id=subnet.id,
        key_name=wanted["key_name"],
        security_group_ids=[group.id],
        nics=[],
        associate_public_ip=None,
        tags={"instance": dict(tags), "volume": dict(tags)},
        metadata_options={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    )
    return reservation.instances[0]


def web_server(compute, wanted, subnet, group, profile):
    image = compute.register_image(f"{wanted['name']}-base", "what the first web server was launched from")
    image.ebs_snapshot.volume.size, image.ebs_snapshot.volume.volume_type = wanted["root_gib"], "gp3"
    instance = launched(compute, wanted, image, subnet, group, {"Name": wanted["name"], "Owner": wanted["owner"]})
    compute.associate_iam_instance_profile(instance.id, iam_instance_profile_name=profile.name)
    return instance


def plain_hosts(compute, wanted, names, vpc_id, subnet):
    """Servers with nothing on them but the base system, open to each other and for SSH."""
    if not names:
        return {}
    group = compute.create_security_group("hosts", "hosts of a world", vpc_id=vpc_id, tags={"Name": "hosts"})
    compute.authorize_security_group_ingress(group.id, "-1", None, None, [{"CidrIp": "10.77.0.0/16"}])
    compute.authorize_security_group_ingress(group.id, "tcp", "22", "22", [dict(r) for r in EVERYWHERE])
    image = compute.register_image("hosts-base", "what hosts of a world are launched from")
    hosts = {}
    for name in names:
        hosts[name] = launched(compute, wanted, image, subnet, group, {"Name": name})
        ec2.has_long_been_up(hosts[name])
    return hosts


def balancer(account, region, name, front, hosts, vpc_id, subnets):
    """An internet-facing Application Load Balancer that listens on port 80 and forwards to some of the hosts."""
    compute, backend = ec2_backends[account][region], elbv2_backends[account][region]
    group = compute.create_security_group(f"{name}-balancer", "a balancer of a world", vpc_id=vpc_id)
    compute.authorize_security_group_ingress(group.id, "tcp", "80", "80", [dict(r) for r in EVERYWHERE])
    made = backend.create_load_balancer(name, [group.id], [subnet.id for subnet in subnets], tags=[])
    targets = backend.create_target_group(
        name,
        protocol=front["protocol"],
        protocol_version="HTTP1",
        port=str(front["port"]),
        vpc_id=vpc_id,
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
    backend.create_listener(made.arn, "HTTP", "80", None, None, [{"Type": "forward", "TargetGroupArn": targets.arn}])
    backend.modify_target_group_attributes(targets.arn, {"deregistration_delay.timeout_seconds": "10"})
    for host in front["hosts"]:
        # It ran when it was registered, also where its body is still to come.
        state, hosts[host]._state = hosts[host]._state, InstanceState("running", 16)
        backend.register_targets(targets.arn, [{"Id": hosts[host].id}])
        hosts[host]._state = state
    return made, targets


def database_of(account, region, wanted, subnets, group):
    backend = rds_backends[account][region]
    backend.create_subnet_group("nextcloud", "two zones", subnets, [])
    return backend.create_db_instance(
        {
            "db_instance_identifier": wanted["db"],
            "db_instance_class": wanted["db_class"],
            "engine": wanted["db_engine"],
            "engine_version": wanted["db_engine_version"],
            "allocated_storage": 20,
            "storage_type": "gp3",
            "master_username": "nextcloud",
            "master_user_password": "rehearsal-only",
            "db_name": "nextcloud",
            "multi_az": False,
            "availability_zone": subnets[0].availability_zone,
            "db_subnet_group_name": "nextcloud",
            "vpc_security_group_ids": [group.id],
            "tags": [{"Key": "Name", "Value": wanted["db"]}],
        }
    )


def zone_of(account, wanted, public_ip):
    backend = route53_backends[account]["aws"]
    zone = backend.create_hosted_zone(wanted["zone"].rstrip(".") + ".", private_zone=False)
    record = {
        "Name": wanted["fqdn"],
        "Type": "A",
        "TTL": wanted["ttl"],
        "ResourceRecords": [{"Value": public_ip}],
    }
    backend.change_resource_record_sets(zone.resource_id, [{"Action": "CREATE", "ResourceRecordSet": record}])
    return zone


def bucket(account, region, name):
    """Open to anonymous requests, as for the VPC's endpoint: the hosts keep their files here without keys."""
    backend = s3_backends[account]["aws"]
    backend.create_bucket(name, region)
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*"}
    backend.put_bucket_policy(name, json.dumps({"Version": "2012-10-17", "Statement": [anybody]}).encode())
