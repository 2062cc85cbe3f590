"""AWS's own model: good requests pass, and each way not to fit it is refused, for every operation that the project uses.

Requests are made from the models: every member of every structure, some levels deep, filled with something that fits; then
each required member left out, each enum wrong, each length and number one over or under, one at a time.
"""

import functools
import json
import re
import types
import unittest
import urllib.parse

import contract
import documented
import parameters
import shapes
from botocore.awsrequest import AWSRequest
from botocore.serialize import create_serializer
from case import HERE, Case, client
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers

SERVICES = {"elasticloadbalancing": "elbv2", "servicequotas": "service-quotas"}
#: Called by the project, and by no name of a policy.
BESIDE = [("iam", "GetUser"), ("sts", "GetCallerIdentity"), ("ec2", "CreateSecurityGroup"), ("acm", "ListCertificates")]
#: What fits the patterns and sentences, tried in this order.
SAMPLES = [
    "x", "x1", "abc", "200", "HTTP", "/", "/x/", "a.example.org", "us-east-1", "ec2.amazonaws.com", "cluster-abcdefghijk",
    "ipv4pool-coip-1", "ipam-pool-1", "1.5", "0123abcd-0123-0123-0123-0123456789ab", "Sum", "abcdef0123",
    "arn:aws:acm:us-east-1:123456789012:certificate/x", "arn:aws:acm-pca:us-east-1:123456789012:certificate/x",
    "arn:aws:ec2:us-east-1:123456789012:instance/i-1", "arn:aws:backup:us-east-1:123456789012:recovery-point:x",
    "awsbackup:x", "a1", "x" * 20, "x" * 36, "x" * 64,
]
DEEPEST = 5


@functools.cache
def operations():
    """(service, operation) of all that the policies of the flagship allow, and that are operations."""
    names = set(BESIDE)
    for file in sorted((HERE / "../../../tests/golden/iam").glob("*.json")):
        for prefix, name in re.findall(r'"([a-z0-9-]+):([A-Z]\w+)"', file.read_text()):
            names.add((SERVICES.get(prefix, prefix), name))
    return [(s, n) for s, n in sorted(names) if s != "aws" and n in get_service_model(s).operation_names]


def about(service, name):
    return parameters.operation(service, name)


def fitting(service, shape, rows=()):
    """A string that fits."""
    allowed = shape.metadata.get("enum")
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    for sample in list(allowed or ()) + SAMPLES + ["x" * max(least, 1)]:
        if most is not None:
            sample = sample[:most]
        if not shapes.problems(shape, sample) and all(row.holds(sample) for row in rows):
            return sample
    raise AssertionError(f"{service} {shape}: no sample fits {shape.metadata}")


def good(service, shape, told, rows=(), above=()):
    """A value with everything in it that the shape can have, some levels deep."""
    kind = shape.type_name
    if kind == "structure":
        value = {}
        for name, member in shape.members.items():
            deep = len(above) >= DEEPEST or member.name in above
            if deep and member.type_name in ("structure", "list", "map") and name not in shape.required_members:
                continue
            value[name] = good(service, member, told, told(shape.name, name), (*above, shape.name))
        return value
    if kind == "list":
        count = max(shape.metadata.get("min", 1), 1)
        return [good(service, shape.member, told, (), (*above, shape.name)) for _ in range(count)]
    if kind == "map":
        key = good(service, shape.key, told, (), (*above, shape.name))
        return {key: good(service, shape.value, told, (), (*above, shape.name))}
    if kind in ("string", "character"):
        return fitting(service, shape, rows)
    if kind == "blob":
        return b"x" * max(shape.metadata.get("min", 1), 1)
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return "2026-01-01T00:00:00Z"
    return shape.metadata.get("min", 1)


def bad(shape, value, path=()):
    """(kind of problem, path, wrong value) for each single way to break it; the value None leaves the member out."""
    kind, least, most = shape.type_name, shape.metadata.get("min"), shape.metadata.get("max")
    if kind == "structure":
        for name, given in value.items():
            if name in shape.required_members:
                yield "missing", (*path, name), None
            yield from bad(shape.members[name], given, (*path, name))
    elif kind == "list":
        if most is not None and most <= 1000:
            yield "long", path, [value[0]] * (most + 1)
        for number, each in enumerate(value[:1], 1):
            yield from bad(shape.member, each, (*path, number))
    elif kind in ("string", "character"):
        if shape.metadata.get("enum") and shape.name not in shapes.CATALOGUES:
            yield "enum", path, "runbook-wrong"
        if most is not None:
            yield "long", path, "x" * (most + 1)
        if least:
            yield "short", path, "x" * (least - 1)
        if shape.metadata.get("pattern"):
            yield "pattern", path, "\N{SNOWMAN}"
    elif kind in shapes.NUMBERS:
        if least is not None:
            yield "small", path, least - 1
        if most is not None:
            yield "large", path, most + 1


