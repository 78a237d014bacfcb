"""Limits merged by the stricter."""

from __future__ import annotations

from arena.policy.limits import Limit, stricter


def test_the_stricter_limit_holds() -> None:
    merged = stricter({"max_calls": 10, "max_total_tokens": None, "max_trials": 5}, {"max_calls": 3, "max_trials": 5})
    assert merged == {"max_calls": Limit(3, "gates"), "max_trials": Limit(5, "flag")}
    assert stricter({"max_calls": 2}, {"max_calls": 3})["max_calls"] == Limit(2, "flag")
