"""Eventual consistency: what was just made is not found for a few looks, and its tags come later still.

"The Amazon EC2 API follows an eventual consistency model ... the result of an API command you run might not be immediately
visible to all subsequent commands you run" (EC2 Developer Guide, "Eventual consistency in the Amazon EC2 API"); the error
list says it of InvalidInstanceID.NotFound, InvalidGroup.NotFound, InvalidAMIID.NotFound, InvalidSnapshot.NotFound and
InvalidVolume.NotFound. A look that found something does not protect the next call: another server may answer that one.

``new_ticks`` N: what is made is hidden for 1 to N looks, then found, and every other time hidden once more. ``tag_ticks`` N:
tags that are set are not shown for N looks at the resource. A look is a call that names the resource or would list it, so
nothing depends on time; which resource gets how many is counted from ``consistency_seed``. Both are 0 unless set.

- A call that names a hidden resource is refused with the code of its kind; in a filter it finds nothing.
- A list leaves it out. The answer of the call that made it tells it, tags and all.
- A certificate that was just issued is UnsupportedCertificate to ELB (hashicorp/terraform-provider-aws#41789).
- Names are unique at once: a second group of a name is a duplicate, also while the first is hidden.

Not covered: the old state of something that was changed (an attribute, a rule), deletions that are not seen yet, Route 53
(its changes are PENDING), ELB, and databases, whose resources are there when their call returns.
"""

import functools
import re
from typing import NamedTuple

import jmespath

import parameters
from state import CONFIG, LAGGING_TAGS, MADE, VEILS, Refusal, ticks

#: What a call makes: where its answer has the ids.
MAKES = {
    ("ec2", "RunInstances"): "Instances[].InstanceId",
    ("ec2", "CreateImage"): "[ImageId]",
    ("ec2", "CreateSecurityGroup"): "[GroupId]",
    ("ec2", "CreateSnapshot"): "[SnapshotId]",
    ("ec2", "CreateVolume"): "[VolumeId]",
    ("acm", "RequestCertificate"): "[CertificateArn]",
    ("rds", "CreateDBSnapshot"): "[DBSnapshot.DBSnapshotArn]",
}

#: What a list lists: (where the entries are, what each is known by).
LISTS = {
    "DescribeInstances": ("Reservations[].Instances", "InstanceId"),
    "DescribeInstanceStatus": ("InstanceStatuses", "InstanceId"),
    "DescribeInstanceCreditSpecifications": ("InstanceCreditSpecifications", "InstanceId"),
    "DescribeImages": ("Images", "ImageId"),
    "DescribeSnapshots": ("Snapshots", "SnapshotId"),
    "DescribeVolumes": ("Volumes", "VolumeId"),
    "DescribeSecurityGroups": ("SecurityGroups", "GroupId"),
    "DescribeSecurityGroupRules": ("SecurityGroupRules", "GroupId"),
    "DescribeTags": ("Tags", "ResourceId"),
    "DescribeDBSnapshots": ("DBSnapshots", "DBSnapshotArn"),
    "ListCertificates": ("CertificateSummaryList", "CertificateArn"),
}


class Kind(NamedTuple):
    id: str
    code: str
    text: str


