"""Snapshots of the database: made, found, deleted as slowly and as strictly as on AWS."""

import unittest

from case import Case, client, plus, view


class Snapshots(Case):
    config = {"ticks": 1, "rds_snapshot_ticks": 2}

    def create(self, name="before-move", **more):
        tags = [{"Key": "runbook:run", "Value": "r1"}]
        return client("rds").create_db_snapshot(
            DBInstanceIdentifier="nextcloud-db", DBSnapshotIdentifier=name, Tags=tags, **more
        )["DBSnapshot"]

    def shown(self, name="before-move"):
        return client("rds").describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]

    def status(self):
        return [snapshot["Status"] for snapshot in self.shown()]

    def test_one_is_creating_then_available(self):
        made = self.create()
        self.assertEqual((made["Status"], made["DBInstanceIdentifier"]), ("creating", "nextcloud-db"))
        self.assertEqual(view()["db_snapshots"], [
            {"id": "before-move", "db": "nextcloud-db", "status": "creating", "tags": {"runbook:run": "r1"}},
        ])
        self.assertEqual(self.status(), ["creating"])
        database = client("rds").describe_db_instances(DBInstanceIdentifier="nextcloud-db")["DBInstances"][0]
        self.assertEqual(database["DBInstanceStatus"], "backing-up")
        with self.refused("InvalidDBInstanceState"):
            self.create("second")
        with self.refused("InvalidDBInstanceState"):
            client("rds").modify_db_instance(
                DBInstanceIdentifier="nextcloud-db", MultiAZ=True, ApplyImmediately=True
            )
        with self.refused("InvalidDBSnapshotState"):
            client("rds").delete_db_snapshot(DBSnapshotIdentifier="before-move")
        self.assertEqual(self.status(), ["available"])
        self.assertEqual(self.shown()[0]["TagList"], [{"Key": "runbook:run", "Value": "r1"}])
        self.assertEqual(view()["db_instances"][0]["status"], "available")
        with self.refused("DBSnapshotAlreadyExists"):
            self.create()

    def test_one_that_is_deleted_is_gone_later(self):
        self.create()
        while self.status() != ["available"]:
            pass
        client("rds").delete_db_snapshot(DBSnapshotIdentifier="before-move")
        self.assertEqual(self.status(), ["deleting"])
        with self.refused("InvalidDBSnapshotState"):
            client("rds").delete_db_snapshot(DBSnapshotIdentifier="before-move")
        self.assertEqual(self.status(), ["deleting"])
        with self.refused("DBSnapshotNotFound"):
            self.shown()
        self.assertEqual(view()["db_snapshots"], [])
        with self.refused("DBSnapshotNotFound"):
            client("rds").delete_db_snapshot(DBSnapshotIdentifier="before-move")

    def test_one_that_fails(self):
        plus("config", db_snapshot_outcome="failed")
        self.create()
        self.assertEqual([self.status()[0] for _ in range(3)], ["creating", "creating", "failed"])
        client("rds").delete_db_snapshot(DBSnapshotIdentifier="before-move")

    def test_one_that_was_just_made_is_not_found_yet(self):
        plus("config", new_ticks=3)
        self.create()
        hidden = 0
        for _ in range(4):
            try:
                self.shown()
            except client("rds").exceptions.DBSnapshotNotFoundFault:
                hidden += 1
        self.assertTrue(1 <= hidden <= 3, hidden)
        listed = client("rds").describe_db_snapshots()["DBSnapshots"]
        self.assertIn("before-move", [snapshot["DBSnapshotIdentifier"] for snapshot in listed])
        with self.refused("DBSnapshotAlreadyExists"):
            self.create()

    def test_names_are_judged(self):
        for name in ("4b", "a--b", "a-", "a_b", "x" * 256):
            with self.refused("InvalidParameterValue"):
                self.create(name)
        with self.refused("DBInstanceNotFound"):
            client("rds").create_db_snapshot(DBInstanceIdentifier="nobody", DBSnapshotIdentifier="a")


if __name__ == "__main__":
    unittest.main()
