"""Whether a value fits a shape of AWS's service models: all that is wrong with it, with where and what was wanted.

botocore ships the models AWS generates its SDKs from, and checks by them only what a client must know to send a request:
required members, types, minima. The services check the rest as well: patterns, enums, maxima. Here the whole shape is
walked, for requests and answers alike.

Patterns are Java's, and match the whole value: ``\\w``, ``\\d`` and ``\\s`` mean ASCII (java.util.regex.Pattern, "Predefined
character classes"), while ``\\p{L}`` means every letter of Unicode, which Python's own ``re`` does not know.

What the models leave to the documentation is in ``documented.py``, whose rows are asked here member by member.

Not covered: timestamps' ranges, unions (one member of several), values of documents.
"""

import functools
from typing import Any, NamedTuple

import regex

INSIDE = {"w": "A-Za-z0-9_", "d": "0-9", "s": r" \t\n\x0b\f\r"}
#: Enums that list what is on offer: the service knows more than the model, and has a code of its own for what it does not
#: know (EC2 API Reference, "Error codes": InvalidInstanceType).
CATALOGUES = {"InstanceType"}
#: In the place of a member's name: a sentence about the whole structure.
WHOLE = "*"
NUMBERS = {"integer", "long", "short", "byte", "float", "double"}


class Problem(NamedTuple):
    """One thing that is wrong. ``kind``: missing, type, enum, pattern, short, long, small, large, or ``said``, where a row
    of ``documented`` (in ``wanted``) is broken."""

    kind: str
    path: tuple  # names of members and numbers in lists, from 1
    value: Any
    wanted: Any
    secret: bool = False

    @property
    def where(self):
        return ".".join(str(step) for step in self.path)


@functools.cache
def pattern(text):
    """A pattern of the models, compiled to mean what it means to AWS."""
    out, in_class, position = [], False, 0
    while position < len(text):
        letter = text[position]
        if letter == "\\" and position + 1 < len(text):
            following = text[position + 1]
            if following in INSIDE:
                out.append(INSIDE[following] if in_class else f"[{INSIDE[following]}]")
            else:
                out.append(letter + following)
            position += 2
            continue
        if letter == "[":
            in_class = True
        elif letter == "]":
            in_class = False
        out.append(letter)
        position += 1
    return regex.compile("".join(out))


def problems(shape, value, told=None):
    """All that is wrong with ``value``. ``told``: what the documentation says of a member, as a function of the name of the
    structure's shape and the member's name that answers rows with ``pattern``, ``most`` and so on; see documented.py."""
    found = []
    _walk(shape, value, (), found, told)
    return found


def _walk(shape, value, path, found, told):
    check = _CHECKS.get(shape.type_name)
    if check is not None:
        check(shape, value, path, found, told)


def _structure(shape, value, path, found, told):
    if shape.is_document_type:
        return
    if not isinstance(value, dict):
        found.append(Problem("type", path, value, "structure"))
        return
    for name in shape.required_members:
        if value.get(name) is None:
            found.append(Problem("missing", (*path, name), None, None))
    if told is not None:
        found.extend(_told(told(shape.name, WHOLE), value, path))
    for name, member in shape.members.items():
        given = value.get(name)
        if given is None:
            continue
        before = len(found)
        _walk(member, given, (*path, name), found, told)
        if told is not None and not any(problem.kind == "type" for problem in found[before:]):
            broken = list(_told(told(shape.name, name), given, (*path, name)))
            if broken:  # the documentation's words, with a code of their own, for what the model says of the value too
                found[before:] = broken


def _told(rows, value, path):
    for row in rows:
        if not row.holds(value):
            yield Problem("said", path, value, row)


def _list(shape, value, path, found, told):
    if not isinstance(value, list):
        found.append(Problem("type", path, value, "list"))
        return
    _length(shape, value, len(value), path, found)
    for number, each in enumerate(value, 1):
        _walk(shape.member, each, (*path, number), found, told)


def _map(shape, value, path, found, told):
    if not isinstance(value, dict):
        found.append(Problem("type", path, value, "map"))
        return
    _length(shape, value, len(value), path, found)
    for key, each in value.items():
        _walk(shape.key, key, (*path, "key"), found, told)
        _walk(shape.value, each, (*path, key), found, told)


def _string(shape, value, path, found, _told_of):
    if not isinstance(value, str):
        found.append(Problem("type", path, value, "string"))
        return
    secret = bool(shape.metadata.get("sensitive"))
    _length(shape, value, len(value), path, found, secret)
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed and shape.name not in CATALOGUES:
        found.append(Problem("enum", path, value, allowed, secret))
    wanted = shape.metadata.get("pattern")
    if wanted and not pattern(wanted).fullmatch(value):
        found.append(Problem("pattern", path, value, wanted, secret))


def _blob(shape, value, path, found, _told_of):
    if not isinstance(value, (bytes, str)):
        found.append(Problem("type", path, value, "blob"))
    else:
        _length(shape, value, len(value), path, found, secret=True)


def _boolean(_shape, value, path, found, _told_of):
    if not isinstance(value, bool):
        found.append(Problem("type", path, value, "boolean"))


def _number(shape, value, path, found, _told_of):
    whole = shape.type_name not in ("float", "double")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        found.append(Problem("type", path, value, shape.type_name))
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        found.append(Problem("small", path, value, least))
    if most is not None and value > most:
        found.append(Problem("large", path, value, most))


def _length(shape, value, length, path, found, secret=False):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and length < least:
        found.append(Problem("short", path, value, least, secret))
    if most is not None and length > most:
        found.append(Problem("long", path, value, most, secret))


_CHECKS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "blob": _blob,
    "boolean": _boolean,
    **dict.fromkeys(NUMBERS, _number),
}
