"""RDS: a modification is pending first, then ``modifying``, then done.

After ModifyDBInstance with ApplyImmediately, AWS goes on saying ``available`` for a while, with the change under
PendingModifiedValues; code that waits for ``available`` alone is done too early. Without ApplyImmediately the change
stays pending, and is applied together with the next immediate one. moto applies everything at once, in either case.

What was accepted does not show at once: for ``rds_unseen_ticks`` looks the database is ``available`` with nothing pending
(terraform-provider-aws#48830, #39691). The same change sent again meanwhile is answered ``No modifications were requested``
(hashicorp/terraform#3724), as is one that asks for what is so.

The setting ``"rds_standby": "untold"`` leaves SecondaryAvailabilityZone out, which RDS shows "if present".

The setting ``"rds_outcome": "unchanged"`` makes a modification end ``available`` without its effect, as AWS does when
it has no capacity for the standby.

Not covered: storage optimization, backups that block a modification, maintenance windows.
"""

import moto.rds.models as models
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.responses import RDSResponse

from state import CONFIG, TRANSITIONS, body_in_charge, later, refuse, ticks

Backend = models.RDSBackend
_moto_modify = Backend.modify_db_instance
_moto_orderable = Backend.describe_orderable_db_instance_options

#: What a modification defers: moto's attribute and AWS's name.
DEFERRED = {
    "multi_az": "MultiAZ",
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "engine_version": "EngineVersion",
}

#: The events by which an operator follows a conversion (RDS-EVENT-0024, 0025, 0029, 0030).
EVENTS = {
    "DB_INSTANCE_MULTI_AZ_START": "Applying modification to convert to a Multi-AZ DB Instance",
    "DB_INSTANCE_MULTI_AZ_FINISH": "Finished applying modification to convert to a Multi-AZ DB Instance",
    "DB_INSTANCE_SINGLE_AZ_START": "Applying modification to convert to a standard (Single-AZ) DB Instance",
    "DB_INSTANCE_SINGLE_AZ_FINISH": "Finished applying modification to convert to a standard (Single-AZ) DB Instance",
}


def zones_of(database):
    group = getattr(database, "db_subnet_group", None)
    return {subnet["SubnetAvailabilityZone"]["Name"] for subnet in group.subnets} if group else set()


def standby_zone(database):
    if not database.multi_az or CONFIG.get("rds_standby") == "untold":
        return None
    return next(iter(sorted(zones_of(database) - {database.availability_zone})), None)


def pending_of(database):
    """{attribute: value} that waits to be applied."""
    return database.__dict__.setdefault("deferred", {})


def show_pending(database):
    database.pending_modified_values = {DEFERRED[key]: value for key, value in pending_of(database).items()}


def modify_db_instance(self, db_instance_identifier, db_kwargs):
    database = self.describe_db_instances(db_instance_identifier)[0]
    if getattr(database, "db_cluster_identifier", None) and db_kwargs.get("multi_az") is not None:
        refuse("InvalidParameterCombination", "Multi-AZ cannot be set for an instance that belongs to a DB cluster")
    pending = pending_of(database)
    if asks_nothing_new(database, pending, db_kwargs):
        refuse("InvalidParameterCombination", "No modifications were requested")
    if database.status != "available" or getattr(database, "being_modified", False):
        refuse("InvalidDBInstanceState", "Database instance is not in available state.")
    for key in DEFERRED:
        wanted = db_kwargs.get(key)
        if wanted is None:
            continue
        if wanted == getattr(database, key):
            pending.pop(key, None)
            continue
        if key == "multi_az" and wanted and len(zones_of(database)) < 2:
            refuse(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "DB Subnet Group doesn't meet availability zone coverage requirement. Please add subnets to cover at "
                "least 2 availability zones.",
            )
        pending[key] = wanted
    _moto_modify(self, db_instance_identifier, {k: v for k, v in db_kwargs.items() if k not in DEFERRED})
    if pending and db_kwargs.get("apply_immediately"):
        apply(database)
    else:
        show_pending(database)
    return database


def asks_nothing_new(database, pending, db_kwargs):
    """Whether all that a call asks for is so, or was taken already and is under way."""
    asked = {key: value for key, value in db_kwargs.items() if value is not None and key not in ADDRESSING}
    under_way = pending if getattr(database, "being_modified", False) else {}
    return set(asked) <= set(DEFERRED) and all(
        value == under_way.get(key, getattr(database, key)) for key, value in asked.items()
    )


#: What says which database and when, and is no modification.
ADDRESSING = {"db_instance_identifier", "apply_immediately", "allow_major_version_upgrade", "new_db_instance_identifier"}


