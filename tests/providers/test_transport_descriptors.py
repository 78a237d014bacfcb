"""The limit on open files is raised where that is allowed; else the error names the workers that fit."""

from __future__ import annotations

import resource

import pytest

from arena.errors import UsageError
from arena.providers.http.descriptors import ensure_descriptors


class Limits:
    def __init__(self, soft: int, hard: int, ceiling: int | None = None) -> None:
        self.value, self.ceiling = (soft, hard), ceiling

    def get(self) -> tuple[int, int]:
        return self.value

    def set(self, value: tuple[int, int]) -> None:
        if self.ceiling is not None and value[0] > self.ceiling:
            raise ValueError("over the system's ceiling")
        self.value = value


def test_a_sufficient_limit_is_left_alone() -> None:
    limits = Limits(1024, 4096)
    assert ensure_descriptors(4, get_limit=limits.get, set_limit=limits.set) == 1024
    assert limits.value == (1024, 4096)


def test_no_limit_at_all_is_sufficient() -> None:
    limits = Limits(resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert ensure_descriptors(10**6, get_limit=limits.get, set_limit=limits.set) == resource.RLIM_INFINITY


def test_the_soft_limit_is_raised_to_what_is_needed() -> None:
    limits = Limits(256, 4096)
    assert ensure_descriptors(1000, get_limit=limits.get, set_limit=limits.set) == 2064
    assert limits.value == (2064, 4096)


@pytest.mark.parametrize(("limits", "fit"), [(Limits(256, 1064), 500), (Limits(264, 10_000, 300), 100)])
def test_otherwise_the_error_names_the_workers_that_fit(limits: Limits, fit: int) -> None:
    allowed = 64 + 2 * fit
    with pytest.raises(UsageError) as caught:
        ensure_descriptors(1000, get_limit=limits.get, set_limit=limits.set)
    assert str(caught.value) == (
        f"1000 workers need 2064 open files, but only {allowed} are allowed: use --workers {fit} or less, or raise the"
        " limit (ulimit -n 2064)"
    )


def test_the_real_limit_of_this_process_holds_one_worker() -> None:
    assert ensure_descriptors(1) >= 66
