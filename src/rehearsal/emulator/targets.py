"""Target groups and target health: nothing is healthy before somebody looked.

moto's targets are healthy as soon as they are registered, also when no listener forwards to them, and are gone at once
when deregistered. On AWS a target is ``unused`` until a listener uses its group, ``initial`` until the first checks
passed, and ``draining`` after deregistration, for as long as requests are under way there. With a body the health is what
the body's real balancer found; without one a target becomes healthy after ``health_ticks`` looks.
"""

import socket
import sys
import time

import moto.elbv2.models as models
from moto.ec2.models import ec2_backends

from state import HEALTH, TRANSITIONS, body_in_charge, later, refuse, ticks

Backend, TargetGroup = models.ELBv2Backend, models.FakeTargetGroup
_moto_create = Backend.create_target_group
_moto_health = TargetGroup.health_for
_moto_register = TargetGroup.register

#: What AWS writes beside a reason when the reporter gave no words of its own.
DESCRIPTIONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.Timeout": "Request timed out",
}

#: What makes two target groups of one name the same group for CreateTargetGroup.
SETTINGS = (
    "protocol",
    "protocol_version",
    "port",
    "vpc_id",
    "target_type",
    "ip_address_type",
    "health_check_protocol",
    "health_check_port",
    "health_check_path",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "health_check_enabled",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
)


def settings_of(group):
    matcher = getattr(group, "matcher", None) or {}
    return [str(getattr(group, name, None)) for name in SETTINGS] + [matcher.get("HttpCode")]


def create_target_group(self, name, **settings):
    """The same name with the same settings is the existing group, as on AWS; moto refuses it."""
    existing = next((g for g in self.target_groups.values() if g.name == name), None)
    if existing is None:
        return _moto_create(self, name, **settings)
    del self.target_groups[existing.arn]
    try:
        trial = _moto_create(self, name, **{**settings, "tags": None})
        del self.target_groups[trial.arn]
    finally:
        self.target_groups[existing.arn] = existing
    if settings_of(trial) != settings_of(existing):
        refuse(
            "DuplicateTargetGroupName",
            f"A target group with the same name '{name}' exists, but with different settings",
        )
    return existing


def register(self, targets):
    for target in targets:
        unknown = self.ec2_backend.get_instance_by_id(target["Id"]) is None
        if self.target_type == "instance" and unknown:
            refuse("InvalidTarget", f"Instance ID '{target['Id']}' is not valid")
    new = [target["Id"] for target in targets if target["Id"] not in self.targets]
    _moto_register(self, targets)
    for target_id in new:
        # What was found of an earlier registration says nothing of this one.
        HEALTH.pop((self.arn, target_id), None)
        registrations(self)[target_id] = registrations(self).get(target_id, 0) + 1
    for target in targets:
        looks_left(self)[target["Id"]] = ticks("health")
        draining(self).pop(target["Id"], None)


def registrations(group):
    """{target id: how often it was registered}, so that the body sees that a target is another one, however short the
    time without it was."""
    return group.__dict__.setdefault("registrations", {})


def deregister(self, targets):
    """To AWS it is no error when a target is not registered."""
    for target in targets:
        remove(self, target["Id"])


def deregister_terminated(self, instance_ids):
    for target_id in instance_ids:
        remove(self, target_id)


def draining(group):
    """{target id: target} of those that AWS goes on listing for a while."""
    return group.__dict__.setdefault("draining_targets", {})


def remove(group, target_id):
    target = group.targets.pop(target_id, None)
    if target is None:
        return
    group.deregistered_targets[target_id] = target
    if not balancers_of(group):
        return

    seconds = int(group.attributes.get("deregistration_delay.timeout_seconds", 300))
    latest = time.monotonic() + seconds

    def gone():
        if draining(group).get(target_id) is not target:
            return
        # Requests are as long as they are, however fast the lab's waits go.
        if has_connections(group, target) and time.monotonic() < latest:
            TRANSITIONS.append({"service": "elbv2", "kind": "drain", "end": time.monotonic() + 0.2, "steps": [gone]})
        else:
            del draining(group)[target_id]

    later("elbv2", "drain", lambda: draining(group).update({target_id: target}), gone, seconds=seconds)


