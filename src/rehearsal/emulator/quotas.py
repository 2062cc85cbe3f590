"""Service Quotas: the quotas of vCPUs of EC2 and of rules per security group, of which moto knows none.

The setting ``"vcpu_quota": 4`` gives each of EC2's this value; 32 is usual in an account that was used for a while.
``"rules_quota"`` is that of rules per security group (60; "Amazon VPC quotas" in the VPC User Guide).
"""

import moto.servicequotas.models as models

from state import CONFIG

_moto_get = models.ServiceQuotasBackend.get_service_quota

#: Code -> which running On-Demand instances it is for.
VCPUS = {
    "L-1216C47A": "Standard (A, C, D, H, I, M, R, T, Z)",
    "L-DB2E81BA": "G and VT",
    "L-417A185B": "P",
    "L-7295265B": "X",
}

#: Rules per security group.
RULES = "L-0EA8095F"


def get_service_quota(self, service_code, quota_code):
    if (service_code, quota_code) == ("vpc", RULES):
        return {
            "ServiceCode": "vpc",
            "ServiceName": "Amazon Virtual Private Cloud (Amazon VPC)",
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:vpc/{quota_code}",
            "QuotaCode": quota_code,
            "QuotaName": "Inbound or outbound rules per security group",
            "Value": float(CONFIG["rules_quota"]),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
    if service_code != "ec2" or quota_code not in VCPUS:
        return _moto_get(self, service_code, quota_code)
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:ec2/{quota_code}",
        "QuotaCode": quota_code,
        "QuotaName": f"Running On-Demand {VCPUS[quota_code]} instances",
        "Value": float(CONFIG["vcpu_quota"]),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def install():
    models.ServiceQuotasBackend.get_service_quota = get_service_quota
