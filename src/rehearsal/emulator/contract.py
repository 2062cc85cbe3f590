"""AWS's own model between caller and emulator: a request that does not fit it is refused, an answer that does not is a
trouble of the lab.

The codes are each service's own for such a request:

- EC2: ``MissingParameter``, ``InvalidParameterValue``, ``UnknownParameter`` (EC2 API Reference, "Error codes", client errors);
- RDS: ``MissingParameter``, ``InvalidParameterValue`` (RDS API Reference, "Common Errors");
- ELB, IAM, STS: ``ValidationError``, "The input fails to satisfy the constraints specified by an AWS service" (their "Common
  Errors"), in the words of the framework they are built on: "1 validation error detected: Value ... at ... failed to satisfy
  constraint: Member must ..." (as in SWO-GS/auto-tag#90 and hashicorp/terraform-provider-aws#46496);
- ACM, Service Quotas, KMS: ``ValidationException`` in the same words, ``SerializationException`` for a value of another type;
- Route 53: ``InvalidInput``, "The input is not valid", in the same words (as in crossplane-contrib/provider-aws#1826).

Not judged: S3, which passes by in moto; combinations of members that exclude each other; headers.
"""

import functools
import json

from botocore.parsers import create_parser

import documented
import parameters
import shapes
from state import CONFIG, TROUBLES, Refusal



def as_on_aws(name, problem):
    """Whether AWS's own answers do not fit its model in this way either.

    The first page of ListHostedZones has no Marker ("For the second and subsequent calls to ListHostedZones, Marker is the
    value that ..."); ids of hosted zones have up to 22 letters, so with ``/hostedzone/`` before them they are longer than
    ResourceId may be (crossplane-contrib/provider-aws#1826).
    """
    if problem.kind == "missing":
        return (name, problem.where) == ("ListHostedZones", "Marker")
    return problem.kind == "long" and str(problem.value).startswith("/hostedzone/")


#: Service -> (code of a missing member, code of a value that does not fit, code of a value of another type). EC2 and RDS
#: name one parameter; the others tell everything in the words of their framework.
CODES = {
    "ec2": ("MissingParameter", "InvalidParameterValue", "InvalidParameterValue"),
    "rds": ("MissingParameter", "InvalidParameterValue", "InvalidParameterValue"),
    "elbv2": ("ValidationError", "ValidationError", "ValidationError"),
    "iam": ("ValidationError", "ValidationError", "ValidationError"),
    "sts": ("ValidationError", "ValidationError", "ValidationError"),
    "route53": ("InvalidInput", "InvalidInput", "InvalidInput"),
}
JSON = ("ValidationException", "ValidationException", "SerializationException")
PLAIN = ("ec2", "rds")

CONSTRAINTS = {
    "missing": "Member must not be null",
    "enum": "Member must satisfy enum value set: {}",
    "pattern": "Member must satisfy regular expression pattern: {}",
    "short": "Member must have length greater than or equal to {}",
    "long": "Member must have length less than or equal to {}",
    "small": "Member must have value greater than or equal to {}",
    "large": "Member must have value less than or equal to {}",
    "type": "Member must be of type {}",
}


def judge_request(response, about):
    """Refuses what AWS would refuse by the model alone. ``about``: the operation's model."""
    asked, found = parameters.read(response, about)
    if about.input_shape is not None:
        found = [*found, *shapes.problems(about.input_shape, asked, documented.of(response.boto3_service_name))]
    if found:
        refused = refusal(response.boto3_service_name, found)
        if CONFIG["judge_caller"]:
            trouble(f"the request {response.boto3_service_name} {about.name} is none to AWS: {': '.join(refused.args)}")
        raise refused


