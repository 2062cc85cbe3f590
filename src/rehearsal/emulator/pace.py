"""How long things take on AWS: the waits of a rehearsal in their true proportions.

The setting ``pace`` N makes each transition last as long as on AWS, N times faster; 0, the default, lets it last a number of
looks instead (``state.py``). A duration is drawn for each transition, between the shortest and the longest of the table and
most often near the usual one, from ``pace_seed`` and how many of its kind were drawn before: a rehearsal repeats its own.

The figures are those that people published in logs of deployments; ``GUESSED`` says which are not even that. What is hidden
after it was made (``visibility.py``) is counted in looks at any pace.
"""

import random

#: Kind of transition (``state.KINDS``) -> seconds: the shortest, the usual, the longest.
SECONDS = {
    "rds": (357, 640, 1250),  # to Multi-AZ or back, a small instance
    "rds_unseen": (5, 20, 120),  # until RDS shows what it has accepted
    "rds_snapshot": (60, 180, 900),  # a first one of 20 to 30 GB, as with images
    "image": (186, 420, 900),  # the first snapshot of 20 to 30 GB
    "status": (120, 180, 300),  # from running to all checks passed
    "stop": (25, 35, 60),
    "start": (15, 20, 40),
    "alb": (126, 164, 187),
    "acm": (1, 105, 532),  # from the record in sync to issued
    "dns": (28, 38, 60),
    "health": (5, 20, 35),  # a new target: one passed check; with a body its balancer's own checks take their time
    "acm_rr": (2, 5, 15),
    "snapshot": (5, 15, 45),
    "eni": (60, 180, 480),
    "release": (60, 180, 480),
    "drain": (300, 300, 300),  # the default of deregistration_delay.timeout_seconds; a target group's own counts
}

#: Those without a published figure: guesses, from "seconds" and "minutes" in people's words.
GUESSED = {"acm_rr", "rds_unseen", "rds_snapshot", "snapshot", "eni", "release"}

#: A transition of several steps: the share of the whole that each takes. RDS goes on saying `available` for a while.
SHARES = {"rds": (0.05, 0.95)}


def drawn(kind, seed, number):
    """Seconds that the ``number``-th transition of a kind takes on AWS."""
    shortest, usual, longest = SECONDS[kind]
    return random.Random(f"{seed}/{kind}/{number}").triangular(shortest, longest, usual)


def shares(kind, count):
    """What share of a transition is over after each of its steps."""
    parts = SHARES.get(kind, ())
    parts = parts if len(parts) == count else (1 / count,) * count
    return [sum(parts[: number + 1]) for number in range(count)]
