"""Lists in pages of a size that is set (``page_size``; 0: off), whatever the caller asked for as the most of a page.

On AWS the caller's limit is an upper bound: a page may hold fewer, even none, while a token says that there is more. moto
pages few of the lists. With ``page_size`` 1 every list that AWS pages comes entry by entry, by botocore's paginators; with
``empty_pages`` the first page of each holds nothing but the token for the next, unless the request names what it wants.

A token belongs to the request it was answered to: with other parameters it is refused. Route 53's lists go on from a name
instead, as on AWS.

Not covered: lists that botocore has no paginator for, with the exceptions of ``NATURAL``.
"""

import json
import re
import zlib
from collections.abc import MutableMapping

from botocore.exceptions import UnknownServiceError
from moto.core.serialize import DefaultAttributePicker, get_serializer_class
from moto.core.utils import get_pagination_model

import parameters
from state import CONFIG, refuse

#: Lists that go on from an entry's own name: operation -> (the list, {member that tells where to go on: the entry's}).
NATURAL = {
    "ListResourceRecordSets": (
        "ResourceRecordSets",
        {"NextRecordName": "Name", "NextRecordType": "Type", "NextRecordIdentifier": "SetIdentifier"},
    ),
    "ListHostedZonesByName": ("HostedZones", {"NextDNSName": "Name", "NextHostedZoneId": "Id"}),
}

#: Parameters that name the entries wanted: `InstanceIds`, `Names`, `DBInstanceIdentifier`.
NAMES = re.compile(r"(Ids|Names|Arns|InstanceTypes|Identifier)$")

#: The code of a token that belongs to no request, where it is not that of any wrong value.
BAD_TOKEN = {"ec2": "InvalidPaginationToken", "rds": "InvalidParameterValue", "route53": "InvalidInput"}


def rules_of(about):
    """How the operation is paged, as botocore has it; None where it is not."""
    try:
        rules = get_pagination_model(about.service_model.service_name).get(about.name)
    except UnknownServiceError:
        return None
    whole = rules and isinstance(rules["input_token"], str) and isinstance(rules["result_key"], str)
    return rules if whole else None


def begin(response, about):
    """Takes token and limit out of the request, so that moto answers the whole list. Answers what ``cut`` must know; None
    where nothing is to be cut."""
    size = int(CONFIG["page_size"])
    if size <= 0 or about is None:
        return None
    if about.name in NATURAL:
        return "", 0, size
    rules = rules_of(about)
    if rules is None:
        return None
    asked = parameters.read(response, about)[0]
    token = asked.pop(rules["input_token"], None)
    asked.pop(rules.get("limit_key"), None)
    asked.pop("DryRun", None)
    request = f"{zlib.crc32(json.dumps([about.name, asked], default=str, sort_keys=True).encode()):08x}"
    for member in (rules["input_token"], rules.get("limit_key")):
        leave_out(response, about, member)
    if token is None:
        by_name = any(NAMES.search(member) and value for member, value in asked.items())
        return request, None if CONFIG["empty_pages"] and not by_name else 0, size
    owner, _, offset = str(token).partition("-")
    if owner != request or not offset.isdigit():
        service = response.boto3_service_name
        refuse(BAD_TOKEN.get(service, "ValidationError"), "The specified pagination token is not valid or is expired.")
    return request, int(offset), size


def leave_out(response, about, member):
    """Of what moto will read; what was signed stays."""
    shape = about.input_shape.members.get(member) if member else None
    if shape is None:
        return
    for name in (member, shape.serialization.get("name", member)):
        response.querystring.pop(name, None)
    # A mapping of moto's own, which is no dict, where the service's requests are parsed by its model.
    if isinstance(getattr(response, "params", None), MutableMapping):
        response.params.pop(member, None)
    text = response.body if isinstance(response.body, str) else ""
    if text.startswith("{"):
        sent = json.loads(text)
        sent.pop(member, None)
        response.body = json.dumps(sent)


def cut(response, about, page, answer, read):
    """The answer with one page of the list. ``read``: the whole, as the SDK reads it."""
    request, offset, size = page
    if about.name in NATURAL:
        name, following = NATURAL[about.name]
        entries = read.get(name) or []
        if len(entries) <= size:
            return answer  # the last page, or moto's own end of one
        read = {**read, name: entries[:size], "IsTruncated": True}
        told = {member: str(entries[size][own]).rpartition("/")[2] for member, own in following.items() if own in entries[size]}
        return serialized(response, about, {**read, **told})
    rules = rules_of(about)
    entries = read.get(rules["result_key"]) or []
    end = 0 if offset is None else offset + size
    read = {**read, rules["result_key"]: entries[offset or 0 : end]}
    read.pop(rules["output_token"], None)
    more = end < len(entries)
    if more:
        read[rules["output_token"]] = f"{request}-{end}"
    if "more_results" in rules:
        read[rules["more_results"]] = more
    return serialized(response, about, read)


def serialized(response, about, result):
    """moto's own way out, for a result that is in the model's own names already."""
    kind = get_serializer_class(about.service_model.service_name, parameters.protocol_of(response))
    told = kind(operation_model=about, value_picker=DefaultAttributePicker()).serialize(result)
    return told["status_code"], {**told["headers"], **response.response_headers}, told["body"]
