"""What the emulator keeps beside moto's own models: settings, unfinished transitions, faults, the call log.

AWS answers most changes at once and finishes them later. moto finishes them at once, so code that never waits
passes against moto and fails against AWS. Here a change has *steps*: the first runs with the call, each next one
after a number of *ticks*. A tick is one read (Describe*, Get*, List*) of that service: no clock is involved, so a
test sees the same states in the same order on a fast and on a slow machine.

With ``body`` set, instances do not tick, and an image's snapshots are not begun: they wait until the process that boots real
hosts reports (``control.py``, ``POST /plus/body``).

Everything here is guarded by ``LOCK``, which ``dispatch.py`` and ``control.py`` hold for the length of a call.
Nothing is kept on disk: a restart is an empty account.
"""

import threading
import time

import pace

LOCK = threading.RLock()

#: The kinds of transitions, and what lasts that long.
KINDS = {
    "start": "an instance that is pending",
    "stop": "an instance that is stopping or shutting down",
    "status": "status checks that are initializing",
    "image": "an image that is pending, from its last snapshot on",
    "image_again": "the same of volumes that have a snapshot already",
    "rds_unseen": "a database that has taken a change and does not show it yet",
    "rds": "a database that is available with pending changes, modifying, rebooting",
    "rds_snapshot": "a database snapshot that is creating, or deleting",
    "alb": "a balancer that is provisioning",
    "eni": "the interfaces of a balancer that is gone",
    "health": "a target that is initial",
    "drain": "a target that is draining",
    "acm": "a certificate whose validation record is there, and that is not yet issued",
    "acm_rr": "a certificate whose validation record is not yet told",
    "release": "a certificate that no listener uses any more, and that still counts as in use",
    "dns": "a change that is PENDING",
    "new": "what was just made and is not found yet",
    "tag": "tags that were just set and are not shown yet",
    "snapshot": "snapshots of an image that are not taken yet",
}

#: ``ticks`` counts for every kind of transition that has no ``<kind>_ticks`` of its own. ``body``: instances and an
#: image's snapshots wait for the body. ``enforce_iam``: signatures and policies are checked. ``rds_outcome``, ``rds_standby``,
#: ``db_snapshot_outcome``, ``start_outcome``, ``image_outcome``, ``alb_outcome``, ``acm_outcome``: see rds.py, db_snapshots.py,
#: ec2.py, images.py, elbv2.py, acm.py.
#: ``stop_outcome``, ``kms_denied``,
#: ``impaired_looks``, ``http_tokens_enforced``: see ec2.py. ``vcpu_quota``, ``rules_quota``: see quotas.py. ``dry_run``: see
#: dispatch.py. ``page_size``,
#: ``empty_pages``: see pages.py. ``judge_caller``: a request that AWS's model refuses is a trouble, for whoever calls here
#: knows what AWS takes. ``hidden_zones``: public zones that the world does not ask, so that ACM finds no record there.
#: ``consistency_seed``: see visibility.py. ``pace``, ``pace_seed``: see pace.py.
DEFAULTS = {
    "ticks": 1,
    "body": False,
    "enforce_iam": False,
    "rds_outcome": "applied",
    "rds_standby": "shown",
    "db_snapshot_outcome": "available",
    "start_outcome": "running",
    "stop_outcome": "stopped",
    "kms_denied": [],
    "hidden_zones": [],
    "impaired_looks": 0,
    "dry_run": "honoured",
    "http_tokens_enforced": False,
    "image_outcome": "available",
    "alb_outcome": "active",
    "acm_outcome": "ISSUED",
    "vcpu_quota": 32,
    "rules_quota": 60,
    "judge_caller": False,
    "consistency_seed": 0,
    "new_ticks": 0,
    "tag_ticks": 0,
    "snapshot_ticks": 0,
    "pace": 0,
    "pace_seed": 0,
    "page_size": 0,
    "empty_pages": False,
}
CONFIG = dict(DEFAULTS)

TRANSITIONS = []  # steps that wait for ticks
FAULTS = []  # errors to be answered, see dispatch.py
TROUBLES = []  # what the emulator did wrong itself, in words; a rehearsal with troubles proves nothing
#: Every AWS call: [service, action, HTTP status or error code, parameters unless it reads], and "dry run" if it was one.
CALLS = []
HEALTH = {}  # (target group ARN, target id) -> (state, reason, description), as the body reported it
RUN_TOKENS = {}  # (account, client token) -> (parameters, reservation) of RunInstances
WATCHES = {}  # service -> function called at each read, before transitions move on
DRAWN = {}  # kind of transition -> how many durations were drawn
MADE = []  # ids of what calls have made, in this order
VEILS = {}  # id of what was just made -> for each coming look, whether it is hidden from it
LAGGING_TAGS = {}  # id -> {"left": looks, "shown": the tags of before}
DNS_CHANGES = {}  # Route 53 change id -> the wait until it is INSYNC


