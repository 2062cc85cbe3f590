"""Instances, addresses, images: states that wait for the body, and what EC2 refuses."""

import base64
import contextlib

from case import Case, client, plus, view


class States(Case):
    def test_start_and_stop_wait_for_the_body(self):
        ec2 = client("ec2")
        self.assertEqual([self.state() for _ in range(4)], ["pending"] * 4)
        self.assertFalse(self.body("instance-stopped", self.web))
        self.up()
        self.assertEqual(self.state(), "running")

        def checks():
            found = ec2.describe_instance_status(InstanceIds=[self.web])["InstanceStatuses"]
            return found[0]["InstanceStatus"]["Status"]

        self.assertEqual([checks() for _ in range(2)], ["ok", "ok"], "the server was there long before")
        ec2.stop_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(4)], ["stopping"] * 4)
        self.assertTrue(self.body("instance-stopped", self.web))
        self.assertFalse(self.body("instance-stopped", self.web))
        self.assertEqual(self.instance()["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        ec2.start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(3)], ["pending"] * 3)
        self.up()
        self.assertEqual([checks() for _ in range(3)], ["initializing", "ok", "ok"])

    def test_a_guest_that_powers_itself_off(self):
        self.up()
        self.assertTrue(self.body("guest-powered-off", self.web))
        self.assertEqual([self.state() for _ in range(2)], ["stopping", "stopped"])
        self.assertEqual(self.instance()["StateReason"]["Code"], "Client.InstanceInitiatedShutdown")
        client("ec2").start_instances(InstanceIds=[self.web])
        self.up()
        plus("config", ticks=0)
        self.body("guest-powered-off", self.web)
        self.assertEqual(self.state(), "stopped")

    def test_a_guest_that_powers_itself_off_is_terminated_if_so_configured(self):
        self.up()
        client("ec2").modify_instance_attribute(
            InstanceId=self.web, InstanceInitiatedShutdownBehavior={"Value": "terminate"}
        )
        attribute = client("ec2").describe_instance_attribute(
            InstanceId=self.web, Attribute="instanceInitiatedShutdownBehavior"
        )
        self.assertEqual(attribute["InstanceInitiatedShutdownBehavior"]["Value"], "terminate")
        self.body("guest-powered-off", self.web)
        self.assertEqual([self.state() for _ in range(2)], ["shutting-down", "terminated"])

    def test_termination_gives_back_addresses_when_the_host_is_down(self):
        self.up()
        client("ec2").terminate_instances(InstanceIds=[self.web])
        self.assertEqual(self.state(), "shutting-down")
        self.assertEqual(view()["addresses"][0]["instance_id"], self.web)
        self.assertTrue(self.body("instance-stopped", self.web))
        self.assertEqual(self.state(), "terminated")
        self.assertIsNone(view()["addresses"][0]["instance_id"])
        with self.refused("IncorrectInstanceState"):
            client("ec2").start_instances(InstanceIds=[self.web])

    def test_ticks_without_a_body(self):
        plus("config", body=False, ticks=2)
        self.up()
        client("ec2").stop_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(3)], ["stopping", "stopping", "stopped"])
        client("ec2").start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(3)], ["pending", "pending", "running"])

    def test_starts_and_launches_that_are_given_up_on(self):
        self.up()
        image = self.base_image()
        plus("config", body=False, ticks=1, start_outcome="given-up")
        asked = {
            "ImageId": image, "MinCount": 1, "MaxCount": 1, "ClientToken": "once", "InstanceType": "t3.small",
            "IamInstanceProfile": {"Name": "nextcloud-web"},
        }
        clone = client("ec2").run_instances(**asked)["Instances"][0]["InstanceId"]
        self.assertEqual([self.state(clone) for _ in range(2)], ["pending", "terminated"])
        with self.refused("IdempotentInstanceTerminated"):
            client("ec2").run_instances(**asked)
        client("ec2").stop_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(2)], ["stopping", "stopped"])
        client("ec2").start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(2)], ["pending", "stopped"])
        self.assertEqual(self.instance()["StateReason"]["Code"], "Server.InsufficientInstanceCapacity")
        plus("config", start_outcome="running")
        client("ec2").start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(2)], ["pending", "running"])

    def test_a_guest_that_hangs_on_its_way_down(self):
        self.up()
        plus("config", body=False, stop_outcome="hangs")
        client("ec2").stop_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(5)], ["stopping"] * 5)
        self.body("guest-powered-off", self.web)

    def test_status_checks_of_a_slow_boot(self):
        def checks():
            return client("ec2").describe_instance_status(InstanceIds=[self.web])["InstanceStatuses"][0]["SystemStatus"]

        self.up()
        self.stop()
        plus("config", impaired_looks=2)
        client("ec2").start_instances(InstanceIds=[self.web])
        self.up()
        self.assertEqual([checks()["Status"] for _ in range(4)], ["initializing", "impaired", "impaired", "ok"])

    def test_a_volume_whose_key_may_not_be_used(self):
        ec2, key = client("ec2"), "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=True, KmsKeyId=key)["VolumeId"]
        ec2.attach_volume(InstanceId=self.web, VolumeId=volume, Device="/dev/sdf")
        self.up()
        self.stop()
        plus("config", kms_denied=[key], body=False)
        ec2.start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(2)], ["pending", "stopped"])
        self.assertEqual(self.instance()["StateReason"]["Code"], "Client.InternalError")

    def test_types_that_do_not_suit_are_refused_at_the_start(self):
        ec2 = client("ec2")
        self.up()
        self.stop()
        plus("instance", id=self.web, instance_type="t2.medium", ena_support=False)
        self.assertFalse(self.instance()["EnaSupport"])
        small = {"InstanceId": self.web, "InstanceType": {"Value": "t3.small"}}
        ec2.modify_instance_attribute(**small)
        with self.refused("InvalidParameterCombination"):
            ec2.start_instances(InstanceIds=[self.web])
        plus("instance", id=self.web, ena_support=True, marketplace_types=["t2.medium"])
        with self.refused("UnsupportedOperation"):
            ec2.start_instances(InstanceIds=[self.web])
        ec2.modify_instance_attribute(**{**small, "InstanceType": {"Value": "t2.medium"}})
        ec2.start_instances(InstanceIds=[self.web])

    def test_addresses_over_a_stop(self):
        self.up()
        clone = self.run_one(self.base_image())
        self.up(clone)
        private, public = self.instance(clone)["PrivateIpAddress"], self.instance(clone)["PublicIpAddress"]
        self.assertTrue(public.startswith("198.51.100.") and private.startswith("10.77.2."))
        for each in (self.web, clone):
            client("ec2").stop_instances(InstanceIds=[each])
            self.body("instance-stopped", each)
        self.assertEqual(self.instance()["PublicIpAddress"], self.ids["public_ip"])
        self.assertNotIn("PublicIpAddress", self.instance(clone))
        client("ec2").start_instances(InstanceIds=[self.web, clone])
        self.assertEqual(self.instance()["PublicIpAddress"], self.ids["public_ip"])
        self.assertEqual(self.instance(clone)["PrivateIpAddress"], private)
        self.assertNotIn(self.instance(clone)["PublicIpAddress"], (public, self.ids["public_ip"]))

    def test_console_output(self):
        self.body("console", self.web, text="login: ünter")
        output = client("ec2").get_console_output(InstanceId=self.web)["Output"]
        with contextlib.suppress(ValueError):  # botocore decodes it
            output = base64.b64decode(output, validate=True).decode()
        self.assertEqual(output, "login: ünter")


