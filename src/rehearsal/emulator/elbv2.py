"""Load balancers and listeners: provisioning first, the refusals moto leaves out, interfaces that outlive the balancer.

moto builds balancers in one subnet, with security groups that do not exist, twice under one name; it opens HTTPS
without a certificate or with a pending one, and deletes a protected balancer. Its canonical zone id and DNS name are
constants, which hides an alias that points at the wrong zone or at yesterday's balancer.

The setting ``"alb_outcome": "failed"`` (or ``active_impaired``) makes provisioning end so.

moto checks the target groups of a listener when it is made and not when it is changed, and lets pass any number of them and
any weight. A rule that the lab's balancer could not follow is refused as one that the lab does not have.

Not covered: network and gateway balancers; conditions of rules other than ``http-header``, ``host-header`` and
``path-pattern``; actions of rules other than forwarding.
"""

import zlib

import moto.elbv2.models as models
from moto.acm.models import acm_backends

import addresses
import visibility
from state import CONFIG, later, refuse

Backend, LoadBalancer = models.ELBv2Backend, models.FakeLoadBalancer
_moto_create = Backend.create_load_balancer
_moto_delete = Backend.delete_load_balancer
_moto_create_listener = Backend.create_listener
_moto_modify_listener = Backend.modify_listener
_moto_delete_listener = Backend.delete_listener
_moto_add_certificates = Backend.add_listener_certificates
_moto_create_rule = Backend.create_rule
_moto_delete_rule = Backend.delete_rule

#: The most target groups of one action ("Quotas for your Application Load Balancers", ELB user guide).
MOST_GROUPS = 5

#: What the lab's balancer can tell requests by.
CONDITIONS = ("http-header", "host-header", "path-pattern")

#: The hosted zones of Application Load Balancers' names, from AWS's table of service endpoints.
CANONICAL_ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-central-1": "Z215JYRZR1TBD5",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
}


def canonical_zone(region):
    return CANONICAL_ZONES.get(region, CANONICAL_ZONES["us-east-1"])


# --- balancers ---------------------------------------------------------------------------------------------------


