"""EC2 instances: states that last, and the refusals that moto leaves out.

moto answers ``stopping`` and is ``stopped`` at the next look; starts terminated instances; changes the type of a
running one; launches from images, key pairs and types that do not exist; and starts a second instance when RunInstances
is repeated with its client token. AWS does none of that.

The setting ``"start_outcome": "given-up"`` makes EC2 accept a start or a launch and give up on it later, for want of
capacity: ``pending`` -> ``stopped`` or ``terminated``, as AWS does at times. The same becomes of an instance with a volume
under a key of ``"kms_denied"``, with ``Client.InternalError``: EC2 asks KMS for a grant in the caller's name only when it
attaches the volume (EC2 User Guide, "Troubleshoot instance launch issues": instance terminates immediately).

``"stop_outcome": "hangs"``: a guest that never comes down; only a forced stop ends it. ``"impaired_looks": 4``: that many
looks say ``impaired`` between ``initializing`` and ``ok``, as those of a slow first boot do; -1: they never stop.

Not covered: hibernation, spot, and RebootInstances, which changes nothing here and is not told to the body.
"""

import copy
import functools
import json
import re
import time

import moto.ec2.models.instances as instances
from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.general import General
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import filter_dict_attribute_mapping

import addresses
import fitness
import images
from state import CONFIG, RUN_TOKENS, Refusal, Wait, body_in_charge, due, later, refuse

Instance, Backend = instances.Instance, instances.InstanceBackend
_moto_start, _moto_stop, _moto_terminate = Instance.start, Instance.stop, Instance.terminate
_moto_run = Backend.run_instances
_moto_modify_attribute = Backend.modify_instance_attribute
_moto_describe_status = Backend.describe_instance_status
_moto_error_on_dryrun = EC2BaseResponse.error_on_dryrun
_moto_attribute_handler = InstanceResponse._dot_value_instance_attribute_handler
_moto_associate_profile = None  # known when the whole EC2 backend is loaded, see install()

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def invalid_instance_id(ids):
    """AWS tells an id of the wrong form (``.Malformed``) from one it does not know (``.NotFound``), moto does not."""
    for each in [ids] if isinstance(ids, str) else ids:
        if not INSTANCE_ID.fullmatch(str(each)):
            return Refusal("InvalidInstanceID.Malformed", f'Invalid id: "{each}"')
    return InvalidInstanceIdError(ids)


# --- states ------------------------------------------------------------------------------------------------------


def enter(instance, name):
    instance._state.name, instance._state.code = name, CODES[name]


def came_up(instance):
    """pending -> running; the status checks begin. False when the instance was not waiting for that."""
    if instance.state != "pending" or too_early(instance):
        return False
    if CONFIG.get("start_outcome") == "given-up":
        give_up(instance, "Server.InsufficientInstanceCapacity", "Insufficient capacity to satisfy instance request")
        return True
    if keys_of(instance) & set(CONFIG.get("kms_denied") or ()):
        give_up(instance, "Client.InternalError", "Client error on launch")
        return True
    enter(instance, "running")
    instance.was_up = True
    instance.impaired_left = int(CONFIG.get("impaired_looks") or 0)
    instance.checking = None if getattr(instance, "long_up", False) else Wait("status")
    instance.long_up = False
    return True


def has_long_been_up(instance):
    """A server of before the lab: its status checks are passed, also where its body is still to come."""
    instance.checking, instance.due = None, 0.0
    instance.long_up = instance.state != "running"


def keys_of(instance):
    """The KMS keys that encrypt the instance's volumes."""
    volumes = (instance.ec2_backend.volumes.get(each.volume_id) for each in instance.block_device_mapping.values())
    return {volume.kms_key_id for volume in volumes if volume is not None and volume.kms_key_id}


def give_up(instance, code, text):
    """It does not come up after all: a new instance is terminated, one that ran before is stopped again."""
    if getattr(instance, "was_up", False):
        _moto_stop(instance)
        enter(instance, "stopped")
    else:
        take_apart(instance)
        enter(instance, "shutting-down")
        went_down(instance)
    instance.state_reason = instances.StateReason(f"{code}: {text}", code)


def too_early(instance):
    """Whether EC2 takes longer than the body did."""
    return time.monotonic() < getattr(instance, "due", 0.0)


def went_down(instance):
    """stopping -> stopped, shutting-down -> terminated. False when the instance was not on its way down."""
    if too_early(instance):
        return False
    if instance.state == "stopping":
        enter(instance, "stopped")
    elif instance.state == "shutting-down":
        enter(instance, "terminated")
        for interface in instance.nics.values():
            addresses.give_up(interface)
    else:
        return False
    return True


