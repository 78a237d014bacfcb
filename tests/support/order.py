"""The order in which files of tests begin, where several processes each take a whole file at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

SLOW = (
    "tests/engine/test_chaos.py",
    "tests/engine/test_kill_and_resume.py",
    "tests/calculator/test_lambda.py",
    "tests/analysis/test_verify.py",
    "tests/test_wheel.py",
    "tests/cli/test_damaged_runs.py",
    "tests/engine/test_faults.py",
    "tests/stats/test_statistics_simulation.py",
    "tests/analysis/test_report_look.py",
    "tests/calculator/test_deploy_script.py",
    "tests/families/crypto/test_cheats.py",
    "tests/families/crypto/test_mock_claims.py",
    "tests/families/crypto/test_reference_plays.py",
    "tests/families/cheaptalk/test_results_of_runs.py",
    "tests/families/cheaptalk/test_game.py",
    "tests/families/crypto/test_verified.py",
    "tests/test_hostile_input.py",
    "tests/test_contributing.py",
    "tests/engine/test_processes.py",
)
"""The files that take longest, the slowest first; the others keep their order. `pytest --durations=50` names them."""


def slow_first(items: Iterable[Item], file_of: Callable[[Item], str]) -> list[Item]:
    """Return the items with those of the slow files first; items of one file stay together and in their order."""
    place = {name: number for number, name in enumerate(SLOW)}
    return sorted(items, key=lambda item: place.get(file_of(item), len(SLOW)))
