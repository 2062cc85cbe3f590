"""IAM enforcement that can be used: Route 53 reads pass, codes are the service's own, statements for an ARN count.

Off by default (``enforce_iam`` in the settings). What it can verify is a policy's list of *actions*: moto never tells
which resource a call concerns, and ignores conditions. What the service then calls in the caller's name, and dependent
permissions (``iam:PassRole``, ``ec2:CreateTags`` at RunInstances), are required too: ``callers_name.py``.
"""

import io

import moto.iam.access_control as access_control
import moto.settings
import moto.sts.models as sts
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.responses import BaseResponse

import callers_name
import parameters
from state import CALLS, refuse

_moto_matches = access_control.IAMPolicyStatement._check_element_matches
_moto_identity = sts.STSBackend.get_caller_identity
_moto_authorize_s3 = ActionAuthenticatorMixin._authenticate_and_authorize_s3_action

#: AWS has a code of its own per service for the same denial. moto always says ``AccessDenied``.
DENIAL_CODES = {"ec2": "UnauthorizedOperation", "acm": "AccessDeniedException"}

#: The call that is being judged: moto makes the judge of it without.
RESPONSES = []

#: What the site's object store client writes in place of a signature (``site/lib/store.php``).
UNSIGNED = "Signature=" + "0" * 64


def enforce(on):
    """Turns signature and policy checks on or off for every call that follows."""
    ActionAuthenticatorMixin.request_count = 0
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if on else float("inf")


def keep_body(environ):
    """Reading a form uses its bytes up, and it is they that were signed: how a space is written differs per SDK."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["plus.body"] = body
    environ["wsgi.input"] = io.BytesIO(body)


def authorize(self, resource="*"):
    """moto answers denials of JSON and REST services in XML that an SDK cannot read: a Refusal is well-formed."""
    self.raw_body = self.raw_body or self.normalized_request.environ.get("plus.body", b"")
    RESPONSES[:] = [self]
    try:
        self._authenticate_and_authorize_action(Judged, resource)
    except Exception as denial:
        code = getattr(denial, "error_type", None) or type(denial).__name__
        if code == "AccessDenied":
            code = DENIAL_CODES.get(self.boto3_service_name, code)
        refuse(code, getattr(denial, "message", str(denial)))


class Judged(access_control.IAMRequest):
    """The caller's right to an action, and to what the service calls in its name because of it."""

    def check_action_permitted(self, resource):
        super().check_action_permitted(resource)
        call, response = self._action, RESPONSES[-1]
        dry_run = (response.querystring.get("DryRun") or [""])[0] == "true"
        for need in callers_name.needed(response, call, parameters.of(response, call.partition(":")[2])):
            service, _, name = need.partition(":")
            self._action = need
            try:
                super().check_action_permitted("*")
            except Exception as denial:
                CALLS.append([service, name, getattr(denial, "error_type", "AccessDenied"), None, f"for {call}"])
                raise
            if not dry_run:
                CALLS.append([service, name, 200, None, f"for {call}"])
        self._action = call


def authorize_s3(self, bucket_name=None, key_name=None):
    """The site's own requests pass, unsigned or with the nought it writes for a signature, as with a bucket policy for
    the VPC: its key is not the operator's, and it is the operator who is judged."""
    signed = self.headers.get("Authorization", "")
    if signed and not signed.endswith(UNSIGNED):
        _moto_authorize_s3(self, bucket_name, key_name)


def signed_request(self):
    """moto signs the parsed parameters when the body is empty, so every signed Route 53 GET fails."""
    names = self._get_string_between("SignedHeaders=", ",", self._headers["Authorization"]).split(";")
    headers = self._create_headers_for_aws_request(names, self._headers)
    body = self._body or (self._data if self._method == "POST" else b"")
    request = access_control.AWSRequest(method=self._method, url=self._path, data=body, headers=headers)
    request.context["timestamp"] = headers.get("X-Amz-Date") or headers.get("x-amz-date")
    return request


def statement_matches(self, element, value):
    """The resource is always ``*`` here, so an Allow for an ARN would deny: only Action decides then."""
    if element == "Resource" and value == "*" and self._statement["Effect"] == "Allow":
        return True
    return _moto_matches(self, element, value)


def identity(self, access_key_id, region):
    """A key that nobody has passes while nothing is enforced, and may do everything: it is the account's root user's. moto
    makes up an ARN that no principal of AWS has."""
    user_id, arn, account = _moto_identity(self, access_key_id, region)
    if arn.endswith(":user/moto"):
        return account, arn.replace(":sts:", ":iam:").replace(":user/moto", ":root"), account
    return user_id, arn, account


def install():
    sts.STSBackend.get_caller_identity = identity
    BaseResponse._authenticate_and_authorize_normal_action = authorize
    ActionAuthenticatorMixin._authenticate_and_authorize_s3_action = authorize_s3
    access_control.IAMRequestBase._create_aws_request = signed_request
    access_control.IAMPolicyStatement._check_element_matches = statement_matches
