"""Search a training file for held-out material: overlapping text, the canary, and drawn values. Pure.

Text: runs of RUN words of a unit's own texts that occur in the file. Values: drawn values of some length that occur in
a row. A file that contains either from a held-out unit is contaminated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from arena.families.training import HeldOut

RUN = 8
"""Words in a row; the overlap of eight words or more is the lower bound used for decontamination by GPT-3's authors
(Brown et al. 2020, appendix C: 8 to 13 words)."""

MIN_VALUE_CHARS = 8

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A unit found in a line of a file. `how`: `text`, `value` or `canary`; `shown`: the finding."""

    line: int
    unit: str
    how: str
    shown: str


def runs(text: str) -> set[str]:
    """Return the runs of RUN words of a text, in lower case."""
    words = _WORD.findall(text.casefold())
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


class Audit:
    """Looks for held-out units in rows."""

    def __init__(self, held: HeldOut) -> None:
        shared = set().union(*(runs(text) for text in held.common))
        self._runs: dict[str, str] = {}
        self._values: dict[str, str] = {}
        for unit in held.units:
            for text in unit.texts:
                for run in sorted(runs(text) - shared):
                    self._runs.setdefault(run, unit.name)
            for value in unit.values:
                if len(value) >= MIN_VALUE_CHARS:
                    self._values.setdefault(value.casefold(), unit.name)
        self._canary = held.canary

    def row(self, line: int, text: str) -> list[Found]:
        """Return the units found in one row, at most once per unit and way."""
        found: dict[tuple[str, str], Found] = {}
        for run in sorted(runs(text) & self._runs.keys()):
            unit = self._runs[run]
            found.setdefault((unit, "text"), Found(line, unit, "text", run))
        low = text.casefold()
        for value, unit in self._values.items():
            if value in low:
                found.setdefault((unit, "value"), Found(line, unit, "value", value))
        return [found[key] for key in sorted(found)]

    def holds_canary(self, text: str) -> bool:
        """Return whether a text contains the canary of the benchmark."""
        return bool(self._canary) and self._canary in text


def counted(found: Iterable[Found]) -> Mapping[str, int]:
    """Return unit -> lines in which it was found, most first."""
    lines: dict[str, set[int]] = {}
    for one in found:
        lines.setdefault(one.unit, set()).add(one.line)
    return dict(sorted(((unit, len(at)) for unit, at in lines.items()), key=lambda item: (-item[1], item[0])))
