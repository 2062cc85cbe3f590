"""The control paths, on the port of the API: settings, faults, the body's reports, the account as JSON.

    GET  /plus/state    the account as one document (view.py); its `troubles` are what the emulator itself did wrong so far,
                        in words: answers that do not fit AWS's model
    GET  /plus/calls    every AWS call so far, as [service, action, HTTP status or error code, parameters]; the
                        parameters under AWS's own names, null for calls that only read; a fifth element "dry run"
                        where it was one, or "for SERVICE:ACTION" where IAM is enforced and a service called it in
                        the caller's name
    POST /plus/config   {"ticks": 1, "rds_ticks": 3, "body": true, ...}: see DEFAULTS and KINDS of state.py
    POST /plus/fault    {"service": "ec2", "action": "StartInstances", "code": "InsufficientInstanceCapacity",
                         "message": "...", "times": 1, "after": false, "match": "i-0123"}
                        service and action may be "*"; after: the call is carried out, then the error is answered (a
                        lost answer); match: only calls with a parameter value that contains this; instance_type:
                        only calls that name an instance which has this type now; status: the HTTP
                        status instead of the usual one (an SDK retries 5xx by itself, and so it does on AWS with
                        InsufficientInstanceCapacity, where that is a 500)
                        without: no error is answered, but the answer lacks the field of this name
    POST /plus/unfault  forgets all faults
    POST /plus/body     {"event": ..., "id": ...}: what happened to a host, see EVENTS
    POST /plus/instance {"id": "i-...", "ena_support": false, ...}: what an instance is, see fitness.py; "aws_tags" are
                        tags that AWS sets itself, by key (null: taken away)
    POST /plus/user     {"name": "operator", "documents": [{...}]}: an IAM user with these policies and no others; answers
                        its key, the same one each time
    POST /plus/seed     the account of before the cutover (seed.py); answers its ids
    POST /plus/reset    forgets settings, faults, transitions, calls and troubles; with {"account": true} the resources as well

None of them counts as an AWS call, and none ticks. Errors are JSON too: {"error": "..."}, with status 400 for what
cannot be meant, 404 for what is not there (any more), 409 for a second seed.
"""

import json
import sys
import traceback

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends
from werkzeug.wrappers import Request, Response

import addresses
import ec2
import fitness
import iam
import images
import rds
import seed
import state
import targets
import view


def regions(backends):
    return backends[DEFAULT_ACCOUNT_ID].values()


def instance_of(report):
    for backend in regions(ec2_backends):
        found = backend.get_instance_by_id(report.get("id"))
        if found is not None:
            return found
    raise state.BadRequest(404, f"no instance `{report.get('id')}`")


def image_of(report):
    for backend in regions(ec2_backends):
        if report.get("id") in backend.amis:
            return backend.amis[report["id"]]
    raise state.BadRequest(404, f"no image `{report.get('id')}`")


def database_of(report):
    for backend in regions(rds_backends):
        if report.get("id") in backend.databases:
            return backend.databases[report["id"]]
    raise state.BadRequest(404, f"no DB instance `{report.get('id')}`")


def console(report):
    instance = instance_of(report)
    changed = getattr(instance, "console", "") != report["text"]
    instance.console = report["text"]
    return changed


def target_health(report):
    arn, target_id = report.get("target_group"), report.get("id")
    group = next((b.target_groups[arn] for b in regions(elbv2_backends) if arn in b.target_groups), None)
    if group is None or target_id not in group.targets:
        raise state.BadRequest(404, f"no target `{target_id}` in target group `{arn}`")
    if report.get("state") not in ("healthy", "unhealthy", "initial"):
        raise state.BadRequest(400, f"no target state `{report.get('state')}`: healthy, unhealthy or initial")
    found = report["state"], report.get("reason") or None, report.get("description") or None
    return targets.report(group, target_id, found)


#: What the body may report. Each returns whether anything changed: a report that comes late is no error.
EVENTS = {
    "instance-running": lambda report: ec2.came_up(instance_of(report)),
    "instance-stopped": lambda report: ec2.went_down(instance_of(report)),
    "guest-powered-off": lambda report: ec2.guest_powered_off(instance_of(report)),
    "image-frozen": lambda report: images.frozen(image_of(report)),
    "database-up": lambda report: rds.came_up(database_of(report), report.get("boots")),
    "console": console,
    "target-health": target_health,
}


