"""Every AWS call passes here: ticks, faults, dry runs, the call log, and typed errors instead of HTTP 500 pages.

moto answers what it does not implement with an HTML page and status 500. An SDK takes that for a transient failure,
retries for seconds and then has no error code to show. Here it is ``InvalidAction`` in the service's own protocol.

S3 has a dispatcher of its own in moto and passes by: its calls are neither logged nor can they be made to fail.
"""

import json
import re
import sys
import traceback

from moto.core.exceptions import ServiceException
from moto.core.parse import RequestParserError
from moto.core.responses import ActionResult, BaseResponse

import callers_name
import contract
import pages
import parameters
import visibility
from state import CALLS, CONFIG, FAULTS, LOCK, Refusal, refuse, tick

_moto_call_action = BaseResponse.call_action
_moto_parse_parameters = BaseResponse.parse_parameters
_moto_authorize = BaseResponse._authenticate_and_authorize_normal_action

READS = ("Describe", "Get", "List", "Simulate")

#: IAM's names of services that moto names otherwise.
SIGNED_AS = {"elbv2": "elasticloadbalancing"}

#: Deletions that AWS refuses for a while and that are therefore retried: an attempt counts as a read, or a caller
#: that retries without looking would never see the end.
RETRIED = {"DeleteSecurityGroup", "DeleteCertificate"}

#: Statuses other than the 400 that moto gives an error its models do not know.
STATUSES = {"DryRunOperation": 412, "UnauthorizedOperation": 403, "AccessDenied": 403}


def service_error(service, code, message):
    """moto finds an error's protocol by the module of its class, so the class is made for the service."""
    kind = type("EmulatorError", (ServiceException,), {"__module__": f"moto.{service}.exceptions"})
    return kind(code, message)


def values_of(response):
    """All parameter values of a request as strings, whatever the protocol: what a fault's ``match`` is sought in."""
    values = [v for k, vs in response.querystring.items() if k not in ("Action", "Version") for v in vs]
    body = response.raw_body or b""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    if text.startswith("{"):
        values.extend(_leaves(json.loads(text)))
    elif text.startswith("<"):
        values.extend(re.findall(r">([^<>]+)<", text))
    values.append(response.path or "")
    return [str(v) for v in values]


def _leaves(node):
    if isinstance(node, dict):
        return [leaf for child in node.values() for leaf in _leaves(child)]
    if isinstance(node, list):
        return [leaf for child in node for leaf in _leaves(child)]
    return [node]


def _types_of(values):
    """The types, as they are now, of the instances a request names: capacity is refused by type."""
    from moto.ec2.models import ec2_backends  # moto's models are loaded after this module

    found = []
    for account in ec2_backends.values():
        for backend in account.values():
            instances = (backend.get_instance_by_id(value) for value in values if value.startswith("i-"))
            found += [instance.instance_type for instance in instances if instance]
    return found


def _next_fault(service, action, response):
    for fault in FAULTS:
        wanted = fault["times"] > 0 and fault["service"] in (service, "*") and fault["action"] in (action, "*")
        match, size = fault.get("match"), fault.get("instance_type")
        hit = wanted and (not match or any(match in value for value in values_of(response)))
        if hit and (not size or size in _types_of(values_of(response))):
            fault["times"] -= 1
            return fault
    return None


def without(body, field):
    """An answer of which one field did not come."""
    text = body.decode() if isinstance(body, bytes) else body
    if text.lstrip().startswith("{"):
        return json.dumps(_less(json.loads(text), field))
    return re.sub(rf"<{field}\s*/>|<{field}>.*?</{field}>", "", text, flags=re.DOTALL)


def _less(node, field):
    if isinstance(node, dict):
        return {key: _less(child, field) for key, child in node.items() if key != field}
    return [_less(child, field) for child in node] if isinstance(node, list) else node


def call_action(self):
    service, action = self.boto3_service_name, self._get_action() or ""
    reads, asked = action.startswith(READS), None
    dry_run = (self.querystring.get("DryRun") or [""])[0] == "true"

    def log(outcome):
        CALLS.append([service, action, outcome, asked, *(["dry run"] if dry_run else [])])

    def fail(code, message, status=None):
        usual, headers, body = self.serialized(ActionResult(service_error(service, code, message)))
        log(code)
        return status or STATUSES.get(code, usual), headers, body

    with LOCK:
        if not dry_run and (reads or action in RETRIED):
            tick(service)
        try:
            # Only of what may change something: the many reads of a rehearsal would fill the log.
            asked = None if reads else parameters.of(self, action)
            fault = _next_fault(service, action, self)
            if fault is None:
                answer = carried_out(self, action)
                callers_name.carried_out(self, f"{SIGNED_AS.get(service, service)}:{action}")
                log(answer[0])
                return answer
            if fault.get("without"):
                status, headers, body = carried_out(self, action)
                log(status)
                return status, headers, without(body, fault["without"])
            if fault.get("after"):
                _moto_call_action(self)  # done, but the answer is lost
            return fail(fault["code"], fault.get("message", fault["code"]), fault.get("status"))
        except Refusal as refusal:
            about = parameters.operation(service, action)
            if about is not None:
                contract.judge_error(self, about, refusal.args[0])
            return fail(*refusal.args)
        except NotImplementedError as missing:
            return fail("InvalidAction", f"not implemented in the emulator: {missing}")
        except Exception as bug:  # an answer the SDK can show beats a page it retries
            traceback.print_exc(file=sys.stderr)
            return fail("InvalidAction", f"the emulator failed: {type(bug).__name__}: {bug}")


def carried_out(self, action):
    """moto's answer, in pages where that is set; what of it AWS would never say is noted."""
    about = parameters.operation(self.boto3_service_name, action)
    page = pages.begin(self, about)
    answer = _moto_call_action(self)
    if about is None:
        return answer
    if not 200 <= int(answer[0]) < 300:
        contract.judge_error(self, about, contract.code_of(self, answer))
        return answer
    read = contract.judge_answer(self, about, answer)
    if read is None:
        return answer
    seen = visibility.after(self, about, read, self.looked)
    if seen is not None:
        answer, read = pages.serialized(self, about, seen), seen
    return answer if page is None else pages.cut(self, about, page, answer, read)


def authorize_then_judge(self, resource="*"):
    """Permissions first, then the request's form, then what a dry run is answered: as AWS does. moto carries some dry runs
    out; here nothing of any is begun, so what depends on the account's state is not looked at.
    The setting ``"dry_run": "ignored"`` carries all of them out, as some emulators of AWS do; AWS itself promises not to
    ("DryRun", Common query parameters in the EC2 API Reference)."""
    _moto_authorize(self, resource)
    about = parameters.operation(self.boto3_service_name, self._get_action() or "")
    if about is not None:
        contract.judge_request(self, about)
    dry_run = (self.querystring.get("DryRun") or [""])[0] == "true"
    if dry_run and self.boto3_service_name == "ec2" and CONFIG["dry_run"] != "ignored":
        refuse("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    self.looked = visibility.before(self, about)


def parse_parameters(self, request):
    """What cannot be read is refused when the call is judged; moto would answer a page."""
    try:
        _moto_parse_parameters(self, request)
    except (ValueError, RequestParserError):
        self.params = {}


def install():
    import iam

    global _moto_authorize
    iam.install()
    _moto_authorize = BaseResponse._authenticate_and_authorize_normal_action
    BaseResponse._authenticate_and_authorize_normal_action = authorize_then_judge
    BaseResponse.call_action = call_action
    BaseResponse.parse_parameters = parse_parameters
