"""Requests to a model that writes whole matches: one per train challenge and seed, as lines of a batch file.

Form: OpenAI API reference, "Batch", "The request input object": `custom_id`, `method`, `url`, `body`. A file holds at
most MAX_REQUESTS requests and MAX_BYTES (providers/batch_lines.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.data import roles
from arena.families.crypto.prompts import system_prompt
from arena.records import Json

URL = "/v1/chat/completions"

_CUSTOM_ID = re.compile(r"arena/(?P<seed>\d+)/(?P<key>crypto/[A-Za-z0-9._-]+/rep_\d+)(?P<held>/held_out)?")

INSTRUCTIONS = """You write one complete match between the roles below, as training data. Each role knows only what its
own description says and what it heard. Let them talk like people: a question, a worry that is answered, a plan in which
every step has an owner, agreed before the first value is shown. What matters is computed with the calculator, quoted in
full, and checked with the calculator by the role that relies on it. Nobody shows what it is to keep. All roles end with
the same result.

Answer with one JSON object and nothing else:
{{"steps": [{{"role": ROLE, "message": TEXT, "results": [RESULT, ...]}}, ...]}}

A step is one message of one role. {first} opens, then the roles speak in this order, round and round: {order}.
A message with calls is private: `results` holds what you expect the calculator to answer, one result for each call in
order, in the form that it has; the true results will be put in the place of yours wherever they are quoted. The same
role's next step follows. A message without calls is the role's public turn; it has no `results`. There are at most
{max_turns} public turns."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The purpose of a request."""

    seed: int
    key: str
    held_out: bool

    @property
    def custom_id(self) -> str:
        return f"arena/{self.seed}/{self.key}{'/held_out' if self.held_out else ''}"


def asked(custom_id: str) -> Asked | None:
    """Return the purpose of a request, None for an unknown id."""
    found = _CUSTOM_ID.fullmatch(custom_id)
    return None if found is None else Asked(int(found["seed"]), found["key"], found["held"] is not None)


@dataclass(frozen=True, slots=True)
class Writing:
    """The writing model, and its instructions next to the challenge. `tools`: the description of the calculator."""

    model: str
    tools: str
    max_turns: int
    max_tokens: int | None = None
    temperature: float | None = None


def request(
    one: Asked, challenge: Mapping[str, Json], values: Mapping[str, Json] | None, note: str, writing: Writing
) -> dict[str, Json]:
    """Return one line of a batch file. `note`: the knowledge note on the challenge's family; empty without one."""
    seats = roles(challenge)
    turns = turns_of(challenge, writing.max_turns)
    parts = [INSTRUCTIONS.format(first=seats[0], order=", ".join(seats), max_turns=turns)]
    parts.append(f"The calculator:\n{writing.tools}")
    if note:
        parts.append(f"What you should know:\n{note}")
    described = [
        f"===== what {seat} is told =====\n{system_prompt(challenge, seat, None, writing.max_turns, values)}"
        for seat in seats
    ]
    body: dict[str, Json] = {
        "model": writing.model,
        "messages": [
            {"role": "system", "content": "\n\n".join(parts)},
            {"role": "user", "content": "\n\n".join(described)},
        ],
        "response_format": {"type": "json_object"},
    }
    if writing.max_tokens is not None:
        body["max_completion_tokens"] = writing.max_tokens
    if writing.temperature is not None:
        body["temperature"] = writing.temperature
    return {"custom_id": one.custom_id, "method": "POST", "url": URL, "body": body}


def lines(requests: Iterable[Mapping[str, Json]]) -> Iterable[bytes]:
    """Yield each request as a JSON line."""
    for one in requests:
        yield json.dumps(one, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