def body(report):
    event = EVENTS.get(report.get("event"))
    if event is None:
        raise state.BadRequest(400, f"no event `{report.get('event')}`: {', '.join(EVENTS)}")
    return {"ok": True, "changed": event(report)}


def config(settings):
    known = {*state.DEFAULTS, *(f"{kind}_ticks" for kind in state.KINDS)}
    if unknown := set(settings) - known:
        text = f"no setting {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        raise state.BadRequest(400, text)
    state.CONFIG.update(settings)
    iam.enforce(state.CONFIG.get("enforce_iam"))
    return {"ok": True}


def instance(wanted):
    about = instance_of(wanted)
    # What no caller may set: keys that begin with `aws:` are AWS's own. Nothing as a value takes the tag away.
    for key, value in wanted.pop("aws_tags", {}).items():
        if value is None:
            about.ec2_backend.delete_tags([about.id], {key: None})
        else:
            about.ec2_backend.create_tags([about.id], {key: value})
    fitness.set_up(about, wanted)
    return {"ok": True}


def fault(wanted):
    missing = [key for key in ("service", "action") if not wanted.get(key)]
    if not wanted.get("code") and not wanted.get("without"):
        missing.append("code or without")
    if missing:
        raise state.BadRequest(400, f"a fault needs {', '.join(missing)}")
    state.FAULTS.append({"times": 1, **wanted})
    return {"ok": True}


def user(wanted):
    if not wanted.get("name") or not isinstance(wanted.get("documents"), list):
        raise state.BadRequest(400, "a user needs a name and documents")
    backend, name = iam_backends[DEFAULT_ACCOUNT_ID]["aws"], wanted["name"]
    if name not in backend.users:
        backend.create_user("us-east-1", name)
        backend.create_access_key(name)
    for old in list(backend.list_user_policies(name)):
        backend.delete_user_policy(name, old)
    for number, document in enumerate(wanted["documents"]):
        backend.put_user_policy(name, f"part-{number}", json.dumps(document))
    key = backend.get_user(name).access_keys[0]
    return {"id": key.access_key_id, "secret": key.secret_access_key}


def unfault(_options):
    state.FAULTS.clear()
    return {"ok": True}


def reset(options):
    state.reset()
    addresses.reset()
    iam.enforce(False)
    if options.get("account"):
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
    return {"ok": True}


POSTS = {
    "config": config,
    "fault": fault,
    "unfault": unfault,
    "body": body,
    "instance": instance,
    "user": user,
    "seed": seed.create,
    "reset": reset,
}


def answer(method, name, data):
    """(HTTP status, JSON text) of a control path."""
    with state.LOCK:
        try:
            if method == "GET" and name == "state":
                return 200, view.render()
            if method == "GET" and name == "calls":
                return 200, json.dumps(state.CALLS)
            if method == "POST" and name in POSTS:
                sent = json.loads(data or b"{}")
                if not isinstance(sent, dict):
                    raise state.BadRequest(400, "the body is not a JSON object")
                return 200, json.dumps(POSTS[name](sent))
            raise state.BadRequest(404, f"no control path `{method} /plus/{name}`")
        except state.BadRequest as mistake:
            status, text = mistake.args
        except json.JSONDecodeError as mistake:
            status, text = 400, f"the body is not JSON: {mistake}"
        except Exception as bug:
            traceback.print_exc(file=sys.stderr)
            status, text = 500, f"{type(bug).__name__}: {bug}"
        return status, json.dumps({"error": text})


#: What HTTP clients call a body they were told nothing about. moto takes an object sent so for a form: it stores
#: nothing, or waits for ever.
FORM = "application/x-www-form-urlencoded"


def with_control(application):
    """The application with the control paths before it."""

    def serve(environ, start_response):
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/plus/"):
            if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM):
                environ["CONTENT_TYPE"] = "binary/octet-stream"
            if environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE", "").startswith(FORM):
                iam.keep_body(environ)
            return application(environ, start_response)
        status, text = answer(environ["REQUEST_METHOD"], path.removeprefix("/plus/"), Request(environ).get_data())
        return Response(text, status=status, content_type="application/json")(environ, start_response)

    return serve