def transition(instance, kind, name, end):
    """Into a transitional state; out of it by ticks, or by the body's report."""
    instance.due = 0.0
    if body_in_charge():
        enter(instance, name)
        instance.due = due(kind)
    else:
        later("ec2", kind, lambda: enter(instance, name), lambda: end(instance))


def start(self):
    if self.state in ("running", "pending"):
        return copy.copy(self._state)
    if self.state != "stopped":
        refuse(
            "IncorrectInstanceState",
            f"The instance '{self.id}' is not in a state from which it can be started.",
        )
    fitness.check_start(self)
    previous = _moto_start(self)
    images.started(self)
    transition(self, "start", "pending", came_up)
    return previous


def stop(self):
    if self.state in ("stopped", "stopping"):
        return copy.copy(self._state)
    if self.state != "running":
        refuse(
            "IncorrectInstanceState",
            f"The instance '{self.id}' is not in a state from which it can be stopped.",
        )
    previous = _moto_stop(self)
    if CONFIG.get("stop_outcome") == "hangs":
        enter(self, "stopping")
    else:
        transition(self, "stop", "stopping", went_down)
    return previous


def terminate(self):
    if self.state in ("shutting-down", "terminated"):
        return copy.copy(self._state)
    previous = take_apart(self)
    transition(self, "stop", "shutting-down", went_down)
    return previous


def take_apart(instance):
    """moto's part of a termination, but for the interfaces: their addresses are taken until the host is down."""
    for interface in instance.nics.values():
        interface.delete_on_termination = False
    return _moto_terminate(instance)


def guest_powered_off(instance):
    """The guest shut itself down: there is no call for that, and the reason differs from that of StopInstances.

    The machine is off already, so the end comes by ticks also when the body is in charge.
    """
    if instance.state != "running":
        return False
    if instance.instance_initiated_shutdown_behavior == "terminate":
        from moto.elbv2.models import elbv2_backends

        backend = instance.ec2_backend
        take_apart(instance)
        elbv2_backends[backend.account_id][backend.region_name].notify_terminate_instances([instance.id])
        name = "shutting-down"
    else:
        _moto_stop(instance)
        name = "stopping"
    instance._reason, instance.due = "", 0.0
    code = "Client.InstanceInitiatedShutdown"
    instance.state_reason = instances.StateReason(f"{code}: Instance initiated shutdown", code)
    later("ec2", "stop", lambda: enter(instance, name), lambda: went_down(instance))
    return True


