"""Images and their snapshots: pending until frozen, one snapshot per volume, names that are taken stay taken.

moto's images are available at once, consist of one 15 GiB volume whatever the instance has, share names, and launch
instances with an unrelated 8 GiB disk. It refuses tags for snapshots with HTTP 500 and ignores
``DeleteAssociatedSnapshots``, which is how leftovers of an undo stay unnoticed.

Snapshots are begun some looks (``snapshot_ticks``) after CreateImage has returned, one volume after the other: until then the
image's block devices have no snapshot ids, and DescribeSnapshots has none of them. From then on the image is pending for
``image_ticks`` more, its snapshots too, and whatever happens to the volumes changes nothing: "You may remount and use your volume
while the snapshot status is pending" (CreateSnapshot, EC2 API Reference; "Create Amazon EBS snapshots", EBS User Guide). Where a
body keeps the disks, a snapshot is begun when the body has copied them, not before. Who starts the instance before each volume has
its id changes what is being copied: such an image fails, and it is a trouble of the lab, for nothing on AWS would say so.

The setting ``"image_outcome": "failed"`` makes a pending image end so.

Not covered: the reboot of a running instance without ``NoReboot``, which is refused as something that the lab does not have.
"""

import functools

import moto.ec2.models.amis as amis
from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.models.instances import Instance
from moto.ec2.responses.amis import AmisResponse

from state import CONFIG, TROUBLES, body_in_charge, later, paced, refuse

Ami, Backend = amis.Ami, amis.AmiBackend
_moto_create, _moto_register = Backend.create_image, Backend.register_image
_moto_create_response = AmisResponse.create_image
_moto_snapshots = None  # known when the whole EC2 backend is loaded, see install()

def snapshots_of(image):
    """{device name: snapshot} of an image."""
    return getattr(image, "device_snapshots", None) or {image.root_device_name: image.ebs_snapshot}


def check_name(backend, name):
    for image in backend.amis.values():
        if image.name == name and image.owner_id == backend.account_id:
            refuse("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")


def enter(image, state):
    image.state = state
    for snapshot in snapshots_of(image).values():
        snapshot.status = {"available": "completed", "failed": "error"}.get(state, "pending")


def frozen(image):
    """The body has copied the disks. False when the image was not waiting for that."""
    if image.state != "pending" or getattr(image, "is_copied", True):
        return False
    image.is_copied = True
    move_on(image)
    return True


def is_taken(image, device):
    return not hasattr(image, "taken") or (image.is_copied and device in image.taken)


def not_taken(image):
    """The devices of whose volumes there are no snapshots yet."""
    return [device for device in snapshots_of(image) if not is_taken(image, device)]


def kind_of(image):
    """Of volumes with a finished snapshot only what has changed since is copied (EBS user guide, "How EBS snapshots work")."""
    volumes = {snapshot.volume.id for snapshot in snapshots_of(image).values()}
    own = {snapshot.id for snapshot in snapshots_of(image).values()}
    older = [each for each in image.ec2_backend.snapshots.values() if each.id not in own]
    taken = {each.volume.id for each in older if each.status == "completed"}
    return "image_again" if volumes <= taken and paced("image_again") else "image"


def begin_to_take(image):
    """CreateImage returns before there is a snapshot of any volume."""
    image.kind = kind_of(image)
    image.taken, image.is_copied, image.is_due, image.is_counting = set(), not body_in_charge(), False, paced(image.kind)

    def take(device):
        image.taken.add(device)
        move_on(image)

    enter(image, "pending")
    if image.is_counting:  # its time runs from the call, its looks from the last snapshot
        count(image)
    later("ec2", "snapshot", lambda: None, *(functools.partial(take, device) for device in snapshots_of(image)))


def count(image):
    def over():
        image.is_due = True
        move_on(image)

    image.is_counting = True
    later("ec2", image.kind, lambda: None, over)


def move_on(image):
    """A pending image goes on when each volume is taken, and ends when that has lasted its time."""
    if image.state != "pending" or not_taken(image):
        return
    if not image.is_counting:
        count(image)
    elif image.is_due:
        enter(image, "failed" if getattr(image, "spoilt", False) else CONFIG["image_outcome"])


def started(instance):
    """The instance is started: whatever is not taken of it yet is lost."""
    for image in instance.ec2_backend.amis.values():
        if image.state == "pending" and image.instance_id == instance.id and not_taken(image):
            image.spoilt = True
            TROUBLES.append(
                f"instance {instance.id} was started before each of its volumes had a snapshot for image {image.id}: what the "
                "image holds is not what was there when CreateImage was called"
            )


