"""The limits of a policy, merged with those of the flags: the stricter one applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FLAGS: Mapping[str, str] = {
    name: f"--{name.replace('_', '-')}"
    for name in ("max_calls", "max_trials", "max_total_tokens", "max_prompt_tokens", "max_completion_tokens")
}
"""Limit that a gates file may set -> the flag for the same limit, in commands that have it."""


class Limit(NamedTuple):
    """A bound and its source: `flag` or `gates`."""

    value: float
    source: str


def stricter(flags: Mapping[str, float | None], policy: Mapping[str, int]) -> dict[str, Limit]:
    """Return name -> the smaller of both bounds, for names that have one. If both are equal, the source is the flag."""
    found: dict[str, Limit] = {}
    for name in dict.fromkeys([*flags, *policy]):
        flag, file = flags.get(name), policy.get(name)
        if flag is not None and (file is None or flag <= file):
            found[name] = Limit(flag, "flag")
        elif file is not None:
            found[name] = Limit(file, "gates")
    return found