def create_load_balancer(self, name, security_groups, subnet_ids, subnet_mappings=None, scheme=None, **settings):
    scheme = scheme or "internet-facing"
    wanted = list(subnet_ids or []) + [m["SubnetId"] for m in subnet_mappings or []]
    for balancer in self.load_balancers.values():
        if balancer.name == name:
            same = (
                {s.id for s in balancer.subnets} == set(wanted)
                and balancer.scheme == scheme
                and (not security_groups or set(balancer.security_groups or []) == set(security_groups))
                and balancer.type == (settings.get("loadbalancer_type") or "application")
            )
            if same:
                return balancer
            refuse(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
    check_network(self, security_groups, wanted, scheme)
    balancer = _moto_create(self, name, security_groups, subnet_ids, subnet_mappings, scheme=scheme, **settings)
    number = zlib.crc32(balancer.arn.encode())
    balancer.dns_name = f"{name}-{number}.{self.region_name}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = canonical_zone(self.region_name)
    balancer.attrs.setdefault("idle_timeout.timeout_seconds", "60")
    if not balancer.security_groups:
        default = self.ec2_backend.get_security_group_from_name("default", balancer.vpc_id)
        balancer.security_groups = [default.id]
    balancer.interfaces = [interface_in(self.ec2_backend, balancer, subnet) for subnet in balancer.subnets]
    later(
        "elbv2",
        "alb",
        lambda: setattr(balancer, "state", "provisioning"),
        lambda: setattr(balancer, "state", CONFIG.get("alb_outcome", "active")),
    )
    return balancer


def check_network(backend, security_groups, subnet_ids, scheme):
    subnets = [backend.ec2_backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        code = "ValidationError" if len(subnets) < 2 else "InvalidConfigurationRequest"
        refuse(code, "At least two subnets in two different Availability Zones must be specified")
    vpc_id = subnets[0].vpc_id
    gateways = backend.ec2_backend.internet_gateways.values()
    if scheme == "internet-facing" and not any(g.vpc is not None and g.vpc.id == vpc_id for g in gateways):
        refuse("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")
    for group_id in security_groups or []:
        group = backend.ec2_backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != vpc_id:
            refuse("InvalidSecurityGroup", f"One or more security groups are invalid: '{group_id}'")


def interface_in(ec2, balancer, subnet):
    """A balancer's interface holds its security groups: what DeleteSecurityGroup and an operator run into."""
    interface = ec2.create_network_interface(
        subnet,
        subnet.get_available_subnet_ip(instance=balancer),
        group_ids=list(balancer.security_groups or []),
        description=f"ELB {balancer.arn.partition(':loadbalancer/')[2]}",
    )
    interface.requester_managed, interface.requester_id, interface.status = True, "amazon-elb", "in-use"
    if balancer.scheme == "internet-facing":
        interface.public_ip = addresses.draw()
    return interface


def set_security_groups(self, arn, sec_groups):
    """moto changes the balancer only; its interfaces are what holds the groups."""
    _moto_set_groups(self, arn, sec_groups)
    balancer = self.load_balancers[arn]
    for interface in getattr(balancer, "interfaces", []):
        interface._group_set = [self.ec2_backend.get_security_group_from_id(g) for g in sec_groups]


_moto_set_groups = Backend.set_security_groups


def delete_load_balancer(self, arn):
    balancer = self.load_balancers.get(arn)
    if balancer is None:
        return
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        refuse(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    listeners = list(balancer.listeners.values())
    _moto_delete(self, arn)
    release_certificates(self, listeners)

    def remove_interfaces():
        for interface in getattr(balancer, "interfaces", []):
            addresses.give_up(interface)

    later("ec2", "eni", lambda: None, remove_interfaces)


# --- listeners ---------------------------------------------------------------------------------------------------


def certificates_of(backend):
    return acm_backends[backend.account_id][backend.region_name]._certificates


def check_certificate(backend, arn):
    """ELB does not know at once that a certificate is issued (visibility.py)."""
    certificate = certificates_of(backend).get(arn)
    if certificate is not None and (certificate.status != "ISSUED" or visibility.looked_at(f"issued {arn}")):
        refuse(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported "
            "key size.",
        )


def create_listener(self, load_balancer_arn, protocol, port, ssl_policy, certificate, actions, *more, **settings):
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer is not None and any(str(x.port) == str(port) for x in balancer.listeners.values()):
        refuse("DuplicateListener", "A listener already exists on this port for this load balancer")
    if protocol == "HTTPS":
        if not certificate:
            refuse("ValidationError", "A certificate must be specified for HTTPS listeners")
        check_certificate(self, certificate)
    check_forwards(actions)
    return _moto_create_listener(
        self, load_balancer_arn, protocol, port, ssl_policy, certificate, actions, *more, **settings
    )


def modify_listener(self, arn, port=None, protocol=None, ssl_policy=None, certificates=None, actions=None):
    for each in certificates or []:
        check_certificate(self, each["CertificateArn"])
    check_forwards(actions or [])
    self._validate_actions([models.FakeAction(action) for action in actions or []])
    return _moto_modify_listener(self, arn, port, protocol, ssl_policy, certificates, actions)


def check_forwards(actions):
    """Weights are 0 to 999, a stickiness lasts a second to a week, and has to be said how long (TargetGroupTuple and
    TargetGroupStickinessConfig, ELBv2 API reference)."""
    for action in actions:
        forward = action.get("ForwardConfig") or {}
        groups = forward.get("TargetGroups") or []
        if len(groups) > MOST_GROUPS:
            refuse("TooManyTargets", f"You cannot specify more than {MOST_GROUPS} target groups for an action")
        if any(not 0 <= int(group.get("Weight", 1)) <= 999 for group in groups):
            refuse("ValidationError", "The weight of a target group must be between 0 and 999")
        sticky = forward.get("TargetGroupStickinessConfig") or {}
        seconds = sticky.get("DurationSeconds")
        if str(sticky.get("Enabled")).lower() == "true" and not (seconds and 1 <= int(seconds) <= 604800):
            refuse("ValidationError", "Target group stickiness duration must be between 1 and 604800 seconds")


def create_rule(self, listener_arn, conditions, priority, actions, tags=None):
    check_forwards(actions)
    for condition in conditions:
        if condition.get("Field") not in CONDITIONS:
            refuse("ValidationError", f"the lab's balancer knows no condition `{condition.get('Field')}`")
    for action in actions:
        if action.get("Type") != "forward":
            refuse("ValidationError", f"the lab's balancer knows no rule that does `{action.get('Type')}`")
    return _moto_create_rule(self, listener_arn, conditions, priority, actions, tags)


def delete_rule(self, arn):
    """moto lets pass a rule that is not there; AWS does not (DeleteRule, errors)."""
    rules = [
        rule.arn for balancer in self.load_balancers.values() for listener in balancer.listeners.values()
        for rule in listener._non_default_rules.values()
    ]
    if arn not in rules:
        raise models.RuleNotFoundError()
    _moto_delete_rule(self, arn)


def add_listener_certificates(self, arn, certificates):
    for each in certificates:
        check_certificate(self, each["CertificateArn"])
    return _moto_add_certificates(self, arn, certificates)


def delete_listener(self, listener_arn):
    listener = _moto_delete_listener(self, listener_arn)
    release_certificates(self, [listener])
    return listener


def release_certificates(backend, listeners):
    """ACM goes on counting a certificate as in use for a while after its listener is gone."""
    for listener in listeners:
        for arn in listener.certificates:
            certificate = certificates_of(backend).get(arn)
            if certificate is not None:
                later(
                    "acm",
                    "release",
                    lambda c=certificate, user=listener.load_balancer_arn: c.lingering.append(user),
                    lambda c=certificate, user=listener.load_balancer_arn: c.lingering.remove(user),
                )


def install():
    LoadBalancer.activate = lambda self: None  # moto: active at the first look
    Backend.create_load_balancer, Backend.delete_load_balancer = create_load_balancer, delete_load_balancer
    Backend.set_security_groups = set_security_groups
    Backend.create_listener, Backend.modify_listener = create_listener, modify_listener
    Backend.delete_listener = delete_listener
    Backend.add_listener_certificates = add_listener_certificates
    Backend.create_rule, Backend.delete_rule = create_rule, delete_rule
