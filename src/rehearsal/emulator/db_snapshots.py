"""Manual snapshots of databases: ``creating`` for a while, then ``available``; deleted, ``deleting`` for a while, then gone.

moto's are available when their call returns, whatever the database is doing, and gone when they are deleted. On AWS the database is
``backing-up`` meanwhile, takes no other change, and no second snapshot; a snapshot that is being made cannot be deleted
(DeleteDBSnapshot: "must be in the available state", InvalidDBSnapshotState). Tags count from the call on.

The setting ``"db_snapshot_outcome": "failed"`` makes one end so; such a one can be deleted.

Not covered: what is in a snapshot, restoring from it, automated ones, copies, clusters (refused as AWS refuses a member).
"""

import moto.rds.models as models
from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from state import CONFIG, later, refuse

Backend = models.RDSBackend
_moto_create = Backend.create_db_snapshot
KIND = "rds_snapshot"


def create_db_snapshot(self, db_instance_identifier, db_snapshot_identifier, snapshot_type="manual", **more):
    database = self.databases.get(db_instance_identifier)
    manual = snapshot_type == "manual"
    if manual and database is not None:
        if getattr(database, "db_cluster_identifier", None):
            refuse(
                "InvalidParameterValue",
                "The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the "
                "CreateDBClusterSnapshot API instead.",
            )
        if db_snapshot_identifier not in self.database_snapshots and database.status not in ("available", "storage-optimization"):
            refuse("InvalidDBInstanceState", f"DB instance {db_instance_identifier} is not in available state.")
    snapshot = _moto_create(self, db_instance_identifier, db_snapshot_identifier, snapshot_type, **more)
    if manual:
        take(database, snapshot)
    return snapshot


def take(database, snapshot):
    def begin():
        snapshot.status, snapshot.percent_progress, database.status = "creating", 0, "backing-up"

    def finish():
        snapshot.status, snapshot.percent_progress = CONFIG["db_snapshot_outcome"], 100
        if database.status == "backing-up":
            database.status = "available"

    later("rds", KIND, begin, finish)


def delete_db_snapshot(self):
    identifier = self.params.get("DBSnapshotIdentifier")
    snapshot = self.backend.get_db_snapshot(identifier)
    if snapshot.status not in ("available", "failed"):
        refuse("InvalidDBSnapshotState", f"Cannot delete the snapshot because it is currently in the {snapshot.status} state.")

    def go():
        self.backend.database_snapshots.pop(identifier, None)

    def mark():
        snapshot.status = "deleting"

    later("rds", KIND, mark, go)
    return ActionResult({"DBSnapshot": snapshot})


def install():
    models.DBSnapshot.percent_progress = 100
    Backend.create_db_snapshot = create_db_snapshot
    RDSResponse.delete_db_snapshot = delete_db_snapshot