def create_image(self, instance_id, name, description, tag_specifications):
    check_name(self, name)
    instance = self.get_instance(instance_id)
    if instance.state not in ("running", "stopping", "stopped"):
        refuse("IncorrectState", f"Instance '{instance_id}' is not in a state from which an image can be created.")
    of_snapshots = [s for s in tag_specifications if s["ResourceType"] == "snapshot"]
    image = _moto_create(self, instance_id, name, description, [s for s in tag_specifications if s not in of_snapshots])
    image.root_device_name, image.root_device_type = instance.root_device_name, "ebs"
    replace_snapshots(self, image, instance)
    for specification in of_snapshots:
        for snapshot in snapshots_of(image).values():
            snapshot.add_tags({tag["Key"]: tag["Value"] for tag in specification["Tags"]})
    begin_to_take(image)
    return image


def replace_snapshots(backend, image, instance):
    """The snapshots of the instance's own volumes instead of the one that moto made up."""
    if not instance.block_device_mapping:
        return
    made_up = image.ebs_snapshot
    text = f"Created by CreateImage({instance.id}) for {image.id}"
    image.device_snapshots = {
        device: backend.create_snapshot(block.volume_id, text, image.owner_id, from_ami=image.id)
        for device, block in instance.get_block_device_mapping
    }
    first = next(iter(image.device_snapshots.values()))
    image.ebs_snapshot = image.device_snapshots.get(image.root_device_name, first)
    backend.snapshots.pop(made_up.id)


def register_image(self, name=None, description=None):
    check_name(self, name)
    image = _moto_register(self, name, description)
    image.architecture, image.virtualization_type = "x86_64", "hvm"
    image.root_device_type, image.hypervisor = "ebs", "xen"
    return image


def create_image_response(self):
    """moto never looks at ``NoReboot``."""
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    if instance.state == "running" and not self._get_bool_param("NoReboot", False):
        refuse("UnsupportedOperation", "the lab does not reboot an instance for an image: say NoReboot")
    return _moto_create_response(self)


def deregister_image(self):
    image_id = self._get_param("ImageId")
    self.error_on_dryrun()
    image = self.ec2_backend.amis.get(image_id)
    self.ec2_backend.deregister_image(image_id)
    result = {"Return": True}
    if self._get_bool_param("DeleteAssociatedSnapshots", False):
        ids = [snapshot.id for snapshot in snapshots_of(image).values()]
        for each in ids:
            self.ec2_backend.snapshots.pop(each, None)
        result["DeleteSnapshotResults"] = [{"SnapshotId": each, "ReturnCode": "success"} for each in ids]
    return ActionResult(result)


def block_device_mappings(self):
    return [
        {
            "DeviceName": device,
            "Ebs": {
                **({"SnapshotId": snapshot.id} if is_taken(self, device) else {}),
                "VolumeSize": snapshot.volume_size,
                "Encrypted": snapshot.encrypted,
                "DeleteOnTermination": device == self.root_device_name,
                "VolumeType": snapshot.volume.volume_type,
            },
        }
        for device, snapshot in snapshots_of(self).items()
    ]


def volumes_from_image(self):
    """An instance's volumes come from its image's snapshots."""
    backend, image = self.ec2_backend, self.ec2_backend.amis[self.image_id]
    for device, snapshot in snapshots_of(image).items():
        if device in self.block_device_mapping:
            continue
        volume = backend.create_volume(
            size=snapshot.volume_size,
            zone_name=self.availability_zone,
            snapshot_id=snapshot.id,
            encrypted=snapshot.encrypted,
            kms_key_id=snapshot.kms_key_id,
            volume_type=snapshot.volume.volume_type,
        )
        backend.attach_volume(volume.id, self.id, device, device == self.root_device_name)


def state_reason(self):
    if self.state != "failed":
        return None
    return {"Code": "Client.InternalError", "Message": "Client.InternalError: the volumes changed while they were copied"}


def describe_snapshots(self, snapshot_ids=None, filters=None):
    """Those that are not begun yet are nowhere to be seen."""
    waiting = {snapshots_of(image)[device].id for image in self.amis.values() for device in not_taken(image)}
    for each in snapshot_ids or []:
        if each in waiting:
            refuse("InvalidSnapshot.NotFound", f"The snapshot '{each}' does not exist.")
    return [snapshot for snapshot in _moto_snapshots(self, snapshot_ids, filters) if snapshot.id not in waiting]


def install():
    global _moto_snapshots
    from moto.ec2.models import EC2Backend

    _moto_snapshots = EC2Backend.describe_snapshots
    EC2Backend.describe_snapshots = describe_snapshots
    Ami.state_reason = property(state_reason)
    Ami.block_device_mappings = property(block_device_mappings)
    Backend.create_image, Backend.register_image = create_image, register_image
    AmisResponse.deregister_image, AmisResponse.create_image = deregister_image, create_image_response
    Instance.setup_defaults = volumes_from_image
    Snapshot.progress = property(lambda self: "100%" if self.status == "completed" else "45%")
