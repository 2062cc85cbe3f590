"""Security groups: refused deletion while something uses the group, and rules that are the same whatever their
description.

moto deletes a group under a running instance, a balancer or another group's rule. On AWS that is a DependencyViolation,
and it lasts for minutes after a balancer was deleted: until its interfaces are gone. An undo that does not retry fails
there. A rule's description is no part of what it is: with moto the same rule can be added twice under two descriptions,
and a rule with a description is not found by a revocation that names none.

Not covered: a call with several rules of which one is refused (AWS adds none, moto those before it).
"""

import moto.ec2.models.security_groups as security_groups
from moto.ec2.models.instances import InstanceBackend
from moto.rds.models import rds_backends

from state import refuse

Backend, Rule = security_groups.SecurityGroupBackend, security_groups.SecurityGroupRule
_moto_delete = Backend._delete_security_group
_moto_replace = None


def identity_of(rule):
    ports = (None, None) if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    source = rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6"), (rule.source_group or {}).get("GroupId")
    return rule.ip_protocol, *ports, *source, rule.prefix_list_id


def same_rule(self, other):
    return identity_of(self) == identity_of(other)


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


def replace_groups(self, instance_id, group_ids):
    """ModifyInstanceAttribute replaces the groups of the primary interface; moto leaves those there and adds the new."""
    instance = _moto_replace(self, instance_id, group_ids)
    instance.nics[0]._group_set = list(instance.security_groups)
    return instance


def install():
    global _moto_replace
    _moto_replace = InstanceBackend.modify_instance_security_groups
    InstanceBackend.modify_instance_security_groups = replace_groups
    Backend._delete_security_group = delete
    Rule.__eq__ = same_rule
    Rule.description = property(lambda rule: (rule.ip_range or rule.source_group or {}).get("Description"))
