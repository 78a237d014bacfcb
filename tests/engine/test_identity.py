"""What identifies a plan: the keys of its trials in their order."""

from __future__ import annotations

import pytest

from arena.engine.manifest import plan


def test_plan_counts_its_trials() -> None:
    assert plan(["a", "b"]).count == 2 and plan([]).count == 0


@pytest.mark.parametrize("other", [["a", "c"], ["b", "a"], ["ab"], ["a", "b", "c"], ["a"], ["a\nb"], []])
def test_plan_of_other_trials_has_another_digest(other: list[str]) -> None:
    assert plan(other).sha256 != plan(["a", "b"]).sha256


def test_plan_of_the_same_trials_has_the_same_digest() -> None:
    assert plan(iter(["a", "b"])) == plan(["a", "b"])
