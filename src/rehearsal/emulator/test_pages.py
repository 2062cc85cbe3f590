"""Lists in pages: every list that AWS pages, entry by entry, with nothing lost and nothing twice."""

import json

from moto.core.utils import get_pagination_model, get_service_model

import pages
from case import Case, client, http, plus


class Pages(Case):
    def pages_of(self, service, operation, **asked):
        paginator = client(service).get_paginator(operation)
        return list(paginator.paginate(**asked))

    def test_entry_by_entry(self):
        ec2 = client("ec2")
        for _ in range(2):
            self.run_one(self.base_image())
        whole = [r["Instances"][0]["InstanceId"] for r in ec2.describe_instances()["Reservations"]]
        zone = self.ids["zone"]
        records = client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        for empty, first in ((False, 1), (True, 0)):
            plus("config", page_size=1, empty_pages=empty)
            found = [page["Reservations"] for page in self.pages_of("ec2", "describe_instances")]
            self.assertEqual([r[0]["Instances"][0]["InstanceId"] for r in found if r], whole)
            self.assertEqual([len(r) for r in found], [first, 1, 1, 1] if empty else [1, 1, 1])
            by_name = client("ec2").describe_instances(InstanceIds=[self.web])["Reservations"]
            self.assertEqual(len(by_name), 1)
            for limited in (self.pages_of("ec2", "describe_instances", PaginationConfig={"PageSize": 1000}),):
                self.assertEqual(len(limited), len(found))
        sets = [page["ResourceRecordSets"] for page in self.pages_of("route53", "list_resource_record_sets", HostedZoneId=zone)]
        self.assertEqual([len(page) for page in sets], [1] * len(records))
        self.assertEqual([page[0] for page in sets], records)
        named = client("route53").list_resource_record_sets(HostedZoneId=zone, StartRecordName=self.ids["fqdn"])
        self.assertEqual(named["ResourceRecordSets"][0]["Name"], self.ids["fqdn"] + ".")

    def test_every_protocol(self):
        self.up()
        acm, elb = client("acm"), client("elbv2")
        for domain in ("a.example.org", "b.example.org"):
            acm.request_certificate(DomainName=domain)
        wanted = {"VpcId": self.ids["vpc"], "Port": 80, "Protocol": "HTTP"}
        made = [elb.create_target_group(Name=name, **wanted)["TargetGroups"][0] for name in ("one", "two")]
        subnets = [s["SubnetId"] for s in client("ec2").describe_subnets()["Subnets"]]
        plus("config", page_size=1)
        certificates = self.pages_of("acm", "list_certificates")
        names = [c["DomainName"] for page in certificates for c in page["CertificateSummaryList"]]
        self.assertEqual((sorted(names), len(certificates)), (["a.example.org", "b.example.org"], 2))
        groups = [page["TargetGroups"] for page in self.pages_of("elbv2", "describe_target_groups")]
        self.assertEqual(sorted(page[0]["TargetGroupArn"] for page in groups), sorted(g["TargetGroupArn"] for g in made))
        databases = self.pages_of("rds", "describe_db_instances")
        self.assertEqual([[d["DBInstanceIdentifier"] for d in page["DBInstances"]] for page in databases], [[self.ids["db"]]])
        shown = [page["Subnets"] for page in self.pages_of("ec2", "describe_subnets")]
        self.assertEqual([page[0]["SubnetId"] for page in shown], subnets)

    def test_a_token_is_of_its_request(self):
        plus("config", page_size=1)
        ec2 = client("ec2")
        token = ec2.describe_subnets()["NextToken"]
        with self.refused("InvalidPaginationToken"):
            ec2.describe_subnets(NextToken=token, Filters=[{"Name": "vpc-id", "Values": [self.ids["vpc"]]}])
        with self.refused("InvalidPaginationToken"):
            ec2.describe_volumes(NextToken=token)
        ec2.describe_subnets(NextToken=token)

    def test_signed_requests(self):
        statement = {"Effect": "Allow", "Action": ["acm:*", "ec2:*", "route53:*"], "Resource": "*"}
        key = plus("user", name="pages", documents=[{"Version": "2012-10-17", "Statement": [statement]}])
        keys = key["id"], key["secret"]
        for domain in ("a.example.org", "b.example.org"):
            client("acm").request_certificate(DomainName=domain)
        plus("config", page_size=1, enforce_iam=True)
        first = client("acm", *keys).list_certificates(MaxItems=5)
        second = client("acm", *keys).list_certificates(NextToken=first["NextToken"])
        self.assertNotEqual(first["CertificateSummaryList"], second["CertificateSummaryList"])
        token = client("ec2", *keys).describe_subnets(MaxResults=100)["NextToken"]
        client("ec2", *keys).describe_subnets(NextToken=token)
        client("route53", *keys).list_resource_record_sets(HostedZoneId=self.ids["zone"], MaxItems="50")

    def test_every_paged_list_is_cut(self):
        """What is neither of botocore's simple paginators nor of NATURAL would come whole, unnoticed."""
        whole = set()
        for service in ("ec2", "rds", "elbv2", "acm", "route53", "iam", "service-quotas"):
            for name in get_pagination_model(service):
                about = get_service_model(service).operation_model(name)
                if pages.rules_of(about) is None and name not in pages.NATURAL:
                    whole.add(name)
        asked_by_nobody = {
            "DescribeVpcEndpointServices", "GetAccountAuthorizationDetails", "ListEntitiesForPolicy",
            "ListVPCAssociationAuthorizations",
        }
        self.assertEqual(whole, asked_by_nobody)

    def test_the_log_has_each_page(self):
        plus("config", page_size=1)
        before = len(json.loads(http("GET", "/plus/calls")))
        count = len(self.pages_of("ec2", "describe_subnets"))
        self.assertEqual(len(json.loads(http("GET", "/plus/calls"))) - before, count)