def refusal(service, found):
    """The worst of the problems first: what is unknown or missing before what is wrong."""
    missing, wrong, mistyped = CODES.get(service, JSON)
    first = min(found, key=lambda problem: {"type": 0, "unknown": 1, "missing": 2, "said": 4}.get(problem.kind, 3))
    if first.kind == "said":
        return Refusal(first.wanted.code or wrong, f"{shown(first)} for parameter {first.where}: {first.wanted.says}.")
    if first.kind == "unknown":
        return Refusal("UnknownParameter", f"The parameter {first.where} is not recognized")
    code = {"missing": missing, "type": mistyped}.get(first.kind, wrong)
    if service in PLAIN:
        if first.kind == "missing":
            return Refusal(code, f"The request must contain the parameter {first.where}")
        constraint = CONSTRAINTS[first.kind].format(listed(first.wanted)).removeprefix("Member ")
        return Refusal(code, f"{shown(first)} for parameter {first.where} is invalid: it {constraint}.")
    told = [problem for problem in found if problem.kind in CONSTRAINTS]
    count = f"{len(told)} validation error{'s' if len(told) > 1 else ''} detected: "
    return Refusal(code, count + "; ".join(in_framework_words(problem) for problem in told))


def in_framework_words(problem):
    value = "Value null" if problem.kind == "missing" else shown(problem)
    steps = [f"{step}.member" if isinstance(step, int) else step[:1].lower() + step[1:] for step in problem.path]
    constraint = CONSTRAINTS[problem.kind].format(listed(problem.wanted))
    return f"{value} at '{'.'.join(steps)}' failed to satisfy constraint: {constraint}"


def shown(problem):
    return "Value" if problem.secret else f"Value '{problem.value}'"


def listed(wanted):
    return f"[{', '.join(wanted)}]" if isinstance(wanted, list) else wanted


# --- answers -----------------------------------------------------------------------------------------------------


@functools.cache
def _parser(protocol):
    return create_parser(protocol)


def answered(response, about, answer):
    """An answer as the SDK reads it, without the envelope."""
    status, headers, body = answer
    data = body.encode() if isinstance(body, str) else body
    protocol = parameters.protocol_of(response)
    if about.output_shape is None:
        return {}
    if protocol == "json":
        return json.loads(data or b"{}")
    read = _parser(protocol).parse({"status_code": status, "headers": dict(headers), "body": data}, about.output_shape)
    read.pop("ResponseMetadata", None)
    return read


def judge_answer(response, about, answer):
    """Notes as troubles what of a good answer does not fit the model. Answers it as the SDK reads it; None where it cannot
    be read."""
    name = f"{response.boto3_service_name} {about.name}"
    try:
        read = answered(response, about, answer)
    except Exception as error:
        trouble(f"the answer of {name} cannot be read: {type(error).__name__}: {error}")
        return None
    if about.output_shape is not None:
        for problem in shapes.problems(about.output_shape, read):
            if as_on_aws(about.name, problem):
                continue
            wanted = CONSTRAINTS[problem.kind].format(listed(problem.wanted))
            trouble(f"the answer of {name} does not fit AWS's model: {problem.where}: {shown(problem)}: {wanted}")
    return read


#: Errors that any operation may answer, beside those of its model: each service's "Common Errors".
COMMON = {
    "AccessDenied", "AccessDeniedException", "AuthFailure", "IncompleteSignature", "InvalidAction", "InvalidClientTokenId",
    "InvalidParameterCombination", "InvalidParameterValue", "MissingParameter", "RequestExpired", "SerializationException",
    "SignatureDoesNotMatch", "Throttling", "ThrottlingException", "UnrecognizedClientException", "ValidationError",
    "ValidationException",
}


#: Answered by AWS all the same: a certificate that is not issued, or was just now (hashicorp/terraform-provider-aws#26245,
#: #41789; DataBiosphere/azul#8321).
SEEN = {
    (operation, "UnsupportedCertificate") for operation in ("CreateListener", "ModifyListener", "AddListenerCertificates")
}


def judge_error(response, about, code):
    """Notes as a trouble an error that the operation does not have. EC2's model names no errors: all are let pass."""
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in about.error_shapes}
    if known and code not in known | COMMON and (about.name, code) not in SEEN:
        trouble(f"the emulator answers {response.boto3_service_name} {about.name} with {code}, which AWS does not there")


def code_of(response, answer):
    """The code of an error that moto answered; None where it is not in the service's form."""
    status, headers, body = answer
    data = body.encode() if isinstance(body, str) else body
    try:
        told = _parser(parameters.protocol_of(response)).parse({"status_code": int(status), "headers": dict(headers), "body": data}, None)
    except Exception:
        return None
    return told.get("Error", {}).get("Code")


def trouble(text):
    if text not in TROUBLES:
        TROUBLES.append(text)
