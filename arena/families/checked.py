"""Mechanical checks: what can be decided about a trial without any model. Any family may have them.

A family with checks answers `FamilyParts.passed` (families/report.py) and keeps a `CheckCounts` among its facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class CheckCounts:
    """Counts over the records with checks.

    `n`: records with checks.  `made`, `passed`: check -> records.  `results`: verdict on the result -> records.
    `artefacts`: values shown in public; `artefacts_real`: those that a call produced.  `calls_unused`: tool calls whose
    answer nobody used.
    """

    n: int = 0
    made: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    artefacts: int = 0
    artefacts_real: int = 0
    calls_unused: int = 0
