"""A judge's reply -> Verdict, or a sentence about the mistake in it.

Only the judge's own reply is read, never text of the players.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn

from arena.errors import ArenaError
from arena.judging.items import NO, YES, Item
from arena.judging.prompt import Rubric
from arena.records import ItemAnswer, Json

VERDICT_FORMAT = 2
"""Format of a verdict: 1 without questions; 2 adds `items`, the answers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A well-formed verdict: dimension -> grade in the rubric's order, the judge's text, and its answers in the order
    of the questions."""

    scores: dict[str, int]
    text: str
    items: tuple[ItemAnswer, ...] = ()


def verdict_format(asked: bool) -> int:
    """Return the format number of requested verdicts. `asked`: whether any unit asks questions."""
    return VERDICT_FORMAT if asked else 1


class VerdictError(ArenaError):
    """The judge's reply is not a verdict; the message is the sentence of the re-ask."""


_FENCE = re.compile(r"```(?:json|JSON)?\s*(\{.*\})\s*```", re.DOTALL)


class _NotAVerdict(ValueError):
    """Raised inside the JSON decoder, which lets ValueErrors through."""


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotAVerdict("a key stands twice in the JSON; give each once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotAVerdict(f"{name} is not JSON")


def parse_verdict(rubric: Rubric, text: str, items: Sequence[Item] = (), turns: Collection[int] = ()) -> Verdict:
    """Read a judge's reply, bare or in one code fence, with white space around it.

    Raises VerdictError, with a sentence for the re-ask, for everything that is not exactly one object with the keys
    `scores` (every dimension of the rubric, no other, integers in range), `verdict` (text that is not blank), and,
    where there are questions, `items` (an answer to each, no other). `turns`: the turns of the transcript.
    """
    body = text.strip()
    if not body:
        raise VerdictError("the reply was empty")
    if fenced := _FENCE.fullmatch(body):
        body = fenced[1]
    if body[0] != "{":
        raise VerdictError("the reply does not begin with the JSON object; write nothing around it")
    try:
        found = json.loads(body, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except _NotAVerdict as error:
        raise VerdictError(str(error)) from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise VerdictError("something follows the JSON object; write exactly one object and nothing else") from None
        raise VerdictError(f"the JSON cannot be read (character {error.pos}: {error.msg})") from None
    except (ValueError, RecursionError):  # an integer of thousands of digits; nesting of thousands of levels
        raise VerdictError("the JSON holds a number or a nesting far beyond any verdict") from None
    _check_keys(found, ("scores", "items", "verdict") if items else ("scores", "verdict"))
    answers = _items(items, turns, found["items"]) if items else ()
    return Verdict(_scores(rubric, found), _verdict_text(found), answers)


def _check_keys(found: dict[str, Json], wanted: Sequence[str]) -> None:
    if missing := [key for key in wanted if key not in found]:
        raise VerdictError(f"the key {missing[0]!r} is missing")
    if extra := sorted(found.keys() - set(wanted)):
        named = " and ".join(f'"{key}"' for key in wanted)
        raise VerdictError(f"the key {extra[0][:60]!r} does not belong there; give only {named}")


def _items(items: Sequence[Item], turns: Collection[int], listed: Json) -> tuple[ItemAnswer, ...]:
    """Read the answers, which may be in any order."""
    if not isinstance(listed, list):
        raise VerdictError('"items" must be a list with one object for each question')
    asked = {item.id for item in items}
    read: dict[str, ItemAnswer] = {}
    for one in listed:
        if not isinstance(one, dict) or one.keys() != {"id", "answer", "turn"}:
            raise VerdictError('each of "items" must be an object with exactly the keys "id", "answer" and "turn"')
        name, answer, turn = one["id"], one["answer"], one["turn"]
        if not isinstance(name, str) or name not in asked:
            raise VerdictError(f"{str(name)[:60]!r} is the id of no question; use exactly their ids")
        if name in read:
            raise VerdictError(f"the question {name!r} is answered twice")
        if answer not in (YES, NO):
            raise VerdictError(f'the answer to {name!r} must be "yes" or "no"')
        if turn is not None and (type(turn) is not int or turn not in turns):
            raise VerdictError(f"the turn of {name!r} must be one of the match, or null")
        read[name] = ItemAnswer(name, answer, turn)
    if missing := [item.id for item in items if item.id not in read]:
        raise VerdictError(f"the answer to {missing[0]!r} is missing")
    return tuple(read[item.id] for item in items)


def _scores(rubric: Rubric, found: dict[str, Json]) -> dict[str, int]:
    scores = found["scores"]
    if not isinstance(scores, dict):
        raise VerdictError('"scores" must be an object with one integer per dimension')
    if unknown := sorted(scores.keys() - set(rubric.dimensions)):
        raise VerdictError(f"{unknown[0][:60]!r} is not a dimension of the rubric; use exactly its names")
    read = {}
    for dimension in rubric.dimensions:
        if dimension not in scores:
            raise VerdictError(f"the score for {dimension!r} is missing")
        score = scores[dimension]
        # bool is a subclass of int in Python, and `true` is not a grade.
        if type(score) is not int or not rubric.lowest <= score <= rubric.highest:
            raise VerdictError(
                f"the score for {dimension!r} must be an integer from {rubric.lowest} to {rubric.highest}"
            )
        read[dimension] = score
    return read


def _verdict_text(found: dict[str, Json]) -> str:
    text = found["verdict"]
    if not isinstance(text, str) or not text.strip():
        raise VerdictError('"verdict" must be a text that is not blank')
    try:
        text.encode()
    except UnicodeEncodeError:
        raise VerdictError('"verdict" holds half a surrogate pair') from None
    return text
