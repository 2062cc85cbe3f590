"""The server under test, an account of before the cutover, and how a test talks to both."""

import atexit
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent


@functools.cache
def url():
    """Starts the server, once for all tests, on a free port; it ends with the tests."""
    command = [sys.executable, "-B", str(HERE / "serve.py"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def end():
        server.terminate()
        server.wait(10)
        server.stdout.close()

    atexit.register(end)
    return server.stdout.readline().split()[-1]


@functools.cache
def client(service, key="AKIAREHEARSAL", secret="none"):
    once = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return boto3.client(service, region_name="us-east-1", endpoint_url=url(), config=once, **keys)


def http(method, path, data=None, kind="application/octet-stream"):
    request = urllib.request.Request(url() + path, data, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def plus(name, /, **fields):
    return json.loads(http("POST", f"/plus/{name}", json.dumps(fields).encode()))


def view():
    return json.loads(http("GET", "/plus/state"))


#: One web server with an Elastic IP, a database, a name, a bucket.
WORLD = {
    "key": "nextcloud",
    "buckets": ["nextcloud-files"],
    "groups": {
        "nextcloud-web": [{"port": port, "from": "0.0.0.0/0"} for port in (22, 80, 443)],
        "nextcloud-db": [{"port": 3306, "from": "nextcloud-web"}],
    },
    "hosts": {
        "nextcloud-web-1": {
            "elastic_ip": True,
            "groups": ["nextcloud-web"],
            "profile": "nextcloud-web",
            "tags": {"Owner": "nextcloud"},
        }
    },
    "databases": {"nextcloud-db": {"groups": ["nextcloud-db"]}},
    "zones": {"nextcloud.example": [{"name": "cloud.nextcloud.example", "host": "nextcloud-web-1"}]},
}


def seeded(**changes):
    """The ids of WORLD with these changes, those of its one server, database and zone under short names."""
    made = plus("seed", **{**WORLD, **changes})
    (host,), (db,), (zone,) = made["hosts"].values(), made["databases"], made["zones"].values()
    return {
        **made,
        "instance": host["instance"],
        "private_ip": host["address"],
        "public_ip": host["public"],
        "db": db,
        "db_endpoint": made["databases"][db],
        "zone": zone,
        "fqdn": "cloud.nextcloud.example",
        "web_group": made["groups"]["nextcloud-web"],
        "bucket": "nextcloud-files",
    }


class Case(unittest.TestCase):
    """An account of before the cutover, with the body in charge and transitions of one look."""

    config = {"ticks": 1, "body": True}

    def setUp(self):
        plus("reset", account=True)
        plus("config", **self.config)
        self.ids = seeded()
        self.web = self.ids["instance"]

    def tearDown(self):
        self.assertEqual(view()["troubles"], [])

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
