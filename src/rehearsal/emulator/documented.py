"""What AWS refuses though its models do not say so: sentences of the documentation, one row each.

A row is about a member of a structure of a service's model, by the names of both, so it counts in every operation that
takes the structure. The quoted sentences stand in the models' own documentation of the member, as botocore ships it
(``botocore/data/SERVICE``), where no other source is named. Add a row here, not a check elsewhere, for what concerns one
value alone; what depends on the account (a name that is taken) is the business of the service's module.
"""

import functools
from typing import NamedTuple

from shapes import WHOLE, pattern

GROUP_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}"
GROUP_SAYS = "Up to 255 characters in length. Valid characters: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*"
BALANCER = r"(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)"
TARGET_GROUP = r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)"


def only(key, values):
    """An attribute of that key has such a value; any other has any."""
    key = key.replace(".", r"\.")
    return rf"{key}=({values})|(?!{key}=)(?s:.*)"


#: Attribute -> (the pattern of its values, the sentence about them), from the models' documentation of LoadBalancerAttribute.Key
#: and TargetGroupAttribute.Key.
BALANCER_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": (r"[1-9]\d{0,2}|[1-3]\d{3}|4000", "The valid range is 1-4000 seconds"),
    "deletion_protection.enabled": ("true|false", "The value is true or false"),
    "routing.http2.enabled": ("true|false", "The possible values are true and false"),
    "routing.http.drop_invalid_header_fields.enabled": ("true|false", "removed (true) or routed to targets (false)"),
}
TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": (r"\d{1,3}|[12]\d{3}|3[0-5]\d\d|3600", "The range is 0-3600 seconds"),
    "stickiness.enabled": ("true|false", "The value is true or false"),
    "stickiness.type": ("lb_cookie|app_cookie", "lb_cookie and app_cookie for Application Load Balancers"),
    "stickiness.lb_cookie.duration_seconds": (
        r"[1-9]\d{0,4}|[1-5]\d{5}|60[0-3]\d{3}|604[0-7]\d\d|604800", "The range is 1 second to 1 week (604800 seconds)"),
    "slow_start.duration_seconds": (r"0|[3-9]\d|[1-8]\d\d|900", "The range is 30-900 seconds (15 minutes)"),
}


class Row(NamedTuple):
    service: str
    shape: str
    member: str
    says: str
    #: What the whole value must match, for a string; None where only the size counts.
    pattern: str | None = None
    #: The most members a list may have.
    most: int | None = None
    #: The code of the refusal, where it is not the service's usual one for such a thing.
    code: str | None = None

    def holds(self, value):
        if self.member == WHOLE:  # an attribute: its key and its value together
            value = f"{value.get('Key')}={value.get('Value')}"
        if self.most is not None and len(value) > self.most:
            return False
        return self.pattern is None or pattern(self.pattern).fullmatch(value) is not None


