"""IAM's policy simulator: SimulatePrincipalPolicy, which moto does not have.

Policies are read as IAM reads them: ``Action``, ``NotAction``, ``Resource``, ``NotResource`` with wildcards, policy
variables of a user, conditions by the operators below, an explicit denial above all. Unlike the enforcement (``iam.py``),
resources and conditions count.

Not covered: permission boundaries, the organization's policies, resource policies, conditions on dates (refused as ``InvalidInput``, so that no test passes for the wrong reason), ``ResourceHandlingOption``.
"""

import functools
import ipaddress
import re

import moto.iam.access_control as access_control
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from state import refuse


@functools.cache
def expression(pattern, ignore_case):
    """IAM's wildcards: ``*`` for any characters, ``?`` for one."""
    text = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def glob(pattern, text, ignore_case=False):
    return expression(pattern, ignore_case).fullmatch(text) is not None


def listed(value):
    return value if isinstance(value, list) else [value]


#: How one value of a call is compared with one of the policy.
COMPARE = {
    "StringEquals": lambda wanted, seen: wanted == seen,
    "StringEqualsIgnoreCase": lambda wanted, seen: wanted.lower() == seen.lower(),
    "StringLike": glob,
    "ArnEquals": glob,
    "ArnLike": glob,
    "Bool": lambda wanted, seen: str(wanted).lower() == seen.lower(),
    "IpAddress": lambda wanted, seen: ipaddress.ip_address(seen) in ipaddress.ip_network(wanted),
    "NumericEquals": lambda wanted, seen: float(wanted) == float(seen),
    "NumericLessThan": lambda wanted, seen: float(seen) < float(wanted),
    "NumericLessThanEquals": lambda wanted, seen: float(seen) <= float(wanted),
    "NumericGreaterThan": lambda wanted, seen: float(seen) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, seen: float(seen) >= float(wanted),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def names(statement, action):
    """Whether a statement is about an action."""
    if "Action" in statement:
        return any(glob(each, action, ignore_case=True) for each in listed(statement["Action"]))
    return not any(glob(each, action, ignore_case=True) for each in listed(statement["NotAction"]))


class Question:
    """An action on one resource, with what the call shows to conditions. Keys are compared without regard to case."""

    def __init__(self, resource, context, variables):
        self.resource, self.variables = resource, variables
        self.context = {key.lower(): values for key, values in context.items()}
        self.missing, self.denied, self.allowed = set(), False, False

    def fill(self, text):
        """Policy variables; one without a value matches nothing."""
        return re.sub(r"\$\{([^}]+)\}", lambda name: self.variables.get(name[1].lower(), "\0"), text)

    def concerned(self, statement):
        if "NotResource" in statement:
            return not any(glob(self.fill(each), self.resource) for each in listed(statement["NotResource"]))
        return any(glob(self.fill(each), self.resource) for each in listed(statement["Resource"]))

    def read(self, statement):
        if not self.concerned(statement):
            return
        tests = [
            self.holds(operator, key, listed(wanted))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        ]
        if all(tests):
            self.allowed |= statement["Effect"] == "Allow"
            self.denied |= statement["Effect"] == "Deny"

    def holds(self, operator, key, wanted):
        every, some = operator.startswith("ForAllValues:"), operator.startswith("ForAnyValue:")
        name = operator.partition(":")[2] if every or some else operator
        optional = name.endswith("IfExists")
        name = name.removesuffix("IfExists")
        seen = self.context.get(key.lower())
        if name == "Null":
            return (str(wanted[0]).lower() == "true") == (seen is None)
        negative = name in NEGATED
        compare = COMPARE.get(NEGATED.get(name, name))
        if compare is None:
            refuse("InvalidInput", f"the emulator does not judge the condition operator {operator}")
        if seen is None:
            # The key is missing in the context whatever it then decides: an `...IfExists` or a negated operator holds without it.
            if not every:
                self.missing.add(key)
            return every or optional or (negative and not some)
        matches = [any(compare(self.fill(str(each)), value) for each in wanted) for value in seen]
        if negative:
            matches = [not match for match in matches]
        return all(matches) if every or (negative and not some) else any(matches)

    def decision(self):
        if self.denied:
            return "explicitDeny"
        return "allowed" if self.allowed else "implicitDeny"


def principal(backend, account, partition, arn):
    """(policy documents, policy variables) of a user or role."""
    found, variables = None, {"aws:principalarn": arn, "aws:principalaccount": account}
    for user in backend.list_users("/", None, None):
        if user.arn == arn:
            found = access_control.IAMUserAccessKey.__new__(access_control.IAMUserAccessKey)
            found._owner_user_name = user.name
            variables["aws:username"] = user.name
    for role in backend.get_roles():
        if role.arn == arn:
            found = access_control.AssumedRoleAccessKey.__new__(access_control.AssumedRoleAccessKey)
            found._owner_role_name = role.name
    if found is None:
        refuse("NoSuchEntity", f"The principal {arn} cannot be found.")
    found.account_id, found.partition = account, partition
    return [access_control.IAMPolicy(policy)._policy_json for policy in found.collect_policies()], variables


def members(form, name):
    """The values of a list in a form: ``name.member.1``, ``name.member.2`` and so on."""
    values, number = [], 1
    while f"{name}.member.{number}" in form:
        values.append(form[f"{name}.member.{number}"][0])
        number += 1
    return values


def context_of(form):
    context, number = {}, 1
    while (prefix := f"ContextEntries.member.{number}") and f"{prefix}.ContextKeyName" in form:
        context[form[f"{prefix}.ContextKeyName"][0]] = members(form, f"{prefix}.ContextKeyValues")
        number += 1
    return context


def simulate_principal_policy(self):
    form = self.querystring
    arn, actions = form["PolicySourceArn"][0], members(form, "ActionNames")
    resources = members(form, "ResourceArns") or ["*"]
    documents, variables = principal(self.backend, self.current_account, self.partition, arn)
    context = context_of(form)
    statements = [each for document in documents for each in listed(document["Statement"])]
    results = []
    for action in actions:
        questions = [Question(resource, context, variables) for resource in resources]
        about = [statement for statement in statements if names(statement, action)]
        for question in questions:
            for statement in about:
                question.read(statement)
        first = questions[0]
        result = {
            "EvalActionName": action,
            "EvalResourceName": first.resource,
            "EvalDecision": first.decision(),
            "MissingContextValues": sorted(first.missing),
        }
        if resources != ["*"]:
            result["ResourceSpecificResults"] = [
                {
                    "EvalResourceName": question.resource,
                    "EvalResourceDecision": question.decision(),
                    "MissingContextValues": sorted(question.missing),
                }
                for question in questions
            ]
        results.append(result)
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def install():
    IamResponse.simulate_principal_policy = simulate_principal_policy
