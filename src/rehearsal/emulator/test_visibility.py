"""Eventual consistency: what is hidden, from whom and for how long."""

from case import Case, client, plus, view


class Visibility(Case):
    config = {"ticks": 1, "body": True, "new_ticks": 2, "tag_ticks": 1}

    def looks(self, look):
        """Which of the next looks find it, or what they are refused with."""
        found = []
        for _ in range(5):
            try:
                found.append(bool(look()))
            except client("ec2").exceptions.ClientError as error:
                found.append(error.response["Error"]["Code"])
        return found

    def group(self, name, **more):
        wanted = {"GroupName": name, "Description": "d", "VpcId": self.ids["vpc"], **more}
        return client("ec2").create_security_group(**wanted)["GroupId"]

    def test_the_seed_is_seen_at_once(self):
        self.assertEqual(self.instance()["Tags"], [{"Key": "Name", "Value": "nextcloud-web-1"}, {"Key": "Owner", "Value": "nextcloud"}])

    def test_named_it_is_not_found(self):
        ec2, missing = client("ec2"), "InvalidGroup.NotFound"
        first, second, third = (self.group(name) for name in ("one", "two", "three"))
        self.assertEqual(self.looks(lambda: ec2.describe_security_groups(GroupIds=[first])), [missing, missing, True, True, True])
        self.assertEqual(self.looks(lambda: ec2.describe_security_groups(GroupIds=[second])), [missing, True, missing, True, True])
        rule = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]
        for code in (missing, missing, None):  # a change that is refused counts as a look
            if code is None:
                ec2.authorize_security_group_ingress(GroupId=third, IpPermissions=rule)
                continue
            with self.refused(code):
                ec2.authorize_security_group_ingress(GroupId=third, IpPermissions=rule)

    def test_lists_and_filters_leave_it_out(self):
        ec2 = client("ec2")
        group = self.group("one")

        def listed():
            return group in [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]]

        self.assertEqual(self.looks(listed), [False, False, True, True, True])
        named = [{"Name": "group-name", "Values": ["two"]}]
        with self.refused("InvalidGroup.Duplicate"):
            self.group("one")
        self.group("two")
        self.assertEqual(
            self.looks(lambda: ec2.describe_security_groups(Filters=named)["SecurityGroups"]), [False, True, False, True, True]
        )

    def test_instances_and_what_is_asked_by_them(self):
        ec2 = client("ec2")
        clone = self.run_one(self.base_image())
        of_clone = [{"Name": "attachment.instance-id", "Values": [clone]}]
        self.assertEqual(self.looks(lambda: ec2.describe_volumes(Filters=of_clone)["Volumes"])[:3], [False, False, True])
        another = self.run_one(self.base_image(), ClientToken="t")
        with self.refused("InvalidInstanceID.NotFound"):
            ec2.terminate_instances(InstanceIds=[another])
        self.assertEqual(self.run_one(self.base_image(), ClientToken="t"), another)
        self.assertEqual(len(ec2.describe_instances(InstanceIds=[another])["Reservations"]), 1)

    def test_images_for_describe_and_for_run(self):
        self.up()
        self.stop()
        image = client("ec2").create_image(InstanceId=self.web, Name="clone-1")["ImageId"]
        with self.refused("InvalidAMIID.NotFound"):
            self.run_one(image)
        with self.refused("InvalidAMIID.NotFound"):
            client("ec2").describe_images(ImageIds=[image])
        self.assertEqual(len(client("ec2").describe_images(ImageIds=[image])["Images"]), 1)

    def test_a_balancer_does_not_know_a_new_group(self):
        group, subnets = self.group("alb"), list(self.ids["subnets"].values())
        for _ in range(2):
            with self.refused("InvalidSecurityGroup"):
                client("elbv2").create_load_balancer(Name="a", Subnets=subnets, SecurityGroups=[group])
        client("elbv2").create_load_balancer(Name="a", Subnets=subnets, SecurityGroups=[group])

    def test_certificates(self):
        acm = client("acm")
        arn = acm.request_certificate(DomainName="a.example.org")["CertificateArn"]
        for _ in range(2):
            with self.refused("ResourceNotFoundException"):
                acm.describe_certificate(CertificateArn=arn)
        acm.describe_certificate(CertificateArn=arn)

    def test_a_certificate_is_issued_to_elb_later(self):
        plus("config", new_ticks=0)
        acm, elb = client("acm"), client("elbv2")
        arn = acm.request_certificate(DomainName=self.ids["fqdn"])["CertificateArn"]
        plus("config", new_ticks=2)
        for _ in range(2):
            option = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]
        record = option["ResourceRecord"]
        sets = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": sets}]}
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=batch)
        for _ in range(3):
            status = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
        self.assertEqual(status, "ISSUED")
        balancer = elb.create_load_balancer(Name="a", Subnets=list(self.ids["subnets"].values()))["LoadBalancers"][0]
        asked = {
            "LoadBalancerArn": balancer["LoadBalancerArn"], "Port": 443, "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": arn}],
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}],
        }
        with self.refused("UnsupportedCertificate"):
            elb.create_listener(**asked)
        elb.create_listener(**asked)

    def test_tags_come_later(self):
        ec2 = client("ec2")
        tags = [{"ResourceType": "security-group", "Tags": [{"Key": "run", "Value": "r1"}]}]
        group = self.group("one", TagSpecifications=tags)
        by_tag = [{"Name": "tag:run", "Values": ["r?"]}]
        found = self.looks(lambda: ec2.describe_security_groups(Filters=by_tag)["SecurityGroups"])
        self.assertEqual(found, [False, False, False, True, True])
        ec2.create_tags(Resources=[group], Tags=[{"Key": "run", "Value": "r2"}])

        def shown():
            (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
            return {tag["Key"]: tag["Value"] for tag in seen["Tags"]}

        self.assertEqual([shown(), shown()], [{"run": "r1"}, {"run": "r2"}])
        ec2.delete_tags(Resources=[group], Tags=[{"Key": "run"}])
        self.assertEqual([shown(), shown()], [{"run": "r2"}, {}])
        named = [{"Name": "resource-id", "Values": [self.web]}]
        ec2.create_tags(Resources=[self.web], Tags=[{"Key": "claim", "Value": "r1"}])
        keys = [sorted(tag["Key"] for tag in ec2.describe_tags(Filters=named)["Tags"]) for _ in range(3)]
        self.assertEqual(keys[-1], ["Name", "Owner", "claim"])
        self.assertNotIn("claim", keys[0])

    def test_pages_leave_it_out_too(self):
        plus("config", page_size=1)
        group = self.group("one")

        def listed():
            pages = client("ec2").get_paginator("describe_security_groups").paginate()
            return group in [g["GroupId"] for page in pages for g in page["SecurityGroups"]]

        self.assertEqual(self.looks(listed)[-2:], [True, True])


class Snapshots(Case):
    """Those of an image are taken some looks after CreateImage returned."""

    config = {"ticks": 1, "body": True, "snapshot_ticks": 2}

    def setUp(self):
        super().setUp()
        self.up()
        self.stop()
        self.image = client("ec2").create_image(InstanceId=self.web, Name="clone-1")["ImageId"]

    def seen(self):
        (image,) = client("ec2").describe_images(ImageIds=[self.image])["Images"]
        mapping = [mapping["Ebs"].get("SnapshotId") for mapping in image["BlockDeviceMappings"] if "Ebs" in mapping]
        return image["State"], [bool(each) for each in mapping]

    def test_an_image_knows_its_snapshots_when_they_are_taken_and_is_available_later(self):
        snapshots = [len(client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"])]
        self.assertEqual(self.seen(), ("pending", [False]))
        self.assertTrue(self.body("image-frozen", self.image))
        self.assertEqual(self.seen(), ("pending", [True]))
        known = client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
        self.assertEqual(known[-1]["State"], "pending")
        self.assertEqual(self.seen(), ("available", [True]))
        self.assertEqual(len(known) - snapshots[0], 1)

    def test_a_body_that_is_early_does_not_end_it(self):
        self.assertTrue(self.body("image-frozen", self.image))
        seen = [self.seen() for _ in range(5)]
        self.assertEqual(seen, [("pending", [False])] * 2 + [("pending", [True])] * 2 + [("available", [True])])

    def test_a_body_that_is_late_has_not_taken_them(self):
        self.assertEqual([self.seen() for _ in range(5)], [("pending", [False])] * 5)
        self.assertTrue(self.body("image-frozen", self.image))
        self.assertEqual(self.seen(), ("pending", [True]))

    def test_one_volume_after_the_other(self):
        ec2 = client("ec2")
        volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
        ec2.attach_volume(InstanceId=self.web, VolumeId=volume, Device="/dev/sdf")
        self.image = ec2.create_image(InstanceId=self.web, Name="clone-2")["ImageId"]
        self.assertTrue(self.body("image-frozen", self.image))
        taken = [self.seen()[1].count(True) for _ in range(5)]
        self.assertEqual(taken, [0, 0, 1, 1, 2])

    def test_an_instance_that_is_started_too_early_spoils_it(self):
        self.assertEqual(self.seen(), ("pending", [False]))
        client("ec2").start_instances(InstanceIds=[self.web])
        self.body("image-frozen", self.image)
        self.assertEqual([self.seen() for _ in range(4)][-1][0], "failed")
        (trouble,) = view()["troubles"]
        self.assertIn("was started before", trouble)
        (image,) = client("ec2").describe_images(ImageIds=[self.image])["Images"]
        self.assertEqual(image["StateReason"]["Code"], "Client.InternalError")
        plus("reset")  # the trouble was meant

    def test_started_when_they_are_taken_it_is_whole(self):
        self.body("image-frozen", self.image)
        for _ in range(3):
            seen = self.seen()
        self.assertEqual(seen, ("pending", [True]))
        client("ec2").start_instances(InstanceIds=[self.web])
        self.assertEqual([self.seen() for _ in range(2)][-1], ("available", [True]))
        self.assertEqual(view()["troubles"], [])
