"""What services call in the caller's name: a call is refused as well when the caller lacks a permission for one of these.

moto judges a call by its own action alone. AWS's services use the caller's credentials for some of what they do:
Elastic Load Balancing looks the network up in EC2, EC2 makes grants on a key. Who may CreateTargetGroup and not
DescribeInternetGateways is refused in the middle of a cutover, although "CreateTargetGroup" is in the policy. The rows are
``callers_name.json``, each with its source; a test holds the policies that are generated against the same rows.

With IAM enforced these calls are in the log, with the call they belong to in the place of "dry run".

Not covered: what services do by their own service-linked roles, which no caller's policy bounds; ``aws:CalledVia``; RDS:
ModifyDBInstance with MultiAZ alone has no dependent action (Service Authorization Reference), and what it does on EC2 it
does by its service-linked role. A key's own policy.
"""

import json
import pathlib

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

#: Rows: ``call``, ``needs``, ``when`` (see WHEN), ``source``.
ROWS = json.loads((pathlib.Path(__file__).parent / "callers_name.json").read_text())

BALANCING_ROLE = "AWSServiceRoleForElasticLoadBalancing"


def has_tags(response, asked):
    return bool(asked.get("Tags") or any(each.get("Tags") for each in asked.get("TagSpecifications") or []))


def lacks_balancing_role(response, asked):
    roles = iam_backends[response.current_account][response.partition].get_roles()
    return not any(role.name == BALANCING_ROLE for role in roles)


def passes_profile(response, asked):
    return bool(asked.get("IamInstanceProfile"))


def uses_customer_key(response, asked):
    """Whether a volume concerned is encrypted by a key that is not AWS's own."""
    backend = ec2_backends[response.current_account][response.region]
    instances = [backend.get_instance_by_id(each) for each in asked.get("InstanceIds") or []]
    mappings = [instance.block_device_mapping for instance in instances if instance]
    volumes = [backend.volumes.get(device.volume_id) for mapping in mappings for device in mapping.values()]
    image = backend.amis.get(asked.get("ImageId"))
    if image is not None:
        volumes += snapshots_of(backend, image)
    keys = [getattr(volume, "kms_key_id", None) for volume in volumes if volume is not None]
    return any(key and not str(key).endswith("alias/aws/ebs") for key in keys)


def snapshots_of(backend, image):
    source = backend.get_instance_by_id(getattr(image, "instance_id", None) or "")
    found = [getattr(getattr(image, "ebs_snapshot", None), "volume", None)]
    if source is not None:
        found += [backend.volumes.get(device.volume_id) for device in source.block_device_mapping.values()]
    return found


WHEN = {
    "always": lambda response, asked: True,
    "tags": has_tags,
    "no-balancing-role": lacks_balancing_role,
    "profile": passes_profile,
    "customer-key": uses_customer_key,
}


def needed(response, call, asked):
    """The IAM actions that this call makes its service use in the caller's name."""
    rows = [row for row in ROWS if row["call"] == call]
    return sorted({need for row in rows if WHEN[row["when"]](response, asked or {}) for need in row["needs"]})


def carried_out(response, call):
    """What the call leaves behind of it: the service-linked role is there from now on."""
    creates = any(row["call"] == call and row["when"] == "no-balancing-role" for row in ROWS)
    if creates and lacks_balancing_role(response, {}):
        service = "elasticloadbalancing.amazonaws.com"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        backend = iam_backends[response.current_account][response.partition]
        backend.create_role(BALANCING_ROLE, document, f"/aws-service-role/{service}/", None, "", [], None)
