"""What AWS takes: for each line `{"type", "value"}` on standard input `true` or `false` on standard output.

Judged by the service models that botocore ships, walked by the emulated account's own code, and by the documentation's rows beside
them; a value counts when every member that it would be sent in takes it.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import botocore.session
import documented
import shapes

MEMBERS = {
    "balancer-name": [("elbv2", "CreateLoadBalancerInput", "Name")],
    "target-group-name": [("elbv2", "CreateTargetGroupInput", "Name")],
    "group-name": [("ec2", "CreateSecurityGroupRequest", "GroupName")],
    "group-description": [("ec2", "CreateSecurityGroupRequest", "Description")],
    "image-name": [("ec2", "CreateImageRequest", "Name")],
    "snapshot-name": [("rds", "CreateDBSnapshotMessage", "DBSnapshotIdentifier")],
    "certificate-name": [("acm", "RequestCertificateRequest", "DomainName")],
    "instance-name": [("ec2", "Tag", "Value")],
    "tag-value": [("elbv2", "Tag", "Value"), ("acm", "Tag", "Value"), ("ec2", "Tag", "Value")],
    "tag-key": [("elbv2", "Tag", "Key"), ("acm", "Tag", "Key"), ("ec2", "Tag", "Key")],
}
SESSION = botocore.session.get_session()
MODELS = {service: SESSION.get_service_model(service) for service in ("acm", "ec2", "elbv2", "rds")}


def takes(service, structure, member, value):
    shape = MODELS[service].shape_for(structure).members[member]
    about = shape.metadata
    rows = [row for row in documented.ROWS if (row.service, row.shape, row.member) == (service, structure, member)]
    fits = "pattern" not in about or shapes.pattern(about["pattern"]).fullmatch(value) is not None
    return fits and about.get("min", 0) <= len(value) <= about.get("max", 10**6) and all(row.holds(value) for row in rows)


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(all(takes(*member, asked["value"]) for member in MEMBERS[asked["type"]])))