def has_connections(group, target):
    """Whether the body's balancer, which lives beside this process, still has connections to a target (proc(5), net/tcp): an old
    haproxy keeps those with a request under way, and gives the others up."""
    backend = ec2_backends[group.account_id][group.region_name]
    instance = next((it for r in backend.reservations.values() for it in r.instances if it.id == target["Id"]), None)
    if instance is None or not instance.private_ip:
        return False
    to = f"{int.from_bytes(socket.inet_aton(instance.private_ip), sys.byteorder):08X}:{int(target.get('Port') or group.port):04X}"
    try:
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(line.split()[2:4] == [to, "01"] for line in table)
    except OSError:
        return False


def looks_left(group):
    """{target id: looks for which it is still initial}. A report of the body ends that."""
    return group.__dict__.setdefault("looks", {})


def report(group, target_id, found):
    """The body's balancer judged a target; whether that is news."""
    changed = HEALTH.get((group.arn, target_id)) != found or looks_left(group).get(target_id, 0) > 0
    HEALTH[(group.arn, target_id)] = found
    looks_left(group)[target_id] = 0
    return changed


def balancers_of(group):
    """The balancers with a listener or rule that forwards to the group."""
    backend = models.elbv2_backends[group.account_id][group.region_name]
    return [
        balancer
        for balancer in backend.load_balancers.values()
        if any(
            group.arn in backend._get_target_group_arns_from(action.data)
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            for action in rule.actions
        )
    ]


def describe_target_health(self, target_group_arn, targets):
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise models.TargetGroupNotFoundError()
    asked = targets or [*group.targets.values(), *draining(group).values()]
    return [group.health_for(target, self.ec2_backend) for target in asked]


def health_for(self, target, ec2_backend):
    target_id = target["Id"]
    health = _moto_health(self, target, ec2_backend)
    health.health_check_port = str(health.port) if self.health_check_port == "traffic-port" else self.health_check_port
    if target_id in draining(self):
        return state(health, "draining", "Target.DeregistrationInProgress")
    if health.status != "healthy":
        return health
    return state(health, *found(self, target_id, ec2_backend.get_instance_by_id(target_id)))


def state(health, name, reason=None, description=None):
    health.status, health.reason = name, reason
    health.description = description or DESCRIPTIONS.get(reason)
    return health


def found(group, target_id, instance):
    """(state, reason, description) of a registered target that is not stopped."""
    balancers = balancers_of(group)
    if not balancers:
        return "unused", "Target.NotInUse", None
    if instance is not None:
        zones = {subnet.availability_zone for balancer in balancers for subnet in balancer.subnets}
        if instance.availability_zone not in zones:
            text = "Target is in an Availability Zone that is not enabled for the load balancer"
            return "unused", "Target.NotInUse", text
        if instance.state == "pending":
            return "unhealthy", "Target.Timeout", None
        if instance.state != "running":
            return "unused", "Target.InvalidState", f"Target is in the {instance.state} state"
    reported = HEALTH.get((group.arn, target_id))
    left = looks_left(group).get(target_id, 0)
    looks_left(group)[target_id] = max(left - 1, 0)
    if left > 0 or (reported is None and body_in_charge()):
        return "initial", "Elb.RegistrationInProgress", None
    return reported or ("healthy", None, None)


def install():
    Backend.create_target_group = create_target_group
    Backend.describe_target_health = describe_target_health
    TargetGroup.register, TargetGroup.deregister = register, deregister
    TargetGroup.deregister_terminated_instances = deregister_terminated
    TargetGroup.health_for = health_for
    # moto adds to a list of its own and never takes away from it.
    TargetGroup.load_balancer_arns = property(
        lambda group: [b.arn for b in balancers_of(group)], lambda group, arns: None
    )
