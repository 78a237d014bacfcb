"""Compare challenges: do they tell the same story with other nouns? Pure.

Two things are compared, without any names. One is the build of the sentences: function words and punctuation in their
order, with a gap for every other word. The other is the shape of the task: seats, obligations, computation of the right
result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from arena.families.crypto.challenges.expressions import LITERAL
from arena.families.crypto.challenges.instance import is_agreement
from arena.records import Json

RUN = 6
"""Words and gaps in a row that are compared."""

ALIKE = 0.3
"""Two challenges are alike from this share of common runs on. In the project's own set the largest share is 0.10; a
copy with other nouns has 0.9 and more."""

FEWEST_RUNS = 40
"""A challenge with fewer runs is too short to be compared by its sentences."""

_WORDS = """
a about after against all always am among an and another any are as at be because been before being between both
but by can cannot could did do does doing done during each either even every few first for four from had has have
having he her here hers him his how i if in into is it its just last least less many may me might mine more most
much must my neither never no none nor not of off on once one only onto or other our ours out over own per same
second shall she should since so still such than that the their theirs them there these they this those three
through to too toward twice two under unless until up upon us was we were what when where whether which while who
whom whose why will with within without would yet you your yours
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
_TOKEN = re.compile(r"\{\w+\}|[a-z']+|[.;:,?]")
_GAP, _VALUE = "*", "{}"

Run = tuple[str, ...]


def runs_of(challenge: Mapping[str, Json]) -> frozenset[Run]:
    """Return the runs of words and gaps in a challenge's texts with at least as many function words as gaps."""
    found = set()
    for text in _texts(challenge):
        build = [_read(token) for token in _TOKEN.findall(text.lower())]
        for at in range(len(build) - RUN + 1):
            run = tuple(build[at : at + RUN])
            if 2 * run.count(_GAP) <= RUN:
                found.add(run)
    return frozenset(found)


def likeness(one: frozenset[Run], other: frozenset[Run]) -> float:
    """Return the share of the shorter challenge's runs that both have; 0 if one is too short to compare."""
    fewest = min(len(one), len(other))
    return len(one & other) / fewest if fewest >= FEWEST_RUNS else 0.0


def shape_of(challenge: Mapping[str, Json]) -> str:
    """Return the task of a challenge without names: seats, obligations, and how the result follows."""
    instance = challenge["instance"]
    truth = instance["truth"]
    decides = truth.get("among", []) if is_agreement(truth) else truth
    obligations = sorted(
        json.dumps([
            len(one["of"]), len(one.get("by", ())), sorted((way["made"], way.get("used", "")) for way in one["any"]),
        ])
        for one in challenge.get("obligations", ())
    )  # fmt: skip
    return json.dumps([len(challenge["participants"]), obligations, _bare(decides, frozenset(instance["values"]))])


def _bare(expression: Json, names: frozenset[str]) -> Json:
    """Return an expression without the names and constants in it."""
    if isinstance(expression, list):
        return [_bare(one, names) for one in expression]
    if not isinstance(expression, dict):
        return "value" if expression in names else "constant"
    if LITERAL in expression:
        return "constant"
    return {
        name: sorted(json.dumps(_bare(one, names)) for one in inner.values())
        if isinstance(inner, dict) and name in ("object", "winner", "lowest")
        else _bare(inner, names)
        for name, inner in expression.items()
    }


def _read(token: str) -> str:
    if token.startswith("{"):
        return _VALUE
    return token if token in FUNCTION_WORDS or not token[0].isalpha() else _GAP


def _texts(challenge: Mapping[str, Json]) -> Iterator[str]:
    context, judge = challenge["participant_context"], challenge["judge"]
    yield context["public_background"]
    yield challenge["self_play"]["symmetry_breaker"]
    for own in context["role_specific"].values():
        for entries in own.values():
            yield from entries
    for member in ("what_good_looks_like", "common_failures"):
        yield from judge[member]
    yield from (item["asks"] for item in judge.get("items", ()))
