"""DeleteSecurityGroup refuses while something uses the group.

moto deletes it under a running instance, a balancer or another group's rule. On AWS that is a DependencyViolation, and it
lasts for minutes after a balancer was deleted: until its interfaces are gone. An undo that does not retry fails there.
"""

import moto.ec2.models.security_groups as security_groups
from moto.rds.models import rds_backends

from state import refuse

Backend = security_groups.SecurityGroupBackend
_moto_delete = Backend._delete_security_group


def users_of(backend, group_id):
    """Ids of what still holds the group: interfaces (of instances and balancers), databases, other groups' rules."""
    for interface in backend.enis.values():
        if group_id in [group.id for group in interface.group_set]:
            yield interface.id
    for database in rds_backends[backend.account_id][backend.region_name].databases.values():
        if group_id in getattr(database, "vpc_security_group_ids", []):
            yield database.db_instance_identifier
    for groups in backend.groups.values():
        for group in groups.values():
            rules = [*group.ingress_rules, *group.egress_rules]
            if group.id != group_id and any((r.source_group or {}).get("GroupId") == group_id for r in rules):
                yield group.id


def delete(self, vpc_id, group_id):
    group = self.get_security_group_from_id(group_id)
    if group is not None and group.name == "default":
        refuse("CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user')
    if any(users_of(self, group_id)):
        refuse("DependencyViolation", f"resource {group_id} has a dependent object")
    return _moto_delete(self, vpc_id, group_id)


def install():
    Backend._delete_security_group = delete
