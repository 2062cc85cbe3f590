"""ACM: a certificate is issued when its validation record, with the right value, is in a public hosted zone that the
world asks (``hidden_zones``: all but these).

moto issues by the clock, whether the record exists or not; names the same record for every domain; knows the record at
once (AWS some seconds later); lists listeners as users (AWS: the balancer) for ever; and deletes what is in use.

The setting ``"acm_outcome": "FAILED"`` (or ``VALIDATION_TIMED_OUT``) makes validation end so, for want of a CAA record.

Not covered: email validation, quotas.
"""

import hashlib

import moto.acm.models as models
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

import visibility
from state import CONFIG, WATCHES, later, refuse

Backend, Certificate = models.AWSCertificateManagerBackend, models.CertBundle
_moto_init = Certificate.__init__
_moto_describe = Certificate.describe
_moto_request = Backend.request_certificate
_moto_delete = Backend.delete_certificate


def owner_of(certificate):
    """(region, account) from the ARN."""
    _, _, _, region, account, _ = certificate.arn.split(":", 5)
    return region, account


def validation_record(account, domain):
    """(name, value) of the CNAME: the same for one domain and account, for every certificate and for each renewal."""
    base = domain.removeprefix("*.").lower()
    name, value, suffix = (hashlib.md5(f"{part}/{account}/{base}".encode()).hexdigest() for part in "nvs")
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in suffix[:10])
    return f"_{name}.{base}.", f"_{value}.{letters}.acm-validations.aws."


def public_cnames(account):
    """{(name, value)} of all CNAMEs in the account's zones that the world asks, lower case, without the dot at the end."""
    return {
        (record.name.lower().rstrip("."), str(value).lower().rstrip("."))
        for zone in route53_backends[account]["aws"].zones.values()
        if not zone.private_zone and zone.resource_id not in CONFIG["hidden_zones"]
        for record in zone.rrsets
        if record.type == "CNAME"
        for value in record.records or []
    }


def domains_of(certificate):
    return {certificate.common_name, *certificate.sans}


def watch():
    """At each read of ACM: certificates whose records are there are on their way to ISSUED."""
    for account, regions in models.acm_backends.items():
        waiting = [
            certificate
            for backend in regions.values()
            for certificate in backend._certificates.values()
            if certificate.status == "PENDING_VALIDATION" and not certificate.validating
        ]
        if not waiting:
            continue
        present = public_cnames(account)
        for certificate in waiting:
            wanted = {validation_record(account, domain) for domain in domains_of(certificate)}
            if {(name.rstrip("."), value.rstrip(".")) for name, value in wanted} <= present:
                later(
                    "acm",
                    "acm",
                    lambda c=certificate: setattr(c, "validating", True),
                    lambda c=certificate: issue(c),
                )


def issue(certificate):
    certificate.status = CONFIG.get("acm_outcome", "ISSUED")
    visibility.hide(f"issued {certificate.arn}")  # from ELB, for a while


def init(self, *args, **kwargs):
    self.lingering = []  # balancers whose listener is gone but that ACM still counts
    self.validating = False
    self.record_known = True
    _moto_init(self, *args, **kwargs)


def in_use_by(self):
    region, account = owner_of(self)
    users = {
        balancer.arn
        for balancer in elbv2_backends[account][region].load_balancers.values()
        for listener in balancer.listeners.values()
        if self.arn in listener.certificates
    }
    return sorted(users | set(self.lingering))


def describe(self):
    result = _moto_describe(self)
    certificate = result["Certificate"]
    _, account = owner_of(self)
    for option in certificate.get("DomainValidationOptions", []):
        name, value = validation_record(account, option["DomainName"])
        option["ResourceRecord"] = {"Name": name, "Type": "CNAME", "Value": value}
        if not self.record_known:
            del option["ResourceRecord"]
    if self.status == "PENDING_VALIDATION":
        for later_known in ("IssuedAt", "NotAfter", "NotBefore", "Serial"):
            certificate.pop(later_known, None)
    if self.status == "FAILED":
        certificate["FailureReason"] = "CAA_ERROR"
    return result


def request_certificate(self, domain_name, idempotency_token, subject_alt_names, tags, *more, **settings):
    """moto gives the first certificate for a token, also when it was requested for another domain."""
    if idempotency_token is not None:
        names = ",".join(sorted({domain_name, *(subject_alt_names or [])}))
        idempotency_token = f"{idempotency_token}/{names}"
        known = self._idempotency_tokens.get(idempotency_token)
        if known is not None and known["arn"] not in self._certificates:
            del self._idempotency_tokens[idempotency_token]  # deleted since; moto fails on it
    before = set(self._certificates)
    arn = _moto_request(self, domain_name, idempotency_token, subject_alt_names, tags, *more, **settings)
    if arn not in before:
        certificate = self._certificates[arn]
        later(
            "acm",
            "acm_rr",
            lambda: setattr(certificate, "record_known", False),
            lambda: setattr(certificate, "record_known", True),
        )
    return arn


def delete_certificate(self, arn):
    certificate = self._certificates.get(arn)
    if certificate is not None and certificate.in_use_by:
        refuse("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
    return _moto_delete(self, arn)


def install():
    WATCHES["acm"] = watch
    Certificate.__init__ = init
    Certificate.check = lambda self: None  # moto: issued by the clock
    Certificate.in_use_by = property(in_use_by, lambda self, users: None)
    Certificate.describe = describe
    Backend.request_certificate = request_certificate
    Backend.delete_certificate = delete_certificate
