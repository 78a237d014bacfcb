"""Computed facts of a call: the sums of money in its text and arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from arena.policy.facts import MISSING, Facts, number_of
from arena.policy.money import find_amounts
from arena.records import Json

_MONEY_NAME = re.compile(
    r"amount|refund|total|sum|price|value|credit|payment|fee|cost|charge|usd|eur|gbp|chf|dollars|euros", re.IGNORECASE
)
"""Names of arguments whose numbers are sums of money."""


def amounts_of(facts: Facts) -> Any:
    """Return the sums in the text and the arguments of a call, in their order; MISSING if there are none."""
    args = facts.fixed["args"] if "args" in facts.fixed else facts.given("args")
    if not args:
        return list(_sums(facts.text)) or MISSING
    return [*_sums(facts.text), *_in_args(args, "")] or MISSING


@lru_cache(maxsize=4096)
def _sums(text: str) -> tuple[float, ...]:
    return tuple([one.value * one.times for one in find_amounts(text)])


@lru_cache(maxsize=4096)
def _largest(text: str) -> Any:
    return max(_sums(text), default=MISSING)


def amount_of(facts: Facts) -> Any:
    """Return the largest of these sums; if there are none, the amount in the trial's plan."""
    if not any([name in facts.fixed or facts.given(name) is not MISSING for name in ("amounts", "args")]):
        return _largest(facts.text)
    found = facts.get(("amounts",))
    return max(found) if isinstance(found, list) and found else MISSING


def _in_args(value: Any, name: str) -> Iterator[float]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _in_args(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _in_args(inner, name)
    elif isinstance(value, str) and (number_of(value) is None or not _MONEY_NAME.search(name)):
        yield from (one.value * one.times for one in find_amounts(value))
    elif _MONEY_NAME.search(name) and (number := number_of(value)) is not None:
        yield number


COMPUTED: Mapping[str, Callable[[Facts], Any]] = {"amounts": amounts_of, "amount": amount_of}

READ_FOR: Mapping[str, frozenset[str]] = {"amounts": frozenset({"args"}), "amount": frozenset({"args"})}
"""Computed fact -> the facts that it is computed from, besides the text."""


def trial_facts(plan: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the `facts` of a trial's plan, which policies may read."""
    found = plan.get("facts")
    return found if isinstance(found, Mapping) else {}