def checks(self):
    """The status checks: ``initializing`` for a while after ``running``; moto says ``ok`` at once."""
    if self.state != "running":
        return {"Status": "not-applicable"}
    if getattr(self, "initializing", False):
        return {"Status": "initializing", "Details": [{"Name": "reachability", "Status": "initializing"}]}
    if getattr(self, "impaired_now", 0) != 0:
        return {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
    return {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}


def describe_instance_status(self, instance_ids, include_all_instances, filters):
    """Only looks at the status count for it, or polling for ``running`` would use them up."""
    found = _moto_describe_status(self, instance_ids, include_all_instances, filters)
    for instance in found:
        checking = getattr(instance, "checking", None)
        instance.initializing = instance.state == "running" and checking is not None and checking.goes_on()
        # -1 stays; the look that is being answered still counts.
        instance.impaired_now = getattr(instance, "impaired_left", 0)
        if instance.state == "running" and not instance.initializing and instance.impaired_now > 0:
            instance.impaired_left -= 1
    return found


# --- launching ---------------------------------------------------------------------------------------------------


@functools.cache
def offered(region):
    """{(instance type, availability zone)} of a region."""
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return {(offer["InstanceType"], offer["Location"]) for offer in offers}


def check_type(backend, instance_type, image=None, zone=None):
    if instance_type not in INSTANCE_TYPES:
        refuse("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    if image is not None and image.architecture:
        supported = INSTANCE_TYPES[instance_type].get("ProcessorInfo", {}).get("SupportedArchitectures", [])
        if image.architecture not in supported:
            refuse(
                "InvalidParameterValue",
                f"The architecture '{','.join(supported)}' of the specified instance type does not match the "
                f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI "
                "that have matching architectures, and try again.",
            )
    if zone is not None and (instance_type, zone) not in offered(backend.region_name):
        refuse(
            "Unsupported",
            f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
            f"({zone}).",
        )


def check_image(backend, image_id):
    image = backend.amis.get(image_id)
    if image is None and image_id in backend.deleted_amis:
        refuse("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
    if image is None:
        refuse("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    if image.state != "available":
        refuse("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
    return image


def run_instances(self, image_id, count, user_data, security_group_names, **kwargs):
    token = kwargs.get("client_token")
    if token == "ABCDE":  # moto's stand-in for "none"
        token = None
    asked = json.dumps([image_id, count, str(user_data), security_group_names, kwargs], default=str, sort_keys=True)
    if token and (self.account_id, token) in RUN_TOKENS:
        before, reservation = RUN_TOKENS[(self.account_id, token)]
        if before != asked:
            refuse(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        if reservation.instances[0].state == "terminated":
            # The error list of the EC2 API Reference; for at least 24 hours after the termination.
            refuse(
                "IdempotentInstanceTerminated",
                "The request to launch an instance uses the same client token as a previous request for which the "
                "instance has been terminated.",
            )
        self.replayed = reservation.instances[0].id
        return reservation

    image = check_image(self, image_id)
    subnet_id = kwargs.get("subnet_id") or next(
        (n["SubnetId"] for n in kwargs.get("nics", []) if "SubnetId" in n), None
    )
    zone = self.get_subnet(subnet_id).availability_zone if subnet_id else kwargs.get("placement")
    check_type(self, kwargs["instance_type"], image, zone)
    if CONFIG["http_tokens_enforced"] and kwargs.get("metadata_options", {}).get("HttpTokens") != "required":
        refuse(
            "UnsupportedOperation",
            "Instances cannot be launched with HttpTokens set to optional: HttpTokensEnforced is enabled in this account.",
        )
    if kwargs.get("key_name") and kwargs["key_name"] not in self.key_pairs:
        refuse("InvalidKeyPair.NotFound", f"The key pair '{kwargs['key_name']}' does not exist")

    reservation = _moto_run(self, image_id, count, user_data, security_group_names, **kwargs)
    for instance in reservation.instances:
        if not instance.security_groups:  # groups given by interface, or none: the VPC's default
            instance.security_groups = list(instance.nics[0]._group_set)
        if instance.root_device_name not in instance.block_device_mapping:
            instance.setup_defaults()
        fitness.as_launched(instance)
        transition(instance, "start", "pending", came_up)
    if token:
        RUN_TOKENS[(self.account_id, token)] = (asked, reservation)
    return reservation


def associate_profile(self, instance_id, **profile):
    """RunInstances associates the profile after the launch, which must not fail when the launch was a repeated one."""
    if instance_id == getattr(self, "replayed", None):
        self.replayed = None
        return self.iam_instance_profile_associations.get(instance_id)  # None: it is terminated
    return _moto_associate_profile(self, instance_id, **profile)


def modify_attribute(self, instance_id, key, value):
    if key in ("instance_type", "user_data"):
        instance = self.get_instance(instance_id)
        if instance.state != "stopped":
            refuse("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
        if key == "instance_type":
            check_type(self, value, self.amis.get(instance.image_id), instance.availability_zone)
    return _moto_modify_attribute(self, instance_id, key, value)


def attribute_handler(self):
    """The shutdown behaviour can be set in this form too; moto knows it only as ``Attribute`` and ``Value``."""
    behaviour = self._get_param("InstanceInitiatedShutdownBehavior.Value")
    if behaviour is None:
        return _moto_attribute_handler(self)
    self.error_on_dryrun()
    key = "instance_initiated_shutdown_behavior"
    self.ec2_backend.modify_instance_attribute(self._get_param("InstanceId"), key, behaviour)
    return True


def metadata_defaults(self):
    """GetInstanceMetadataDefaults, which moto lacks. The setting ``"http_tokens_enforced": true`` is that of an account whose
    organization forbids version 1 of the metadata service."""
    state = "enabled" if CONFIG["http_tokens_enforced"] else "disabled"
    return ActionResult({"AccountLevel": {"HttpTokens": "required", "ManagedBy": "account", "HttpTokensEnforced": state}})


def error_on_dryrun(self):
    """moto's own look at DryRun, which comes after that of dispatch.py."""
    if CONFIG["dry_run"] != "ignored":
        _moto_error_on_dryrun(self)


def console_output(self):
    """moto answers the boot log of some machine of its own; here it is what the host wrote on its console."""
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    text = Base64EncodedString.from_raw_string(getattr(instance, "console", ""))
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": text})


def install():
    from moto.ec2.models import EC2Backend

    global _moto_associate_profile
    _moto_associate_profile = EC2Backend.associate_iam_instance_profile
    EC2Backend.associate_iam_instance_profile = associate_profile
    instances.InvalidInstanceIdError = invalid_instance_id
    filter_dict_attribute_mapping["client-token"] = "client_token"
    Instance.start, Instance.stop, Instance.terminate = start, stop, terminate
    Instance.instance_status = Instance.system_status = Instance.attached_ebs_status = property(checks)
    Backend.run_instances = run_instances
    Backend.describe_instance_status = describe_instance_status
    Backend.modify_instance_attribute = modify_attribute
    InstanceResponse._dot_value_instance_attribute_handler = attribute_handler
    EC2BaseResponse.error_on_dryrun = error_on_dryrun
    InstanceResponse.get_instance_metadata_defaults = metadata_defaults
    General.get_console_output = console_output
