"""Shows, against the real server on a loopback port, that the emulator does what the rehearsal relies on.

    python -B -m unittest       in this folder, with the packages of requirements.txt

This file: control paths, faults, the seed, what the hosts use. ``test_compute`` and ``test_services``: the AWS API.
"""

import json
import urllib.error

from case import WORLD, Case, client, http, plus, view


class Faults(Case):
    def test_a_fault_hits_the_one_it_names(self):
        clone = self.run_one(self.base_image())
        for each in (self.web, clone):
            self.up(each)
        plus("fault", service="ec2", action="StopInstances", code="RequestLimitExceeded", match=clone)
        client("ec2").stop_instances(InstanceIds=[self.web])
        with self.refused("RequestLimitExceeded"):
            client("ec2").stop_instances(InstanceIds=[clone])
        self.assertEqual((self.state(), self.state(clone)), ("stopping", "running"))
        client("ec2").stop_instances(InstanceIds=[clone])
        self.assertEqual(self.state(clone), "stopping")

    def test_match_reads_every_protocol(self):
        plus("fault", service="acm", action="*", code="ThrottlingException", match="other.example")
        plus("fault", service="route53", action="*", code="Throttling", match=self.ids["zone"])
        client("acm").request_certificate(DomainName="cloud.nextcloud.example")
        with self.refused("ThrottlingException"):
            client("acm").request_certificate(DomainName="other.example")
        client("route53").list_hosted_zones()
        with self.refused("Throttling"):
            client("route53").list_resource_record_sets(HostedZoneId=self.ids["zone"])

    def test_an_answer_that_is_lost(self):
        plus("fault", service="ec2", action="RunInstances", code="RequestLimitExceeded", after=True)
        image = self.base_image()
        with self.refused("RequestLimitExceeded"):
            self.run_one(image, ClientToken="lost")
        self.assertEqual(len(view()["instances"]), 2)
        self.run_one(image, ClientToken="lost")
        self.assertEqual(len(view()["instances"]), 2)

    def test_calls_are_logged_and_control_paths_are_not(self):
        before = len(json.loads(http("GET", "/plus/calls")))
        view()
        self.state()
        with self.refused("InvalidInstanceID.NotFound"):
            self.state("i-00000000000000000")
        plus("fault", service="ec2", action="DescribeInstances", code="InternalError")
        with self.refused("InternalError"):
            self.state()
        logged = json.loads(http("GET", "/plus/calls"))[before:]
        self.assertEqual(logged, [["ec2", "DescribeInstances", status, None] for status in (200, 400, "InternalError")])

    def test_calls_that_change_something_are_logged_with_their_parameters(self):
        before = len(json.loads(http("GET", "/plus/calls")))
        tags = [{"Key": "a", "Value": "b"}]
        client("ec2").create_tags(Resources=[self.web], Tags=tags)
        wanted = {"VpcId": self.ids["vpc"], "Port": 80, "Protocol": "HTTP", "Matcher": {"HttpCode": "200"}}
        group = client("elbv2").create_target_group(Name="logged", **wanted)
        client("acm").request_certificate(DomainName="a.example.org", Tags=tags)
        record = {"Name": "a." + self.ids["fqdn"], "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=batch)
        logged = [call[3] for call in json.loads(http("GET", "/plus/calls"))[before:]]
        self.assertEqual(logged[0], {"Resources": [self.web], "Tags": tags})
        self.assertEqual(logged[1], {"Name": "logged", **wanted})
        self.assertEqual(logged[2], {"DomainName": "a.example.org", "Tags": tags})
        self.assertEqual(logged[3], {"HostedZoneId": self.ids["zone"], "ChangeBatch": batch})
        client("elbv2").delete_target_group(TargetGroupArn=group["TargetGroups"][0]["TargetGroupArn"])

    def test_mistakes_of_the_caller(self):
        for name, fields, status in (
            ("body", {"event": "instance-runing", "id": self.web}, 400),
            ("body", {"event": "instance-running", "id": "i-1"}, 404),
            ("fault", {"service": "ec2"}, 400),
            ("config", {"tick": 2}, 400),
            ("seed", {"hsots": {}}, 400),
            ("seed", WORLD, 409),
            ("nothing", {}, 404),
        ):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                plus(name, **fields)
            self.assertEqual(caught.exception.code, status)
            self.assertIn("error", json.loads(caught.exception.read()))
            caught.exception.close()


class Site(Case):
    """What the hosts use themselves."""

    def test_files_in_the_bucket_without_a_signature(self):
        for enforced, kind in ((False, "application/x-www-form-urlencoded"), (True, "text/plain")):
            plus("config", enforce_iam=enforced)
            path = f"/{self.ids['bucket']}/files/ada/gr%C3%BC%C3%9Fe.txt"
            data = bytes(range(256)) * 100
            http("PUT", path, data, kind)
            self.assertEqual(http("GET", path), data)
            http("DELETE", path)
            with self.assertRaises(urllib.error.HTTPError) as caught:
                http("GET", path)
            self.assertEqual(caught.exception.code, 404)
            caught.exception.close()

    def test_enforced_iam(self):
        iam = client("iam")
        iam.create_user(UserName="operator")
        allow = {"Effect": "Allow", "Action": ["ec2:DescribeInstances", "route53:Get*"], "Resource": "arn:aws:x:::y"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_user_policy(UserName="operator", PolicyName="least", PolicyDocument=document)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        ec2, route53, acm = (client(service, *keys) for service in ("ec2", "route53", "acm"))
        plus("config", enforce_iam=True)
        ec2.describe_instances()
        route53.get_hosted_zone(Id=self.ids["zone"])
        with self.refused("UnauthorizedOperation"):
            ec2.stop_instances(InstanceIds=[self.web], DryRun=True)
        with self.refused("UnauthorizedOperation"):
            ec2.describe_security_groups(DryRun=True)
        with self.refused("AccessDenied"):
            route53.list_hosted_zones()
        with self.refused("AccessDeniedException"):
            acm.list_certificates()
        with self.refused("AuthFailure"):
            client("ec2").describe_instances()

    def test_the_seed(self):
        shown, ids = view(), self.ids
        web = shown["instances"][0]
        self.assertEqual((web["state"], web["type"], web["az"]), ("pending", "t3.medium", "us-east-1a"))
        self.assertEqual((web["private_ip"], web["public_ip"]), (ids["private_ip"], ids["public_ip"]))
        self.assertEqual((web["profile"], web["key_name"]), ("nextcloud-web", ids["key_name"]))
        self.assertEqual(web["tags"], {"Name": "nextcloud-web-1", "Owner": "nextcloud"})
        name = next(r for r in shown["zones"][0]["records"] if r["name"] == "cloud.nextcloud.example.")
        self.assertEqual((name["ttl"], name["values"]), (60, [ids["public_ip"]]))
        self.assertEqual(client("sts").get_caller_identity()["Account"], ids["account"])
        database = client("rds").describe_db_instances()["DBInstances"][0]
        self.assertEqual((database["Endpoint"]["Address"], database["MultiAZ"]), (ids["db_endpoint"], False))
        zones = {s["SubnetAvailabilityZone"]["Name"] for s in database["DBSubnetGroup"]["Subnets"]}
        self.assertEqual(zones, {"us-east-1a", "us-east-1b"})
        tables = client("ec2").describe_route_tables(
            Filters=[{"Name": "association.subnet-id", "Values": [ids["subnets"]["b"]]}]
        )["RouteTables"]
        self.assertTrue(any(r.get("GatewayId", "").startswith("igw-") for r in tables[0]["Routes"]))

    def test_a_world_of_two_hosts_behind_a_balancer(self):
        plus("reset", account=True)
        front = {"hosts": ["web-1", "web-2"], "protocol": "HTTP", "port": 80, "health": "/", "certificate": "a.example.org"}
        made = plus(
            "seed",
            region="ap-northeast-1",
            hosts={"web-1": {}, "web-2": {"subnet": "b", "type": "t3.small"}},
            databases={"db-1": {"engine": "postgres", "version": "15.7"}},
            certificates=["a.example.org"],
            balancers={"web": front},
            zones={"example.org": [{"name": "a.example.org", "balancer": "web"}]},
        )
        shown = view()
        self.assertEqual([i["name"] for i in shown["instances"]], ["web-1", "web-2"])
        self.assertEqual([i["type"] for i in shown["instances"]], ["t3.medium", "t3.small"])
        self.assertEqual(len({i["az"] for i in shown["instances"]}), 2)
        self.assertEqual(shown["load_balancers"][0]["state"], "active")
        listener = shown["load_balancers"][0]["listeners"][0]
        self.assertEqual((listener["protocol"], listener["port"]), ("HTTPS", 443))
        self.assertEqual(listener["certificates"], [made["certificates"]["a.example.org"]])
        self.assertEqual(shown["certificates"][0]["status"], "ISSUED")
        alias = next(r["alias"] for r in shown["zones"][0]["records"] if r["alias"])
        self.assertEqual(alias["dns_name"].rstrip("."), made["balancers"]["web"]["dns_name"])
        names = {group["name"] for group in shown["security_groups"]}
        self.assertLessEqual({"hosts", "databases", "web-balancer"}, names)

    def test_the_version_grows_with_changes_only(self):
        first = view()["version"]
        self.state()
        self.assertEqual(view()["version"], first)
        self.up()
        self.assertEqual(view()["version"], first + 1)