ROWS = (
    Row("elbv2", "CreateLoadBalancerInput", "Name", pattern=BALANCER, says=(
        "The name of the load balancer can have a maximum of 32 characters, must contain only alphanumeric characters or "
        'hyphens, must not begin or end with a hyphen, and must not begin with "internal-"')),
    Row("elbv2", "CreateTargetGroupInput", "Name", pattern=TARGET_GROUP, says=(
        "The name of the target group can have a maximum of 32 characters, must contain only alphanumeric characters or "
        "hyphens, and must not begin or end with a hyphen")),
    # Health checks of Application Load Balancers: values between 200 and 499, "200,202" or "200-299".
    Row("elbv2", "Matcher", "HttpCode", pattern=r"[2-4]\d\d([,-][2-4]\d\d)*", says=(
        "For Application Load Balancers, you can specify values between 200 and 499, multiple values (for example, "
        '"200,202") or a range of values (for example, "200-299")')),
    # ELB, "Tag restrictions": maximum number of tags per resource, 50; error TooManyTags.
    Row("elbv2", "AddTagsInput", "Tags", "Maximum number of tags per resource: 50", most=50, code="TooManyTags"),
    Row("elbv2", "CreateLoadBalancerInput", "Tags", "Maximum number of tags per resource: 50", most=50, code="TooManyTags"),
    Row("elbv2", "CreateTargetGroupInput", "Tags", "Maximum number of tags per resource: 50", most=50, code="TooManyTags"),
    # hashicorp/terraform-provider-aws#46496: "Member must have length less than or equal to 20".
    Row("elbv2", "ModifyLoadBalancerAttributesInput", "Attributes", "At most 20 attributes at a time", most=20),
    *(
        Row("elbv2", shape, WHOLE, f"{key}: {says}", pattern=only(key, values), code="InvalidConfigurationRequest")
        for shape, attributes in (
            ("LoadBalancerAttribute", BALANCER_ATTRIBUTES), ("TargetGroupAttribute", TARGET_GROUP_ATTRIBUTES)
        )
        for key, (values, says) in attributes.items()
    ),
    # "Do not use the aws: prefix in your tag names or values because it is reserved" (ELB, "Tag restrictions").
    Row("elbv2", "Tag", "Key", "Tag keys beginning with aws: are reserved", pattern=r"(?!(?i:aws):).*"),
    # ACM, "Tag restrictions": the aws: prefix is reserved.
    Row("acm", "Tag", "Key", "Tag keys beginning with aws: are reserved", pattern=r"(?!(?i:aws):).*", code="InvalidTagException"),
    Row("acm", "RequestCertificateRequest", "DomainName", pattern=r".{1,64}", says=(
        "The length of the domain name (technically, the Common Name) that you provide cannot exceed 64 octets"),
        code="InvalidDomainValidationOptionsException"),
    Row("ec2", "CreateSecurityGroupRequest", "GroupName", "Can't start with sg-. " + GROUP_SAYS,
        pattern=r"(?!(?i:sg-)).+" ),
    Row("ec2", "CreateSecurityGroupRequest", "GroupName", GROUP_SAYS, pattern=GROUP_TEXT),
    Row("ec2", "CreateSecurityGroupRequest", "Description", GROUP_SAYS, pattern=GROUP_TEXT),
    Row("ec2", "IpRange", "Description", GROUP_SAYS, pattern=GROUP_TEXT),
    Row("ec2", "Ipv6Range", "Description", GROUP_SAYS, pattern=GROUP_TEXT),
    Row("ec2", "PrefixListId", "Description", GROUP_SAYS, pattern=GROUP_TEXT),
    Row("ec2", "UserIdGroupPair", "Description", GROUP_SAYS, pattern=GROUP_TEXT),
    # Keys are of 1 to 127 characters: Tag.Key, "accept a maximum of 127 Unicode characters. May not begin with aws:".
    Row("ec2", "Tag", "Key", "Tag keys accept a maximum of 127 Unicode characters", pattern=r"(?s).{1,127}"),
    Row("ec2", "Tag", "Key", "Tag keys starting with 'aws:' are reserved for internal use", pattern=r"(?s)(?!(?i:aws):).*"),
    Row("ec2", "Tag", "Value", "Tag values accept a maximum of 256 Unicode characters", pattern=r"(?s).{0,256}"),
    # EC2 User Guide, "Tag restrictions": maximum number of tags per resource, 50; error code TagLimitExceeded.
    Row("ec2", "TagSpecification", "Tags", "Maximum number of tags per resource: 50", most=50, code="TagLimitExceeded"),
    Row("ec2", "CreateTagsRequest", "Tags", "Maximum number of tags per resource: 50", most=50, code="TagLimitExceeded"),
    *(
        Row("ec2", shape, "Name", code="InvalidAMIName.Malformed", pattern=r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}", says=(
            "3-128 alphanumeric characters, parentheses (()), square brackets ([]), spaces ( ), periods (.), slashes (/), "
            "dashes (-), single quotes ('), at-signs (@), or underscores(_)"))
        for shape in ("CreateImageRequest", "RegisterImageRequest")
    ),
    Row("ec2", "RunInstancesRequest", "ClientToken", "Maximum 64 ASCII characters", pattern=r"[\x00-\x7F]{1,64}"),
    # The placement group serves as a lock here and there; its name is its identity in the account.
    Row("ec2", "CreatePlacementGroupRequest", "GroupName", "Up to 255 ASCII characters", pattern=r"[\x00-\x7F]{1,255}"),
    # Identifiers of DB instances: CreateDBInstance, "Must contain from 1 to 63 letters, numbers, or hyphens. First character
    # must be a letter. Can't end with a hyphen or contain two consecutive hyphens."
    *(
        Row("rds", shape, "DBInstanceIdentifier", pattern=r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,62}(?<!-)", says=(
            "Must contain from 1 to 63 letters, numbers, or hyphens. First character must be a letter. Can't end with a "
            "hyphen or contain two consecutive hyphens"))
        for shape in ("CreateDBInstanceMessage", "ModifyDBInstanceMessage", "RebootDBInstanceMessage")
    ),
    Row("rds", "CreateDBSnapshotMessage", "DBSnapshotIdentifier", pattern=r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,254}(?<!-)", says=(
        "Must contain from 1 to 255 letters, numbers, or hyphens. First character must be a letter. Can't end with a "
        "hyphen or contain two consecutive hyphens")),
)


@functools.cache
def of(service):
    """The rows of a service, as ``shapes.problems`` asks for them."""
    by_place = {}
    for row in ROWS:
        if row.service == service:
            by_place.setdefault((row.shape, row.member), []).append(row)
    return lambda shape, member: by_place.get((shape, member), ())
