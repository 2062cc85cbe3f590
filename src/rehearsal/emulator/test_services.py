"""The database, names, and the entry: balancer, certificate, listeners, target health."""

from case import Case, client, plus, view


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
        self.assertEqual(self.seen(), ("available", False, None, None), "what was accepted does not show yet")
        with self.refused("InvalidParameterCombination"):
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
        self.assertEqual([self.seen()[:2] for _ in range(4)][-1], ("available", False))
        with self.refused("InvalidParameterCombination"):
            self.modify(MultiAZ=False, ApplyImmediately=True)

    def test_a_standby_that_is_not_told(self):
        plus("config", rds_standby="untold")
        self.modify(MultiAZ=True, ApplyImmediately=True)
        self.assertEqual([self.seen() for _ in range(5)][-1], ("available", True, None, None))

    def test_a_field_that_does_not_come(self):
        for service, action, field in (("rds", "DescribeDBInstances", "MultiAZ"), ("acm", "ListCertificates", "NextToken")):
            plus("fault", service=service, action=action, without=field)
        self.assertNotIn("MultiAZ", self.database())
        self.assertIn("MultiAZ", self.database())
        client("acm").list_certificates()

    def test_pending_changes_wait_for_an_immediate_one(self):
        self.modify(DBInstanceClass="db.t3.large")
        self.assertEqual(self.database()["PendingModifiedValues"], {"DBInstanceClass": "db.t3.large"})
        self.assertEqual(self.database()["DBInstanceClass"], "db.t3.medium")
        self.modify(MultiAZ=True, ApplyImmediately=True)
        for _ in range(4):
            shown = self.database()
        self.assertEqual((shown["DBInstanceClass"], shown["MultiAZ"]), ("db.t3.large", True))

    def test_a_conversion_that_did_not_happen(self):
        plus("config", rds_outcome="unchanged")
        self.modify(MultiAZ=True, ApplyImmediately=True)
        self.assertEqual([self.seen() for _ in range(4)], [
            ("available", False, None, None), ("available", False, True, None), ("modifying", False, True, None),
            ("available", False, None, None),
        ])

    def test_a_failover_moves_the_address(self):
        rds = client("rds")
        with self.refused("InvalidParameterCombination"):
            rds.reboot_db_instance(DBInstanceIdentifier="nextcloud-db", ForceFailover=True)
        self.modify(MultiAZ=True, ApplyImmediately=True)
        while self.seen()[1] is not True:
            pass
        before = view()["db_instances"][0]
        self.assertEqual((before["address"], before["boots"]), ("10.77.1.250", 0))
        plus("config", body=True)
        rds.reboot_db_instance(DBInstanceIdentifier="nextcloud-db", ForceFailover=True)
        for _ in range(3):
            shown = self.database()
        self.assertEqual((shown["DBInstanceStatus"], shown["AvailabilityZone"]), ("rebooting", "us-east-1a"))
        away = view()["db_instances"][0]
        self.assertEqual((away["address"], away["boots"]), ("10.77.2.250", 1), "the name leads to the other zone")
        self.assertFalse(plus("body", event="database-up", id="nextcloud-db", boots=0)["changed"], "an earlier start")
        self.assertTrue(plus("body", event="database-up", id="nextcloud-db", boots=1)["changed"])
        shown = self.database()
        self.assertEqual((shown["DBInstanceStatus"], shown["AvailabilityZone"]), ("available", "us-east-1b"))
        self.assertEqual(shown["SecondaryAvailabilityZone"], "us-east-1a")
        plus("config", body=False)
        rds.reboot_db_instance(DBInstanceIdentifier="nextcloud-db")
        self.assertEqual([self.database()["DBInstanceStatus"] for _ in range(2)], ["rebooting", "available"])
        self.assertEqual(view()["db_instances"][0]["address"], "10.77.2.250", "without a failover it stays")

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
        return self.elb.create_target_group(HealthCheckPath="/status.php", **wanted)["TargetGroups"][0][
            "TargetGroupArn"
        ]

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
        client("route53").change_resource_record_sets(HostedZoneId=self.ids["zone"], ChangeBatch={"Changes": [change]})
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

    def test_what_is_forwarded_by_weight_and_by_rule(self):
        balancer, old, new = self.balancer(), self.target_group(), self.target_group(Name="new")
        listener = self.forward(balancer, old)

        def split(*weights, groups=(old, new), **sticky):
            config = {"TargetGroups": [{"TargetGroupArn": g, "Weight": w} for g, w in zip(groups, weights)], **sticky}
            actions = [{"Type": "forward", "ForwardConfig": config}]
            return self.elb.modify_listener(ListenerArn=listener, DefaultActions=actions)["Listeners"][0]

        with self.refused("TargetGroupNotFound"):
            split(1, 1, groups=(old, new + "0"))
        with self.refused("ValidationError"):
            split(1, 1, TargetGroupStickinessConfig={"Enabled": True})
        split(90, 10, TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 60})
        shown = self.elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"][0]
        self.assertEqual([g["Weight"] for g in shown["ForwardConfig"]["TargetGroups"]], [90, 10])
        with self.refused("ResourceInUse"):
            self.elb.delete_target_group(TargetGroupArn=new)

        rule = {
            "ListenerArn": listener,
            "Conditions": [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Trial", "Values": ["yes"]}}],
            "Actions": [{"Type": "forward", "TargetGroupArn": new}],
        }
        made = self.elb.create_rule(Priority=10, **rule)["Rules"][0]["RuleArn"]
        with self.refused("PriorityInUse"):
            self.elb.create_rule(Priority=10, **rule)
        self.assertEqual([r["Priority"] for r in self.elb.describe_rules(ListenerArn=listener)["Rules"]], ["10", "default"])
        told = view()["load_balancers"][0]["listeners"][0]["rules"]
        self.assertEqual([(r["priority"], r["conditions"][0]["Field"]) for r in told], [(10, "http-header")])
        self.elb.delete_rule(RuleArn=made)
        with self.refused("RuleNotFound"):
            self.elb.delete_rule(RuleArn=made)

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
        for _ in range(4):  # whatever was found of the earlier registration
            self.assertEqual(self.health(group), [("initial", "Elb.RegistrationInProgress")])


class Quotas(Case):
    def test_quotas_of_vcpus(self):
        quotas = client("service-quotas")
        wanted = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
        self.assertEqual(quotas.get_service_quota(**wanted)["Quota"]["Value"], 32.0)
        plus("config", vcpu_quota=5)
        self.assertEqual(quotas.get_service_quota(**wanted)["Quota"]["Value"], 5.0)
