"""How long things take on AWS: the waits of a rehearsal in their true proportions.

The setting ``pace`` N makes each transition last as long as on AWS, N times faster; 0, the default, lets it last a number of
looks instead (``state.py``). A duration is drawn for each transition, between the shortest and the longest of the table and
most often near the usual one, from ``pace_seed`` and how many of its kind were drawn before: a rehearsal repeats its own.

The figures are those of ``pace.json``. What is hidden after it was made (``visibility.py``) is counted in looks at any pace.
"""

import json
import pathlib
import random

_KINDS = json.loads((pathlib.Path(__file__).parent / "pace.json").read_text())["kinds"]

#: Kind of transition (``state.KINDS``) -> seconds: the shortest, the usual, the longest.
SECONDS = {kind: (row["low"], row["mid"], row["high"]) for kind, row in _KINDS.items()}

#: Those without a published figure.
GUESSED = {kind for kind, row in _KINDS.items() if row.get("guessed")}

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
