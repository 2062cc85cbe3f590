"""Questions to the account in AWS's own words, for what must hold in a world: an operation that only looks, as its command
line names it, and a JMESPath over the whole answer, all pages of it.

    {"endpoint": URL, "region": NAME, "questions": [
        {"aws": "ec2 describe-instances", "with": {"InstanceIds": [...]}, "query": "Reservations[].Instances[].State.Name"}]}

comes in on the standard input, ``[{"value": ...}]`` goes out, or ``{"error": TEXT}`` for what cannot be asked. In ``with``, a mapping
that is such a question itself stands for its answer.
"""

import functools
import json
import sys

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

LOOKS = ("describe-", "list-", "get-")


def main():
    asked = json.load(sys.stdin)
    clients = functools.cache(
        lambda service: boto3.client(
            service, region_name=asked["region"], endpoint_url=asked["endpoint"], config=Config(retries={"total_max_attempts": 3})
        )
    )
    json.dump([answer(clients, question) for question in asked["questions"]], sys.stdout)


def answer(clients, question):
    try:
        return {"value": value(clients, question)}
    except (BotoCoreError, ClientError, ValueError, jmespath.exceptions.JMESPathError) as error:
        return {"error": str(error)}


def value(clients, question):
    if not isinstance(question, dict) or "aws" not in question:
        if isinstance(question, dict):
            return {name: value(clients, it) for name, it in question.items()}
        return [value(clients, it) for it in question] if isinstance(question, list) else question
    service, _, operation = question["aws"].partition(" ")
    if not operation.startswith(LOOKS):
        raise ValueError(f"`{question['aws']}` does more than look")
    client, name = clients(service), operation.replace("-", "_")
    if not hasattr(client, name):
        raise ValueError(f"{service} has no operation `{operation}`")
    parameters = value(clients, question.get("with", {}))
    if client.can_paginate(name):
        said = client.get_paginator(name).paginate(**parameters).build_full_result()
    else:
        said = getattr(client, name)(**parameters)
        said.pop("ResponseMetadata", None)
    said = json.loads(json.dumps(said, default=str))
    return jmespath.search(question["query"], said) if question.get("query") else said


if __name__ == "__main__":
    main()