class Refusals(Case):
    def test_type_changes_only_of_a_stopped_instance(self):
        self.up()
        change = {"InstanceId": self.web, "InstanceType": {"Value": "t3.small"}}
        with self.refused("IncorrectInstanceState"):
            client("ec2").modify_instance_attribute(**change)
        self.stop()
        with self.refused("InvalidParameterValue"):
            client("ec2").modify_instance_attribute(InstanceId=self.web, InstanceType={"Value": "t3.tiny"})
        client("ec2").modify_instance_attribute(**change)
        self.assertEqual(self.instance()["InstanceType"], "t3.small")

    def test_ids(self):
        with self.refused("InvalidInstanceID.Malformed"):
            client("ec2").describe_instances(InstanceIds=["web-1"])
        with self.refused("InvalidInstanceID.NotFound"):
            client("ec2").describe_instances(InstanceIds=["i-00000000000000000"])

    def test_what_cannot_be_launched(self):
        image = self.base_image()
        for code, changes in {
            "InvalidParameterValue": {"InstanceType": "t4g.small"},  # another architecture
            "Unsupported": {"InstanceType": "p4de.24xlarge", "SubnetId": self.ids["subnets"]["a"]},
            "InvalidKeyPair.NotFound": {"KeyName": "nobody"},
            "InvalidAMIID.NotFound": {"ImageId": "ami-00000000000000000"},
        }.items():
            with self.refused(code):
                self.run_one(image, **changes)
        client("ec2").deregister_image(ImageId=image)
        with self.refused("InvalidAMIID.Unavailable"):
            self.run_one(image)

    def test_security_group_in_use(self):
        with self.refused("DependencyViolation"):
            client("ec2").delete_security_group(GroupId=self.ids["web_group"])

    def test_groups_of_an_instance_are_replaced(self):
        ec2 = client("ec2")
        group = ec2.create_security_group(GroupName="other", Description="other", VpcId=self.ids["vpc"])["GroupId"]
        for groups in ([self.ids["web_group"], group], [group]):
            ec2.modify_instance_attribute(InstanceId=self.web, Groups=groups)
            self.assertEqual(sorted(g["GroupId"] for g in self.instance()["SecurityGroups"]), sorted(groups))
            self.assertEqual(view()["instances"][0]["security_groups"], sorted(groups))
        ports = [rule["from"] for g in view()["security_groups"] if g["id"] == self.ids["web_group"] for rule in g["ingress"]]
        self.assertEqual(ports, [22, 80, 443])

    def test_a_rule_is_the_same_under_another_description(self):
        ec2, web = client("ec2"), self.ids["web_group"]
        group = ec2.create_security_group(GroupName="alb", Description="alb", VpcId=self.ids["vpc"])["GroupId"]

        def rule(**more):
            pair = {"GroupId": group, **more}
            return [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}]

        ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=rule(Description="balancer"))
        with self.refused("InvalidPermission.Duplicate"):
            ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=rule())
        with self.refused("DependencyViolation"):
            ec2.delete_security_group(GroupId=group)
        ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=rule())
        with self.refused("InvalidPermission.NotFound"):
            ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=rule())
        ec2.delete_security_group(GroupId=group)

    def test_dry_run(self):
        self.up()
        with self.refused("DryRunOperation"):
            client("ec2").stop_instances(InstanceIds=[self.web], DryRun=True)
        with self.refused("DryRunOperation"):
            client("ec2").modify_instance_metadata_options(InstanceId=self.web, HttpTokens="optional", DryRun=True)
        self.assertEqual(self.instance()["MetadataOptions"]["HttpTokens"], "required")

    def test_dry_runs_that_are_not_honoured(self):
        self.up()
        plus("config", dry_run="ignored")
        client("ec2").stop_instances(InstanceIds=[self.web], DryRun=True)
        self.assertEqual(self.state(), "stopping")

    def test_what_is_not_implemented_is_a_typed_error(self):
        with self.refused("InvalidAction"):
            client("ec2").describe_instances(Filters=[{"Name": "reservation-id", "Values": ["x"]}])

    def test_network_interfaces_by_group(self):
        by_group = [{"Name": "group-id", "Values": [self.ids["web_group"]]}]
        found = client("ec2").describe_network_interfaces(Filters=by_group)["NetworkInterfaces"]
        self.assertEqual([f["Attachment"]["InstanceId"] for f in found], [self.web])

    def test_catalogue(self):
        ec2 = client("ec2")
        offers = ec2.describe_instance_type_offerings(
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": ["t3.small"]}, {"Name": "location", "Values": ["us-east-1b"]}],
        )
        self.assertEqual(len(offers["InstanceTypeOfferings"]), 1)
        types = ec2.describe_instance_types(InstanceTypes=["t3.small"])["InstanceTypes"]
        self.assertEqual(types[0]["ProcessorInfo"]["SupportedArchitectures"], ["x86_64"])


