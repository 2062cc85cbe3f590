"""What a request asks for, under the names of AWS's own API reference.

The wire forms differ (numbered query fields, JSON, XML) and so do their names in part; the service models that botocore
ships know how they belong together. Used for the call log alone: what moto answers does not depend on it.
"""

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model


def of(response, action):
    """The parameters of the call a moto response object is about, as JSON; None where no model tells."""
    service = get_service_model(response.boto3_service_name)
    if action not in service.operation_names:
        return None
    request = response.normalized_request
    parser = PROTOCOL_PARSERS[determine_request_protocol(service, request.content_type)]
    return parser(service.operation_model(action), map_type=dict).parse(
        {
            "method": request.method,
            "values": {name: values[0] for name, values in response.querystring.items()},
            "headers": response.headers,
            "body": response.raw_body or b"",
            "url_path": response.path,
            "url_params": getattr(response, "uri_match", None) or {},
        }
    )
