"""Shows, against the real server on a loopback port, that the emulator does what the rehearsal relies on.

    python -m unittest          in this folder, with the packages of requirements.txt
"""

import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent
SERVER, URL, CLIENTS = None, None, {}


def setUpModule():
    global SERVER, URL
    command = [sys.executable, "-B", str(HERE / "serve.py"), "--port", "0"]
    SERVER = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    URL = SERVER.stdout.readline().split()[-1]


def tearDownModule():
    SERVER.terminate()
    SERVER.wait(10)
    SERVER.stdout.close()


def client(service):
    if service not in CLIENTS:
        once = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        keys = {"aws_access_key_id": "AKIAREHEARSAL", "aws_secret_access_key": "none"}
        CLIENTS[service] = boto3.client(service, region_name="us-east-1", endpoint_url=URL, config=once, **keys)
    return CLIENTS[service]


def http(method, path, data=None):
    request = urllib.request.Request(URL + path, data, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def plus(name, **fields):
    return json.loads(http("POST", f"/plus/{name}", json.dumps(fields).encode()))


def view():
    return json.loads(http("GET", "/plus/state"))


class Case(unittest.TestCase):
    """An account of before the cutover, with the body in charge and transitions of one look."""

    config = {"ticks": 1, "body": True}

    def setUp(self):
        plus("reset", account=True)
        plus("config", **self.config)
        self.ids = plus("seed")
        self.web = self.ids["instance"]

    @contextlib.contextmanager
    def refused(self, code):
        with self.assertRaises(ClientError) as caught:
            yield
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def instance(self, instance_id=None):
        answer = client("ec2").describe_instances(InstanceIds=[instance_id or self.web])
        return answer["Reservations"][0]["Instances"][0]

    def state(self, instance_id=None):
        return self.instance(instance_id)["State"]["Name"]

    def body(self, event, resource_id, **more):
        return plus("body", event=event, id=resource_id, **more)["changed"]

    def up(self, instance_id=None):
        self.assertTrue(self.body("instance-running", instance_id or self.web))

    def stop(self):
        client("ec2").stop_instances(InstanceIds=[self.web])
        self.assertTrue(self.body("instance-stopped", self.web))

    def run_one(self, image_id, **more):
        wanted = {
            "ImageId": image_id,
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceType": "t3.small",
            "SubnetId": self.ids["subnets"]["b"],
            "SecurityGroupIds": [self.ids["web_group"]],
            **more,
        }
        return client("ec2").run_instances(**wanted)["Instances"][0]["InstanceId"]

    def base_image(self):
        return view()["images"][0]["id"]


class States(Case):
    def test_start_and_stop_wait_for_the_body(self):
        ec2 = client("ec2")
        self.assertEqual([self.state() for _ in range(4)], ["pending"] * 4)
        self.assertFalse(self.body("instance-stopped", self.web))
        self.up()
        self.assertEqual(self.state(), "running")
        checks = [
            ec2.describe_instance_status(InstanceIds=[self.web])["InstanceStatuses"][0]["InstanceStatus"]["Status"]
            for _ in range(3)
        ]
        self.assertEqual(checks, ["initializing", "ok", "ok"])
        ec2.stop_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(4)], ["stopping"] * 4)
        self.assertTrue(self.body("instance-stopped", self.web))
        self.assertFalse(self.body("instance-stopped", self.web))
        self.assertEqual(self.instance()["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        ec2.start_instances(InstanceIds=[self.web])
        self.assertEqual([self.state() for _ in range(3)], ["pending"] * 3)
        self.up()

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

    def test_dry_run(self):
        self.up()
        with self.refused("DryRunOperation"):
            client("ec2").stop_instances(InstanceIds=[self.web], DryRun=True)
        with self.refused("DryRunOperation"):
            client("ec2").modify_instance_metadata_options(InstanceId=self.web, HttpTokens="optional", DryRun=True)
        self.assertEqual(self.instance()["MetadataOptions"]["HttpTokens"], "required")

    def test_what_is_not_implemented_is_a_typed_error(self):
        with self.refused("InvalidAction"):
            client("ec2").describe_instances(Filters=[{"Name": "client-token", "Values": ["x"]}])

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
        self.assertEqual(logged, [["ec2", "DescribeInstances", status] for status in (200, 400, "InternalError")])

    def test_mistakes_of_the_caller(self):
        for name, fields, status in (
            ("body", {"event": "instance-runing", "id": self.web}, 400),
            ("body", {"event": "instance-running", "id": "i-1"}, 404),
            ("fault", {"service": "ec2"}, 400),
            ("nothing", {}, 404),
        ):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                plus(name, **fields)
            self.assertEqual(caught.exception.code, status)
            self.assertIn("error", json.loads(caught.exception.read()))
            caught.exception.close()


class Database(Case):
    def database(self):
        return client("rds").describe_db_instances(DBInstanceIdentifier="nextcloud-db")["DBInstances"][0]

    def modify(self, **more):
        client("rds").modify_db_instance(DBInstanceIdentifier="nextcloud-db", **more)

    def seen(self):
        shown = self.database()
        pending = shown.get("PendingModifiedValues", {}).get("MultiAZ")
        return shown["DBInstanceStatus"], shown["MultiAZ"], pending, shown.get("SecondaryAvailabilityZone")

    def test_multi_az_and_back(self):
        self.modify(MultiAZ=True, ApplyImmediately=True)
        self.assertEqual(self.seen(), ("available", False, True, None))
        with self.refused("InvalidDBInstanceState"):
            self.modify(MultiAZ=False, ApplyImmediately=True)
        self.assertEqual(self.seen(), ("modifying", False, True, None))
        self.assertEqual(self.seen(), ("available", True, None, "us-east-1b"))
        shown = view()["db_instances"][0]
        self.assertEqual((shown["multi_az"], shown["secondary_az"], shown["pending"]), (True, "us-east-1b", {}))
        events = client("rds").describe_events(SourceIdentifier="nextcloud-db", SourceType="db-instance")["Events"]
        self.assertIn("Multi-AZ", events[-1]["Message"])
        self.modify(MultiAZ=False, ApplyImmediately=True)
        self.assertEqual([self.seen()[:2] for _ in range(3)][-1], ("available", False))

    def test_pending_changes_wait_for_an_immediate_one(self):
        self.modify(DBInstanceClass="db.t3.large")
        self.assertEqual(self.database()["PendingModifiedValues"], {"DBInstanceClass": "db.t3.large"})
        self.assertEqual(self.database()["DBInstanceClass"], "db.t3.medium")
        self.modify(MultiAZ=True, ApplyImmediately=True)
        for _ in range(3):
            shown = self.database()
        self.assertEqual((shown["DBInstanceClass"], shown["MultiAZ"]), ("db.t3.large", True))

    def test_a_conversion_that_did_not_happen(self):
        plus("config", rds_outcome="unchanged")
        self.modify(MultiAZ=True, ApplyImmediately=True)
        self.assertEqual([self.seen() for _ in range(3)][-1], ("available", False, None, None))

    def test_what_preflight_asks(self):
        rds = client("rds")
        self.assertEqual(rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"], [])
        options = rds.describe_orderable_db_instance_options(Engine="mysql")["OrderableDBInstanceOptions"]
        self.assertTrue(all(option["MultiAZCapable"] for option in options))


class Names(Case):
    def change(self, action, name, kind, value, ttl=60):
        values = [{"Value": value}]
        record = {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": values}
        return self.batch({"Action": action, "ResourceRecordSet": record})

    def batch(self, *changes):
        answer = client("route53").change_resource_record_sets(
            HostedZoneId=self.ids["zone"], ChangeBatch={"Changes": list(changes)}
        )
        return answer["ChangeInfo"]["Id"]

    def records(self):
        return {(r["name"], r["type"]): r for r in view()["zones"][0]["records"]}

    def test_changes_are_judged_by_what_is_in_the_zone(self):
        fqdn, address = self.ids["fqdn"], self.ids["public_ip"]
        with self.refused("InvalidChangeBatch"):
            self.change("CREATE", fqdn, "A", "198.51.100.99")
        with self.refused("InvalidChangeBatch"):
            self.change("CREATE", fqdn, "CNAME", "elsewhere.example")
        with self.refused("InvalidChangeBatch"):
            self.change("DELETE", fqdn, "A", "198.51.100.99")
        with self.refused("InvalidChangeBatch"):
            self.change("CREATE", "cloud.other.example", "A", address)
        self.change("DELETE", fqdn, "A", address)
        self.change("CREATE", fqdn, "A", address)  # the undo that moto refuses
        self.assertEqual(self.records()[(fqdn + ".", "A")]["values"], [address])

    def test_a_change_is_pending_first(self):
        change_id = self.change("UPSERT", self.ids["fqdn"], "A", "198.51.100.99")
        statuses = [client("route53").get_change(Id=change_id)["ChangeInfo"]["Status"] for _ in range(3)]
        self.assertEqual(statuses, ["PENDING", "INSYNC", "INSYNC"])
        self.assertNotEqual(self.change("UPSERT", self.ids["fqdn"], "A", "198.51.100.99"), change_id)
        with self.refused("NoSuchChange"):
            client("route53").get_change(Id="C0000000000000")

    def test_a_batch_is_all_or_nothing(self):
        fqdn, address = self.ids["fqdn"], self.ids["public_ip"]
        old = {"Name": fqdn, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": address}]}
        new = {"Name": fqdn, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "lb.example"}]}
        wrong = {**new, "Name": "x.other.example"}
        delete = {"Action": "DELETE", "ResourceRecordSet": old}
        with self.refused("InvalidChangeBatch"):
            self.batch(delete, {"Action": "CREATE", "ResourceRecordSet": wrong})
        self.assertIn((fqdn + ".", "A"), self.records())
        self.batch(delete, {"Action": "CREATE", "ResourceRecordSet": new})
        self.assertNotIn((fqdn + ".", "A"), self.records())
        self.assertEqual(self.records()[(fqdn + ".", "CNAME")]["values"], ["lb.example"])


class Entry(Case):
    """Balancer, certificate, listeners, target health."""

    def setUp(self):
        super().setUp()
        self.up()
        self.elb, self.acm = client("elbv2"), client("acm")

    def balancer(self, **more):
        subnets = list(self.ids["subnets"].values())
        wanted = {"Name": "entry", "Subnets": subnets, "SecurityGroups": [self.alb_group()], **more}
        return self.elb.create_load_balancer(**wanted)["LoadBalancers"][0]

    def alb_group(self):
        if not hasattr(self, "group_id"):
            answer = client("ec2").create_security_group(GroupName="alb", Description="alb", VpcId=self.ids["vpc"])
            self.group_id = answer["GroupId"]
        return self.group_id

    def target_group(self, **more):
        wanted = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": self.ids["vpc"], **more}
        return self.elb.create_target_group(HealthCheckPath="/status.php", **wanted)["TargetGroups"][0]["TargetGroupArn"]

    def forward(self, balancer, group, port=80):
        return self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]

    def health(self, group):
        found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [(t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in found]

    def issue(self, domain):
        arn = self.acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
        for _ in range(2):
            option = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]
        record = option["ResourceRecord"]
        change = {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["Name"],
                "Type": "CNAME",
                "TTL": 60,
                "ResourceRecords": [{"Value": record["Value"]}],
            },
        }
        client("route53").change_resource_record_sets(
            HostedZoneId=self.ids["zone"], ChangeBatch={"Changes": [change]}
        )
        return arn

    def status(self, arn):
        return self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]

    def test_a_certificate_is_issued_by_its_record(self):
        arn = self.acm.request_certificate(DomainName=self.ids["fqdn"], ValidationMethod="DNS")["CertificateArn"]
        shown = [self.acm.describe_certificate(CertificateArn=arn)["Certificate"] for _ in range(5)]
        known = ["ResourceRecord" in each["DomainValidationOptions"][0] for each in shown]
        self.assertEqual((known[:2], shown[-1]["Status"]), ([False, True], "PENDING_VALIDATION"))
        record = shown[-1]["DomainValidationOptions"][0]["ResourceRecord"]
        change = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "wrong.example."}]}
        upsert = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]}
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=upsert)
        self.assertEqual([self.status(arn) for _ in range(3)][-1], "PENDING_VALIDATION")
        change["ResourceRecords"] = [{"Value": record["Value"]}]
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=upsert)
        self.assertEqual([self.status(arn) for _ in range(2)], ["PENDING_VALIDATION", "ISSUED"])
        again = self.acm.request_certificate(DomainName=self.ids["fqdn"])["CertificateArn"]
        other = self.acm.request_certificate(DomainName="other.example")["CertificateArn"]
        for _ in range(2):
            mine, theirs = (
                self.acm.describe_certificate(CertificateArn=a)["Certificate"]["DomainValidationOptions"][0]
                for a in (again, other)
            )
        self.assertEqual(mine["ResourceRecord"], record)
        self.assertNotEqual(theirs["ResourceRecord"]["Value"], record["Value"])

    def test_idempotency_token_of_a_certificate(self):
        wanted = {"DomainName": self.ids["fqdn"], "IdempotencyToken": "t1"}
        first = self.acm.request_certificate(**wanted)["CertificateArn"]
        self.assertEqual(self.acm.request_certificate(**wanted)["CertificateArn"], first)
        other = self.acm.request_certificate(DomainName="other.example", IdempotencyToken="t1")["CertificateArn"]
        self.assertNotEqual(other, first)
        self.acm.delete_certificate(CertificateArn=first)
        self.assertNotEqual(self.acm.request_certificate(**wanted)["CertificateArn"], first)

    def test_balancer(self):
        subnets = self.ids["subnets"]
        with self.refused("ValidationError"):
            self.balancer(Subnets=[subnets["a"]])
        with self.refused("InvalidSecurityGroup"):
            self.balancer(SecurityGroups=["sg-00000000000000000"])
        made = self.balancer()
        self.assertRegex(made["DNSName"], r"^entry-\d+\.us-east-1\.elb\.amazonaws\.com$")
        self.assertEqual(made["CanonicalHostedZoneId"], "Z35SXDOTRQ7X7K")
        states = [self.elb.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] for _ in range(2)]
        self.assertEqual(states, ["provisioning", "active"])
        self.assertEqual(self.balancer()["LoadBalancerArn"], made["LoadBalancerArn"])
        with self.refused("DuplicateLoadBalancerName"):
            self.balancer(Scheme="internal")

    def test_a_balancers_interfaces_outlive_it(self):
        arn = self.balancer()["LoadBalancerArn"]
        with self.refused("DependencyViolation"):
            client("ec2").delete_security_group(GroupId=self.group_id)
        protect = [{"Key": "deletion_protection.enabled", "Value": "true"}]
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protect)
        with self.refused("OperationNotPermitted"):
            self.elb.delete_load_balancer(LoadBalancerArn=arn)
        protect[0]["Value"] = "false"
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protect)
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        with self.refused("DependencyViolation"):
            client("ec2").delete_security_group(GroupId=self.group_id)
        client("ec2").delete_security_group(GroupId=self.group_id)  # the attempt counted as a look

    def test_listeners(self):
        balancer, group = self.balancer(), self.target_group()
        arn = self.issue(self.ids["fqdn"])
        https = {
            "LoadBalancerArn": balancer["LoadBalancerArn"],
            "Protocol": "HTTPS",
            "Port": 443,
            "Certificates": [{"CertificateArn": arn}],
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        }
        with self.refused("UnsupportedCertificate"):
            self.elb.create_listener(**https)
        with self.refused("ValidationError"):
            self.elb.create_listener(**{**https, "Certificates": []})
        self.assertEqual([self.status(arn) for _ in range(2)][-1], "ISSUED")
        listener = self.elb.create_listener(**https)["Listeners"][0]["ListenerArn"]
        with self.refused("DuplicateListener"):
            self.elb.create_listener(**https)
        with self.refused("ResourceInUse"):
            self.elb.delete_target_group(TargetGroupArn=group)
        shown = view()
        self.assertEqual(shown["certificates"][0]["in_use_by"], [balancer["LoadBalancerArn"]])
        self.assertEqual(shown["load_balancers"][0]["listeners"][0]["certificates"], [arn])
        action = shown["load_balancers"][0]["listeners"][0]["default_actions"][0]
        self.assertEqual((action["Type"], action["TargetGroupArn"]), ("forward", group))
        with self.refused("ResourceInUseException"):
            self.acm.delete_certificate(CertificateArn=arn)
        self.elb.delete_listener(ListenerArn=listener)
        with self.refused("ResourceInUseException"):
            self.acm.delete_certificate(CertificateArn=arn)
        self.acm.delete_certificate(CertificateArn=arn)
        self.elb.delete_target_group(TargetGroupArn=group)

    def test_an_alias_must_name_the_balancers_zone(self):
        name = self.balancer()["DNSName"]
        alias = {"HostedZoneId": self.ids["zone"], "DNSName": name, "EvaluateTargetHealth": False}
        record = {"Name": self.ids["fqdn"], "Type": "A", "AliasTarget": alias}
        upsert = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        with self.refused("InvalidChangeBatch"):
            client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=upsert)
        alias["HostedZoneId"] = "Z35SXDOTRQ7X7K"
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch=upsert)
        shown = next(r for r in view()["zones"][0]["records"] if r["type"] == "A")
        self.assertEqual(shown["alias"], {"dns_name": name + ".", "zone_id": "Z35SXDOTRQ7X7K"})

    def test_target_group_of_one_name(self):
        arn = self.target_group()
        self.assertEqual(self.target_group(), arn)
        with self.refused("DuplicateTargetGroupName"):
            self.target_group(HealthCheckIntervalSeconds=10)
        self.assertEqual([g["arn"] for g in view()["target_groups"]], [arn])

    def test_target_health_is_what_the_body_found(self):
        balancer, group = self.balancer(), self.target_group()
        target = [{"Id": self.web}]
        with self.refused("InvalidTarget"):
            self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "i-00000000000000000"}])
        self.elb.register_targets(TargetGroupArn=group, Targets=target)
        self.assertEqual(self.health(group), [("unused", "Target.NotInUse")])
        self.forward(balancer, group)
        self.assertEqual([self.health(group) for _ in range(3)][-1], [("initial", "Elb.RegistrationInProgress")])
        report = {"event": "target-health", "target_group": group, "id": self.web}
        for state, reason in (("unhealthy", "Target.ResponseCodeMismatch"), ("healthy", None)):
            self.assertTrue(plus("body", **report, state=state, reason=reason, description=None)["changed"])
            self.assertEqual(self.health(group), [(state, reason)])
        self.stop()
        self.assertEqual(self.health(group), [("unused", "Target.InvalidState")])
        client("ec2").start_instances(InstanceIds=[self.web])
        self.assertNotEqual(self.health(group)[0][0], "healthy")
        self.up()
        self.assertEqual(self.health(group), [("healthy", None)])

        self.elb.deregister_targets(TargetGroupArn=group, Targets=target)
        self.assertEqual(view()["target_groups"][0]["targets"], [])
        self.assertEqual(self.health(group), [("draining", "Target.DeregistrationInProgress")])
        self.assertEqual(self.health(group), [])
        explicit = self.elb.describe_target_health(TargetGroupArn=group, Targets=target)["TargetHealthDescriptions"]
        self.assertEqual(explicit[0]["TargetHealth"]["Reason"], "Target.NotRegistered")
        self.elb.deregister_targets(TargetGroupArn=group, Targets=target)  # no error
        self.elb.register_targets(TargetGroupArn=group, Targets=target)
        self.assertEqual(self.health(group), [("initial", "Elb.RegistrationInProgress")])


class Site(Case):
    """What the hosts use themselves."""

    def test_files_in_the_bucket_without_a_signature(self):
        for enforced in (False, True):
            plus("config", enforce_iam=enforced)
            path = f"/{self.ids['bucket']}/files/ada/gr%C3%BC%C3%9Fe.txt"
            http("PUT", path, b"hello")
            self.assertEqual(http("GET", path), b"hello")
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
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        ec2, route53, acm = (
            boto3.client(s, region_name="us-east-1", endpoint_url=URL, **keys) for s in ("ec2", "route53", "acm")
        )
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

    def test_the_seed_by_other_names(self):
        plus("reset", account=True)
        ids = plus("seed", fqdn="files.example.org", zone="example.org", region="ap-northeast-1")
        self.assertEqual((ids["fqdn"], ids["region"]), ("files.example.org", "ap-northeast-1"))
        self.assertEqual(view()["instances"][0]["az"], "ap-northeast-1a")

    def test_the_version_grows_with_changes_only(self):
        first = view()["version"]
        self.state()
        self.assertEqual(view()["version"], first)
        self.up()
        self.assertEqual(view()["version"], first + 1)


if __name__ == "__main__":
    unittest.main()