def replaced(value, path, new):
    """A copy with another value at one place; without it for None."""
    step, *rest = path
    if isinstance(step, int):
        return [replaced(each, rest, new) if rest and i == step else new if i == step else each for i, each in enumerate(value, 1)]
    if not rest and new is None:
        return {name: each for name, each in value.items() if name != step}
    return {**value, step: replaced(value[step], rest, new) if rest else new}


def sent(service, name, asked):
    """What moto would hold in hands of a request that botocore sends."""
    model = about(service, name)
    protocol = model.service_model.protocol
    made = create_serializer(protocol, include_validation=False).serialize_to_request(asked, model)
    body, query = made["body"], {}
    path, _, rest = made["url_path"].partition("?")
    query.update(urllib.parse.parse_qs(rest, keep_blank_values=True))
    for key, each in dict(made.get("query_string") or {}).items():
        query[key] = each if isinstance(each, list) else [str(each)]
    if isinstance(body, dict):
        query = {key: [str(each).lower() if isinstance(each, bool) else str(each)] for key, each in body.items()}
        body = b""
    kinds = {"json": "application/x-amz-json-1.1", "rest-xml": "application/xml"}
    kind = kinds.get(protocol, "application/x-www-form-urlencoded")
    template = model.http.get("requestUri", "/").partition("?")[0]
    expression = re.sub(r"\\\{(\w+)\\\+?\}", r"(?P<\1>[^?]+)", re.escape(template))
    found = re.fullmatch(expression, path)
    given = {key: urllib.parse.unquote(each) for key, each in found.groupdict().items()} if found else {}
    return types.SimpleNamespace(
        boto3_service_name=service,
        raw_body=body if isinstance(body, bytes) else body.encode(),
        querystring=query,
        headers=Headers(list(made["headers"].items())),
        path=path,
        uri_match=given,
        normalized_request=types.SimpleNamespace(content_type=kind, method=made["method"]),
    )