#: The codes of EC2's error list; ACM's ResourceNotFoundException.
KINDS = (
    Kind(r"i-[0-9a-f]+", "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    Kind(r"ami-[0-9a-f]+", "InvalidAMIID.NotFound", "The image id '[{}]' does not exist"),
    Kind(r"sg-[0-9a-f]+", "InvalidGroup.NotFound", "The security group '{}' does not exist"),
    Kind(r"snap-[0-9a-f]+", "InvalidSnapshot.NotFound", "The snapshot '{}' does not exist."),
    Kind(r"vol-[0-9a-f]+", "InvalidVolume.NotFound", "The volume '{}' does not exist."),
    Kind(r"arn:aws[a-z-]*:rds:.*:snapshot:.*", "DBSnapshotNotFound", "DBSnapshot {} not found."),
    Kind(r"arn:aws[a-z-]*:acm:.*", "ResourceNotFoundException", "Could not find certificate {}."),
)

#: ELB looks at EC2's and ACM's resources, and says it in codes of its own.
ELB_CODES = {"sg-": "InvalidSecurityGroup", "i-": "InvalidTarget", "arn": "CertificateNotFound"}


def hide(resource_id):
    """From now on, for as many looks as its turn has."""
    if resource_id in MADE:
        return  # made before, and answered again for its token
    MADE.append(resource_id)
    most, turn = ticks("new"), len(MADE) + int(CONFIG["consistency_seed"])
    if most > 0:
        again = [False, True] if turn // most % 2 else []
        VEILS[resource_id] = [True] * (1 + turn % most) + again


def looked_at(resource_id):
    """A look at a resource: whether this one does not find it."""
    veil = VEILS.get(resource_id)
    if not veil:
        return False
    hidden = veil.pop(0)
    if not veil:
        del VEILS[resource_id]
    return hidden


class Looked(NamedTuple):
    """What a request's own names had to say."""

    nothing: bool = False  # a filter names something hidden: nothing is found
    named: frozenset = frozenset()  # looked at with that


def before(response, about):
    """Refuses a call that names something hidden."""
    if not VEILS or about is None:
        return Looked()
    asked = dict(parameters.read(response, about)[0] or {})
    filters = asked.pop("Filters", None)
    by_name, by_filter = named(asked) + by_identifier(about.name, asked), named(filters)
    for each in by_name:
        if looked_at(each):
            raise not_found(response.boto3_service_name, each)
    nothing = any([looked_at(each) for each in by_filter])
    return Looked(nothing, frozenset(by_name + by_filter))


def named(value):
    """The hidden resources that a request names."""
    if isinstance(value, dict):
        return [each for part in value.values() for each in named(part)]
    if isinstance(value, list):
        return [each for part in value for each in named(part)]
    return [value] if isinstance(value, str) and value in VEILS else []


def by_identifier(action, asked):
    """RDS's calls name a snapshot by its identifier; here it is known by its ARN, for an identifier may be anybody's name."""
    wanted = str(asked.get("DBSnapshotIdentifier") or "").lower()
    if action not in ("DescribeDBSnapshots", "DeleteDBSnapshot") or not wanted:
        return []
    return [each for each in VEILS if ":rds:" in each and each.endswith(f":snapshot:{wanted}")]


def not_found(service, resource_id):
    kind = next(kind for kind in KINDS if re.fullmatch(kind.id, resource_id))
    code = kind.code
    if service == "elbv2":
        code = next((own for prefix, own in ELB_CODES.items() if resource_id.startswith(prefix)), code)
    return Refusal(code, kind.text.format(resource_id.rpartition(":snapshot:")[2]))


@functools.cache
def path(text):
    return jmespath.compile(text)


def after(response, about, read, looked):
    """The answer as it is seen now: without what is hidden, with the tags that are shown. None where it is as it was.
    ``looked``: what ``before`` said."""
    made = MAKES.get((response.boto3_service_name, about.name))
    if made is not None:
        for resource_id in path(made).search(read) or []:
            hide(resource_id)
        return None
    if about.name not in LISTS or not (looked.nothing or VEILS or LAGGING_TAGS):
        return None
    where, known_by = LISTS[about.name]
    wanted = tag_filters(parameters.read(response, about)[0])
    list_name, _, inner = where.partition("[].")
    holders = read.get(list_name, []) if inner else [read]
    changed, looks = False, {}  # one look at a resource, however often the list has it
    for holder in holders:
        entries = holder.get(inner or list_name) or []
        kept = [seen for entry in entries if (seen := as_seen(entry, known_by, wanted, looked, looks)) is not None]
        if looked.nothing:
            kept = []
        changed = changed or kept != entries
        holder[inner or list_name] = kept
    if inner:
        read[list_name] = [holder for holder in holders if holder[inner]]
    return read if changed else None


def as_seen(entry, known_by, wanted, looked, looks):
    resource_id = entry.get(known_by)
    if resource_id not in looks:
        hidden = resource_id not in looked.named and looked_at(resource_id)
        looks[resource_id] = hidden, None if hidden else shown_tags(resource_id)
    hidden, shown = looks[resource_id]
    if hidden:
        return None
    if shown is None:
        return entry
    if not all(any(matches(pattern, shown) for pattern in patterns) for patterns in wanted):
        return None
    if known_by == "ResourceId":  # DescribeTags
        return entry if shown.get(entry["Key"]) == entry.get("Value") else None
    return {**entry, "Tags": [{"Key": key, "Value": value} for key, value in shown.items()]}


def shown_tags(resource_id):
    """The tags of before, for this look; None where they are those that are set."""
    lag = LAGGING_TAGS.get(resource_id)
    if lag is None:
        return None
    lag["left"] -= 1
    if lag["left"] <= 0:
        del LAGGING_TAGS[resource_id]
    return lag["shown"]


def tag_filters(asked):
    """[[(key, value pattern or None for any)]] of the request's filters on tags: each must match in one way."""
    wanted = []
    for each in asked.get("Filters") or []:
        name, values = each.get("Name", ""), each.get("Values") or []
        if name.startswith("tag:"):
            wanted.append([(name[4:], value) for value in values])
        elif name in ("tag-key", "key"):
            wanted.append([(value, None) for value in values])
    return wanted


def matches(wanted, tags):
    key, value = wanted
    if key not in tags or value is None:
        return key in tags
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in value)
    return re.fullmatch(expression, tags[key], re.DOTALL) is not None


def tags_change(resource_id, before_change):
    """Tags of a resource are being set: for some looks those of before are shown."""
    looks = ticks("tag")
    if looks > 0 and resource_id not in LAGGING_TAGS:
        LAGGING_TAGS[resource_id] = {"left": looks, "shown": dict(before_change)}


def install():
    from moto.ec2.models import EC2Backend

    moto_create, moto_delete = EC2Backend.create_tags, EC2Backend.delete_tags

    def create_tags(self, resource_ids, tags):
        for each in resource_ids:
            tags_change(each, self.tags.get(each, {}))
        return moto_create(self, resource_ids, tags)

    def delete_tags(self, resource_ids, tags):
        for each in resource_ids:
            tags_change(each, self.tags.get(each, {}))
        return moto_delete(self, resource_ids, tags)

    EC2Backend.create_tags, EC2Backend.delete_tags = create_tags, delete_tags
