"""What a request asks for, under the names of AWS's own API reference, and what of it cannot be read.

The wire forms differ (numbered query fields, JSON, XML) and so do their names in part; the service models that botocore
ships know how they belong together. What moto answers does not depend on it: it is for the call log, and for judging
requests (``contract.py``).
"""

import functools
import json

import moto.core.parse as parse
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model

from shapes import Problem

#: Fields of a query that are about the call and not of it.
ENVELOPE = {
    "Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp", "Expires",
    "SecurityToken", "ContentType",
}


def operation(service, action):
    """The model of an operation; None where AWS has none of that name."""
    model = get_service_model(service)
    return model.operation_model(action) if action in model.operation_names else None


def protocol_of(response):
    model = get_service_model(response.boto3_service_name)
    return determine_request_protocol(model, response.normalized_request.content_type)


def of(response, action):
    """The parameters of the call a moto response object is about, as JSON; None where no model tells."""
    about = operation(response.boto3_service_name, action)
    return None if about is None else read(response, about)[0]


def read(response, about):
    """(parameters, what of them cannot be read): a number that is none, a field the operation does not have."""
    protocol = protocol_of(response)
    body = response.raw_body or b""
    if protocol == "json":
        try:
            return json.loads(body or b"{}"), []
        except ValueError:
            return {}, [Problem("type", (), body, "JSON")]
    parser = PARSERS[protocol](about, map_type=dict)
    parser.unreadable = unreadable = []
    fields = {name: values[0] for name, values in response.querystring.items()}
    request = {
        "method": response.normalized_request.method,
        "values": fields,
        "headers": response.headers,
        "body": body,
        "url_path": response.path,
        "url_params": getattr(response, "uri_match", None) or {},
    }
    try:
        parameters = parser.parse(request)
    except (ValueError, parse.RequestParserError) as error:  # XML: moto's parser does not say where
        return {}, [Problem("type", (), str(error), "XML of the operation's form")]
    if protocol == "ec2" and about.input_shape is not None:
        parts = ((name, name.split(".")) for name in fields if name not in ENVELOPE and not name.startswith("X-Amz-"))
        unreadable += [Problem("unknown", (name,), None, None) for name, steps in parts if not _known(about, steps)]
    return parameters, unreadable


class Strict:
    """moto reads ``yes`` as false, and fails on ``ten``: here either is a problem with a place."""

    def _typed(self, shape, node, prefix, name, read):
        raw = self._default_handle(shape, node, prefix)
        if raw is parse.UNDEFINED:
            return raw
        try:
            return read(raw)
        except (ValueError, KeyError, TypeError, AttributeError):
            self.unreadable.append(Problem("type", (prefix,), raw, name))
            return parse.UNDEFINED

    def _parse_boolean(self, shape, node, prefix=""):
        return self._typed(shape, node, prefix, "boolean", lambda raw: {"true": True, "false": False}[str(raw).lower()])

    def _parse_integer(self, shape, node, prefix=""):
        return self._typed(shape, node, prefix, "integer", int)

    def _parse_float(self, shape, node, prefix=""):
        return self._typed(shape, node, prefix, "number", float)

    def _parse_timestamp(self, shape, node, prefix=""):
        return self._typed(shape, node, prefix, "timestamp", self._timestamp_parser)

    def _parse_blob(self, shape, node, prefix=""):
        return self._typed(shape, node, prefix, "blob", self._blob_parser)

    _parse_long, _parse_double = _parse_integer, _parse_float


class Query(Strict, parse.QueryParser):
    pass


class Ec2Query(Strict, parse.EC2QueryParser):
    pass


PARSERS = {**parse.PROTOCOL_PARSERS, "query": Query, "ec2": Ec2Query}


def _known(about, steps):
    """Whether EC2 has a field of that name: ``BlockDeviceMapping.1.Ebs.VolumeSize``."""
    shape = about.input_shape
    for step in steps:
        if shape.type_name == "structure":
            shape = _fields(about.service_model, shape.name).get(step)
        elif shape.type_name == "list":
            shape = shape.member if step.isdigit() else None
        else:
            return False
        if shape is None:
            return False
    return True


@functools.cache
def _fields(model, shape_name):
    """{name on the wire: shape} of a structure of EC2's."""
    naming = parse.EC2QueryParser(None)._get_serialized_name
    return {naming(member, name): member for name, member in model.shape_for(shape_name).members.items()}