class BadRequest(Exception):
    """A mistake of the caller of a control path: (HTTP status, text)."""


class Refusal(Exception):
    """AWS refuses the call. Not moto's ServiceException: that one derives the protocol from the module it is raised
    in, while a Refusal is answered in the protocol of the service that was called."""

    def __init__(self, code, message=None):
        super().__init__(code, message or code)


def refuse(code, message=None):
    raise Refusal(code, message)


def body_in_charge():
    """Whether instances and images wait for the body instead of ticks."""
    return bool(CONFIG.get("body"))


def ticks(kind):
    """How many reads a transitional state of this kind lasts; 0: it is over before the call returns."""
    assert kind in KINDS, kind
    return int(CONFIG.get(f"{kind}_ticks", CONFIG["ticks"]))


def paced(kind):
    """Whether transitions of this kind take time, and not looks."""
    return int(CONFIG["pace"]) > 0 and kind in pace.SECONDS


def lasts(kind, seconds=None):
    """How many seconds the transition that begins now takes here. ``seconds``: what it takes on AWS, where it is known."""
    DRAWN[kind] = DRAWN.get(kind, 0) + 1
    return (pace.drawn(kind, CONFIG["pace_seed"], DRAWN[kind]) if seconds is None else seconds) / int(CONFIG["pace"])


def due(kind):
    """The moment before which a body's report of the end is too early."""
    return time.monotonic() + lasts(kind) if paced(kind) else 0.0


class Wait:
    """A state that lasts a number of looks, or a time where a pace is set; for what no transition follows."""

    def __init__(self, kind):
        self.end = due(kind) if paced(kind) else None
        self.left = ticks(kind)

    def goes_on(self):
        """This look's answer."""
        if self.end is not None:
            return time.monotonic() < self.end
        self.left -= 1
        return self.left >= 0


def later(service, kind, *steps, seconds=None):
    """Runs the first step now, each next one when the state before it was seen by ``ticks(kind)`` reads of the service, or when
    its time has come where a pace is set.

    A step must look whether it still applies: the body may have been there first.
    """
    first, *rest = steps
    first()
    if paced(kind):
        whole = lasts(kind, seconds)
        for step, share in zip(rest, pace.shares(kind, len(rest)), strict=True):
            TRANSITIONS.append({"service": service, "kind": kind, "end": time.monotonic() + whole * share, "steps": [step]})
    elif ticks(kind) <= 0:
        for step in rest:
            step()
    elif rest:
        TRANSITIONS.append({"service": service, "kind": kind, "left": ticks(kind), "steps": rest})


def tick(service):
    """A read of the service begins: transitions that were seen often enough move on."""
    if service in WATCHES:
        WATCHES[service]()
    come_due()
    for transition in [t for t in TRANSITIONS if t["service"] == service and "end" not in t]:
        if transition["left"] > 0:
            transition["left"] -= 1
            continue
        transition["steps"].pop(0)()
        transition["left"] = max(ticks(transition["kind"]) - 1, 0)  # this read sees the new state
        if not transition["steps"]:
            TRANSITIONS.remove(transition)


def completed(*services):
    """Transitions of these services are over at once: what is changing has changed long ago."""
    for transition in [t for t in TRANSITIONS if t["service"] in services]:
        TRANSITIONS.remove(transition)
        for step in transition["steps"]:
            step()


def come_due():
    """Transitions whose time has come, of any service, the earliest first."""
    while over := [t for t in TRANSITIONS if t.get("end", float("inf")) <= time.monotonic()]:
        first = min(over, key=lambda transition: transition["end"])
        TRANSITIONS.remove(first)
        first["steps"].pop()()


def reset():
    """Forgets settings, transitions, faults, calls and troubles. The account's resources stay: they are moto's."""
    for kept in (TRANSITIONS, FAULTS, CALLS, TROUBLES, HEALTH, RUN_TOKENS, DRAWN, MADE, VEILS, LAGGING_TAGS, DNS_CHANGES, CONFIG):
        kept.clear()
    CONFIG.update(DEFAULTS)