class Images(Case):
    def image(self, image_id):
        return client("ec2").describe_images(ImageIds=[image_id])["Images"][0]

    def test_an_image_waits_to_be_frozen_and_launches_a_clone(self):
        ec2 = client("ec2")
        self.up()
        self.stop()
        tags = [{"ResourceType": kind, "Tags": [{"Key": "run", "Value": "r1"}]} for kind in ("image", "snapshot")]
        image_id = ec2.create_image(InstanceId=self.web, Name="clone-1", TagSpecifications=tags)["ImageId"]
        self.assertEqual([self.image(image_id)["State"] for _ in range(3)], ["pending"] * 3)
        with self.refused("InvalidAMIID.Unavailable"):
            self.run_one(image_id)
        with self.refused("InvalidAMIName.Duplicate"):
            ec2.create_image(InstanceId=self.web, Name="clone-1")
        self.assertTrue(self.body("image-frozen", image_id))
        self.assertFalse(self.body("image-frozen", image_id))
        self.assertEqual([self.image(image_id)["State"] for _ in range(2)], ["pending", "available"])
        shown = self.image(image_id)
        self.assertEqual((shown["State"], shown["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"]), ("available", 20))
        snapshot_id = shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        snapshot = ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
        self.assertEqual((snapshot["State"], snapshot["Tags"]), ("completed", [{"Key": "run", "Value": "r1"}]))

        clone = self.run_one(image_id)
        volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [clone]}])["Volumes"]
        self.assertEqual([(v["SnapshotId"], v["Size"]) for v in volumes], [(snapshot_id, 20)])
        shown = next(i for i in view()["instances"] if i["id"] == clone)
        self.assertEqual((shown["launched_from"], shown["state"]), (image_id, "pending"))

        with self.refused("InvalidSnapshot.InUse"):
            ec2.delete_snapshot(SnapshotId=snapshot_id)
        ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
        self.assertNotIn(snapshot_id, [s["id"] for s in view()["snapshots"]])

    def test_a_client_token_starts_one_instance(self):
        image = self.base_image()
        more = {"ClientToken": "t1", "IamInstanceProfile": {"Name": "nextcloud-web"}}
        first = self.run_one(image, **more)
        self.assertEqual(self.run_one(image, **more), first)
        with self.refused("IdempotentParameterMismatch"):
            self.run_one(image, **more, InstanceType="t3.large")
        self.assertNotEqual(self.run_one(image, ClientToken="t2"), first)

    def test_groups_given_by_interface(self):
        interface = {"DeviceIndex": 0, "SubnetId": self.ids["subnets"]["b"], "Groups": [self.ids["web_group"]]}
        answer = client("ec2").run_instances(
            ImageId=self.base_image(),
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small",
            NetworkInterfaces=[{**interface, "AssociatePublicIpAddress": True}],
        )["Instances"][0]
        self.assertEqual([g["GroupId"] for g in answer["SecurityGroups"]], [self.ids["web_group"]])
        self.assertIn("PublicIpAddress", answer)