def apply(database):
    changes = dict(pending_of(database))
    kind = {True: "MULTI_AZ", False: "SINGLE_AZ"}.get(changes.get("multi_az"))

    def accept():
        database.being_modified = True

    def go_on():
        later("rds", "rds", lambda: show_pending(database), begin, finish)
        if ticks("rds_unseen") and TRANSITIONS and "left" in TRANSITIONS[-1] and TRANSITIONS[-1]["kind"] == "rds":
            TRANSITIONS[-1]["left"] -= 1  # the read that came here sees the new state

    def begin():
        database.status = "modifying"
        if kind:
            database.add_event(f"DB_INSTANCE_{kind}_START")

    def finish():
        pending_of(database).clear()
        show_pending(database)
        database.status, database.being_modified = "available", False
        if CONFIG.get("rds_outcome") == "unchanged":
            return
        for key, value in changes.items():
            setattr(database, key, value)
        database.secondary_availability_zone = standby_zone(database)
        if kind:
            database.add_event(f"DB_INSTANCE_{kind}_FINISH")

    later("rds", "rds_unseen", accept, go_on)


def boots_of(database):
    """How often it was started again. The body starts the server again when this number grows."""
    return database.__dict__.get("boots", 0)


def seat_of(database):
    """The zone that serves: during a failover the other one already, while the answers still name the old."""
    return database.__dict__.get("seat", database.availability_zone)


def address_of(database):
    """The private address of the zone that serves, to which the endpoint's name leads. None of the low ones, which
    instances get."""
    group = getattr(database, "db_subnet_group", None)
    backend = ec2_backends[database.account_id][database.region]
    databases = list(models.rds_backends[database.account_id][database.region].databases)
    number = databases.index(database.db_instance_identifier) if database.db_instance_identifier in databases else 0
    for subnet in group.subnets if group else []:
        if subnet["SubnetAvailabilityZone"]["Name"] == seat_of(database):
            return str(backend.get_subnet(subnet["SubnetIdentifier"]).cidr[-6 - number])
    return None


def reboot_db_instance(self):
    """moto answers 200 and does nothing; AWS is ``rebooting`` for a while, and a failover swaps the zones. With a body
    in charge it is over when the body reports that the server answers again."""
    database = self.backend.reboot_db_instance(self.params.get("DBInstanceIdentifier"))
    failover = self.params.get("ForceFailover")
    if database.status != "available":
        refuse("InvalidDBInstanceState", "Database instance is not in available state.")
    if failover and not database.multi_az:
        refuse(
            "InvalidParameterCombination", "Force failover cannot be specified for a DB instance that is not Multi-AZ"
        )

    def away():
        database.status, database.boots = "rebooting", boots_of(database) + 1
        if failover:
            database.seat = standby_zone(database)

    if body_in_charge():
        away()
    else:
        later("rds", "rds", away, lambda: came_up(database, boots_of(database)))
    return ActionResult({"DBInstance": database})


def came_up(database, boots):
    """The server answers after its start of this number."""
    if database.status != "rebooting" or boots != boots_of(database):
        return False
    database.status = "available"
    if seat_of(database) != database.availability_zone:
        database.availability_zone = seat_of(database)
        database.secondary_availability_zone = standby_zone(database)
    return True


def orderable(self, engine, engine_version):
    """moto knows no option for MySQL, so "can this be Multi-AZ" could not be asked. One option per class here."""
    if engine not in ("mysql", "mariadb", "postgres"):
        return _moto_orderable(self, engine, engine_version)
    zones = [{"Name": f"{self.region_name}{letter}"} for letter in "abc"]
    return [
        {
            "Engine": engine,
            "EngineVersion": engine_version or models.DBInstance.default_engine_versions.get(engine, "8.0.36"),
            "DBInstanceClass": db_class,
            "LicenseModel": "general-public-license",
            "AvailabilityZones": zones,
            "MultiAZCapable": True,
            "Vpc": True,
            "StorageType": "gp3",
            "SupportsStorageEncryption": True,
        }
        for db_class in ("db.t3.small", "db.t3.medium", "db.t3.large", "db.m5.large", "db.r5.large")
    ]


def pending_maintenance(self):
    """None is ever pending; moto has no answer at all."""
    return ActionResult({"PendingMaintenanceActions": []})


def install():
    for name, message in EVENTS.items():
        category = "configuration change" if name.endswith("FINISH") else "availability"
        models.Event.EVENT_MAP[name] = {"Categories": [category], "Message": message}
    # RDS shows it always, empty as a rule; moto only once there was something in it.
    models.DBInstance.pending_modified_values = {}
    Backend.modify_db_instance = modify_db_instance
    Backend.describe_orderable_db_instance_options = orderable
    RDSResponse.reboot_db_instance = reboot_db_instance
    RDSResponse.describe_pending_maintenance_actions = pending_maintenance
