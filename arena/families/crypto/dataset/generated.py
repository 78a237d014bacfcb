"""A match that a model wrote in one piece: the messages of the roles, and invented answers of the calculator.

One JSON line:

    {"format": 1, "key": "crypto/ferry-cabin-toss/rep_0", "seed": 7,
     "steps": [{"role": "Ann", "message": "...", "results": [{...}]}, {"role": "Ann", "message": "..."}]}

A step is what a seat would write in the arena. A message with calls is a private step, and `results` holds the invented
result of each call in order; a message without calls is the public turn. `seed` is that of the run whose values the
match was written for. Results are invented: grounding.py puts the calculator's own in their place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError, Issue
from arena.families.crypto.data import FAMILY, match_path
from arena.formats.bounded import lines_of, open_file, parse_json
from arena.formats.decode import decode, encode
from arena.play.call_reading import Malformed
from arena.play.tool_protocol import done_text, parse
from arena.records import Json

FORMAT = 1
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One message of one role; `results`: the invented results of its calls, in order."""

    role: str
    message: str
    results: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Generated:
    """One written match. `key`: the trial it was written for; `seed`: the seed of its run; `variation`: kind of wording
    that was varied -> turns (surface.py)."""

    format: int
    key: str
    seed: int
    steps: tuple[Step, ...]
    variation: Mapping[str, int] = field(default_factory=dict)

    @property
    def challenge_id(self) -> str:
        return self.key.split("/")[1]

    def of(self, role: str) -> tuple[Step, ...]:
        """Return a role's steps in order."""
        return tuple(step for step in self.steps if step.role == role)


def spoken_text(step: Step) -> str:
    """Return the public part of a step: its text, and the done line if there is one."""
    parsed = parse(step.message)
    if parsed.done is None:
        return parsed.say
    line = done_text(parsed.done.result)
    return f"{parsed.say}\n{line}" if parsed.say else line


class Unusable(Exception):
    """A written match that cannot be played. `reason`: one of REASONS; the text says where."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


REASONS: Mapping[str, str] = {
    "request_failed": "the service answered the request with an error",
    "cut_off": "the reply ended at the token limit",
    "no_json": "the reply has no JSON object",
    "wrong_form": "the reply is not a list of steps",
    "unknown_request": "no request of this id was made",
    "unknown_role": "a step is written for somebody who is not in the challenge",
    "turn_order": "the roles do not speak in turn",
    "malformed_call": "a message has an unreadable call",
    "missing_result": "a call without a result, or a result without a call",
    "repeated": "the request has an answer already",
}
"""Why a reply becomes no generated match."""


def check_steps(steps: Sequence[Step], roles: Sequence[str]) -> None:
    """Raise Unusable if the steps could not have been said in a match of these roles (in rotation order)."""
    expected = 0
    for place, step in enumerate(steps):
        where = f"step {place + 1}"
        if step.role not in roles:
            raise Unusable("unknown_role", f"{where}: {step.role!r} has no part; there are {', '.join(roles)}")
        if step.role != roles[expected % len(roles)]:
            raise Unusable("turn_order", f"{where}: {step.role} speaks in the turn of {roles[expected % len(roles)]}")
        items = parse(step.message).items
        for item in items:
            if isinstance(item, Malformed):
                raise Unusable("malformed_call", f"{where}: {item.problem}")
        if len(items) != len(step.results):
            raise Unusable("missing_result", f"{where}: {len(items)} calls and {len(step.results)} results")
        expected += not items
    if not steps or parse(steps[-1].message).items:
        raise Unusable("turn_order", "the match ends before the last turn is said")


def key_of(challenge_id: str, rep: int) -> str:
    """Return the key of the trial that a match is written for."""
    return f"{FAMILY}/{match_path(challenge_id, rep)}"


def decode_reply(text: str, key: str, seed: int, roles: Sequence[str]) -> Generated:
    """Read a model's reply: a JSON object with `steps`, alone or with text around it. Raises Unusable."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise Unusable("no_json", "the reply has no JSON object")
    try:
        found = parse_json(text[start : end + 1].encode("utf-8", "replace"), "the reply")
    except DataError as error:
        raise Unusable("no_json", str(error)) from None
    if not isinstance(found, dict) or not isinstance(found.get("steps"), list) or len(found["steps"]) > MAX_STEPS:
        raise Unusable("wrong_form", f"the reply must be an object with a list `steps` of at most {MAX_STEPS}")
    try:
        made = decode(Generated, {"format": FORMAT, "key": key, "seed": seed, "steps": found["steps"]}, "the reply")
    except DataError as error:
        raise Unusable("wrong_form", str(error.issues[0])) from None
    check_steps(made.steps, roles)
    return made


def encode_line(made: Generated) -> bytes:
    """Return a match as one JSON line."""
    return json.dumps(encode(made), ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def read(path: Path) -> Iterator[Generated]:
    """Yield the matches of a file. Errors: DataError with file and line; a key that occurs twice."""
    seen: set[tuple[str, int]] = set()
    with open_file(path) as file:
        for number, (_, line) in enumerate(lines_of(file, str(path)), 1):
            place = f"line {number}"
            made = decode(Generated, parse_json(line, str(path), place), str(path), place)
            if made.format != FORMAT:
                said = f"has format {made.format}; this version reads {FORMAT}: use the version that wrote the file"
                raise DataError([Issue(str(path), place, said)])
            if made.key.count("/") != 2 or not made.key.startswith(f"{FAMILY}/"):
                raise DataError([Issue(str(path), f"{place}/key", f"must look like {key_of('CHALLENGE', 0)}")])
            if (made.key, made.seed) in seen:
                raise DataError([Issue(str(path), f"{place}/key", f"{made.key} is here twice; keep one")])
            seen.add((made.key, made.seed))
            yield made


def counted(reasons: Mapping[str, int]) -> Counter[str]:
    """Return the counts of reasons, most frequent first."""
    return Counter(dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))))
