"""Permissions as they can be asked about: the policy simulator, dry runs, and who an unknown key is."""

import json

from case import Case, client, http, plus, view

INSTANCE = "arn:aws:ec2:us-east-1:123456789012:instance/"


class Permissions(Case):
    def user(self, *statements, name="operator"):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **s} for s in statements]}
        iam = client("iam")
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))

    def ask(self, action, *resources, **context):
        entries = [
            {"ContextKeyName": key.replace("__", ":"), "ContextKeyType": "stringList", "ContextKeyValues": values}
            for key, values in context.items()
        ]
        wanted = {"PolicySourceArn": self.arn, "ActionNames": [action], "ContextEntries": entries}
        if resources:
            wanted["ResourceArns"] = list(resources)
        (result,) = client("iam").simulate_principal_policy(**wanted)["EvaluationResults"]
        self.missing = result["MissingContextValues"]
        by_resource = [each["EvalResourceDecision"] for each in result.get("ResourceSpecificResults", [])]
        return by_resource or result["EvalDecision"]


class Simulator(Permissions):
    def test_actions_with_wildcards_and_a_denial_above_all(self):
        self.user({"Action": ["ec2:Describe*", "ec2:st?pInstances"]}, {"Effect": "Deny", "Action": "ec2:DescribeImages"})
        self.assertEqual(self.ask("ec2:DescribeInstances"), "allowed")
        self.assertEqual(self.ask("ec2:StopInstances"), "allowed")
        self.assertEqual(self.ask("ec2:StartInstances"), "implicitDeny")
        self.assertEqual(self.ask("ec2:DescribeImages"), "explicitDeny")

    def test_all_but_some_actions(self):
        self.user({"NotAction": "iam:*"})
        self.assertEqual((self.ask("ec2:RunInstances"), self.ask("iam:PassRole")), ("allowed", "implicitDeny"))

    def test_each_resource_is_judged(self):
        self.user({"Action": "ec2:StopInstances", "Resource": INSTANCE + "i-1"})
        self.assertEqual(
            self.ask("ec2:StopInstances", INSTANCE + "i-1", INSTANCE + "i-2"), ["allowed", "implicitDeny"]
        )
        self.assertEqual(self.ask("ec2:StopInstances"), "implicitDeny", "on everything")

    def test_a_users_own_name(self):
        own = "arn:aws:iam::123456789012:user/"
        self.user({"Action": "iam:SimulatePrincipalPolicy", "Resource": own + "${aws:username}"})
        decisions = self.ask("iam:SimulatePrincipalPolicy", own + "operator", own + "other")
        self.assertEqual(decisions, ["allowed", "implicitDeny"])

    def test_conditions(self):
        self.user(
            {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}}},
            {"Action": "ec2:DeleteTags", "Condition": {"ForAllValues:StringLike": {"aws:TagKeys": ["runbook:*"]}}},
            {"Action": "ec2:DeleteVolume", "Condition": {"Null": {"aws:ResourceTag/runbook:run": "false"}}},
            {"Action": "ec2:StopInstances", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
            {"Action": "ec2:StartInstances", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        )
        self.assertEqual(self.ask("ec2:CreateTags", ec2__CreateAction=["RunInstances"]), "allowed")
        self.assertEqual(self.ask("ec2:CreateTags", ec2__CreateAction=["CreateImage"]), "implicitDeny")
        self.assertEqual(self.missing, [])
        self.assertEqual((self.ask("ec2:CreateTags"), self.missing), ("implicitDeny", ["ec2:CreateAction"]))
        self.assertEqual(self.ask("ec2:DeleteTags", aws__TagKeys=["runbook:claim"]), "allowed")
        self.assertEqual(self.ask("ec2:DeleteTags", aws__TagKeys=["runbook:claim", "Name"]), "implicitDeny")
        self.assertEqual(self.ask("ec2:DeleteVolume", **{"aws:ResourceTag/runbook:run": ["r1"]}), "allowed")
        self.assertEqual(self.ask("ec2:DeleteVolume"), "implicitDeny")
        self.assertEqual(self.ask("ec2:StopInstances", aws__RequestedRegion=["us-east-1"]), "allowed")
        self.assertEqual(self.ask("ec2:StopInstances", aws__RequestedRegion=["eu-west-1"]), "implicitDeny")
        self.assertEqual(self.ask("ec2:StartInstances", aws__MultiFactorAuthPresent=["true"]), "allowed")

    def test_what_it_cannot_judge_is_refused(self):
        self.user({"Action": "ec2:*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}})
        with self.refused("InvalidInput"):
            self.ask("ec2:StopInstances")

    def test_groups_attached_policies_and_roles(self):
        iam = client("iam")
        self.user({"Action": "ec2:StopInstances"})
        document = {"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": document})
        managed = iam.create_policy(PolicyName="start", PolicyDocument=document)["Policy"]["Arn"]
        self.assertEqual(self.ask("ec2:StartInstances"), "implicitDeny")
        iam.create_group(GroupName="operators")
        iam.attach_group_policy(GroupName="operators", PolicyArn=managed)
        iam.add_user_to_group(GroupName="operators", UserName="operator")
        self.assertEqual(self.ask("ec2:StartInstances"), "allowed")
        self.arn = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument="{}", Path="/ops/")["Role"]["Arn"]
        self.assertEqual(self.ask("ec2:StartInstances"), "implicitDeny")
        iam.attach_role_policy(RoleName="deploy", PolicyArn=managed)
        self.assertEqual(self.ask("ec2:StartInstances"), "allowed")
        self.arn = self.arn.replace("/ops/", "/")
        with self.refused("NoSuchEntity"):
            self.ask("ec2:StartInstances")

    def test_asking_needs_a_permission(self):
        arn, wanted = "arn:aws:iam::123456789012:user/operator", ["ec2:StopInstances"]
        statement = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
        for action, allowed in (("ec2:*", False), ("iam:SimulatePrincipalPolicy", True)):
            document = {"Version": "2012-10-17", "Statement": [{**statement, "Action": action}]}
            key = plus("user", name="operator", documents=[document])
            plus("config", enforce_iam=True)
            own = client("iam", key["id"], key["secret"])
            if allowed:
                (result,) = own.simulate_principal_policy(PolicySourceArn=arn, ActionNames=wanted)["EvaluationResults"]
                self.assertEqual(result["EvalDecision"], "implicitDeny", "the policy before is gone")
            else:
                with self.refused("AccessDenied"):
                    own.simulate_principal_policy(PolicySourceArn=arn, ActionNames=wanted)


class DryRuns(Permissions):
    def test_nothing_is_done_and_it_is_logged_as_what_it_is(self):
        self.up()
        before, from_call = view(), len(json.loads(http("GET", "/plus/calls")))
        ec2, group = client("ec2"), self.ids["web_group"]
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        calls = {
            "StopInstances": lambda: ec2.stop_instances(InstanceIds=[self.web], DryRun=True),
            "StartInstances": lambda: ec2.start_instances(InstanceIds=[self.web], DryRun=True),
            "TerminateInstances": lambda: ec2.terminate_instances(InstanceIds=[self.web], DryRun=True),
            "ModifyInstanceAttribute": lambda: ec2.modify_instance_attribute(
                InstanceId=self.web, InstanceType={"Value": "t3.small"}, DryRun=True
            ),
            "CreateImage": lambda: ec2.create_image(InstanceId=self.web, Name="x-1", DryRun=True),
            "CreateTags": lambda: ec2.create_tags(Resources=[self.web], Tags=[{"Key": "a", "Value": "b"}], DryRun=True),
            "DeleteTags": lambda: ec2.delete_tags(Resources=[self.web], Tags=[{"Key": "Name"}], DryRun=True),
            "CreateSecurityGroup": lambda: ec2.create_security_group(
                VpcId=self.ids["vpc"], GroupName="x", Description="x", DryRun=True
            ),
            "AuthorizeSecurityGroupIngress": lambda: ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[{**rule, "FromPort": 81, "ToPort": 81}], DryRun=True
            ),
            "RevokeSecurityGroupIngress": lambda: ec2.revoke_security_group_ingress(
                GroupId=group, IpPermissions=[rule], DryRun=True
            ),
            "DescribeVolumes": lambda: ec2.describe_volumes(DryRun=True),
        }
        for call in calls.values():
            with self.refused("DryRunOperation"):
                call()
        logged = json.loads(http("GET", "/plus/calls"))[from_call:]
        told = [[*call[:3], *call[4:]] for call in logged]
        self.assertEqual(told, [["ec2", name, "DryRunOperation", "dry run"] for name in calls])
        self.assertEqual(view(), before)

    def test_who_an_unknown_key_is(self):
        told = client("sts").get_caller_identity()
        self.assertEqual(told["Arn"], "arn:aws:iam::123456789012:root")

    def test_a_denial_without_the_key_it_asks_for(self):
        """AWS's own tutorial policy: everything is denied but with MFA. The key is not given, so it is missing, and denies."""
        self.user(
            {"Action": "ec2:*"},
            {"Effect": "Deny", "NotAction": "iam:*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
        )
        self.assertEqual((self.ask("ec2:RunInstances"), self.missing), ("explicitDeny", ["aws:MultiFactorAuthPresent"]))
        self.assertEqual(self.ask("ec2:RunInstances", aws__MultiFactorAuthPresent=["true"]), "allowed")

    def test_addresses(self):
        inside = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}
        outside = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.7"]}}
        self.user({"Action": "ec2:StopInstances", "Condition": inside})
        self.assertEqual((self.ask("ec2:StopInstances"), self.missing), ("implicitDeny", ["aws:SourceIp"]))
        self.assertEqual(self.ask("ec2:StopInstances", aws__SourceIp=["10.1.2.3"]), "allowed")
        self.user({"Action": "ec2:*"}, {"Effect": "Deny", "Action": "*", "Condition": outside}, name="bounded")
        self.assertEqual((self.ask("ec2:StopInstances"), self.missing), ("explicitDeny", ["aws:SourceIp"]))
        self.assertEqual(self.ask("ec2:StopInstances", aws__SourceIp=["203.0.113.7"]), "allowed")