class Models(unittest.TestCase):
    def test_the_project_uses_many_operations_of_each_protocol(self):
        protocols = {about(*each).service_model.protocol for each in operations()}
        self.assertEqual(protocols, {"ec2", "query", "json", "rest-xml"})
        self.assertGreater(len(operations()), 60)

    def test_good_requests_fit_and_come_through(self):
        for service, name in operations():
            with self.subTest(service=service, operation=name):
                shape, told = about(service, name).input_shape, documented.of(service)
                if shape is None:
                    continue
                value = good(service, shape, told)
                self.assertEqual(shapes.problems(shape, value, told), [])
                read, unreadable = parameters.read(sent(service, name, value), about(service, name))
                self.assertEqual(unreadable, [])
                self.assertEqual(shapes.problems(shape, read, told), [])
                self.assertEqual(set(read), set(value))

    def test_bad_requests_are_told_at_their_place(self):
        count = {}
        for service, name in operations():
            shape, told = about(service, name).input_shape, documented.of(service)
            if shape is None:
                continue
            value = good(service, shape, told)
            for kind, path, wrong in bad(shape, value):
                with self.subTest(service=service, operation=name, kind=kind, path=path):
                    found = shapes.problems(shape, replaced(value, path, wrong))
                    told_of = {problem.kind for problem in found if problem.path == path}
                    self.assertIn(kind, told_of, found)
                    self.assertTrue(all(problem.path[: len(path)] == path for problem in found), found)
                    count[kind] = count.get(kind, 0) + 1
        self.assertEqual(set(count), {"missing", "enum", "long", "short", "pattern", "small", "large"})
        self.assertGreater(sum(count.values()), 400)
        self.assertGreater(count["enum"], 60)

    def test_what_cannot_be_read(self):
        for service, name, field, raw, kind in (
            ("ec2", "StopInstances", "Force", "perhaps", "type"),
            ("ec2", "StopInstances", "Forse", "true", "unknown"),
            ("ec2", "RunInstances", "MinCount", "one", "type"),
            ("ec2", "RunInstances", "BlockDeviceMapping.1.Ebs.VolumeSise", "1", "unknown"),
            ("rds", "ModifyDBInstance", "MultiAZ", "perhaps", "type"),
        ):
            request = sent(service, name, {})
            request.querystring = {"Action": [name], field: [raw]}
            (found,) = parameters.read(request, about(service, name))[1]
            self.assertEqual((found.kind, found.path), (kind, (field,)))

    def test_patterns_mean_what_they_mean_in_java(self):
        for wanted, fits, not_fits in (
            (r"[\w+=,.@-]+", "a_1", "ü"),
            (r"\w+", "a_1", "a-1"),
            (r"^\d$", "1", "٣"),
            (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 3 @ Zürich", "a(b)"),
            (r"[\u0020-\u00FF]+", "ÿ", "Ā"),
            (r"[\]\w]+", "]a", "ü"),
        ):
            self.assertTrue(shapes.pattern(wanted).fullmatch(fits), wanted)
            self.assertFalse(shapes.pattern(wanted).fullmatch(not_fits), wanted)
        for service in ("ec2", "rds", "elbv2", "acm", "route53", "iam", "sts", "service-quotas", "kms"):
            model = get_service_model(service)
            for name in model.shape_names:
                if text := model.shape_for(name).metadata.get("pattern"):
                    shapes.pattern(text)

    def test_each_sentence_is_about_a_member_that_is_there(self):
        for row in documented.ROWS:
            if row.member != shapes.WHOLE:
                self.assertIn(row.member, get_service_model(row.service).shape_for(row.shape).members, row)
            self.assertTrue(row.says)


class Refused(Case):
    """What the server answers, per protocol."""

    def told(self, service, operation, **asked):
        with self.assertRaises(client(service).exceptions.ClientError) as caught:
            getattr(client(service), operation)(**asked)
        error = caught.exception.response["Error"]
        return error["Code"], error["Message"]

    def test_ec2(self):
        image = {"InstanceId": self.web, "Name": "image-1"}
        self.assertEqual(
            self.told("ec2", "create_image", Name="image-1"),
            ("MissingParameter", "The request must contain the parameter InstanceId"),
        )
        for code, asked in (
            ("InvalidAMIName.Malformed", {**image, "Name": "a,b"}),
            ("InvalidAMIName.Malformed", {**image, "Name": "ab"}),
            ("InvalidParameterValue", {**image, "Description": "x" * 256}),
        ):
            self.assertEqual(self.told("ec2", "create_image", **asked)[0], code, asked)
        run = {"MinCount": 1, "MaxCount": 1, "ImageId": self.base_image()}
        for code, more in (
            ("InvalidParameterValue", {"ClientToken": "x" * 65}),
            ("InvalidParameterValue", {"InstanceInitiatedShutdownBehavior": "explode"}),
            ("InvalidParameterValue", {"MetadataOptions": {"HttpTokens": "sometimes"}}),
        ):
            self.assertEqual(self.told("ec2", "run_instances", **run, **more)[0], code, more)

    def test_ec2_groups_and_tags(self):
        group = {"VpcId": self.ids["vpc"], "Description": "d", "GroupName": "g"}
        for more in ({"GroupName": "sg-cloud"}, {"GroupName": "Größe"}, {"Description": "a\nb"}, {"GroupName": "x" * 256}):
            self.assertEqual(self.told("ec2", "create_security_group", **{**group, **more})[0], "InvalidParameterValue")
        many = [{"Key": f"k{i}", "Value": ""} for i in range(51)]
        for code, tags in (
            ("InvalidParameterValue", [{"Key": "aws:x", "Value": "v"}]),
            ("InvalidParameterValue", [{"Key": "k" * 128, "Value": "v"}]),
            ("InvalidParameterValue", [{"Key": "k", "Value": "v" * 257}]),
            ("TagLimitExceeded", many),
        ):
            self.assertEqual(self.told("ec2", "create_tags", Resources=[self.web], Tags=tags)[0], code)
        odd = [{"Key": "Note: Team (web), Berlin & Ü", "Value": "(a), #b\u2603"}]
        client("ec2").create_tags(Resources=[self.web], Tags=odd)  # EC2 takes any character
        rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
        for source in ({"IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "für"}]},):
            refused = self.told(
                "ec2", "authorize_security_group_ingress", GroupId=self.ids["web_group"], IpPermissions=[{**rule, **source}]
            )
            self.assertEqual(refused[0], "InvalidParameterValue")

    def test_elb(self):
        subnets = list(self.ids["subnets"].values())
        for name in ("nextcloud_prod", "my-company-nextcloud-production-1", "internal-cloud", "-a", "a-", ""):
            refused = self.told("elbv2", "create_load_balancer", Name=name, Subnets=subnets)
            self.assertEqual(refused[0], "ValidationError", name)
            if name != "internal-cloud":
                refused = self.told("elbv2", "create_target_group", Name=name, VpcId=self.ids["vpc"], Port=80, Protocol="HTTP")
                self.assertEqual(refused[0], "ValidationError", name)
        tags = [{"Key": "Note", "Value": "Team (web), Berlin"}]
        code, text = self.told("elbv2", "create_load_balancer", Name="a", Subnets=subnets, Tags=tags)
        self.assertEqual(code, "ValidationError")
        self.assertEqual(text, (
            "1 validation error detected: Value 'Team (web), Berlin' at 'tags.1.member.value' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
        ))
        code, text = self.told("elbv2", "create_listener", Port=70000, Protocol="GOPHER", DefaultActions=[])
        self.assertEqual(code, "ValidationError")
        for part in ("3 validation errors", "'loadBalancerArn'", "'port'", "less than or equal to 65535", "enum value set"):
            self.assertIn(part, text)

    def test_attributes_of_elb(self):
        for shape, attribute, fits, wrong in (
            ("LoadBalancerAttribute", "idle_timeout.timeout_seconds", ("1", "600", "4000"), ("0", "4001", "-1", "1h", "")),
            ("LoadBalancerAttribute", "deletion_protection.enabled", ("true", "false"), ("True", "yes")),
            ("TargetGroupAttribute", "deregistration_delay.timeout_seconds", ("0", "30", "3600"), ("3601", "-1")),
            ("TargetGroupAttribute", "stickiness.lb_cookie.duration_seconds", ("1", "86400", "604800"), ("0", "604801")),
            ("TargetGroupAttribute", "anything.else", ("whatever",), ()),
        ):
            rows = documented.of("elbv2")(shape, shapes.WHOLE)
            for value in fits + wrong:
                holds = all(row.holds({"Key": attribute, "Value": value}) for row in rows)
                self.assertEqual(holds, value in fits, (attribute, value))
        subnets = list(self.ids["subnets"].values())
        arn = client("elbv2").create_load_balancer(Name="a", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        wrong = [{"Key": "idle_timeout.timeout_seconds", "Value": "6000"}]
        refused = self.told("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=wrong)
        self.assertEqual(refused[0], "InvalidConfigurationRequest")

    def test_rds(self):
        self.assertEqual(self.told("rds", "modify_db_instance", MultiAZ=True)[0], "MissingParameter")
        self.assertEqual(self.told("rds", "modify_db_instance", DBInstanceIdentifier="a--b")[0], "InvalidParameterValue")
        much = {"DBInstanceIdentifier": self.ids["db"], "AllocatedStorage": "much"}
        self.assertEqual(self.told("rds", "modify_db_instance", **much)[0], "InvalidParameterValue")

    def test_json(self):
        for code, asked in (
            ("ValidationException", {}),
            ("ValidationException", {"DomainName": "nextcloud"}),
            ("ValidationException", {"DomainName": "a.example.org", "IdempotencyToken": "a-b"}),
            ("ValidationException", {"DomainName": "a.example.org", "ValidationMethod": "PIGEON"}),
            ("ValidationException", {"DomainName": "a.example.org", "Tags": [{"Key": "a(b)", "Value": ""}]}),
            ("SerializationException", {"DomainName": 7}),
            ("InvalidDomainValidationOptionsException", {"DomainName": "a." * 32 + "example.org"}),
        ):
            self.assertEqual(self.told("acm", "request_certificate", **asked)[0], code, asked)
        self.assertEqual(self.told("service-quotas", "get_service_quota", ServiceCode="ec2")[0], "ValidationException")

    def test_rest_xml(self):
        record = {"Name": "a." + self.ids["zone"], "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "192.0.2.1"}]}

        def change(**more):
            changes = [{"Action": "UPSERT", "ResourceRecordSet": {**record, **more}}]
            return self.told(
                "route53", "change_resource_record_sets", HostedZoneId=self.ids["zone"], ChangeBatch={"Changes": changes}
            )

        self.assertEqual(change(Type="B")[0], "InvalidInput")
        self.assertEqual(change(TTL=-1)[0], "InvalidInput")
        self.assertEqual(change(Name="a" * 1025)[0], "InvalidInput")

    def test_iam_and_sts(self):
        self.assertEqual(self.told("iam", "create_user", UserName="a b")[0], "ValidationError")
        self.assertEqual(self.told("iam", "get_role")[0], "ValidationError")
        self.assertEqual(self.told("sts", "assume_role", RoleArn="x", RoleSessionName="a b")[0], "ValidationError")

    def test_each_bad_request_over_the_wire(self):
        """Required members and enums of all operations, as the SDK sends them. A member of the path cannot be left out, nor one
        of the query by which moto finds the operation (ListHostedZonesByVPC): without it there is no such page, 404."""
        codes = {
            "ec2": ("MissingParameter", "InvalidParameterValue"), "rds": ("MissingParameter", "InvalidParameterValue"),
            "route53": ("InvalidInput",),
        }
        query = ("ValidationError",)
        for service, name in operations():
            shape, told = about(service, name).input_shape, documented.of(service)
            if shape is None:
                continue
            value = good(service, shape, told)
            wanted = codes.get(service, query if about(service, name).service_model.protocol == "query" else ("ValidationException",))
            for kind, path, wrong in bad(shape, value):
                location = shape.members[path[0]].serialization.get("location")
                uri = location == "uri" or (kind == "missing" and location == "querystring")
                unsaid = kind == "missing" and len(path) > 1 and len(inside(value, path[:-1])) == 1  # nothing, in a form
                if kind not in ("missing", "enum", "small", "large") or uri or unsaid:
                    continue
                with self.subTest(service=service, operation=name, kind=kind, path=path):
                    request = {key: each for key, each in replaced(value, path, wrong).items() if not idempotency(shape, key)}
                    refused = self.told(service, re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower(), **request)
                    self.assertIn(refused[0], wanted, refused)
                    self.assertNotIn("emulator", refused[1])


def inside(value, path):
    for step in path:
        value = value[step - 1 if isinstance(step, int) else step]
    return value


def idempotency(shape, name):
    return bool(shape.members[name].metadata.get("idempotencyToken"))


class Answers(unittest.TestCase):
    def judged(self, service, name, body):
        contract.TROUBLES.clear()
        asked = {"Id": "/change/C1"} if name == "GetChange" else {}
        contract.judge_answer(sent(service, name, asked), about(service, name), (200, {}, body))
        return list(contract.TROUBLES)

    def test_an_error_that_the_operation_does_not_have_is_a_trouble(self):
        contract.TROUBLES.clear()
        for service, name, code in (
            ("elbv2", "CreateListener", "DuplicateListener"),
            ("elbv2", "CreateListener", "UnsupportedCertificate"),
            ("rds", "ModifyDBInstance", "DBInstanceNotFound"),  # the code on the wire, not the shape's name
            ("acm", "DeleteCertificate", "ThrottlingException"),
            ("ec2", "StopInstances", "AnythingAtAll"),
        ):
            contract.judge_error(sent(service, name, {}), about(service, name), code)
        self.assertEqual(contract.TROUBLES, [])
        contract.judge_error(sent("acm", "DeleteCertificate", {}), about("acm", "DeleteCertificate"), "NoSuchCertificate")
        self.assertEqual(len(contract.TROUBLES), 1)

    def test_an_answer_that_does_not_fit_is_a_trouble(self):
        state = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceState><name>{}</name>" \
            "</instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
        self.assertEqual(self.judged("ec2", "DescribeInstances", state.format("running")), [])
        (trouble,) = self.judged("ec2", "DescribeInstances", state.format("asleep"))
        self.assertIn("Reservations.1.Instances.1.State.Name: Value 'asleep': Member must satisfy enum", trouble)
        info = "<GetChangeResponse><ChangeInfo><Id>/change/C1</Id>{}<SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>"
        self.assertEqual(self.judged("route53", "GetChange", info.format("<Status>INSYNC</Status>")), [])
        (trouble,) = self.judged("route53", "GetChange", info.format(""))
        self.assertIn("ChangeInfo.Status: Value 'None': Member must not be null", trouble)
        (trouble,) = self.judged("acm", "ListCertificates", json.dumps({"CertificateSummaryList": [{"Status": "x"}]}))
        self.assertIn("CertificateSummaryList.1.Status", trouble)
        (trouble,) = self.judged("rds", "DescribeDBInstances", "<nothing")
        self.assertIn("cannot be read", trouble)
