"""A pace: transitions take AWS's time, some times faster."""

import time
import unittest
from types import SimpleNamespace
from unittest import mock

import images
import pace
import state
from case import Case, client, plus


class Durations(unittest.TestCase):
    def test_each_kind_has_its_figures_in_order(self):
        for kind, (shortest, usual, longest) in pace.SECONDS.items():
            self.assertIn(kind, state.KINDS)
            self.assertTrue(0 < shortest <= usual <= longest, kind)
            drawn = [pace.drawn(kind, 0, number) for number in range(50)]
            self.assertTrue(all(shortest <= each <= longest for each in drawn), kind)
        self.assertEqual(set(state.KINDS) - set(pace.SECONDS), {"new", "tag"})
        self.assertLessEqual(pace.GUESSED, set(pace.SECONDS))

    def test_a_rehearsal_repeats_its_own(self):
        self.assertEqual(pace.drawn("rds", 7, 1), pace.drawn("rds", 7, 1))
        self.assertNotEqual(pace.drawn("rds", 7, 1), pace.drawn("rds", 7, 2))
        self.assertNotEqual(pace.drawn("rds", 7, 1), pace.drawn("rds", 8, 1))

    def test_what_has_a_snapshot_already_is_quicker(self):
        def snapshot(name, volume, status):
            return SimpleNamespace(id=name, volume=SimpleNamespace(id=volume), status=status)

        own, done = snapshot("new", "vol-1", "completed"), snapshot("old", "vol-1", "completed")
        with mock.patch.dict(state.CONFIG, pace=60):
            for older, kind in ([], "image"), ([done], "image_again"), ([snapshot("old", "vol-1", "pending")], "image"):
                backend = SimpleNamespace(snapshots={each.id: each for each in [own, *older]})
                image = SimpleNamespace(device_snapshots={"/dev/sda1": own}, ec2_backend=backend)
                self.assertEqual(images.kind_of(image), kind)

    def test_steps_share_the_whole(self):
        self.assertEqual(pace.shares("rds", 2), [0.05, 1.0])
        self.assertEqual(pace.shares("stop", 1), [1.0])


class Paced(Case):
    config = {"ticks": 1, "body": True, "pace": 300}

    def seconds_until(self, look, limit=15):
        began = time.monotonic()
        while not look():
            self.assertLess(time.monotonic() - began, limit)
            time.sleep(0.01)
        return time.monotonic() - began

    def test_a_body_that_is_quicker_than_ec2_waits(self):
        self.up()  # it was there long before
        client("ec2").stop_instances(InstanceIds=[self.web])
        self.assertFalse(self.body("instance-stopped", self.web))
        seconds = self.seconds_until(lambda: self.body("instance-stopped", self.web))
        self.assertGreater(seconds, 15 / 300 - 0.05)
        self.assertEqual(self.state(), "stopped")

    def test_a_modification_takes_its_time_however_often_one_looks(self):
        rds = client("rds")
        rds.modify_db_instance(DBInstanceIdentifier=self.ids["db"], MultiAZ=True, ApplyImmediately=True)
        seen = []

        def done():
            (database,) = rds.describe_db_instances()["DBInstances"]
            if database["DBInstanceStatus"] not in seen:
                seen.append(database["DBInstanceStatus"])
            return database["MultiAZ"]

        self.assertGreater(self.seconds_until(done), 357 / 300 - 0.05)
        self.assertEqual(seen, ["available", "modifying"])

    def test_an_image_is_pending_for_long_after_its_snapshots_are_begun(self):
        ec2 = client("ec2")
        self.up()
        ec2.stop_instances(InstanceIds=[self.web])
        self.seconds_until(lambda: self.body("instance-stopped", self.web))
        image = ec2.create_image(InstanceId=self.web, Name="clone-1")["ImageId"]
        self.assertTrue(self.body("image-frozen", image))

        def shown():
            return ec2.describe_images(ImageIds=[image])["Images"][0]

        self.seconds_until(lambda: shown()["BlockDeviceMappings"][0]["Ebs"].get("SnapshotId"))
        self.assertEqual(shown()["State"], "pending")
        self.assertGreater(self.seconds_until(lambda: shown()["State"] == "available"), (186 - 45) / 300 - 0.05)

    def test_names_and_status_checks(self):
        self.up()
        record = {"Name": self.ids["fqdn"], "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        change = client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=batch)["ChangeInfo"]
        self.assertEqual(change["Status"], "PENDING")
        insync = lambda: client("route53").get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"  # noqa: E731
        self.assertGreater(self.seconds_until(insync), 28 / 300 - 0.05)
        clone = self.run_one(self.base_image())
        self.seconds_until(lambda: self.body("instance-running", clone))

        def passed():
            (found,) = client("ec2").describe_instance_status(InstanceIds=[clone])["InstanceStatuses"]
            return found["InstanceStatus"]["Status"] == "ok"

        self.assertGreater(self.seconds_until(passed), 120 / 300 - 0.05)
        plus("config", pace=0)