class CallersName(Permissions):
    """What services call in the caller's name, with IAM enforced."""

    def enforce(self, *actions):
        documents = [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}]
        key = plus("user", name="operator", documents=documents)
        plus("config", enforce_iam=True)
        return lambda service: client(service, key["id"], key["secret"])

    def group(self, caller):
        wanted = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": self.ids["vpc"]}
        return caller("elbv2").create_target_group(**wanted)["TargetGroups"][0]["TargetGroupArn"]

    def test_a_target_group_needs_what_elb_looks_up(self):
        create, reads = "elasticloadbalancing:CreateTargetGroup", ["ec2:DescribeInternetGateways", "ec2:DescribeVpcs"]
        role = "iam:CreateServiceLinkedRole"
        for missing in [*reads, role]:
            with self.refused("AccessDenied"):
                self.group(self.enforce(create, *{*reads, role} - {missing}))
        self.assertEqual(view()["target_groups"], [])
        self.group(self.enforce(create, *reads, role))
        calls = [call for call in json.loads(http("GET", "/plus/calls")) if call[4:] == [f"for {create}"]]
        self.assertIn(["ec2", "DescribeVpcs", 200, None, f"for {create}"], calls)
        caller = self.enforce("elasticloadbalancing:*", *reads)
        caller("elbv2").create_target_group(Name="more", Protocol="HTTP", Port=80, VpcId=self.ids["vpc"])
        with self.refused("AccessDenied"):
            self.enforce(create, *reads)("elbv2").create_target_group(
                Name="tagged", Protocol="HTTP", Port=80, VpcId=self.ids["vpc"], Tags=[{"Key": "a", "Value": "b"}]
            )

    def test_registering_a_target_needs_what_elb_looks_up(self):
        self.up()
        arn = self.group(client)
        reads = [f"ec2:Describe{what}" for what in ("Instances", "InternetGateways", "Subnets", "Vpcs")]
        register, wanted = "elasticloadbalancing:RegisterTargets", {"TargetGroupArn": arn, "Targets": [{"Id": self.web}]}
        with self.refused("AccessDenied"):
            self.enforce(register, *reads[1:])("elbv2").register_targets(**wanted)
        self.enforce(register, *reads)("elbv2").register_targets(**wanted)

    def test_tags_and_a_profile_are_asked_for_beside(self):
        tags = {"TagSpecifications": [{"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}]}
        group = {"GroupName": "lb", "Description": "x", "VpcId": self.ids["vpc"]}
        caller = self.enforce("ec2:CreateSecurityGroup")
        with self.refused("UnauthorizedOperation"):
            caller("ec2").create_security_group(**group, **tags)
        caller("ec2").create_security_group(**group)
        with self.refused("UnauthorizedOperation"):
            self.run_as(self.enforce("ec2:RunInstances"), IamInstanceProfile={"Name": "nextcloud-web"})
        self.run_as(self.enforce("ec2:RunInstances", "iam:PassRole"), IamInstanceProfile={"Name": "nextcloud-web"})

    def run_as(self, caller, **more):
        wanted = {"ImageId": self.base_image(), "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small", **more}
        return caller("ec2").run_instances(**wanted)["Instances"][0]["InstanceId"]
